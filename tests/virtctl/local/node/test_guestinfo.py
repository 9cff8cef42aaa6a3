from launcher.state import AgentState, OsInfo
from virtctl.local.node import guestinfo

USERS = [{"user": "root", "domain": "", "login-time": 12.5}]
FILESYSTEMS = [
    {
        "name": "vda1",
        "mountpoint": "/",
        "type": "ext4",
        "used-bytes": 1,
        "total-bytes": 2,
        "disk": [{"serial": "s", "bus-type": "virtio"}],
    }
]


def test_the_system_is_everything_together():
    agent = AgentState(
        connected=True, version="9", commands=("guest-ping",), hostname="h", timezone="UTC",
        os=OsInfo(name="tiny", pretty_name="tiny 1"), frozen=True,
    )  # fmt: skip
    made = guestinfo.system(agent, USERS, FILESYSTEMS)
    assert made["guestAgentVersion"] == "9"
    assert made["supportedCommands"] == [{"name": "guest-ping", "enabled": True}]
    assert made["os"]["prettyName"] == "tiny 1"
    assert made["userList"] == [{"userName": "root", "loginTime": 12.5}]
    assert made["fsInfo"]["disks"][0]["mountPoint"] == "/"
    assert made["fsFreezeStatus"] == "frozen"


def test_lists_have_the_kinds_of_kubevirt():
    assert guestinfo.users(USERS)["kind"] == "VirtualMachineInstanceGuestOSUserList"
    (entry,) = guestinfo.filesystems(FILESYSTEMS)["items"]
    assert entry == {
        "diskName": "vda1",
        "mountPoint": "/",
        "fileSystemType": "ext4",
        "usedBytes": 1,
        "totalBytes": 2,
        "disk": [{"serial": "s", "busType": "virtio"}],
    }
    assert guestinfo.filesystems(None)["items"] == []
