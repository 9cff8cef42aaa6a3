"""Certificates: made once, valid for each other, private."""

import base64
import contextlib
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from virtctl.local import pki


def test_everything_is_made_once(tmp_path: Path) -> None:
    first = pki.ensure(tmp_path / "pki", ("127.0.0.1", "localhost"))
    before = {path: path.read_bytes() for path in first.directory.iterdir()}
    pki.ensure(tmp_path / "pki", ("127.0.0.1", "localhost"))
    assert {path: path.read_bytes() for path in first.directory.iterdir()} == before


def test_another_address_makes_another_server_certificate_only(tmp_path: Path) -> None:
    made = pki.ensure(tmp_path, ("127.0.0.1",))
    admin, server = made.admin.read_bytes(), made.server.read_bytes()
    pki.ensure(tmp_path, ("127.0.0.1", "10.0.0.1"))
    assert made.admin.read_bytes() == admin
    assert made.server.read_bytes() != server


def test_keys_are_private(tmp_path: Path) -> None:
    made = pki.ensure(tmp_path / "pki", ("localhost",))
    assert made.directory.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in made.directory.iterdir()} == {0o600}


def test_client_certificate_names_user_and_group(tmp_path: Path) -> None:
    made = pki.ensure(tmp_path, ("localhost",))
    subject = x509.load_pem_x509_certificate(made.admin.read_bytes()).subject
    assert subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == pki.ADMIN_USER
    groups = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert [group.value for group in groups] == [pki.ADMIN_GROUP]


def test_tls_between_both_ends_holds(tmp_path: Path) -> None:
    made = pki.ensure(tmp_path, ("localhost", "127.0.0.1"))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(made.ca))
    server.load_cert_chain(made.server, made.server_key)
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=str(made.ca))
    client.load_cert_chain(made.admin, made.admin_key)
    ends = [ssl.MemoryBIO() for _ in range(4)]
    left = client.wrap_bio(ends[0], ends[1], server_hostname="127.0.0.1")
    right = server.wrap_bio(ends[2], ends[3], server_side=True)
    for _ in range(4):
        for side, out, into in ((left, ends[1], ends[2]), (right, ends[3], ends[0])):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
            into.write(out.read())
    assert left.version() == right.version() == "TLSv1.3"


def test_kubeconfig_carries_the_credentials(tmp_path: Path) -> None:
    made = pki.ensure(tmp_path, ("localhost",))
    document = pki.kubeconfig(made, "https://127.0.0.1:6443")
    assert document["current-context"] == pki.CONTEXT
    user = document["users"][0]["user"]
    assert base64.b64decode(user["client-key-data"]) == made.admin_key.read_bytes()
    pki.write_kubeconfig(tmp_path / "kubeconfig", document)
    assert (tmp_path / "kubeconfig").stat().st_mode & 0o777 == 0o600


DAY = 86400.0


def test_validity_is_read_as_the_library_reads_it(tmp_path: Path) -> None:
    made = pki.ensure(tmp_path, ("localhost",))
    far = pki.ensure(
        tmp_path / "far", ("localhost",), 3e9
    )  # after 2050 times are spelled otherwise
    for path in (made.ca, made.server, made.admin, far.ca, far.admin):
        found = x509.load_pem_x509_certificate(path.read_bytes())
        expected = (found.not_valid_before_utc.timestamp(), found.not_valid_after_utc.timestamp())
        assert pki.validity(path.read_bytes()) == expected


@pytest.mark.parametrize("text", [b"", b"-----BEGIN-----AAAA-----END-----", b"-----x-----?-----"])
def test_what_is_no_certificate(text) -> None:
    with pytest.raises(ValueError, match="not a certificate"):
        pki.validity(text)


def test_certificates_are_renewed_when_a_third_is_left(tmp_path: Path) -> None:
    hosts, now = ("localhost",), 1.8e9
    made = pki.ensure(tmp_path, hosts, now)
    assert pki.renew(tmp_path, hosts, now + 540 * DAY) == ()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert pki.renew(tmp_path, hosts, now + 560 * DAY) == ("admin", "server")
    changed = {p.name for p in tmp_path.iterdir() if p.read_bytes() != before[p.name]}
    assert changed == {"admin.crt", "admin.key", "server.crt", "server.key"}
    assert pki.renew(tmp_path, hosts, now + 560 * DAY) == ()
    assert pki.validity(made.server.read_bytes())[1] > now + 1300 * DAY


def test_a_renewed_authority_is_trusted_by_who_trusts_the_old_one(tmp_path: Path) -> None:
    hosts, now = ("localhost",), 1.8e9
    made = pki.ensure(tmp_path, hosts, now)
    old = x509.load_pem_x509_certificate(made.ca.read_bytes())
    assert pki.renew(tmp_path, hosts, now + 2500 * DAY) == ("ca", "admin", "server")
    new = x509.load_pem_x509_certificate(made.ca.read_bytes())
    server = x509.load_pem_x509_certificate(made.server.read_bytes())
    assert new.not_valid_after_utc > old.not_valid_after_utc
    server.verify_directly_issued_by(old)
    server.verify_directly_issued_by(new)


def test_certificates_of_a_future_are_made_anew(tmp_path: Path) -> None:
    hosts, now = ("localhost",), 1.8e9
    pki.ensure(tmp_path, hosts, now)
    assert pki.renew(tmp_path, hosts, now - 30 * DAY) == ("ca", "admin", "server")


def test_an_interrupted_renewal_is_done_again(tmp_path: Path) -> None:
    made = pki.ensure(tmp_path, ("localhost",))
    made.server.unlink()
    assert pki.renew(tmp_path, ("localhost",)) == ("server",)
