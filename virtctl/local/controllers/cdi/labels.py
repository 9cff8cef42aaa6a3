"""Labels that CDI hands on from one of its objects to the next, and those that it puts on its own.

Pure. Which are handed on is CDI's pattern (pkg/controller/common/util.go): KubeVirt's own, such as
the default instance type of an image.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_HANDED_ON = re.compile(r"([\w.]+\.kubevirt.io|kubevirt.io)/[\w.-]+", re.ASCII)

RECOMMENDED: Mapping[str, str] = {
    "app.kubernetes.io/component": "storage",
    "app.kubernetes.io/managed-by": "cdi-controller",
}
"""What marks an object as one of CDI's."""


def handed_on(labels: Mapping[str, str]) -> dict[str, str]:
    """Those of an object's labels that what is made from it gets, too."""
    return {name: value for name, value in labels.items() if _HANDED_ON.fullmatch(name)}
