"""Accept headers to representations: plain objects, tables or metadata only; JSON or YAML. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from virtctl.errors import NotAcceptable

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
_ANY = "*/*"
_ACCEPTED = f"{JSON}, {YAML}"


class Form(Enum):
    """What an answer shows of objects."""

    OBJECT = auto()
    TABLE = auto()
    PARTIAL = auto()


@dataclass(frozen=True)
class Representation:
    """How a client wants its answer; ``version`` is that of ``meta.k8s.io``."""

    form: Form = Form.OBJECT
    version: str = "v1"
    media: str = JSON
    pretty: bool = False


def _parts(accept: str) -> list[tuple[str, dict[str, str]]]:
    """Media types with their parameters, the most wanted first (RFC 9110 section 12.5.1)."""
    found = []
    for part in accept.split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        pairs = (parameter.partition("=") for parameter in parameters)
        found.append((media, {key.strip().lower(): value.strip() for key, _, value in pairs}))
    return sorted(found, key=lambda part: -_quality(part[1].get("q", "1")))


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0


_FORMS = {
    "Table": Form.TABLE,
    "PartialObjectMetadata": Form.PARTIAL,
    "PartialObjectMetadataList": Form.PARTIAL,
}
# What is not shown of one object, and what not of a list.
_WRONG = {False: "PartialObjectMetadataList", True: "PartialObjectMetadata"}


def negotiate(accept: str, *, pretty: bool = False, listed: bool | None = None) -> Representation:
    """The most wanted representation in ``accept`` that we have. Raises ``NotAcceptable``.

    ``listed`` says whether it is for a list or for one object; None when either may be asked for.
    """
    if not accept:
        return Representation(pretty=pretty)
    for media, parameters in _parts(accept):
        if media == _ANY:
            return Representation(pretty=pretty)
        if media not in {JSON, YAML}:
            continue
        if "as" not in parameters:
            return Representation(media=media, pretty=pretty)
        wanted = parameters["as"]
        form = _FORMS.get(wanted)
        known = parameters.get("g") == "meta.k8s.io" and parameters.get("v") in {"v1", "v1beta1"}
        if form is not None and known and (listed is None or wanted != _WRONG[listed]):
            return Representation(form, parameters["v"], media, pretty)
    raise NotAcceptable(f"only the following media types are accepted: {_ACCEPTED}")


def check_acceptable(accept: str) -> None:
    """Refuse who takes no plain document of discovery. Raises ``NotAcceptable``."""
    plain = {media for media, parameters in _parts(accept) if "as" not in parameters}
    if accept and not plain & {JSON, YAML, _ANY}:
        raise NotAcceptable(f"only the following media types are accepted: {_ACCEPTED}")


def wants_discovery(accept: str) -> str | None:
    """``v2`` or ``v2beta1`` when the aggregated discovery document comes first; else None."""
    for media, parameters in _parts(accept):
        if media != JSON:
            continue
        if parameters.get("g") == "apidiscovery.k8s.io":
            version = parameters.get("v", "")
            if version in {"v2", "v2beta1"} and parameters.get("as") == "APIGroupDiscoveryList":
                return version
        elif "as" not in parameters:
            return None
    return None
