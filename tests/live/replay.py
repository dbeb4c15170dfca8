# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends a trace to the simulator, and compares what comes back with what is in it."""

from __future__ import annotations

import typing as t
from collections import defaultdict
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError

from tests.live.lab import MISSING_IMAGE
from tests.live.place import ONE_TRY, Simulated
from tests.live.trace import Call, Recorder
from tests.simulator import Simulator

# The simulator is asked by one user with all permissions, at the right time, in one Region, and not in a hurry.
_OTHERS = ("limited", "nobody", "elsewhere", "reader", "writer")
_ELSEWHERE = frozenset({"sts", "iam", "ec2"})
_CREDENTIALS = frozenset({"InvalidSignatureException", "UnrecognizedClientException", "ThrottlingException"})
_CLUSTER = "lastgood-live-00000001"


def is_replayed(call: Call) -> bool:
    """Whether the simulator can be asked the same."""
    return not (call["service"] in _ELSEWHERE or call["client"].startswith(_OTHERS) or call["error"] in _CREDENTIALS)


def replay(trace: dict[str, t.Any]) -> list[str]:
    """Where the simulator differs: error codes, and members of answers, by operation."""
    calls = [call for call in trace["calls"] if is_replayed(call)]
    with Simulator(start=float(int(trace["started"]))) as simulator:
        place = Simulated(simulator, trace["region"])
        place.missing(MISSING_IMAGE)
        place.session().client("ecs").create_cluster(clusterName=_CLUSTER)
        begin = place.now()
        recorder = Recorder(place.now)
        clients: dict[str, t.Any] = {}
        known: dict[str, str] = {}
        for call in calls:
            place.sleep(max(0.0, begin + call["at"] - place.now()))
            if call["service"] not in clients:
                clients[call["service"]] = place.session().client(call["service"], config=ONE_TRY)
                recorder.watch(clients[call["service"]], "replay")
            _ask(clients[call["service"]], call["operation"], _translated(call["parameters"], known))
            learn(call["answer"], recorder.calls[-1]["answer"] if recorder.calls else {}, known)
        return differences(calls, recorder.calls)


def _ask(client: t.Any, operation: str, parameters: t.Any) -> None:
    # The answer is in the recorder, whatever it is.
    try:
        client._make_api_call(operation, parameters)
    except (ClientError, BotoCoreError):
        pass


def learn(recorded: t.Any, answered: t.Any, known: dict[str, str]) -> None:
    """Which text of the simulator stands where one of the trace stood."""
    if isinstance(recorded, dict) and isinstance(answered, dict):
        for key in recorded.keys() & answered.keys():
            learn(recorded[key], answered[key], known)
    elif isinstance(recorded, list) and isinstance(answered, list):
        for one, other in zip(recorded, answered, strict=False):
            learn(one, other, known)
    elif isinstance(recorded, str) and isinstance(answered, str) and recorded != answered:
        known.setdefault(recorded, answered)


def _translated(value: t.Any, known: dict[str, str]) -> t.Any:
    if isinstance(value, dict):
        return {key: _translated(inner, known) for key, inner in value.items()}
    if isinstance(value, list):
        return [_translated(inner, known) for inner in value]
    return known.get(value, value) if isinstance(value, str) else value


def differences(recorded: list[Call], answered: list[Call]) -> list[str]:
    """Of two lists of calls. When an answer came is not compared: staleness is a matter of luck."""
    found = []
    one, other = _seen(recorded), _seen(answered)
    for operation in sorted(one):
        for what, ours in one[operation].items():
            theirs = other.get(operation, {}).get(what, set())
            found += [f"{operation}: {what} {name!r} is not in the simulator's" for name in sorted(ours - theirs)]
            found += [f"{operation}: {what} {name!r} is only in the simulator's" for name in sorted(theirs - ours)]
    return found


def _seen(calls: list[Call]) -> dict[str, dict[str, set[str]]]:
    seen: dict[str, dict[str, set[str]]] = defaultdict(lambda: {"error": set(), "member": set()})
    for call in calls:
        seen[call["operation"]]["error"].add(call["error"])
        if not call["error"]:
            seen[call["operation"]]["member"] |= set(_members(call["answer"], ""))
    return seen


def _members(value: t.Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            here = f"{path}.{key}".lstrip(".")
            yield here
            yield from _members(inner, here)
    elif isinstance(value, list):
        for inner in value:
            yield from _members(inner, path)
