"""All sixteen daily rollups of one day, sorted by key and written as zstd Parquet.

What each holds is declared in transforms/rollup/declared.go; derive.go and group.go there say how a line's
class, channel, category and brand and an order's full sets come to be.

Orders are told apart by count(DISTINCT …) or by two levels of GROUP BY, whichever is faster for that number of
groups. An order has one buyer (windvane rests on that too), so the orders of a subject over all channels and
scenes are the sum over its buyers.

Variants at 10 million lines, CPU seconds:
    product × scene      two levels 3.3, count(DISTINCT) 4.1, GROUPING SETS with the totals 6.6
    merchant × scene     count(DISTINCT) 2.0, two levels 2.1
    platform × scene     count(DISTINCT) 1.1, two levels 1.8
    full sets            of the orders with three lines of one brand (0.2) instead of all lines
"""

import job
import session

# role, key column, lines that belong to it
SCOPES = [
    ("platform", None, "true"),
    ("category", "category1_id", "true"),
    ("merchant", "merchant_id", "true"),
    ("talent", "promoter_id", "promoter_id IS NOT NULL"),
    ("product", "product_id", "true"),
]
KEY = 7211325081937342  # of the hash of buyers
UNITS, SCORE_FEN = 20, 200  # max_units_per_line, score_min_fen

CLASS = f"""
    CASE WHEN paid_at IS NULL THEN 'unpaid'
         WHEN order_kind = 'test' THEN 'test'
         WHEN risk_reason IS NOT NULL OR quantity > {UNITS} THEN 'abnormal'
         WHEN order_kind IN ('gift', 'lucky_bag', 'sample') OR {{fen}} <= {SCORE_FEN} THEN 'gmv_valid'
         ELSE 'score_valid' END"""

CHANNEL = """
    CASE WHEN coalesce(l.author_id, l.promoter_id) IS NULL THEN 'none'
         WHEN a.owner_merchant_id = l.merchant_id THEN 'self'
         WHEN l.promoter_id IS NOT NULL THEN 'distribution'
         ELSE 'none' END::channel_t"""


def stage(args):
    """The day's lines with all that is derived from them."""
    first, last = session.day_bounds(args.date)
    return f"""
    CREATE TEMP TABLE day_lines AS
    SELECT l.* EXCLUDE (author_id), {CHANNEL} AS channel, class IN ('score_valid', 'gmv_valid') AS is_gmv,
           class IN ('score_valid', 'gmv_valid', 'abnormal') AS is_raw, p.category1_id, p.brand_id
    FROM (SELECT order_id, hash(buyer_id, {KEY}) AS buyer_id, merchant_id, product_id, promoter_id, author_id, scene::scene_t AS scene, quantity,
                 buyer_paid_fen, platform_subsidy_fen, freight_fen, risk_reason, buyer_paid_fen + platform_subsidy_fen AS fen,
                 {CLASS.format(fen="buyer_paid_fen + platform_subsidy_fen")}::class_t AS class,
                 order_kind <> 'test' AND created_at >= '{first}' AND created_at < '{last}' AS is_placed
          FROM {session.dumps(args, "orders")}) l
    LEFT JOIN product_days p USING (product_id)
    LEFT JOIN account_days a ON a.talent_id = coalesce(l.author_id, l.promoter_id)"""


def snapshots(args):
    return {
        "product_days": f"SELECT product_id, category1_id, brand_id, units_per_item FROM {session.dumps(args, 'products')}",
        "account_days": f"SELECT talent_id, owner_merchant_id, followers FROM {session.dumps(args, 'talents')}",
        "carted_products": f"SELECT product_id FROM {session.dumps(args, 'products')} WHERE in_cart",
    }


SALES = """
    SELECT merchant_id, product_id, promoter_id, channel, scene, class, count(*) AS lines, sum(quantity)::BIGINT AS quantity,
           sum(buyer_paid_fen)::BIGINT AS buyer_paid_fen, sum(platform_subsidy_fen)::BIGINT AS platform_subsidy_fen,
           sum(freight_fen)::BIGINT AS freight_fen, coalesce(sum(fen) FILTER (is_placed), 0)::BIGINT AS order_fen
    FROM day_lines GROUP BY ALL"""

EXCLUDED = """
    SELECT merchant_id, CASE WHEN class = 'test' THEN 'test' WHEN risk_reason IS NULL THEN 'max_units_per_line' ELSE 'risk:' || risk_reason END
           AS excluded_reason, count(*) AS lines, sum(fen)::BIGINT AS amount_fen
    FROM day_lines WHERE class IN ('abnormal', 'test') GROUP BY ALL"""


def refund_lines(args):
    first, last = session.day_bounds(args.date)
    return f"""
    SELECT order_line_id, succeeded_at, refund_id, (paid_at + INTERVAL 8 HOUR)::DATE AS paid_day, hash(buyer_id, {KEY}) AS buyer_id,
           merchant_id, product_id, promoter_id, p.category1_id, {CHANNEL} AS channel, scene,
           CASE WHEN is_full THEN line_fen ELSE least(amount_fen, line_fen) END AS refund_fen, line_fen, is_full
    FROM (SELECT *, paid_at AT TIME ZONE 'UTC' AS paid_at, buyer_paid_fen + platform_subsidy_fen AS line_fen,
                 {CLASS.format(fen="buyer_paid_fen + platform_subsidy_fen")} AS class
          FROM {session.dumps(args, "refunds")}) l
    LEFT JOIN product_days p USING (product_id)
    LEFT JOIN account_days a ON a.talent_id = coalesce(l.author_id, l.promoter_id)
    WHERE class IN ('score_valid', 'gmv_valid') AND succeeded_at >= '{first}' AND succeeded_at < '{last}'"""


def keys(*names):
    return ", ".join(n for n in names if n)


def buyers(subject, where):
    """Two levels: each order of a buyer once, then the buyers; full sets are few and joined to them."""
    by = keys(subject, "buyer_id")
    own = ", count(*) FILTER (self_live_lines > 0) AS self_live_orders" if subject == "merchant_id" else ""
    same = " AND ".join(f"b.{k} IS NOT DISTINCT FROM s.{k}" for k in (subject, "buyer_id") if k)
    return f"""
    SELECT b.*, coalesce(set_orders, 0)::BIGINT AS set_orders, coalesce(set_fen, 0)::BIGINT AS set_fen
    FROM (SELECT {by}, count(*) AS orders, sum(lines)::BIGINT AS lines, sum(paid_fen)::BIGINT AS paid_fen, sum(distribution_lines)::BIGINT AS distribution_lines,
                 sum(self_live_lines)::BIGINT AS self_live_lines, sum(self_live_fen)::BIGINT AS self_live_fen{own}
          FROM (SELECT {by}, order_id, count(*) AS lines, sum(fen)::BIGINT AS paid_fen,
                       count(*) FILTER (channel = 'distribution') AS distribution_lines,
                       count(*) FILTER (channel = 'self' AND scene = 'live') AS self_live_lines,
                       coalesce(sum(fen) FILTER (channel = 'self' AND scene = 'live'), 0)::BIGINT AS self_live_fen
                FROM day_lines WHERE is_gmv AND {where} GROUP BY ALL)
          GROUP BY ALL) b
    LEFT JOIN (SELECT {by}, count(DISTINCT order_id) AS set_orders, sum(fen)::BIGINT AS set_fen
               FROM (SELECT {by}, order_id, brand_id, sum(fen) AS fen
                     FROM day_lines SEMI JOIN set_orders USING (order_id, brand_id) WHERE is_gmv AND {where} GROUP BY ALL HAVING count(*) >= 3)
               GROUP BY ALL) s ON {same}"""


SET_ORDERS = """
    CREATE TEMP TABLE set_orders AS
    SELECT order_id, brand_id FROM day_lines WHERE is_gmv AND brand_id IS NOT NULL GROUP BY ALL HAVING count(*) >= 3"""

FIGURES = """
           count(*) FILTER (is_placed) AS order_lines, coalesce(sum(fen) FILTER (is_placed), 0)::BIGINT AS order_fen,
           count(*) FILTER (is_raw) AS raw_lines, coalesce(sum(fen) FILTER (is_raw), 0)::BIGINT AS raw_fen,
           count(*) FILTER (is_gmv) AS lines, coalesce(sum(quantity) FILTER (is_gmv), 0)::BIGINT AS quantity,
           coalesce(sum(fen) FILTER (is_gmv), 0)::BIGINT AS paid_fen"""
MEASURES = ["order_lines", "order_fen", "raw_lines", "raw_fen", "lines", "quantity", "paid_fen"]
SUMS = ", ".join(f"sum({m})::BIGINT AS {m}" for m in MEASURES)


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


def run(args, con):
    def table(name, query):
        with job.part(name):
            con.execute(f"CREATE TEMP TABLE {name} AS {query}")

    def write(name, query, by):
        with job.part(name + " written"):
            con.execute(f"COPY ({query} ORDER BY {by}) TO '{args.work}/{name}.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)")

    for name, query in snapshots(args).items():
        table(name, query)
        write(name, f"FROM {name}", "ALL")
    write("refund_lines", refund_lines(args), "order_line_id, succeeded_at, refund_id")
    with job.part("stage"):
        con.execute(stage(args))
        con.execute(SET_ORDERS)
    write("sales", SALES, "merchant_id, product_id, promoter_id, channel, scene, class")
    write("excluded_lines", EXCLUDED, "merchant_id, excluded_reason")
    for role, subject, where in SCOPES:
        table(f"{role}_buyers", buyers(subject, where))
        write(f"{role}_buyers", f"FROM {role}_buyers", keys(subject, "buyer_id"))
        table(f"{role}_cells", cells(role, subject, where))
        write(f"{role}_sales", sales(role, subject), keys(subject, "channel", "scene"))
        con.execute(f"DROP TABLE {role}_buyers")
        con.execute(f"DROP TABLE {role}_cells")


if __name__ == "__main__":
    job.main(session.VERSION, session.start, run)
