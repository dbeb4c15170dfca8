# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said when ansible-playbook is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils import _last_words

ALL = {f"{flag}_suspended": True for flag in ("dynamic_scaling_in", "dynamic_scaling_out", "scheduled_scaling")}
NONE = dict.fromkeys(ALL, False)
RECORD = {"flags": ["dynamic_scaling_in", "dynamic_scaling_out", "scheduled_scaling"], "run": "4f3a9c2e"}
AGAIN = "Run the same command again: it goes on from there, to the end"


def scaling(outcome: str, before: t.Any, after: t.Any, record: t.Any, region: str = "") -> dict[str, t.Any]:
    item = {"resource_id": "service/shop/web", "outcome": outcome, "before": before, "after": after, "record": record}
    return {"key": "scaling", "target": item, "region": region}


def goes_on(what: str, key: str = "web") -> dict[str, t.Any]:
    return {"key": key, "goes_on": f"[{key}] {what}"}


IDLE = {"key": "idle", "idle": True}
TRYING = scaling("suspended", NONE, {}, RECORD)
SUSPENDED = scaling("suspended", NONE, ALL, RECORD, "eu-central-1")
RESTORED = scaling("restored", ALL, NONE, {})
UNDONE = "Interrupted, and nothing was undone"
STILL = (
    "Auto scaling is still suspended: scale-in, scale-out, scheduled scaling of service/shop/web. Put it back with: "
    "ansible-playbook lastgood.aws.restore_scaling -e rollback_cluster=shop -e rollback_services=web"
)
THERE = "-e rollback_region=eu-central-1"
TABLE: list[tuple[list[dict[str, t.Any]], str]] = [
    ([], ""),
    ([IDLE], "Interrupted. Nothing was written."),
    ([IDLE, {"key": "idle"}], ""),
    (
        [IDLE, goes_on("update_service accepted, deployment ecs-svc/1")],
        "Interrupted, and nothing was undone. At AWS this goes on: [web] update_service accepted, deployment "
        f"ecs-svc/1. {AGAIN}",
    ),
    # What is known later takes the place of what was known before.
    (
        [goes_on("asked"), goes_on("accepted")],
        f"Interrupted, and nothing was undone. At AWS this goes on: [web] accepted. {AGAIN}",
    ),
    ([goes_on("accepted"), {"key": "web"}], ""),
    (
        [goes_on("accepted"), goes_on("accepted", "api"), {"key": "web"}],
        f"Interrupted, and nothing was undone. At AWS this goes on: [api] accepted. {AGAIN}",
    ),
    (
        [goes_on("accepted", f"web{n}") for n in range(8)],
        "Interrupted, and nothing was undone. At AWS this goes on: "
        f"{'; '.join(f'[web{n}] accepted' for n in range(5))}; and 3 more. {AGAIN}",
    ),
    ([TRYING], f"{UNDONE}. {AGAIN}. {STILL}"),
    ([TRYING, SUSPENDED], f"{UNDONE}. {AGAIN}. {STILL} {THERE}"),
    ([TRYING, SUSPENDED, RESTORED], ""),
    ([SUSPENDED, IDLE, {"key": "idle"}], f"{UNDONE}. {AGAIN}. {STILL} {THERE}"),
    # While it is being put back.
    ([scaling("suspended", NONE, ALL, RECORD), scaling("restored", ALL, {}, RECORD)], f"{UNDONE}. {AGAIN}. {STILL}"),
    (
        [scaling("suspended", NONE, ALL, RECORD), goes_on("accepted")],
        f"Interrupted, and nothing was undone. At AWS this goes on: [web] accepted. {AGAIN}. {STILL}",
    ),
    (
        [{"key": "step localhost", "unknown": "What the step 'Roll back' has written so far is not known here"}],
        f"Interrupted, and nothing was undone. What the step 'Roll back' has written so far is not known here. {AGAIN}",
    ),
    ([{"key": "step localhost", "unknown": "something"}, {"key": "step localhost"}], ""),
]


@pytest.mark.parametrize(("notes", "line"), TABLE)
def test_the_last_line(notes: list[dict[str, t.Any]], line: str) -> None:
    assert _last_words.last_line(notes) == line


def test_where_nobody_stands_by_nothing_is_kept_and_no_signal_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_last_words, "_book", None)
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    _last_words.stand_by()
    _last_words.write(goes_on("accepted"))
    assert _last_words._book is None
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_notes_of_several_processes_are_kept() -> None:
    book = _last_words._Book()
    children = []
    for number in range(4):
        pid = os.fork()
        if not pid:
            for turn in range(50):
                book.write({"key": f"web{number}", "goes_on": f"{turn} {'x' * 500}"})
            os._exit(0)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * 4
    notes = book.read()
    assert len(notes) == 200
    assert {note["key"]: note["goes_on"][:2] for note in notes} == {f"web{number}": "49" for number in range(4)}


PROGRAM = """
import os, signal, sys, time
from ansible import context
from ansible.module_utils.common.collections import ImmutableDict
# What runs in the background inherits these ignored.
for number in (signal.SIGHUP, signal.SIGTERM):
    signal.signal(number, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
{before}
context.CLIARGS = ImmutableDict(args=["site.yml"])
from ansible_collections.lastgood.aws.plugins.plugin_utils import _last_words
_last_words.stand_by()
_last_words.write({{"key": "web", "goes_on": "[web] accepted\\x1b[2J"}})
{then}
"""
SAID = f"Interrupted, and nothing was undone. At AWS this goes on: [web] accepted. {AGAIN}\n"
KILL = "os.kill(os.getpid(), signal.{}); time.sleep(9)"


@pytest.mark.parametrize(
    ("before", "then", "rc", "said"),
    [
        ("", KILL.format("SIGTERM"), -signal.SIGTERM, SAID),
        ("", KILL.format("SIGHUP"), -signal.SIGHUP, SAID),
        ("", f"try:\n    {KILL.format('SIGINT')}\nexcept KeyboardInterrupt:\n    sys.exit(99)", 99, SAID),
        # Somebody is impatient while Ansible waits for its workers.
        ("", f"try:\n    {KILL.format('SIGINT')}\nexcept KeyboardInterrupt:\n    {KILL.format('SIGINT')}", -2, SAID),
        # Whoever had a handler before still gets the signal.
        ("signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))", KILL.format("SIGTERM"), 7, SAID),
        # nohup.
        ("signal.signal(signal.SIGHUP, signal.SIG_IGN)", "os.kill(os.getpid(), signal.SIGHUP)", 0, ""),
        # It ends by itself.
        ("", "sys.exit(2)", 2, ""),
        # A worker of an old ansible-core has no handlers of its own.
        ("", f"pid = os.fork()\nif not pid:\n    {KILL.format('SIGTERM')}\nos.waitpid(pid, 0)", 0, ""),
    ],
    ids=["SIGTERM", "SIGHUP", "SIGINT", "SIGINT twice", "own handler", "nohup", "no signal", "worker"],
)
def test_signals(before: str, then: str, rc: int, said: str) -> None:
    root = Path(_last_words.__file__).parents[5]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(before=before, then=then)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": f"{root}:{os.environ.get('PYTHONPATH', '')}"},
    )
    assert (done.returncode, done.stderr) == (rc, said)
