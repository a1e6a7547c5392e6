"""A DuckDB session at its best on this machine, and what jobs share."""

import datetime

import duckdb

import job

VERSION = duckdb.__version__

# Codes of the scenes in the order of windvane's contract: sorting and grouping by one byte, not by text.
SCENES = "'live', 'short_video', 'recommend', 'mall', 'search', 'shop', 'other'"


def start(args):
    con = duckdb.connect()
    con.execute(f"SET threads = {job.THREADS}")
    con.execute("SET preserve_insertion_order = false")  # free to hand row groups to threads as they come
    con.execute("SET enable_progress_bar = false")
    con.execute("SET TimeZone = 'UTC'")
    con.execute(f"SET temp_directory = '{args.work}/spill'")
    con.execute(f"CREATE TYPE scene_t AS ENUM ({SCENES})")
    con.execute("CREATE TYPE channel_t AS ENUM ('self', 'distribution', 'none', 'unknown')")
    con.execute("CREATE TYPE class_t AS ENUM ('score_valid', 'gmv_valid', 'abnormal', 'test', 'unpaid')")
    con.execute("CREATE TYPE role_t AS ENUM ('merchant', 'talent', 'product')")
    con.execute("CREATE TYPE severity_t AS ENUM ('severe', 'general')")
    con.execute("CREATE TYPE resource_t AS ENUM ('traffic', 'subsidy', 'benefit', 'campaign')")
    return con


def day_bounds(date):
    """The business day in Asia/Shanghai (UTC+8, no summer time) as instants, the second not included."""
    start = datetime.datetime.fromisoformat(date + "T00:00:00+08:00").astimezone(datetime.timezone.utc)
    return start.isoformat(), (start + datetime.timedelta(days=1)).isoformat()


def dumps(args, table, days=None):
    """All files of one table and the as-of date; in a job of windows those of so many days (None: all), with the column dt."""
    if args.days:
        return f"(FROM {all_dumps(args, table)} WHERE dt BETWEEN DATE '{args.date}' - {(days or args.days) - 1} AND DATE '{args.date}')"
    return f"read_parquet('{args.data}/dumps/{table}/dt={args.date}/*.parquet', hive_partitioning = false)"


def all_dumps(args, table):
    """All files of one table of a marketplace of many days, with the column dt."""
    return f"read_parquet('{args.data}/market/dumps/{table}/*/*.parquet', hive_partitioning = true, hive_types = {{'dt': DATE}})"


def result(con, table):
    """A materialised table as a job's Result."""
    return job.Result(
        lambda: con.execute(f"SELECT count(*) FROM {table}").fetchone()[0],
        lambda: con.execute(f"SELECT * FROM {table}").to_arrow_reader(1 << 20),
    )
