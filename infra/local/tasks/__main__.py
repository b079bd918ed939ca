"""Cloud Tasks as a process: `python -m infra.local.tasks --port 8123 --store tasks.sqlite --clock clock.json`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.local.clock import FileClock
from infra.local.tasks.server import TasksServer


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT. Says `Cloud Tasks on 127.0.0.1:PORT` on standard output once it listens."""
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    asyncio.run(_serve(options))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.local.tasks", description="Cloud Tasks on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument(
        "--store", type=Path, help="SQLite file that keeps the tasks; without it they die with the process"
    )
    parser.add_argument("--clock", type=Path, help='JSON file {"offsetSeconds": 0}, read again when it changes')
    parser.add_argument("--auto-create-queues", action="store_true", help="a task for an unknown queue creates it")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    server = TasksServer(
        port=options.port,
        store=options.store,
        now=FileClock(options.clock).now,
        auto_create_queues=options.auto_create_queues,
    )
    async with server:
        serving = asyncio.create_task(server.serve())
        for wanted in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(wanted, serving.cancel)
        print(f"Cloud Tasks on {server.host}", flush=True)
        await asyncio.wait([serving])
        if not serving.cancelled():
            serving.result()


if __name__ == "__main__":
    sys.exit(main())
