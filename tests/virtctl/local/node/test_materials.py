"""What translation is given."""

from virtctl.local.node.materials import IMPLEMENTED_BINDINGS, TranslateFacts


def test_what_can_be_done() -> None:
    assert frozenset({"masquerade", "bridge", "passtBinding", "plugin"}) == IMPLEMENTED_BINDINGS
    assert TranslateFacts().bindings == IMPLEMENTED_BINDINGS
