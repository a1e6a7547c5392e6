"""Rollups of orders that every scope has: its buyers, its sales by channel and scene, and what scores count of them.

An order has one buyer (windvane rests on that too), so the orders of a subject over all channels and scenes are
the sum over its buyers.

Variants at 10 million lines, CPU seconds:
    score_orders         of products, n_unique 1.6, two levels 1.9
    product × scene      n_unique 3.7, two levels 4.7
    merchant × scene     n_unique 2.9, two levels 3.3
    product × buyer      without full sets, n_unique 1.6, two levels 3.2
"""

import polars as pl

from reductions.lines import SCORED, belonging, is_score

fen = pl.col("fen")


def full_sets(gmv):
    """The lines of orders with three of one brand: few of all."""
    candidates = gmv.filter(pl.col("brand_id").is_not_null()).group_by("order_id", "brand_id").agg(pl.len().alias("n")).filter(pl.col("n") >= 3)
    return gmv.join(candidates, on=["order_id", "brand_id"], how="semi")


def buyers(lines, sets, keys, more=()):
    """Purchases of each buyer, and what more is wanted of him; full sets are few and joined to them."""
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
        *more,
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


def score_orders(gmv, subject):
    return gmv.filter(is_score).group_by(subject).agg(orders=pl.col("order_id").n_unique(), paid_fen=fen.sum())


def distribution_orders(gmv):
    return gmv.filter(pl.col("channel") == "distribution").group_by("merchant_id").agg(orders=pl.col("order_id").n_unique())


def rollups(lines, gmv, sets, role, subject, where, *more):
    """Frame and keys by name, of one scope. Its buyers, with what more is wanted of them, and cells are made at once."""
    own = [subject] if subject else []
    of_buyers, of_cells = [*own, "buyer_id"], [*own, "channel", "scene"]
    gmv = belonging(gmv, where)
    by_buyer, by_cell = pl.collect_all(
        [buyers(gmv, belonging(sets, where), of_buyers, more), cells(belonging(lines, where), of_cells)], engine="streaming"
    )
    out = {
        f"{role}_buyers": (by_buyer.lazy(), of_buyers),
        f"{role}_sales": (with_totals(by_cell.lazy(), by_buyer.lazy(), subject), of_cells),
    }
    if subject in [s[1] for s in SCORED]:
        out[f"{role}_score_orders"] = (score_orders(gmv, subject), own)
    if role == "merchant":
        out["merchant_distribution_orders"] = (distribution_orders(gmv), own)
    return out
