# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Write down what later runs have to know: marks on task definitions, and a record on the service.

If AWS refuses, that is a warning: the move itself is what matters.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun

UNMARKED: t.Final = "unmarked"


def take_back(aws: Aws, service: Service, version: str) -> list[Finding]:
    """Remove a version's bad mark, as far as a rollback of the service set it, and say how that went.

    ``service`` is as it was before the move forward; the version's tags are read now, since somebody may have marked
    it since.
    """
    try:
        found = api.describe_task_definition(aws, version)
        tags = found.tags if found is not None else {}
        if not marks.given_by(service.tags, version, tags, service.in_cluster):
            return _stays(version, tags)
        change = marks.without_bad_of(tags, service.in_cluster)
        if change.put:
            api.tag_resource(aws, version, change.put)
        else:
            api.untag_resource(aws, version, change.remove)
    except (AwsCallError, IncompleteAnswerError) as exc:
        what = f"{names.short(version)} is still marked bad, and later rollbacks pass it by"
        return [Finding("mark", "warn", f"{what}. {exc.explain()}")]
    still = f" for {service.name}, but still for other services" if change.put else ""
    return [Finding(UNMARKED, "info", f"{names.short(version)} is no longer marked bad{still}")]


def _stays(version: str, tags: t.Mapping[str, str]) -> list[Finding]:
    if marks.BAD not in tags:
        return []
    what = f"{names.short(version)} stays marked bad ({tags[marks.BAD] or 'no reason given'})"
    what += ", and later rollbacks pass it by. ecs_revision_mark takes the mark away"
    return [Finding("marked_bad", "warn", what)]


class Recorder:
    """Writes for the runs of one call. ``reason`` is the caller's; without ``mark`` nothing is written."""

    def __init__(self, aws: Aws, clock: Clock, mark: bool, reason: str | None) -> None:
        self._aws = aws
        self._clock = clock
        self._mark = mark
        self._reason = reason
        # When the moves were verified, by service: a mark and the record that it belongs to say the same time.
        self._verified: dict[str, datetime] = {}
        # The tags of versions that this call has marked: services of one call often leave the same one.
        self._tags: dict[str, t.Mapping[str, str]] = {}

    def accepted(self, run: RollbackRun) -> None:
        """AWS has accepted our write. What a crash costs from here on, the next run can finish.

        Only now, and not before the write: a tag before it costs seconds in an incident.
        """
        planned, accepted = run.plan, run.accepted
        if not self._mark or planned is None or accepted is None or not accepted.wrote:
            return
        direction = planned.direction or "unknown"
        self._tag_service(run, marks.started_tag(planned.left, run.target, accepted.going.id, direction))

    def verified(self, run: RollbackRun) -> None:
        """The move is done: a rollback marks what it left, and a move forward takes the mark of its target back."""
        planned = run.plan
        if planned is None:
            return
        self._verified[run.name] = self._clock.now()
        if planned.direction == "back" and self._mark:
            self._mark_bad(run, planned)
        elif planned.direction == "forward":
            self._take_back(run, planned)

    def done(self, run: RollbackRun) -> None:
        """The last write: a run that is killed before it is finished by the next one."""
        planned, accepted = run.plan, run.accepted
        if not self._mark or planned is None or accepted is None:
            return
        at, direction = self._verified.get(run.name) or self._clock.now(), planned.direction or "unknown"
        self._tag_service(run, marks.done_tags(planned.left, run.target, accepted.going.id, at, direction))

    def _mark_bad(self, run: RollbackRun, planned: Plan) -> None:
        left = planned.left
        if left is None or not left.startswith("arn:") or names.same(left, run.target):
            return
        reason, service = self._reason, planned.service
        try:
            tags = self._tags_now(left, planned.left_tags)
            if marks.BAD in tags and not reason:
                by_a_rollback = marks.speaks_for(tags) is not None
                if not by_a_rollback and not marks.given_by(service.tags, left, tags, service.in_cluster):
                    # Why somebody marked it says more than that it was left.
                    run.findings.append(Finding("marked", "info", f"{names.short(left)} is marked bad already"))
                    return
                # Why it was left by the rollback before this one is still true.
                reason = tags[marks.BAD].partition(" ")[2]
            mark = marks.bad_mark(self._verified[run.name], reason, service.in_cluster, tags)
            api.tag_resource(self._aws, left, mark)
            self._tags[left] = {**tags, **mark}
        except (AwsCallError, IncompleteAnswerError) as exc:
            run.findings.append(Finding("mark", "warn", f"{names.short(left)} was not marked bad. {exc.explain()}"))
            return
        run.changed = True
        why = f': "{self._reason}"' if self._reason else ""
        run.findings.append(Finding("marked", "info", f"{names.short(left)} is marked bad{why}"))

    def _tags_now(self, version: str, before: t.Mapping[str, str]) -> t.Mapping[str, str]:
        """Another service that shares the task definition may have been rolled back from it meanwhile."""
        if version in self._tags:
            return self._tags[version]
        try:
            found = api.describe_task_definition(self._aws, version)
        except (AwsCallError, IncompleteAnswerError):
            return before
        return found.tags if found is not None else before

    def _take_back(self, run: RollbackRun, planned: Plan) -> None:
        if planned.taken_back is not None and self._mark:
            found = take_back(self._aws, planned.service, planned.taken_back)
        else:
            found = _stays(planned.target.arn, planned.target.tags) if planned.target is not None else []
        run.findings += found
        run.changed = run.changed or any(f.check == UNMARKED for f in found)

    def _tag_service(self, run: RollbackRun, tags: t.Mapping[str, str]) -> None:
        if run.service is None or any(f.check == "service_tags" for f in run.findings):
            return
        try:
            api.tag_resource(self._aws, run.service.arn, tags)
        except (AwsCallError, IncompleteAnswerError) as exc:
            run.findings.append(
                Finding("service_tags", "warn", f"the rollback is not recorded on the service. {exc.explain()}")
            )
