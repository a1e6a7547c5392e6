"""The four rollups, sorted by key and written as zstd Parquet.

The order of COPY (… ORDER BY …) is kept whatever preserve_insertion_order says; the check reads it back.
"""

import job
import order_rollups
import session

KEYS = {
    "bench_cube": "merchant_id, product_id, promoter_id, scene",
    "merchant_buyers": "merchant_id, buyer_id",
    "promoter_buyers": "promoter_id, buyer_id",
    "buyers": "buyer_id",
}


def run(args, con):
    con.execute(order_rollups.stage(args))
    for name, query in order_rollups.queries().items():
        with job.part(name):
            con.execute(f"COPY ({query} ORDER BY {KEYS[name]}) TO '{args.work}/{name}.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)")


if __name__ == "__main__":
    job.main(session.VERSION, session.start, run)
