"""Everything that ``virtctl`` reports as an error.

* ``VirtctlError`` - base; carries an exit code and an optional hint
    * ``UsageError`` - the command line is wrong (exit 2)
    * ``ConfigError`` - the kubeconfig or our own configuration is wrong
    * ``InvalidField`` - a field of a manifest or parameter is wrong
    * ``ApiError`` - the API server answered with a ``Status``
        * ``NotFound``, ``AlreadyExists``, ``Conflict``, ``Invalid``, ``BadRequest``, ``Forbidden``,
          ``Unauthorized``, ``Gone``, ``MethodNotAllowed``, ``NotAcceptable``,
          ``UnsupportedMediaType``, ``TooManyRequests``, ``InternalError``,
          ``ServiceUnavailable`` - by HTTP code and reason
    * ``Unreachable`` - no answer from the server
    * ``StreamError`` - a websocket stream was refused or broke
    * ``WaitTimeout`` - something awaited did not come (exit 124)
    * ``LocalError`` - the embedded control plane cannot do what was asked
    * ``RemoteExit`` - a remote command's own exit code, passed on without a message

Server and client share ``ApiError``: the server raises what the client will read.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar, NamedTuple


class ExitCode(IntEnum):
    """Documented exit codes; ``ssh``, ``scp`` and ``exec`` pass on the remote command's own."""

    OK = 0
    ERROR = 1
    USAGE = 2
    TIMEOUT = 124
    INTERRUPTED = 130
    TRANSPORT = 255


class VirtctlError(Exception):
    """Base of all errors; ``str()`` is one lower-case sentence without a period."""

    exit_code: ClassVar[ExitCode] = ExitCode.ERROR
    hint: str | None = None

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint


class UsageError(VirtctlError):
    """The command line cannot be understood."""

    exit_code = ExitCode.USAGE


class ConfigError(VirtctlError):
    """A kubeconfig or configuration file is unusable; the message names file and field."""


class InvalidField(VirtctlError):
    """A field has a value that cannot be used."""

    def __init__(self, path: str, value: object, problem: str, hint: str | None = None) -> None:
        self.path, self.value, self.problem = path, value, problem
        super().__init__(f"`{path}`: {problem}; got `{value}`", hint)


class Cause(NamedTuple):
    """One cause of an ``Invalid`` answer (``metav1.StatusCause``)."""

    reason: str
    message: str
    field: str


class StatusDetails(NamedTuple):
    """``metav1.StatusDetails``. ``is_shown``: also when there is nothing in it."""

    name: str = ""
    group: str = ""
    kind: str = ""
    uid: str = ""
    causes: tuple[Cause, ...] = ()
    retry_after_seconds: int = 0
    is_shown: bool = False


class ApiError(VirtctlError):
    """A Kubernetes ``Status`` of failure. ``code`` and ``reason`` as in apimachinery."""

    code: int = 500
    reason: str = "InternalError"

    def __init__(
        self,
        message: str,
        details: StatusDetails | None = None,
        *,
        code: int | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = details or StatusDetails()
        if code is not None:
            self.code = code
        if reason is not None:
            self.reason = reason


class BadRequest(ApiError):
    code, reason = 400, "BadRequest"


class NotDecodable(BadRequest):
    """A body that is no object of its kind; ``why`` is what decoding stopped at."""

    def __init__(self, kind: str, version: str, why: str) -> None:
        super().__init__(f'{kind} in version "{version}" cannot be handled as a {kind}: {why}')
        self.why = why


class Unauthorized(ApiError):
    code, reason = 401, "Unauthorized"


class Forbidden(ApiError):
    code, reason = 403, "Forbidden"


class NotFound(ApiError):
    code, reason = 404, "NotFound"


class MethodNotAllowed(ApiError):
    code, reason = 405, "MethodNotAllowed"


class NotAcceptable(ApiError):
    code, reason = 406, "NotAcceptable"


class AlreadyExists(ApiError):
    code, reason = 409, "AlreadyExists"


class Conflict(ApiError):
    code, reason = 409, "Conflict"


class Gone(ApiError):
    code, reason = 410, "Expired"


class UnsupportedMediaType(ApiError):
    code, reason = 415, "UnsupportedMediaType"


class Invalid(ApiError):
    code, reason = 422, "Invalid"


class TooManyRequests(ApiError):
    code, reason = 429, "TooManyRequests"


class InternalError(ApiError):
    code, reason = 500, "InternalError"


class ServiceUnavailable(ApiError):
    code, reason = 503, "ServiceUnavailable"


class Unreachable(VirtctlError):
    """The server did not answer; the message names it and what was tried."""


class StreamError(VirtctlError):
    """A websocket stream was refused or broke."""


class WaitTimeout(VirtctlError):
    """Something awaited did not come; says what, how far it came, and what to look at."""

    exit_code = ExitCode.TIMEOUT

    def __init__(
        self, awaited: str, seconds: float, reached: str, look_at: str | None = None
    ) -> None:
        super().__init__(f"{awaited} did not come within {seconds:g} s; {reached}", look_at)


class LocalError(VirtctlError):
    """The embedded control plane cannot do what was asked."""


class RemoteExit(VirtctlError):
    """A remote command ended with ``status``; nothing is printed for it."""

    def __init__(self, status: int) -> None:
        super().__init__(f"remote command exited with {status}")
        self.status = status
