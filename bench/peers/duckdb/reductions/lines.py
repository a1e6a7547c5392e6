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

SNAPSHOTS = """
    LEFT JOIN product_days p USING (product_id)
    LEFT JOIN account_days a ON a.talent_id = coalesce(l.author_id, l.promoter_id)"""


def keys(*names):
    return ", ".join(n for n in names if n)


def today(args, moment):
    """Whether a moment lies on the business day; null where there is none."""
    first, last = session.day_bounds(args.date)
    return f"{moment} >= '{first}' AND {moment} < '{last}'"


def total(value, where=None):
    """A sum of integers that are not null; of those where something holds, 0 if it nowhere does."""
    return f"coalesce(sum({value}) FILTER ({where}), 0)::BIGINT" if where else f"sum({value})::BIGINT"


def seconds(begin, end):
    """Whole seconds from one moment to another, at least 0."""
    return f"greatest(0, (epoch_us({end}) - epoch_us({begin})) // 1000000)"
