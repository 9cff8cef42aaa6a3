from virtctl.cli.flags import GLOBAL_FLAGS, GlobalFlags


def test_all_given_flags_reach_a_child_with_absolute_paths() -> None:
    flags = GlobalFlags(
        {
            "kubeconfig": "k.yaml", "context": "two", "namespace": "prod", "insecure": True,
            "act_as_group": ["a", "b"], "verbosity": 8, "token": "t", "server": "",
            "disable_compression": False,
        }
    )  # fmt: skip
    assert flags.argv({"kubeconfig": "/here/k.yaml"}) == [
        "--kubeconfig=/here/k.yaml", "--context=two", "--namespace=prod", "--server=",
        "--token=t", "--as-group=a", "--as-group=b", "--insecure-skip-tls-verify=true", "--v=8",
    ]  # fmt: skip


def test_an_empty_flag_counts_as_absent() -> None:
    flags = GlobalFlags({"namespace": "", "client_key": "/k"})
    assert flags.text("namespace") is None
    assert flags.files() == {"client_key": "/k"}
    assert flags.verbosity == 0
    assert flags.texts("act_as_group") == []
    assert not flags.switch("insecure")


def test_names_are_unique() -> None:
    names = [name for flag in GLOBAL_FLAGS for name in flag.option.names]
    assert len(names) == len(set(names))
