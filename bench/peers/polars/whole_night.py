"""The 90-day figures of one night from the raw dumps: GMV paid and net, buyers and R1 by role, subject and window.

Lines are staged once, with their category by the products snapshot of their day; buyers need no hash here. A
pair of subject and buyer is summed up by day, then the days by window (window_merges.figures). Refunds of a line
are capped together at its amount; a line fully refunded within 15 days of payment is no purchase for R1.

Variants at 100,000 lines a day, CPU seconds:
"""

import polars as pl

import job
import session
import window_merges as windows

SCOPES = [("platform", None), ("category", "category1_id"), ("merchant", "merchant_id"), ("talent", "promoter_id"), ("product", "product_id")]
VALID = (
    pl.col("paid_at").is_not_null()
    & (pl.col("order_kind") != "test")
    & pl.col("risk_reason").is_null()
    & (pl.col("quantity") <= 20)
)
LINE = pl.col("buyer_paid_fen") + pl.col("platform_subsidy_fen")


def day_of(instant):
    """The business day in Asia/Shanghai: UTC+8, no summer time."""
    return pl.col(instant).dt.offset_by("8h").dt.date()


def dumps(args, table):
    """The 90 days that end on the as-of date."""
    first = windows.first_days(args)[90]
    return session.all_dumps(args, table).filter(pl.col("dt") >= first)


def paid_lines(args, products):
    lines = dumps(args, "orders").filter(VALID).select("dt", "buyer_id", "merchant_id", "product_id", "promoter_id", fen=LINE)
    return lines.join(products, on=["dt", "product_id"], how="left")


def refunded_lines(args, products):
    """Lines with money returned by the as-of date, by pay day."""
    refunds = dumps(args, "refunds").filter(VALID & (day_of("succeeded_at") == pl.col("dt"))).with_columns(line_fen=LINE, paid_day=day_of("paid_at"))
    fen = pl.when("is_full").then("line_fen").otherwise(pl.min_horizontal("amount_fen", "line_fen"))
    undone = pl.col("is_full") & ((pl.col("dt") - pl.col("paid_day")) <= pl.duration(days=15))
    lines = (
        refunds.with_columns(fen=fen, undone=undone)
        .group_by("order_line_id", "paid_day", "buyer_id", "merchant_id", "product_id", "promoter_id", "line_fen")
        .agg(pl.sum("fen"), pl.any("undone"))
    )
    return (
        lines.select("buyer_id", "merchant_id", "product_id", "promoter_id", "undone", dt="paid_day", returned_fen=pl.min_horizontal("fen", "line_fen"))
        .join(products, on=["dt", "product_id"], how="left")
    )  # fmt: skip


def pairs(paid, refunded, subject):
    by = [subject, "buyer_id", "dt"] if subject else ["buyer_id", "dt"]
    taken = refunded.filter("undone").group_by(by).agg(pl.len().alias("undone"))
    lines = paid.group_by(by).agg(pl.sum("fen"), pl.len().alias("lines"))
    return lines.join(taken, on=by, how="left", nulls_equal=True).with_columns(kept=pl.col("lines") > pl.col("undone").fill_null(0))


def with_returned(args, wide, refunded, subject):
    """Adds the money returned of each window; where there is none, 0."""
    sums = [(pl.col("returned_fen") * (pl.col("dt") >= first)).sum().alias(f"returned_{w}") for w, first in windows.first_days(args).items()]
    if subject:
        wide = wide.join(refunded.group_by(subject).agg(sums), on=subject, how="left", nulls_equal=True)
    else:
        wide = pl.concat([wide, refunded.select(sums)], how="horizontal")
    nets = [(pl.col(f"paid_{w}") - pl.col(f"returned_{w}").fill_null(0)).alias(f"net_{w}") for w in windows.WINDOWS]
    return wide.with_columns(nets)


MEASURES = windows.MEASURES | {"gmv_paid_fen": "paid", "gmv_net_fen": "net"}


def run(args, _):
    products = dumps(args, "products").select("dt", "product_id", "category1_id")
    with job.part("stage"):
        paid, refunded = pl.collect_all([paid_lines(args, products), refunded_lines(args, products)], engine="streaming")
    plans = []
    for role, subject in SCOPES:
        lines, refunds = (f.lazy() if role != "talent" else f.lazy().filter(pl.col("promoter_id").is_not_null()) for f in (paid, refunded))
        wide = windows.figures(args, subject, pairs(lines, refunds, subject), money=True)
        plans.append(with_returned(args, wide, refunds, subject))
    wide = pl.collect_all(plans, engine="streaming")
    long = pl.concat(windows.windows(role, subject, frame, MEASURES) for (role, subject), frame in zip(SCOPES, wide))
    gmv = long.filter(pl.col("buyers") > 0).select("role", "subject_id", "window_days", "gmv_paid_fen", "gmv_net_fen", "buyers")
    return {"gmv": session.result(gmv), "repeat_purchase": session.result(windows.repeat_purchase(long))}


if __name__ == "__main__":
    job.main(session.VERSION, session.start, run)
