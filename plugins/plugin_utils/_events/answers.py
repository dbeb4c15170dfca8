# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What an event calls for, after a look at what it is about. Pure.

What is uncertain is never a rollback. An event only begins the question: what AWS says now decides.
"""

from __future__ import annotations

import json
import shlex
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.lastgood.aws.plugins.plugin_utils._events.seen import Seen, moment

Event = t.Mapping[str, str]
Do = t.Literal["nothing", "tell", "ask", "rollback"]


class Answer(t.NamedTuple):
    """What to do, and why."""

    do: Do
    why: str


@dataclass(frozen=True)
class Rules:
    """What the variables of the role say. Times are in seconds, ``now`` is UTC without an offset."""

    now: datetime
    switches: t.Sequence[str] = ()
    enabled: bool = True
    dry_run: bool = False
    on_failure: Do = "rollback"
    on_alarm: Do = "ask"
    on_bad_version: Do = "tell"
    within: int = 1800
    max_age: int = 3600
    cool_down: int = 1800


def answer(event: Event, seen: Seen, rules: Rules) -> Answer:
    """What an event calls for. Its keys are those of the event filter."""
    if not rules.enabled:
        return Answer("nothing", "it is switched off by on_event_enabled")
    if any(str(switch).strip().lower() != "on" for switch in rules.switches):
        return Answer("nothing", "it is switched off: a switch does not say on")
    if event.get("account") and seen.account and event["account"] != seen.account:
        return Answer("tell", f"the event is of account {event['account']}, and the credentials are of {seen.account}")
    kind, state = event.get("kind"), event.get("state")
    if kind == "catch_up":
        return _caught_up(seen, rules)
    if kind == "hook" and state == "waiting":
        return _waiting(event)
    if kind == "deployment" and state == "failed":
        return _failed(event, seen, rules)
    if kind == "deployment" and state == "in_progress":
        return _begun(event, seen, rules)
    if kind == "alarm" and state == "alarm":
        return _alarmed(event, seen, rules)
    return Answer("nothing", f"{event.get('reported') or kind or 'this event'} calls for nothing")


def _failed(event: Event, seen: Seen, rules: Rules) -> Answer:
    named = event.get("deployment_id") or seen.deployment
    what = f"{named} failed{_because(event)}"
    if seen.problem and not seen.deployment:
        return Answer("tell", f"{what}, and {seen.problem}")
    if named != seen.deployment:
        return Answer("nothing", f"{what}, and the newest deployment is {seen.deployment or 'not known'}")
    if not event.get("deployment_id") and not seen.failed:
        # Only what names its deployment is believed if AWS's answer does not show it yet.
        return Answer("nothing", f"{seen.deployment} has not failed")
    return _unless(what, event, seen, rules, rules.on_failure)


def _alarmed(event: Event, seen: Seen, rules: Rules) -> Answer:
    what = f"{event.get('alarm')} is in ALARM{_because(event)}"
    at = moment(event.get("time"))
    if at is None or seen.deployed_at is None:
        return Answer("tell", f"{what}, and it is not known how long after the last deployment")
    after = at - seen.deployed_at
    if after < timedelta(0):
        return Answer("nothing", f"{what}, since before {seen.runs} was deployed")
    if after > timedelta(seconds=rules.within):
        return Answer(
            "nothing", f"{what}, {_minutes(after)} after {seen.runs} was deployed, which is too long after it"
        )
    return _unless(f"{what}, {_minutes(after)} after {seen.runs} was deployed", event, seen, rules, rules.on_alarm)


def _begun(event: Event, seen: Seen, rules: Rules) -> Answer:
    if event.get("deployment_id") != seen.deployment:
        return Answer("nothing", f"the newest deployment is {seen.deployment or 'not known'}")
    if not seen.marked_bad:
        return Answer("nothing", f"{seen.runs} is not marked bad")
    what = f"{seen.runs} is deployed, which is marked bad ({seen.marked_bad})"
    return _unless(what, event, seen, rules, rules.on_bad_version)


def _caught_up(seen: Seen, rules: Rules) -> Answer:
    """For what nobody answered: an event that was lost, or a run that was killed."""
    begun = seen.last_rollback if seen.unfinished else seen.deployed_at
    if begun is None or rules.now - begun > timedelta(seconds=rules.max_age):
        return Answer("nothing", "nothing happened lately")
    if seen.unfinished and not seen.settled:
        # It was decided then, so neither the cool-down nor on_failure is asked again.
        do: Do = "tell" if rules.dry_run or seen.problem else "rollback"
        return Answer(do, f"a rollback was begun at {begun:%H:%M:%S} UTC and not finished{_and(seen.problem)}")
    if not seen.failed:
        return Answer("nothing", f"{seen.deployment or 'the newest deployment'} has not failed")
    return _unless(f"{seen.deployment} failed", {}, seen, rules, rules.on_failure)


def _waiting(event: Event) -> Answer:
    arn, hook = shlex.quote(event.get("service_deployment", "")), shlex.quote(event.get("hook_id", ""))
    until = f" until {event['expires_at']}" if event.get("expires_at") else ""
    return Answer(
        "tell",
        f"its deployment waits at {event.get('stage') or 'a hook'}{until}: aws ecs continue-service-deployment "
        f"--service-deployment-arn {arn} --hook-id {hook} --action CONTINUE (or ROLLBACK)",
    )


def _unless(what: str, event: Event, seen: Seen, rules: Rules, do: Do) -> Answer:
    """``do``, unless something speaks against it."""
    if seen.going_back:
        return Answer("nothing", f"{what}, and {seen.going_back}")
    if seen.settled:
        return Answer("nothing", f"{what}, and {seen.settled}")
    if seen.problem:
        return Answer("tell", f"{what}, and it cannot go back: {seen.problem}")
    wish = f"{what}. It would go back to {seen.goes_to}" if seen.goes_to else what
    at = moment(event.get("time"))
    if at is not None and rules.now - at > timedelta(seconds=rules.max_age):
        return Answer("tell", f"{wish}, but the event is {_minutes(rules.now - at)} old")
    since = (at or rules.now) - seen.last_rollback if seen.last_rollback is not None else None
    if since is not None and since < timedelta(seconds=rules.cool_down):
        return Answer("tell", f"{wish}, but it was rolled back {_minutes(since)} ago")
    if rules.dry_run:
        return Answer("tell", f"{wish}, but this is a dry run")
    return Answer(do, what if do == "rollback" else wish)


def _because(event: Event) -> str:
    return f" ({event['reason'].rstrip('.')})" if event.get("reason") else ""


def _and(problem: str) -> str:
    return f", and {problem}" if problem else ""


def _minutes(time: timedelta) -> str:
    seconds = max(0, int(time.total_seconds()))
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} minutes"


def command(target: t.Mapping[str, str], seen: Seen) -> str:
    """What a person runs to do it."""
    if target["kind"] == "service":
        named = {"cluster": target["cluster"], "services": target["service"], "from_revision": seen.runs}
        playbook = "rollback"
    else:
        named = {"application": target["application"], "deployment_group": target["deployment_group"]}
        playbook = "redeploy"
    given = {**named, "region": target["region"]}
    options = " ".join(_option(f"rollback_{name}", value) for name, value in given.items() if value)
    return f"ansible-playbook lastgood.aws.{playbook} {options}"


def _option(name: str, value: str) -> str:
    """ansible-core splits ``name=value`` at spaces, whatever the shell has left of the quotes."""
    plain = shlex.quote(value) == value
    return f"-e {name}={value}" if plain else shlex.join(["-e", json.dumps({name: value})])
