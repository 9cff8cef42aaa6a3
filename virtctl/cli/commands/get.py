"""``get``: show objects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated

from virtctl.cli.kindwords import Wanted, read
from virtctl.cli.options import AllNamespaces, Argument, Option, Output, Selector
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.client import resources
from virtctl.errors import Gone, NotFound, UsageError
from virtctl.models.documents import Document, objects, text
from virtctl.models.kinds import Kind
from virtctl.output.documents import as_list
from virtctl.output.humanize import age
from virtctl.output.printers import Format, Printer, choose
from virtctl.output.tables import TableView, grid


def run(
    session: Session,
    words: Annotated[
        list[str],
        Argument(
            "KIND [NAME]", help="Kinds (`vm,vmi,pod`) and names, or KIND/NAME.", complete="kind"
        ),
    ],
    *,
    output: Output = "",
    selector: Selector = "",
    field_selector: Annotated[
        str, Option("--field-selector", help="Choose by fields, as in `metadata.name=x`.")
    ] = "",
    all_namespaces: AllNamespaces = False,
    watch: Annotated[
        bool, Option("--watch", "-w", help="Go on with changes as they come.")
    ] = False,
    no_headers: Annotated[bool, Option("--no-headers", help="Print no column titles.")] = False,
    show_labels: Annotated[bool, Option("--show-labels", help="Add a column of labels.")] = False,
    show_managed_fields: Annotated[
        bool, Option("--show-managed-fields", help="Do not leave out managedFields with -o.")
    ] = False,
    ignore_not_found: Annotated[
        bool, Option("--ignore-not-found", help="What is not there is no error.")
    ] = False,
) -> Outcome:
    """Show objects as a table, or as they are with -o."""
    printer = choose(output)
    wanted = read(session, words, needs_name=False)
    query = {"labelSelector": selector} if selector else {}
    if field_selector:
        query["fieldSelector"] = field_selector
    asking = _Asking(session, query, everywhere=all_namespaces, quiet=ignore_not_found)
    asking.managed_fields = show_managed_fields
    if printer.is_table:
        view = _Tables(
            asking, wide=printer.format is Format.WIDE, labels=show_labels, headers=not no_headers
        )
        view.show(wanted)
        if watch:
            with suppress(KeyboardInterrupt):
                view.watch(_single(wanted))
        return Outcome()
    outcome = _documents(asking, wanted, printer, headers=not no_headers)
    if not watch:
        return outcome
    session.out(outcome.text)
    with suppress(KeyboardInterrupt):
        for event in asking.watch(_single(wanted), table=False):
            shown = asking.fit(event.object)
            session.out(printer.objects([shown], shown, headers=False))
    return Outcome()


def _single(wanted: list[Wanted]) -> Wanted:
    if len(wanted) != 1 or len(wanted[0].names) > 1:
        raise UsageError("only one kind, and one object or all of it, can be watched")
    return wanted[0]


class _Asking:
    """What to ask the server for, and where."""

    def __init__(
        self, session: Session, query: dict[str, str], *, everywhere: bool, quiet: bool
    ) -> None:
        self.session = session
        self.query = query
        self.everywhere = everywhere
        self.quiet = quiet
        self.version = "0"
        self.managed_fields = False

    def namespace(self, kind: Kind) -> str:
        return "" if self.everywhere or not kind.namespaced else self.session.namespace

    def fit(self, document: Document) -> Document:
        """What is printed of a document: not the book-keeping of fields, as in kubectl."""
        metadata = document.get("metadata")
        if self.managed_fields or not isinstance(metadata, dict):
            return document
        plain = {key: value for key, value in metadata.items() if key != "managedFields"}
        return {**document, "metadata": plain}

    def pages(self, wanted: Wanted, *, table: bool) -> list[Document]:
        """Lists or Tables for all of a kind; single answers for names."""
        kind, names = wanted
        rest, namespace = self.session.rest, self.namespace(kind)
        if not names:
            found = list(resources.pages(rest, kind, namespace, self.query, table=table))
            self.version = text(found[0], "metadata", "resourceVersion") or "0"
            return found
        if self.everywhere:
            raise UsageError("an object cannot be named across all namespaces")
        answers = []
        for name in names:
            try:
                answers.append(resources.get(rest, kind, namespace, name, table=table))
            except NotFound:
                if not self.quiet:
                    raise
        return answers

    def watch(self, wanted: Wanted, *, table: bool) -> Iterator[resources.Event]:
        """Changes from where the list ended, for ever; starts over when that is too long ago."""
        kind, names = wanted
        query = dict(self.query)
        if names:
            query["fieldSelector"] = f"metadata.name={names[0]}"
        while True:
            asked = {**query, "resourceVersion": self.version}
            try:
                for event in resources.watch(
                    self.session.rest, kind, self.namespace(kind), asked, table=table
                ):
                    self.version = _version(event.object) or self.version
                    if event.type != "BOOKMARK":
                        yield event
            except Gone:
                self.version = "0"


def _version(document: Document) -> str:
    """The resourceVersion of an object, or of the one in a Table's row."""
    row = next(iter(objects(document, "rows")), {})
    return text(row, "object", "metadata", "resourceVersion") or text(
        document, "metadata", "resourceVersion"
    )


class _Tables:
    """Prints server-made tables, one block a kind."""

    def __init__(self, asking: _Asking, *, wide: bool, labels: bool, headers: bool) -> None:
        self.asking = asking
        self.session = asking.session
        self.wide = wide
        self.labels = labels
        self.headers = headers
        self._widths: list[int] = []
        self._view = TableView()

    def show(self, wanted: list[Wanted]) -> None:
        """All that there is now."""
        blocks = []
        for one in wanted:
            lines = self._block(one, several=len(wanted) > 1)
            if lines:
                blocks.append("\n".join(lines))
        if blocks:
            self.session.out("\n\n".join(blocks))
        elif not self.asking.quiet:
            kind = wanted[0].kind
            everywhere = self.asking.everywhere or not kind.namespaced
            place = "" if everywhere else f" in {self.session.namespace} namespace"
            self.session.line(f"No resources found{place}.")

    def _block(self, wanted: Wanted, *, several: bool) -> list[str]:
        kind = wanted.kind
        group = f".{kind.group}" if kind.group else ""
        self._view = TableView(
            wide=self.wide,
            namespaced=self.asking.everywhere and kind.namespaced,
            prefix=f"{kind.singular}{group}/" if several else "",
            labels=self.labels,
        )
        rows: list[list[str]] = []
        header: list[str] = []
        for page in self.asking.pages(wanted, table=True):
            table = page if page.get("kind") == "Table" else self._own_table(page)
            header = header or self._view.header(table)
            rows.extend(self._view.rows(table))
        if not rows:
            return []
        lines = grid([header, *rows])
        self._widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
        return lines if self.headers else lines[1:]

    def watch(self, wanted: Wanted) -> None:
        """One line a change, in the columns of the first block."""
        if not self._widths:
            self._view = TableView(
                wide=self.wide, labels=self.labels, namespaced=self.asking.everywhere
            )
        for event in self.asking.watch(wanted, table=True):
            table = (
                event.object
                if event.object.get("kind") == "Table"
                else self._own_table(event.object)
            )
            first = not self._widths
            header = self._view.header(table)
            rows = self._view.rows(table)
            if first:
                self._widths = [max(len(h), 10) for h in header]
            shown = [header, *rows] if first and self.headers else rows
            for row in shown:
                padded = [cell.ljust(width) for cell, width in zip(row, self._widths, strict=False)]
                self.session.out("   ".join(padded).rstrip())

    def _own_table(self, page: Document) -> Document:
        """A table of names and ages, for servers that make none."""
        found = list(objects(page, "items")) if "items" in page else [page]
        now = self.session.env.now()
        return {
            "columnDefinitions": [{"name": "Name"}, {"name": "Age"}],
            "rows": [
                {
                    "cells": [
                        text(one, "metadata", "name"),
                        age(text(one, "metadata", "creationTimestamp"), now),
                    ],
                    "object": one,
                }
                for one in found
            ],
        }


def _documents(
    asking: _Asking, wanted: list[Wanted], printer: Printer, *, headers: bool
) -> Outcome:
    found: list[Document] = []
    for one in wanted:
        for page in asking.pages(one, table=False):
            inside = list(objects(page, "items")) if not one.names else [page]
            # items of a list come without their kind
            typed = {"apiVersion": one.kind.api_version, "kind": one.kind.name}
            found.extend(asking.fit({**typed, **document}) for document in inside)
    single = len(wanted) == 1 and len(wanted[0].names) == 1
    if single and not found:
        return Outcome()
    whole = found[0] if single else as_list(found)
    return Outcome(printer.objects(found, whole, headers=headers))
