"""Accept headers to representations: plain objects, tables or metadata only; JSON or YAML. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from virtctl.errors import NotAcceptable

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
_WILD = {"*/*", "application/*"}


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


def _parts(accept: str) -> Iterator[tuple[str, dict[str, str]]]:
    for part in accept.split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        yield (
            media.lower(),
            {
                key.strip().lower(): value.strip()
                for key, _, value in (parameter.partition("=") for parameter in parameters)
            },
        )


_FORMS = {
    "Table": Form.TABLE,
    "PartialObjectMetadata": Form.PARTIAL,
    "PartialObjectMetadataList": Form.PARTIAL,
}


def negotiate(accept: str, *, pretty: bool = False) -> Representation:
    """The first representation in ``accept`` that we have. Raises ``NotAcceptable``."""
    if not accept:
        return Representation(pretty=pretty)
    for media, parameters in _parts(accept):
        if media in _WILD:
            return Representation(pretty=pretty)
        if media not in {JSON, YAML, "text/yaml", "application/x-yaml"}:
            continue
        shown = JSON if media == JSON else YAML
        form = _FORMS.get(parameters.get("as", ""))
        if "as" not in parameters:
            return Representation(media=shown, pretty=pretty)
        known = parameters.get("g") == "meta.k8s.io" and parameters.get("v") in {"v1", "v1beta1"}
        if form is not None and known:
            return Representation(form, parameters["v"], shown, pretty)
    raise NotAcceptable(
        f"only the following media types are accepted: {JSON}, {YAML}; asked for `{accept}`"
    )


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
