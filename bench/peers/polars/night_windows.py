"""What whole_night asks, and every rollup that a night reads over its window, from the raw dumps of 90 days.

A day's queries (reductions) with a range of days in place of the day: lines and refunds are joined with the snapshots of their
own day, orders counted a day where one can have events of several. An order is paid on one day, so the orders of
90 days are counted as such. The days on which a buyer bought are a set of bits made along with his sums: whole_night's figures
come from them. Results are told one after the other and go, since all of them are more than memory holds.
"""

import polars as pl

import job
import session
import whole_night
import window_merges as windows
from reductions import attention, orders, refunds, scopes, service, snapshots
from reductions.lines import SCOPES, SCORED, belonging, is_score, whole


def since(args, name):
    """The days of a rollup's window."""
    return session.since(args, job.days(args, name))


def snapshot_windows(args, products, accounts):
    """Sums over days of what snapshots say, by rollup's name."""
    raw = lambda name: session.dumps(args, "products", job.days(args, name))
    minutes = raw("shelf_minutes").filter(~pl.col("live_only")).select("product_id", purchasable_minutes=whole(pl.col("purchasable_hours") * 60))
    return {
        "product_days": products.filter(since(args, "product_days")).drop("dt"),
        "account_days": accounts.filter(since(args, "account_days")).drop("dt"),
        "carted_products": raw("carted_products").filter("in_cart").group_by("product_id").agg(days=pl.len()),
        "shelf_minutes": minutes.filter(pl.col("purchasable_minutes") > 0).group_by("product_id").agg(pl.sum("purchasable_minutes")),
    }


def chuanliu(args):
    shown, pairs = (session.dumps(args, table, job.days(args, name)) for table, name in (("chuanliu_exposures", "chuanliu_shown"), ("chuanliu_eligibility", "chuanliu_pairs")))
    return {
        "chuanliu_shown": shown.group_by("merchant_id", "buyer_id").agg(pl.sum("impressions")),
        "chuanliu_pairs": pairs.select("merchant_id", "buyer_id", "arm", "source_promoter_id", "programme"),
    }


def of_orders(args, lines):
    """Rollups of orders that are not made scope by scope."""
    sums = {"lines": pl.len(), "paid_fen": pl.sum("fen")}
    scored = lines.filter(is_score & pl.col("promoter_id").is_not_null())
    distributed = lines.filter(since(args, "merchant_promoters"), pl.col("is_gmv") & (pl.col("channel") == "distribution"))
    return {
        "excluded_lines": orders.excluded(lines),
        "unit_prices": orders.unit_prices(lines.filter(since(args, "unit_prices"))),
        "talent_products": scored.group_by("promoter_id", "product_id", "merchant_id").agg(**sums),
        "merchant_promoters": distributed.group_by("merchant_id", "promoter_id").agg(**sums),
    }


def refunded(day_refunds):
    """Refunds of a line capped together at its amount, by pay day."""
    fen = pl.when("is_full").then("line_fen").otherwise(pl.min_horizontal("amount_fen", "line_fen"))
    undone = pl.col("is_full") & ((pl.col("dt") - pl.col("paid_day")) <= pl.duration(days=15))
    lines = (
        day_refunds.filter("is_refund").with_columns(fen=fen, undone=undone)
        .group_by("order_line_id", "paid_day", "buyer_id", "merchant_id", "product_id", "promoter_id", "category1_id", "line_fen")
        .agg(pl.sum("fen"), pl.any("undone"))
    )  # fmt: skip
    return lines.select(
        "buyer_id", "merchant_id", "product_id", "promoter_id", "category1_id", "undone", dt="paid_day", returned_fen=pl.min_horizontal("fen", "line_fen")
    )


def run(args, _):
    def tell(part, frames):
        """Makes results side by side, which are told and go."""
        with job.part(part):
            made = pl.collect_all(list(frames.values()), engine="streaming")
        for name in list(frames):
            job.told(args, name, session.result(made.pop(0)))

    def first(rollups):
        return {name: frame for name, (frame, _) in rollups.items() if name in args.tables}

    def made(part, frame):
        with job.part(part):
            return frame.collect(engine="streaming").lazy()

    products, accounts = made("products", snapshots.products(args)), made("accounts", snapshots.accounts(args))
    tell("snapshots", first(snapshots.facts(args)) | snapshot_windows(args, products, accounts) | chuanliu(args))
    tell("attention", first(attention.rollups(args, accounts)))
    tell("service", first(service.rollups(args)) | {f"{role}_complaints": service.complaints(args, subject) for role, subject, _ in SCORED})
    day_refunds = made("stage of refunds", refunds.day_refunds(args, products, accounts))
    tell("refunds", first(refunds.rollups(day_refunds)))
    returned = made("refunded lines", refunded(day_refunds))
    lines = made("stage of orders", orders.day_lines(args, products, accounts))
    del products, day_refunds
    tell("orders", of_orders(args, lines))
    gmv = lines.filter("is_gmv")
    sets = made("full sets", scopes.full_sets(gmv))
    lines = lines.with_columns(gmv_order_id=pl.when("is_gmv").then("order_id"))
    wide = []
    for role, subject, where in SCOPES:
        own = [subject] if subject else []
        with job.part(role):
            rollups = scopes.rollups(lines, gmv.join(windows.bits(args), on="dt"), sets, role, subject, where, pl.col("late", "early").bitwise_or())
        by_buyer = rollups[f"{role}_buyers"][0]
        bought = by_buyer.select(*own, "buyer_id", "late", "early")
        tell(f"{role} told", first(rollups) | {f"{role}_buyers": by_buyer.drop("late", "early")})
        with job.part(f"{role} figures"):
            wide.append(whole_night.role_figures(args, role, subject, gmv, returned, bought).collect(engine="streaming"))
    return whole_night.published(wide)


if __name__ == "__main__":
    job.main(session.VERSION, session.start, run)
