"""``SSLContext`` for a target; key material in memory stays in memory where the system can."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from virtctl.client.kubeconfig import Target
from virtctl.errors import ConfigError


def context_for(target: Target, certificate: bytes, key: bytes) -> ssl.SSLContext:
    """A client context. Raises ``ConfigError`` when a certificate or key cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    if target.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif target.certificate_authority:
        _trust(context, target.certificate_authority)
    else:
        context.load_default_certs()
    if certificate:
        with _as_file(certificate + b"\n" + key) as path:
            try:
                context.load_cert_chain(path)
            except ssl.SSLError as error:
                raise ConfigError(
                    f"the client certificate or its key cannot be used: {_why(error)}"
                ) from error
    return context


def _trust(context: ssl.SSLContext, pem: bytes) -> None:
    try:
        context.load_verify_locations(cadata=pem.decode("ascii"))
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(f"the server's CA cannot be used: {_why(error)}") from error


def _why(error: Exception) -> str:
    reason = getattr(error, "reason", None) or str(error)
    return str(reason).lower().replace("_", " ")


@contextmanager
def _as_file(data: bytes) -> Iterator[str]:
    """A path that OpenSSL can open once: anonymous memory on Linux, else a private file."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("client-certificate", os.MFD_CLOEXEC)
        try:
            os.write(descriptor, data)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
        return
    import tempfile  # only where there is no memfd

    with tempfile.NamedTemporaryFile() as stream:  # created 0600
        stream.write(data)
        stream.flush()
        yield stream.name
