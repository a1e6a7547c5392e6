#!/usr/bin/env python3
"""Open every published table of one night with DuckDB and with pyarrow, as readers will.

usage: check.py --night DIR --contract FILE [--buyers FILE --output DIR]

--night     the folder of one run's tables
--contract  the declared tables as JSON: [{name, key, sort, columns: [{name, type, null, values}]}]
--buyers    a text file of the clear ids of buyers, one a line
--output    the whole output folder, searched for them

Checks of each table: both readers open it and agree on every value; columns, their order and their types are as
declared; columns that are not declared nullable hold no null, NaN or infinity; rows are sorted and the key is
unique; no column and no value is a buyer's. Problems are printed one a line and the exit code is 1.
"""

import argparse
import json
import math
import pathlib
import re
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

ARROW = {
    "int64": pa.int64(), "double": pa.float64(), "bool": pa.bool_(), "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"), "string": pa.string(),
}
DUCKDB = {
    "int64": "BIGINT", "double": "DOUBLE", "bool": "BOOLEAN", "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE", "string": "VARCHAR",
}
# Without the option DuckDB makes columns of dt= and run= in the path, and its dt hides a table's own.
DUCKDB_SELECT = "SELECT * FROM read_parquet(?, hive_partitioning = false)"
LARGEST_FIGURE = 2**53  # above it an integer is no figure but a hash


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--night", type=pathlib.Path, required=True)
    parser.add_argument("--contract", type=pathlib.Path, required=True)
    parser.add_argument("--buyers", type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path)
    return parser.parse_args()


def check_night(folder, tables, buyers):
    """Yield the problems of all tables of a night."""
    declared = {t["name"]: t for t in tables}
    found = {p.stem: p for p in sorted(folder.glob("*.parquet"))}
    for name in sorted(declared.keys() - found.keys()):
        yield f"{name}: not published"
    for name in sorted(found.keys() - declared.keys()):
        yield f"{name}: published but not declared"
    for name in sorted(declared.keys() & found.keys()):
        for problem in check_table(found[name], declared[name], buyers):
            yield f"{name}: {problem}"


def check_table(path, declared, buyers):
    table = pq.ParquetFile(path).read()
    yield from check_columns(table, path, declared)
    if table.column_names != [c["name"] for c in declared["columns"]]:
        return  # what follows would only repeat it
    yield from check_readers_agree(table, path)
    for column in declared["columns"]:
        for problem in check_values(table[column["name"]].to_pylist(), column, buyers):
            yield f"column {column['name']}: {problem}"
    yield from check_order(table, declared)


def check_columns(table, path, declared):
    names = [c["name"] for c in declared["columns"]]
    if table.column_names != names:
        yield f"columns are {table.column_names}, declared {names}"
        return
    described = duckdb.execute(f"DESCRIBE {DUCKDB_SELECT}", [str(path)]).fetchall()
    for column, field, row in zip(declared["columns"], table.schema, described):
        if field.type != ARROW[column["type"]]:
            yield f"column {field.name}: pyarrow sees {field.type}, declared {column['type']}"
        if row[1] != DUCKDB[column["type"]]:
            yield f"column {field.name}: duckdb sees {row[1]}, declared {column['type']}"


def check_readers_agree(table, path):
    other = duckdb.sql(DUCKDB_SELECT, params=[str(path)]).to_arrow_table().cast(table.schema)
    if table.num_rows != other.num_rows:
        yield f"pyarrow reads {table.num_rows} rows, duckdb {other.num_rows}"
        return
    for name in table.column_names:
        if not table[name].combine_chunks().equals(other[name].combine_chunks()):
            yield f"column {name}: pyarrow and duckdb read different values"


def check_values(values, column, buyers):
    present = [v for v in values if v is not None]
    if not column["null"] and len(present) < len(values):
        yield f"{len(values) - len(present)} nulls, declared without"
    if column["name"].startswith("buyer_id"):
        yield "a buyer's id is published"
    if column["type"] == "double" and not all(map(math.isfinite, present)):
        yield "NaN or infinity"
    if column["type"] == "int64" and any(abs(v) > LARGEST_FIGURE for v in present):
        yield "a number beyond 2^53 looks like a hash"
    if column["type"] == "string":
        yield from check_texts(set(present), column, buyers)


def check_texts(texts, column, buyers):
    if column["values"] and texts - set(column["values"]):
        yield f"undeclared values {sorted(texts - set(column['values']))[:5]}"
    if texts & buyers:
        yield f"{len(texts & buyers)} values are buyers' ids"


def check_order(table, declared):
    columns = {c["name"]: c for c in declared["columns"]}
    rows = list(zip(*(sort_keys(table[name], columns[name]) for name in declared["sort"])))
    if rows != sorted(rows):
        yield f"rows are not sorted by {declared['sort']}"
    keys = list(zip(*(table[name].to_pylist() for name in declared["key"])))
    if len(set(keys)) < len(keys):
        yield f"{len(keys) - len(set(keys))} rows repeat a key {declared['key']}"


def sort_keys(values, column):
    """Values as what they sort by: nulls first, texts and enumerations by their bytes."""
    if column["type"] == "string":
        return [(v is not None, v and v.encode()) for v in values.to_pylist()]
    return [(v is not None, v) for v in values.to_pylist()]


def check_output(folder, buyers):
    """Yield the files below folder that hold the clear id of a buyer, whatever they are."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if path.suffix == ".parquet":
            found = buyers_in_parquet(path, buyers)
        else:
            found = buyers & set(re.findall(r"[0-9A-Za-z_-]+", path.read_text(errors="replace")))
        if found:
            yield f"{path.relative_to(folder)}: holds {len(found)} clear ids of buyers"


def buyers_in_parquet(path, buyers):
    found = set()
    file = pq.ParquetFile(path)
    texts = [f.name for f in file.schema_arrow if pa.types.is_string(f.type) or pa.types.is_binary(f.type)]
    for batch in file.iter_batches(columns=texts) if texts else []:
        for column in batch.columns:
            found |= buyers & {v if isinstance(v, str) else v.decode(errors="replace") for v in column.unique().to_pylist() if v is not None}
    return found


def main():
    args = arguments()
    buyers = set(args.buyers.read_text().split()) if args.buyers else set()
    problems = list(check_night(args.night, json.loads(args.contract.read_text()), buyers))
    if args.output:
        problems += check_output(args.output, buyers)
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
