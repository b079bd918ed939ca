"""`python -m infra.local.events --port 8124 --to http://127.0.0.1:8080/__local/events`"""

from __future__ import annotations

import argparse
import asyncio
import signal

from infra.local.events.delivery import Delivery
from infra.local.events.pubsub import Publisher


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.local.events", description="Eventarc on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--to", required=True, help="where events are posted")
    given = parser.parse_args()
    asyncio.run(_serve(given.port, given.to))


async def _serve(port: int, to: str) -> None:
    ended = asyncio.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(wanted, ended.set)
    async with Delivery(to) as delivery:
        publisher = Publisher(delivery.receive, port)
        publisher.start()
        print(f"Events on {publisher.host}", flush=True)
        await ended.wait()
        await asyncio.to_thread(publisher.stop)


if __name__ == "__main__":
    main()
