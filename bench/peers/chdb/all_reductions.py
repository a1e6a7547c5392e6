"""All daily rollups of one day, sorted by key and written as zstd Parquet.

What each holds is declared in transforms/rollup/declared*.go; derive*.go and group.go there say how what is derived of
a row and an order's full sets come to be. Complaints and the tables of Chuanliu have no row on the day that is
measured: their rollups are not made, and a day with such rows ends the comparison.
"""

import job
import session
from reductions import attention, orders, refunds, scopes, service, snapshots
from reductions.lines import SCOPES


def run(args, s):
    def table(name, query):
        with job.part(name):
            s.table(name, query)

    def write(queries):
        """Orders by key, nulls last: what stood for null is made null first, and only where a key can be."""
        for name, (query, by, *columns) in queries.items():
            with job.part(name + " written"):
                s.write(args, name, f"SELECT * FROM (SELECT {columns[0] if columns else '*'} FROM ({query})) ORDER BY {by}")

    for name, query in {**snapshots.tables(args), **service.stages(args)}.items():
        table(name, query)
    write(snapshots.queries(args))
    write(attention.queries(args))
    write(service.queries(args))
    table("day_refunds", refunds.stage(args))
    write(refunds.queries())
    table("day_lines", orders.stage(args))
    table("set_lines", orders.SET_LINES)
    table("sales", orders.SALES)
    write(orders.queries())
    s.run("DROP TABLE sales")
    for role, subject, where in SCOPES:
        table(f"{role}_buyers", scopes.buyers(subject, where))
        table(f"{role}_cells", scopes.cells(subject, where))
        write(scopes.queries(role, subject, where))
        s.run(f"DROP TABLE {role}_buyers")
        s.run(f"DROP TABLE {role}_cells")


if __name__ == "__main__":
    job.main(session.VERSION, session.Session, run)
