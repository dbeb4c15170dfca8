# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out cases, a few at a time, each in a fork of the process that has made the scene."""

from __future__ import annotations

import contextlib
import os
import signal
import time
import traceback
import typing as t
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait

import pytest

from tests import reading
from tests.faults.cases import Case, Undisturbed, judge, undisturbed
from tests.faults.runs import Stage
from tests.faults.scenes import SCENES, SPEED, Scene

# Seconds, really, that a case may take.
PATIENCE = 300.0


@dataclass(frozen=True)
class Verdict:
    """What was wrong with a case, and the seconds of a processor that it took."""

    case: Case
    wrong: tuple[str, ...]
    seconds: float


@contextlib.contextmanager
def scene_of(name: str) -> t.Iterator[tuple[Scene, Undisturbed]]:
    """A scene, with what its command does when it is left alone."""
    with reading.once():
        _warm(name)
        with pytest.MonkeyPatch.context() as patches, Stage(speed=SPEED) as stage:
            reading.imports_are_no_garbage()
            scene = SCENES[name](stage, patches)
            calm = in_a_fork(lambda: undisturbed(scene))
            if not isinstance(calm, Undisturbed):
                raise AssertionError(f"{name}: {calm}")
            yield scene, calm


def _warm(name: str) -> None:
    """Import, parse and compile here what each of thousands of runs would do anew: half of what one costs.

    The command is carried out once in this process, on a stage that is thrown away.
    """
    with pytest.MonkeyPatch.context() as patches, Stage(speed=SPEED) as stage:
        SCENES[name](stage, patches).command()


def in_a_fork(work: t.Callable[[], t.Any]) -> t.Any:
    """What ``work`` returns, in a process of its own, so that this one stays as it is. A text is a stack trace."""
    here, _pid = _fork(work)
    return here.recv()


def carry_out(
    scene: Scene,
    calm: Undisturbed,
    cases: t.Iterable[Case],
    jobs: int,
    judged: t.Callable[[Case, Scene, Undisturbed], list[str]] = judge,
) -> t.Iterator[Verdict]:
    """The verdicts on these cases, as they come."""
    waiting = list(cases)[::-1]
    running: dict[Connection, tuple[Case, int, float]] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            case = waiting.pop()
            here, pid = _fork(lambda case=case: judged(case, scene, calm))  # type: ignore[misc]
            running[here] = (case, pid, time.monotonic())
        for pipe in wait(list(running), timeout=1.0):
            assert isinstance(pipe, Connection)
            case, pid, _began = running.pop(pipe)
            found = _found(pipe)
            _pid, _status, used = os.wait4(pid, 0)
            yield Verdict(case, found, used.ru_utime + used.ru_stime)
        for pipe, (case, pid, began) in list(running.items()):
            if time.monotonic() - began > PATIENCE:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                del running[pipe]
                yield Verdict(case, (f"it took longer than {PATIENCE:g} s",), PATIENCE)


def _found(pipe: Connection) -> tuple[str, ...]:
    try:
        found = pipe.recv()
    except EOFError:
        found = "its process ended without a word"
    return tuple(found) if isinstance(found, list) else (str(found),)


def _fork(work: t.Callable[[], t.Any]) -> tuple[Connection, int]:
    here, there = Pipe()
    pid = os.fork()
    if pid:
        there.close()
        return here, pid
    try:
        here.close()
        there.send(work())
    except BaseException:  # noqa: BLE001
        there.send(traceback.format_exc())
    finally:
        os._exit(0)
