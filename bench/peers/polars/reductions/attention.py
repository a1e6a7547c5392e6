"""Rollups of contents and of the traffic of products."""

import polars as pl

import job
import session
from reductions.lines import with_channel

SUMS = ["viewers", "watch_seconds", "interactions", "upheld_reports", "good_ratings", "bad_ratings"]


def contents(args, subject, days=None):
    rows = session.dumps(args, "contents", days).filter(pl.col(subject).is_not_null()).with_columns(interactions=pl.sum_horizontal("likes", "comments", "shares"))
    return rows.group_by(subject).agg((pl.col("kind") == "live").sum().alias("lives"), pl.sum(*SUMS))


def product_traffic(args, accounts):
    """Whose account showed a product: the promoter's, as of sales that name no author."""
    channel = pl.col("channel")
    of = {"distribution": channel == "distribution", "self_live": (channel == "self") & (pl.col("scene") == "live")}
    parts = {f"{name}_{figure}": (pl.col(figure) * where).sum() for name, where in of.items() for figure in ("impressions", "clicks")}
    shown = with_channel(args, session.dumps(args, "product_traffic").with_columns(account="promoter_id"), accounts)
    return shown.group_by("product_id").agg(pl.sum("impressions", "clicks"), **parts)


def talent_traffic(args):
    shown = session.dumps(args, "product_traffic").filter(pl.col("promoter_id").is_not_null())
    return shown.group_by("promoter_id").agg(pl.sum("impressions", "clicks"))


def rollups(args, accounts):
    """Frame and keys by name."""
    return {
        "talent_contents": (contents(args, "author_id"), ["author_id"]),
        "merchant_contents": (contents(args, "owner_merchant_id", job.days(args, "merchant_contents")), ["owner_merchant_id"]),
        "product_impressions": (product_traffic(args, accounts), ["product_id"]),
        "talent_impressions": (talent_traffic(args), ["promoter_id"]),
    }
