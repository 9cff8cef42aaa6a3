"""NICs, and how they are bound."""

import msgspec
import pytest

from launcher.spec import Bridge, Elsewhere, ManagedTap, Masquerade, Nic, Passt, PluginTap

BINDINGS = (Masquerade(), Bridge(), ManagedTap(), PluginTap(), Passt(), Elsewhere())


@pytest.mark.parametrize("binding", BINDINGS, ids=lambda binding: type(binding).__name__)
def test_a_binding_is_read_as_what_it_was_written_as(binding) -> None:
    nic = Nic(name="default", pod_nic="eth0", binding=binding)
    assert msgspec.json.decode(msgspec.json.encode(nic), type=Nic) == nic
