# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The real ansible-playbook, and between it and the served simulator microburst, a proxy that injects faults of AWS.

https://pypi.org/project/microburst/ has its own idea of how AWS's errors look, made from botocore's models. It hits the
first requests of an operation; the runs in process hit every request.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import socket
import subprocess
import time
import typing as t
import urllib.request
from pathlib import Path
from unittest import mock

import pytest

from tests.e2e import play
from tests.faults.cases import Case, Undisturbed, Wanted, story_of
from tests.faults.claims import claim_of
from tests.faults.pool import Verdict
from tests.faults.scenes import REASON, SCENES, Scene
from tests.faults.trouble import Call
from tests.faults.truth import Claim, State, as_far_as_known, not_put_right, wrongs
from tests.simulator_process import SimulatorProcess
from tests.world import REGION, aws_environment

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".venv-faults" / "bin" / "microburst"
MANY = 60
# Fewer looks than in process, since each takes its time.
SPEED = 20.0
# What the step is called that registers each result.
STEPS = {
    "Look up what to go back to": "plan",
    "Suspend auto scaling": "suspended",
    "Roll back and watch": "done",
    "Redeploy and watch": "done",
    "Put back what could not be recorded": "put_back",
    "Put auto scaling back": "restored",
}
Rule = dict[str, t.Any]
# A read timeout takes a minute of real time, so that it is tried in process only.
RULES: t.Final[t.Mapping[str, Rule]] = {
    "throttled-once": {"error": {"code": "ThrottlingException"}, "times": 1},
    "throttled-thrice": {"error": {"code": "ThrottlingException"}, "times": 3},
    "500-once": {"error": {"code": "InternalFailure", "status": 500}, "times": 1},
    "503-for-good": {"error": {"code": "ServiceUnavailable", "status": 503}},
    "reset-before": {"reset": True, "times": 1},
    "cut-after": {"response": {"abort_frac": 0}, "times": 1},
    "truncated": {"response": {"truncate_frac": 0.5}, "times": 1},
    "denied": {"error": {"code": "AccessDeniedException", "status": 400}},
}
# Those that trying again gets over, unless a write is hit and nobody knows whether AWS did it.
PASSES = frozenset({"throttled-once", "throttled-thrice", "500-once"})


class Microburst:
    """The proxy in front of ``upstream``, for as long as a `with` block lasts."""

    def __init__(self, upstream: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._command = [str(PROGRAM), "--upstream", upstream, "--host", "127.0.0.1", "--port", str(self._port)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Microburst:
        # The control endpoint of moto is no AWS, and nothing is to be signed anew.
        command = [*self._command, "--no-resign"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _attempt in range(300):
            with contextlib.suppress(OSError):
                self._ask("GET", "health")
                return self
            time.sleep(0.1)
        self.__exit__()
        raise RuntimeError("microburst did not start")

    def __exit__(self, *_exc: t.Any) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)

    def rules(self, *rules: Rule) -> None:
        """These, and no others."""
        self._ask("DELETE", "fired")
        self._ask("POST", "rules", list(rules))

    def fired(self) -> int:
        """How many faults there were since the rules were set."""
        found = self._ask("GET", "fired")
        return len(found if isinstance(found, list) else found.get("fired", found.get("events", [])))

    def _ask(self, method: str, path: str, body: t.Any = None) -> t.Any:
        request = urllib.request.Request(
            f"{self.url}/_microburst/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        # Loopback is never behind a proxy.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None


class Theatre:
    """A served simulator, the proxy in front of it, and a scene at a time."""

    def __init__(self, simulator: SimulatorProcess, proxy: Microburst) -> None:
        self._simulator = simulator
        self._proxy = proxy
        self._control = simulator.control

    @contextlib.contextmanager
    def scene(self, name: str) -> t.Iterator[Scene]:
        """A scene, made anew over HTTP."""
        self._control.reset()
        self._control.stop_clock()
        with mock.patch.dict(os.environ, aws_environment(self._simulator.url)):
            with pytest.MonkeyPatch.context() as patches:
                scene = SCENES[name](t.cast(t.Any, self._control), patches, SPEED)
            # What the scene has patched for runs in process is undone: the play has a process of its own.
            yield scene

    def command(self, scene: Scene) -> dict[str, t.Any]:
        """The real role, by way of the proxy; what it returns is as that of the role in process."""
        variables = {"region": REGION, "suspend_auto_scaling": True, "reason": REASON, **scene.where, **scene.options}
        named = {f"rollback_{name}": value for name, value in variables.items()}
        playbook = play.REDEPLOY if scene.entry_point == "redeploy" else play.ROLLBACK
        # Requests to loopback must not go to a proxy of the developer's.
        through = {"AWS_ENDPOINT_URL": self._proxy.url, "NO_PROXY": "127.0.0.1,localhost"}
        done = play.run(self._simulator.url, playbook, *play.arguments(named), env=through)
        steps = {
            STEPS[name]: {**result, "failed": status == "failed"}
            for name, (status, result) in done.tasks.items()
            if name in STEPS and status != "skipped"
        }
        return {"data": done.published, "steps": steps, "failed": done.rc != 0, "said": [done.stderr, *done.messages]}

    def undisturbed(self, scene: Scene) -> Undisturbed:
        """The command when nothing happens to it."""
        self._proxy.rules()
        before = scene.state()
        self._control.reset_calls()
        result = self.command(scene)
        calls = [
            Call(entry["service"], entry["operation"], entry["params"], number)
            for number, entry in enumerate(self._control.log())
        ]
        assert result["data"]["rollback_outcome"] == "rolled_back", result["data"]["rollback_summary"]
        return Undisturbed(before, scene.state(), tuple(calls))

    def judge(self, case: Case, scene: Scene, calm: Undisturbed) -> list[str]:
        """Carry out a case; returns what went wrong."""
        _what, _scene, where, how = case.name.split("/")
        service, operation = where.split(".")
        self._proxy.rules({"service": service, "operation": operation, **RULES[how]})
        before = scene.state()
        claim = claim_of(self.command(scene))
        after = scene.state()
        fired = self._proxy.fired()
        self._proxy.rules()
        story = story_of(scene, calm, passes=how in PASSES)
        wrong = wrongs(before, after, claim, story)
        if not fired:
            wrong.append("the fault never happened")
        moves = max(len(calm.after.moves), len(calm.before.moves) + 1)
        wanted = Wanted(calm.after, reason=scene.reason, moves=moves)
        return wrong + self._again(scene, after, calm, as_far_as_known(wanted, claim, scene.stands))

    def _again(self, scene: Scene, before: State, calm: Undisturbed, wanted: Wanted) -> list[str]:
        claim: Claim = claim_of(self.command(scene))
        after = scene.state()
        wrong = [f"next run: {one}" for one in wrongs(before, after, claim, story_of(scene, calm))]
        return wrong + not_put_right(wanted, after, claim)


def verdicts(seed: int, wanted: t.Callable[[Case], bool]) -> t.Iterator[Verdict]:
    """The verdicts on :data:`MANY` cases that the seed chooses, those that are wanted."""
    with SimulatorProcess(speed=SPEED) as simulator, Microburst(simulator.url) as proxy:
        theatre = Theatre(simulator, proxy)
        calm: dict[str, Undisturbed] = {}
        for name in SCENES:
            with theatre.scene(name) as scene:
                calm[name] = theatre.undisturbed(scene)
        for case in chosen({name: one.calls for name, one in calm.items()}, seed):
            if not wanted(case):
                continue
            began = _used()
            with theatre.scene(case.scene) as scene:
                wrong = theatre.judge(case, scene, calm[case.scene])
            yield Verdict(case, tuple(wrong), _used() - began)


def _used() -> float:
    """Seconds of a processor that the plays and this process have taken, but not the simulator and the proxy."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def chosen(calls: t.Mapping[str, t.Sequence[Call]], seed: int) -> list[Case]:
    """The cases that a seed chooses, as many of each scene, give or take one."""
    shuffled = random.Random(seed)
    found: list[Case] = []
    for number, (name, sent) in enumerate(calls.items()):
        # HEAD has no body to cut, and microburst no service of that name in its models.
        operations = sorted({call.name for call in sent if call.service != "s3" and call.operation})
        every = [Case(name, "proxy", how=f"{one.replace(':', '.')}/{kind}") for one in operations for kind in RULES]
        share = MANY // len(calls) + (number < MANY % len(calls))
        found += shuffled.sample(every, min(share, len(every)))
    return found
