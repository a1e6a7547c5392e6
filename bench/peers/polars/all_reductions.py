"""All daily rollups of one day, sorted by key and written as zstd Parquet.

What each holds is declared in transforms/rollup/declared*.go; derive*.go and group.go there say how what is derived of
a row and an order's full sets come to be. Complaints and the tables of Chuanliu have no row on the day that is
measured: their rollups are not made, and a day with such rows ends the comparison.

Variants at 10 million lines, CPU seconds: sorting and writing product_buyers takes the streaming engine 6, the one in
memory 15; sales 5 and 9.
"""

import polars as pl

import job
import session
from reductions import attention, orders, refunds, scopes, service, snapshots
from reductions.lines import SCOPES


def run(args, _):
    def write(part, rollups):
        """Sorts and writes frames side by side."""
        sinks = [
            frame.sort(keys, nulls_last=True).sink_parquet(f"{args.work}/{name}.parquet", compression="zstd", compression_level=1, lazy=True)
            for name, (frame, keys) in rollups.items()
        ]
        with job.part(part):
            pl.collect_all(sinks, engine="streaming")

    def made(part, frame):
        with job.part(part):
            return frame.collect(engine="streaming").lazy()

    products, accounts = made("products", snapshots.products(args)), made("accounts", snapshots.accounts(args))
    attributes = {"product_days": (products, ["product_id"]), "account_days": (accounts, ["talent_id"])}
    write("snapshots", attributes | snapshots.facts(args))
    write("attention", attention.rollups(args, accounts))
    write("service", service.rollups(args))
    write("refunds", refunds.rollups(made("stage of refunds", refunds.day_refunds(args, products, accounts))))
    lines = made("stage of orders", orders.day_lines(args, products, accounts))
    gmv = lines.filter("is_gmv")
    sets = made("full sets", scopes.full_sets(gmv))
    write("orders", orders.rollups(lines, made("sales", orders.sales(lines))))
    lines = lines.with_columns(gmv_order_id=pl.when("is_gmv").then("order_id"))
    for role, subject, where in SCOPES:
        with job.part(role):
            rollups = scopes.rollups(lines, gmv, sets, role, subject, where)
        write(role + " written", rollups)


if __name__ == "__main__":
    job.main(session.VERSION, session.start, run)
