from tests.fakes.canned import KUBEVIRT, api_server, refused, vm
from tests.fakes.env import virtctl

SERVICES = "/api/v1/namespaces/default/services"


def test_exposed() -> None:
    with api_server() as server:
        server.object(f"{KUBEVIRT}/virtualmachines/web", vm())
        server.on("POST", SERVICES, {})
        words = ["VMs", "web", "--name", "front", "--port", "80"]
        ran = virtctl("expose", *words, server=server.url)
        assert ran.out == "Service front successfully created for vms web\n"
        sent = server.writes[0][1]
    assert isinstance(sent, dict)
    assert sent["spec"]["ports"] == [{"port": 80, "protocol": "TCP"}]


def test_a_wrong_word_is_refused_before_anything_is_asked() -> None:
    with api_server() as server:
        ran = virtctl("expose", "pod", "web", "--name=s", server=server.url)
        assert (ran.code, "unsupported resource type `pod`" in ran.err) == (2, True)
        words = ["vm", "web", "--name=s", "--protocol=x"]
        assert virtctl("expose", *words, server=server.url).code == 2
        assert virtctl("expose", "vm", "web", "--name=s", "--port=2147483648").code == 2
        assert server.asked == []


def test_refusals_say_what_was_tried() -> None:
    with api_server() as server:
        ran = virtctl("expose", "vm", "no", "--name=s", "--port=1", server=server.url)
        assert ran.err.startswith("error: cannot expose vm no: ")
        server.object(f"{KUBEVIRT}/virtualmachines/web", vm())
        server.on("POST", SERVICES, refused(409, "AlreadyExists", 'services "s" already exists'))
        ran = virtctl("expose", "vm", "web", "--name=s", "--port=1", server=server.url)
        assert 'services "s" already exists' in ran.err
