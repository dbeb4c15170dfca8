# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator over HTTP: moto's WSGI application with the world around it."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import select
import socket
from collections.abc import Callable, Iterable
from email.utils import formatdate
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from lastgood_simulator import sqs
from lastgood_simulator.clock import Clock
from lastgood_simulator.control import PATH
from lastgood_simulator.errors import Dropped, Hanging, Reply
from lastgood_simulator.in_process import unknown_operation
from lastgood_simulator.requests import read_request
from lastgood_simulator.world import CONTROL, World

# Seconds after which even a client without a timeout is let go.
LONGEST_HANG = 600.0

StartResponse = Callable[..., Any]
Environ = dict[str, Any]


class Application:
    """WSGI: control requests, then the world, then moto."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._moto = DomainDispatcherApplication(_backend_app)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        path = environ.get("PATH_INFO", "/")
        if path.startswith(PATH):
            reply = self._control(path.removeprefix(PATH), body)
        elif path.startswith("/moto-api"):
            with self._world.lock:
                reply = self._forward(environ, body)
        else:
            try:
                reply = self._aws(environ, path, body)
            except Dropped:
                raise _closed(environ) from None
            except Hanging:
                _wait_for_the_client(environ)
                raise _closed(environ) from None
        # The handler dates answers by itself.
        own = ("content-length", "date")
        headers = {name: str(value) for name, value in reply.headers.items() if name.lower() not in own}
        headers["Content-Length"] = str(len(reply.body))
        start_response(f"{reply.status} {'OK' if reply.status < 400 else 'Error'}", list(headers.items()))
        return [reply.body]

    def _control(self, method: str, body: bytes) -> Reply:
        try:
            result = CONTROL[method](self._world, **json.loads(body or b"{}"))
        except KeyError:
            return _json(404, {"error": f"no control method {method}; there are {', '.join(sorted(CONTROL))}"})
        except (TypeError, ValueError) as error:
            return _json(400, {"error": str(error)})
        return _json(200, {"result": result})

    def _aws(self, environ: Environ, path: str, body: bytes) -> Reply:
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        }
        url = f"http://{environ.get('HTTP_HOST', 'localhost')}{path}"
        request = read_request(environ["REQUEST_METHOD"], path, headers, body, url)
        if sqs.waits(request):
            sqs.wait_for_messages(request, self._world.account_of(request), self._world.lock)
            body = sqs.without_waiting(body)
            environ = environ | {"CONTENT_LENGTH": str(len(body))}

        def forward() -> Reply:
            try:
                return self._forward(environ, body)
            except NotImplementedError:
                raise unknown_operation(request) from None

        return self._world.answer(request, forward)

    def _forward(self, environ: Environ, body: bytes) -> Reply:
        environ = environ | {"wsgi.input": io.BytesIO(body)}
        status = 500
        headers: dict[str, str] = {}
        chunks: list[bytes] = []

        def start(line: str, items: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], None]:
            nonlocal status, headers
            status, headers = int(line.split(" ", 1)[0]), dict(items)
            return chunks.append

        answer = self._moto.get_application(environ)(environ, start)
        chunks.extend(answer)
        if hasattr(answer, "close"):
            answer.close()
        return Reply(status, b"".join(chunks), headers)


def _backend_app(service: Any) -> Any:
    """One of moto's applications that lets exceptions through, instead of logging them and answering in HTML."""
    app = create_backend_app(service)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app


def _json(status: int, value: dict[str, Any]) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def _closed(environ: Environ) -> ConnectionError:
    """The connection is closed. werkzeug says nothing about an error of this kind."""
    connection = environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    return ConnectionAbortedError()


def _wait_for_the_client(environ: Environ) -> None:
    """Until it has closed the connection."""
    connection = environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        select.select([connection], [], [], LONGEST_HANG)


class _Handler(MotoRequestHandler):
    # Keep connections open: a client that polls would open thousands otherwise.
    protocol_version = "HTTP/1.1"
    # Headers and body are written apart; with Nagle's algorithm the body would wait for an acknowledgement.
    disable_nagle_algorithm = True
    verbose = False

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if self.verbose:
            super().log_request(code, size)


def serve(host: str, port: int, speed: float, verbose: bool = False, profile: str = "") -> tuple[BaseWSGIServer, World]:
    """A server that is bound and not yet serving, and its world. Port 0 picks a free one."""
    if not verbose:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
    world = World(Clock(), speed, profile)
    dated = {"date_time_string": lambda _self, _timestamp=None: formatdate(world.now(), usegmt=True)}
    handler = type("Handler", (_Handler,), {"verbose": verbose, **dated})
    return make_server(host, port, Application(world), threaded=True, request_handler=handler), world
