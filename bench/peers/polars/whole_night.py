"""The 90-day figures of one night from the raw dumps: GMV paid and net, buyers and R1 by role, subject and window.

Lines are staged once, with their category by the products snapshot of their day; buyers need no hash here. Money
is summed by subject; the days on which a pair of subject and buyer bought are a set of bits, as in
window_merges. Refunds of a line are capped together at its amount; a line fully refunded within 15 days of payment
is no purchase for R1: days without another line are found among the few pairs with such a line.

Variants at 100,000 lines a day, CPU seconds:
    13.1 this one
    16.1 pairs summed up by day, then by window with fifteen aggregates
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


def pairs(args, paid, refunded, own):
    return windows.pairs(args, paid.select(*own, "buyer_id", "dt"), gone_days(args, paid, refunded, own), own)


def gone_days(args, paid, refunded, own):
    by = [*own, "buyer_id", "dt"]
    undone = refunded.filter("undone")
    lines = paid.join(undone.select(by).unique(), on=by, how="semi", nulls_equal=True).group_by(by).agg(pl.len().alias("lines"))
    return windows.gone_days(args, undone, lines, own)


def sums(args, lines, column, name, own):
    """Sums of a column of lines by subject, a column for each window."""
    wanted = [(pl.col(column) * (pl.col("dt") >= first)).sum().alias(f"{name}_{w}") for w, first in windows.first_days(args).items()]
    return lines.group_by(own).agg(wanted) if own else lines.select(wanted)


def role_figures(args, role, subject, paid, refunded, bought=None):
    """Buyers and money of one role: one row a subject. bought: the days on which pairs bought, where they are known already."""
    own = [subject] if subject else []
    lines, refunds = (f.lazy() if role != "talent" else f.lazy().filter(pl.col("promoter_id").is_not_null()) for f in (paid, refunded))
    of_pairs = pairs(args, lines, refunds, own) if bought is None else windows.kept_pairs(bought, gone_days(args, lines, refunds, own), own)
    parts = [windows.figures(own, of_pairs), sums(args, lines, "fen", "paid", own), sums(args, refunds, "returned_fen", "returned", own)]
    if subject:
        wide = parts[0].join(parts[1], on=subject, how="left", nulls_equal=True).join(parts[2], on=subject, how="left", nulls_equal=True)
    else:
        wide = pl.concat(parts, how="horizontal")
    return wide.with_columns((pl.col(f"paid_{w}") - pl.col(f"returned_{w}").fill_null(0)).alias(f"net_{w}") for w in windows.WINDOWS)


MEASURES = windows.MEASURES | {"gmv_paid_fen": "paid", "gmv_net_fen": "net"}


def run(args, _):
    products = dumps(args, "products").select("dt", "product_id", "category1_id")
    with job.part("stage"):
        paid, refunded = pl.collect_all([paid_lines(args, products), refunded_lines(args, products)], engine="streaming")
    return published(pl.collect_all([role_figures(args, role, subject, paid, refunded) for role, subject in SCOPES], engine="streaming"))


def published(wide):
    """The two tables, of all roles' figures."""
    long = pl.concat(windows.windows(role, subject, frame, MEASURES) for (role, subject), frame in zip(SCOPES, wide))
    gmv = long.filter(pl.col("buyers") > 0).select("role", "subject_id", "window_days", "gmv_paid_fen", "gmv_net_fen", "buyers")
    return {"gmv": session.result(gmv), "repeat_purchase": session.result(windows.repeat_purchase(long))}


if __name__ == "__main__":
    job.main(session.VERSION, session.start, run)
