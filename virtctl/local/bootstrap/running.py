"""The life of the daemon's event loop, from the store to the end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Iterator
from functools import partial

from virtctl.errors import WaitTimeout
from virtctl.local import pki
from virtctl.local.api.discovery import ServerInfo
from virtctl.local.api.openapi import ModelOpenApi
from virtctl.local.api.service import ApiService
from virtctl.local.bootstrap.front import Front, Secrets, build
from virtctl.local.bootstrap.supervising import Job, supervised
from virtctl.local.config import LocalConfig
from virtctl.local.controllers import clusterservice
from virtctl.local.controllers.shipped import put_in_place
from virtctl.local.http.app import create_app
from virtctl.local.http.audit import Audit, sink_of
from virtctl.local.http.health import ComponentHealth
from virtctl.local.http.serving import Serving, Tls, serve
from virtctl.local.layout import InstanceLayout
from virtctl.local.networks.servernames import server_names
from virtctl.local.node import doors
from virtctl.local.node.attach import LocalMachines, LocalPods
from virtctl.local.node.foundation import Foundation
from virtctl.local.node.gathering import claim_disk
from virtctl.local.node.orphans import adopt_orphans
from virtctl.local.node.resolver import MachineNames
from virtctl.local.store.revisions import Store
from virtctl.local.store.sqlite import SqliteLog
from virtctl.models.documents import name_of, objects, text
from virtctl.models.kinds import NODE

log = logging.getLogger("daemon")

READY_SECONDS = 120.0
RENEW_SECONDS = 3600.0
_PAST_REVISIONS = 10


def run(
    layout: InstanceLayout, config: LocalConfig, foundation: Foundation, ready: Callable[[], None]
) -> None:
    """Run the instance until SIGTERM or SIGINT. Raises when it cannot be started.

    Guests go on when this ends, however it ends.
    """
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_main(layout, config, foundation, ready))


async def _main(
    layout: InstanceLayout, config: LocalConfig, foundation: Foundation, ready: Callable[[], None]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    adopt_orphans()
    keys = await asyncio.to_thread(_credentials, layout, config)
    with open_store(layout) as store:
        secrets = Secrets(keys.token.read_text(), keys.ca.read_text())
        front = build(layout, config, foundation, store, secrets)
        front.service.group()
        serving = await _listen(front, keys)
        tasks: list[asyncio.Task[None]] = []
        try:
            jobs = await _workers(front)
            put_in_place(front.service)
            renewing = Job("certificates", partial(keep_renewed, layout, config, serving))
            tasks += [
                asyncio.create_task(supervised(job, front.health), name=job.name)
                for job in (*jobs, renewing)
            ]
            await nodes_ready(front.service, config)
            log.info("ready at https://%s", config.listen)
            ready()
            await stop.wait()
            log.info("ending; guests go on")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await serving.stop()


async def _workers(front: Front) -> tuple[Job, ...]:
    """What works on objects: loaded while requests are answered already."""

    def load() -> Callable[[Front], tuple[Job, ...]]:
        from virtctl.local.bootstrap.jobs import build_jobs

        return build_jobs

    loaded = await asyncio.to_thread(load)
    return loaded(front)


@contextlib.contextmanager
def open_store(layout: InstanceLayout) -> Iterator[Store]:
    """The instance's store. Raises ``LocalError`` when its file cannot be used."""
    # It holds Secrets; SQLite gives the files beside it the same mode.
    layout.database.touch(mode=0o600)
    layout.database.chmod(0o600)
    store = Store(SqliteLog(layout.database, past=_PAST_REVISIONS))
    try:
        yield store
    finally:
        store.close()


def _credentials(layout: InstanceLayout, config: LocalConfig) -> pki.Pki:
    keys = pki.ensure(layout.pki, server_names(config))
    _tell_credentials(layout, config)
    return keys


def _tell_credentials(layout: InstanceLayout, config: LocalConfig) -> None:
    document = pki.kubeconfig(pki.Pki(layout.pki), f"https://{config.listen}")
    pki.write_kubeconfig(layout.kubeconfig, document)


async def keep_renewed(
    layout: InstanceLayout, config: LocalConfig, serving: Serving, seconds: float = RENEW_SECONDS
) -> None:
    """Look every ``seconds`` whether certificates are due, and renew them under all that runs."""
    while True:
        made = await asyncio.to_thread(pki.renew, layout.pki, server_names(config))
        if made:
            _tell_credentials(layout, config)
            serving.renew()
            log.info("certificates renewed: %s", ", ".join(made))
        await asyncio.sleep(seconds)


async def _listen(front: Front, keys: pki.Pki) -> Serving:
    layout, config, service = front.layout, front.config, front.service
    network = front.foundation.network
    health = ComponentHealth(service, keys.server, keys.server_key)
    app = create_app(
        service,
        LocalMachines(layout, MachineNames(service, config.cluster_domain).addresses),
        LocalPods(layout, health.open, network, partial(claim_disk, service)),
        front.identity,
        ServerInfo(),
        ModelOpenApi(service.registry),
    )
    if config.audit_log:
        app = Audit(app, sink_of(config.audit_log))
    host, _, port = config.listen.rpartition(":")
    tls = Tls(host.strip("[]"), int(port), keys.server, keys.server_key, keys.ca)
    opened = await asyncio.to_thread(doors.open_doors, network, clusterservice.PORT)
    return await serve(app, tls=tls, uds=layout.socket, doors=opened)


async def nodes_ready(
    service: ApiService, config: LocalConfig, seconds: float = READY_SECONDS
) -> None:
    """Wait until every node's condition Ready is True. Raises ``WaitTimeout``."""
    waiting = set(config.node_names)
    try:
        async with asyncio.timeout(seconds):
            while waiting:
                for node in service.list(NODE).items:
                    ready = any(
                        text(each, "type") == "Ready" and text(each, "status") == "True"
                        for each in objects(node, "status", "conditions")
                    )
                    if ready:
                        waiting.discard(name_of(node))
                await asyncio.sleep(0.01)
    except TimeoutError:
        reached = f"waiting for {', '.join(sorted(waiting))}"
        raise WaitTimeout("Ready nodes", seconds, reached, "virtctl local logs") from None
