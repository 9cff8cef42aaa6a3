"""What was found in a pod before it was changed, on disk for as long as the pod lives.

The bridge binding changes the very link that says what address the guest gets, so the facts are
written down first. Each has the name of the plan under which its NIC was set up: how far that is
stands in the journal.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from launcher.errors import HostError
from launcher.net.attachments import Attachment, PodNet
from launcher.system import files


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of one NIC."""

    plan: str
    attachment: Attachment


class Captures:
    """The captures in a file, which is made with the first of them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> dict[str, Capture]:
        """All of them, by the names of their NICs; raises ``HostError`` for a broken file."""
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        try:
            return msgspec.json.decode(text, type=dict[str, Capture])
        except msgspec.DecodeError as error:
            raise HostError(f"the captures `{self.path}` cannot be read: {error}") from error

    def keep(self, plan: str, net: PodNet) -> None:
        """Write down what was found for a plan, beside what is there."""
        new = {each.name: Capture(plan=plan, attachment=each) for each in net.attachments}
        self._store({**self.load(), **new})

    def forget(self, name: str) -> None:
        """Drop what is known of a NIC."""
        self._store({key: each for key, each in self.load().items() if key != name})

    def _store(self, captures: dict[str, Capture]) -> None:
        files.make_directory(self.path.parent)
        files.write(self.path, msgspec.json.format(msgspec.json.encode(captures), indent=2))
