# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What one look at a deployment means, and how far it has got. Pure."""

from __future__ import annotations

import random
import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.patience import Patience
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api, model, targets
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.targets import Target
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress as core_progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._core.contact import KEPT, Contact

State = t.Literal["going", "succeeded", "failed", "ended_before"]

# DeploymentStatus in botocore's model, and what to say about a deployment running in it. Others are shown as they are.
RUNNING: t.Final = {
    "Created": "Created",
    "Queued": "Queued",
    "InProgress": "",
    "Baking": "Baking: CodeDeploy watches the alarms before it counts as succeeded",
    "Ready": "Ready: it waits for somebody's ContinueDeployment (aws deploy continue-deployment)",
}
# TargetStatus in botocore's model, in the order people want to see it.
_OTHERS: t.Final = (
    ("Failed", "failed"),
    ("Skipped", "skipped"),
    ("Ready", "ready"),
    ("Pending", "pending"),
    ("Unknown", "unknown"),
)
# Names of instances are long, and a line should not be.
_MOST_NAMES: t.Final = 2
_MOST_EVENTS: t.Final = 3
_SHORTEST: t.Final = 2.0
_LONGEST: t.Final = 5.0


@dataclass(frozen=True)
class Watched:
    """A deployment that is followed.

    ``goes_back``: it was stopped, and what counts is CodeDeploy's rollback of it. ``makes_room``: it only has to get
    out of the way, which it does once it ends, or once CodeDeploy's rollback of it begins or ends.
    """

    deployment: str
    goes_back: bool = False
    makes_room: t.Literal["", "ends", "rollback_begins", "rollback_ends"] = ""


@dataclass(frozen=True)
class Seen:
    """A deployment as last seen, with its rollback, at ``now``."""

    deployment: Deployment
    rollback: Deployment | None = None
    now: datetime | None = None

    @property
    def moving(self) -> Deployment:
        """The one of the two in which something happens."""
        return self.rollback or self.deployment

    @property
    def may_be_rolled_back(self) -> bool:
        """Whether CodeDeploy may still be about to roll it back."""
        return self.rollback is None and model.is_due(self.deployment, self.now)


@dataclass(frozen=True)
class Look:
    """What one look found: the outcome, why, and what CodeDeploy did then."""

    state: State
    reason: str = ""
    then: str = ""


def assess(watched: Watched, seen: Seen) -> Look:
    """Judge one look. Unknown statuses count as running."""
    if seen.deployment.running:
        return Look("going")
    if watched.makes_room:
        return Look("going" if _is_in_the_way(watched, seen) else "ended_before")
    if seen.may_be_rolled_back or (seen.rollback is not None and seen.rollback.running):
        return Look("going")
    return _back(seen) if watched.goes_back else _forth(seen)


def _is_in_the_way(watched: Watched, seen: Seen) -> bool:
    """Whether a deployment that has ended is still in the way."""
    if watched.makes_room == "ends":
        return False
    rolls_back = seen.rollback is not None and seen.rollback.running
    return seen.may_be_rolled_back or (rolls_back and watched.makes_room == "rollback_ends")


def _back(seen: Seen) -> Look:
    """The judgement on a deployment that was stopped with a rollback, when both have ended."""
    deployment, rollback = seen.deployment, seen.rollback
    if deployment.status == "Succeeded":
        return Look("ended_before", "the deployment finished before CodeDeploy could stop it")
    if rollback is None:
        why = deployment.rollback_message.rstrip(".")
        return Look("ended_before", why or f"CodeDeploy has not rolled {deployment.id} back")
    if rollback.status == "Succeeded":
        return Look("succeeded")
    return Look("failed", f"CodeDeploy's rollback {rollback.id} of {deployment.id} {_how(rollback)}")


def _forth(seen: Seen) -> Look:
    if seen.deployment.status == "Succeeded":
        return Look("succeeded")
    then = seen.deployment.rollback_message.rstrip(".")
    if seen.rollback is not None:
        then = f"CodeDeploy has rolled it back with {seen.rollback.id}, which {_how(seen.rollback)}"
    return Look("failed", f"deployment {seen.deployment.id} {_how(seen.deployment)}", then)


def _how(deployment: Deployment) -> str:
    verb = {"Succeeded": "succeeded", "Failed": "failed", "Stopped": "was stopped"}[deployment.status]
    # The error text lists all possible causes; the targets have the real one.
    why = deployment.error_code if deployment.error_code == "HEALTH_CONSTRAINTS" else deployment.why
    return f"{verb} ({why})" if why else verb


def progress(seen: Seen, going: t.Sequence[Target]) -> str:
    """``2/4 instances: AfterInstall on i-0a…, 1 failed``; ``going`` are the targets with an event in progress."""
    moving = seen.moving
    stage = RUNNING.get(moving.status, moving.status) if moving.running else ""
    parts = [_phase(seen), stage, *_on_its_targets(moving, going)]
    return ", ".join(part for part in parts if part) or moving.status


def _phase(seen: Seen) -> str:
    """What a deployment is at beyond its own status; empty if that says it all."""
    if seen.rollback is not None:
        return f"rollback {seen.rollback.id}"
    if not seen.moving.running:
        return f"{seen.moving.status}, CodeDeploy may be about to roll it back"
    if seen.moving.waits_for_termination:
        return "the replacement has the traffic, waiting for the end of the originals"
    return ""


def _on_its_targets(moving: Deployment, going: t.Sequence[Target]) -> list[str]:
    """How many of its targets are done, what happens on those in progress, and how the others are."""
    # Only the first of many were read.
    events = _events(going, least="at least " if moving.counts.get("InProgress", 0) > len(going) else "")
    total = sum(moving.counts.values())
    if total > 1 or (total and any(target.kind == "InstanceTarget" for target in going)):
        counted = f"{moving.counts.get('Succeeded', 0)}/{total} {_noun(moving, total)}"
        others = [f"{moving.counts[status]} {word}" for status, word in _OTHERS if moving.counts.get(status)]
        return [f"{counted}: {events}" if events else counted, *others]
    return [events]


def stuck(seen: Seen) -> str:
    """What may be keeping a deployment that has targets but has nothing in progress on any of them.

    An agent has five minutes to take a command, and an hour for the event
    (https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html).
    """
    counts = seen.moving.counts
    waits = seen.moving.status == "InProgress" and counts.get("Pending") and not counts.get("InProgress")
    if not waits or seen.moving.platform not in ("Server", ""):
        return ""
    return "Nothing happens on its instances: see that the CodeDeploy agent is running on those that are next"


def _noun(deployment: Deployment, total: int) -> str:
    noun = "instance" if deployment.platform in ("Server", "") else "target"
    return noun if total == 1 else f"{noun}s"


def _events(going: t.Sequence[Target], least: str) -> str:
    """``AfterInstall on i-1 and i-2, Install on 5 targets``."""
    by_event: dict[str, list[str]] = {}
    for target in going:
        if target.going():
            by_event.setdefault(target.going(), []).append(
                f"{target.id} ({target.label})" if target.label else target.id
            )
    shown = [
        f"{event} on {' and '.join(names) if len(names) <= _MOST_NAMES else f'{least}{len(names)} targets'}"
        if any(target.kind == "InstanceTarget" for target in going)
        else event
        for event, names in by_event.items()
    ]
    return ", ".join(shown[:_MOST_EVENTS])


def interval(seconds: float) -> float:
    """Seconds until the next look, given the seconds waited: short at first, when much happens.

    CodeDeploy publishes no request rates, and its deployments take minutes to hours.
    """
    return min(_LONGEST, max(_SHORTEST, seconds / 20))


@dataclass(frozen=True)
class End:
    """How following ended. ``look`` is None if time ran out or contact was lost."""

    look: Look | None
    seen: Seen | None
    line: str = ""
    contact: Contact = KEPT


class Follower:
    """Follows deployments of one group, one after another.

    ``deadline`` and ``began`` are monotonic seconds on the clock. Failed looks are repeated for ``contact_timeout``
    seconds, but not past the deadline.
    """

    def __init__(
        self, aws: Aws, clock: Clock, name: str, began: float, deadline: float, contact_timeout: float
    ) -> None:
        self._aws = aws.brisk
        # This one learns the time from each answer, the copy does not.
        self._dated = aws
        self._clock = clock
        self._name = name
        self._began = began
        self._deadline = deadline
        self._contact_timeout = contact_timeout
        self._contact = KEPT
        self._told_of_contact = False
        self._patience = Patience(clock, self._remind)
        self._line = ""

    def follow(self, watched: Watched) -> End:
        """Return once it has ended or time is up. Raises :class:`.Orphaned` if our play is gone."""
        begun = self._clock.monotonic()
        last: Seen | None = None
        while True:
            seen = self._look_again(watched.deployment, last)
            if seen is not None:
                last = seen
                look = assess(watched, seen)
                if look.state != "going":
                    return End(look, seen, self._line)
                self._tell(progress(seen, self._going(seen)))
            now = self._clock.monotonic()
            if now >= self._deadline or self._contact.is_lost(now, self._contact_timeout):
                return End(None, last, self._line, self._contact)
            self._tell_of_contact(now)
            pause = interval(now - begun) * random.uniform(0.85, 1.15)
            self._patience.pause(min(pause, max(self._deadline - now, 0.05)))

    def _look_again(self, id_: str, last: Seen | None) -> Seen | None:
        """What is there now; None if it could not be seen."""
        rollback = last.rollback.id if last is not None and last.rollback is not None else ""
        try:
            seen = self._look(id_, rollback)
        except (AwsCallError, IncompleteAnswerError) as exc:
            self._contact = self._contact.missed(self._clock.monotonic(), exc.explain(), exc.code, exc.may_pass)
            return None
        self._contact = KEPT
        return seen

    def _look(self, id_: str, rollback: str) -> Seen:
        found = api.batch_get_deployments(self._aws, [id_, rollback] if rollback else [id_])
        deployment = found.get(id_)
        if deployment is None:
            raise IncompleteAnswerError(f"CodeDeploy does not describe deployment {id_}")
        # The times to compare it with are AWS's.
        now = self._dated.date or self._clock.now()
        undone_by = found.get(rollback)
        if undone_by is None and not deployment.running:
            undone_by = self._rollback_of(deployment, looks=model.is_due(deployment, now))
        return Seen(deployment, undone_by, now)

    def _rollback_of(self, ended: Deployment, looks: bool) -> Deployment | None:
        """The deployment that rolls this one back, even if this one does not name it yet."""
        if ended.rollback_deployment:
            return api.batch_get_deployments(self._aws, [ended.rollback_deployment]).get(ended.rollback_deployment)
        if not looks:
            return None
        since = {"start": ended.created_at}
        ids = api.list_deployments(self._aws, ended.application, ended.group, createTimeRange=since)
        listed = api.batch_get_deployments(self._aws, [id_ for id_ in ids if id_ != ended.id])
        ordered = sorted([*listed.values(), ended], key=lambda deployment: deployment.created_at)
        return model.undone_by(ordered).get(ended.id)

    def _going(self, seen: Seen) -> list[Target]:
        """The targets with an event in progress: the first of many. Following goes on if they cannot be read."""
        if not seen.moving.running:
            return []
        try:
            return targets.read(self._aws, seen.moving.id, ["InProgress"], api.TARGETS_PER_CALL)
        except (AwsCallError, IncompleteAnswerError):
            return []

    def _tell(self, line: str) -> None:
        if line != self._line:
            self._line = line
            self._patience.told()
            self._remind()

    def _tell_of_contact(self, now: float) -> None:
        """Report lost contact once, and then with each reminder."""
        is_gone = self._contact.is_told(now)
        if is_gone and not self._told_of_contact:
            self._patience.told()
            self._remind()
        self._told_of_contact = is_gone

    def _remind(self) -> None:
        now = self._clock.monotonic()
        if self._contact.is_told(now):
            core_progress.say(f"[{self._name}] {self._contact.told(now, self._contact_timeout)}")
        else:
            core_progress.say(f"[{self._name}] {self._line or 'still waiting'}, {now - self._began:.0f} s")
