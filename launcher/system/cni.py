"""Run CNI plugins: the runtime's side of the CNI specification 1.0.0, sections 2 to 5.

Plugins are the distribution's own. They run in a node's network namespace, so that the node's end
of each pod's veth lands there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from launcher.errors import HostError
from launcher.system import files, namespaces, process

DIRECTORIES = (Path("/opt/cni/bin"), Path("/usr/lib/cni"), Path("/usr/libexec/cni"))
PACKAGE = "containernetworking-plugins"

Object = dict[str, object]


class PluginError(HostError):
    """A plugin refused; ``code`` is of the specification, 999 when the plugin gave none."""

    def __init__(self, plugin: str, command: str, code: int, said: str) -> None:
        self.plugin, self.command, self.code, self.said = plugin, command, code, said
        super().__init__(f"CNI plugin `{plugin}` failed at {command}: {said} (code {code})")


class _Failure(msgspec.Struct):
    """The error object that a plugin prints."""

    msg: str
    code: int = 999
    details: str = ""


class Pod(msgspec.Struct, frozen=True, kw_only=True):
    """What a network is attached to: a pod's named network namespace, and the link to make in it.

    ``ports`` are the mappings of the ``portMappings`` capability, ``capabilities`` what is asked of
    others, by their names. ``arguments`` are those of ``CNI_ARGS``. ``container`` is the id that
    plugins are given, the namespace's name by default.
    """

    netns: str
    ifname: str = "eth0"
    ports: tuple[Object, ...] = ()
    container: str = ""
    arguments: dict[str, str] = {}
    capabilities: Object = {}


class Network:
    """A network of a node: its configuration list, where to run plugins, and the cached results.

    ``netns`` is the node's named network namespace, empty for this thread's.
    """

    def __init__(
        self,
        conflist: Object,
        *,
        netns: str,
        cache: Path,
        directories: Sequence[Path] = DIRECTORIES,
    ) -> None:
        self.name = str(conflist["name"])
        self._version = str(conflist.get("cniVersion", ""))
        self._unchecked = bool(conflist.get("disableCheck")) or not _is_modern(self._version)
        self._plugins = msgspec.convert(conflist["plugins"], list[Object])
        self._netns, self._cache, self._directories = netns, cache, tuple(directories)

    def add(self, pod: Pod) -> Object:
        """Attach a pod and return the last plugin's result.

        When a plugin fails, what the chain has made is removed and ``PluginError`` raised.
        """
        result: Object | None = None
        try:
            for plugin in self._plugins:
                result = self._run("ADD", plugin, pod, result)
        except HostError:
            # A failed ADD may leave things behind; the specification wants a DEL after it.
            self.delete(pod, check=False)
            raise
        entry = {
            "kind": "cniCacheV1",
            "containerId": pod.netns,
            "ifName": pod.ifname,
            "networkName": self.name,
            "result": result,
        }
        files.write(self._cache_file(pod), msgspec.json.encode(entry))
        return result or {}

    def check(self, pod: Pod) -> None:
        """Ask the plugins whether the pod is still attached; raises ``PluginError`` if not.

        Networks of versions before 0.4.0, and those with ``disableCheck``, are not asked.
        """
        result = self.cached(pod)
        if result is None:
            raise HostError(f"the pod `{pod.netns}` is not attached to the network `{self.name}`")
        for plugin in () if self._unchecked else self._plugins:
            self._run("CHECK", plugin, pod, result)

    def delete(self, pod: Pod, *, check: bool = True) -> None:
        """Detach a pod; one that is not attached is fine.

        With ``check`` the first plugin that fails raises ``PluginError``; all are run either way.
        """
        result = self.cached(pod)
        failure: HostError | None = None
        for plugin in reversed(self._plugins):
            try:
                self._run("DEL", plugin, pod, result)
            except HostError as error:
                failure = failure or error
        if failure and check:
            raise failure
        files.remove(self._cache_file(pod))

    def cached(self, pod: Pod) -> Object | None:
        """The result of the last ADD of a pod, None when there was none."""
        try:
            entry = msgspec.json.decode(self._cache_file(pod).read_bytes(), type=Object)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        return msgspec.convert(entry.get("result"), Object | None)

    def _cache_file(self, pod: Pod) -> Path:
        return self._cache / f"{self.name}-{pod.netns}-{pod.ifname}"

    def _run(self, command: str, plugin: Object, pod: Pod, previous: Object | None) -> Object:
        kind = str(plugin["type"])
        environment = {
            "CNI_COMMAND": command,
            "CNI_CONTAINERID": pod.container or pod.netns,
            "CNI_NETNS": str(namespaces.path_of(pod.netns)),
            "CNI_IFNAME": pod.ifname,
            "CNI_PATH": ":".join(str(directory) for directory in self._directories),
        }
        if pod.arguments:
            pairs = (f"{key}={value}" for key, value in pod.arguments.items())
            environment["CNI_ARGS"] = ";".join(pairs)
        if command == "DEL":
            if not namespaces.exists(pod.netns):
                environment["CNI_NETNS"] = ""  # the pod is gone; the node's side is still there
            if not _is_modern(self._version):
                previous = None
        done = process.run(
            [find(kind, self._directories)],
            input=msgspec.json.encode(self._configuration(plugin, pod, previous)),
            env=environment,
            netns=self._netns or None,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise _failure(kind, command, done)
        return msgspec.json.decode(done.stdout, type=Object) if done.stdout.strip() else {}

    def _configuration(self, plugin: Object, pod: Pod, previous: Object | None) -> Object:
        configuration = {**plugin, "name": self.name}
        if self._version:
            configuration["cniVersion"] = self._version
        able = msgspec.convert(configuration.pop("capabilities", None) or {}, Object)
        asked: Object = {"portMappings": pod.ports} if pod.ports else {}
        asked |= pod.capabilities
        if given := {name: value for name, value in asked.items() if able.get(name)}:
            configuration["runtimeConfig"] = given
        if previous is not None:
            configuration["prevResult"] = previous
        return configuration


def _is_modern(version: str) -> bool:
    """Whether a version has CHECK, and the previous result at DEL: 0.4.0 and later."""
    numbers = [int(word) for word in version.split(".") if word.isdecimal()]
    return numbers >= [0, 4]


def find(plugin: str, directories: Sequence[Path] = DIRECTORIES) -> Path:
    """The program of a plugin; raises ``HostError`` naming the Debian package."""
    for directory in directories:
        if (directory / plugin).is_file():
            return directory / plugin
    places = ", ".join(str(directory) for directory in directories)
    raise HostError(
        f"the CNI plugin `{plugin}` is in none of {places}", f"install the package `{PACKAGE}`"
    )


def _failure(plugin: str, command: str, done: process.Completed) -> PluginError:
    try:
        failure = msgspec.json.decode(done.stdout, type=_Failure)
    except msgspec.DecodeError:
        said = (done.stdout + done.stderr).strip() or f"exit code {done.returncode}"
        return PluginError(plugin, command, 999, said)
    said = "; ".join(part for part in (failure.msg, failure.details, done.stderr.strip()) if part)
    return PluginError(plugin, command, failure.code, said)
