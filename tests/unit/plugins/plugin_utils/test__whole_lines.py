# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a worker hears that it is to end. That ansible-playbook then ends is tested in tests/e2e/test_killed.py."""

from __future__ import annotations

import os
import signal
import threading
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils import _whole_lines

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@pytest.fixture
def heard() -> t.Iterator[list[int]]:
    """The signals that the handlers of a worker have got, which ansible-core has installed."""
    found: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, lambda number, _frame: found.append(number))
    yield found
    for number, handler in before.items():
        signal.signal(number, handler)


@BOTH
def test_between_two_lines_it_is_heard_at_once(heard: list[int], number: int) -> None:
    with _whole_lines.kept():
        with _whole_lines.line():
            pass
        os.kill(os.getpid(), number)
        assert heard == [number]
    assert heard == [number]


@BOTH
def test_within_a_line_it_is_heard_when_that_is_written(heard: list[int], number: int) -> None:
    with _whole_lines.kept():
        with _whole_lines.line():
            os.kill(os.getpid(), number)
            assert heard == []
        assert heard == [number]


def test_the_line_of_another_thread_is_waited_for_too(heard: list[int]) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def write() -> None:
        with _whole_lines.line():
            begun.set()
            may_end.wait(60)

    with _whole_lines.kept():
        writer = threading.Thread(target=write)
        writer.start()
        begun.wait(60)
        os.kill(os.getpid(), signal.SIGTERM)
        assert heard == []
        may_end.set()
        writer.join()
        assert heard == [signal.SIGTERM]


def test_if_writing_fails_it_is_heard_too(heard: list[int]) -> None:
    def write() -> None:
        with _whole_lines.line():
            os.kill(os.getpid(), signal.SIGTERM)
            raise BrokenPipeError

    with _whole_lines.kept(), pytest.raises(BrokenPipeError):
        write()
    assert heard == [signal.SIGTERM]


def test_afterwards_everything_is_as_it_was(heard: list[int]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with _whole_lines.kept():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
    with _whole_lines.line():
        os.kill(os.getpid(), signal.SIGTERM)
        assert heard == [signal.SIGTERM]


def test_a_thread_touches_no_signals(heard: list[int]) -> None:
    before, seen = signal.getsignal(signal.SIGTERM), []

    def look() -> None:
        with _whole_lines.kept():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]
