"""What order lines and the tables that copy their columns have in common."""

import session

# role, key column, lines that belong to it
SCOPES = [
    ("platform", None, "true"),
    ("category", "category1_id", "true"),
    ("merchant", "merchant_id", "true"),
    ("talent", "promoter_id", "promoter_id IS NOT NULL"),
    ("product", "product_id", "true"),
]
SCORED = [s for s in SCOPES if s[0] in ("merchant", "talent", "product")]
KEY = 7211325081937342  # of the hash of buyers
UNITS, SCORE_FEN = 20, 200  # max_units_per_line, score_min_fen

FEN = "buyer_paid_fen + platform_subsidy_fen"

CLASS = f"""
    CASE WHEN paid_at IS NULL THEN 'unpaid'
         WHEN order_kind = 'test' THEN 'test'
         WHEN risk_reason IS NOT NULL OR quantity > {UNITS} THEN 'abnormal'
         WHEN order_kind IN ('gift', 'lucky_bag', 'sample') OR {FEN} <= {SCORE_FEN} THEN 'gmv_valid'
         ELSE 'score_valid' END::class_t"""

# Of lines l joined with their accounts a.
CHANNEL = """
    CASE WHEN coalesce(l.author_id, l.promoter_id) IS NULL THEN 'none'
         WHEN a.owner_merchant_id = l.merchant_id THEN 'self'
         WHEN l.promoter_id IS NOT NULL THEN 'distribution'
         ELSE 'none' END::channel_t"""

def snapshots(args, day="dt"):
    """Joins of lines l with what was known of product and account: on the day of the job, or on a day of the line."""
    p_day, a_day = (f" AND {s}.dt = l.{day}" if args.days else "" for s in "pa")
    return f"""
    LEFT JOIN product_days p ON p.product_id = l.product_id{p_day}
    LEFT JOIN account_days a ON a.talent_id = coalesce(l.author_id, l.promoter_id){a_day}"""


def keys(*names):
    return ", ".join(n for n in names if n)


def day_of(moment):
    """The business day in Asia/Shanghai: UTC+8, no summer time."""
    return f"({moment} AT TIME ZONE 'UTC' + INTERVAL 8 HOUR)::DATE"


def buyer(args):
    """Windows need no hash of buyers."""
    return "buyer_id" if args.days else f"hash(buyer_id, {KEY}) AS buyer_id"


def dated(args):
    """The day of a row, first of a list of columns, in a job of windows."""
    return "dt, " if args.days else ""


def order_of_day(args):
    """The order, in a job of windows as of its day: orders are counted a day."""
    return f"order_id * 128 + (DATE '{args.date}' - dt)" if args.days else "order_id"


def today(args, moment):
    """Whether a moment lies on the business day, in a job of windows on that of the row; null where there is none."""
    if args.days:  # division is five times as fast as a cast to a date
        return f"(epoch_us({moment}) + 28800000000) // 86400000000 = dt - DATE '1970-01-01'"
    first, last = session.day_bounds(args.date)
    return f"{moment} >= '{first}' AND {moment} < '{last}'"


def total(value, where=None):
    """A sum of integers that are not null; of those where something holds, 0 if it nowhere does."""
    return f"coalesce(sum({value}) FILTER ({where}), 0)::BIGINT" if where else f"sum({value})::BIGINT"


def seconds(begin, end):
    """Whole seconds from one moment to another, at least 0."""
    return f"greatest(0, (epoch_us({end}) - epoch_us({begin})) // 1000000)"
