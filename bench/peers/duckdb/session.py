"""A DuckDB session at its best on this machine, and what jobs share."""

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
    return con


def dumps(args, table, day=None):
    """All files of one table and day (or of all days, with the column dt)."""
    if day:
        return f"read_parquet('{args.data}/dumps/{table}/dt={day}/*.parquet', hive_partitioning = false)"
    return f"read_parquet('{args.data}/dumps/{table}/*/*.parquet', hive_partitioning = true, hive_types = {{'dt': DATE}})"


def result(con, table):
    """A materialised table as a job's Result."""
    return job.Result(
        lambda: con.execute(f"SELECT count(*) FROM {table}").fetchone()[0],
        lambda: con.execute(f"SELECT * FROM {table}").to_arrow_reader(1 << 20),
    )
