# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``lastgood-simulator``, or ``python -m lastgood_simulator``: serve the simulator until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import signal
import threading

from lastgood_simulator import __version__
from lastgood_simulator.past import PROFILES
from lastgood_simulator.server import serve


def main(prog: str = "lastgood-simulator") -> None:
    """Parse the command line and serve. ``prog``: the name of the command in its help."""
    parser = argparse.ArgumentParser(prog=prog, description="A local AWS: moto, with deployments that take time.")
    parser.add_argument("--port", type=int, default=5123, help="0 picks a free one (default: 5123)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--speed", type=float, default=60.0, help="how much faster than AWS (default: 60)")
    parser.add_argument("--profile", default="", choices=list(PROFILES), help="how late answers are (default: never)")
    parser.add_argument("--version", action="version", version=f"lastgood-simulator {__version__}")
    parser.add_argument("--verbose", action="store_true", help="log every request")
    options = parser.parse_args()
    server, _world = serve(options.host, options.port, options.speed, options.verbose, options.profile)

    def stop(_signal: int, _frame: object) -> None:
        # shutdown() waits for the serving loop, which is in this very thread.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"simulator ready on http://{options.host}:{server.port}", flush=True)
    # Twenty looks a second at whether it is to stop.
    server.serve_forever(poll_interval=0.05)
    server.server_close()


if __name__ == "__main__":
    main()
