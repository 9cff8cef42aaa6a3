"""``Session``: what a command is given: surroundings, global flags, and their cluster."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from threading import get_ident
from typing import TYPE_CHECKING, Self

from virtctl.cli.env import Env
from virtctl.cli.flags import GlobalFlags

if TYPE_CHECKING:
    from virtctl.client.auth import Credentials
    from virtctl.client.kubeconfig import Files, Target
    from virtctl.client.rest import Rest


class Session:
    """One command line's session; nothing is read or connected before it is used."""

    def __init__(self, env: Env, flags: GlobalFlags) -> None:
        self.env = env
        self.flags = flags
        self._rests: dict[int, Rest] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave_thread()

    def leave_thread(self) -> None:
        """Close the connection of the thread that calls."""
        rest = self._rests.pop(get_ident(), None)
        if rest is not None:
            rest.close()

    # -- what it says -----------------------------------------------------------------------------

    @property
    def verbosity(self) -> int:
        """``-v``."""
        return self.flags.verbosity

    def line(self, text: str) -> None:
        """Talk: one line on stderr, at once."""
        self.env.stderr.write(f"{text}\n")
        self.env.stderr.flush()

    def out(self, text: str) -> None:
        """Data: one line on stdout, at once."""
        self.env.stdout.write(f"{text}\n")
        self.env.stdout.flush()

    # -- the cluster ------------------------------------------------------------------------------

    @cached_property
    def files(self) -> Files:
        """How kubeconfig files are found."""
        from virtctl.client.kubeconfig import Files, read_file

        return Files(self.env.environ, self.env.path, read_file)

    @cached_property
    def target(self) -> Target:
        """Cluster, user and namespace. Raises ``ConfigError``."""
        from virtctl.cli.durations import seconds
        from virtctl.client.kubeconfig import Overrides, resolve

        flags = self.flags
        timeout = flags.text("request_timeout")
        overrides = Overrides(
            kubeconfig=flags.text("kubeconfig"),
            context=flags.text("context"),
            cluster=flags.text("cluster"),
            user=flags.text("user"),
            namespace=flags.text("namespace"),
            server=flags.text("server"),
            token=flags.text("token"),
            username=flags.text("username"),
            password=flags.text("password"),
            act_as=flags.text("act_as"),
            act_as_groups=tuple(flags.texts("act_as_group")),
            act_as_uid=flags.text("act_as_uid"),
            certificate_authority=flags.text("certificate_authority"),
            client_certificate=flags.text("client_certificate"),
            client_key=flags.text("client_key"),
            insecure=flags.switch("insecure"),
            tls_server_name=flags.text("tls_server_name"),
            proxy_url=flags.text("proxy_url"),
            timeout=seconds(timeout, "--request-timeout") if timeout else 0.0,
        )
        return resolve(self.files, overrides)

    @cached_property
    def credentials(self) -> Credentials:
        """Who we are, for all connections."""
        from virtctl.client.auth import Credentials

        return Credentials(
            self.target, self._run_plugin, self.env.environ, self.env.now, self.files.read
        )

    def identify(self) -> None:
        """Have credentials at hand, before threads ask for them all at once."""
        self.credentials.headers()

    @property
    def rest(self) -> Rest:
        """Requests to the cluster, by a connection for each thread."""
        found = self._rests.get(get_ident())
        if found is None:
            from virtctl.client.rest import Rest

            found = self._rests[get_ident()] = Rest(self.credentials, self, self.env.environ)
        return found

    @property
    def namespace(self) -> str:
        """The namespace to work in."""
        return self.target.namespace

    @property
    def given_namespace(self) -> str | None:
        """The namespace when it was given by flag."""
        return self.flags.text("namespace")

    def with_kubeconfig(self, path: str, *, request_timeout: str = "") -> Session:
        """The same surroundings with another cluster: ``path`` in place of all global flags."""
        verbosity = {"verbosity": self.verbosity} if self.verbosity else {}
        flags = {"kubeconfig": path, "request_timeout": request_timeout}
        return Session(self.env, GlobalFlags({**flags, **verbosity}))

    def _run_plugin(self, argv: Sequence[str], environ: Mapping[str, str]) -> tuple[int, bytes]:
        done = self.env.processes.capture(argv, environ)
        if done.stderr:
            self.env.stderr.write(done.stderr.decode(errors="replace"))
        return done.code, done.stdout

    # -- children ---------------------------------------------------------------------------------

    def child_argv(self, *words: str) -> list[str]:
        """Ourselves as a child, with every global flag that we were given and absolute paths."""
        absolute = {name: self.env.path(path) for name, path in self.flags.files().items()}
        return [*self.env.self_argv, *self.flags.argv(absolute), *words]

    def child_environ(self) -> dict[str, str]:
        """Our environment with ``KUBECONFIG`` made absolute: children may change directory."""
        environ = dict(self.env.environ)
        listed = environ.get("KUBECONFIG")
        if listed:
            parts = [self.env.path(part) for part in listed.split(os.pathsep) if part]
            environ["KUBECONFIG"] = os.pathsep.join(parts)
        return environ
