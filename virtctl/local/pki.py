"""Certificates, tokens and the kubeconfig of one instance.

A CA of its own signs the server's certificate and the administrator's client certificate; a random
bearer token is there for clients that cannot present certificates. Files are 0600 in a 0700
directory. Everything is made once and kept, so that kubeconfigs stay valid over restarts, and
renewed when a third of its life is left. The CA keeps its key and its name when it is renewed: who
trusts its old certificate trusts what it signs, until that one expires.
"""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import json
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

# Long enough that nobody is locked out of a laptop's instance, short enough for strict TLS stacks.
CA_DAYS = 3650
LEAF_DAYS = 825
ADMIN_USER = "virtctl-admin"
ADMIN_GROUP = "system:masters"
CONTEXT = "virtctl-local"


@dataclass(frozen=True)
class Pki:
    """Files of one instance's credentials."""

    directory: Path

    @property
    def ca(self) -> Path:
        return self.directory / "ca.crt"

    @property
    def ca_key(self) -> Path:
        return self.directory / "ca.key"

    @property
    def server(self) -> Path:
        return self.directory / "server.crt"

    @property
    def server_key(self) -> Path:
        return self.directory / "server.key"

    @property
    def admin(self) -> Path:
        return self.directory / "admin.crt"

    @property
    def admin_key(self) -> Path:
        return self.directory / "admin.key"

    @property
    def token(self) -> Path:
        return self.directory / "token"


def ensure(directory: Path, hosts: Sequence[str], now: float | None = None) -> Pki:
    """Make or renew what is missing or due; the server's certificate is valid for ``hosts``.

    A server certificate that lacks one of ``hosts`` (another ``--listen``) is made anew.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    renew(directory, hosts, now)
    return Pki(directory)


def renew(directory: Path, hosts: Sequence[str], now: float | None = None) -> tuple[str, ...]:
    """Make or renew what is missing or due at ``now`` (Unix time); the names of what was made."""
    pki = Pki(directory)
    moment = time.time() if now is None else now
    at = dt.datetime.fromtimestamp(moment, dt.UTC)
    wanted = "\n".join(hosts)
    marker = directory / "server.hosts"
    made = []
    if _is_due(pki.ca, moment):
        if not pki.ca_key.exists():
            for path in (marker, pki.admin):  # another key has signed them
                path.unlink(missing_ok=True)
        _make_ca(pki, at)
        made.append("ca")
    if _is_due(pki.admin, moment):
        _make_leaf(pki, pki.admin, pki.admin_key, ADMIN_USER, (), at)
        made.append("admin")
    if not marker.exists() or marker.read_text() != wanted or _is_due(pki.server, moment):
        _make_leaf(pki, pki.server, pki.server_key, "virtctl-local", hosts, at)
        _write(marker, wanted.encode())
        made.append("server")
    if not pki.token.exists():
        _write(pki.token, secrets.token_urlsafe(32).encode())
    return tuple(made)


def _is_due(path: Path, now: float) -> bool:
    """Whether a certificate is missing, not valid yet, or has a third of its life left or less.

    One that is not valid yet was made before the clock was set back.
    """
    try:
        start, end = validity(path.read_bytes())
    except FileNotFoundError:
        return True
    return now < start or now > end - (end - start) / 3


def validity(pem: bytes) -> tuple[float, float]:
    """From when until when a certificate is valid, in Unix time (RFC 5280 section 4.1).

    Read by hand: the library that makes certificates is not loaded just to look at one. Raises
    ``ValueError`` when it is none.
    """
    try:
        body = base64.b64decode(pem.split(b"-----")[2])
        (_, certificate), *_ = _parts(body)
        (_, signed), *_ = _parts(certificate)
        # version, serialNumber, signature, issuer, validity
        start, end = _parts(_parts(signed)[4][1])
        return _time(start), _time(end)
    except (IndexError, ValueError) as error:
        raise ValueError("not a certificate") from error


def _parts(der: bytes) -> list[tuple[int, bytes]]:
    """The elements that follow each other in DER (X.690): their tags and contents."""
    found, at = [], 0
    while at < len(der):
        tag, size = der[at], der[at + 1]
        at += 2
        if size & 0x80:
            count = size & 0x7F
            size = int.from_bytes(der[at : at + count], "big")
            at += count
        found.append((tag, der[at : at + size]))
        at += size
    return found


_UTC_TIME = 0x17


def _time(element: tuple[int, bytes]) -> float:
    tag, text = element
    form = "%y%m%d%H%M%SZ" if tag == _UTC_TIME else "%Y%m%d%H%M%SZ"
    return dt.datetime.strptime(text.decode(), form).replace(tzinfo=dt.UTC).timestamp()


def kubeconfig(pki: Pki, server: str, *, context: str = CONTEXT) -> dict[str, object]:
    """A kubeconfig document with one context that presents the client certificate."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": context,
                "cluster": {"server": server, "certificate-authority-data": _b64(pki.ca)},
            }
        ],
        "users": [
            {
                "name": context,
                "user": {
                    "client-certificate-data": _b64(pki.admin),
                    "client-key-data": _b64(pki.admin_key),
                },
            }
        ],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
        "current-context": context,
        "preferences": {},
    }


def write_kubeconfig(path: Path, document: dict[str, object]) -> None:
    """Write ``document`` as JSON, which is YAML too, readable by the owner only."""
    _write(path, json.dumps(document, indent=2).encode())


def _b64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _write(path: Path, data: bytes) -> None:
    """Write a private file in one step, so that a reader never sees half of it."""
    scratch = path.with_name(f".{path.name}.new")
    scratch.touch(mode=0o600)
    scratch.chmod(0o600)
    scratch.write_bytes(data)
    scratch.replace(path)


def _key() -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _save(
    cert_path: Path, key_path: Path, cert: x509.Certificate, key: EllipticCurvePrivateKey
) -> None:
    from cryptography.hazmat.primitives import serialization

    encoding = serialization.Encoding.PEM
    cert_path.unlink(missing_ok=True)  # rather none than one of another key, if we end here
    _write(
        key_path,
        key.private_bytes(
            encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )
    _write(cert_path, cert.public_bytes(encoding))


def _ca_key(pki: Pki) -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = serialization.load_pem_private_key(pki.ca_key.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{pki.ca_key} is not an elliptic curve key")
    return key


def _make_ca(pki: Pki, now: dt.datetime) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import NameOID

    key = _ca_key(pki) if pki.ca_key.exists() else _key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "virtctl-local-ca")])
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    cert = (
        _dated(x509.CertificateBuilder(), CA_DAYS, now)
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _save(pki.ca, pki.ca_key, cert, key)


def issue(pki: Pki, certificate: Path, key: Path, hosts: Sequence[str]) -> None:
    """Write a certificate of the instance's CA for a server of ``hosts``, and its key."""
    now = dt.datetime.fromtimestamp(time.time(), dt.UTC)
    _make_leaf(pki, certificate, key, "virtctl-local", hosts, now)


def _make_leaf(
    pki: Pki, cert_path: Path, key_path: Path, name: str, hosts: Sequence[str], now: dt.datetime
) -> None:
    """A certificate for a server of ``hosts``, or for the administrator when there are none."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    ca_key = _ca_key(pki)
    ca = x509.load_pem_x509_certificate(pki.ca.read_bytes())
    key = _key()
    # Kubernetes takes the user from the common name and the groups from the organizations.
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if not hosts:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, ADMIN_GROUP))
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if hosts else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = (
        _dated(x509.CertificateBuilder(), LEAF_DAYS, now)
        .subject_name(x509.Name(parts))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
    )
    if hosts:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_alternative(host) for host in hosts]), critical=False
        )
    _save(cert_path, key_path, builder.sign(ca_key, hashes.SHA256()), key)


def _alternative(host: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _dated(
    builder: x509.CertificateBuilder, days: int, now: dt.datetime
) -> x509.CertificateBuilder:
    from cryptography import x509

    # An hour back: guests' and hosts' clocks differ a little.
    start = now - dt.timedelta(hours=1)
    return (
        builder.serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=days))
    )
