"""Every file of ``templates/`` is loaded, admitted and turned into what a machine is made of."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.fakes.service import make_service
from virtctl import resources
from virtctl.local.api.admission import Admission
from virtctl.local.api.instancetypes import expansion
from virtctl.local.api.schema import ModelSchemas
from virtctl.local.api.service import Actor, ApiService, Hooks, WriteOptions
from virtctl.local.controllers.shipped import put_in_place
from virtctl.local.node.render import render_here
from virtctl.models.documents import Document
from virtctl.models.kinds import CONFIG_MAP, TEMPLATE, VIRTUAL_MACHINE, by_name
from virtctl.wire import templating, validations

ROOT = resources.templates()
FILES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.yaml"))
MACHINES = [path for path in FILES if path.parent.name == "machines"]
USER = Actor("jane", ("system:masters",))
GIVEN = {
    "NAME": "made", "IMAGE_URL": "https://images.example/disk.qcow2", "ISO": "iso",
    "SSH_KEY": "ssh-ed25519 AAAA jane@example",
}  # fmt: skip
SYSTEMS = {
    "fedora", "centos-stream9", "centos-stream10", "rhel8", "rhel9", "rhel10", "ubuntu", "debian",
    "opensuse-leap", "opensuse-tumbleweed", "alpine", "windows10", "windows11", "windows2k19",
    "windows2k22", "windows2k25", "tiny", "linux-from-url",
}  # fmt: skip


def documents(path: Path) -> list[Document]:
    return list(yaml.safe_load_all((ROOT / path).read_text()))


def options() -> WriteOptions:
    return WriteOptions(actor=USER, field_validation="Strict", warnings=[])


@pytest.fixture(scope="module")
def service() -> ApiService:
    admission = Admission()
    made = make_service(Hooks(ModelSchemas(), admission))
    admission.attach(lambda kind: made.list(kind).items, made.find)
    put_in_place(made)
    return made


def values(template: Document, **more: str) -> dict[str, str]:
    declared = {parameter["name"] for parameter in templating.parameters(template)}
    return {name: value for name, value in (GIVEN | more).items() if name in declared}


def filled(path: Path, **more: str) -> templating.Filled:
    (template,) = documents(path)
    return templating.process(template, values(template, **more), bytes)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_each_object_is_admitted(path: Path, service: ApiService) -> None:
    for document in documents(path):
        for each in document.get("items", [document]):
            kind = by_name(each["apiVersion"], each["kind"])
            assert kind is not None
            namespace = "other" if kind.namespaced else None
            if kind.namespaced or not service.exists(kind, None, each["metadata"]["name"]):
                service.create(kind, namespace, each, options())


def test_there_is_one_for_each_system() -> None:
    assert {path.stem for path in MACHINES} == SYSTEMS


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.stem)
def test_each_machine_is_made_and_rendered(path: Path, service: ApiService) -> None:
    made = filled(path)
    assert made.warnings == ()
    assert "made" in made.message
    asked = options()
    vm = service.create(VIRTUAL_MACHINE, "default", made.vm, asked)
    service.delete(VIRTUAL_MACHINE, "default", "made")
    assert asked.warnings == []
    expanded = expansion.expand(vm, service.find, "bridge")
    domain = ET.fromstring(render_here(expanded, "domain"))
    assert domain.findtext("name") == "default_made"
    assert "kind: Pod" in render_here(expanded, "pod")
    nics = expanded["spec"]["template"]["spec"]["domain"]["devices"]["interfaces"]
    assert [nic.get("masquerade") for nic in nics] == [{}]


LINUX = [path for path in MACHINES if not path.stem.startswith("windows")]


def seed(path: Path, **more: str) -> str:
    volumes = filled(path, **more).vm["spec"]["template"]["spec"]["volumes"]
    found = next(one for one in volumes if one["name"] == "cloudinitdisk")
    return found["cloudInitNoCloud"]["userData"]


@pytest.mark.parametrize("path", LINUX, ids=lambda path: path.stem)
def test_each_seed_is_a_cloud_config(path: Path) -> None:
    assert seed(path).startswith("#cloud-config\n")
    read = yaml.safe_load(seed(path))
    assert (read["hostname"], read["ssh_authorized_keys"]) == ("made", [GIVEN["SSH_KEY"]])
    assert re.fullmatch("[a-zA-Z0-9]{14}", read["password"])
    assert yaml.safe_load(seed(path, SSH_KEY=""))["ssh_authorized_keys"] == []


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.stem)
def test_each_machine_carries_rules_that_hold(path: Path) -> None:
    vm = filled(path).vm
    rules = validations.rules_of(vm)
    assert rules
    assert list(validations.findings(rules, vm)) == []
    vm["spec"]["template"]["spec"]["domain"]["memory"] = {"guest": "1Mi"}
    assert [one.field for one in validations.findings(rules, vm)] == [".spec.domain.memory.guest"]


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.stem)
def test_images_are_parameters_or_names_of_the_local_store(path: Path) -> None:
    (template,) = documents(path)
    for parameter in templating.parameters(template):
        assert not re.search(r"[/:]", str(parameter.get("value", "")))
    assert not re.search(r"image: (?!\$\{)", (ROOT / path).read_text())


def test_what_is_shipped_is_served_by_name(service: ApiService) -> None:
    served = {one["metadata"]["name"] for one in service.list(TEMPLATE, "default").items}
    assert served == SYSTEMS


STARTERS = [path for path in FILES if path.parent.name == "starters"]


@pytest.mark.parametrize("path", STARTERS, ids=lambda path: path.stem)
def test_each_starter_can_be_read_by_its_guest(path: Path) -> None:
    (starter,) = documents(path)
    if starter["kind"] == CONFIG_MAP.name:
        for answers in starter["data"].values():
            ET.fromstring(answers.encode())
        return
    userdata = starter["stringData"]["userdata"]
    assert userdata.startswith(("#cloud-config\n", "#!/bin/sh\n"))
    if userdata.startswith("#cloud-config"):
        assert isinstance(yaml.safe_load(userdata), dict)
    network = yaml.safe_load(starter["stringData"].get("networkdata", "version: 2"))
    assert network["version"] == 2


NETWORKS = [path for path in FILES if path.parent.name == "networks"]


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_each_network_says_what_it_is(path: Path) -> None:
    (network,) = documents(path)
    if network["kind"] == "NodeNetworkConfigurationPolicy":
        assert network["spec"]["desiredState"]["interfaces"]
    else:
        config = json.loads(network["spec"]["config"])
        assert config["cniVersion"]
        assert config["type"] in {"bridge", "cnv-bridge", "ovn-k8s-cni-overlay"}


def test_the_reference_names_every_template() -> None:
    page = (ROOT.parent / "docs/reference/templates.md").read_text()
    named = set(re.findall(r"`([a-z0-9-]+)`", page))
    assert named >= SYSTEMS
    folders = "networks|starters|machines|vm|instancetypes|preferences"
    assert set(re.findall(f"`({folders})/`", page)) == {path.parent.name for path in FILES}
    parameters = {
        parameter["name"]
        for path in MACHINES
        for parameter in templating.parameters(documents(path)[0])
    }
    assert parameters <= set(re.findall(r"`([A-Z_]+)`", page))
