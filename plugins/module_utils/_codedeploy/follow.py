# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Following one deployment to its end, with the rollback that CodeDeploy may make of it. Read-only."""

from __future__ import annotations

import random
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.patience import Patience
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api, model, targets, watch
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.targets import Target
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.watch import Look, Seen, Watched
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._core.contact import KEPT, Contact


@dataclass(frozen=True)
class End:
    """How following ended. ``look`` is None where the time was up, or contact was lost."""

    look: Look | None
    seen: Seen | None
    line: str = ""
    contact: Contact = KEPT


class Follower:
    """Follows deployments of one group, one after the other. ``deadline`` and ``began`` are on the clock's monotonic
    time. Looks that fail are outlasted for ``contact_timeout`` seconds, but never past the deadline.
    """

    def __init__(
        self, aws: Aws, clock: Clock, name: str, began: float, deadline: float, contact_timeout: float
    ) -> None:
        self._aws = aws.brisk
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
        """Return when it has ended, or the time is up. Raises :class:`.Orphaned` when nobody waits for it any more."""
        begun = self._clock.monotonic()
        last: Seen | None = None
        while True:
            seen = self._look_again(watched.deployment, last)
            if seen is not None:
                last = seen
                look = watch.assess(watched, seen)
                if look.state != "going":
                    return End(look, seen, self._line)
                self._tell(watch.progress(seen, self._going(seen)))
            now = self._clock.monotonic()
            if now >= self._deadline or self._contact.is_lost(now, self._contact_timeout):
                return End(None, last, self._line, self._contact)
            self._tell_of_contact(now)
            pause = watch.interval(now - begun) * random.uniform(0.85, 1.15)
            self._patience.pause(min(pause, max(self._deadline - now, 0.05)))

    def _look_again(self, id_: str, last: Seen | None) -> Seen | None:
        """What is seen now, None where nothing could be."""
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
        now = self._clock.now()
        undone_by = found.get(rollback)
        if undone_by is None and not deployment.running:
            undone_by = self._rollback_of(deployment, looks=model.is_due(deployment, now))
        return Seen(deployment, undone_by, now)

    def _rollback_of(self, ended: Deployment, looks: bool) -> Deployment | None:
        """The deployment that rolls this one back, also while this one does not name it yet."""
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
        """The targets on which something happens: the first of many. Not being able to read them is no reason to stop
        following.
        """
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
        """Once when it is lost, and then with each reminder."""
        is_gone = self._contact.is_told(now)
        if is_gone and not self._told_of_contact:
            self._patience.told()
            self._remind()
        self._told_of_contact = is_gone

    def _remind(self) -> None:
        now = self._clock.monotonic()
        if self._contact.is_told(now):
            progress.say(f"[{self._name}] {self._contact.told(now, self._contact_timeout)}")
        else:
            progress.say(f"[{self._name}] {self._line or 'still waiting'}, {now - self._began:.0f} s")
