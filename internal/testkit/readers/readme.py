#!/usr/bin/env python3
"""Run the SQL and Python that a document shows, as a reader would paste it. What `make demo` made must be there.

usage: readme.py DOCUMENT …
"""

import pathlib
import re
import sys

import duckdb


def blocks(text, language):
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run_sql(text):
    for statement in filter(str.strip, text.split(";")):
        result = duckdb.sql(statement)
    print(result)
    if not result.fetchall():
        raise SystemExit("the SQL gives no rows")


def main():
    for name in sys.argv[1:]:
        text = pathlib.Path(name).read_text(encoding="utf-8")
        sql, python = blocks(text, "sql"), blocks(text, "python")
        if not sql or not python:
            raise SystemExit(f"{name} shows no SQL or no Python")
        for block in sql:
            run_sql(block)
        for block in python:
            exec(compile(block, name, "exec"), {})


if __name__ == "__main__":
    main()
