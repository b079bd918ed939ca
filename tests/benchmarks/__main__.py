"""`make bench`: measures everything that is promised in figures, side by side in one run."""

import argparse
import sys
import time

from rich.console import Console

from tests.benchmarks import codecs, cold_start, crowd, files, latency, memory, report, servers, throughput
from tests.benchmarks.figures import Section
from tests.benchmarks.servers import Stage

SECTIONS = {
    "latency": latency.measure,
    "throughput": throughput.measure,
    "cold-start": cold_start.measure,
    "memory": memory.measure,
    "files": files.measure,
    "crowd": crowd.measure,
    "codec": codecs.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds: an idea of the figures in a minute")
    parser.add_argument("--only", action="append", choices=SECTIONS, default=[], help="one section (again for more)")
    told = parser.parse_args()
    # A pipe has no width of its own, and 80 columns are too few for the tables.
    console = Console() if sys.stdout.isatty() else Console(width=150)
    started, machine, sections = time.perf_counter(), report.surroundings(), list[Section]()
    with servers.emulator() as host:
        stage = Stage(host, "demo-bench", told.quick)
        for name in told.only or SECTIONS:
            with console.status(f"measuring {name} …"):
                sections.append(SECTIONS[name](stage))
            report.show(console, sections[-1])
    minutes = (time.perf_counter() - started) / 60
    console.print(f"{minutes:.1f} minutes")
    if not told.quick and not told.only:
        report.write(sections, machine, minutes)


if __name__ == "__main__":
    main()
