"""What whole_night asks, and every rollup that a night reads over its window, from the raw dumps of 90 days.

A day's queries (reductions) with a range of days in place of the day: lines and refunds are joined with the snapshots of their
own day, orders counted a day where one can have events of several. An order is paid on one day, so the orders of
90 days are counted as such. The days on which a buyer bought are a set of bits made along with his sums: whole_night's figures
come from them. Results are told one after the other and go, since all of them are more than memory holds.

Variants at 100,000 lines a day, CPU seconds on a shared machine:
    day by day           110 for the 90 days and their sums, with the queries of all_reductions as they are
    shipments            two levels 13.0, count(DISTINCT) 19.9
    cells                count(DISTINCT) 9.0, two levels 17.4 (product 3.2 against 5.2, where two levels win within a day)
    buyers               platform and category by count(DISTINCT) 5.6, two levels 7.8; the others two levels, which have the score orders in them
    whether an event is of the row's day (shipments)   0.5 by division of microseconds, 2.4 by a cast to a date
    stage of orders      6.2 where products that never change are joined without the day, 7.2 as it is, 7.6 on one number made of both keys
"""

import job
import session
import whole_night
import window_merges as windows
from reductions import attention, orders, refunds, scopes, service, snapshots
from reductions.lines import SCOPES, SCORED, total

PAID_LINES = """
    CREATE TEMP VIEW paid_lines AS
    SELECT dt, buyer_id, merchant_id, product_id, promoter_id, category1_id, fen FROM day_lines WHERE is_gmv"""

# Refunds of a line capped together at its amount, by pay day.
REFUNDED_LINES = """
    CREATE TEMP TABLE refunded_lines AS
    SELECT paid_day AS dt, buyer_id, merchant_id, product_id, promoter_id, category1_id,
           least(sum(CASE WHEN is_full THEN line_fen ELSE part_fen END), line_fen)::BIGINT AS returned_fen, bool_or(is_full AND dt - paid_day <= 15) AS undone
    FROM day_refunds WHERE is_refund GROUP BY order_line_id, paid_day, buyer_id, merchant_id, product_id, promoter_id, category1_id, line_fen"""


def since(args, name):
    """The days of a rollup's window."""
    return f"dt > DATE '{args.date}' - {job.days(args, name)}"


def snapshot_windows(args):
    """Sums over days of what snapshots say, by rollup's name."""
    products = lambda name: session.dumps(args, "products", job.days(args, name))
    return {
        "product_days": f"SELECT * EXCLUDE (dt) FROM product_days WHERE {since(args, 'product_days')}",
        "account_days": f"SELECT * EXCLUDE (dt) FROM account_days WHERE {since(args, 'account_days')}",
        "carted_products": f"SELECT product_id, count(*) AS days FROM {products('carted_products')} WHERE in_cart GROUP BY ALL",
        "shelf_minutes": f"""
            SELECT product_id, sum(round(purchasable_hours * 60))::BIGINT AS purchasable_minutes
            FROM {products("shelf_minutes")} WHERE round(purchasable_hours * 60) > 0 AND NOT live_only GROUP BY ALL""",
    }


def chuanliu(args):
    shown, pairs = (session.dumps(args, table, job.days(args, name)) for table, name in (("chuanliu_exposures", "chuanliu_shown"), ("chuanliu_eligibility", "chuanliu_pairs")))
    return {
        "chuanliu_shown": f"SELECT merchant_id, buyer_id, {total('impressions')} AS impressions FROM {shown} GROUP BY ALL",
        "chuanliu_pairs": f"SELECT merchant_id, buyer_id, arm, source_promoter_id, programme FROM {pairs}",
    }


def shipment_events(subject, where):
    """Two levels: each order of a day once."""
    flags = {"due": "is_due", "missed": "is_missed", "signed": "is_signed"}
    sums = {"transits": "count(*) FILTER (is_transit)"} | {s: total(s, "is_transit") for s in ("transit_seconds", "median_seconds")}
    return f"""
    SELECT {subject}, {', '.join(f"count(*) FILTER ({name}) AS {name}" for name in flags)}, {', '.join(f"{total(s)} AS {s}" for s in sums)}
    FROM (SELECT {subject}, order_id, {', '.join(f"bool_or({flag}) AS {name}" for name, flag in flags.items())},
                 {', '.join(f"{of} AS {s}" for s, of in sums.items())}
          FROM day_shipments WHERE {where} GROUP BY ALL)
    GROUP BY ALL"""


def of_orders(args):
    """Rollups of orders that are not made scope by scope."""
    sums = f"count(*) AS lines, {total('fen')} AS paid_fen FROM day_lines WHERE"
    return {
        "excluded_lines": orders.EXCLUDED,
        "unit_prices": orders.UNIT_PRICES.replace("WHERE", f"WHERE {since(args, 'unit_prices')} AND"),
        "talent_products": f"SELECT promoter_id, product_id, merchant_id, {sums} class = 'score_valid' AND promoter_id IS NOT NULL GROUP BY ALL",
        "merchant_promoters": f"SELECT merchant_id, promoter_id, {sums} {since(args, 'merchant_promoters')} AND is_gmv AND channel = 'distribution' GROUP BY ALL",
    }


def buyers(args, subject, where):
    bought = {"bought": f"bit_or({windows.bit(args)})"}
    if subject in [s[1] for s in SCORED]:
        return scopes.buyers(subject, where, ", max(dt) AS dt", bought)
    return scopes.buyers_at_once(subject, where, bought)


def run(args, con):
    def table(name, query):
        with job.part(f"table {name}"):
            con.execute(f"CREATE TEMP TABLE {name} AS {query}")

    def tell(queries):
        """Makes results, which are told and go. What stands in a table is not copied."""
        for name, query in queries.items():
            kind = "VIEW" if query.lstrip().startswith("SELECT *") else "TABLE"
            with job.part(name):
                con.execute(f"CREATE TEMP {kind} told AS {query}")
            job.told(args, name, session.result(con, "told"))
            con.execute(f"DROP {kind} told")

    def first(queries):
        return {name: query for name, (query, *_) in queries.items() if name in args.tables}

    for name, query in snapshots.tables(args).items():
        table(name, query)
    tell(first(snapshots.queries(args)) | snapshot_windows(args) | chuanliu(args))
    tell(first(attention.queries(args)))
    with job.part("stages"):
        con.execute(refunds.stage(args))
        for query in service.stages(args):
            con.execute(query)
    tell(first(refunds.queries()) | first(service.queries(args)) | {f"{role}_shipment_events": shipment_events(subject, where) for role, subject, where in SCORED})
    tell({f"{role}_complaints": service.complaints(args, subject, where) for role, subject, where in SCORED})
    con.execute("DROP TABLE day_shipments")
    con.execute("DROP TABLE day_reviews")
    with job.part("stage of orders"):
        con.execute(orders.stage(args))
        con.execute(orders.SET_ORDERS)
        con.execute(PAID_LINES)
        con.execute(REFUNDED_LINES)
    con.execute("DROP TABLE product_days")
    tell(of_orders(args))
    for at, (role, subject, where) in enumerate(SCOPES):
        table(f"{role}_buyers", buyers(args, subject, where))
        table(f"{role}_cells", scopes.cells(None, subject, where))
        tell(first(scopes.queries(role, subject, ["bought"])))
        pairs = whole_night.pairs(args, subject, where, f"SELECT {subject + ', ' if subject else ''}buyer_id, bought FROM {role}_buyers")
        queries = {
            "figures": windows.figures(role, subject, pairs),
            "paid": whole_night.money(args, role, subject, "paid_lines", "fen", where),
            "returned": whole_night.money(args, role, subject, "refunded_lines", "returned_fen", where),
        }
        for name, query in queries.items():
            with job.part(f"{role} {name}"):
                con.execute(f"INSERT INTO {name} {query}" if at else f"CREATE TEMP TABLE {name} AS {query}")
        con.execute(f"DROP TABLE {role}_buyers")
        con.execute(f"DROP TABLE {role}_cells")
    con.execute(whole_night.GMV)
    con.execute(windows.repeat_purchase())
    return {name: session.result(con, name) for name in ("gmv", "repeat_purchase")}


if __name__ == "__main__":
    job.main(session.VERSION, session.start, run)
