"""What jobs in Polars share."""

import datetime

import polars as pl

import job

VERSION = pl.__version__
SCENES = ["live", "short_video", "recommend", "mall", "search", "shop", "other"]
SEED = 7211325081937342  # of the hash of buyers


def start(args):
    assert pl.thread_pool_size() == job.THREADS, "POLARS_MAX_THREADS must be set before Polars is imported"


def day_bounds(date):
    """The business day in Asia/Shanghai (UTC+8, no summer time) as instants, the second not included."""
    start = datetime.datetime.fromisoformat(date + "T00:00:00+08:00").astimezone(datetime.timezone.utc)
    return start, start + datetime.timedelta(days=1)


def dumps(args, table, days=None):
    """All files of one table and the as-of date; in a job of windows those of so many days (None: all), with the column dt."""
    if args.days:
        return all_dumps(args, table).filter(since(args, days or args.days), pl.col("dt") <= datetime.date.fromisoformat(args.date))
    return pl.scan_parquet(f"{args.data}/dumps/{table}/dt={args.date}/*.parquet", hive_partitioning=False)


def since(args, days):
    """Whether a row is of the last so many days."""
    return pl.col("dt") > datetime.date.fromisoformat(args.date) - datetime.timedelta(days=days)


def all_dumps(args, table):
    """All files of one table of a marketplace of many days, with the column dt."""
    return pl.scan_parquet(f"{args.data}/market/dumps/{table}/*/*.parquet", hive_partitioning=True, hive_schema={"dt": pl.Date})


def result(frame):
    """A frame in memory as a job's Result."""
    return job.Result(lambda: frame.height, lambda: frame.to_arrow().to_batches(1 << 20))
