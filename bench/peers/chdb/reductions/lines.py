"""What order lines and the tables that copy their columns have in common."""

import session
from session import NONE

# role, key column, lines that belong to it
SCOPES = [
    ("platform", None, "true"),
    ("category", "category1_id", "true"),
    ("merchant", "merchant_id", "true"),
    ("talent", "promoter_id", f"promoter_id <> {NONE}"),
    ("product", "product_id", "true"),
]
SCORED = [s for s in SCOPES if s[0] in ("merchant", "talent", "product")]
KEY = "(toUInt64(7211325081937342), toUInt64(8061744052810993))"  # of the hash of buyers
UNITS, SCORE_FEN = 20, 200  # max_units_per_line, score_min_fen

FEN = "buyer_paid_fen + platform_subsidy_fen"

CLASS = f"""
    CAST(multiIf(isNull(paid_at), 'unpaid', order_kind = 'test', 'test', isNotNull(risk_reason) OR quantity > {UNITS}, 'abnormal',
                 order_kind IN ('gift', 'lucky_bag', 'sample') OR {FEN} <= {SCORE_FEN}, 'gmv_valid', 'score_valid')
         AS Enum8('score_valid', 'gmv_valid', 'abnormal', 'test', 'unpaid'))"""

ACCOUNT = f"coalesce(author_id, promoter_id, {NONE})"
PROMOTER = f"ifNull(promoter_id, {NONE}) AS promoter_id"

# Of lines l joined with their accounts a.
CHANNEL = f"""
    CAST(multiIf(l.account = {NONE}, 'none', a.owner_merchant_id = l.merchant_id, 'self', l.promoter_id <> {NONE}, 'distribution', 'none')
         AS Enum8('self', 'distribution', 'none', 'unknown'))"""


def on_day(args, subject, day):
    """What lines are joined with snapshots by: in a job of windows subject and day as one number, since a join on one integer is
    three times as fast as one on two keys."""
    return f"bitOr(bitShiftLeft({subject}, 16), toUInt16({day}))" if args.days else subject


def accounts(args, day="l.dt"):
    """Joins lines l with what was known of their account: on the day of the job, or on a day of the line."""
    return f"""
    LEFT ANY JOIN (SELECT {on_day(args, 'talent_id', 'dt')} AS key, ifNull(owner_merchant_id, {NONE}) AS owner_merchant_id FROM account_days) a
        ON a.key = {on_day(args, 'l.account', day)}"""


def snapshots(args, day="l.dt"):
    """The same of product and account."""
    return f"""
    LEFT ANY JOIN (SELECT {on_day(args, 'product_id', 'dt')} AS key, ifNull(category1_id, {NONE}) AS category1_id, ifNull(brand_id, {NONE}) AS brand_id,
                          units_per_item FROM product_days) p
        ON p.key = {on_day(args, 'l.product_id', day)}
    {accounts(args, day)}"""


# A product without a snapshot joins with 0, which is no product.
CATEGORY = f"if(p.key = 0, {NONE}, p.category1_id)"
BRAND = f"if(p.key = 0, {NONE}, p.brand_id)"


def buyer(args):
    """Windows need no hash of buyers."""
    return "buyer_id" if args.days else f"sipHash64Keyed({KEY}, buyer_id) AS buyer_id"


def dated(args):
    """The day of a row, first of a list of columns, in a job of windows."""
    return "dt, " if args.days else ""


def order_of_day(args):
    """The order, in a job of windows as of its day: orders are counted a day."""
    return f"order_id * 128 + (toDate('{args.date}') - dt)" if args.days else "order_id"


def keys(*names):
    return ", ".join(n for n in names if n)


def readable(*names):
    """Nulls again in place of NONE."""
    return f"* REPLACE ({', '.join(f'nullIf({n}, {NONE}) AS {n}' for n in names)})" if names else "*"


def today(args, moment):
    """Whether a moment lies on the business day, in a job of windows on that of the row."""
    if args.days:
        return f"ifNull(toDate({moment}, 'Asia/Shanghai') = dt, false)"
    first, last = session.day_bounds(args.date)
    return f"ifNull({moment} >= {first} AND {moment} < {last}, false)"


def seconds(begin, end):
    """Whole seconds from one moment to another, at least 0; 0 where one is missing."""
    return f"greatest(0, ifNull(intDiv(toUnixTimestamp64Micro({end}) - toUnixTimestamp64Micro({begin}), 1000000), 0))"
