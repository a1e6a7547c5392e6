"""Rollups of refunds: those that succeeded, and the events of the day by pay day. The dumps are read once."""

import session
from reductions.lines import ACCOUNT, CATEGORY, CHANNEL, CLASS, FEN, PROMOTER, SCORED, buyer, dated, keys, order_of_day, readable, seconds, snapshots, today


def stage(args):
    """Refunds of gmv_valid lines with what happened to them today."""
    return f"""
    SELECT {dated(args)}refund_id, order_line_id, order_id, buyer_id, merchant_id, l.product_id AS product_id, promoter_id, scene, paid_day, succeeded_at, kind, liable,
           self_completed, is_full, line_fen, part_fen, class, is_refund, is_quality, is_intervened, is_decided, is_closed, handling_seconds,
           {CHANNEL} AS channel, {CATEGORY} AS category1_id
    FROM (SELECT {dated(args)}refund_id, order_line_id, {order_of_day(args)} AS order_id, {buyer(args)}, merchant_id, product_id, {PROMOTER}, {ACCOUNT} AS account,
                 scene, toDate32(toTimeZone(paid_at, 'Asia/Shanghai')) AS paid_day, succeeded_at, kind, liable, self_completed, is_full,
                 {FEN} AS line_fen, least(amount_fen, {FEN}) AS part_fen, {CLASS} AS class,
                 {today(args, "succeeded_at")} AS is_refund, {today(args, "intervened_at")} AS is_intervened,
                 {today(args, "applied_at")} AND is_first AND reason = 'quality' AS is_quality,
                 {today(args, "liable_at")} AND isNotNull(liable) AS is_decided, {today(args, "closed_at")} AND isNotNull(self_completed) AS is_closed,
                 least(168 * 3600, {seconds("applied_at", "closed_at")}) AS handling_seconds
          FROM {session.dumps(args, "refunds")} WHERE class IN ('score_valid', 'gmv_valid')) l {snapshots(args, "l.paid_day")}"""


LINES = """
    SELECT order_line_id, succeeded_at, refund_id, paid_day, buyer_id, merchant_id, product_id, promoter_id, category1_id, channel, scene,
           if(is_full, line_fen, part_fen) AS refund_fen, line_fen, is_full
    FROM day_refunds WHERE is_refund"""


def events(subject, where):
    refund_only, returned = (f"is_closed AND self_completed AND kind = '{kind}'" for kind in ("refund_only", "return_refund"))
    by = keys(subject, "paid_day")
    return f"""
    SELECT {by}, countIf(is_quality) AS quality_refunds, uniqExactIf(order_id, is_intervened) AS disputed_orders, countIf(is_decided) AS disputes,
           countIf(is_decided AND liable = 'promoter') AS promoter_liable, countIf(is_closed) AS closed,
           countIf(is_closed AND NOT self_completed) AS not_self_completed,
           countIf({refund_only}) AS refund_only, sumIf(handling_seconds, {refund_only}) AS refund_only_seconds,
           countIf({returned}) AS return_refund, sumIf(handling_seconds, {returned}) AS return_refund_seconds
    FROM day_refunds WHERE class = 'score_valid' AND (is_quality OR is_intervened OR is_decided OR is_closed) AND {where} GROUP BY {by}"""


def queries():
    """Query, order and columns by name."""
    out = {"refund_lines": (LINES, "order_line_id, succeeded_at, refund_id", readable("promoter_id", "category1_id"))}
    for role, subject, where in SCORED:
        out[f"{role}_refund_events"] = (events(subject, where), keys(subject, "paid_day"))
    return out
