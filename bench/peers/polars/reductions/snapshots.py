"""Rollups that take rows as they are: products, shops, accounts, manual decisions; and the tickets of the day."""

import polars as pl

import session
from reductions.lines import on_day, whole

ROLES = pl.Enum(["merchant", "talent", "product"])
SEVERITIES = pl.Enum(["severe", "general"])
RESOURCES = pl.Enum(["traffic", "subsidy", "benefit", "campaign"])


def products(args):
    """The attributes that lines are joined with."""
    return session.dumps(args, "products").select(*on_day(args, "dt", "product_id"), "category1_id", "brand_id", "units_per_item")


def accounts(args):
    return session.dumps(args, "talents").select(*on_day(args, "dt", "talent_id"), "owner_merchant_id", "followers")


def facts(args):
    """Frame and keys by name."""
    products, talents = session.dumps(args, "products", 1), session.dumps(args, "talents", 1)
    shelf = products.filter(~pl.col("live_only")).select("product_id", purchasable_minutes=whole(pl.col("purchasable_hours") * 60))
    overrides = session.dumps(args, "overrides", 1).with_columns(pl.col("subject_role").cast(ROLES), pl.col("resource").cast(RESOURCES))
    violations = session.dumps(args, "violations").with_columns(pl.col("subject_role").cast(ROLES), pl.col("severity").cast(SEVERITIES))
    return {
        "carted_products": (products.filter("in_cart").select("product_id"), ["product_id"]),
        "product_facts": (
            products.select(
                "product_id", "merchant_id", "name", "category1_id", "category2_id", "category3_id", "style_id", "info_score", "is_virtual", "live_only", "brand_flag"
            ),
            ["product_id"],
        ),
        "shelf_minutes": (shelf.filter(pl.col("purchasable_minutes") > 0), ["product_id"]),
        "merchant_facts": (session.dumps(args, "merchants", 1).select("merchant_id", "name", "kind", "category1_id", "joined_on"), ["merchant_id"]),
        "account_facts": (talents.select("talent_id", "name", "owner_merchant_id", "category1_id", "followers", "joined_on"), ["talent_id"]),
        "overrides": (overrides, ["subject_role", "subject_id", "resource", "valid_from"]),
        "violation_points": (
            violations.group_by("subject_role", "subject_id", "severity").agg(pl.len().alias("tickets"), pl.sum("points")),
            ["subject_role", "subject_id", "severity"],
        ),
    }
