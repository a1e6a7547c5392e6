"""The 90-day figures of one night from the raw dumps: GMV paid and net, buyers and R1 by role, subject and window.

Lines are staged once, with their category by the products snapshot of their day; buyers need no hash here. Money
is summed by subject; the days on which a pair of subject and buyer bought are a set of bits, as in
window_merges. Refunds of a line are capped together at its amount; a line fully refunded within 15 days of payment
is no purchase for R1: days without another line are found among the few pairs with such a line.

Variants at 100,000 lines a day, CPU seconds:
    10.5 this one
    19.1 pairs summed up by day, then by window with fifteen aggregates
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


def pairs(args, subject, where, bought=None):
    """bought: a query of the days on which each pair bought, where they are known already."""
    own, by = (f"{subject}, ", f"{subject}, buyer_id, dt") if subject else ("", "buyer_id, dt")
    same = lambda a, b, keys: " AND ".join(f"{a}.{k} IS NOT DISTINCT FROM {b}.{k}" for k in keys.split(", "))
    undone = f"(SELECT {by}, count(*) AS undone_lines FROM refunded_lines WHERE undone AND {where} GROUP BY ALL)"
    return f"""
    SELECT b.*, xor(bought, coalesce(gone, 0)) AS kept
    FROM ({bought or f"SELECT {own}buyer_id, bit_or({windows.bit(args)}) AS bought FROM paid_lines WHERE {where} GROUP BY ALL"}) b
    LEFT JOIN (SELECT {own}buyer_id, bit_or({windows.bit(args)}) AS gone
               FROM (SELECT {', '.join('l.' + k for k in by.split(', '))}, undone_lines
                     FROM paid_lines l JOIN {undone} u ON {same("l", "u", by)} GROUP BY ALL HAVING count(*) <= undone_lines)
               GROUP BY ALL) g ON {same("b", "g", own + "buyer_id")}"""


def money(args, role, subject, table, column, where):
    """Sums of a column of lines by subject and window."""
    lists = ", ".join(f"coalesce(sum({column}) FILTER (dt > DATE '{args.date}' - {w}), 0)::BIGINT" for w in windows.WINDOWS)
    return f"""
    SELECT '{role}' AS role, {subject or "NULL::BIGINT"} AS subject, unnest({windows.WINDOWS}) AS window_days, unnest([{lists}]) AS {column}
    FROM {table} WHERE {where} {f"GROUP BY {subject}" if subject else ""}"""


GMV = f"""
    CREATE TEMP TABLE gmv AS
    SELECT f.role, {windows.SUBJECT_ID.replace("role", "f.role").replace("subject::", "f.subject::")}, f.window_days, fen AS gmv_paid_fen,
           fen - coalesce(returned_fen, 0) AS gmv_net_fen, buyers
    FROM figures f
    JOIN paid p ON f.role = p.role AND f.window_days = p.window_days AND f.subject IS NOT DISTINCT FROM p.subject
    LEFT JOIN returned r ON f.role = r.role AND f.window_days = r.window_days AND f.subject IS NOT DISTINCT FROM r.subject
    WHERE buyers > 0"""


def run(args, con):
    with job.part("stage"):
        con.execute(paid_lines(args))
        con.execute(refunded_lines(args))
    for at, (role, subject) in enumerate(SCOPES):
        where = "promoter_id IS NOT NULL" if role == "talent" else "true"
        queries = {
            "figures": windows.figures(role, subject, pairs(args, subject, where)),
            "paid": money(args, role, subject, "paid_lines", "fen", where),
            "returned": money(args, role, subject, "refunded_lines", "returned_fen", where),
        }
        for name, query in queries.items():
            with job.part(f"{role} {name}"):
                con.execute(f"INSERT INTO {name} {query}" if at else f"CREATE TEMP TABLE {name} AS {query}")
    con.execute(GMV)
    con.execute(windows.repeat_purchase())
    return {name: session.result(con, name) for name in ("gmv", "repeat_purchase")}


if __name__ == "__main__":
    job.main(session.VERSION, session.start, run)
