"""Rollups of orders. The dumps are read once; pairs of talents and products come from sales, which are fewer rows.

Variants at 10 million lines, CPU seconds:
    unit_prices          count(DISTINCT) 1.7, two levels 1.9
"""

import session
from reductions.lines import CHANNEL, CLASS, FEN, buyer, dated, snapshots, today, total


def stage(args):
    """The day's lines with all that is derived from them; in a job of windows those of all days, without what only the cube of sales has."""
    parts, cube = ("", "author_id, freight_fen") if args.days else ("buyer_paid_fen, platform_subsidy_fen, ", "author_id")
    return f"""
    CREATE TEMP TABLE day_lines AS
    SELECT l.* EXCLUDE ({cube}), {CHANNEL} AS channel, class IN ('score_valid', 'gmv_valid') AS is_gmv,
           class IN ('score_valid', 'gmv_valid', 'abnormal') AS is_raw, p.category1_id, p.brand_id,
           (fen + freight_fen) // (greatest(1, quantity) * greatest(1, coalesce(p.units_per_item, 1))) AS unit_price_fen
    FROM (SELECT {dated(args)}order_id, {buyer(args)}, merchant_id, product_id, promoter_id, author_id, scene::scene_t AS scene, quantity,
                 {parts}freight_fen, risk_reason, {FEN} AS fen, {CLASS} AS class,
                 order_kind <> 'test' AND {today(args, "created_at")} AS is_placed
          FROM {session.dumps(args, "orders")}) l {snapshots(args)}"""


SET_ORDERS = """
    CREATE TEMP TABLE set_orders AS
    SELECT order_id, brand_id FROM day_lines WHERE is_gmv AND brand_id IS NOT NULL GROUP BY ALL HAVING count(*) >= 3"""

SALES = f"""
    SELECT merchant_id, product_id, promoter_id, channel, scene, class, count(*) AS lines, {total("quantity")} AS quantity,
           {total("buyer_paid_fen")} AS buyer_paid_fen, {total("platform_subsidy_fen")} AS platform_subsidy_fen,
           {total("freight_fen")} AS freight_fen, {total("fen", "is_placed")} AS order_fen
    FROM day_lines GROUP BY ALL"""
SALES_ORDER = "merchant_id, product_id, promoter_id, channel, scene, class"

EXCLUDED = f"""
    SELECT merchant_id, CASE WHEN class = 'test' THEN 'test' WHEN risk_reason IS NULL THEN 'max_units_per_line' ELSE 'risk:' || risk_reason END
           AS excluded_reason, count(*) AS lines, {total("fen")} AS amount_fen
    FROM day_lines WHERE class IN ('abnormal', 'test') GROUP BY ALL"""

UNIT_PRICES = """
    SELECT product_id, unit_price_fen, count(DISTINCT order_id) AS orders FROM day_lines WHERE class = 'score_valid' GROUP BY ALL"""


def pairs(by, where):
    return f"SELECT {by}, {total('lines')} AS lines, {total(FEN)} AS paid_fen FROM sales WHERE {where} GROUP BY ALL"


def queries():
    """Query and order by name, of what is not made scope by scope."""
    sold = {
        "talent_products": ("promoter_id, product_id, merchant_id", "class = 'score_valid' AND promoter_id IS NOT NULL"),
        "merchant_promoters": ("merchant_id, promoter_id", "class IN ('score_valid', 'gmv_valid') AND channel = 'distribution'"),
    }
    return {
        "sales": ("FROM sales", SALES_ORDER),
        "excluded_lines": (EXCLUDED, "merchant_id, excluded_reason"),
        "unit_prices": (UNIT_PRICES, "product_id, unit_price_fen"),
        **{name: (pairs(by, where), by) for name, (by, where) in sold.items()},
    }
