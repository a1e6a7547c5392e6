"""A ClickHouse (chDB) session at its best on this machine, and what jobs share."""

import datetime
import os

import chdb
from chdb import session

import job

VERSION = f"{chdb.__version__} ({chdb.engine_version})" if hasattr(chdb, "engine_version") else chdb.__version__
SCENES = "'live', 'short_video', 'recommend', 'mall', 'search', 'shop', 'other'"
NONE = -1  # in place of a missing id: a Nullable key keeps ClickHouse from its fast hash tables

SETTINGS = {
    "max_threads": job.THREADS,
    "max_insert_threads": job.THREADS,
    "output_format_parquet_compression_method": "'zstd'",
}


class Session:
    def __init__(self, args):
        self.chdb = session.Session(os.path.join(args.work, "chdb"))
        for name, value in SETTINGS.items():
            self.run(f"SET {name} = {value}")

    def run(self, sql, form="CSV"):
        return self.chdb.query(sql, form)

    def table(self, name, query, compressed=False):
        """Materialises a query."""
        self.run(f"CREATE TABLE {name} ENGINE = Memory{' SETTINGS compress = 1' if compressed else ''} AS {query}")

    def add(self, name, query, new):
        """Materialises a query as a new table, or after what the table holds."""
        self.run(f"CREATE TABLE {name} ENGINE = Memory AS {query}" if new else f"INSERT INTO {name} {query}")

    def result(self, name, columns="*"):
        """A table as a job's Result; columns undo what stood for nulls and codes."""
        return job.Result(
            lambda: int(str(self.run(f"SELECT count() FROM {name}")).strip()),
            lambda: self.run(f"SELECT {columns} FROM {name}", "ArrowTable").to_batches(1 << 20),
        )

    def write(self, args, name, query):
        # One writer: several only fight over the order. No bloom filter: nobody else writes one.
        self.run(f"INSERT INTO FUNCTION file('{args.work}/{name}.parquet', Parquet) {query} SETTINGS max_insert_threads = 1, output_format_parquet_write_bloom_filter = 0")


def day_bounds(date):
    """The business day in Asia/Shanghai (UTC+8, no summer time) as instants, the second not included."""
    start = datetime.datetime.fromisoformat(date + "T00:00:00+08:00").astimezone(datetime.timezone.utc)
    return tuple(f"toDateTime64('{t:%Y-%m-%d %H:%M:%S}', 6, 'UTC')" for t in (start, start + datetime.timedelta(days=1)))


def dumps(args, table, days=None):
    """All files of one table and the as-of date; in a job of windows those of so many days (None: all), with the column dt."""
    if args.days:
        return f"(SELECT * FROM {all_dumps(args, table)} WHERE dt BETWEEN toDate('{args.date}') - {(days or args.days) - 1} AND toDate('{args.date}'))"
    return f"file('{args.data}/dumps/{table}/dt={args.date}/*.parquet', Parquet)"


def all_dumps(args, table):
    """All files of one table of a marketplace of many days, with the column dt."""
    return f"file('{args.data}/market/dumps/{table}/dt=*/*.parquet', Parquet)"
