"""What stands in a result table, whatever the order of its rows: the twin of ../answer.go."""

import itertools

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

BUYER = "buyer_id"  # hashed by each engine's own function: left out of checksums
NULL_WORD = np.uint64(0xD6E8FEB86659FD93)
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
# ClickHouse writes enumerations as bytes.
TEXTS = [pa.types.is_dictionary, pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_binary, pa.types.is_large_binary]
CHUNK = 1 << 20  # rows: squares of 21-bit limbs over so many rows stay below 2**63


def text_word(text):
    """FNV-1a of 64 bits."""
    h = 14695981039346656037
    for byte in text.encode():
        h = ((h ^ byte) * 1099511628211) & 0xFFFFFFFFFFFFFFFF
    return h


def words(column):
    """A column as 64-bit words and the mask of its nulls: integers themselves, texts by their hash, real numbers by their bits."""
    kind = column.type
    if any(is_text(kind) for is_text in TEXTS):
        if not pa.types.is_dictionary(kind):
            column = column.cast(pa.large_string()).dictionary_encode()
        table = np.array([text_word(t.as_py()) for t in column.dictionary] or [0], dtype=np.uint64)
        null = column.is_null().to_numpy(zero_copy_only=False)
        return table[pc.fill_null(column.indices, 0).to_numpy(zero_copy_only=False)], null
    if pa.types.is_float64(kind):
        null = column.is_null().to_numpy(zero_copy_only=False)
        return pc.fill_null(column, 0.0).to_numpy(zero_copy_only=False).view(np.uint64), null
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("us", kind.tz)).cast(pa.int64())
    elif pa.types.is_date32(kind):
        column = column.cast(pa.int32())
    elif pa.types.is_decimal(kind):  # what some engines make of a sum
        column = column.cast(pa.int64())
    null = column.is_null().to_numpy(zero_copy_only=False)
    values = pc.fill_null(column.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    return values.astype(np.int64).view(np.uint64), null


def total(values):
    """The exact sum of signed 64-bit integers."""
    out = 0
    for at in range(0, len(values), CHUNK):
        v = values[at : at + CHUNK]
        out += (int((v >> 32).sum()) << 32) + int((v & 0xFFFFFFFF).sum())
    return out


def squares(values):
    """The exact sum of their squares, by limbs of 21 bits."""
    out = 0
    for at in range(0, len(values), CHUNK):
        v = np.abs(values[at : at + CHUNK])
        limbs = [(v >> (21 * i)) & 0x1FFFFF for i in range(4)]
        for i, a in enumerate(limbs):
            if a.any():
                out += sum(int((a * b).sum()) << (21 * (i + j)) for j, b in enumerate(limbs))
    return out


def ranks(column):
    """Integers in the order of numbers, days or moments, nulls last; None for texts."""
    kind = column.type
    if pa.types.is_uint64(kind):
        return pc.fill_null(column, 0xFFFFFFFFFFFFFFFF).to_numpy(zero_copy_only=False)
    if pa.types.is_date32(kind):
        column = column.cast(pa.int32())
    elif not pa.types.is_integer(kind) and not pa.types.is_timestamp(kind):
        return None
    return pc.fill_null(column.cast(pa.int64()), 0x7FFFFFFFFFFFFFFF).to_numpy(zero_copy_only=False)


class Order:
    """Holds a table's rows against the order of its leading keys, nulls last; texts end the comparison."""

    def __init__(self, keys):
        self.keys, self.last = keys, None

    def check(self, batch):
        columns = list(itertools.takewhile(lambda c: c is not None, (ranks(batch.column(name)) for name in self.keys)))
        if not columns or batch.num_rows == 0:
            return
        if self.last is not None:
            columns = [np.concatenate([last, column]) for last, column in zip(self.last, columns)]
        equal = np.ones(len(columns[0]) - 1, dtype=bool)
        for name, column in zip(self.keys, columns):
            if (equal & (column[1:] < column[:-1])).any():
                raise ValueError(f"rows are not in the order of {self.keys}: {name} falls")
            equal &= column[1:] == column[:-1]
        self.last = [column[-1:] for column in columns]


def chosen(batch, where):
    """The rows that are compared."""
    for condition in where:
        column = batch.column(condition["column"])
        if "min" in condition:
            keep = pc.greater_equal(column, condition["min"])
        else:
            values = condition.get("texts") or condition["numbers"]
            keep = pc.is_in(column.cast(pa.string() if "texts" in condition else pa.int64()), pa.array(values))
        batch = batch.filter(keep)
    return batch


def sums(batches, spec, ordered=False):
    """Rows, sums, sums of squares and checksum over the record batches of a table."""
    names = sorted(n for n in spec["keys"] + spec["measures"] if n != BUYER)
    rows, checksum, order = 0, 0, Order(spec["keys"])
    first, second = dict.fromkeys(spec["measures"], 0), dict.fromkeys(spec["measures"], 0)
    for batch in batches:
        batch = chosen(batch, spec.get("where", []))
        rows += batch.num_rows
        if ordered and not spec.get("where"):
            order.check(batch)
        hashes = np.zeros(batch.num_rows, dtype=np.uint64)
        for name in names:
            values, null = words(batch.column(name))
            if name in first:
                measured = np.where(null, np.uint64(0), values).view(np.int64)
                first[name] += total(measured)
                second[name] += squares(measured)
            h = (hashes ^ np.where(null, NULL_WORD, values)) * MULTIPLIER
            hashes = h ^ (h >> np.uint64(29))
        checksum = (checksum + int(hashes.sum(dtype=np.uint64))) & 0xFFFFFFFFFFFFFFFF
    text = lambda values: {name: str(v) for name, v in values.items()}
    return {"rows": rows, "sums": text(first), "squares": text(second), "checksum": f"{checksum:016x}"}


def added(a, b):
    """What stands in two parts of a table."""
    out = {"rows": a["rows"] + b["rows"]}
    for kind in ("sums", "squares"):
        if kind in a:
            out[kind] = {name: str(int(v) + int(b[kind][name])) for name, v in a[kind].items()}
    if "checksum" in a:
        out["checksum"] = f"{(int(a['checksum'], 16) + int(b['checksum'], 16)) & 0xFFFFFFFFFFFFFFFF:016x}"
    return out
