"""Rollups of shipments, reviews and chats."""

import polars as pl

import session
from reductions.lines import SCORED, belonging, class_of_line, is_score, order_of_day, seconds, today, whole


def day_shipments(args, chosen=True):
    """Shipments with events of today, of score_valid lines, those that are chosen."""
    shipped = (pl.col("order_kind") != "presale") & ~pl.col("no_shipping")
    late = pl.col("picked_up_at").is_null() | (pl.col("picked_up_at") > pl.col("pickup_due_at"))
    return (
        session.dumps(args, "shipments")
        .filter(chosen)
        .with_columns(class_of_line.alias("class"), is_due=today(args, "pickup_due_at") & shipped, is_signed=today(args, "signed_at"))
        .filter(is_score & (pl.col("is_due") | pl.col("is_signed")))
        .select(
            order_of_day(args), "merchant_id", "product_id", "promoter_id", "is_due", "is_signed",
            is_missed=pl.col("is_due") & late,
            is_transit=pl.col("is_signed") & shipped & pl.col("picked_up_at").is_not_null() & pl.col("route_median_hours").is_not_null(),
            transit_seconds=seconds("picked_up_at", "signed_at"),
            median_seconds=whole(pl.col("route_median_hours").fill_null(0) * 3600),
        )
    )  # fmt: skip


def shipment_events(shipments, subject):
    orders = {name: pl.col("order_id").filter(pl.col(flag)).n_unique() for name, flag in (("due", "is_due"), ("missed", "is_missed"), ("signed", "is_signed"))}
    seconds = {name: (pl.col(name) * pl.col("is_transit")).sum() for name in ("transit_seconds", "median_seconds")}
    return shipments.group_by(subject).agg(**orders, transits=pl.col("is_transit").sum(), **seconds)


def first_reviews(args):
    """First reviews of score_valid lines."""
    reviews = session.dumps(args, "reviews").with_columns(class_of_line.alias("class"), bad=pl.col("rating") <= 2)
    return reviews.filter(is_score & pl.col("is_first"))


def reviews(first, subject):
    return first.group_by(subject).agg(
        reviews=pl.len(), bad=pl.col("bad").sum(), quality_bad=(pl.col("bad") & pl.col("is_quality_issue").fill_null(True)).sum(), rating_sum=pl.col("rating").sum()
    )


def complaints(args, subject):
    named = session.dumps(args, "complaints").filter(pl.col("upheld") & pl.col(subject).is_not_null())
    return named.group_by(subject).agg(
        mismatch=pl.col("kind").is_in(["not_as_described", "counterfeit"]).sum(),
        logistics=(pl.col("kind") == "logistics").sum(),
        misleading=pl.col("kind").is_in(["false_advertising", "not_as_described"]).sum(),
    )


def chats(args):
    in_service, reply = pl.col("in_service_hours"), pl.col("first_human_reply_seconds")
    return session.dumps(args, "chats").group_by("merchant_id").agg(
        rated=pl.col("rating").count(),
        unhappy=(pl.col("rating") <= 2).sum(),
        in_service=in_service.sum(),
        slow=(in_service & (reply > 180).fill_null(True)).sum(),
    )  # fmt: skip


def rollups(args):
    """Frame and keys by name. Shipments and reviews are read once for their three scopes."""
    shipments, first = pl.collect_all([day_shipments(args), first_reviews(args)], engine="streaming")
    out = {"merchant_chats": (chats(args), ["merchant_id"])}
    for role, subject, where in SCORED:
        out[f"{role}_shipment_events"] = (shipment_events(belonging(shipments.lazy(), where), subject), [subject])
        out[f"{role}_reviews"] = (reviews(belonging(first.lazy(), where), subject), [subject])
    return out
