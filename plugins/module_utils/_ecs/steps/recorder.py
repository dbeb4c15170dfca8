# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Write down what later runs have to know: marks on task definitions, and a record on the service.

If AWS refuses, that is a warning: the move itself is what matters.
"""

from __future__ import annotations

import typing as t
import uuid
from dataclasses import replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws import tagging
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import GoBack, Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import moves
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.returns import DEREGISTER, MARK
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.undo import UNDO
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.unmarked import unmarked

UNMARKED: t.Final = "unmarked"
# Seconds until AWS shows a tag. No page promises that it does at once.
_TAGS_SHOW: t.Final = 3.0
# Seconds in which another run writes what it has announced, and how many more are added by chance: of two runs that
# wait for each other, one has to go on first.
_ANOTHER_WRITES: t.Final = 2.0
_BY_CHANCE: t.Final = 2.0


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


def todo(planned: Plan, goal: GoBack) -> list[str]:
    """What is to be done once the target is in service, besides the mark that each rollback sets. Pure."""
    back = planned.direction == "back"
    # UpdateService sets the task count itself, and auto scaling may have changed it since.
    tasks = goal.tasks if planned.method != "update_service" else None
    return [
        *([DEREGISTER] if goal.deregister and back else []),
        *([f"tasks={tasks}"] if tasks is not None else []),
        *(["fast"] if goal.fast else []),
        *([UNDO] if planned.choice.source == "undo" else []),
    ]


class Recorder:
    """Writes for the runs of one call. ``reason`` is the caller's; without ``mark`` nothing is written.

    ``many``: the call is a large one, and what is equal is written together. ``void`` gets the records that were taken
    back, each with what stands in its place (empty if nothing does): AWS may go on showing them for a moment.
    """

    def __init__(
        self,
        aws: Aws,
        clock: Clock,
        mark: bool,
        reason: str | None,
        goal: GoBack,
        many: bool = False,
        void: dict[str, str] | None = None,
    ) -> None:
        self._aws = aws
        self._clock = clock
        self._mark = mark
        self._reason = reason
        self._goal = goal
        self._many = many
        self._void = {} if void is None else void
        self._written: dict[str, str] = {}
        # Of this call, and of the records that its services have: those of an earlier call are finished under its name.
        self._id = uuid.uuid4().hex[:8]
        self._ids: dict[str, str] = {}
        self._before: dict[str, marks.RolledBack] = {}
        # When the first move was verified: all marks and ends of records of a call say the same.
        self._verified: datetime | None = None
        # The tags of versions that this call has marked: services of one call often leave the same one.
        self._tags: dict[str, t.Mapping[str, str]] = {}
        # The versions that had no mark when they were looked at together.
        self._unmarked: frozenset[str] = frozenset()
        self._open: dict[str, list[str]] = {}
        # Records that could not be written in time.
        self._late: dict[str, t.Mapping[str, str]] = {}
        # Until when to wait for another run that has announced the same, monotonic seconds.
        self._another: dict[str, float] = {}

    def before_the_write(self, run: RollbackRun, planned: Plan, announced: bool) -> None:
        """Record what is about to be done. It must not hold up the write, which comes whether this works or not.

        ``announced``: the write itself is the record.
        """
        service, primary = planned.service, planned.service.primary
        if not self._mark or primary is None:
            return
        before = _move_of(planned, service)
        if planned.method == "adopt" and before is None:
            before = self._as_soon_as_tags_show(planned)
        if planned.method == "adopt" and before is not None:
            self._ids[run.name], self._before[run.name] = before.run, before
            return
        if announced or _is_unrecorded(run):
            return
        direction, target = planned.direction or "unknown", run.target or planned.current
        tag = marks.record_tag(
            self._id, self._clock.now(), primary.id, planned.left, target, direction, todo(planned, self._goal)
        )
        try:
            api.tag_resource(self._aws.prompt, service.arn, tag)
        except (AwsCallError, IncompleteAnswerError) as exc:
            run.findings.append(_not_recorded(exc))
            # Afterwards there is time for it.
            self._late[run.name] = {} if exc.is_denied else tag
            return
        self._ids[run.name] = self._id
        self._written[run.name] = tag[marks.RECORD]
        self._void.pop(tag[marks.RECORD], None)
        if service.tags_its_tasks:
            what = f"{service.name} has propagateTags SERVICE: tasks that start now carry its tag {marks.RECORD}, too"
            run.findings.append(Finding("propagated_tags", "info", what))

    def is_left_to_another(self, run: RollbackRun, now: Service) -> bool:
        """Another run has put its record in the place of ours since the plan was made, so it is about to write.

        Of two runs whose records come before their last looks, both see the later one. So one of them writes. It is
        waited for once: it may have been killed.
        """
        if not is_anothers(now.tags, self._written.get(run.name, ""), run.plan) or run.name in self._another:
            return False
        # Its record is not ours to take back.
        del self._written[run.name], self._ids[run.name]
        wait = _ANOTHER_WRITES + int(self._id, 16) / 0xFFFFFFFF * _BY_CHANCE
        self._another[run.name] = self._clock.monotonic() + wait
        progress.say(f"[{run.label}] another run is about to go back at the same time. Looking again in {wait:.0f} s")
        return True

    def waited_for_another(self, run: RollbackRun) -> bool:
        """Whether the write was left to another run. That run has had its time then."""
        if run.name not in self._another or run.name in self._ids:
            return False
        self._clock.sleep(max(self._another[run.name] - self._clock.monotonic(), 0.0))
        return True

    def _as_soon_as_tags_show(self, planned: Plan) -> marks.RolledBack | None:
        """The record of another run that began the deployment a moment ago; ours would take its place. Nothing is held
        up by waiting for it: the deployment is under way.
        """
        primary, now = planned.service.primary, self._aws.date or self._clock.now()
        if primary is None or primary.created_at is None:
            return None
        age = (now - primary.created_at).total_seconds()
        if age >= _TAGS_SHOW:
            return None
        self._clock.sleep(_TAGS_SHOW - max(age, 0.0))
        try:
            found = api.describe_services(self._aws, planned.service.cluster_arn, [planned.service.name])
        except (AwsCallError, IncompleteAnswerError):
            return None
        service = found[planned.service.name]
        return _move_of(planned, service) if isinstance(service, Service) else None

    def read_marks(self, runs: t.Sequence[RollbackRun]) -> None:
        """Before many are verified: look at the marks of what they left together. With slices each is read by itself:
        at this moment they roll back services that share versions.
        """
        if self._many and self._mark and self._aws.slices == 1:
            self._unmarked |= unmarked(self._aws.beside, runs, self._tags)

    def verified(self, run: RollbackRun) -> None:
        """The move is done: a rollback marks what it left, and a move forward takes the mark of its target back."""
        planned = run.plan
        if planned is None:
            return
        self._verified = self._verified or self._clock.now()
        if planned.direction == "back" and self._mark:
            self._mark_bad(run, planned)
        elif planned.direction == "forward":
            self._take_back(run, planned)

    def not_deregistered(self, run: RollbackRun) -> None:
        """What was left stays, and a later run can still deregister it."""
        self._open.setdefault(run.name, []).append(DEREGISTER)

    def all_done(self, runs: t.Sequence[RollbackRun]) -> None:
        """The last write: a run that is killed before it is finished by the next one.

        Those of a large call say the same, and are written together, if AWS lets us.
        """
        tags = {run.name: self._end_of(run) for run in runs}
        alike = [run for run in runs if tags[run.name] and tags[run.name] == tags[runs[0].name]]
        together = self._tag_together(alike, tags[alike[0].name]) if self._many and len(alike) > 1 else frozenset()
        for run in runs:
            if tags[run.name] and run.name not in together:
                self._tag_end(run, tags[run.name])

    def _end_of(self, run: RollbackRun) -> t.Mapping[str, str]:
        """The tags that say that it is done; empty if there is nothing to say."""
        late = self._late.get(run.name, {})
        id_ = (run.going.run if run.accepted is not None else "") or self._ids.get(run.name, self._id if late else "")
        still_open = self._still_open(run)
        if run.service is None or not self._mark or not id_ or self._is_written(run, still_open):
            self._tell_what_nobody_will_know(run)
            return {}
        return {**late, **marks.done_tag(id_, self._verified or self._clock.now(), still_open)}

    def _tag_together(self, runs: t.Sequence[RollbackRun], tags: t.Mapping[str, str]) -> frozenset[str]:
        """The names of those that got the tags."""
        arns = {run.service.arn: run.name for run in runs if run.service is not None}
        try:
            failed = tagging.tag_all(self._aws.beside, list(arns), tags)
        except (AwsCallError, IncompleteAnswerError):
            # Each by itself needs no permission but ECS's own.
            return frozenset()
        return frozenset(name for arn, name in arns.items() if arn not in failed)

    def _tag_end(self, run: RollbackRun, tags: t.Mapping[str, str]) -> None:
        if run.service is None:
            return
        try:
            api.tag_resource(self._aws, run.service.arn, tags)
        except (AwsCallError, IncompleteAnswerError) as exc:
            if not _is_unrecorded(run):
                run.findings.append(_not_ended(exc))
            self._tell_what_nobody_will_know(run)

    def _tell_what_nobody_will_know(self, run: RollbackRun) -> None:
        """Neither the mark nor a record of it was written: then the next run cannot tell who went back, or why."""
        if not _is_unrecorded(run) or MARK not in self._open.get(run.name, ()):
            return
        then = "Nothing else tells the next run that this rollback left it. Mark it with ecs_revision_mark"
        run.findings = [
            replace(f, message=f"{f.message} {then}") if f.check == "mark" and f.severity == "warn" else f
            for f in run.findings
        ]

    def _still_open(self, run: RollbackRun) -> list[str]:
        """What a later run has to do, in the words of the record."""
        before, still_open = self._before.get(run.name), self._open.get(run.name, [])
        not_asked_for = before is not None and DEREGISTER in before.todo and not self._goal.deregister
        return [*still_open, DEREGISTER] if not_asked_for else still_open

    def _is_written(self, run: RollbackRun, still_open: t.Sequence[str]) -> bool:
        """The end that is on record already says the same."""
        before = self._before.get(run.name)
        return before is not None and bool(before.at) and before.still_open == tuple(still_open)

    def not_written(self, run: RollbackRun) -> None:
        """AWS refused the write, so that the record announces nothing."""
        if self._ids.get(run.name) != self._id or run.service is None:
            return
        before = run.plan.service.tags.get(marks.RECORD, "") if run.plan is not None else ""
        before = "" if before.startswith(f"{self._id} ") else before
        del self._ids[run.name]
        self._void[self._written.pop(run.name)] = before
        try:
            if before:
                api.tag_resource(self._aws, run.service.arn, {marks.RECORD: before})
            else:
                api.untag_resource(self._aws, run.service.arn, [marks.RECORD])
        except (AwsCallError, IncompleteAnswerError) as exc:
            run.findings.append(_stays_recorded(exc))

    def clear(self, run: RollbackRun) -> None:
        """Remove a record that is void."""
        planned = run.plan
        if not self._mark or planned is None:
            return
        record = marks.recorded(planned.service.tags)
        if not moves.is_void(record, planned.service, planned.current, planned.history):
            return
        try:
            api.untag_resource(self._aws, planned.service.arn, [marks.RECORD, marks.DONE])
        except (AwsCallError, IncompleteAnswerError) as exc:
            run.findings.append(_stays_recorded(exc))

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
            mark = marks.bad_mark(self._verified or self._clock.now(), reason, service.in_cluster, tags)
            api.tag_resource(self._aws, left, mark)
            self._tags[left] = {**tags, **mark}
        except (AwsCallError, IncompleteAnswerError) as exc:
            run.findings.append(Finding("mark", "warn", f"{names.short(left)} was not marked bad. {exc.explain()}"))
            self._open.setdefault(run.name, []).append(MARK)
            return
        run.changed = True
        why = f': "{self._reason}"' if self._reason else ""
        run.findings.append(Finding("marked", "info", f"{names.short(left)} is marked bad{why}"))

    def _tags_now(self, version: str, before: t.Mapping[str, str]) -> t.Mapping[str, str]:
        """Another service that shares the task definition may have been rolled back from it meanwhile."""
        if version in self._tags:
            return self._tags[version]
        if version in self._unmarked:
            return before
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


def is_anothers(tags: t.Mapping[str, str], ours: str, planned: Plan | None) -> bool:
    """Whether the record among these tags of a service is of a move that another run has announced. Pure.

    ``ours`` is the record that we have written, empty if none. AWS may still show what was there before it.
    """
    found = tags.get(marks.RECORD, "")
    before = planned.service.tags.get(marks.RECORD, "") if planned is not None else ""
    record = marks.recorded(tags)
    return bool(ours) and found not in (ours, before) and record is not None and not record.at


def _move_of(planned: Plan, service: Service) -> marks.RolledBack | None:
    """The move on record that brought the service to where it is, or is about to."""
    return moves.last_move(moves.recorded(service, planned.history), service, planned.current, planned.history)


_UNRECORDED: t.Final = "service_tags"


def _is_unrecorded(run: RollbackRun) -> bool:
    return any(f.check == _UNRECORDED for f in run.findings)


def _not_recorded(exc: AwsCallError | IncompleteAnswerError) -> Finding:
    what = f"the rollback is not recorded on the service. {exc.explain()}"
    if not exc.is_denied:
        what = f"the rollback is not recorded on the service ({exc.detail}). It goes ahead all the same"
    return Finding(_UNRECORDED, "warn", what)


def _not_ended(exc: AwsCallError | IncompleteAnswerError) -> Finding:
    return Finding(_UNRECORDED, "warn", f"the end of the rollback is not recorded on the service. {exc.explain()}")


def _stays_recorded(exc: AwsCallError | IncompleteAnswerError) -> Finding:
    what = f"the tag {marks.RECORD} stays on the service, though it announces nothing any more"
    return Finding(_UNRECORDED, "warn", f"{what}. {exc.explain()}")
