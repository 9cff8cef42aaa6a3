"""A guest agent in memory: answers requests as qemu-ga would."""

import json
from dataclasses import dataclass, field


@dataclass
class FakeGuest:
    """Answers by command name; a command without an answer is refused."""

    answers: dict[str, object] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    requests: list[dict[str, object]] = field(default_factory=list)  # arguments of each
    frozen: bool = False

    @classmethod
    def ordinary(cls, mac: str = "02:b3:f0:00:00:01") -> "FakeGuest":
        """A guest with one NIC, a name and an operating system."""
        return cls(
            answers={
                "guest-info": {
                    "version": "10.0.13",
                    "supported_commands": [
                        {"name": "guest-ping", "enabled": True},
                        {"name": "guest-exec", "enabled": False},
                    ],
                },
                "guest-get-host-name": {"host-name": "fedora-0"},
                "guest-get-timezone": {"zone": "UTC", "offset": 0},
                "guest-get-osinfo": {"id": "tiny", "kernel-release": "6.12", "pretty-name": "T"},
                "guest-network-get-interfaces": [
                    {"name": "lo", "hardware-address": "00:00:00:00:00:00"},
                    {
                        "name": "eth0",
                        "hardware-address": mac,
                        "ip-addresses": [
                            {"ip-address": "10.0.2.2", "ip-address-type": "ipv4", "prefix": 24}
                        ],
                    },
                ],
                "guest-get-users": [{"user": "fedora", "login-time": 12.5}],
                "guest-get-fsinfo": [
                    {
                        "name": "vda1",
                        "mountpoint": "/",
                        "type": "ext4",
                        "used-bytes": 10,
                        "total-bytes": 100,
                        "disk": [{"serial": "abc", "bus-type": "virtio"}],
                    }
                ],
                "guest-set-time": {},
            }
        )

    def answer(self, request: str) -> str:
        """The text of the answer to one request."""
        asked = json.loads(request)
        name = asked["execute"]
        self.asked.append(name)
        self.requests.append(asked.get("arguments", {}))
        if name.startswith("guest-fsfreeze-"):
            return json.dumps({"return": self._freezing(name)})
        if name not in self.answers:
            refusal = {"class": "CommandNotFound", "desc": f"The command {name} has not been found"}
            return json.dumps({"error": refusal})
        return json.dumps({"return": self.answers[name]})

    def _freezing(self, name: str) -> object:
        if name == "guest-fsfreeze-status":
            return "frozen" if self.frozen else "thawed"
        self.frozen = name == "guest-fsfreeze-freeze"
        return 1
