"""Starts the connector: ``python -m connectors.reference`` or ``python __main__.py``."""

import asyncio
import contextlib
import logging
import os
import sys
from pathlib import Path

if not __package__:  # started by its path: be the package that the folder is
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    __package__ = Path(__file__).resolve().parent.name
    __import__(__package__)

import uvicorn

from .audit import say
from .service import Service
from .settings import Settings, SettingsError
from .web import create_app

__all__ = ["main"]


async def serve(settings: Settings) -> None:
    """Take webhooks and work until the process is told to end."""
    service = Service(settings)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(service),
            host=settings.host,
            port=settings.port,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=3,
        )
    )
    work = asyncio.create_task(service.run())
    web = asyncio.create_task(server.serve())
    try:
        await asyncio.wait({work, web}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        server.should_exit = True
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
        await web


def main() -> int:
    """Read the settings and serve; returns the exit code."""
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    try:
        settings = Settings.read(os.environ)
    except SettingsError as error:
        say("cannot start", reason=str(error))
        return 64
    say("starting", settings=repr(settings))
    asyncio.run(serve(settings))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
