"""The 90-day figures of one night from the raw dumps: GMV paid and net, buyers and R1 by role, subject and window.

Lines are staged once, with their category by the products snapshot of their day; buyers need no hash here. A
pair of subject and buyer is summed up by day, then the days by window (window_merges.figures). Refunds of a line
are capped together at its amount; a line fully refunded within 15 days of payment is no purchase for R1.

Variants at 100,000 lines a day, CPU seconds:
"""

import job
import session
import window_merges as windows

SCOPES = [("platform", None), ("category", "category1_id"), ("merchant", "merchant_id"), ("talent", "promoter_id"), ("product", "product_id")]
VALID = "paid_at IS NOT NULL AND order_kind <> 'test' AND risk_reason IS NULL AND quantity <= 20"
LINE = "buyer_paid_fen + platform_subsidy_fen"


def day_of(instant):
    """The business day in Asia/Shanghai: UTC+8, no summer time."""
    return f"({instant} AT TIME ZONE 'UTC' + INTERVAL 8 HOUR)::DATE"


def dumps(args, table):
    """The 90 days that end on the as-of date."""
    return f"(FROM {session.all_dumps(args, table)} WHERE dt BETWEEN DATE '{args.date}' - 89 AND DATE '{args.date}')"


def paid_lines(args):
    return f"""
    CREATE TEMP TABLE paid_lines AS
    SELECT o.dt, buyer_id, o.merchant_id, product_id, promoter_id, category1_id, {LINE} AS fen
    FROM {dumps(args, "orders")} o LEFT JOIN {dumps(args, "products")} p USING (dt, product_id) WHERE {VALID}"""


def refunded_lines(args):
    """Lines with money returned by the as-of date, by pay day."""
    return f"""
    CREATE TEMP TABLE refunded_lines AS
    SELECT r.dt, buyer_id, r.merchant_id, product_id, promoter_id, category1_id, returned_fen, undone
    FROM (SELECT paid_day AS dt, buyer_id, merchant_id, product_id, promoter_id,
                 least(sum(CASE WHEN is_full THEN line_fen ELSE least(amount_fen, line_fen) END), line_fen)::BIGINT AS returned_fen,
                 bool_or(is_full AND dt - paid_day <= 15) AS undone
          FROM (SELECT *, {LINE} AS line_fen, {day_of("paid_at")} AS paid_day
                FROM {dumps(args, "refunds")} WHERE {VALID} AND {day_of("succeeded_at")} = dt)
          GROUP BY order_line_id, paid_day, buyer_id, merchant_id, product_id, promoter_id, line_fen) r
    LEFT JOIN {dumps(args, "products")} p USING (dt, product_id)"""


def pairs(subject, where):
    by = f"{subject}, buyer_id, dt" if subject else "buyer_id, dt"
    same = " AND ".join(f"l.{k} IS NOT DISTINCT FROM u.{k}" for k in by.split(", "))
    return f"""
    SELECT l.*, lines > coalesce(undone_lines, 0) AS kept
    FROM (SELECT {by}, sum(fen)::BIGINT AS fen, count(*) AS lines FROM paid_lines WHERE {where} GROUP BY ALL) l
    LEFT JOIN (SELECT {by}, count(*) AS undone_lines FROM refunded_lines WHERE undone AND {where} GROUP BY ALL) u ON {same}"""


def returned(args, role, subject, where):
    lists = ", ".join(f"coalesce(sum(returned_fen) FILTER (dt >= {s}), 0)::BIGINT" for s in windows.starts(args).values())
    return f"""
    SELECT '{role}' AS role, {f"{subject} AS subject" if subject else "NULL::BIGINT AS subject"}, unnest({windows.WINDOWS}) AS window_days, unnest([{lists}]) AS returned_fen
    FROM refunded_lines WHERE {where} {f"GROUP BY {subject}" if subject else ""}"""


GMV = f"""
    CREATE TEMP TABLE gmv AS
    SELECT f.role, {windows.SUBJECT_ID.replace("role", "f.role").replace("subject::", "f.subject::")}, f.window_days, paid_fen AS gmv_paid_fen,
           paid_fen - coalesce(returned_fen, 0) AS gmv_net_fen, buyers
    FROM figures f LEFT JOIN returned r ON f.role = r.role AND f.window_days = r.window_days AND f.subject IS NOT DISTINCT FROM r.subject
    WHERE buyers > 0"""


def run(args, con):
    with job.part("stage"):
        con.execute(paid_lines(args))
        con.execute(refunded_lines(args))
    for at, (role, subject) in enumerate(SCOPES):
        where = "promoter_id IS NOT NULL" if role == "talent" else "true"
        for name, query in {"figures": windows.figures(args, role, subject, pairs(subject, where), money=True), "returned": returned(args, role, subject, where)}.items():
            with job.part(f"{role} {name}"):
                con.execute(f"INSERT INTO {name} {query}" if at else f"CREATE TEMP TABLE {name} AS {query}")
    con.execute(GMV)
    con.execute(windows.repeat_purchase())
    return {name: session.result(con, name) for name in ("gmv", "repeat_purchase")}


if __name__ == "__main__":
    job.main(session.VERSION, session.start, run)
