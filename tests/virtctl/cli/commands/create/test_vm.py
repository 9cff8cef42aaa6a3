import json
from pathlib import Path

import yaml

from tests.fakes.canned import KUBEVIRT, api_server, vm, vmi
from tests.fakes.env import fake_env, run_in, virtctl


def test_printed_and_nothing_sent() -> None:
    ran = virtctl(
        "create", "vm", "--volume-containerdisk", "src:tiny", "--ssh-key", "k1,k2", "-n", "prod"
    )
    made = yaml.safe_load(ran.out)
    assert ran.code == 0
    assert made["metadata"] == {"name": "vm-bcdfg", "namespace": "prod"}
    volumes = made["spec"]["template"]["spec"]["volumes"]
    assert volumes[0]["name"] == "vm-bcdfg-containerdisk-0"
    assert "  - k1\n  - k2" in volumes[1]["cloudInitNoCloud"]["userData"]


def test_keys_may_hold_quoted_commas() -> None:
    ran = virtctl("create", "vm", "--ssh-key", '"a, b"', "-o", "json")
    assert "  - a, b" in ran.out
    ran = virtctl("create", "vm", "--ssh-key", "one\ntwo,three", "-o", "json")
    assert "  - one\\n  - two\\n  - three" in ran.out


def test_a_password_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text(" two words \n")
    ran = run_in(fake_env(cwd=str(tmp_path)), "create", "vm", "--password-file", "pw")
    assert "password: two words" in ran.out
    assert "clear text" in ran.err
    (tmp_path / "pw").write_bytes(b"\xe9t\xe9")
    assert run_in(fake_env(cwd=str(tmp_path)), "create", "vm", "--password-file", "pw").code == 0
    assert "volumes" not in virtctl("create", "vm", "--password-file", "").out
    ran = virtctl("create", "vm", "--password-file", "/no/such")
    said = 'failed to parse "--password-file" flag: `/no/such` cannot be read'
    assert (ran.code, said in ran.err) == (2, True)
    assert virtctl("create", "vm", "--password-file", "/no/such", "--cloud-init=None").code == 0


def test_created_and_awaited() -> None:
    with api_server() as server:
        server.on("POST", f"{KUBEVIRT}/virtualmachines", vm())
        server.object(f"{KUBEVIRT}/virtualmachines/web", vm())
        server.object(f"{KUBEVIRT}/virtualmachineinstances/web", vmi())
        ran = virtctl("create", "vm", "--name=web", "--apply", "--wait", server=server.url)
        assert ran.out == "virtualmachine.kubevirt.io/web created\nVM web is ready\n"
        sent = server.writes[0][1]
        assert server.asked[0].query["fieldValidation"] == "Strict"
    assert isinstance(sent, dict)
    assert "status" not in sent


def test_networks_and_an_address() -> None:
    words = ["--network", "stor:sriov", "--lan", "--ip", "192.0.2.9/24", "--no-pod-network"]
    ran = virtctl("create", "vm", *words)
    spec = yaml.safe_load(ran.out)["spec"]["template"]["spec"]
    assert [one["name"] for one in spec["networks"]] == ["stor", "lan"]
    config = yaml.safe_load(spec["volumes"][0]["cloudInitNoCloud"]["networkData"])
    assert config["ethernets"]["lan"]["addresses"] == ["192.0.2.9/24"]
    ran = virtctl("create", "vm", "--lan=dmz")
    spec = yaml.safe_load(ran.out)["spec"]["template"]["spec"]
    assert spec["networks"][1] == {"name": "dmz", "multus": {"networkName": "dmz"}}
    assert spec["domain"]["devices"]["interfaces"][1] == {"name": "dmz", "bridge": {}}


def test_no_network_at_all() -> None:
    spec = yaml.safe_load(virtctl("create", "vm", "--no-pod-network").out)["spec"]["template"]
    assert spec["spec"]["domain"]["devices"] == {"autoattachPodInterface": False}
    ran = virtctl("create", "vm", "--no-pod-network", "--ip", "192.0.2.9/24")
    assert "there is no network that could have the address" in ran.err


def test_words_for_cloud_init_that_do_not_go_together() -> None:
    words = ["--lan", "--ip", "192.0.2.9/24"]
    ran = virtctl("create", "vm", *words, "--cloud-init-network-data", "e30=")
    assert "`--ip`, `--cloud-init-network-data` exclude each other" in ran.err
    ran = virtctl("create", "vm", *words, "--cloud-init", "configdrive")
    assert "needs cloud-init's nocloud, not configdrive" in ran.err


def test_an_image_is_booted_from() -> None:
    ran = virtctl("create", "vm", "--name", "web", "--image", "tiny")
    spec = yaml.safe_load(ran.out)["spec"]["template"]["spec"]
    assert spec["volumes"] == [{"name": "rootdisk", "containerDisk": {"image": "tiny"}}]
    assert spec["domain"]["devices"]["disks"] == [{"name": "rootdisk", "bootOrder": 1}]


def test_long_user_data_goes_into_a_secret() -> None:
    data = "#cloud-config\n#" + "x" * 2048
    ran = virtctl("create", "vm", "--name=web", "--user-data=-", stdin=data)
    secret, machine = yaml.safe_load_all(ran.out)
    assert secret["metadata"] == {"name": "web-cloud-init"}
    source = machine["spec"]["template"]["spec"]["volumes"][0]["cloudInitNoCloud"]
    assert source == {"secretRef": {"name": "web-cloud-init"}}
    ran = virtctl("create", "vm", "--name=web", "--user-data=-", "-o", "json", stdin=data)
    assert [one["kind"] for one in json.loads(ran.out)["items"]] == ["Secret", "VirtualMachine"]
    with api_server() as server:
        secrets = "/api/v1/namespaces/default/secrets"
        server.on("POST", f"{KUBEVIRT}/virtualmachines", vm())
        server.on("POST", secrets, {})
        server.on("PATCH", f"{secrets}/web-cloud-init", {})
        words = ["--name=web", "--user-data=-", "--apply"]
        ran = virtctl("create", "vm", *words, server=server.url, stdin=data)
        assert ran.out == "secret/web-cloud-init created\nvirtualmachine.kubevirt.io/web created\n"
        owner = {
            "apiVersion": "kubevirt.io/v1",
            "kind": "VirtualMachine",
            "name": "web",
            "uid": "vm-web",
        }
        assert server.writes[-1][1] == {"metadata": {"ownerReferences": [owner]}}


def test_user_data_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "u").write_text("#!/bin/sh\n")
    ran = run_in(fake_env(cwd=str(tmp_path)), "create", "vm", "--user-data", "u")
    assert "userDataBase64: IyEvYmluL3NoCg==" in ran.out
    assert "file `no` cannot be read" in virtctl("create", "vm", "--user-data", "no").err


def test_a_file_is_uploaded_before_anything_is_made(tmp_path: Path) -> None:
    with api_server() as server:
        file = str(tmp_path / "none.img")
        ran = virtctl("create", "vm", "--name=web", "--image", file, "--apply", server=server.url)
        assert (ran.code, "none.img` cannot be read" in ran.err) == (2, True)
        assert server.asked == []


def test_a_file_that_is_to_be_uploaded_is_told_of() -> None:
    ran = virtctl("create", "vm", "--name", "web", "--image", "./disk.qcow2")
    assert "virtctl image-upload dv web-rootdisk --image-path ./disk.qcow2" in ran.err
