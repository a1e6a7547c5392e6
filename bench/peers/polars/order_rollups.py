"""The four rollups of one day's gmv_valid order lines, results in memory.

Variants at 10 million lines, two threads, seconds on a shared machine (docs/benchmarks.md has those of an idle one):
    2.7 to 2.9  this one: four lazy plans over one scan, collected together by the streaming engine, n_unique
    3.5         the same with two levels of group_by (order, then group) in place of n_unique
    3.1         the lines staged as a frame (0.5), then the four collected together
    3.6 to 4.9  one after another, with the lines staged or scanned four times
    7.6         in-memory engine, collected together, two levels
"""

import polars as pl

import job
import session

VALID = (
    pl.col("paid_at").is_not_null()
    & (pl.col("order_kind") != "test")
    & pl.col("risk_reason").is_null()
    & (pl.col("quantity") <= 20)
)


def plans(args):
    """The four rollups, lazily, by name."""
    lines = session.dumps(args, "orders").filter(VALID).select(
        "order_id",
        pl.col("buyer_id").hash(seed=session.SEED),
        "merchant_id",
        "product_id",
        "promoter_id",
        "scene",
        "quantity",
        "buyer_paid_fen",
        "platform_subsidy_fen",
        paid_fen=pl.col("buyer_paid_fen") + pl.col("platform_subsidy_fen"),
    )
    return {
        "bench_cube": lines.group_by("merchant_id", "product_id", "promoter_id", "scene").agg(
            pl.len().alias("lines"), pl.sum("quantity", "buyer_paid_fen", "platform_subsidy_fen")
        ),
        "merchant_buyers": purchases(lines, "merchant_id", "buyer_id"),
        "promoter_buyers": purchases(lines.filter(pl.col("promoter_id").is_not_null()), "promoter_id", "buyer_id"),
        "buyers": purchases(lines, "buyer_id"),
    }


def purchases(lines, *keys):
    return lines.group_by(*keys).agg(pl.col("order_id").n_unique().alias("orders"), pl.len().alias("lines"), pl.sum("paid_fen"))


def run(args, _):
    wanted = plans(args)
    return {name: session.result(frame) for name, frame in zip(wanted, pl.collect_all(list(wanted.values()), engine="streaming"))}


if __name__ == "__main__":
    job.main(session.VERSION, session.start, run)
