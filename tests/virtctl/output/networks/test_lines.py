from tests.fakes import sighted
from virtctl.output.networks import facts, lines, path


def test_text() -> None:
    answer = sighted.sights()
    sighted.change(answer, "pod", "tap0", up=False)
    sighted.change(answer, "node", "enp2s0", carrier=False)
    known = facts.read(answer)
    found = path.paths(
        sighted.vmi(), {"default/lan": sighted.definition(vlan=33)}, known, "default"
    )
    shown = lines.told("web", "node1", found, ["the moon"])
    text = "\n".join(shown)
    assert shown[:3] == ["web on node1", "", "default: masquerade to the pod network"]
    assert "nic-add1: bridge to default/lan" in shown
    tap = next(line for line in shown if " tap0 " in line).split()
    assert tap[:5] == ["pod", "tap0", "tap", "DOWN", "1400"]
    assert "NO-CARRIER" in next(line for line in shown if " enp2s0 " in line)
    assert "br1: VLAN 33 by the definition" in text
    assert shown[-1] == "not seen: the moon"
