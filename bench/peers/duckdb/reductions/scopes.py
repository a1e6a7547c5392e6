"""Rollups of orders that every scope has: its buyers, its sales by channel and scene, and what scores count of them.

Orders are told apart by count(DISTINCT …) or by two levels of GROUP BY, whichever is faster for that number of groups.

Variants at 10 million lines, CPU seconds:
    product × scene      two levels 3.3, count(DISTINCT) 4.1, GROUPING SETS with the totals 6.6
    merchant × scene     count(DISTINCT) 2.0, two levels 2.1
    platform × scene     count(DISTINCT) 1.1, two levels 1.8
    full sets            of the orders with three lines of one brand (0.2) instead of all lines
    score_orders         summed over buyers 1.0 (product), count(DISTINCT) 2.1; with the orders counted for them, buyers take 0.5 more
"""

from reductions.lines import SCORED, keys, total

SELF_LIVE = "channel = 'self' AND scene = 'live'"
OF_LINES = f"""count(*) FILTER (channel = 'distribution') AS distribution_lines, count(*) FILTER ({SELF_LIVE}) AS self_live_lines,
           {total("fen", SELF_LIVE)} AS self_live_fen"""


def of_scores(subject):
    """What scored scopes have of each order and of each buyer, besides what is written: other rollups sum it up."""
    if subject not in [s[1] for s in SCORED]:
        return "", {}
    of_order = ", sum(fen) FILTER (class = 'score_valid')::BIGINT AS score_fen"
    of_buyer = {"score_orders": "count(score_fen)", "score_fen": total("score_fen", "true")}
    if subject == "merchant_id":
        of_buyer["distribution_orders"] = "count(*) FILTER (distribution_lines > 0)"
    return of_order, of_buyer


def buyers(subject, where, of_order="", of_buyer=None):
    """Two levels: each order of a buyer once, then the buyers; full sets are few and joined to them. What more is wanted of an order and
    of a buyer is the job's."""
    by = keys(subject, "buyer_id")
    score_of_order, more = of_scores(subject)
    more |= of_buyer or {}
    if subject == "merchant_id":
        more = {"self_live_orders": "count(*) FILTER (self_live_lines > 0)", **more}
    return with_sets(subject, where, f"""
    SELECT {by}, count(*) AS orders, {", ".join(f"{total(m)} AS {m}" for m in ("lines", "paid_fen", "distribution_lines", "self_live_lines", "self_live_fen"))}
           {"".join(f", {value} AS {name}" for name, value in more.items())}
    FROM (SELECT {by}, order_id, count(*) AS lines, {total("fen")} AS paid_fen, {OF_LINES}{score_of_order}{of_order}
          FROM day_lines WHERE is_gmv AND {where} GROUP BY ALL)
    GROUP BY ALL""")


def buyers_at_once(subject, where, of_buyer):
    """The same of scopes without scores, orders told apart by count(DISTINCT)."""
    return with_sets(subject, where, f"""
    SELECT {keys(subject, "buyer_id")}, count(DISTINCT order_id) AS orders, count(*) AS lines, {total("fen")} AS paid_fen, {OF_LINES}
           {"".join(f", {value} AS {name}" for name, value in of_buyer.items())}
    FROM day_lines WHERE is_gmv AND {where} GROUP BY ALL""")


def with_sets(subject, where, bought):
    by = keys(subject, "buyer_id")
    same = " AND ".join(f"b.{k} IS NOT DISTINCT FROM s.{k}" for k in (subject, "buyer_id") if k)
    return f"""
    SELECT b.*, coalesce(set_orders, 0)::BIGINT AS set_orders, coalesce(set_fen, 0)::BIGINT AS set_fen
    FROM ({bought}) b
    LEFT JOIN (SELECT {by}, count(DISTINCT order_id) AS set_orders, {total("fen")} AS set_fen
               FROM (SELECT {by}, order_id, brand_id, {total("fen")} AS fen
                     FROM day_lines SEMI JOIN set_orders USING (order_id, brand_id) WHERE is_gmv AND {where} GROUP BY ALL HAVING count(*) >= 3)
               GROUP BY ALL) s ON {same}"""


FIGURES = f"""
           count(*) FILTER (is_placed) AS order_lines, {total("fen", "is_placed")} AS order_fen,
           count(*) FILTER (is_raw) AS raw_lines, {total("fen", "is_raw")} AS raw_fen,
           count(*) FILTER (is_gmv) AS lines, {total("quantity", "is_gmv")} AS quantity, {total("fen", "is_gmv")} AS paid_fen"""
MEASURES = ["order_lines", "order_fen", "raw_lines", "raw_fen", "lines", "quantity", "paid_fen"]
SUMS = ", ".join(f"{total(m)} AS {m}" for m in MEASURES)


def cells(role, subject, where):
    """By channel and scene. Products have millions of cells: there two levels are faster."""
    by = keys(subject, "channel", "scene")
    if role == "product":
        return f"""
        SELECT {by}, {SUMS}, count(*) FILTER (lines > 0) AS orders
        FROM (SELECT {by}, order_id, {FIGURES} FROM day_lines WHERE {where} GROUP BY ALL) GROUP BY ALL"""
    return f"SELECT {by}, {FIGURES}, count(DISTINCT order_id) FILTER (is_gmv) AS orders FROM day_lines WHERE {where} GROUP BY ALL"


def sales(role, subject):
    """The cells, and over all of them: the orders of all buyers."""
    own = f"{subject}, " if subject else ""
    join = f"c.{subject} IS NOT DISTINCT FROM o.{subject}" if subject else "true"
    group = f"GROUP BY {subject}" if subject else ""
    return f"""
    SELECT {own}channel, scene, {', '.join(MEASURES)}, orders FROM {role}_cells
    UNION ALL
    SELECT c.{own}NULL, NULL, {', '.join(MEASURES)}, coalesce(o.orders, 0) FROM
      (SELECT {own}{SUMS} FROM {role}_cells {group}) c
      LEFT JOIN (SELECT {own}sum(orders)::BIGINT AS orders FROM {role}_buyers {group}) o ON {join}""".replace(
        "SELECT c.NULL", "SELECT NULL"
    )


def queries(role, subject, of_buyer=()):
    """Query and order by name, of one scope whose buyers and cells are made. of_buyer: what the job has of buyers beside the rollup."""
    _, unwritten = of_scores(subject)
    columns = f"* EXCLUDE ({', '.join([*unwritten, *of_buyer])})" if unwritten or of_buyer else "*"
    out = {
        f"{role}_buyers": (f"SELECT {columns} FROM {role}_buyers", keys(subject, "buyer_id")),
        f"{role}_sales": (sales(role, subject), keys(subject, "channel", "scene")),
    }
    if "score_orders" in unwritten:
        out[f"{role}_score_orders"] = (
            f"SELECT {subject}, {total('score_orders')} AS orders, {total('score_fen')} AS paid_fen FROM {role}_buyers WHERE score_orders > 0 GROUP BY ALL",
            subject,
        )
    if "distribution_orders" in unwritten:
        out["merchant_distribution_orders"] = (
            f"SELECT merchant_id, {total('distribution_orders')} AS orders FROM merchant_buyers WHERE distribution_orders > 0 GROUP BY ALL",
            subject,
        )
    return out
