"""Distinct and repeat buyers by subject and window, from windvane's own daily rollups of 90 days.

A pair of subject and buyer stands once a day in the rollups, so counting its rows in a window tells on how many
days it bought: one pass, grouped by pair, then by subject. R1 leaves out days of which every line was fully
refunded within 15 days of payment: those are few and joined to the rows.

Variants at 100,000 lines a day, CPU seconds:
"""

import job
import session

SCOPES = [("platform", None), ("merchant", "merchant_id"), ("talent", "promoter_id")]
WINDOWS = [1, 7, 30, 60, 90]
REPEAT_WINDOWS = [1, 7, 30, 90]


def rollups(args, name):
    return f"read_parquet('{args.data}/full/state/rollups/{name}/*/*.parquet', hive_partitioning = true, hive_types = {{'dt': DATE}})"


def undone(args):
    """Lines by subject, buyer and pay day that a full refund took out."""
    return f"""
    CREATE TEMP TABLE undone AS
    SELECT DISTINCT order_line_id, buyer_id, merchant_id, promoter_id, paid_day AS dt
    FROM {rollups(args, "refund_lines")} WHERE is_full AND dt - paid_day <= 15"""


def starts(args):
    return {w: f"DATE '{args.date}' - {w - 1}" for w in WINDOWS}


def figures(args, role, subject, pairs, money=False):
    """From one row a pair and day (dt, kept, with money also fen) to one row a subject and window."""
    own = f"{subject}, " if subject else ""
    group = f"GROUP BY {subject}" if subject else ""
    days, counts, lists = [], [], {"buyers": "buyers", "kept": "kept", "repeat": "repeat_buyers"}
    for w, s in starts(args).items():
        days += [f"count(*) FILTER (dt >= {s}) AS days_{w}", f"count(*) FILTER (dt >= {s} AND kept) AS kept_{w}"]
        counts += [f"count(*) FILTER (days_{w} > 0) AS buyers_{w}", f"count(*) FILTER (kept_{w} > 0) AS kept_{w}", f"count(*) FILTER (kept_{w} > 1) AS repeat_{w}"]
        if money:
            days.append(f"coalesce(sum(fen) FILTER (dt >= {s}), 0)::BIGINT AS paid_{w}")
            counts.append(f"sum(paid_{w})::BIGINT AS paid_{w}")
            lists["paid"] = "paid_fen"
    columns = ", ".join(f"unnest([{', '.join(f'{c}_{w}' for w in WINDOWS)}]) AS {name}" for c, name in lists.items())
    return f"""
    SELECT '{role}' AS role, {f"{subject} AS subject" if subject else "NULL::BIGINT AS subject"}, unnest({WINDOWS}) AS window_days, {columns}
    FROM (SELECT {own}{', '.join(counts)} FROM (SELECT {own}buyer_id, {', '.join(days)} FROM ({pairs}) GROUP BY {own}buyer_id) {group})"""


# As published: ids as text, nothing for the platform, (none) where the source names no category.
SUBJECT_ID = "CASE WHEN role = 'platform' THEN '' ELSE coalesce(subject::VARCHAR, '(none)') END AS subject_id"


def pairs(args, role, subject):
    by = f"{subject}, buyer_id, dt" if subject else "buyer_id, dt"
    return f"""
    SELECT {f"r.{subject}, " if subject else ""}r.buyer_id, r.dt, r.lines > coalesce(u.lines, 0) AS kept
    FROM {rollups(args, role + "_buyers")} r LEFT JOIN (SELECT {by}, count(*) AS lines FROM undone GROUP BY ALL) u USING ({by})"""


def repeat_purchase():
    windows = ", ".join(map(str, REPEAT_WINDOWS))
    return f"""
    CREATE TEMP TABLE repeat_purchase AS
    SELECT role, {SUBJECT_ID}, window_days, kept AS buyers, repeat_buyers FROM figures WHERE kept > 0 AND window_days IN ({windows})"""


def run(args, con):
    con.execute(undone(args))
    queries = [figures(args, role, subject, pairs(args, role, subject)) for role, subject in SCOPES]
    con.execute("CREATE TEMP TABLE figures AS " + " UNION ALL ".join(queries))
    con.execute(f"CREATE TEMP TABLE gmv AS SELECT role, {SUBJECT_ID}, window_days, buyers FROM figures WHERE buyers > 0")
    con.execute(repeat_purchase())
    return {name: session.result(con, name) for name in ("gmv", "repeat_purchase")}


if __name__ == "__main__":
    job.main(session.VERSION, session.start, run)
