# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An AWS that answers one operation slightly differently from the simulator."""

from __future__ import annotations

import http.server
import json
import threading
import typing as t
import urllib.error
import urllib.request

Answer = dict[str, t.Any]


class Altered:
    """Passes every request on to the simulator at ``behind``, and ``alter`` changes the answers to ``operation``.

    ``url`` is where it answers for as long as its `with` block lasts, ``altered`` how many answers were changed.
    """

    def __init__(self, behind: str, operation: str, alter: t.Callable[[Answer], object]) -> None:
        self.altered = 0
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Or else the kernel waits 40 ms for the client between the headers and the rest of each answer.
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = urllib.request.Request(behind + self.path, body, dict(self.headers), method="POST")
                try:
                    response = opener.open(request, timeout=30)
                except urllib.error.HTTPError as error:
                    response = error
                with response:
                    content, kind = response.read(), response.headers.get("Content-Type", "")
                if response.status == 200 and self.headers.get("X-Amz-Target", "").endswith(f".{operation}"):
                    answer = json.loads(content)
                    alter(answer)
                    content = json.dumps(answer).encode()
                    outer.altered += 1
                # Without a Date of its own: AWS's is the clock that counts.
                self.send_response_only(response.status)
                self.send_header("Date", response.headers["Date"])
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: t.Any) -> None:
                """The simulator's own log has it all."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> t.Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
