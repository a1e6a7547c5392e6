"""All sixteen daily rollups of one day, sorted by key and written as zstd Parquet.

What each holds is declared in transforms/rollup/declared.go; derive.go and group.go there say how a line's
class, channel, category and brand and an order's full sets come to be.

An order has one buyer (windvane rests on that too), so the orders of a subject over all channels and scenes are
the sum over its buyers.
"""

import polars as pl

import job
import session

# role, key column, lines that belong to it
SCOPES = [
    ("platform", None, None),
    ("category", "category1_id", None),
    ("merchant", "merchant_id", None),
    ("talent", "promoter_id", pl.col("promoter_id").is_not_null()),
    ("product", "product_id", None),
]
UNITS, SCORE_FEN = 20, 200  # max_units_per_line, score_min_fen
CHANNELS = pl.Enum(["self", "distribution", "none", "unknown"])
CLASSES = pl.Enum(["score_valid", "gmv_valid", "abnormal", "test", "unpaid"])
SCENES = pl.Enum(session.SCENES)
fen = pl.col("fen")


def class_of(fen):
    return (
        pl.when(pl.col("paid_at").is_null()).then(pl.lit("unpaid"))
        .when(pl.col("order_kind") == "test").then(pl.lit("test"))
        .when(pl.col("risk_reason").is_not_null() | (pl.col("quantity") > UNITS)).then(pl.lit("abnormal"))
        .when(pl.col("order_kind").is_in(["gift", "lucky_bag", "sample"]) | (fen <= SCORE_FEN)).then(pl.lit("gmv_valid"))
        .otherwise(pl.lit("score_valid")).cast(CLASSES)
    )  # fmt: skip


def with_snapshots(lines, products, accounts):
    """Adds category, brand and channel."""
    channel = (
        pl.when(pl.col("account").is_null()).then(pl.lit("none"))
        .when(pl.col("owner_merchant_id") == pl.col("merchant_id")).then(pl.lit("self"))
        .when(pl.col("promoter_id").is_not_null()).then(pl.lit("distribution"))
        .otherwise(pl.lit("none")).cast(CHANNELS)
    )  # fmt: skip
    owners = accounts.select(account="talent_id", owner_merchant_id="owner_merchant_id")
    return (
        lines.with_columns(account=pl.coalesce("author_id", "promoter_id"))
        .join(products, on="product_id", how="left")
        .join(owners, on="account", how="left")
        .with_columns(channel=channel)
    )


def day_lines(args, products, accounts):
    """The day's lines with all that is derived from them; figures that count some lines only are 0 elsewhere."""
    first, last = session.day_bounds(args.date)
    lines = session.dumps(args, "orders").select(
        "order_id", "merchant_id", "product_id", "promoter_id", "author_id", "quantity", "buyer_paid_fen", "platform_subsidy_fen", "freight_fen", "risk_reason",
        "order_kind", "paid_at",
        pl.col("scene").cast(SCENES),
        pl.col("buyer_id").hash(seed=session.SEED),
        (pl.col("created_at") >= first) & (pl.col("created_at") < last) & (pl.col("order_kind") != "test"),
        fen=pl.col("buyer_paid_fen") + pl.col("platform_subsidy_fen"),
    ).rename({"created_at": "is_placed"})  # fmt: skip
    lines = with_snapshots(lines.with_columns(class_of(fen).alias("class")), products, accounts)
    return lines.with_columns(
        is_gmv=pl.col("class").is_in(["score_valid", "gmv_valid"]),
        is_raw=pl.col("class").is_in(["score_valid", "gmv_valid", "abnormal"]),
    ).drop("author_id", "account", "owner_merchant_id", "order_kind", "paid_at")


def refund_lines(args, products, accounts):
    first, last = session.day_bounds(args.date)
    lines = session.dumps(args, "refunds").with_columns(
        pl.col("buyer_id").hash(seed=session.SEED), line_fen=pl.col("buyer_paid_fen") + pl.col("platform_subsidy_fen")
    )
    lines = lines.with_columns(class_of(pl.col("line_fen")).alias("class")).filter(
        pl.col("class").is_in(["score_valid", "gmv_valid"]), pl.col("succeeded_at") >= first, pl.col("succeeded_at") < last
    )
    return with_snapshots(lines, products, accounts).select(
        "order_line_id", "succeeded_at", "refund_id", pl.col("paid_at").dt.offset_by("8h").dt.date().alias("paid_day"), "buyer_id", "merchant_id",
        "product_id", "promoter_id", "category1_id", "channel", "scene", "line_fen", "is_full",
        refund_fen=pl.when("is_full").then("line_fen").otherwise(pl.min_horizontal("amount_fen", "line_fen")),
    )  # fmt: skip


def sales(lines):
    return lines.group_by("merchant_id", "product_id", "promoter_id", "channel", "scene", "class").agg(
        pl.len().alias("lines"),
        pl.sum("quantity", "buyer_paid_fen", "platform_subsidy_fen", "freight_fen"),
        (fen * pl.col("is_placed")).sum().alias("order_fen"),
    )


def excluded(lines):
    reason = (
        pl.when(pl.col("class") == "test").then(pl.lit("test"))
        .when(pl.col("risk_reason").is_null()).then(pl.lit("max_units_per_line"))
        .otherwise("risk:" + pl.col("risk_reason"))
    )  # fmt: skip
    excluded_lines = lines.filter(pl.col("class").is_in(["abnormal", "test"])).with_columns(excluded_reason=reason)
    return excluded_lines.group_by("merchant_id", "excluded_reason").agg(pl.len().alias("lines"), fen.sum().alias("amount_fen"))


def buyers(lines, sets, keys):
    """Purchases of each buyer; full sets are few and joined to them."""
    self_live = (pl.col("channel") == "self") & (pl.col("scene") == "live")
    own = [pl.col("order_id").filter(self_live).n_unique().alias("self_live_orders")] if "merchant_id" in keys else []
    bought = lines.group_by(keys).agg(
        pl.col("order_id").n_unique().alias("orders"),
        pl.len().alias("lines"),
        fen.sum().alias("paid_fen"),
        (pl.col("channel") == "distribution").sum().alias("distribution_lines"),
        self_live.sum().alias("self_live_lines"),
        (fen * self_live).sum().alias("self_live_fen"),
        *own,
    )
    full = (
        sets.group_by(*keys, "order_id", "brand_id").agg(pl.len().alias("n"), fen.sum()).filter(pl.col("n") >= 3)
        .group_by(keys).agg(pl.col("order_id").n_unique().alias("set_orders"), fen.sum().alias("set_fen"))
    )  # fmt: skip
    return bought.join(full, on=keys, how="left", nulls_equal=True).with_columns(pl.col("set_orders", "set_fen").fill_null(0))


def cells(lines, keys):
    """By channel and scene. The order of a line that is not gmv_valid is null, which n_unique counts as one."""
    order = pl.col("gmv_order_id")
    return lines.group_by(keys).agg(
        pl.col("is_placed").sum().alias("order_lines"),
        (fen * pl.col("is_placed")).sum().alias("order_fen"),
        pl.col("is_raw").sum().alias("raw_lines"),
        (fen * pl.col("is_raw")).sum().alias("raw_fen"),
        pl.col("is_gmv").sum().alias("lines"),
        (pl.col("quantity") * pl.col("is_gmv")).sum().alias("quantity"),
        (fen * pl.col("is_gmv")).sum().alias("paid_fen"),
        (order.n_unique().cast(pl.Int64) - (order.null_count() > 0).cast(pl.Int64)).alias("orders"),
    )


def with_totals(by_cell, by_buyer, subject):
    """The cells, and over all of them: the orders of all buyers."""
    own = [subject] if subject else []
    sums = pl.sum("order_lines", "order_fen", "raw_lines", "raw_fen", "lines", "quantity", "paid_fen")
    if subject:
        orders = by_buyer.group_by(own).agg(pl.col("orders").cast(pl.Int64).sum())
        totals = by_cell.group_by(own).agg(sums).join(orders, on=own, how="left", nulls_equal=True)
    else:
        totals = pl.concat([by_cell.select(sums), by_buyer.select(pl.col("orders").cast(pl.Int64).sum())], how="horizontal")
    return pl.concat([by_cell, totals.with_columns(pl.col("orders").fill_null(0))], how="diagonal")


def run(args, _):
    sinks = []

    def write(name, frame, keys):
        sinks.append(
            frame.lazy()
            .sort(keys, nulls_last=True)
            .sink_parquet(f"{args.work}/{name}.parquet", compression="zstd", compression_level=1, lazy=True)
        )

    def flush(part):
        with job.part(part):
            pl.collect_all(sinks, engine="streaming")
        sinks.clear()

    products = session.dumps(args, "products").select("product_id", "category1_id", "brand_id", "units_per_item", "in_cart").collect(engine="streaming")
    accounts = session.dumps(args, "talents").select("talent_id", "owner_merchant_id", "followers").collect(engine="streaming")
    attributes = products.lazy().drop("in_cart")
    with job.part("stage"):
        lines = day_lines(args, attributes, accounts.lazy()).collect(engine="streaming").lazy()
    gmv = lines.filter("is_gmv")
    candidates = gmv.filter(pl.col("brand_id").is_not_null()).group_by("order_id", "brand_id").agg(pl.len().alias("n")).filter(pl.col("n") >= 3)
    sets = gmv.join(candidates, on=["order_id", "brand_id"], how="semi").collect(engine="streaming").lazy()
    write("product_days", products.drop("in_cart"), "product_id")
    write("carted_products", products.lazy().filter("in_cart").select("product_id"), "product_id")
    write("account_days", accounts, "talent_id")
    write("refund_lines", refund_lines(args, attributes, accounts.lazy()), ["order_line_id", "succeeded_at", "refund_id"])
    write("excluded_lines", excluded(lines), ["merchant_id", "excluded_reason"])
    write("sales", sales(lines), ["merchant_id", "product_id", "promoter_id", "channel", "scene", "class"])
    flush("sales and snapshots")
    lines = lines.with_columns(gmv_order_id=pl.when("is_gmv").then("order_id"))
    for role, subject, where in SCOPES:
        own = [subject] if subject else []
        belongs = (lambda frame: frame if where is None else frame.filter(where))
        by_buyer, by_cell = pl.collect_all(
            [buyers(belongs(gmv), belongs(sets), [*own, "buyer_id"]), cells(belongs(lines), [*own, "channel", "scene"])], engine="streaming"
        )
        write(f"{role}_buyers", by_buyer, [*own, "buyer_id"])
        write(f"{role}_sales", with_totals(by_cell.lazy(), by_buyer.lazy(), subject), [*own, "channel", "scene"])
        flush(role)


if __name__ == "__main__":
    job.main(session.VERSION, session.start, run)
