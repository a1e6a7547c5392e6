"""The 90-day figures of one night from the raw dumps: GMV paid and net, buyers and R1 by role, subject and window.

Lines are staged once, with their category by the products snapshot of their day; buyers need no hash here. Money
is summed by subject; the days on which a pair of subject and buyer bought are a set of bits, as in
window_merges. Refunds of a line are capped together at its amount; a line fully refunded within 15 days of payment
is no purchase for R1: days without another line are found among the few pairs with such a line.

Variants at 100,000 lines a day, CPU seconds:
    14   this one (7.8 wall)
    14   pairs summed up by day, then by window with fifteen aggregates; the snapshots joined by two keys (10.3 wall)
    Alone, the join on one number made of product and day takes 1.2 against 3.7 on two keys (parallel_hash 2.8,
    grace_hash 3.2), and the bits of merchant pairs 0.45 against 1.8.
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


def product_day(table):
    """A product on a day as one number: a join on one integer is three times as fast as one on two keys."""
    return f"bitOr(bitShiftLeft({table}product_id, 16), toUInt16({table}dt))"


def category(args):
    return f"LEFT ANY JOIN {dumps(args, 'products', f'{product_day(str())} AS product_day, ifNull(category1_id, {NONE}) AS category')} p ON p.product_day = {product_day('l.')}"


# A product without a snapshot joins with 0, which is no product.
CATEGORY = f"if(p.product_day = 0, {NONE}, p.category) AS category1_id"


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


def pairs(args, subject, where, bought=None):
    """bought: a query of the days on which each pair bought, where they are known already."""
    own, by = (f"{subject}, ", f"{subject}, buyer_id, dt") if subject else ("", "buyer_id, dt")
    return f"""
    SELECT {own}buyer_id, bought, bitXor(bought, gone) AS kept
    FROM ({bought or f"SELECT {own}buyer_id, groupBitOr({windows.bit(args)}) AS bought FROM paid_lines WHERE {where} GROUP BY {own}buyer_id"}) b
    LEFT ANY JOIN (SELECT {own}buyer_id, groupBitOr({windows.bit(args)}) AS gone
                   FROM (SELECT {by} FROM paid_lines
                         INNER JOIN (SELECT {by}, count() AS undone_lines FROM refunded_lines WHERE undone AND {where} GROUP BY {by}) u USING ({by})
                         WHERE {where} GROUP BY {by} HAVING count() <= any(undone_lines))
                   GROUP BY {own}buyer_id) g USING ({own}buyer_id)"""


def money(args, role, subject, table, column, where):
    """Sums of a column of lines by subject and window."""
    rows = ", ".join(f"({w}, sumIf({column}, dt > toDate('{args.date}') - {w}))" for w in windows.WINDOWS)
    own, group = (f"{subject}, ", f"GROUP BY {subject}") if subject else ("", "")
    return f"""
    SELECT '{role}' AS role, toInt64({subject or 0}) AS subject, row.1 AS window_days, row.2 AS {column}
    FROM (SELECT {own}[{rows}] AS rows FROM {table} WHERE {where} {group}) ARRAY JOIN rows AS row"""


GMV = f"""
    SELECT role, {windows.SUBJECT_ID}, window_days, fen AS gmv_paid_fen, fen - returned_fen AS gmv_net_fen, buyers
    FROM figures INNER ANY JOIN paid USING (role, subject, window_days) LEFT ANY JOIN returned USING (role, subject, window_days) WHERE buyers > 0"""


def run(args, s):
    with job.part("stage"):
        s.table("paid_lines", paid_lines(args))
        s.table("refunded_lines", refunded_lines(args))
    for at, (role, subject) in enumerate(SCOPES):
        where = f"promoter_id <> {NONE}" if role == "talent" else "true"
        with job.part(role):
            s.add("figures", windows.figures(role, subject, pairs(args, subject, where)), new=at == 0)
            s.add("paid", money(args, role, subject, "paid_lines", "fen", where), new=at == 0)
            s.add("returned", money(args, role, subject, "refunded_lines", "returned_fen", where), new=at == 0)
    s.table("gmv", GMV)
    s.table("repeat_purchase", windows.repeat_purchase())
    return {name: s.result(name) for name in ("gmv", "repeat_purchase")}


if __name__ == "__main__":
    job.main(session.VERSION, session.Session, run)
