# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A web server on this machine that keeps what it is sent, in the place of Slack, Teams, PagerDuty and others."""

from __future__ import annotations

import http.server
import json
import threading
import typing as t


class Receiver:
    """Answers POST with the status that its path names (``/200/slack``), else 404. Use it in a `with` block."""

    def __init__(self) -> None:
        self.received: list[tuple[str, t.Any]] = []
        received = self.received

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                # As all of them demand.
                correct = self.headers["Content-Type"] == "application/json"
                status, _slash, name = self.path.strip("/").partition("/")
                received.append((name, json.loads(body)))
                self.send_response(int(status) if correct else 415)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_about: t.Any) -> None:
                """Nothing is printed."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def url(self, name: str, status: int = 200) -> str:
        """An address that is answered with this status."""
        return f"http://127.0.0.1:{self._server.server_port}/{status}/{name}"

    def of(self, name: str) -> list[t.Any]:
        """What was sent under this name."""
        return [body for other, body in self.received if other == name]

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *_problem: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
