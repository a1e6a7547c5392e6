"""The 90-day figures of one night from the raw dumps: GMV paid and net, buyers and R1 by role, subject and window.

Lines are staged once, with their category by the products snapshot of their day; buyers need no hash here. A
pair of subject and buyer is summed up by day, then the days by window (window_merges.figures). Refunds of a line
are capped together at its amount; a line fully refunded within 15 days of payment is no purchase for R1.

Variants at 100,000 lines a day, CPU seconds:
"""

import job
import session
import window_merges as windows
from session import NONE

SCOPES = [("platform", None), ("category", "category1_id"), ("merchant", "merchant_id"), ("talent", "promoter_id"), ("product", "product_id")]
VALID = "paid_at IS NOT NULL AND order_kind <> 'test' AND risk_reason IS NULL AND quantity <= 20"


def day_of(instant):
    return f"toDate(assumeNotNull({instant}), 'Asia/Shanghai')"


def dumps(args, table, columns, where="true"):
    """The 90 days that end on the as-of date."""
    return f"(SELECT {columns} FROM {session.all_dumps(args, table)} WHERE dt BETWEEN toDate('{args.date}') - 89 AND toDate('{args.date}') AND {where})"


def category(args):
    return f"LEFT ANY JOIN {dumps(args, 'products', f'dt, product_id, ifNull(category1_id, {NONE}) AS category')} p ON p.dt = l.dt AND p.product_id = l.product_id"


# A product without a snapshot joins with 0, which is no product.
CATEGORY = f"if(p.product_id = 0, {NONE}, p.category) AS category1_id"


def paid_lines(args):
    columns = f"dt, buyer_id, merchant_id, product_id, ifNull(promoter_id, {NONE}) AS promoter_id, buyer_paid_fen + platform_subsidy_fen AS fen"
    return f"""
    SELECT l.dt AS dt, buyer_id, merchant_id, l.product_id AS product_id, promoter_id, {CATEGORY}, fen
    FROM {dumps(args, "orders", columns, VALID)} l {category(args)}"""


def refunded_lines(args):
    """Lines with money returned by the as-of date, by pay day."""
    columns = f"*, buyer_paid_fen + platform_subsidy_fen AS line_fen, {day_of('paid_at')} AS paid_day, ifNull(promoter_id, {NONE}) AS promoter"
    return f"""
    SELECT l.dt AS dt, buyer_id, merchant_id, l.product_id AS product_id, promoter_id, {CATEGORY}, returned_fen, undone
    FROM (SELECT paid_day AS dt, buyer_id, merchant_id, product_id, promoter AS promoter_id, order_line_id,
                 least(sum(if(is_full, line_fen, least(amount_fen, line_fen))), line_fen) AS returned_fen, max(is_full AND r.dt - paid_day <= 15) AS undone
          FROM {dumps(args, "refunds", columns, f"{VALID} AND succeeded_at IS NOT NULL AND {day_of('succeeded_at')} = dt")} r
          GROUP BY order_line_id, paid_day, buyer_id, merchant_id, product_id, promoter, line_fen) l {category(args)}"""


def pairs(subject, where):
    by = f"{subject}, buyer_id, dt" if subject else "buyer_id, dt"
    return f"""
    SELECT {by}, fen, lines > undone_lines AS kept
    FROM (SELECT {by}, sum(fen) AS fen, count() AS lines FROM paid_lines WHERE {where} GROUP BY {by}) l
    LEFT ANY JOIN (SELECT {by}, count() AS undone_lines FROM refunded_lines WHERE undone AND {where} GROUP BY {by}) u USING ({by})"""


def returned(args, role, subject, where):
    rows = ", ".join(f"({w}, sumIf(returned_fen, dt >= {s}))" for w, s in windows.starts(args).items())
    own, group = (f"{subject} AS subject, ", "GROUP BY subject") if subject else ("0 AS subject, ", "")
    return f"""
    SELECT '{role}' AS role, toInt64(subject) AS subject, row.1 AS window_days, row.2 AS returned_fen
    FROM (SELECT {own}[{rows}] AS rows FROM refunded_lines WHERE {where} {group}) ARRAY JOIN rows AS row"""


GMV = f"""
    SELECT role, {windows.SUBJECT_ID}, window_days, paid_fen AS gmv_paid_fen, paid_fen - returned_fen AS gmv_net_fen, buyers
    FROM figures LEFT ANY JOIN returned USING (role, subject, window_days) WHERE buyers > 0"""


def run(args, s):
    with job.part("stage"):
        s.table("paid_lines", paid_lines(args))
        s.table("refunded_lines", refunded_lines(args))
    for at, (role, subject) in enumerate(SCOPES):
        where = f"promoter_id <> {NONE}" if role == "talent" else "true"
        with job.part(role):
            s.add("figures", windows.figures(args, role, subject, pairs(subject, where), money=True), new=at == 0)
            s.add("returned", returned(args, role, subject, where), new=at == 0)
    s.table("gmv", GMV)
    s.table("repeat_purchase", windows.repeat_purchase())
    return {name: s.result(name) for name in ("gmv", "repeat_purchase")}


if __name__ == "__main__":
    job.main(session.VERSION, session.Session, run)
