from virtctl.output.networks.findings import BAD, GOOD, UNKNOWN, Finding, first_bad, lines

WELL = Finding("", "pod", "arp", GOOD, "answers", "nothing")
WRONG = Finding("lan", "node br1", "mtu", BAD, "too small", "make it larger")


def test_the_verdict_comes_last() -> None:
    doubt = WELL._replace(state=UNKNOWN)
    assert list(lines("web", [WELL, doubt, WRONG])) == [
        "ok   pod: arp: answers",
        "?    pod: arp: answers",
        "     hint: nothing",
        "FAIL lan: node br1: mtu: too small",
        "     hint: make it larger",
        "web: the first that fails is node br1 of lan: too small",
    ]
    assert list(lines("web", [WELL]))[-1] == "web: nothing fails"
    assert first_bad([WELL]) is None


def test_as_data() -> None:
    assert WRONG.document() == {
        "nic": "lan", "hop": "node br1", "check": "mtu", "state": "fails",
        "message": "too small", "remedy": "make it larger",
    }  # fmt: skip
