"""The frame around every peer's job: arguments in, the clock, one JSON answer out.

A job is a file with
  start(args)        makes the session; not timed
  run(args, session) does the work; timed from its first read to its last result; gives the results:
                     a dictionary from table name to Result, or nothing if the tables were written
                     to args.work as <table>.parquet
"""

import argparse
import json
import os
import sys
import time

THREADS = 2
PARTS = {}  # seconds of parts of the job, for the reader


class Result:
    """A result table in memory: its number of rows, and its rows as Arrow record batches."""

    def __init__(self, rows, batches):
        self.rows, self.batches = rows, batches


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True, help="folder of the dumps or of windvane's output")
    parser.add_argument("--work", required=True, help="empty folder for what the job writes")
    parser.add_argument("--date", required=True, help="the as-of date")
    parser.add_argument("--spec", required=True, help="JSON file: the tables and columns that are compared")
    parser.add_argument("--check", action="store_true", help="also tell what stands in the tables")
    args = parser.parse_args()
    with open(args.spec) as f:
        args.tables = {t["name"]: t for t in json.load(f)}
    args.days = max((t.get("days", 0) for t in args.tables.values()), default=0)  # of the longest window that rollups are asked for; 0: none is
    return args


def days(args, name):
    """Of the window that a rollup is asked for; None: the job's."""
    return args.tables[name].get("days")


def told(args, name, result):
    """What stands in a result table, or in a part of its rows, said at once: it may go, where not all fit into memory."""
    import answer

    args.told = getattr(args, "told", {})
    part = answer.sums(result.batches(), args.tables[name]) if args.check else {"rows": result.rows()}
    args.told[name] = answer.added(args.told[name], part) if name in args.told else part


class part:
    """with part("name"): tells how long a part took."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.started = time.perf_counter()

    def __exit__(self, *_):
        PARTS[self.name] = round(time.perf_counter() - self.started, 4)


def main(version, start, run):
    args = arguments()
    session = start(args)
    started = time.perf_counter()
    results = run(args, session)
    seconds = time.perf_counter() - started
    args.check = args.check and results is not None  # what was written is read back by another process
    print(json.dumps({"seconds": seconds, "version": version, "tables": tables(args, results), "parts": PARTS}), flush=True)


def tables(args, results):
    import answer
    import pyarrow.parquet as pq

    out = {}
    for name, spec in args.tables.items():
        if name in getattr(args, "told", {}):
            out[name] = args.told[name]
        elif results is not None:
            result = results[name]
            out[name] = answer.sums(result.batches(), spec) if args.check else {"rows": result.rows()}
        elif not os.path.exists(path := os.path.join(args.work, name + ".parquet")):  # no row, no file
            out[name] = answer.sums([], spec) if args.check else {"rows": 0}
        else:
            file = pq.ParquetFile(path)
            out[name] = answer.sums(file.iter_batches(1 << 20), spec, ordered=True) if args.check else {"rows": file.metadata.num_rows}
    return out


if __name__ == "__main__":
    # As a program of its own it reads back what any engine wrote.
    arguments_given = arguments()
    arguments_given.check = True
    json.dump({"seconds": 0, "version": "", "tables": tables(arguments_given, None)}, sys.stdout)
