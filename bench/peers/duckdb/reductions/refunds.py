"""Rollups of refunds: those that succeeded, and the events of the day by pay day. The dumps are read once."""

import session
from reductions.lines import CHANNEL, CLASS, FEN, SCORED, buyer, dated, day_of, keys, order_of_day, seconds, snapshots, today, total


def stage(args):
    """Refunds of gmv_valid lines with what happened to them today."""
    return f"""
    CREATE TEMP TABLE day_refunds AS
    SELECT l.*, {CHANNEL} AS channel, p.category1_id
    FROM (SELECT {dated(args)}refund_id, order_line_id, {order_of_day(args)} AS order_id, {buyer(args)}, merchant_id, product_id, promoter_id, author_id, scene,
                 {day_of("paid_at")} AS paid_day, succeeded_at, kind, liable, self_completed, is_full,
                 {FEN} AS line_fen, least(amount_fen, {FEN}) AS part_fen, {CLASS} AS class,
                 {today(args, "succeeded_at")} AS is_refund, {today(args, "intervened_at")} AS is_intervened,
                 {today(args, "applied_at")} AND is_first AND reason = 'quality' AS is_quality,
                 {today(args, "liable_at")} AND liable IS NOT NULL AS is_decided,
                 {today(args, "closed_at")} AND self_completed IS NOT NULL AS is_closed,
                 least(168 * 3600, {seconds("applied_at", "closed_at")}) AS handling_seconds
          FROM {session.dumps(args, "refunds")} WHERE class IN ('score_valid', 'gmv_valid')) l {snapshots(args, "paid_day")}"""


LINES = """
    SELECT order_line_id, succeeded_at, refund_id, paid_day, buyer_id, merchant_id, product_id, promoter_id, category1_id, channel, scene,
           CASE WHEN is_full THEN line_fen ELSE part_fen END AS refund_fen, line_fen, is_full
    FROM day_refunds WHERE is_refund"""


def events(subject, where):
    refund_only, returned = (f"is_closed AND self_completed AND kind = '{kind}'" for kind in ("refund_only", "return_refund"))
    return f"""
    SELECT {subject}, paid_day, count(*) FILTER (is_quality) AS quality_refunds, count(DISTINCT order_id) FILTER (is_intervened) AS disputed_orders,
           count(*) FILTER (is_decided) AS disputes, count(*) FILTER (is_decided AND liable = 'promoter') AS promoter_liable,
           count(*) FILTER (is_closed) AS closed, count(*) FILTER (is_closed AND NOT self_completed) AS not_self_completed,
           count(*) FILTER ({refund_only}) AS refund_only, {total("handling_seconds", refund_only)} AS refund_only_seconds,
           count(*) FILTER ({returned}) AS return_refund, {total("handling_seconds", returned)} AS return_refund_seconds
    FROM day_refunds WHERE class = 'score_valid' AND (is_quality OR is_intervened OR is_decided OR is_closed) AND {where} GROUP BY ALL"""


def queries():
    """Query and order by name."""
    out = {"refund_lines": (LINES, "order_line_id, succeeded_at, refund_id")}
    for role, subject, where in SCORED:
        out[f"{role}_refund_events"] = (events(subject, where), keys(subject, "paid_day"))
    return out
