"""The CBOR of Strongroom's records (docs/store-format.md §2), and the one exception of the reader.

What the page defines has one encoding only. The value of a key that it does not know may be any
well-formed item of definite length, 32 arrays, maps and tags deep.
"""

from __future__ import annotations

from typing import Any

INTEGRITY = "integrity"
RawMap = dict[int, bytes]


class StoreError(Exception):
    """The only exception of this module; `failure` is the page's name, `detail` says what it was."""

    def __init__(self, failure: str, detail: str):
        super().__init__(f"{failure}: {detail}")
        self.failure, self.detail = failure, detail


def damaged(detail: str) -> StoreError:
    return StoreError(INTEGRITY, detail)


def need(condition: object, detail: str) -> None:
    if not condition:
        raise damaged(detail)


DEEPEST = 32


def cbor_head(data: bytes, at: int, strict: bool = True) -> tuple[int, int, int, int]:
    """(major type, additional information, argument, offset behind)"""
    need(at < len(data), "CBOR: it ends early")
    major, info = data[at] >> 5, data[at] & 31
    if info < 24:
        return major, info, info, at + 1
    need(info < 28, "CBOR: an indefinite length or a reserved form")
    size = 1 << (info - 24)
    need(at + 1 + size <= len(data), "CBOR: it ends early")
    argument = int.from_bytes(data[at + 1 : at + 1 + size], "big")
    if strict:
        need(argument >= (24, 1 << 8, 1 << 16, 1 << 32)[info - 24], "CBOR: not the shortest form")
    return major, info, argument, at + 1 + size


def cbor_skip(data: bytes, at: int, depth: int = 0) -> int:
    """The offset behind the item at `at`, of which nothing is known."""
    major, info, arg, at = cbor_head(data, at, strict=False)
    if major in (2, 3):
        need(at + arg <= len(data), "CBOR: it ends early")
        return at + arg
    if major in (4, 5, 6):
        need(depth < DEEPEST, "CBOR: nested too deep")
        for _ in range({4: arg, 5: 2 * arg, 6: 1}[major]):
            at = cbor_skip(data, at, depth + 1)
    need(major != 7 or info != 24 or arg >= 32, "CBOR: a simple value that is not well-formed")
    return at


def cbor_item(data: bytes, at: int) -> tuple[Any, int]:
    """The item of ours at `at` and the offset behind it: a number, bytes, text, a map of texts."""
    major, _, arg, at = cbor_head(data, at)
    if major == 0:
        return arg, at
    if major == 1:
        return -1 - arg, at
    if major in (2, 3):
        need(at + arg <= len(data), "CBOR: it ends early")
        part = data[at : at + arg]
        try:
            return (part if major == 2 else part.decode()), at + arg
        except UnicodeDecodeError:
            raise damaged("CBOR: a text that is not UTF-8") from None
    need(major == 5, "CBOR: a type that no value of ours has")
    pairs = []
    for _ in range(arg):
        key, at = cbor_item(data, at)
        value, at = cbor_item(data, at)
        pairs.append((key, value))
    return CborMap(pairs), at


class CborMap(list[tuple[Any, Any]]):
    """A nested map: its pairs in the order in which they stand."""


def parse(raw: bytes) -> Any:
    value, end = cbor_item(raw, 0)
    need(end == len(raw), "CBOR: bytes after the item")
    return value


def parse_map(data: bytes) -> RawMap:
    """A map of ours: unsigned keys that ascend; each value stays as its bytes (to be written again)."""
    major, _, count, at = cbor_head(data, 0)
    need(major == 5, "CBOR: not a map")
    out: RawMap = {}
    last = -1
    for _ in range(count):
        major, _, key, at = cbor_head(data, at)
        need(major == 0 and key > last, "CBOR: the keys do not ascend")
        begin, last = at, key
        at = cbor_skip(data, at)
        out[key] = data[begin:at]
    need(at == len(data), "CBOR: bytes after the map")
    return out


def parse_array(raw: bytes) -> list[bytes]:
    """The items of an array, each as its bytes."""
    major, _, count, at = cbor_head(raw, 0)
    need(major == 4, "CBOR: not an array")
    out = []
    for _ in range(count):
        begin = at
        at = cbor_skip(raw, at)
        out.append(raw[begin:at])
    need(at == len(raw), "CBOR: bytes after the array")
    return out


def take(record: RawMap, key: int, kind: type, size: int | None = None) -> Any:
    need(key in record, f"CBOR: key {key} is missing")
    value = parse(record[key])
    need(type(value) is kind, f"CBOR: key {key} is no {kind.__name__}")
    need(kind is not int or -(2**63) <= value < 2**63, f"CBOR: key {key} is out of range")
    need(size is None or len(value) == size, f"CBOR: key {key} has another length")
    return value


def take_uint(record: RawMap, key: int) -> int:
    need(key in record, f"CBOR: key {key} is missing")
    value = parse(record[key])
    need(type(value) is int and value >= 0, f"CBOR: key {key} is no uint")
    return value


def maybe(record: RawMap, key: int, kind: type) -> Any:
    return take(record, key, kind) if key in record else None


def take_labels(record: RawMap, key: int) -> dict[str, str] | None:
    pairs = maybe(record, key, CborMap)
    if pairs is None:
        return None
    need(pairs, "CBOR: a map of no labels")
    need(all(type(k) is str and type(v) is str for k, v in pairs), "CBOR: labels")
    names = [name.encode() for name, _ in pairs]
    need(all(a < b for a, b in zip(names, names[1:])), "CBOR: the labels do not ascend")
    return dict(pairs)
