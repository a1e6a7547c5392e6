"""What whole_night asks, and every rollup that a night reads over its window, from the raw dumps of 90 days.

A day's queries (reductions) with a range of days in place of the day: lines and refunds are joined with the snapshots of their
own day, orders counted a day where one can have events of several. An order is paid on one day, so the orders of
90 days are counted as such. The days on which a buyer bought are a set of bits made along with his sums: whole_night's figures
come from them. Results are told one after the other and go, since all of them are more than memory holds.

The groups of a buyer fit into memory for some millions of lines: with more, lines go to a Parquet file and come back by
parts of buyers, shipments by parts of orders. All of a buyer's orders and all lines of an order are in one part, so parts add up.

Variants, CPU seconds of the process on a shared machine:
    20,000 lines a day:  9.7 this one, 11.8 through a file and in three parts
    whether an event is of the row's day (shipments, 100,000 lines a day)   0.39 by offset_by, 0.28 by division of microseconds
"""

import os

import polars as pl

import job
import session
import whole_night
import window_merges as windows
from reductions import attention, orders, refunds, scopes, service, snapshots
from reductions.lines import SCOPES, SCORED, belonging, is_score, whole

LINES_AT_ONCE = int(os.environ.get("BENCH_LINES_AT_ONCE", 20_000_000))


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


def summed(frames, keys):
    """Parts of a rollup as one frame."""
    if len(frames) == 1:
        return frames[0].lazy()
    rows = pl.concat(frame.lazy() for frame in frames)
    return rows.group_by(keys).agg(pl.exclude(keys).sum()) if keys else rows.sum()


def in_part(of, part, parts):
    return pl.col(of) % parts == part if parts > 1 else pl.lit(True)


def shipment_events(args, parts):
    """By role: the frames of all parts."""
    out = {role: [] for role, _, _ in SCORED}
    for part in range(parts):
        shipments = service.day_shipments(args, in_part("order_id", part, parts)).collect(engine="streaming").lazy()
        events = pl.collect_all([service.shipment_events(belonging(shipments, where), subject) for _, subject, where in SCORED], engine="streaming")
        for frames, frame in zip(out.values(), events):
            frames.append(frame)
    return {f"{role}_shipment_events": summed(out[role], [subject]) for role, subject, _ in SCORED}


def service_rollups(args):
    first = service.first_reviews(args).select("merchant_id", "product_id", "promoter_id", "rating", "bad", "is_quality_issue").collect(engine="streaming").lazy()
    out = {"merchant_chats": service.chats(args)}
    for role, subject, where in SCORED:
        out[f"{role}_reviews"] = service.reviews(belonging(first, where), subject)
        out[f"{role}_complaints"] = service.complaints(args, subject)
    return out


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

    def staged(part, frame):
        """In memory, or in a file if that is to be read by parts."""
        if parts == 1:
            return made(part, frame)
        with job.part(part):
            frame.sink_parquet(path := f"{args.work}/lines.parquet", compression="lz4", engine="streaming")
        return pl.scan_parquet(path)

    parts = -(-session.dumps(args, "orders").select(pl.len()).collect().item() // LINES_AT_ONCE)
    products, accounts = made("products", snapshots.products(args)), made("accounts", snapshots.accounts(args))
    tell("snapshots", first(snapshots.facts(args)) | snapshot_windows(args, products, accounts) | chuanliu(args))
    tell("attention", first(attention.rollups(args, accounts)))
    with job.part("shipments"):
        shipments = shipment_events(args, parts)
    tell("service", service_rollups(args) | shipments)
    day_refunds = made("stage of refunds", refunds.day_refunds(args, products, accounts))
    tell("refunds", first(refunds.rollups(day_refunds)))
    returned = made("refunded lines", refunded(day_refunds))
    lines = staged("stage of orders", orders.day_lines(args, products, accounts).with_columns(gmv_order_id=pl.when("is_gmv").then("order_id")))
    del products, day_refunds, shipments
    tell("orders", of_orders(args, lines))
    additive, wide = {}, {role: [] for role, _, _ in SCOPES}
    for part in range(parts):
        own_lines, own_returned = (frame.filter(in_part("buyer_id", part, parts)) for frame in (lines, returned))
        if parts > 1:
            own_lines = made(f"lines {part}", own_lines)
        gmv = own_lines.filter("is_gmv")
        sets = made(f"full sets {part}", scopes.full_sets(gmv))
        for role, subject, where in SCOPES:
            own = [subject] if subject else []
            with job.part(f"{role} {part}"):
                rollups = scopes.rollups(own_lines, gmv.join(windows.bits(args), on="dt"), sets, role, subject, where, pl.col("late", "early").bitwise_or())
            by_buyer, _ = rollups.pop(f"{role}_buyers")
            tell(f"{role}_buyers {part}", {f"{role}_buyers": by_buyer.drop("late", "early")})
            with job.part(f"{role} figures {part}"):
                figures = whole_night.role_figures(args, role, subject, gmv, own_returned, by_buyer.select(*own, "buyer_id", "late", "early"))
                figures, *rest = pl.collect_all([figures, *(frame for frame, _ in rollups.values())], engine="streaming")
            wide[role].append(figures)
            for (name, (_, keys)), frame in zip(rollups.items(), rest):
                additive.setdefault(name, (keys, []))[1].append(frame)
            del by_buyer, rollups
    tell("sums of parts", {name: summed(frames, keys) for name, (keys, frames) in additive.items()})
    return whole_night.published([summed(wide[role], [subject] if subject else []).collect() for role, subject, _ in SCOPES])


if __name__ == "__main__":
    job.main(session.VERSION, session.start, run)
