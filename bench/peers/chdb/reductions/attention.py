"""Rollups of contents and of the traffic of products."""

import job
import session
from session import NONE
from reductions.lines import accounts, dated

SUMS = ["viewers", "watch_seconds", "upheld_reports", "good_ratings", "bad_ratings"]


def contents(args, subject, days=None):
    return f"""
    SELECT assumeNotNull({subject}) AS {subject}, countIf(kind = 'live') AS lives, sum(likes + comments + shares) AS interactions,
           {", ".join(f"sum(c.{s}) AS {s}" for s in SUMS)}
    FROM {session.dumps(args, "contents", days)} c WHERE isNotNull(c.{subject}) GROUP BY {subject}"""


def product_traffic(args):
    """Whose account showed a product: the promoter's, as of sales that name no author."""
    of = {"distribution": f"account <> {NONE} AND owner_merchant_id <> merchant_id", "self_live": "owner_merchant_id = merchant_id AND scene = 'live'"}
    parts = ", ".join(f"sumIf(l.{figure}, {where}) AS {name}_{figure}" for name, where in of.items() for figure in ("impressions", "clicks"))
    return f"""
    SELECT product_id, sum(l.impressions) AS impressions, sum(l.clicks) AS clicks, {parts}
    FROM (SELECT {dated(args)}product_id, ifNull(promoter_id, {NONE}) AS account, merchant_id, scene, impressions, clicks FROM {session.dumps(args, "product_traffic")}) l
    {accounts(args)} GROUP BY product_id"""


def talent_traffic(args):
    return f"""
    SELECT assumeNotNull(promoter_id) AS promoter_id, sum(t.impressions) AS impressions, sum(t.clicks) AS clicks
    FROM {session.dumps(args, "product_traffic")} t WHERE isNotNull(t.promoter_id) GROUP BY promoter_id"""


def queries(args):
    """Query and order by name."""
    return {
        "talent_contents": (contents(args, "author_id"), "author_id"),
        "merchant_contents": (contents(args, "owner_merchant_id", job.days(args, "merchant_contents")), "owner_merchant_id"),
        "product_impressions": (product_traffic(args), "product_id"),
        "talent_impressions": (talent_traffic(args), "promoter_id"),
    }
