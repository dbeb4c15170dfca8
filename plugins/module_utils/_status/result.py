# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whether a service could be taken back now, and all there is to know about that, as a result. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._core import keys, outcomes
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Plan, Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import info, rollback_run
from ansible_collections.lastgood.aws.plugins.module_utils._status.needs import Lack
from ansible_collections.lastgood.aws.plugins.module_utils._status.unfinished import Unfinished

# The worst first.
Readiness = t.Literal["not_ready", "ready_with_warnings", "ready"]
WORST_FIRST: t.Final[t.Sequence[Readiness]] = t.get_args(Readiness)
IN_WORDS: t.Final[t.Mapping[str, str]] = {
    "not_ready": "not ready",
    "ready_with_warnings": "ready, with warnings",
    "ready": "ready",
}


@dataclass(frozen=True)
class Seen:
    """All that was found out about one service. ``service`` is None if it could not be read."""

    planned: Plan | Refusal
    service: Service | None
    cluster: str
    place: keys.Place
    lacks: t.Sequence[Lack] = ()
    unfinished: t.Sequence[Unfinished] = ()
    # What the plan does not know of.
    findings: t.Sequence[Finding] = ()

    @property
    def name(self) -> str:
        """What the service is called."""
        return self.planned.name if isinstance(self.planned, Refusal) else self.planned.service.name

    @property
    def all_findings(self) -> list[Finding]:
        """Those of the plan, too."""
        return [*self.planned.findings, *self.findings]

    @property
    def readiness(self) -> Readiness:
        """Whether a rollback would begin now, as far as is known."""
        if isinstance(self.planned, Refusal) or self.planned.verb == "refuse" or self.stopping:
            return "not_ready"
        doubted = any(finding.severity in ("warn", "unknown") for finding in self.all_findings)
        lacking = any(lack.weight != "option" for lack in self.lacks)
        return "ready_with_warnings" if doubted or lacking or self.unfinished else "ready"

    @property
    def stopping(self) -> list[Lack]:
        """The permissions without which AWS would refuse the rollback."""
        return [lack for lack in self.lacks if lack.stops]

    @property
    def reason(self) -> str:
        """What a rollback would do, or why it would not."""
        planned = self.planned
        if isinstance(planned, Refusal):
            return planned.reason
        if planned.verb == "refuse":
            return f"{names.short(planned.current)}: {planned.reason}"
        if self.stopping:
            said = [f"{lack.action} is missing: {lack.cost}" for lack in self.stopping]
            return f"the permission {'; '.join(said)}"
        if planned.verb == "nothing":
            return f"{names.short(planned.current)}: a rollback would change nothing: {planned.reason}"
        return rollback_run.plan_line(planned)

    @property
    def line(self) -> outcomes.Line:
        """One line for people."""
        label, readiness = self.place.label(self.name, self.cluster), self.readiness
        text = f"{IN_WORDS[readiness]}: {self.reason}"
        return outcomes.Line(label, IN_WORDS[readiness], readiness != "not_ready", text)

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        shown = info.of(self.planned, self.cluster, self.place)
        alike = ("outcome", "method", "direction", "target", "target_source", "target_why", "in_flight")
        account = keys.account(self.service.arn) if self.service is not None else None
        return {
            "service": self.name,
            "cluster": shown["cluster"],
            "region": shown["region"],
            "account": account,
            "readiness": self.readiness,
            "reason": self.reason,
            "running": _running(self.service),
            **{name: shown[name] for name in alike},
            "findings": [finding.as_dict() for finding in self.all_findings],
            "permissions": [lack.as_dict() for lack in self.lacks],
            "unfinished": [one.as_dict() for one in self.unfinished],
            "summary": str(self.line),
        }


def _running(service: Service | None) -> dict[str, t.Any] | None:
    if service is None:
        return None
    primary = service.primary
    return {
        "task_definition": primary.task_definition if primary is not None else service.task_definition or None,
        "since": stamp(primary.created_at) if primary is not None and primary.created_at is not None else None,
        "rollout_state": primary.rollout_state if primary is not None else None,
        "desired_count": service.desired,
        "running_count": service.running,
    }


def worst_first(seen: t.Iterable[Seen]) -> list[Seen]:
    """In the order in which people should read them."""
    return sorted(seen, key=lambda one: (WORST_FIRST.index(one.readiness), one.cluster, one.name))


def summary(seen: t.Sequence[Seen], problems: t.Sequence[str]) -> str:
    """One line for all of them: how many are how ready, which of them are not, and what is not known at all."""
    if len(seen) == 1 and not problems:
        return str(seen[0].line)
    counted = []
    for readiness in WORST_FIRST:
        some = [one.line.label for one in seen if one.readiness == readiness]
        which = f" ({', '.join(some)})" if readiness == "not_ready" else ""
        counted += [f"{len(some)} {IN_WORDS[readiness]}{which}"] if some else []
    told = [f"{len(seen)} service{'' if len(seen) == 1 else 's'}: {'; '.join(counted)}"] if counted else []
    return ". ".join([*told, *(problem.rstrip(".") for problem in problems)])
