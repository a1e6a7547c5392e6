"""Rollups of shipments, reviews and chats. Shipments and reviews are read once for their three scopes."""

import session
from reductions.lines import CLASS, SCORED, order_of_day, seconds, today, total


def stages(args):
    """Shipments with events of today, and first reviews, of score_valid lines."""
    shipped = "order_kind <> 'presale' AND NOT no_shipping"
    shipments = f"""
    CREATE TEMP TABLE day_shipments AS
    SELECT {order_of_day(args)} AS order_id, merchant_id, product_id, promoter_id, is_due, is_signed, is_due AND (picked_up_at IS NULL OR picked_up_at > pickup_due_at) AS is_missed,
           is_signed AND {shipped} AND picked_up_at IS NOT NULL AND route_median_hours IS NOT NULL AS is_transit,
           {seconds("picked_up_at", "signed_at")} AS transit_seconds, round(route_median_hours * 3600)::BIGINT AS median_seconds
    FROM (SELECT *, {CLASS} AS class, {today(args, "pickup_due_at")} AND {shipped} AS is_due, {today(args, "signed_at")} AS is_signed
          FROM {session.dumps(args, "shipments")})
    WHERE class = 'score_valid' AND (is_due OR is_signed)"""
    reviews = f"""
    CREATE TEMP TABLE day_reviews AS
    SELECT merchant_id, product_id, promoter_id, rating, is_quality_issue
    FROM (SELECT *, {CLASS} AS class FROM {session.dumps(args, "reviews")}) WHERE class = 'score_valid' AND is_first"""
    return [shipments, reviews]


def shipment_events(subject, where):
    return f"""
    SELECT {subject}, count(DISTINCT order_id) FILTER (is_due) AS due, count(DISTINCT order_id) FILTER (is_missed) AS missed,
           count(DISTINCT order_id) FILTER (is_signed) AS signed, count(*) FILTER (is_transit) AS transits,
           {total("transit_seconds", "is_transit")} AS transit_seconds, {total("median_seconds", "is_transit")} AS median_seconds
    FROM day_shipments WHERE {where} GROUP BY ALL"""


def reviews(subject, where):
    return f"""
    SELECT {subject}, count(*) AS reviews, count(*) FILTER (rating <= 2) AS bad,
           count(*) FILTER (rating <= 2 AND is_quality_issue IS DISTINCT FROM false) AS quality_bad, {total("rating")} AS rating_sum
    FROM day_reviews WHERE {where} GROUP BY ALL"""


def complaints(args, subject, where):
    return f"""
    SELECT {subject}, count(*) FILTER (kind IN ('not_as_described', 'counterfeit')) AS mismatch, count(*) FILTER (kind = 'logistics') AS logistics,
           count(*) FILTER (kind IN ('false_advertising', 'not_as_described')) AS misleading
    FROM {session.dumps(args, "complaints")} WHERE upheld AND {subject} IS NOT NULL AND {where} GROUP BY ALL"""


def chats(args):
    return f"""
    SELECT merchant_id, count(rating) AS rated, count(*) FILTER (rating <= 2) AS unhappy, count(*) FILTER (in_service_hours) AS in_service,
           count(*) FILTER (in_service_hours AND (first_human_reply_seconds IS NULL OR first_human_reply_seconds > 180)) AS slow
    FROM {session.dumps(args, "chats")} GROUP BY ALL"""


def queries(args):
    """Query and order by name."""
    out = {"merchant_chats": (chats(args), "merchant_id")}
    for role, subject, where in SCORED:
        out[f"{role}_shipment_events"] = (shipment_events(subject, where), subject)
        out[f"{role}_reviews"] = (reviews(subject, where), subject)
    return out
