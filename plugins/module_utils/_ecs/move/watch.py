# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Looking at all that is in flight, sweep by sweep, until each has ended.

Read-only, but for one case: a service with the controller EXTERNAL gets its new PRIMARY task set when that is steady.
"""

from __future__ import annotations

import random
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.patience import Patience
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress as core_progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._core.contact import KEPT, Contact
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import base
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import Begun, Reached, Record, State
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import watch
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import records as ecs_records
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import watch as ecs_watch
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external import task_sets, write
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import TERMINAL, Deployment, Outcome, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import diagnosis, progress
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.diagnosis import Diagnosis
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import reads

WaitUntil = t.Literal["stable", "serving"]

# Stopped tasks are read again no sooner than this.
_DIAGNOSE_EVERY: t.Final = 10.0
# Looks one after the other that did not list what AWS had accepted, before we stop trusting that the next one will.
_UNLISTED_LOOKS: t.Final = 5
# What a look may say of a deployment that has not come to an end.
_GOES_ON: t.Final = frozenset({"going", "ready", "running", "serving", "stable"})


# By deployment controller, how a look is judged, and who it is that deploys.
_ASSESS: t.Final = {"CODE_DEPLOY": watch.assess, "EXTERNAL": task_sets.assess}
_DEPLOYED_BY: t.Final = {"CODE_DEPLOY": "CodeDeploy"}


class Subject(t.Protocol):
    """A service that is watched, and that remembers what was seen of it."""

    service: Service | None
    diagnosis: Diagnosis | None
    timings: dict[str, float]

    @property
    def name(self) -> str:
        """The service's name."""

    @property
    def label(self) -> str:
        """What lines about it begin with."""

    @property
    def cluster(self) -> str:
        """The cluster that it runs in."""

    @property
    def begun(self) -> Begun:
        """The deployment to watch."""

    @property
    def outcome(self) -> str | None:
        """How it ended, None while it has not."""

    def end(self, outcome: Outcome, reason: str) -> None:
        """The deployment did not get where it should."""

    def reached(self, state: Reached) -> None:
        """The deployment is where it should be."""


AnySubject = t.TypeVar("AnySubject", bound=Subject)


@dataclass
class _Track(t.Generic[AnySubject]):
    """What the sweeps remember of one service."""

    run: AnySubject
    begun: Begun
    record_arn: str = ""
    line: str = ""
    health: str = ""
    most_running: int = -1
    least_others: float = float("inf")
    moved_at: float = 0.0
    diagnosed_at: float = float("-inf")
    contact: Contact = KEPT
    listed: bool = False
    unlisted: int = 0
    # Of our deployment or task set as it was seen last: its tasks are known by that when it is gone.
    own_id: str = ""
    record: Record | None = None

    @property
    def by_codedeploy(self) -> bool:
        return self.watched.controller == "CODE_DEPLOY"

    def ours(self, service: Service) -> Deployment | None:
        """Our deployment, or task set, of those that the service has now."""
        if self.by_codedeploy:
            return service.made_by(self.watched.deployment_id)
        return service.deployment(self.watched.deployment_id)

    @property
    def is_gone(self) -> bool:
        """Ours is not listed, and that is not because the list lags."""
        return self.listed or self.unlisted >= _UNLISTED_LOOKS

    @property
    def watched(self) -> base.Watched:
        return self.begun.watched


class Sweeper(t.Generic[AnySubject]):
    """Watches the deployments of one call. ``began`` is when the call began, on the clock's monotonic time.

    ``contact_timeout`` seconds of looks that fail are outlasted, but never past ``wait_timeout``.

    ``stops`` says, at each look, why a deployment is to end as failed although nothing in ECS says so; empty for none.
    With ``last_word`` nothing comes after a bad end, so that what was not undone is said with it.
    """

    def __init__(
        self,
        aws: Aws,
        clock: Clock,
        wait_until: WaitUntil,
        wait_timeout: float,
        contact_timeout: float,
        began: float,
        stops: t.Callable[[AnySubject], str] | None = None,
        last_word: bool = True,
    ) -> None:
        self._aws = aws
        # Looks are repeated anyway, but for one that is the only one.
        self._looks = aws.brisk if wait_timeout > 0 else aws
        self._clock = clock
        self._wait_until = wait_until
        self._timeout = wait_timeout
        self._contact_timeout = contact_timeout
        self._began = began
        self._deadline = began + wait_timeout
        self._stops = stops
        self._last_word = last_word
        self._patience = Patience(clock, self._heartbeat)
        self._tracks: list[_Track[AnySubject]] = []
        self._codedeploy = watch.Looker(self._looks)
        self._told_of_contact = False
        self._no_records: AwsCallError | IncompleteAnswerError | None = None

    def watch(self, runs: t.Sequence[AnySubject]) -> list[AnySubject]:
        """Return when each of them has ended, or the time is up.

        Returns those whose deployment ended before ECS could stop it: they need another plan. Raises
        :class:`.Orphaned` when the play that we work for is gone.
        """
        now = self._clock.monotonic()
        self._tracks = [_Track(run, run.begun, record_arn=run.begun.record, moved_at=now) for run in runs]
        self._deadline = now + self._timeout
        again: list[AnySubject] = []
        while self._tracks:
            self._sweep(again)
            if not self._tracks:
                break
            left = self._deadline - self._clock.monotonic()
            if left <= 0:
                self._give_up()
                break
            pause = progress.sweep_interval(len(self._tracks)) * random.uniform(0.85, 1.15)
            self._patience.pause(min(pause, max(left, 0.05)))
        return again

    def _heartbeat(self) -> None:
        now = self._clock.monotonic()
        missed = next((track.contact for track in self._tracks if track.contact.since is not None), KEPT)
        if missed.is_told(now):
            core_progress.say(f"{self._whom()}{missed.told(now, self._contact_timeout)}")
        elif len(self._tracks) == 1:
            track = self._tracks[0]
            core_progress.say(f"[{track.run.label}] {track.line or 'still waiting'}, {self._elapsed():.0f} s")
        else:
            core_progress.say(f"still waiting for {len(self._tracks)} services, {self._elapsed():.0f} s")

    def _whom(self) -> str:
        return f"[{self._tracks[0].run.label}] " if len(self._tracks) == 1 else ""

    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._began

    def _sweep(self, again: list[AnySubject]) -> None:
        records = self._records()
        for cluster in sorted({track.run.cluster for track in self._tracks}):
            here = [track for track in self._tracks if track.run.cluster == cluster]
            for start in range(0, len(here), api.SERVICES_PER_CALL):
                # Calls that hang one after the other must not make a silence.
                self._patience.check()
                self._look_at(cluster, here[start : start + api.SERVICES_PER_CALL], records, again)
        self._tracks = [track for track in self._tracks if track.run.outcome is None and track.run not in again]
        self._tell_of_contact()

    def _tell_of_contact(self) -> None:
        """Once when it is lost, and then with each heartbeat."""
        now = self._clock.monotonic()
        is_gone = any(track.contact.is_told(now) for track in self._tracks)
        if is_gone and not self._told_of_contact:
            self._patience.told()
            self._heartbeat()
        self._told_of_contact = is_gone

    def _records(self) -> dict[str, Record]:
        for track in self._tracks:
            self._find_own_record(track)
        codedeploy = {
            track.record_arn: (track.run.service, track.watched.target) for track in self._tracks if track.by_codedeploy
        }
        self._no_records = None
        found: dict[str, Record] = {}
        try:
            found = self._codedeploy.records(codedeploy, self._clock.now()) if codedeploy else {}
        except (AwsCallError, IncompleteAnswerError) as exc:
            self._no_records = exc
        goes_back = {t.record_arn: bool(t.watched.service_deployment) for t in self._tracks if not t.by_codedeploy}
        wanted = [arn for arn in goes_back if arn]
        try:
            answers = api.describe_service_deployments(self._looks, wanted) if wanted else {}
        except (AwsCallError, IncompleteAnswerError):
            # The look at the services tells the same a little later.
            return found
        return {**found, **{arn: _record(answer, goes_back[arn]) for arn, answer in answers.items()}}

    def _find_own_record(self, track: _Track[AnySubject]) -> None:
        """Our own service deployment, where its record tells what counts do not: how far the traffic has shifted."""
        if track.record_arn or track.watched.strategy == "ROLLING" or track.watched.controller != "ECS":
            return
        try:
            briefs = api.list_service_deployments(self._looks, track.run.cluster, track.run.name, everything=False)
        except (AwsCallError, IncompleteAnswerError):
            return
        new = [brief for brief in briefs if brief["serviceDeploymentArn"] not in track.begun.known_records]
        if new:
            # Ours is the first that came after the plan; a later one is somebody else's.
            track.record_arn = min(new, key=lambda brief: brief["createdAt"])["serviceDeploymentArn"]

    def _look_at(
        self,
        cluster: str,
        tracks: t.Sequence[_Track[AnySubject]],
        records: t.Mapping[str, Record],
        again: list[AnySubject],
    ) -> None:
        try:
            found = api.describe_services(self._looks, cluster, [track.run.name for track in tracks])
        except (AwsCallError, IncompleteAnswerError) as exc:
            for track in tracks:
                self._missed(track, exc.explain(), exc.code, exc.may_pass)
            return
        for track in tracks:
            service = found[track.run.name]
            if not isinstance(service, Service):
                self._missed(track, f"ECS does not describe the service any more: {service}", service)
            elif track.by_codedeploy and self._no_records is not None:
                # The service alone does not tell how such a deployment ends.
                self._missed(track, self._no_records.explain(), self._no_records.code, self._no_records.may_pass)
            else:
                self._judge(track, service, records.get(track.record_arn), again)

    def _missed(self, track: _Track[AnySubject], why: str, cause: str, may_pass: bool = True) -> None:
        now = self._clock.monotonic()
        track.contact = track.contact.missed(now, why, cause, may_pass)
        if track.contact.is_lost(now, self._contact_timeout):
            self._lose(track)

    def _lose(self, track: _Track[AnySubject]) -> None:
        watched = track.watched
        id_ = watched.deployment_id or watched.service_deployment.rpartition("/")[2]
        what = f"AWS has accepted the deployment of {names.short(watched.target)} ({id_})"
        if watched.makes_room:
            what = f"deployment {id_} has to end before ours can be created"
        track.run.end("lost_contact", track.contact.lost(self._clock.monotonic(), what, track.line))

    def _judge(
        self, track: _Track[AnySubject], service: Service, record: Record | None, again: list[AnySubject]
    ) -> None:
        run = track.run
        run.service, track.record = service, record
        look = _ASSESS.get(track.watched.controller, ecs_watch.assess)(track.watched, service, record)
        state = self._as_served(track, service) if look.state == "serving" else look.state
        to_promote = look.state == "ready" and not track.begun.read_only
        # Contact is not kept by looks alone where something is to be written.
        track.contact = track.contact if to_promote else KEPT
        self._tell(track, service, record)
        ours = track.ours(service)
        track.own_id = ours.id if ours is not None else track.own_id
        track.listed = track.listed or service.deployment(track.watched.deployment_id) is not None
        track.unlisted = track.unlisted + 1 if look.state == "unlisted" else 0
        if state in ("serving", "stable"):
            run.timings.setdefault("serving", self._elapsed())
        stop = self._stops(run) if self._stops and state in _GOES_ON else ""
        if stop:
            run.end("failed", stop)
        elif state == "stable" or (state in ("running", "serving") and self._wait_until == "serving"):
            if state == "stable":
                run.timings.setdefault(state, self._elapsed())
            run.reached(state)
        elif to_promote:
            self._promote(track, service)
        elif look.state == "ended_before":
            again.append(run)
        elif look.state == "replaced":
            self._replaced(track, service, look.reason)
        elif look.state == "failed" or (look.state == "unlisted" and track.is_gone):
            self._fail(track, service, look.reason)
        elif state == "going":
            self._diagnose_if_in_trouble(track, service)

    def _as_served(self, track: _Track[AnySubject], service: Service) -> State:
        """By the counts it is serving; where load balancers are in between, their health checks have the last word."""
        if not diagnosis.decides(service):
            return "serving"
        if self._wait_until != "serving":
            # Nobody waits for it, so nobody is asked.
            return "running"
        ours = track.ours(service) or service.primary
        health = diagnosis.target_health(self._looks, service, service.wanted(ours) if ours else service.desired)
        if health.serves is None:
            before = track.run.diagnosis or Diagnosis()
            track.run.diagnosis = replace(before, unknown=(*before.unknown, health.note))
            return "running"
        track.health = health.note
        return "serving" if health.serves else "going"

    def _promote(self, track: _Track[AnySubject], service: Service) -> None:
        """The one write of a sweep: our task set is up, and takes over."""
        try:
            track.run.service = write.promote(self._looks, service, track.watched.deployment_id)
            track.contact = KEPT
        except (AwsCallError, IncompleteAnswerError) as exc:
            if exc.may_pass:
                # The next look shows whether it was taken; if it was not, it is asked for again.
                self._missed(track, exc.explain(), exc.code)
                return
            track.run.end("failed", f"task set {track.watched.deployment_id} is up, but not PRIMARY. {exc.explain()}")

    def _tell(self, track: _Track[AnySubject], service: Service, record: Record | None) -> None:
        now = self._clock.monotonic()
        running, others = progress.standing(service, track.watched.target)
        if running > track.most_running or others < track.least_others:
            # Tasks that start and crash again and again change the counts all the time, and get nowhere.
            track.most_running = max(running, track.most_running)
            track.least_others = min(others, track.least_others)
            track.moved_at = now
        shift = progress.shift(record, track.watched.target)
        parts = (progress.progress(service, track.watched.target), shift, track.health)
        line = ", ".join(part for part in parts if part)
        if line != track.line:
            track.line = line
            self._patience.told()
            core_progress.say(f"[{track.run.label}] {line}, {self._elapsed():.0f} s")

    def _diagnose_if_in_trouble(self, track: _Track[AnySubject], service: Service) -> None:
        now = self._clock.monotonic()
        ours = track.ours(service)
        if not track.watched.deployment_id or now - track.diagnosed_at < _DIAGNOSE_EVERY:
            return
        if ours is None and track.by_codedeploy:
            # CodeDeploy has not made its task set yet.
            return
        if not diagnosis.in_trouble(ours, now - track.moved_at):
            return
        track.diagnosed_at = now
        found = self._diagnose(self._looks, track, service)
        why = diagnosis.certain(found, service.desired, service.circuit_breaker)
        if why:
            self._fail(track, service, why)

    def _diagnose(self, aws: Aws, track: _Track[AnySubject], service: Service) -> Diagnosis:
        deployment_id = track.own_id or track.watched.deployment_id
        if not deployment_id and service.primary:
            deployment_id = service.primary.id
        found = diagnosis.collect(aws, service, deployment_id, track.begun.events_before)
        if track.by_codedeploy:
            found = replace(
                found,
                rollout_reason=track.record.reason if track.record is not None else "",
                lifecycle=self._codedeploy.failed_events(track.record_arn, service),
            )
        before = track.run.diagnosis
        # Stopped tasks vanish; what an earlier look found is kept.
        if before is None or len(found.stopped) >= len(before.stopped):
            track.run.diagnosis = found
        return track.run.diagnosis or found

    def _replaced(self, track: _Track[AnySubject], service: Service, reason: str) -> None:
        status = self._how_our_deployment_ended(track)
        if status.startswith("ROLLBACK"):
            self._fail(track, service, f"ECS rolled it back ({status})")
            return
        track.run.end("superseded", reason)

    def _how_our_deployment_ended(self, track: _Track[AnySubject]) -> str:
        """The status of our service deployment, empty where it cannot be told.

        ECS's own rollback and somebody else's deployment can look alike in ``deployments``; the record tells.
        """
        histories = ecs_records.Histories(self._aws, track.run.cluster)
        service = track.run.service
        if service is None or track.watched.service_deployment or track.watched.controller != "ECS":
            return ""
        histories.read([service])
        history = histories.found.get(service.name)
        for deployment in reversed(history.deployments if history else ()):
            if (
                names.same(deployment.target.task_definition, track.watched.target)
                and deployment.arn != track.begun.predecessor
            ):
                return deployment.status
        return ""

    def _fail(self, track: _Track[AnySubject], service: Service, reason: str) -> None:
        found = self._diagnose(self._aws, track, service)
        headline = found.headline()
        text = f"{names.short(track.watched.target)} does not come up: {headline or reason}"
        if headline and reason and reason not in headline:
            who = _DEPLOYED_BY.get(track.watched.controller, "ECS")
            text += f". {who}: {reason}" if not headline.startswith(reason) else ""
        if track.by_codedeploy and track.record is not None and track.record.status not in TERMINAL:
            text += f". Deployment {track.record_arn} is still running in CodeDeploy"
            text += "; nothing was undone" if self._last_word else ""
        healthy = progress.healthy_on(service)
        track.run.end("failed" if healthy or service.desired == 0 else "rollback_failed", text)

    def _give_up(self) -> None:
        for track in self._tracks:
            if track.contact.since is not None:
                self._lose(track)
                continue
            service = track.run.service
            if service is not None:
                self._diagnose(self._aws, track, service)
            headline = track.run.diagnosis.headline() if track.run.diagnosis else ""
            track.run.end(
                "timeout",
                f"still going after {self._timeout:.0f} s ({track.line}){': ' + headline if headline else ''}"
                + (". Nothing was undone. Run the same command again to go on watching it" if self._last_word else ""),
            )


def _record(raw: Answer, goes_back: bool) -> Record:
    weight = (raw.get("targetServiceRevision") or {}).get("requestedProductionTrafficWeight")
    if weight is not None and goes_back:
        weight = 100 - float(weight)
    return Record(
        status=str(raw.get("status", "")),
        reason=str(raw.get("statusReason") or ""),
        stage=str(raw.get("lifecycleStage") or ""),
        weight=float(weight) if weight is not None else None,
        pause=reads.pause(raw),
    )
