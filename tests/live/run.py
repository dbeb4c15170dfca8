# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the checks and tells what they found."""

from __future__ import annotations

import contextlib
import importlib
import signal
import textwrap
import typing as t
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import botocore
from botocore.exceptions import BotoCoreError, ClientError

from tests.live.check import CHECKS, Check, Finding, Never, NotRun, disagreements
from tests.live.lab import Lab
from tests.live.place import Place, Simulated
from tests.live.scrub import scrub
from tests.live.sweep import leftovers
from tests.live.trace import Recorder, write
from tests.simulator import Simulator

# Its files register their checks.
importlib.import_module("tests.live.checks")

Say = Callable[[str], None]
COST = """\
What this does in your account, in about 15 minutes:
  * makes a cluster, services, task definitions, an alarm, two applications of CodeDeploy and three roles of IAM,
    all of them named lastgood-live-… and tagged lastgood-live, and deletes all of them at its end
  * runs three tasks on Fargate (0.25 vCPU, 0.5 GB) for a few minutes each: less than 2 US cents in all
  * sends 200 DescribeServices at once, which uses up the account's quota in this Region for about 10 seconds
"""
PERMISSIONS = """\
It needs, on "*":
  ecs:* · application-autoscaling:RegisterScalableTarget, DescribeScalableTargets, DeregisterScalableTarget
  cloudwatch:PutMetricAlarm, SetAlarmState, DescribeAlarms, DeleteAlarms, TagResource, ListTagsForResource
  codedeploy:CreateApplication, CreateDeploymentGroup, CreateDeployment, RegisterApplicationRevision, GetDeployment,
    GetDeploymentConfig, GetApplication, GetApplicationRevision, ListDeployments, ListApplications, ListTagsForResource,
    TagResource, DeleteApplication
  ec2:DescribeVpcs, DescribeSubnets, DescribeSecurityGroups · iam:PassRole · sts:AssumeRole
  iam:CreateRole, DeleteRole, TagRole, ListRoles, ListRoleTags, PutRolePolicy, DeleteRolePolicy, ListRolePolicies
    (not needed if you name roles with --assumed-role, --task-role and --codedeploy-role)
  iam:CreateServiceLinkedRole, if Amazon ECS or Application Auto Scaling was never used in the account
"""


def chosen(only: Sequence[int]) -> list[Check]:
    """The checks with these numbers, all if none is named. Raises ValueError for a number that does not exist."""
    unknown = sorted(set(only) - {known.number for known in CHECKS})
    if unknown:
        raise ValueError(f"there is no check {', '.join(map(str, unknown))}; they are 1 to {len(CHECKS)}")
    return [known for known in CHECKS if not only or known.number in only]


def run(
    place: Place, which: Sequence[Check], folder: Path | None, say: Say, given: t.Mapping[str, str] | None = None
) -> tuple[list[Finding], list[str]]:
    """Run checks one after the other; returns what they found, and what could not be deleted.

    Each writes its trace to ``folder``. Whatever ends the run, Ctrl-C included, everything is deleted first.
    """
    recorder = Recorder(place.now)
    lab = Lab(place, recorder, given)
    say(f"run {lab.run} in {place.region}")
    findings: list[Finding] = []
    left: list[str] = []
    try:
        lab.open()
        for known in which:
            recorder.start()
            started = place.epoch()
            findings.append(_one(lab, known))
            say(f"{known.number:>2} {known.name}: {findings[-1].state}: {findings[-1].text}")
            if folder is not None and findings[-1].state == "answered":
                write(scrub(trace_of(lab, findings[-1], started), lab.account), folder)
            with undisturbed(say):
                left += lab.cleanup.run()
    finally:
        with undisturbed(say):
            say("deleting what is left of it")
            left += lab.close()
    return findings, left


def _one(lab: Lab, known: Check) -> Finding:
    try:
        answer = known.steps(lab)
    except NotRun as reason:
        return Finding(known, "not run", str(reason), {})
    except (Never, ClientError, BotoCoreError, RuntimeError, LookupError, ValueError) as error:
        return Finding(known, "failed", str(scrub(f"{type(error).__name__}: {error}", lab.account)), {})
    return Finding(known, "answered", answer.text, answer.facts)


def trace_of(lab: Lab, finding: Finding, started: float) -> dict[str, t.Any]:
    """What is written to a file, before it is scrubbed."""
    return {
        "check": finding.check.name,
        "question": finding.check.question,
        "source": lab.place.source,
        "region": lab.place.region,
        "date": datetime.fromtimestamp(started, UTC).date().isoformat(),
        "started": started,
        "botocore": botocore.__version__,
        "answer": finding.text,
        "facts": dict(finding.facts),
        "calls": lab.recorder.calls,
    }


def in_the_simulator(which: Sequence[Check]) -> list[Finding]:
    """What the same checks find in the simulator."""
    with Simulator() as simulator:
        return run(Simulated(simulator), which, None, lambda _line: None)[0]


def left_behind(place: Place) -> list[str]:
    """What a search by tag still finds. Lists may be a little late."""
    place.sleep(5)
    return [leftover.what for leftover in leftovers(place)]


def table(which: Sequence[Check], aws: Sequence[Finding], simulated: Sequence[Finding]) -> str:
    """belief | AWS | simulator, and which facts differ. AWS was not asked if it has no findings."""
    answers = {finding.check.number: finding for finding in aws}
    ours = {finding.check.number: finding for finding in simulated}
    rows = [("belief", "AWS", "simulator")]
    notes = []
    for known in which:
        one, other = answers.get(known.number), ours.get(known.number)
        rows.append((f"{known.number}. {known.belief}", _shown(one), _shown(other)))
        if one and other and one.state == other.state == "answered":
            different = disagreements(one.facts, other.facts)
            facts = [f"{name}: {one.facts.get(name, '-')} / {other.facts.get(name, '-')}" for name in different]
            notes.append(f"{known.number:>2}. " + ("; ".join(facts) if facts else "agrees"))
    return "\n".join([_rows(rows), *(["", "AWS / simulator, by fact:", *notes] if notes else [])])


def _shown(finding: Finding | None) -> str:
    if finding is None:
        return "not asked"
    return finding.text if finding.state == "answered" else f"{finding.state}: {finding.text}"


def _rows(rows: Sequence[tuple[str, ...]], width: int = 46) -> str:
    lines = []
    for row in rows:
        cells = [textwrap.wrap(cell, width) or [""] for cell in row]
        for number in range(max(map(len, cells))):
            parts = [(cell[number] if number < len(cell) else "").ljust(width) for cell in cells]
            lines.append(" | ".join(parts).rstrip())
        lines.append("-+-".join("-" * width for _cell in row))
    return "\n".join(lines)


@contextlib.contextmanager
def undisturbed(say: Say) -> Iterator[None]:
    """Ctrl-C and SIGTERM only say that the clean-up goes on."""

    def go_on(_number: int, _frame: t.Any) -> None:
        say("still deleting; `make live-clean` finds what is left if this is killed")

    before = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        # Signals are for the main thread.
        with contextlib.suppress(ValueError):
            before[number] = signal.signal(number, go_on)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
