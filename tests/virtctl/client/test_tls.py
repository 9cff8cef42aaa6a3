import ssl

import pytest

from tests.fakes.certificates import authority
from virtctl.client.kubeconfig import Target
from virtctl.client.tls import context_for
from virtctl.errors import ConfigError


def test_a_context_trusts_one_authority() -> None:
    made = authority()
    target = Target("https://x", certificate_authority=made.ca)
    context = context_for(target, made.client.certificate, made.client.key)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert len(context.get_ca_certs()) == 1


def test_insecure_checks_nothing() -> None:
    context = context_for(Target("https://x", insecure=True), b"", b"")
    assert context.verify_mode is ssl.CERT_NONE
    assert not context.check_hostname


def test_what_cannot_be_used_is_named() -> None:
    with pytest.raises(ConfigError, match="the server's CA cannot be used"):
        context_for(Target("https://x", certificate_authority=b"junk"), b"", b"")
    with pytest.raises(ConfigError, match="client certificate or its key cannot be used"):
        context_for(Target("https://x"), authority().client.certificate, b"junk")
