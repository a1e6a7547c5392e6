"""Distinct and repeat buyers by subject and window, from windvane's own daily rollups of 90 days.

A pair of subject and buyer stands once a day in the rollups, so counting its rows in a window tells on how many
days it bought: one pass, grouped by pair, then by subject. R1 leaves out days of which every line was fully
refunded within 15 days of payment: those are few and joined to the rows.

Variants at 100,000 lines a day, CPU seconds:
"""

import datetime

import polars as pl

import job
import session

SCOPES = [("platform", None), ("merchant", "merchant_id"), ("talent", "promoter_id")]
WINDOWS = [1, 7, 30, 60, 90]
REPEAT_WINDOWS = [1, 7, 30, 90]


def rollups(args, name):
    return pl.scan_parquet(f"{args.data}/full/state/rollups/{name}/*/*.parquet", hive_partitioning=True, hive_schema={"dt": pl.Date})


def undone(args):
    """Lines by subject, buyer and pay day that a full refund took out."""
    refunds = rollups(args, "refund_lines").filter("is_full", (pl.col("dt") - pl.col("paid_day")) <= pl.duration(days=15))
    return refunds.select("order_line_id", "buyer_id", "merchant_id", "promoter_id", dt="paid_day").unique()


def first_days(args):
    date = datetime.date.fromisoformat(args.date)
    return {w: date - datetime.timedelta(days=w - 1) for w in WINDOWS}


def figures(args, subject, pairs, money=False):
    """From one row a pair and day (dt, kept, with money also fen) to one row a subject, a column for each window."""
    own = [subject] if subject else []
    days, counts = [], []
    for w, first in first_days(args).items():
        inside = pl.col("dt") >= first
        days += [inside.sum().alias(f"days_{w}"), (inside & pl.col("kept")).sum().alias(f"kept_{w}")]
        counts += [
            (pl.col(f"days_{w}") > 0).sum().alias(f"buyers_{w}"),
            (pl.col(f"kept_{w}") > 0).sum().alias(f"kept_{w}"),
            (pl.col(f"kept_{w}") > 1).sum().alias(f"repeat_{w}"),
        ]
        if money:
            days.append((pl.col("fen") * inside).sum().alias(f"paid_{w}"))
            counts.append(pl.sum(f"paid_{w}"))
    by_pair = pairs.group_by(*own, "buyer_id").agg(days)
    return by_pair.group_by(own).agg(counts) if subject else by_pair.select(counts)


def windows(role, subject, wide, measures):
    """One row a subject and window."""
    text = pl.col(subject).cast(pl.String).fill_null("(none)") if subject else pl.lit("")
    return pl.concat(
        wide.select(role=pl.lit(role), subject_id=text, window_days=pl.lit(w, pl.Int64), **{m: pl.col(f"{c}_{w}").cast(pl.Int64) for m, c in measures.items()})
        for w in WINDOWS
    )


def pairs(args, role, subject):
    by = [subject, "buyer_id", "dt"] if subject else ["buyer_id", "dt"]
    taken = undone(args).group_by(by).agg(pl.len().alias("undone"))
    rows = rollups(args, role + "_buyers").select(*by, "lines").join(taken, on=by, how="left")
    return rows.with_columns(kept=pl.col("lines") > pl.col("undone").fill_null(0))


MEASURES = {"buyers": "buyers", "kept": "kept", "repeat_buyers": "repeat"}


def repeat_purchase(long):
    repeat = long.filter(pl.col("kept") > 0, pl.col("window_days").is_in(REPEAT_WINDOWS))
    return repeat.select("role", "subject_id", "window_days", "repeat_buyers", buyers="kept")


def run(args, _):
    wide = pl.collect_all([figures(args, subject, pairs(args, role, subject)) for role, subject in SCOPES], engine="streaming")
    long = pl.concat(windows(role, subject, frame, MEASURES) for (role, subject), frame in zip(SCOPES, wide))
    return {
        "gmv": session.result(long.filter(pl.col("buyers") > 0).select("role", "subject_id", "window_days", "buyers")),
        "repeat_purchase": session.result(repeat_purchase(long)),
    }


if __name__ == "__main__":
    job.main(session.VERSION, session.start, run)
