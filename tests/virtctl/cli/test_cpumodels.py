from virtctl.cli.cpumodels import NAMED


def test_names_and_numbered_versions() -> None:
    assert {"Haswell-noTSX", "EPYC", "EPYC-v4", "qemu64", "neoverse-n1"} <= NAMED
    assert "Hasswell" not in NAMED
