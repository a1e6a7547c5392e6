"""Distinct and repeat buyers by subject and window, from windvane's own daily rollups of 90 days.

The days on which a pair of subject and buyer bought are a set of bits, bit 0 the as-of date: one group by pair,
one aggregate; every window is then read off the bits. R1 leaves out days of which every line was fully refunded
within 15 days of payment: those are few and joined to the rows.

Variants at 100,000 lines a day, CPU seconds for the pairs of merchants alone:
    0.8  this one: bit_or of 128 bits
    0.9  count(*) FILTER for each of five windows, twice of that with the days that refunds leave
    1.5  max(dt, 2): the two newest days as a list
"""

import job
import session

SCOPES = [("platform", None), ("merchant", "merchant_id"), ("talent", "promoter_id")]
MISSING = "category1_id"  # the one subject that a row can lack
WINDOWS = [1, 7, 30, 60, 90]
REPEAT_WINDOWS = [1, 7, 30, 90]


def rollups(args, name):
    return f"read_parquet('{args.data}/full/state/rollups/{name}/*/*.parquet', hive_partitioning = true, hive_types = {{'dt': DATE}})"


def bit(args, day="dt"):
    """A day as a bit."""
    return f"1::HUGEINT << (DATE '{args.date}' - {day})::INTEGER"


def undone(args, scopes):
    """Lines by subject, buyer and pay day that a full refund took out."""
    subjects = ", ".join(subject for _, subject in scopes if subject)
    return f"""
    CREATE TEMP TABLE undone AS
    SELECT DISTINCT order_line_id, buyer_id, {subjects}, paid_day AS dt
    FROM {rollups(args, "refund_lines")} WHERE is_full AND dt - paid_day <= 15"""


def pairs(args, role, subject):
    by = f"{subject}, buyer_id, dt" if subject else "buyer_id, dt"
    keys = by.split(", ")
    mine = ", ".join(f"r.{key}" for key in keys[:-1])
    same = " AND ".join(f"r.{key} {'IS NOT DISTINCT FROM' if key == MISSING else '='} u.{key}" for key in keys)
    return f"""
    SELECT {mine}, bit_or({bit(args, "r.dt")}) AS bought, bit_or(CASE WHEN lines > coalesce(undone_lines, 0) THEN {bit(args, "r.dt")} ELSE 0 END) AS kept
    FROM {rollups(args, role + "_buyers")} r LEFT JOIN (SELECT {by}, count(*) AS undone_lines FROM undone GROUP BY ALL) u ON {same}
    GROUP BY ALL"""


def figures(role, subject, pairs):
    """From one row a pair (bought, kept) to one row a subject and window."""
    lists = {"buyers": [], "kept": [], "repeat_buyers": []}
    for w in WINDOWS:
        window = f"{(1 << w) - 1}::HUGEINT"
        lists["buyers"].append(f"count(*) FILTER (bought & {window} <> 0)")
        lists["kept"].append(f"count(*) FILTER (kept & {window} <> 0)")
        lists["repeat_buyers"].append(f"count(*) FILTER (bit_count(kept & {window}) > 1)")
    columns = ", ".join(f"unnest([{', '.join(counts)}]) AS {name}" for name, counts in lists.items())
    return f"""
    SELECT '{role}' AS role, {subject or "NULL::BIGINT"} AS subject, unnest({WINDOWS}) AS window_days, {columns}
    FROM ({pairs}) {f"GROUP BY {subject}" if subject else ""}"""


# As published: ids as text, nothing for the platform, (none) where the source names no category.
SUBJECT_ID = "CASE WHEN role = 'platform' THEN '' ELSE coalesce(subject::VARCHAR, '(none)') END AS subject_id"


def repeat_purchase():
    windows = ", ".join(map(str, REPEAT_WINDOWS))
    return f"""
    CREATE TEMP TABLE repeat_purchase AS
    SELECT role, {SUBJECT_ID}, window_days, kept AS buyers, repeat_buyers FROM figures WHERE kept > 0 AND window_days IN ({windows})"""


def run(args, con, scopes=SCOPES):
    con.execute(undone(args, scopes))
    queries = [figures(role, subject, pairs(args, role, subject)) for role, subject in scopes]
    con.execute("CREATE TEMP TABLE figures AS " + " UNION ALL ".join(queries))
    con.execute(f"CREATE TEMP TABLE gmv AS SELECT role, {SUBJECT_ID}, window_days, buyers FROM figures WHERE buyers > 0")
    con.execute(repeat_purchase())
    return {name: session.result(con, name) for name in ("gmv", "repeat_purchase")}


if __name__ == "__main__":
    job.main(session.VERSION, session.start, run)
