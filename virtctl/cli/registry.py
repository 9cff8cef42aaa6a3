"""The one table of commands: dispatch, help, completion and the reference all read it.

A command is a module with a function ``run``; nothing is imported before it is asked for.
"""

from __future__ import annotations

from typing import NamedTuple

_COMMANDS = "virtctl.cli.commands"


class Command(NamedTuple):
    """One command: its words, its module under ``cli.commands``, one sentence, and its section."""

    name: str
    module: str
    summary: str
    section: str
    hidden: bool = False

    @property
    def path(self) -> tuple[str, ...]:
        """The words that call it."""
        return tuple(self.name.split())

    @property
    def target(self) -> str:
        """Full module name."""
        return f"{_COMMANDS}.{self.module}"


OBJECTS = "Objects"
MACHINES = "Virtual machines"
GUEST = "Into the guest"
IMAGES = "Images"
NETWORKS = "Networks"
LOCAL = "This machine as a cluster"
OTHER = "Other"

SECTIONS = (OBJECTS, MACHINES, GUEST, NETWORKS, IMAGES, LOCAL, OTHER)

COMMANDS: tuple[Command, ...] = (
    Command("apply", "apply", "Create or change objects from files.", OBJECTS),
    Command("get", "get", "Show objects.", OBJECTS),
    Command("delete", "delete", "Delete objects.", OBJECTS),
    Command("create vm", "create.vm", "Make a machine from flags.", OBJECTS),
    Command("create clone", "create.clone", "Make a clone of a machine.", OBJECTS),
    Command("create instancetype", "create.instancetype", "Make an instancetype.", OBJECTS),
    Command("create preference", "create.preference", "Make a preference.", OBJECTS),
    Command("template create", "template.create", "Make a template of a machine.", OBJECTS),
    Command("template list", "template.list_", "Show the templates there are.", OBJECTS),
    Command("template process", "template.process", "Make a machine of a template.", OBJECTS),
    Command("template convert", "template.convert", "Convert an OpenShift template.", OBJECTS),
    Command("expand", "expand", "Print a machine with its instancetype worked in.", OBJECTS),
    Command("objectgraph", "objectgraph", "Print what a machine depends on.", OBJECTS),
    Command("expose", "expose", "Make a Service that leads to a machine.", OBJECTS),
    Command("validate", "validate", "Check manifests without a cluster.", OBJECTS),
    Command("why", "why", "Say why a machine does not run, and what may help.", OBJECTS),
    Command("wait", "wait", "Wait until virtual machines reach a state.", OBJECTS),
    Command("start", "start", "Start virtual machines.", MACHINES),
    Command("stop", "stop", "Stop virtual machines.", MACHINES),
    Command("restart", "restart", "Restart virtual machines.", MACHINES),
    Command("pause", "pause", "Freeze a running machine.", MACHINES),
    Command("unpause", "unpause", "Let a frozen machine go on.", MACHINES),
    Command("soft-reboot", "soft_reboot", "Ask the guest to reboot itself.", MACHINES),
    Command("reset", "reset", "Press the reset button of a running machine.", MACHINES),
    Command("migrate", "migrate", "Move running machines to another node.", MACHINES),
    Command("migrate-cancel", "migrate_cancel", "Stop a migration under way.", MACHINES),
    Command("evacuate-cancel", "evacuate_cancel", "Keep a machine on its node.", MACHINES),
    Command("addvolume", "addvolume", "Plug a volume into a running machine.", MACHINES),
    Command("removevolume", "removevolume", "Take a volume out of a machine.", MACHINES),
    Command("vmexport", "vmexport", "Export disks or manifests of a machine.", MACHINES),
    Command("memory-dump", "memory_dump", "Dump a machine's memory into a claim.", MACHINES),
    Command("image-upload", "image_upload", "Upload a disk image into the cluster.", MACHINES),
    Command("guestfs", "guestfs", "Look into a claim with libguestfs.", MACHINES),
    Command("console", "console", "Connect to the serial console.", GUEST),
    Command("logs", "logs", "Print what the serial console showed.", GUEST),
    Command("exec", "exec", "Run a program in the guest by its agent.", GUEST),
    Command("ssh", "ssh", "Log in over SSH.", GUEST),
    Command("scp", "scp", "Copy files over SSH.", GUEST),
    Command("ssh-config", "ssh_config", "Print or write machines as hosts of ssh.", GUEST),
    Command("inventory", "inventory", "Print machines as an Ansible inventory.", GUEST),
    Command("port-forward", "port_forward", "Forward local ports to a machine.", GUEST),
    Command("vnc", "vnc", "Show the screen.", GUEST),
    Command("vnc screenshot", "vnc_screenshot", "Save a picture of the screen.", GUEST),
    Command("usbredir", "usbredir", "Give a machine a USB device.", GUEST),
    Command("get-ip", "get_ip", "Print addresses: where to reach it, and inside the guest.", GUEST),
    Command("guestosinfo", "guestosinfo", "Print what the guest agent says of its system.", GUEST),
    Command("fslist", "fslist", "List the guest's file systems.", GUEST),
    Command("userlist", "userlist", "List the users logged in to the guest.", GUEST),
    Command("credentials add-ssh-key", "credentials.add_ssh_key", "Let a user in by a key.", GUEST),
    Command("credentials remove-ssh-key", "credentials.remove_ssh_key", "Take a key away.", GUEST),
    Command("credentials set-password", "credentials.set_password", "Set a password.", GUEST),
    Command("net list", "net.list_", "Show networks beside the pod network.", NETWORKS),
    Command("net show", "net.show", "Show one network, and who is on it.", NETWORKS),
    Command("net create lan", "net.create.lan", "Make a network of the nodes' LAN.", NETWORKS),
    Command("net create vlan", "net.create.vlan", "Make a network of one VLAN.", NETWORKS),
    Command("net create isolated", "net.create.isolated", "Make one without uplink.", NETWORKS),
    Command("net create ovn", "net.create.ovn", "Make a network of OVN.", NETWORKS),
    Command("net attach", "net.attach", "Give a machine a NIC on a network.", NETWORKS),
    Command("net detach", "net.detach", "Take a NIC from a machine.", NETWORKS),
    Command("net capture", "net.capture", "Write what passes a hop as pcap.", NETWORKS),
    Command("net policy apply", "net.policy.apply", "Apply policies, wait for nodes.", NETWORKS),
    Command("net policy diff", "net.policy.diff", "Show what a policy would change.", NETWORKS),
    Command("net policy why", "net.policy.why", "Say why a policy failed.", NETWORKS),
    Command("net policy rollback", "net.policy.rollback", "Wish what was before.", NETWORKS),
    Command("net explain", "net.explain", "Show the way of a machine's frames.", NETWORKS),
    Command("net check", "net.check", "Name the first hop of a network that fails.", NETWORKS),
    Command("image list", "image.list", "List images of the local store.", IMAGES),
    Command("image import", "image.import_", "Bring an image into the local store.", IMAGES),
    Command("image build", "image.build", "Build an image out of distribution packages.", IMAGES),
    Command("image pack", "image.pack", "Make a containerDisk out of a disk.", IMAGES),
    Command("image prune", "image.prune", "Remove images that nothing uses.", IMAGES),
    Command("image rm", "image.rm", "Remove images from the local store.", IMAGES),
    Command("local up", "local.up", "Start the control plane on this machine.", LOCAL),
    Command("local down", "local.down", "Stop it, or remove it with all it made.", LOCAL),
    Command("local status", "local.status", "Show components, nodes and host changes.", LOCAL),
    Command("local logs", "local.logs", "Print logs of a component or a machine.", LOCAL),
    Command("local kubeconfig", "local.kubeconfig", "Print or merge the kubeconfig.", LOCAL),
    Command("local backup", "local.backup", "Save objects and credentials to a file.", LOCAL),
    Command("local restore", "local.restore", "Put a backup in place.", LOCAL),
    Command("local doctor", "local.doctor", "Find what would keep it from working.", LOCAL),
    Command("local render", "local.render", "Print what a manifest would be turned into.", LOCAL),
    Command("permitted-devices", "permitted_devices", "List devices machines may have.", OTHER),
    Command("adm log-verbosity", "adm.log_verbosity", "Show or set how much is logged.", OTHER),
    Command("version", "version", "Print the versions of client and server.", OTHER),
    Command("completion", "completion", "Print a completion script for a shell.", OTHER),
)  # fmt: skip

GROUPS: dict[str, str] = {
    "adm": "What an administrator of KubeVirt may do.",
    "credentials": "Keys and passwords of users inside the guest.",
    "create": "Make manifests from flags.",
    "image": "Images of the local store.",
    "net": "Networks of machines and of nodes.",
    "template": "Machines with parameters.",
    "local": "A KubeVirt that fits on this machine.",
}

_BY_PATH = {command.path: command for command in COMMANDS}


def find(path: tuple[str, ...]) -> Command | None:
    """The command called by exactly these words."""
    return _BY_PATH.get(path)


def children(path: tuple[str, ...]) -> list[Command]:
    """Commands one word below ``path``."""
    depth = len(path) + 1
    return [c for c in COMMANDS if len(c.path) == depth and c.path[: depth - 1] == path]


def is_group(path: tuple[str, ...]) -> bool:
    """Whether more words may follow ``path``."""
    return not path or any(
        len(c.path) > len(path) and c.path[: len(path)] == path for c in COMMANDS
    )
