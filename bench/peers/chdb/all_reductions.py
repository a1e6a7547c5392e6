"""All sixteen daily rollups of one day, sorted by key and written as zstd Parquet.

What each holds is declared in transforms/rollup/declared.go; derive.go and group.go there say how a line's
class, channel, category and brand and an order's full sets come to be.

uniqExactIf counts orders wherever they are asked for: in ClickHouse that beats two levels of GROUP BY. An order has
one buyer (windvane rests on that too), so the orders of a subject over all channels and scenes are the sum over its
buyers.
"""

import job
import session
from session import NONE

# role, key column, lines that belong to it
SCOPES = [
    ("platform", None, "true"),
    ("category", "category1_id", "true"),
    ("merchant", "merchant_id", "true"),
    ("talent", "promoter_id", f"promoter_id <> {NONE}"),
    ("product", "product_id", "true"),
]
KEY = "(toUInt64(7211325081937342), toUInt64(8061744052810993))"  # of the hash of buyers
UNITS, SCORE_FEN = 20, 200  # max_units_per_line, score_min_fen

CLASS = f"""
    multiIf(isNull(paid_at), 'unpaid', order_kind = 'test', 'test', isNotNull(risk_reason) OR quantity > {UNITS}, 'abnormal',
            order_kind IN ('gift', 'lucky_bag', 'sample') OR buyer_paid_fen + platform_subsidy_fen <= {SCORE_FEN}, 'gmv_valid', 'score_valid')"""

ACCOUNT = f"coalesce(author_id, promoter_id, {NONE})"

CHANNEL = f"""
    CAST(multiIf(l.account = {NONE}, 'none', a.owner_merchant_id = l.merchant_id, 'self', l.promoter_id <> {NONE}, 'distribution', 'none')
         AS Enum8('self', 'distribution', 'none', 'unknown'))"""

SNAPSHOTS = f"""
    LEFT ANY JOIN (SELECT product_id, ifNull(category1_id, {NONE}) AS category1_id, ifNull(brand_id, {NONE}) AS brand_id FROM product_days) p
        ON p.product_id = l.product_id
    LEFT ANY JOIN (SELECT talent_id, ifNull(owner_merchant_id, {NONE}) AS owner_merchant_id FROM account_days) a ON a.talent_id = l.account"""

# A product without a snapshot joins with 0, which is no product.
CATEGORY = f"if(p.product_id = 0, {NONE}, p.category1_id)"
BRAND = f"if(p.product_id = 0, {NONE}, p.brand_id)"


def stage(args):
    """The day's lines with all that is derived from them."""
    first, last = session.day_bounds(args.date)
    return f"""
    SELECT order_id, buyer_id, merchant_id, l.product_id AS product_id, promoter_id, scene, quantity, buyer_paid_fen, platform_subsidy_fen, freight_fen,
           risk, fen, class, is_placed, {CHANNEL} AS channel, class IN ('score_valid', 'gmv_valid') AS is_gmv,
           class IN ('score_valid', 'gmv_valid', 'abnormal') AS is_raw, {CATEGORY} AS category1_id, {BRAND} AS brand_id
    FROM (SELECT order_id, sipHash64Keyed({KEY}, buyer_id) AS buyer_id, merchant_id, product_id, ifNull(promoter_id, {NONE}) AS promoter_id, {ACCOUNT} AS account,
                 CAST(scene AS Enum8({session.SCENES})) AS scene, quantity, buyer_paid_fen, platform_subsidy_fen, freight_fen,
                 toLowCardinality(ifNull(risk_reason, '')) AS risk, buyer_paid_fen + platform_subsidy_fen AS fen,
                 CAST({CLASS} AS Enum8('score_valid', 'gmv_valid', 'abnormal', 'test', 'unpaid')) AS class,
                 order_kind <> 'test' AND created_at >= {first} AND created_at < {last} AS is_placed
          FROM {session.dumps(args, "orders")}) l {SNAPSHOTS}"""


def snapshots(args):
    return {
        "product_days": (f"SELECT product_id, category1_id, brand_id, units_per_item FROM {session.dumps(args, 'products')}", "product_id"),
        "account_days": (f"SELECT talent_id, owner_merchant_id, followers FROM {session.dumps(args, 'talents')}", "talent_id"),
        "carted_products": (f"SELECT product_id FROM {session.dumps(args, 'products')} WHERE in_cart", "product_id"),
    }


SALES = """
    SELECT merchant_id, product_id, promoter_id, channel, scene, class, count() AS lines, sum(quantity) AS quantity, sum(buyer_paid_fen) AS buyer_paid_fen,
           sum(platform_subsidy_fen) AS platform_subsidy_fen, sum(freight_fen) AS freight_fen, sumIf(fen, is_placed) AS order_fen
    FROM day_lines GROUP BY merchant_id, product_id, promoter_id, channel, scene, class"""

EXCLUDED = """
    SELECT merchant_id, multiIf(class = 'test', 'test', risk = '', 'max_units_per_line', concat('risk:', risk)) AS excluded_reason,
           count() AS lines, sum(fen) AS amount_fen
    FROM day_lines WHERE class IN ('abnormal', 'test') GROUP BY merchant_id, excluded_reason"""


def refund_lines(args):
    first, last = session.day_bounds(args.date)
    return f"""
    SELECT order_line_id, succeeded_at, refund_id, toDate32(toTimeZone(paid_at, 'Asia/Shanghai')) AS paid_day, buyer_id, merchant_id, l.product_id AS product_id,
           promoter_id, {CATEGORY} AS category1_id, {CHANNEL} AS channel, scene, if(is_full, line_fen, least(amount_fen, line_fen)) AS refund_fen,
           line_fen, is_full
    FROM (SELECT order_line_id, succeeded_at, refund_id, paid_at, sipHash64Keyed({KEY}, buyer_id) AS buyer_id, merchant_id, product_id,
                 ifNull(promoter_id, {NONE}) AS promoter_id, {ACCOUNT} AS account, scene, amount_fen, is_full,
                 buyer_paid_fen + platform_subsidy_fen AS line_fen, {CLASS} AS class
          FROM {session.dumps(args, "refunds")}
          WHERE class IN ('score_valid', 'gmv_valid') AND succeeded_at >= {first} AND succeeded_at < {last}) l {SNAPSHOTS}"""


def keys(*names):
    return ", ".join(n for n in names if n)


def buyers(subject, where):
    by = keys(subject, "buyer_id")
    self_live = "channel = 'self' AND scene = 'live'"
    own = f", uniqExactIf(order_id, {self_live}) AS self_live_orders" if subject == "merchant_id" else ""
    return f"""
    SELECT b.*, s.set_orders AS set_orders, s.set_fen AS set_fen
    FROM (SELECT {by}, uniqExact(order_id) AS orders, count() AS lines, sum(fen) AS paid_fen, countIf(channel = 'distribution') AS distribution_lines,
                 countIf({self_live}) AS self_live_lines, sumIf(fen, {self_live}) AS self_live_fen{own}
          FROM day_lines WHERE is_gmv AND {where} GROUP BY {by}) b
    LEFT ANY JOIN (SELECT {by}, uniqExact(order_id) AS set_orders, sum(fen) AS set_fen
                   FROM (SELECT {by}, order_id, sum(fen) AS fen
                         FROM set_lines WHERE {where} GROUP BY {by}, order_id, brand_id HAVING count() >= 3)
                   GROUP BY {by}) s USING ({by})"""


SET_LINES = f"""
    SELECT * FROM day_lines WHERE is_gmv AND (order_id, brand_id) IN
        (SELECT order_id, brand_id FROM day_lines WHERE is_gmv AND brand_id <> {NONE} GROUP BY order_id, brand_id HAVING count() >= 3)"""


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


def readable(*names):
    """Nulls again in place of NONE."""
    return f"* REPLACE ({', '.join(f'nullIf({n}, {NONE}) AS {n}' for n in names)})" if names else "*"


def run(args, s):
    def table(name, query):
        with job.part(name):
            s.table(name, query)

    def write(name, query, by, columns="*"):
        """Orders by key, nulls last: NONE is made null first, and only where a key can be."""
        with job.part(name + " written"):
            s.write(args, name, f"SELECT * FROM (SELECT {columns} FROM ({query})) ORDER BY {by}")

    for name, (query, by) in snapshots(args).items():
        table(name, query)
        write(name, f"SELECT * FROM {name}", by)
    write("refund_lines", refund_lines(args), "order_line_id, succeeded_at, refund_id", readable("promoter_id", "category1_id"))
    table("day_lines", stage(args))
    table("set_lines", SET_LINES)
    write("sales", SALES, "merchant_id, product_id, promoter_id, channel, scene, class", readable("promoter_id"))
    write("excluded_lines", EXCLUDED, "merchant_id, excluded_reason")
    for role, subject, where in SCOPES:
        null = readable(*([subject] if role == "category" else []))
        table(f"{role}_buyers", buyers(subject, where))
        write(f"{role}_buyers", f"SELECT * FROM {role}_buyers", keys(subject, "buyer_id"), null)
        table(f"{role}_cells", cells(subject, where))
        write(f"{role}_sales", sales(role, subject), keys(subject, "channel", "scene"), null)
        s.run(f"DROP TABLE {role}_buyers")
        s.run(f"DROP TABLE {role}_cells")


if __name__ == "__main__":
    job.main(session.VERSION, session.Session, run)
