#!/usr/bin/env python3
"""Open workbooks with openpyxl, as a reader of lists will.

usage: workbooks.py --books DIR --cells FILE

--books  the folder of workbooks
--cells  texts that must stand in cells, as JSON: [{file, sheet, cell, text}]

No cell of any sheet may be a formula, and each of the cells must hold its text as text. Problems are printed one a line and
the exit code is 1.
"""

import argparse
import json
import pathlib
import sys

import openpyxl
from openpyxl.utils.escape import unescape


def check(folder, cells):
    """Yield the problems of all workbooks of a folder."""
    books = {p.name: openpyxl.load_workbook(p) for p in sorted(folder.glob("*.xlsx"))}
    if not books or not cells:
        yield f"{len(books)} workbooks, {len(cells)} cells: nothing to check"
    for name, book in books.items():
        for sheet in book:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        yield f"{name}, {sheet.title} {cell.coordinate}: the formula {cell.value!r}"
    for want in cells:
        cell = books[want["file"]][want["sheet"]][want["cell"]]
        found = unescape(cell.value) if isinstance(cell.value, str) and "_x" in cell.value else cell.value
        if cell.data_type != "s" or found != want["text"]:
            yield f"{want['file']}, {want['sheet']} {want['cell']}: {cell.data_type} {str(found)[:60]!r}, want {want['text'][:60]!r}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--books", type=pathlib.Path, required=True)
    parser.add_argument("--cells", type=pathlib.Path, required=True)
    args = parser.parse_args()
    problems = list(check(args.books, json.loads(args.cells.read_text(encoding="utf-8"))))
    print(*problems, sep="\n")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
