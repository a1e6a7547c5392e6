"""Rollups of shipments, reviews and chats. Shipments and reviews are read once for their three scopes."""

import session
from reductions.lines import CLASS, PROMOTER, SCORED, order_of_day, seconds, today


def stages(args):
    """Shipments with events of today, and first reviews, of score_valid lines."""
    shipped = "order_kind <> 'presale' AND NOT no_shipping"
    shipments = f"""
    SELECT {order_of_day(args)} AS order_id, merchant_id, product_id, {PROMOTER}, is_due, is_signed, is_due AND ifNull(picked_up_at > pickup_due_at, true) AS is_missed,
           is_signed AND {shipped} AND isNotNull(picked_up_at) AND isNotNull(route_median_hours) AS is_transit,
           {seconds("picked_up_at", "signed_at")} AS transit_seconds, toInt64(floor(ifNull(route_median_hours, 0) * 3600 + 0.5)) AS median_seconds
    FROM (SELECT *, {CLASS} AS class, {today(args, "pickup_due_at")} AND {shipped} AS is_due, {today(args, "signed_at")} AS is_signed
          FROM {session.dumps(args, "shipments")})
    WHERE class = 'score_valid' AND (is_due OR is_signed)"""
    reviews = f"""
    SELECT merchant_id, product_id, {PROMOTER}, rating, is_quality_issue
    FROM (SELECT *, {CLASS} AS class FROM {session.dumps(args, "reviews")}) WHERE class = 'score_valid' AND is_first"""
    return {"day_shipments": shipments, "day_reviews": reviews}


def shipment_events(subject, where):
    return f"""
    SELECT {subject}, uniqExactIf(order_id, is_due) AS due, uniqExactIf(order_id, is_missed) AS missed, uniqExactIf(order_id, is_signed) AS signed,
           countIf(is_transit) AS transits, sumIf(d.transit_seconds, is_transit) AS transit_seconds, sumIf(d.median_seconds, is_transit) AS median_seconds
    FROM day_shipments d WHERE {where} GROUP BY {subject}"""


def reviews(subject, where):
    return f"""
    SELECT {subject}, count() AS reviews, countIf(rating <= 2) AS bad, countIf(rating <= 2 AND ifNull(is_quality_issue, true)) AS quality_bad,
           sum(rating) AS rating_sum
    FROM day_reviews WHERE {where} GROUP BY {subject}"""


def complaints(args, subject):
    return f"""
    SELECT assumeNotNull(c.{subject}) AS {subject}, countIf(kind IN ('not_as_described', 'counterfeit')) AS mismatch, countIf(kind = 'logistics') AS logistics,
           countIf(kind IN ('false_advertising', 'not_as_described')) AS misleading
    FROM {session.dumps(args, "complaints")} c WHERE upheld AND isNotNull(c.{subject}) GROUP BY {subject}"""


def chats(args):
    return f"""
    SELECT merchant_id, count(rating) AS rated, countIf(rating <= 2) AS unhappy, countIf(in_service_hours) AS in_service,
           countIf(in_service_hours AND ifNull(first_human_reply_seconds > 180, true)) AS slow
    FROM {session.dumps(args, "chats")} GROUP BY merchant_id"""


def queries(args):
    """Query and order by name."""
    out = {"merchant_chats": (chats(args), "merchant_id")}
    for role, subject, where in SCORED:
        out[f"{role}_shipment_events"] = (shipment_events(subject, where), subject)
        out[f"{role}_reviews"] = (reviews(subject, where), subject)
    return out
