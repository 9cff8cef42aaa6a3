import pytest

from virtctl.errors import UsageError
from virtctl.manifests.access import CloudInit, credential, user_data, volume


def test_user_data_holds_what_was_given() -> None:
    everything = CloudInit(user="me", password="pw", ssh_keys=["k1", "k2"], manage_ssh=True)
    assert user_data(everything) == (
        "#cloud-config\nuser: me\npassword: pw\nchpasswd: { expire: False }\n"
        "ssh_authorized_keys:\n  - k1\n  - k2\n"
        "runcmd:\n  - [ setsebool, -P, 'virt_qemu_ga_manage_ssh', 'on' ]"
    )
    assert user_data(CloudInit(password="")) == "#cloud-config"


@pytest.mark.parametrize(
    ("cloud_init", "source"),
    [
        (CloudInit(user="me"), {"cloudInitNoCloud": {"userData": "#cloud-config\nuser: me"}}),
        (CloudInit(kind="ConfigDrive"), {"cloudInitConfigDrive": {"userData": "#cloud-config"}}),
        (CloudInit(user_data="QQ=="), {"cloudInitNoCloud": {"userDataBase64": "QQ=="}}),
        (
            CloudInit(network_data="QQ=="),
            {"cloudInitNoCloud": {"userData": "#cloud-config", "networkDataBase64": "QQ=="}},
        ),
    ],
)
def test_volumes(cloud_init: CloudInit, source: dict[str, object]) -> None:
    assert volume(cloud_init, []) == {"name": "cloudinitdisk", **source}


@pytest.mark.parametrize(
    "cloud_init", [CloudInit(), CloudInit(ssh_keys=[]), CloudInit(kind="none")]
)
def test_no_volume(cloud_init: CloudInit) -> None:
    assert volume(cloud_init, []) is None


def test_warnings_and_refusals() -> None:
    warnings: list[str] = []
    volume(CloudInit(password="pw"), warnings)
    volume(CloudInit(kind="none", user="me"), warnings)
    assert [w for w in warnings if "clear text" in w or "no effect" in w] == warnings
    assert len(warnings) == 2
    with pytest.raises(UsageError, match="ignition"):
        volume(CloudInit(kind="ignition"), [])


def test_ssh_by_the_agent_lets_it_manage_keys() -> None:
    cloud_init = CloudInit()
    assert credential("src:keys,user:me", cloud_init) == {
        "sshPublicKey": {
            "source": {"secret": {"secretName": "keys"}},
            "propagationMethod": {"qemuGuestAgent": {"users": ["me"]}},
        }
    }
    assert cloud_init.manage_ssh is True
    off = CloudInit(manage_ssh=False, user="root")
    credential("src:keys", off)
    assert off.manage_ssh is False


def test_ssh_by_cloud_init_chooses_its_kind() -> None:
    cloud_init = CloudInit()
    made = credential("src:keys,method:ConfigDrive", cloud_init)
    assert made["sshPublicKey"]["propagationMethod"] == {"configDrive": {}}  # type: ignore[index,call-overload]
    assert cloud_init.kind == "configdrive"


def test_passwords_go_by_the_agent_alone() -> None:
    assert "userPassword" in credential("type:password,src:pw", CloudInit())


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("type:key,src:a", 'invalid access credential type "key"'),
        ("user:me", "src must be specified"),
        ("src:ns/a,user:me", "namespace of secret"),
        ("src:a", "user must be specified"),
        ("src:a,method:vsock", "vsock"),
        ("src:a,method:nocloud,user:me", "user cannot be specified"),
        ("type:password,src:a,user:me", "user cannot be specified"),
        ("type:password,src:a,method:nocloud", "nocloud"),
    ],
)
def test_refusals(value: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        credential(value, CloudInit())
    assert said in str(caught.value)


def test_kinds_must_match() -> None:
    with pytest.raises(UsageError, match="have to match: nocloud vs configdrive"):
        credential("src:a,method:nocloud", CloudInit(kind="configdrive"))


def test_empty_flags_say_nothing() -> None:
    assert volume(CloudInit(user_data="", network_data=""), []) is None
    made = volume(CloudInit(kind="nocloud", user_data="", network_data=""), [])
    assert made == {"name": "cloudinitdisk", "cloudInitNoCloud": {"userData": "#cloud-config"}}
    with pytest.raises(UsageError, match="invalid data source"):
        volume(CloudInit(kind=""), [])
