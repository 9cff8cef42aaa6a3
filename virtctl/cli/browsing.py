"""``vnc --browser``: the screen in a web browser, without a viewer."""

from __future__ import annotations

import asyncio
import html
import secrets
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from virtctl.cli.env import Env
from virtctl.cli.session import Session
from virtctl.client.pages import File, Page
from virtctl.errors import StreamError, VirtctlError
from virtctl.streams.duplex import Duplex
from virtctl.streams.forward import cannot_listen
from virtctl.streams.pump import pump

WEB = Path(__file__).parent / "web"
_KINDS = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css"}

Dial = Callable[[], Awaitable[Duplex]]


def files(name: str) -> dict[str, File]:
    """The page for machine ``name``, by file name; the empty name is the page itself."""
    found = {}
    for path in WEB.iterdir():
        text = path.read_text(encoding="utf-8").replace("@NAME@", html.escape(name))
        found[path.name] = File(_KINDS[path.suffix], text.encode())
    found[""] = found["screen.html"]
    return found


def opener(env: Env) -> str | None:
    """The program that shows a URL on this desktop; None when there is no desktop."""
    if sys.platform == "darwin":
        return env.processes.which("open")
    if sys.platform == "win32":
        return env.processes.which("explorer")
    if not (env.environ.get("DISPLAY") or env.environ.get("WAYLAND_DISPLAY")):
        return None
    return env.environ.get("BROWSER") or env.processes.which("xdg-open")


async def browse(session: Session, name: str, dial: Dial, port: int) -> None:
    """Serve the screen until cancelled, and open a browser on it where there is one.

    Each connection of the page has a stream of its own, so that reloading it works. Raises
    ``VirtctlError`` when the machine's screen cannot be had, or the port.
    """
    waiting = [await dial()]  # whatever is wrong is said now, and not in the browser

    async def talk(local: Duplex) -> None:
        try:
            await pump(local, waiting.pop() if waiting else await dial())
        except StreamError as error:
            session.line(f"the screen's stream ended: {error}")
        except VirtctlError as error:
            session.line(f"error: {error}")
            await local.close()

    page = Page(secrets.token_urlsafe(24), files(name), talk)
    try:
        server, url = await page.open(port)
    except OSError as error:
        raise cannot_listen("tcp", "127.0.0.1", port, error) from error
    try:
        session.line(f"the screen of {name}, until Ctrl+C:")
        session.out(url)
        program = opener(session.env)
        if program:
            session.env.processes.background([program, url], session.env.environ)
        await asyncio.Event().wait()
    finally:
        server.close()
        await server.wait_closed()
        for one in waiting:
            await one.close()
