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


def figures(args, role, subject, pairs, money=""):
    """From one row a pair and day (lines that count, dt) to one row a subject and window."""
    own = f"{subject}, " if subject else ""
    days = ", ".join(f"count(*) FILTER (dt >= {s}) AS days_{w}, count(*) FILTER (dt >= {s} AND kept) AS kept_{w}" for w, s in starts(args).items())
    counts = ", ".join(
        f"count(*) FILTER (days_{w} > 0) AS buyers_{w}, count(*) FILTER (kept_{w} > 0) AS kept_{w}, count(*) FILTER (kept_{w} > 1) AS repeat_{w}" for w in WINDOWS
    )
    columns = lambda prefix: ", ".join(f"{prefix}_{w}" for w in WINDOWS)
    text = f"coalesce({subject}::VARCHAR, '(none)')" if subject else "''"
    return f"""
    SELECT '{role}' AS role, {text} AS subject_id, unnest({WINDOWS}) AS window_days, unnest([{columns("buyers")}]) AS buyers,
           unnest([{columns("kept")}]) AS kept, unnest([{columns("repeat")}]) AS repeat_buyers
    FROM (SELECT {own}{counts} FROM (SELECT {own}buyer_id, {days} FROM ({pairs}) GROUP BY {own}buyer_id) {f"GROUP BY {subject}" if subject else ""})"""


def pairs(args, role, subject):
    by = f"{subject}, buyer_id, dt" if subject else "buyer_id, dt"
    return f"""
    SELECT {f"r.{subject}, " if subject else ""}r.buyer_id, r.dt, r.lines > coalesce(u.lines, 0) AS kept
    FROM {rollups(args, role + "_buyers")} r LEFT JOIN (SELECT {by}, count(*) AS lines FROM undone GROUP BY ALL) u USING ({by})"""


def run(args, con):
    con.execute(undone(args))
    con.execute("CREATE TEMP TABLE figures (role VARCHAR, subject_id VARCHAR, window_days BIGINT, buyers BIGINT, kept BIGINT, repeat_buyers BIGINT)")
    for role, subject in SCOPES:
        with job.part(role):
            con.execute("INSERT INTO figures " + figures(args, role, subject, pairs(args, role, subject)))
    con.execute("CREATE TEMP TABLE gmv AS SELECT role, subject_id, window_days, buyers FROM figures WHERE buyers > 0")
    windows = ", ".join(map(str, REPEAT_WINDOWS))
    con.execute(f"""CREATE TEMP TABLE repeat_purchase AS SELECT role, subject_id, window_days, kept AS buyers, repeat_buyers FROM figures
                    WHERE kept > 0 AND window_days IN ({windows})""")
    return {name: session.result(con, name) for name in ("gmv", "repeat_purchase")}


if __name__ == "__main__":
    job.main(session.VERSION, session.start, run)
