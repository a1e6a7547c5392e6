"""Rollups of orders. The dumps are read once; pairs of talents and products come from sales, which are fewer rows.

Variants at 10 million lines, CPU seconds:
    unit_prices          n_unique 1.8, two levels 2.3, of unique rows 2.3
"""

import polars as pl

import session
from reductions.lines import SCENES, amount, buyer, class_of_line, is_score, on_day, today, with_snapshots

fen = pl.col("fen")
SALES_KEYS = ["merchant_id", "product_id", "promoter_id", "channel", "scene", "class"]


def day_lines(args, products, accounts):
    """The day's lines with all that is derived from them; figures that count some lines only are 0 elsewhere. In a job of windows
    those of all days, without what only the cube of sales has."""
    cube = [] if args.days else ["buyer_paid_fen", "platform_subsidy_fen"]
    lines = session.dumps(args, "orders").select(
        *on_day(args, "dt", "order_id", "merchant_id", "product_id", "promoter_id", "author_id", "quantity", "freight_fen", "risk_reason"), *cube,
        pl.col("scene").cast(SCENES),
        buyer(args),
        class_of_line.alias("class"),
        is_placed=today(args, "created_at") & (pl.col("order_kind") != "test"),
        fen=amount,
    )  # fmt: skip
    units = pl.max_horizontal(1, "quantity") * pl.max_horizontal(1, "units_per_item")
    return (
        with_snapshots(args, lines, products, accounts)
        .with_columns(
            is_gmv=pl.col("class").is_in(["score_valid", "gmv_valid"]),
            is_raw=pl.col("class").is_in(["score_valid", "gmv_valid", "abnormal"]),
            unit_price_fen=(fen + pl.col("freight_fen")) // units,
        )
        .drop("author_id", "account", "owner_merchant_id", "units_per_item", *(["freight_fen"] if args.days else []))
    )


def sales(lines):
    return lines.group_by(SALES_KEYS).agg(
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


def unit_prices(lines):
    return lines.filter(is_score).group_by("product_id", "unit_price_fen").agg(orders=pl.col("order_id").n_unique())


def pairs(sold, keys):
    return sold.group_by(keys).agg(pl.col("lines").cast(pl.Int64).sum(), paid_fen=amount.sum())


def rollups(lines, sold):
    """Frame and keys by name, of what is not made scope by scope."""
    by_product, by_promoter = ["promoter_id", "product_id", "merchant_id"], ["merchant_id", "promoter_id"]
    scored = sold.filter(is_score & pl.col("promoter_id").is_not_null())
    distributed = sold.filter(pl.col("class").is_in(["score_valid", "gmv_valid"]) & (pl.col("channel") == "distribution"))
    return {
        "sales": (sold, SALES_KEYS),
        "excluded_lines": (excluded(lines), ["merchant_id", "excluded_reason"]),
        "unit_prices": (unit_prices(lines), ["product_id", "unit_price_fen"]),
        "talent_products": (pairs(scored, by_product), by_product),
        "merchant_promoters": (pairs(distributed, by_promoter), by_promoter),
    }
