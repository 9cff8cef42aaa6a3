"""A node's host in memory: machines that boot at once and end when told."""

import asyncio
from pathlib import Path

from launcher.errors import HostError, LauncherGone
from launcher.facts import HostFacts
from launcher.hostnet import LinkMade, LinkRecord, PodNetwork
from launcher.layout import MachineLayout
from launcher.lifecycle import Command
from launcher.state import MachineState, NicState, Stage
from virtctl.errors import LocalError
from virtctl.local.node.materials import DiskImage

GIB = 1024**3


class FakeControl:
    """A launcher's control socket."""

    def __init__(self, machine: "FakeMachine") -> None:
        self.machine = machine

    async def request(self, command: Command, /, **arguments):
        self.machine.asked.append((command, arguments))
        if command is Command.SHUTDOWN and self.machine.obeys:
            self.machine.become(Stage.SHUTTING_DOWN)
            self.machine.become(Stage.SHUT_OFF, stop_reason="guest")
        elif command is Command.KILL:
            self.machine.become(Stage.SHUT_OFF, stop_reason="destroyed")
        answer = self.machine.answers.get(command)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def states(self):
        position = 0
        while True:
            if not self.machine.alive:
                raise LauncherGone("nothing answers")
            while position < len(self.machine.history):
                state = self.machine.history[position]
                position += 1
                yield state
                if state.stage.final:
                    return
            self.machine.news.clear()
            await self.machine.news.wait()


class FakeMachine:
    """One machine: its spec, its states so far, what was asked of it."""

    def __init__(self, spec, uid: str) -> None:
        self.spec = spec
        self.uid = uid
        self.alive = True
        self.obeys = True
        self.asked = []
        self.answers = {}  # by command: what is answered, or raised
        self.history = [MachineState(uid=uid, stage=Stage.PREPARING)]
        self.news = asyncio.Event()

    def become(self, stage: Stage, **facts) -> None:
        self.history.append(MachineState(uid=self.uid, stage=stage, **facts))
        self.news.set()

    def boot(self, address: str) -> None:
        nic = NicState(
            name="default", mac="02:b3:f0:00:00:01", pod_nic="eth0", addresses=(address,),
            sources=("domain",),
        )  # fmt: skip
        facts = {"accelerator": "qemu", "machine_type": "pc-q35-10.0", "nics": (nic,)}
        self.become(Stage.DEFINED, **facts)
        self.become(Stage.RUNNING, **facts)

    def kill(self) -> None:
        self.alive = False
        self.news.set()


class FakeHost:
    """``ports.Host`` in memory. ``images`` are those that resolve."""

    def __init__(self, images=("tiny",)) -> None:
        self.facts = HostFacts(cpus=4, memory=8 * GIB, kvm_reason="/dev/kvm is not there")
        self.addresses = ("10.244.0.2",)
        self.nameservers = ("10.244.1.1",)
        self.images = set(images)
        self.running: dict[str, FakeMachine] = {}
        self.networks: dict[str, PodNetwork] = {}
        self.disks: dict[Path, int] = {}
        self.removed: list[Path] = []
        self.refuse_start = ""
        self.refuse_links = ""
        self.made = None  # what plugins make, when not the usual
        self.node_bridges = ["br1"]
        self.links_made = {}  # records by link, by pod
        self.calls = []  # of the CNI's plugins
        self.answers = {}  # of machines that start
        self.limits = {}  # set anew, by machine

    def place(self, uid):
        return MachineLayout(root=Path("/nowhere") / uid, uid=uid, caps_cache=Path("/nowhere/c"))

    def machines(self):
        return tuple(sorted(self.running))

    def is_alive(self, uid):
        return uid in self.running and self.running[uid].alive

    def last_state(self, uid):
        return self.running[uid].history[-1] if uid in self.running else None

    async def start(self, spec, pod, *, machine="", beside=""):
        if self.refuse_start:
            raise HostError(self.refuse_start)
        name = machine or spec.uid
        made = self.running[name] = FakeMachine(spec, spec.uid)
        made.answers |= self.answers
        made.beside = beside
        if spec.incoming:
            made.become(Stage.WAITING)
        else:
            made.boot(self.networks[pod].ips[0])
        machine = made
        return FakeControl(machine)

    async def connect(self, uid):
        if not self.is_alive(uid):
            raise LauncherGone("nothing answers")
        return FakeControl(self.running[uid])

    async def destroy(self, uid, *, keep=False):
        if uid in self.running:
            self.running[uid].kill()
            if not keep:
                del self.running[uid]

    async def limit(self, uid, limits):
        self.limits[uid] = limits

    async def attach(self, pod, first=None):
        if first is not None:
            self.links_made.setdefault(pod, {})[first.ifname] = LinkRecord(
                ask=first, order=0, made=LinkMade()
            )
        if pod not in self.networks:
            number = len(self.networks) + 2
            self.networks[pod] = PodNetwork(
                netns=pod, ifname="eth0", mac="0a:58:0a:f4:01:02", mtu=1500,
                addresses=(f"10.244.1.{number}/24",), gateway="10.244.1.1",
            )  # fmt: skip
        return self.networks[pod]

    async def detach(self, pod):
        self.networks.pop(pod, None)
        self.links_made.pop(pod, None)

    def attached(self):
        return tuple(sorted(self.networks))

    async def bridges(self):
        return tuple(self.node_bridges)

    def links(self, pod):
        return tuple(self.links_made.get(pod, {}).values())

    async def note_link(self, ask):
        if ask.netns not in self.networks:
            raise HostError("the pod has no network any more")
        known = self.links_made.setdefault(ask.netns, {})
        known[ask.ifname] = LinkRecord(ask=ask, order=len(known) + 1)

    async def keep_link(self, ask, made):
        order = self.links_made[ask.netns][ask.ifname].order
        self.links_made[ask.netns][ask.ifname] = LinkRecord(ask=ask, order=order, made=made)

    async def forget_link(self, ask):
        self.links_made.get(ask.netns, {}).pop(ask.ifname, None)

    async def add_link(self, ask):
        if self.refuse_links:
            raise HostError(self.refuse_links)
        self.calls.append(f"ADD {ask.ifname}")
        if self.made is not None:
            return self.made
        return LinkMade(result={"ips": []}, mac=ask.arguments.get("MAC", ""), mtu=1500)

    async def check_link(self, ask):
        self.calls.append(f"CHECK {ask.ifname}")

    async def delete_link(self, ask):
        self.calls.append(f"DEL {ask.ifname}")

    async def resolve(self, wish):
        reference = wish.reference
        if reference not in self.images:
            raise LocalError(f"image `{reference}` is not in the store")
        return DiskImage(path=f"/images/{reference}", format="qcow2", virtual_size=GIB)

    async def make_disk(self, path, size):
        self.disks.setdefault(path, size)

    async def remove_tree(self, path):
        self.removed.append(path)

    def volumes(self):
        return tuple({path.parent for path in self.disks} - set(self.removed))
