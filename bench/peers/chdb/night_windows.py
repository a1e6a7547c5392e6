"""What whole_night asks, and every rollup that a night reads over its window, from the raw dumps of 90 days.

A day's queries (reductions) with a range of days in place of the day: lines and refunds are joined with the snapshots of their
own day, orders counted a day where one can have events of several. An order is paid on one day, so the orders of
90 days are counted as such. The days on which a buyer bought are a set of bits made along with his sums: whole_night's figures
come from them. Results are told one after the other and go, since all of them are more than memory holds; with many lines the
staged tables are compressed in memory, and groups spill by ClickHouse's own defaults.

Variants at 100,000 lines a day, CPU seconds of the process on a shared machine:
    50   this one
    56   staged tables compressed
    whether an event is of the row's day (shipments)   0.46 by toDate, 0.46 by division of microseconds
"""

import job
import session
import whole_night
import window_merges as windows
from session import NONE
from reductions import attention, orders, refunds, scopes, service, snapshots
from reductions.lines import SCOPES, SCORED

LINES_IN_MEMORY = 20_000_000

PAID_LINES = """
    CREATE VIEW paid_lines AS
    SELECT dt, buyer_id, merchant_id, product_id, promoter_id, category1_id, fen FROM day_lines WHERE is_gmv"""

# Refunds of a line capped together at its amount, by pay day.
REFUNDED_LINES = """
    SELECT toDate(paid_day) AS dt, buyer_id, merchant_id, product_id, promoter_id, category1_id,
           least(sum(if(is_full, line_fen, part_fen)), line_fen) AS returned_fen, max(is_full AND r.dt - toDate(paid_day) <= 15) AS undone
    FROM day_refunds r WHERE is_refund GROUP BY order_line_id, paid_day, buyer_id, merchant_id, product_id, promoter_id, category1_id, line_fen"""


# Codes that are told as texts.
CODED = {
    name: f"(SELECT * REPLACE ({', '.join(f'toString({c}) AS {c}' for c in columns)}) FROM told)"
    for name, columns in {"refund_lines": ["channel"], "violation_points": ["subject_role", "severity"], "overrides": ["subject_role", "resource"]}.items()
}


def since(args, name):
    """The days of a rollup's window."""
    return f"dt > toDate('{args.date}') - {job.days(args, name)}"


def snapshot_windows(args):
    """Sums over days of what snapshots say, by rollup's name."""
    products = lambda name: session.dumps(args, "products", job.days(args, name))
    return {
        "product_days": f"SELECT * EXCEPT (dt) FROM product_days WHERE {since(args, 'product_days')}",
        "account_days": f"SELECT * EXCEPT (dt) FROM account_days WHERE {since(args, 'account_days')}",
        "carted_products": f"SELECT product_id, count() AS days FROM {products('carted_products')} WHERE in_cart GROUP BY product_id",
        "shelf_minutes": f"""
            SELECT product_id, sum(toInt64(floor(purchasable_hours * 60 + 0.5)) AS minutes) AS purchasable_minutes
            FROM {products("shelf_minutes")} WHERE minutes > 0 AND NOT live_only GROUP BY product_id""",
    }


def chuanliu(args):
    shown, pairs = (session.dumps(args, table, job.days(args, name)) for table, name in (("chuanliu_exposures", "chuanliu_shown"), ("chuanliu_eligibility", "chuanliu_pairs")))
    return {
        "chuanliu_shown": f"SELECT merchant_id, buyer_id, sum(s.impressions) AS impressions FROM {shown} s GROUP BY merchant_id, buyer_id",
        "chuanliu_pairs": f"SELECT merchant_id, buyer_id, arm, source_promoter_id, programme FROM {pairs}",
    }


def of_orders(args):
    """Rollups of orders that are not made scope by scope."""
    sums = "count() AS lines, sum(fen) AS paid_fen FROM day_lines WHERE"
    by_product, by_promoter = "promoter_id, product_id, merchant_id", "merchant_id, promoter_id"
    return {
        "excluded_lines": orders.EXCLUDED,
        "unit_prices": orders.UNIT_PRICES.replace("WHERE", f"WHERE {since(args, 'unit_prices')} AND"),
        "talent_products": f"SELECT {by_product}, {sums} class = 'score_valid' AND promoter_id <> {NONE} GROUP BY {by_product}",
        "merchant_promoters": f"""
            SELECT {by_promoter}, {sums} {since(args, 'merchant_promoters')} AND is_gmv AND channel = 'distribution' GROUP BY {by_promoter}""",
    }


def run(args, s):
    def table(name, query):
        with job.part(f"table {name}"):
            s.table(name, query, compressed=many and name.startswith("day_"))

    def tell(queries):
        """Makes results, which are told and go. What stands in a table is not copied."""
        for name, query in queries.items():
            query, *columns = query if isinstance(query, tuple) else (query,)
            with job.part(name):
                if query.endswith(f"FROM {name}"):
                    s.run(f"CREATE VIEW told AS {query}")
                else:
                    s.table("told", query)
            job.told(args, name, s.result(CODED.get(name, "told"), *columns[1:]))
            s.run("DROP TABLE told")

    def first(queries):
        return {name: query for name, query in queries.items() if name in args.tables}

    many = int(str(s.run(f"SELECT count() FROM {session.dumps(args, 'orders')}")).strip()) > LINES_IN_MEMORY
    for name, query in service.stages(args).items():
        table(name, query)
    tell(first(service.queries(args)) | {f"{role}_complaints": service.complaints(args, subject) for role, subject, _ in SCORED})
    for name in service.stages(args):
        s.run(f"DROP TABLE {name}")
    for name, query in snapshots.tables(args).items():
        table(name, query)
    tell(first(snapshots.queries(args)) | snapshot_windows(args) | chuanliu(args))
    tell(first(attention.queries(args)))
    table("day_refunds", refunds.stage(args))
    tell(first(refunds.queries()))
    table("day_lines", orders.stage(args))
    table("set_lines", orders.SET_LINES)
    s.run(PAID_LINES)
    table("refunded_lines", REFUNDED_LINES)
    for name in ("product_days", "day_refunds"):
        s.run(f"DROP TABLE {name}")
    tell(of_orders(args))
    for at, (role, subject, where) in enumerate(SCOPES):
        table(f"{role}_buyers", scopes.buyers(subject, where, f", groupBitOr({windows.bit(args)}) AS bought"))
        table(f"{role}_cells", scopes.cells(subject, where))
        tell(first(scopes.queries(role, subject, where, "* EXCEPT (bought)")))
        pairs = whole_night.pairs(args, subject, where, f"SELECT {subject + ', ' if subject else ''}buyer_id, bought FROM {role}_buyers")
        with job.part(role):
            s.add("figures", windows.figures(role, subject, pairs), new=at == 0)
            s.add("paid", whole_night.money(args, role, subject, "paid_lines", "fen", where), new=at == 0)
            s.add("returned", whole_night.money(args, role, subject, "refunded_lines", "returned_fen", where), new=at == 0)
        s.run(f"DROP TABLE {role}_buyers")
        s.run(f"DROP TABLE {role}_cells")
    s.table("gmv", whole_night.GMV)
    s.table("repeat_purchase", windows.repeat_purchase())
    return {name: s.result(name) for name in ("gmv", "repeat_purchase")}


if __name__ == "__main__":
    job.main(session.VERSION, session.Session, run)
