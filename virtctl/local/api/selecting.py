"""Whether stored objects are selected, without building more of them than selectors look at."""

from __future__ import annotations

import msgspec

from virtctl.wire.selectors import Selection


class _Metadata(msgspec.Struct):
    labels: dict[str, str] | None = None


class _Labelled(msgspec.Struct):
    metadata: _Metadata


_labels = msgspec.json.Decoder(_Labelled)
_whole = msgspec.json.Decoder(dict)


def is_selected(value: bytes, selection: Selection) -> bool:
    """Whether the object that is stored as ``value`` is selected."""
    if selection.fields.terms:
        return selection.matches(_whole.decode(value))
    try:
        labels = _labels.decode(value).metadata.labels
    except msgspec.ValidationError:  # something there is no text, or missing
        return selection.matches(_whole.decode(value))
    return selection.labels.matches(labels or {})
