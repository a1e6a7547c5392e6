"""Rollups of orders that every scope has: its buyers, its sales by channel and scene, and what scores count of them.

uniqExactIf counts orders wherever they are asked for: in ClickHouse that beats two levels of GROUP BY. An order has
one buyer (windvane rests on that too), so the orders of a subject over all channels and scenes are the sum over its
buyers.

Variants at 10 million lines, CPU seconds:
    score_orders         of products, uniqExact 1.0, two levels 1.1, counted with buyers and summed over them 1.2
"""

from reductions.lines import SCORED, keys, readable

SELF_LIVE = "channel = 'self' AND scene = 'live'"


def buyers(subject, where, more=""):
    """more: what else is wanted of a buyer, of what the job has."""
    by = keys(subject, "buyer_id")
    own = f", uniqExactIf(order_id, {SELF_LIVE}) AS self_live_orders" if subject == "merchant_id" else ""
    return f"""
    SELECT b.*, s.set_orders AS set_orders, s.set_fen AS set_fen
    FROM (SELECT {by}, uniqExact(order_id) AS orders, count() AS lines, sum(fen) AS paid_fen, countIf(channel = 'distribution') AS distribution_lines,
                 countIf({SELF_LIVE}) AS self_live_lines, sumIf(fen, {SELF_LIVE}) AS self_live_fen{own}{more}
          FROM day_lines WHERE is_gmv AND {where} GROUP BY {by}) b
    LEFT ANY JOIN (SELECT {by}, uniqExact(order_id) AS set_orders, sum(fen) AS set_fen
                   FROM (SELECT {by}, order_id, sum(fen) AS fen
                         FROM set_lines WHERE {where} GROUP BY {by}, order_id, brand_id HAVING count() >= 3)
                   GROUP BY {by}) s USING ({by})"""


def cells(subject, where):
    by = keys(subject, "channel", "scene")
    return f"""
    SELECT {by}, countIf(is_placed) AS order_lines, sumIf(fen, is_placed) AS order_fen, countIf(is_raw) AS raw_lines, sumIf(fen, is_raw) AS raw_fen,
           countIf(is_gmv) AS lines, sumIf(quantity, is_gmv) AS quantity, sumIf(fen, is_gmv) AS paid_fen, uniqExactIf(order_id, is_gmv) AS orders
    FROM day_lines WHERE {where} GROUP BY {by}"""


MEASURES = ["order_lines", "order_fen", "raw_lines", "raw_fen", "lines", "quantity", "paid_fen"]


def sales(role, subject):
    """The cells, and over all of them: the orders of all buyers."""
    own = f"{subject}, " if subject else ""
    group = f"GROUP BY {subject}" if subject else ""
    sums = ", ".join(f"toInt64(sum({m})) AS {m}" for m in MEASURES)
    orders = f"(SELECT {own}sum(orders) AS o FROM {role}_buyers {group})"
    join = f"LEFT ANY JOIN {orders} o USING ({subject})" if subject else f"CROSS JOIN {orders} o"
    signed = ", ".join(f"toInt64({m}) AS {m}" for m in MEASURES)
    return f"""
    SELECT {own}toNullable(toString(channel)) AS channel, toNullable(toString(scene)) AS scene, {signed}, toInt64(orders) AS orders FROM {role}_cells
    UNION ALL
    SELECT {own}NULL, NULL, {', '.join(MEASURES)}, toInt64(o) AS orders FROM (SELECT {own}{sums} FROM {role}_cells {group}) c {join}"""


def score_orders(subject, where):
    return f"SELECT {subject}, uniqExact(order_id) AS orders, sum(fen) AS paid_fen FROM day_lines WHERE class = 'score_valid' AND {where} GROUP BY {subject}"


DISTRIBUTION_ORDERS = "SELECT merchant_id, uniqExact(order_id) AS orders FROM day_lines WHERE is_gmv AND channel = 'distribution' GROUP BY merchant_id"


def queries(role, subject, where, columns="*"):
    """Query, order and columns by name, of one scope whose buyers and cells are made; columns are those of the rollup of buyers."""
    null = readable(*([subject] if role == "category" else []))
    out = {
        f"{role}_buyers": (f"SELECT {columns} FROM {role}_buyers", keys(subject, "buyer_id"), null),
        f"{role}_sales": (sales(role, subject), keys(subject, "channel", "scene"), null),
    }
    if (role, subject, where) in SCORED:
        out[f"{role}_score_orders"] = (score_orders(subject, where), subject)
    if role == "merchant":
        out["merchant_distribution_orders"] = (DISTRIBUTION_ORDERS, subject)
    return out
