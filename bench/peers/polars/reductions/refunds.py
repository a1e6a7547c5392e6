"""Rollups of refunds: those that succeeded, and the events of the day by pay day. The dumps are read once."""

import polars as pl

import session
from reductions.lines import SCORED, amount, belonging, buyer, class_of_line, is_score, order_of_day, seconds, today, with_snapshots


def day_refunds(args, products, accounts):
    """Refunds of gmv_valid lines with what happened to them today."""
    refunds = session.dumps(args, "refunds").with_columns(
        class_of_line.alias("class"),
        buyer(args),
        order_of_day(args),
        paid_day=pl.col("paid_at").dt.offset_by("8h").dt.date(),
        line_fen=amount,
        is_refund=today(args, "succeeded_at"),
        is_quality=today(args, "applied_at") & pl.col("is_first") & (pl.col("reason") == "quality"),
        is_intervened=today(args, "intervened_at"),
        is_decided=today(args, "liable_at") & pl.col("liable").is_not_null(),
        is_closed=today(args, "closed_at") & pl.col("self_completed").is_not_null(),
        handling_seconds=seconds("applied_at", "closed_at").clip(upper_bound=168 * 3600),
    )
    return with_snapshots(args, refunds.filter(pl.col("class").is_in(["score_valid", "gmv_valid"])), products, accounts, "paid_day")


def lines(refunds):
    return refunds.filter("is_refund").select(
        "order_line_id", "succeeded_at", "refund_id", "paid_day", "buyer_id", "merchant_id", "product_id", "promoter_id", "category1_id", "channel", "scene",
        "line_fen", "is_full",
        refund_fen=pl.when("is_full").then("line_fen").otherwise(pl.min_horizontal("amount_fen", "line_fen")),
    )  # fmt: skip


def events(refunds, subject):
    closed, own, took = pl.col("is_closed"), pl.col("self_completed"), pl.col("handling_seconds")
    refund_only, returned = (closed & own & (pl.col("kind") == kind) for kind in ("refund_only", "return_refund"))
    happened = pl.any_horizontal("is_quality", "is_intervened", "is_decided", "is_closed")
    return refunds.filter(is_score & happened).group_by(subject, "paid_day").agg(
        quality_refunds=pl.col("is_quality").sum(),
        disputed_orders=pl.col("order_id").filter(pl.col("is_intervened")).n_unique(),
        disputes=pl.col("is_decided").sum(),
        promoter_liable=(pl.col("is_decided") & (pl.col("liable") == "promoter")).sum(),
        closed=closed.sum(),
        not_self_completed=(closed & ~own).sum(),
        refund_only=refund_only.sum(),
        refund_only_seconds=(took * refund_only).sum(),
        return_refund=returned.sum(),
        return_refund_seconds=(took * returned).sum(),
    )  # fmt: skip


def rollups(refunds):
    """Frame and keys by name."""
    out = {"refund_lines": (lines(refunds), ["order_line_id", "succeeded_at", "refund_id"])}
    for role, subject, where in SCORED:
        out[f"{role}_refund_events"] = (events(belonging(refunds, where), subject), [subject, "paid_day"])
    return out
