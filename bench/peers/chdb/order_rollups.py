"""The four rollups of one day's gmv_valid order lines, results in memory.

Variants at 10 million lines, two threads, seconds on a shared machine (docs/benchmarks.md has those of an idle one):
    2.6   this one: the lines staged in a Memory table (1.3), cube 0.5, merchant × buyer 0.35, promoter × buyer 0.2, buyer 0.2
    +0.8  each further rollup that scans the files itself (cube 1.4 against 0.5 staged, merchant × buyer 1.1 against 0.35)
    3.1   the same as this with two levels of GROUP BY in place of uniqExact (0.6, 0.4, 0.4); groupUniqArray lies between
    Keys that are Nullable are slow: promoter × buyer took 4.7 with one.
"""

import job
import session

VALID = "paid_at IS NOT NULL AND order_kind <> 'test' AND risk_reason IS NULL AND quantity <= 20"
KEY = "(toUInt64(7211325081937342), toUInt64(8061744052810993))"  # of the hash of buyers


def stage(args):
    """The valid lines as a table: the files are decoded, the scenes made bytes and the buyers hashed once."""
    return f"""
    SELECT order_id, sipHash64Keyed({KEY}, buyer_id) AS buyer_id, merchant_id, product_id, ifNull(promoter_id, {session.NONE}) AS promoter_id,
           CAST(scene AS Enum8({session.SCENES})) AS scene, quantity, buyer_paid_fen, platform_subsidy_fen
    FROM {session.dumps(args, "orders")} WHERE {VALID}"""


CUBE = """
    SELECT merchant_id, product_id, promoter_id, scene, count() AS lines, sum(quantity) AS quantity,
           sum(buyer_paid_fen) AS buyer_paid_fen, sum(platform_subsidy_fen) AS platform_subsidy_fen
    FROM valid_lines GROUP BY merchant_id, product_id, promoter_id, scene"""


def purchases(keys, where="true"):
    return f"""
    SELECT {keys}, uniqExact(order_id) AS orders, count() AS lines, sum(buyer_paid_fen + platform_subsidy_fen) AS paid_fen
    FROM valid_lines WHERE {where} GROUP BY {keys}"""


def queries():
    return {
        "bench_cube": CUBE,
        "merchant_buyers": purchases("merchant_id, buyer_id"),
        "promoter_buyers": purchases("promoter_id, buyer_id", f"promoter_id <> {session.NONE}"),
        "buyers": purchases("buyer_id"),
    }


# What the cube's columns mean: nulls and texts again.
READABLE = f"* REPLACE (nullIf(promoter_id, {session.NONE}) AS promoter_id, toString(scene) AS scene)"


def run(args, s):
    with job.part("stage"):
        s.table("valid_lines", stage(args))
    for name, query in queries().items():
        with job.part(name):
            s.table(name, query)
    return {name: s.result(name, READABLE if name == "bench_cube" else "*") for name in queries()}


if __name__ == "__main__":
    job.main(session.VERSION, session.Session, run)
