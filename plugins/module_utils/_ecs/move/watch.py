# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Looking at all that is in flight, sweep by sweep, until each has ended.

Nothing is written here. If a look finds a deployment ready for its next step, its controller takes it.
"""

from __future__ import annotations

import random
import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.patience import Patience
from ansible_collections.lastgood.aws.plugins.module_utils._core import advice
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress as core_progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._core.contact import KEPT
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import Controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import (
    Look,
    Reached,
    Record,
    State,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import diagnosis
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.diagnosis import Diagnosis, Doubt
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import (
    AnySubject,
    More,
    Run,
    Track,
    counts,
    healthy_on,
    no_more,
    running_and_others,
    shifting,
    sweep_interval,
)

WaitUntil = t.Literal["stable", "serving"]

# Stopped tasks are read again no sooner than this.
_DIAGNOSE_EVERY: t.Final = 10.0
# What a look may say about a deployment that has not ended.
_GOES_ON: t.Final = frozenset({"going", "ready", "running", "serving", "stable"})


class Sweeper(t.Generic[AnySubject]):
    """Watches the deployments of one call. ``began`` is when the call began, on the clock's monotonic time.

    ``contact_timeout`` seconds of looks that fail are outlasted, but never past ``wait_timeout``.

    ``stops`` says, at each look, why a deployment is to end as failed although nothing in ECS says so; empty for none.
    With ``last_word`` nothing comes after a bad end, so that what was not undone is said with it. ``terse``: only the
    end of a service is worth a line.
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
        controllers: Controllers | None = None,
        terse: bool = False,
    ) -> None:
        self._aws = aws
        self._controllers = controllers or Controllers(aws, clock)
        # Looks are repeated anyway, but for one that is the only one.
        self._looks = aws.brisk if wait_timeout > 0 else aws
        self._looking = self._controllers.brisk if wait_timeout > 0 else self._controllers
        self._clock = clock
        self._wait_until = wait_until
        self._timeout = wait_timeout
        self._contact_timeout = contact_timeout
        self._began, self._deadline = began, began + wait_timeout
        self._stops = stops
        self._last_word = last_word
        self._patience = Patience(clock, self._heartbeat)
        self._tracks: list[Track[AnySubject]] = []
        self._terse = self._is_for_many = terse
        self._told_of_contact = False

    def watch(
        self,
        runs: t.Sequence[AnySubject],
        more: More[AnySubject] = no_more,
        ended: t.Callable[[t.Sequence[AnySubject]], None] = lambda runs: None,
    ) -> list[AnySubject]:
        """Return when each of them has ended, or the time is up.

        ``more`` is asked for others, until it gives None; it may wait a moment for them. Each has the whole time.
        ``ended`` gets those that have ended since it was called last.

        Returns those whose deployment ended before ECS could stop it: they need another plan. Raises
        :class:`.Orphaned` when the play that we work for is gone.
        """
        self._tracks, self._is_for_many = [], self._terse or more is not no_more
        self._take_up(runs)
        due, coming = self._clock.monotonic(), True
        again: list[AnySubject] = []
        while True:
            fresh = more() if coming else None
            coming = fresh is not None
            self._take_up(fresh or ())
            if self._tracks and self._clock.monotonic() >= due:
                before = [track.run for track in self._tracks]
                self._sweep(again)
                ended([run for run in before if run.outcome is not None])
                due = self._clock.monotonic() + sweep_interval(self._tracks, due) * random.uniform(0.85, 1.15)
            if not self._tracks and not coming:
                break
            left = self._deadline - self._clock.monotonic()
            if left <= 0 and not coming:
                self._give_up()
                break
            if coming:
                self._patience.check()
            else:
                self._patience.pause(min(due - self._clock.monotonic(), max(left, 0.05)))
        return again

    def _take_up(self, runs: t.Sequence[AnySubject]) -> None:
        now, once = self._clock.monotonic(), self._timeout <= 0
        self._tracks += [Track(run, run.going, self._who_deploys(run), moved_at=now, doubt=Doubt(once)) for run in runs]
        self._deadline = now + self._timeout if runs else self._deadline

    def _who_deploys(self, run: AnySubject) -> Controller:
        if run.service is None:
            raise ValueError(f"{run.name} was never looked at, so there is nothing to watch")
        return self._looking.of(run.service)

    def _heartbeat(self) -> None:
        now = self._clock.monotonic()
        missed = next((track.contact for track in self._tracks if track.contact.since is not None), KEPT)
        if missed.is_told(now):
            core_progress.say(f"{self._whom()}{missed.told(now, self._contact_timeout)}")
        elif len(self._tracks) == 1 and not self._is_for_many:
            track = self._tracks[0]
            core_progress.say(f"[{track.run.label}] {track.line or 'still waiting'}, {self._elapsed():.0f} s")
        else:
            what = "1 service" if len(self._tracks) == 1 else f"{len(self._tracks)} services"
            core_progress.say(f"still waiting for {what}, {self._elapsed():.0f} s")

    def _whom(self) -> str:
        return f"[{self._tracks[0].run.label}] " if len(self._tracks) == 1 else ""

    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._began

    def _sweep(self, again: list[AnySubject]) -> None:
        blind = self._read_records()
        for cluster in sorted({track.run.cluster for track in self._tracks}):
            here = [track for track in self._tracks if track.run.cluster == cluster]
            for start in range(0, len(here), api.SERVICES_PER_CALL):
                # Calls that hang one after another must not leave the user without a line.
                self._patience.check()
                self._look_at(cluster, here[start : start + api.SERVICES_PER_CALL], blind, again)
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

    def _read_records(self) -> dict[Controller, AwsCallError | IncompleteAnswerError]:
        """Read the records of all that is watched. Returns why that failed, by the controllers that need them."""
        blind: dict[Controller, AwsCallError | IncompleteAnswerError] = {}
        for controller in dict.fromkeys(track.controller for track in self._tracks):
            tracks = [track for track in self._tracks if track.controller is controller]
            seen = [(track.going, track.run.service) for track in tracks]
            try:
                found = controller.records([(going, service) for going, service in seen if service is not None])
            except (AwsCallError, IncompleteAnswerError) as exc:
                blind[controller] = exc
                continue
            for track, record in zip(tracks, found):
                track.record = record
        return blind

    def _look_at(
        self,
        cluster: str,
        tracks: t.Sequence[Track[AnySubject]],
        blind: t.Mapping[Controller, AwsCallError | IncompleteAnswerError],
        again: list[AnySubject],
    ) -> None:
        try:
            found = api.describe_services(self._looks, cluster, [track.run.name for track in tracks])
        except (AwsCallError, IncompleteAnswerError) as exc:
            if exc.is_denied and len(tracks) > 1:
                # One that may not be read refuses the whole request.
                for track in tracks:
                    self._look_at(cluster, [track], blind, again)
                return
            for track in tracks:
                self._missed(track, exc.explain(), exc.code, exc.may_pass)
            return
        for track in tracks:
            service, problem = found[track.run.name], blind.get(track.controller)
            if not isinstance(service, Service):
                self._missed(track, f"ECS does not describe the service any more: {service}", service)
            elif problem is not None:
                self._missed(track, problem.explain(), problem.code, problem.may_pass)
            else:
                self._judge(track, service, again)

    def _missed(self, track: Track[AnySubject], why: str, cause: str, may_pass: bool = True) -> None:
        now = self._clock.monotonic()
        track.contact = track.contact.missed(now, why, cause, may_pass)
        if track.contact.is_lost(now, self._contact_timeout):
            self._lose(track)

    def _lose(self, track: Track[AnySubject]) -> None:
        going = track.going
        done, then = track.controller.out_of_sight(going, track.run.service)
        if going.makes_room:
            done = f"deployment {going.id} has to end before ours can be created"
        track.run.end("lost_contact", track.contact.lost(self._clock.monotonic(), done, track.line, then))

    def _judge(self, track: Track[AnySubject], service: Service, again: list[AnySubject]) -> None:
        run, record = track.run, track.record
        run.service = service
        run.tasks.seen(self._elapsed(), service.running_by_version)
        look = track.controller.assess(track.going, service, record)
        track.ours = look.ours
        state = self._as_served(track, service) if look.state == "running" else look.state
        to_advance = look.state == "ready" and not track.going.read_only
        # Contact is not kept by looks alone if something is to be written.
        track.contact = track.contact if to_advance else KEPT
        # Nobody else is waited for at a hook that comes to be answered now.
        self._tell(track, service, replace(record, pause=None) if record is not None and to_advance else record)
        track.own_id = look.ours.id if look.ours is not None else track.own_id
        track.doubt.looked(look, self._clock.monotonic())
        if state in ("serving", "stable"):
            run.timings.setdefault("serving", self._elapsed())
        stop = self._stops(run) if self._stops and state in _GOES_ON else ""
        if stop:
            run.end("failed", stop)
        elif self._is_there(state):
            self._reached(run, t.cast(Reached, state), look.left)
        elif to_advance:
            self._advance(track, service)
        elif look.state == "ended_before":
            again.append(run)
        else:
            self._conclude(track, service, look, state)

    def _reached(self, run: AnySubject, state: Reached, left: str) -> None:
        if state == "stable":
            run.timings.setdefault(state, self._elapsed())
        run.reached(state, left)
        run.findings += [Finding("deferred", "warn", left)] if left else []

    def _is_there(self, state: State) -> bool:
        return state == "stable" or (state in ("running", "serving") and self._wait_until == "serving")

    def _conclude(self, track: Track[AnySubject], service: Service, look: Look, state: State) -> None:
        if state == "going":
            self._diagnose_if_in_trouble(track, service)
        elif track.doubt.is_over(look, lambda: track.controller.contradicts(track.going, service, look)):
            if look.state == "replaced":
                self._replaced(track, service, look.reason)
            elif look.state in ("failed", "went_back", "unlisted"):
                self._fail(track, service, look.reason)

    def _as_served(self, track: Track[AnySubject], service: Service) -> State:
        """By the counts it is serving, and load balancers are in between: their health checks have the last word."""
        if self._wait_until != "serving":
            # Nobody waits for it, so nobody is asked.
            return "running"
        ours = track.ours or service.primary
        health = diagnosis.target_health(self._looks, service, service.wanted(ours) if ours else service.desired)
        if health.serves is None:
            before = track.run.diagnosis or Diagnosis()
            track.run.diagnosis = replace(before, unknown=(*before.unknown, health.note))
            return "running"
        track.health = health.note
        return "serving" if health.serves else "going"

    def _advance(self, track: Track[AnySubject], service: Service) -> None:
        try:
            advanced = track.controller.advance(track.going, service)
            track.run.service = advanced.service
            track.run.findings += advanced.findings
            track.contact = KEPT
        except (AwsCallError, IncompleteAnswerError) as exc:
            if exc.may_pass:
                # The next look shows whether it was taken; if it was not, it is asked for again.
                self._missed(track, exc.explain(), exc.code)
                return
            track.run.end("failed", f"task set {track.going.deployment_id} is up, but not PRIMARY. {exc.explain()}")

    def _tell(self, track: Track[AnySubject], service: Service, record: Record | None) -> None:
        now = self._clock.monotonic()
        running, others = running_and_others(service, track.going.target)
        if running > track.most_running or others < track.least_others:
            # Tasks that start and crash again and again change the counts all the time, and get nowhere.
            track.most_running = max(running, track.most_running)
            track.least_others = min(others, track.least_others)
            track.moved_at = now
        shift = shifting(record, track.going.target)
        line = ", ".join(filter(None, (counts(service, track.going.target, _called(track)), shift, track.health)))
        if line != track.line:
            track.line = line
            if self._is_for_many:
                # Nobody reads hundreds of lines; the end of each is said.
                return
            self._patience.told()
            core_progress.say(f"[{track.run.label}] {line}, {self._elapsed():.0f} s")

    def _diagnose_if_in_trouble(self, track: Track[AnySubject], service: Service) -> None:
        now = self._clock.monotonic()
        if track.ours is None or now - track.diagnosed_at < _DIAGNOSE_EVERY:
            # Nothing of ours is there yet, or AWS itself goes back.
            return
        if not diagnosis.in_trouble(track.ours, now - track.moved_at):
            return
        track.diagnosed_at = now
        found = self._diagnose(self._looks, track, service)
        # It watches a deployment until that is COMPLETED, which earlySuccessCriteria make it with a share of its tasks.
        breaker = service.circuit_breaker and track.ours.rollout_state != "COMPLETED"
        why = diagnosis.certain(found, service.desired, breaker)
        if why:
            self._fail(track, service, why)

    def _diagnose(self, aws: Aws, track: Track[AnySubject], service: Service) -> Diagnosis:
        deployment_id = track.own_id or track.going.deployment_id
        if not deployment_id and service.primary:
            deployment_id = service.primary.id
        found = diagnosis.collect(aws, service, deployment_id, track.going.events_before)
        more = track.controller.more(track.going, service, track.record)
        if more is not None:
            found = replace(found, rollout_reason=more.reason, lifecycle=more.lifecycle)
        before = track.run.diagnosis
        # Stopped tasks vanish; what an earlier look found is kept.
        if before is None or len(found.stopped) >= len(before.stopped):
            track.run.diagnosis = found
        return track.run.diagnosis or found

    def _replaced(self, track: Track[AnySubject], service: Service, reason: str) -> None:
        undone = self._controllers.of(service).undone(track.going, service)
        if undone:
            self._fail(track, service, f"{track.controller.deployer} rolled it back ({undone})")
            return
        track.run.end("superseded", reason)

    def _fail(self, track: Track[AnySubject], service: Service, reason: str) -> None:
        found = self._diagnose(self._aws, track, service)
        headline = found.headline()
        text = f"{_called(track)} does not come up: {headline or reason}"
        if headline and reason and reason not in headline:
            text += f". {track.controller.deployer}: {reason}" if not headline.startswith(reason) else ""
        # If something comes after a bad end, it does not go on for long.
        goes_on = track.controller.goes_on(track.going, track.record) if self._last_word else ""
        if goes_on:
            text += f". {goes_on}; nothing was undone"
        healthy = healthy_on(service)
        track.run.end("failed" if healthy or service.desired == 0 else "rollback_failed", text)

    def _give_up(self) -> None:
        for track in self._tracks:
            if track.contact.since is not None:
                self._lose(track)
                continue
            service = track.run.service
            if service is not None:
                # The time is up: a retry of minutes would go past it, and be silent.
                self._diagnose(self._looks, track, service)
            headline = track.run.diagnosis.headline() if track.run.diagnosis else ""
            track.run.end(
                "timeout",
                f"still going after {self._timeout:.0f} s ({track.line}){': ' + headline if headline else ''}"
                + (f". {advice.WATCH_ON}" if self._last_word else ""),
            )


def _called(track: Track[AnySubject]) -> str:
    """The target; of a pinned copy also what it is a copy of, since its number says nothing."""
    run, target = track.run, track.going.target
    return run.goes_to if isinstance(run, Run) and names.same(run.target, target) else names.short(target)
