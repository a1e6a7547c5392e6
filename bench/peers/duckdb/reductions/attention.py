"""Rollups of contents and of the traffic of products."""

import job
import session
from reductions.lines import total

SUMS = ["viewers", "watch_seconds", "interactions", "upheld_reports", "good_ratings", "bad_ratings"]


def contents(args, subject, days=None):
    return f"""
    SELECT {subject}, count(*) FILTER (kind = 'live') AS lives, {", ".join(f"{total(s)} AS {s}" for s in SUMS)}
    FROM (SELECT *, likes + comments + shares AS interactions FROM {session.dumps(args, "contents", days)}) WHERE {subject} IS NOT NULL GROUP BY ALL"""


def product_traffic(args):
    """Whose account showed a product: the promoter's, as of sales that name no author."""
    of = {"distribution": "promoter_id IS NOT NULL AND owner_merchant_id IS DISTINCT FROM merchant_id", "self_live": "owner_merchant_id = merchant_id AND scene = 'live'"}
    parts = ", ".join(f"{total(figure, where)} AS {name}_{figure}" for name, where in of.items() for figure in ("impressions", "clicks"))
    same_day = " AND a.dt = t.dt" if args.days else ""
    return f"""
    SELECT product_id, {total("impressions")} AS impressions, {total("clicks")} AS clicks, {parts}
    FROM {session.dumps(args, "product_traffic")} t LEFT JOIN account_days a ON talent_id = promoter_id{same_day} GROUP BY ALL"""


def talent_traffic(args):
    return f"""
    SELECT promoter_id, {total("impressions")} AS impressions, {total("clicks")} AS clicks
    FROM {session.dumps(args, "product_traffic")} WHERE promoter_id IS NOT NULL GROUP BY ALL"""


def queries(args):
    """Query and order by name."""
    return {
        "talent_contents": (contents(args, "author_id"), "author_id"),
        "merchant_contents": (contents(args, "owner_merchant_id", job.days(args, "merchant_contents")), "owner_merchant_id"),
        "product_impressions": (product_traffic(args), "product_id"),
        "talent_impressions": (talent_traffic(args), "promoter_id"),
    }
