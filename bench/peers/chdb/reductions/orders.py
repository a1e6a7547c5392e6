"""Rollups of orders. The dumps are read once; pairs of talents and products come from sales, which are fewer rows.

Variants at 10 million lines, CPU seconds:
    unit_prices          uniqExact 0.8, two levels 1.5, of DISTINCT rows 2.4
"""

import session
from session import NONE
from reductions.lines import ACCOUNT, BRAND, CATEGORY, CHANNEL, CLASS, FEN, PROMOTER, buyer, dated, readable, snapshots, today


def stage(args):
    """The day's lines with all that is derived from them; in a job of windows those of all days, without what only the cube of sales has."""
    parts, cube = ("", "") if args.days else ("buyer_paid_fen, platform_subsidy_fen, ", "buyer_paid_fen, platform_subsidy_fen, freight_fen, ")
    return f"""
    SELECT {dated(args)}order_id, buyer_id, merchant_id, l.product_id AS product_id, promoter_id, scene, quantity, {cube}risk, fen, class, is_placed, {CHANNEL} AS channel, class IN ('score_valid', 'gmv_valid') AS is_gmv,
           class IN ('score_valid', 'gmv_valid', 'abnormal') AS is_raw, {CATEGORY} AS category1_id, {BRAND} AS brand_id,
           intDiv(fen + freight_fen, greatest(1, quantity) * greatest(1, p.units_per_item)) AS unit_price_fen
    FROM (SELECT {dated(args)}order_id, {buyer(args)}, merchant_id, product_id, {PROMOTER}, {ACCOUNT} AS account,
                 CAST(scene AS Enum8({session.SCENES})) AS scene, quantity, {parts}freight_fen,
                 toLowCardinality(ifNull(risk_reason, '')) AS risk, {FEN} AS fen, {CLASS} AS class,
                 order_kind <> 'test' AND {today(args, "created_at")} AS is_placed
          FROM {session.dumps(args, "orders")}) l {snapshots(args)}"""


SET_LINES = f"""
    SELECT * FROM day_lines WHERE is_gmv AND (order_id, brand_id) IN
        (SELECT order_id, brand_id FROM day_lines WHERE is_gmv AND brand_id <> {NONE} GROUP BY order_id, brand_id HAVING count() >= 3)"""

SALES_KEYS = "merchant_id, product_id, promoter_id, channel, scene, class"
SALES = f"""
    SELECT {SALES_KEYS}, count() AS lines, sum(quantity) AS quantity, sum(d.buyer_paid_fen) AS buyer_paid_fen,
           sum(d.platform_subsidy_fen) AS platform_subsidy_fen, sum(freight_fen) AS freight_fen, sumIf(fen, is_placed) AS order_fen
    FROM day_lines d GROUP BY {SALES_KEYS}"""

EXCLUDED = """
    SELECT merchant_id, multiIf(class = 'test', 'test', risk = '', 'max_units_per_line', concat('risk:', risk)) AS excluded_reason,
           count() AS lines, sum(fen) AS amount_fen
    FROM day_lines WHERE class IN ('abnormal', 'test') GROUP BY merchant_id, excluded_reason"""

UNIT_PRICES = """
    SELECT product_id, unit_price_fen, uniqExact(order_id) AS orders FROM day_lines WHERE class = 'score_valid' GROUP BY product_id, unit_price_fen"""


def pairs(by, where):
    return f"SELECT {by}, sum(s.lines) AS lines, sum({FEN}) AS paid_fen FROM sales s WHERE {where} GROUP BY {by}"


def queries():
    """Query, order and columns by name, of what is not made scope by scope."""
    sold = {
        "talent_products": ("promoter_id, product_id, merchant_id", f"class = 'score_valid' AND promoter_id <> {NONE}"),
        "merchant_promoters": ("merchant_id, promoter_id", "class IN ('score_valid', 'gmv_valid') AND channel = 'distribution'"),
    }
    return {
        "sales": ("SELECT * FROM sales", SALES_KEYS, readable("promoter_id")),
        "excluded_lines": (EXCLUDED, "merchant_id, excluded_reason"),
        "unit_prices": (UNIT_PRICES, "product_id, unit_price_fen"),
        **{name: (pairs(by, where), by) for name, (by, where) in sold.items()},
    }
