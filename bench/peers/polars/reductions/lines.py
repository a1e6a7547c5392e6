"""What order lines and the tables that copy their columns have in common."""

import polars as pl

import session

# role, key column, lines that belong to it
SCOPES = [
    ("platform", None, None),
    ("category", "category1_id", None),
    ("merchant", "merchant_id", None),
    ("talent", "promoter_id", pl.col("promoter_id").is_not_null()),
    ("product", "product_id", None),
]
SCORED = [s for s in SCOPES if s[0] in ("merchant", "talent", "product")]
UNITS, SCORE_FEN = 20, 200  # max_units_per_line, score_min_fen
CHANNELS = pl.Enum(["self", "distribution", "none", "unknown"])
CLASSES = pl.Enum(["score_valid", "gmv_valid", "abnormal", "test", "unpaid"])
SCENES = pl.Enum(session.SCENES)

amount = pl.col("buyer_paid_fen") + pl.col("platform_subsidy_fen")
is_score = pl.col("class") == "score_valid"

class_of_line = (
    pl.when(pl.col("paid_at").is_null()).then(pl.lit("unpaid"))
    .when(pl.col("order_kind") == "test").then(pl.lit("test"))
    .when(pl.col("risk_reason").is_not_null() | (pl.col("quantity") > UNITS)).then(pl.lit("abnormal"))
    .when(pl.col("order_kind").is_in(["gift", "lucky_bag", "sample"]) | (amount <= SCORE_FEN)).then(pl.lit("gmv_valid"))
    .otherwise(pl.lit("score_valid")).cast(CLASSES)
)  # fmt: skip


def on_day(args, day, *names):
    """What lines are joined with snapshots by: in a job of windows with those of a day of theirs."""
    return [*names, day] if args.days else [*names]


def with_channel(args, lines, accounts, day="dt"):
    """Adds the channel of lines whose account is known: on the day of the job, or on a day of the line."""
    channel = (
        pl.when(pl.col("account").is_null()).then(pl.lit("none"))
        .when(pl.col("owner_merchant_id") == pl.col("merchant_id")).then(pl.lit("self"))
        .when(pl.col("promoter_id").is_not_null()).then(pl.lit("distribution"))
        .otherwise(pl.lit("none")).cast(CHANNELS)
    )  # fmt: skip
    owners = accounts.rename({"dt": day} if args.days else {}).select(*on_day(args, day), account="talent_id", owner_merchant_id="owner_merchant_id")
    return lines.join(owners, on=on_day(args, day, "account"), how="left").with_columns(channel=channel)


def with_snapshots(args, lines, products, accounts, day="dt"):
    """Adds category, brand, units per item and channel."""
    products = products.rename({"dt": day} if args.days else {})
    lines = lines.with_columns(account=pl.coalesce("author_id", "promoter_id")).join(products, on=on_day(args, day, "product_id"), how="left")
    return with_channel(args, lines, accounts, day)


def belonging(frame, where):
    return frame if where is None else frame.filter(where)


def buyer(args):
    """Windows need no hash of buyers."""
    return pl.col("buyer_id") if args.days else pl.col("buyer_id").hash(seed=session.SEED)


def order_of_day(args):
    """The order, in a job of windows as of its day: orders are counted a day."""
    return pl.col("order_id") * 128 + pl.col("dt").to_physical() % 128 if args.days else pl.col("order_id")


def today(args, moment):
    """Whether a moment lies on the business day, in a job of windows on that of the row."""
    if args.days:
        return (pl.col(moment).dt.offset_by("8h").dt.date() == pl.col("dt")).fill_null(False)
    first, last = session.day_bounds(args.date)
    return ((pl.col(moment) >= first) & (pl.col(moment) < last)).fill_null(False)


def seconds(begin, end):
    """Whole seconds from one moment to another, at least 0; 0 where one is missing."""
    return (pl.col(end) - pl.col(begin)).dt.total_seconds().fill_null(0).clip(lower_bound=0)


def whole(real):
    """The nearest integer; halves go up, where round() would have them even."""
    return (real + 0.5).floor().cast(pl.Int64)
