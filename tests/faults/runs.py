# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs in processes of their own, against one simulator: every request and every sleep of theirs is a turn here.

A run is a fork whose boto3 sends its requests through a pipe. It really can be killed at any request, several take
turns in an order that a seed decides, and no time passes but by their sleeps.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import traceback
import typing as t
from dataclasses import dataclass, field
from email.utils import formatdate
from multiprocessing import Pipe
from multiprocessing.connection import Connection

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from moto.core.models import botocore_stubber

from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from tests.faults.trouble import CALM, Answer, Call, Trouble
from tests.simulator import AwsError, Simulator, as_request, error_reply

# Seconds, really: whatever takes this long hangs.
PATIENCE = 120.0
# Seconds of the simulator's that a request takes.
LATENCY = 0.05
# Of botocore's read timeout.
READ_TIMEOUT = 60.0

Program = t.Callable[[], t.Any]


class Hangs(Exception):
    """A run that neither asked nor ended."""


class Remote:
    """The simulator as a run sees it: at the other end of a pipe."""

    def __init__(self, pipe: Connection, now: float) -> None:
        self._pipe = pipe
        self.now = now

    def request(self, request: AWSPreparedRequest) -> tuple[int, dict[str, str], bytes]:
        """What BotocoreStubber.process_request does, done over there. Raises botocore's errors of connections."""
        headers = [(k, v.decode() if isinstance(v, bytes) else str(v)) for k, v in request.headers.items()]
        body = request.body.read() if hasattr(request.body, "read") else request.body
        kind, told = self._ask("request", (request.method, request.url, headers, body))
        if kind == "closed":
            raise ConnectionClosedError(endpoint_url=request.url)
        if kind == "timeout":
            raise ReadTimeoutError(endpoint_url=request.url)
        status, answered, content = told
        return status, answered, content

    def sleep(self, seconds: float) -> float:
        """Returns the new time."""
        self._ask("sleep", seconds)
        return self.now

    def _ask(self, kind: str, what: t.Any) -> tuple[str, t.Any]:
        self._pipe.send((kind, what))
        answer, told, self.now = self._pipe.recv()
        return answer, told


class Stage(Simulator):
    """The simulator. In a run it is the one that the run was forked from, at the other end of a pipe."""

    def __init__(self, start: float | None = None, speed: float = 1.0) -> None:
        super().__init__(start, speed)
        self.remote: Remote | None = None

    def now(self) -> float:
        """The simulator's time."""
        return super().now() if self.remote is None else self.remote.now

    def advance(self, seconds: float) -> float:
        """Let time pass: in a run, sleep."""
        return super().advance(seconds) if self.remote is None else self.remote.sleep(seconds)


@dataclass
class Ended:
    """How a run ended. ``result`` is what its program returned, None if it was killed or crashed."""

    result: t.Any = None
    killed: bool = False
    crash: str = ""
    calls: list[Call] = field(default_factory=list)


@dataclass
class _Actor:
    """A run. ``pending`` is what it has asked and is not answered yet."""

    pid: int
    pipe: Connection
    trouble: Trouble
    ended: Ended = field(default_factory=Ended)
    pending: tuple[str, t.Any] | None = None
    wakes: float = 0.0
    over: bool = False


@dataclass(frozen=True)
class Event:
    """Something that happens when so many requests have been made by all runs together, or later by ``seconds``."""

    do: t.Callable[[], object]
    after_calls: int


class Play:
    """Some runs at once. ``seed`` decides whose turn it is, and how long requests take."""

    def __init__(self, stage: Stage, seed: int = 0, events: t.Sequence[Event] = ()) -> None:
        self._stage = stage
        self._random = random.Random(seed)
        self._events = sorted(events, key=lambda event: event.after_calls)
        self._calls = 0
        self._process = botocore_stubber.process_request

    def run(self, *programs: Program, trouble: Trouble = CALM) -> list[Ended]:
        """Run them to their ends. ``trouble`` is what the first of them meets. Raises :class:`Hangs`."""
        # A program may be alone: then nothing is left to chance, the latency included.
        self._alone = len(programs) == 1
        actors = [self._start(program, trouble if first else CALM) for first, program in _with_first(programs)]
        try:
            while any(not actor.over for actor in actors):
                self._turn([actor for actor in actors if not actor.over])
        finally:
            for actor in actors:
                if not actor.over:
                    self._kill(actor)
        while self._events:
            self._events.pop(0).do()
        return [actor.ended for actor in actors]

    def _start(self, program: Program, trouble: Trouble) -> _Actor:
        here, there = Pipe()
        pid = os.fork()
        if pid == 0:
            here.close()
            _perform(there, self._stage, program)
        there.close()
        return _Actor(pid, here, trouble)

    def _turn(self, actors: list[_Actor]) -> None:
        for actor in actors:
            self._listen(actor)
        waiting = [actor for actor in actors if not actor.over]
        ready = [actor for actor in waiting if actor.pending is not None and actor.pending[0] == "request"]
        if ready:
            self._answer(self._random.choice(ready) if len(ready) > 1 else ready[0])
        elif waiting:
            first = min(waiting, key=lambda actor: actor.wakes)
            self._stage.advance(max(0.0, first.wakes - self._stage.now()))
            self._reply(first, "slept", None)

    def _listen(self, actor: _Actor) -> None:
        if actor.pending is not None:
            return
        if not actor.pipe.poll(PATIENCE):
            raise Hangs(f"nothing was heard for {PATIENCE:g} s after {actor.ended.calls[-3:]}")
        try:
            kind, what = actor.pipe.recv()
        except EOFError:
            kind, what = "crashed", "its process ended without a word"
        if kind == "done":
            actor.ended.result = what
        elif kind == "crashed":
            actor.ended.crash = str(what)
        else:
            actor.pending = (kind, what)
            actor.wakes = self._stage.now() + what if kind == "sleep" else 0.0
            return
        actor.over = True
        actor.pipe.close()
        os.waitpid(actor.pid, 0)

    def _answer(self, actor: _Actor) -> None:
        while self._events and self._events[0].after_calls <= self._calls:
            self._events.pop(0).do()
        self._calls += 1
        _kind, (method, url, headers, body) = actor.pending or ("", ("", "", [], b""))
        self._stage.advance(LATENCY if self._alone else self._random.uniform(0.0, 10 * LATENCY))
        request = AWSPreparedRequest(method, url, _headers(headers), body, False)
        read = as_request(request)
        call = Call(read.service, read.operation, read.params, len(actor.ended.calls))
        actor.ended.calls.append(call)
        fate = actor.trouble.meets(call)
        if fate.killed_before:
            self._kill(actor)
            return
        if fate.answer == Answer.TIMEOUT:
            self._stage.advance(READ_TIMEOUT)
        told: tuple[int, t.Mapping[str, str], bytes] | None = None
        if fate.applied:
            status, answered, content = self._process(request) or (404, {}, b"")
            told = status, dict(answered), content if isinstance(content, bytes) else content.encode()
        if fate.killed_after:
            self._kill(actor)
            return
        if fate.answer == Answer.CLOSED:
            self._reply(actor, "closed", None)
        elif fate.answer == Answer.TIMEOUT:
            self._reply(actor, "timeout", None)
        elif fate.answer == Answer.ERROR:
            error = error_reply(AwsError(fate.code, fate.message, fate.status), read.protocol)
            dated = {**error.headers, "Date": formatdate(self._stage.now(), usegmt=True)}
            content = b"" if method == "HEAD" else error.body
            self._reply(actor, "answer", (error.status, dated, content))
        elif told is not None:
            status, answered, content = told
            half = content[: len(content) // 2] if fate.answer == Answer.TRUNCATED else content
            self._reply(actor, "answer", (status, answered, half))

    def _reply(self, actor: _Actor, kind: str, told: t.Any) -> None:
        actor.pending = None
        actor.pipe.send((kind, told, self._stage.now()))

    def _kill(self, actor: _Actor) -> None:
        os.kill(actor.pid, signal.SIGKILL)
        os.waitpid(actor.pid, 0)
        actor.pipe.close()
        actor.over = actor.ended.killed = True


def _with_first(programs: t.Sequence[Program]) -> t.Iterator[tuple[bool, Program]]:
    return ((number == 0, program) for number, program in enumerate(programs))


def _headers(given: t.Sequence[tuple[str, str]]) -> HTTPHeaders:
    headers = HTTPHeaders()
    for name, value in given:
        headers[name] = value
    return headers


def _perform(pipe: Connection, stage: Stage, program: Program) -> t.NoReturn:
    """The whole life of a run: never returns."""
    try:
        stage.remote = Remote(pipe, stage.now())
        botocore_stubber.process_request = stage.remote.request
        # One pipe, and one order: what would go out at the same time goes out in turn.
        threading.Thread.start = lambda self: self.run()  # type: ignore[method-assign]
        threading.Thread.join = lambda self, timeout=None: None  # type: ignore[method-assign]
        progress.install(lambda line: None, os.getppid())
        pipe.send(("done", program()))
    except BaseException:  # noqa: BLE001
        pipe.send(("crashed", traceback.format_exc()))
    finally:
        os._exit(0)
