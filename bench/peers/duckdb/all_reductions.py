"""All daily rollups of one day, sorted by key and written as zstd Parquet.

What each holds is declared in transforms/rollup/declared*.go; derive*.go and group.go there say how what is derived of
a row and an order's full sets come to be. Complaints and the tables of Chuanliu have no row on the day that is
measured: their rollups are not made, and a day with such rows ends the comparison.
"""

import job
import session
from reductions import attention, orders, refunds, scopes, service, snapshots
from reductions.lines import SCOPES


def run(args, con):
    def table(name, query):
        with job.part(name):
            con.execute(f"CREATE TEMP TABLE {name} AS {query}")

    def write(queries):
        for name, (query, by) in queries.items():
            with job.part(name + " written"):
                con.execute(f"COPY ({query} ORDER BY {by}) TO '{args.work}/{name}.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)")

    for name, query in snapshots.tables(args).items():
        table(name, query)
    write(snapshots.queries(args))
    write(attention.queries(args))
    with job.part("stages"):
        con.execute(refunds.stage(args))
        for query in service.stages(args):
            con.execute(query)
    write(refunds.queries())
    write(service.queries(args))
    with job.part("stage of orders"):
        con.execute(orders.stage(args))
        con.execute(orders.SET_ORDERS)
    table("sales", orders.SALES)
    write(orders.queries())
    con.execute("DROP TABLE sales")
    for role, subject, where in SCOPES:
        table(f"{role}_buyers", scopes.buyers(subject, where))
        table(f"{role}_cells", scopes.cells(role, subject, where))
        write(scopes.queries(role, subject))
        con.execute(f"DROP TABLE {role}_buyers")
        con.execute(f"DROP TABLE {role}_cells")


if __name__ == "__main__":
    job.main(session.VERSION, session.start, run)
