"""The protocol of OVSDB servers (RFC 7047): messages, operations and values. No sockets here.

Messages are JSON-RPC 1.0, one after the other with nothing between them. A row's values are atoms,
sets and maps; those that are not plain atoms are written as ``["set", [...]]``, ``["map", [...]]``,
``["uuid", "..."]`` (section 5.1). ``value`` and ``plain`` turn Python's own values into those and
back: a ``dict`` is a map, a ``list`` or ``tuple`` a set, ``Uuid`` and ``Named`` references to rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Operation: TypeAlias = dict[str, Json]
Condition: TypeAlias = list[Json]
Value: TypeAlias = "bool | int | float | str | Sequence[Value] | Mapping[str, Value]"
Row: TypeAlias = dict[str, Value]


class Uuid(str):
    """The id of a row that is there."""

    __slots__ = ()


class Named(str):
    """A row that the same transaction inserts, by the name that it gives it."""

    __slots__ = ()


class Splitter:
    """Cuts a stream of bytes into JSON values."""

    def __init__(self) -> None:
        self._rest = b""
        self._scanned, self._depth = 0, 0
        self._quoted = False

    def feed(self, data: bytes) -> Iterator[Json]:
        """The values that are complete with these bytes. Raises ``ValueError`` for what is none."""
        self._rest += data
        while (end := self._end()) is not None:
            whole, self._rest = self._rest[:end], self._rest[end:]
            self._scanned = 0
            yield json.loads(whole)

    def _end(self) -> int | None:
        """Where the first object in the buffer ends, when all of it is there."""
        data, here = self._rest, self._scanned
        while here < len(data):
            if self._quoted:
                here, closed = _after_quotes(data, here)
                if not closed:
                    break  # the rest of it has not come yet
                self._quoted = False
                continue
            stop = _next(data, here)
            if stop is None:
                here = len(data)
                break
            here = stop + 1
            if data[stop] == _QUOTE:
                self._quoted = True
            else:
                self._depth += 1 if data[stop] in _OPEN else -1
                if self._depth == 0:
                    self._scanned = 0
                    return here
        self._scanned = here
        return None


_QUOTE, _BACKSLASH = b'"\\'
_OPEN = b"{["
_MARKS = re.compile(rb'["{}\[\]]')


def _after_quotes(data: bytes, here: int) -> tuple[int, bool]:
    """Where a string ends, or how far the bytes can be used, and whether it has ended."""
    while here < len(data):
        if data[here] == _BACKSLASH:
            if here + 1 == len(data):
                break  # what it stands before has not come yet
            here += 2
            continue
        here += 1
        if data[here - 1] == _QUOTE:
            return here, True
    return here, False


def _next(data: bytes, start: int) -> int | None:
    found = _MARKS.search(data, start)
    return found.start() if found else None


def build_request(number: int, method: str, params: Sequence[Json]) -> bytes:
    """A request that is answered under its number."""
    return json.dumps({"id": number, "method": method, "params": list(params)}).encode()


def build_reply(number: Json, result: Json) -> bytes:
    """The answer to the other side's request, ``echo`` (section 4.1.11)."""
    return json.dumps({"id": number, "result": result, "error": None}).encode()


def value(given: Value) -> Json:
    """A value as the protocol writes it."""
    match given:
        case Uuid():
            return ["uuid", str(given)]
        case Named():
            return ["named-uuid", str(given)]
        case Mapping():
            return ["map", [[value(key), value(item)] for key, item in given.items()]]
        case str() | bool() | int() | float():
            return given
        case _:
            return ["set", [value(item) for item in given]]


def plain(given: Json) -> Value:
    """A value as Python has it: sets are lists, maps are dicts."""
    match given:
        case ["uuid", str() as number]:
            return Uuid(number)
        case ["named-uuid", str() as name]:
            return Named(name)
        case ["set", list() as members]:
            return [plain(member) for member in members]
        case ["map", list() as pairs]:
            return {str(pair[0]): plain(pair[1]) for pair in pairs if isinstance(pair, list)}
        case str() | bool() | int() | float():
            return given
        case _:
            raise ValueError(f"`{given}` is no value of OVSDB")


def members(given: Value | None) -> list[Value]:
    """A column that is a set: one member is written without the set around it."""
    if given is None:
        return []
    if isinstance(given, str | bool | int | float):
        return [given]
    return list(given) if not isinstance(given, Mapping) else [given]


def table(given: Value | None) -> dict[str, str]:
    """A column that is a map of strings."""
    return {str(k): str(v) for k, v in given.items()} if isinstance(given, Mapping) else {}


def row(columns: Mapping[str, Value]) -> dict[str, Json]:
    """A row as the protocol writes it."""
    return {name: value(given) for name, given in columns.items()}


def where(**columns: Value) -> list[Condition]:
    """Conditions: each column equals its value. None: all rows."""
    return [[name.rstrip("_"), "==", value(given)] for name, given in columns.items()]


def at(uuid: str) -> list[Condition]:
    """The condition for the row of an id."""
    return [["_uuid", "==", ["uuid", uuid]]]


def insert(into: str, columns: Mapping[str, Value], named: str = "") -> Operation:
    """Insert a row, under a name that the same transaction can refer to (section 5.2.1)."""
    made: Operation = {"op": "insert", "table": into, "row": row(columns)}
    return {**made, "uuid-name": named} if named else made


def select(of: str, conditions: Sequence[Condition], columns: Iterable[str] = ()) -> Operation:
    """Read rows; all columns when none are named (section 5.2.2)."""
    made: Operation = {"op": "select", "table": of, "where": list(conditions)}
    wanted: list[Json] = list(columns)
    return {**made, "columns": wanted} if wanted else made


def update(of: str, conditions: Sequence[Condition], columns: Mapping[str, Value]) -> Operation:
    """Set columns of rows (section 5.2.3)."""
    return {"op": "update", "table": of, "where": list(conditions), "row": row(columns)}


def mutate(
    of: str, conditions: Sequence[Condition], *mutations: tuple[str, str, Value]
) -> Operation:
    """Change columns of rows: column, mutator (``insert``, ``delete``, ``+=``), value (5.2.4)."""
    changes: list[Json] = [[column, how, value(given)] for column, how, given in mutations]
    return {"op": "mutate", "table": of, "where": list(conditions), "mutations": changes}


def delete(of: str, conditions: Sequence[Condition]) -> Operation:
    """Delete rows (section 5.2.5)."""
    return {"op": "delete", "table": of, "where": list(conditions)}


def wait(
    of: str,
    conditions: Sequence[Condition],
    rows: Sequence[Mapping[str, Value]],
    *,
    until: str = "==",
    timeout: int = 0,
) -> Operation:
    """Go on only when these columns are so, or not so with ``!=``; milliseconds (5.2.6)."""
    columns: list[Json] = [*sorted({name for each in rows for name in each})]
    wanted: list[Json] = [row(each) for each in rows]
    return {
        "op": "wait", "table": of, "where": list(conditions), "columns": columns,
        "until": until, "rows": wanted, "timeout": timeout,
    }  # fmt: skip


def failure(results: Sequence[Json]) -> str:
    """What went wrong in a transaction, in a line; empty when nothing did (section 4.1.3)."""
    for result in results:
        if isinstance(result, dict) and result.get("error"):
            details = result.get("details")
            return f"{result['error']}: {details}" if details else str(result["error"])
    return ""


def rows_of(result: Json) -> list[Row]:
    """The rows of a ``select``."""
    found = result.get("rows") if isinstance(result, dict) else None
    return [
        {name: plain(given) for name, given in each.items()}
        for each in (found if isinstance(found, list) else [])
        if isinstance(each, dict)
    ]
