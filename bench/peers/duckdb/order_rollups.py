"""The four rollups of one day's gmv_valid order lines, results in memory.

Variants at 10 million lines, two threads, seconds on a shared machine (docs/benchmarks.md has those of an idle one):
    4.2   this one: the lines staged once (0.6), then cube 0.7, merchant × buyer 1.2, promoter × buyer 0.6, buyer 1.2
          order of distinct counts: two levels for merchant × buyer (1.6, count(DISTINCT) 2.1),
          count(DISTINCT) for buyers (1.0, two levels 1.5)
    +0.25 each further rollup that scans the files itself (cube 1.8 against 1.55 staged)
    4.7   merchant × buyer alone with orders of one line counted and only the others told apart, through a join (buyers 2.5)
    11.8  GROUPING SETS for the three with distinct orders
"""

import job
import session

VALID = "paid_at IS NOT NULL AND order_kind <> 'test' AND risk_reason IS NULL AND quantity <= 20"
KEY = 7211325081937342  # of the hash of buyers


def stage(args):
    """The valid lines as a table: the files are decoded, the scenes made bytes and the buyers hashed once."""
    return f"""
    CREATE TEMP TABLE valid_lines AS
    SELECT order_id, hash(buyer_id, {KEY}) AS buyer_id, merchant_id, product_id, promoter_id, scene::scene_t AS scene, quantity,
           buyer_paid_fen, platform_subsidy_fen
    FROM {session.dumps(args, "orders")} WHERE {VALID}"""


CUBE = """
    SELECT merchant_id, product_id, promoter_id, scene, count(*) AS lines, sum(quantity)::BIGINT AS quantity,
           sum(buyer_paid_fen)::BIGINT AS buyer_paid_fen, sum(platform_subsidy_fen)::BIGINT AS platform_subsidy_fen
    FROM valid_lines GROUP BY ALL"""


def two_levels(keys, where="true"):
    """Each order of a group once, then the groups."""
    return f"""
    SELECT {keys}, count(*) AS orders, sum(lines)::BIGINT AS lines, sum(paid_fen)::BIGINT AS paid_fen
    FROM (SELECT {keys}, order_id, count(*) AS lines, sum(buyer_paid_fen + platform_subsidy_fen)::BIGINT AS paid_fen
          FROM valid_lines WHERE {where} GROUP BY ALL)
    GROUP BY ALL"""


def distinct(keys, where="true"):
    return f"""
    SELECT {keys}, count(DISTINCT order_id) AS orders, count(*) AS lines, sum(buyer_paid_fen + platform_subsidy_fen)::BIGINT AS paid_fen
    FROM valid_lines WHERE {where} GROUP BY ALL"""


def queries():
    return {
        "bench_cube": CUBE,
        "merchant_buyers": two_levels("merchant_id, buyer_id"),
        "promoter_buyers": two_levels("promoter_id, buyer_id", "promoter_id IS NOT NULL"),
        "buyers": distinct("buyer_id"),
    }


def run(args, con):
    with job.part("stage"):
        con.execute(stage(args))
    for name, query in queries().items():
        with job.part(name):
            con.execute(f"CREATE TEMP TABLE {name} AS {query}")
    return {name: session.result(con, name) for name in queries()}


if __name__ == "__main__":
    job.main(session.VERSION, session.start, run)
