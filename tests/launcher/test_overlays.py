from launcher import overlays


def test_the_door_says_what_is_missing() -> None:
    assert set(overlays.missing()) <= {"openvswitch-switch", "ovn-central", "ovn-host"}
    assert set(overlays.__all__) <= set(dir(overlays))
