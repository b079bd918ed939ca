"""`python -m infra.local.gateway --port 8080`"""

from __future__ import annotations

import argparse
from pathlib import Path

from infra.local.gateway.serving import serve
from infra.local.places import ROOT


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.local.gateway", description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--functions", type=Path, default=ROOT / "functions", help="the folder of main.py")
    parser.add_argument("--no-reload", dest="reload", action="store_false", help="serve without watching it")
    given = parser.parse_args()
    serve(given.port, given.functions, reload=given.reload)


if __name__ == "__main__":
    main()
