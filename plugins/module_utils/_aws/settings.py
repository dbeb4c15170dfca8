# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Change protective settings in AWS: first validate all of them, then change those that differ."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core import advice
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding

Outcome = t.Literal["updated", "unchanged", "planned", "refused", "failed", "not_attempted"]
Say = t.Callable[[str], None]

NOT_SHOWN: t.Final = (
    "AWS accepted the change but does not show it: somebody else may have changed the settings at the same time. "
    f"{advice.AGAIN}"
)


class Settings(t.Protocol):
    """The settings of one thing."""

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""


AnySettings = t.TypeVar("AnySettings", bound=Settings)


@dataclass(frozen=True)
class Result(t.Generic[AnySettings]):
    """How it ended for one thing. ``after`` is None if AWS did not answer, so nobody knows.

    ``names``: its names in results, by field; the first is its own name.
    """

    names: t.Mapping[str, str]
    outcome: Outcome
    reason: str
    before: AnySettings | None = None
    after: AnySettings | None = None
    request: t.Mapping[str, t.Any] = field(default_factory=dict)
    changed: bool = False
    findings: tuple[Finding, ...] = ()

    @property
    def label(self) -> str:
        """Its name."""
        return next(iter(self.names.values()))

    @property
    def failed(self) -> bool:
        """Whether it fails the module."""
        return self.outcome in ("refused", "failed", "not_attempted")

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        return {
            **self.names,
            "outcome": self.outcome,
            "changed": self.changed,
            "before": self.before.as_dict() if self.before else None,
            "after": self.after.as_dict() if self.after else None,
            "reason": self.reason,
            "findings": [finding.as_dict() for finding in self.findings],
        }

    def diff(self) -> dict[str, t.Any]:
        """For diff mode."""
        return {
            "before_header": self.label,
            "after_header": self.label,
            "before": self.before.as_dict() if self.before else {},
            "after": self.after.as_dict() if self.after else {},
        }


def noticed(
    results: t.Sequence[Result[AnySettings]], findings_of: t.Callable[[AnySettings], tuple[Finding, ...]]
) -> list[Result[AnySettings]]:
    """The plans, plus findings about the settings they aim for. Refused plans get no more."""
    return [
        replace(item, findings=(*item.findings, *findings_of(item.after)))
        if item.after is not None and item.outcome != "refused"
        else item
        for item in results
    ]


def act(
    results: t.Sequence[Result[AnySettings]],
    check_mode: bool,
    write: t.Callable[[Result[AnySettings]], tuple[AnySettings | None, str]],
    say: Say,
) -> list[Result[AnySettings]]:
    """Change what the plans say, except in check mode; change nothing if any of them was refused.

    If AWS rejects one change, the others are still made. ``write`` changes one thing, and returns the settings AWS
    shows afterwards and what is wrong with them. It raises AwsCallError or IncompleteAnswerError if AWS did not accept
    the change.
    """
    if any(item.outcome == "refused" for item in results):
        reason = "nothing was changed here, because another one was refused"
        return [
            replace(item, outcome="not_attempted", reason=reason, changed=False, after=item.before)
            if item.outcome == "planned"
            else item
            for item in results
        ]
    if check_mode:
        return list(results)
    done = []
    for item in results:
        result = _act(item, write) if item.outcome == "planned" else item
        if result is not item:
            say(f"[{item.label}] {result.reason}")
        done.append(result)
    return done


def _act(
    item: Result[AnySettings], write: t.Callable[[Result[AnySettings]], tuple[AnySettings | None, str]]
) -> Result[AnySettings]:
    try:
        after, problem = write(item)
    except (AwsCallError, IncompleteAnswerError) as exc:
        return _failed(exc, item)
    if problem:
        return replace(item, outcome="failed", reason=problem, after=after)
    return replace(item, outcome="updated", after=after)


def _failed(exc: AwsCallError | IncompleteAnswerError, item: Result[AnySettings]) -> Result[AnySettings]:
    text = f"{exc.explain().rstrip('.')}."
    if exc.no_answer:
        reason = f"{text} Whether the settings of {item.label} have changed is not known"
        return replace(item, outcome="failed", reason=reason, changed=True, after=None)
    reason = f"{text} Nothing was changed in {item.label}"
    return replace(item, outcome="failed", reason=reason, changed=False, after=item.before)


def summary(results: t.Sequence[Result[AnySettings]], things: str) -> str:
    """Why the module failed: what went wrong, and what happened to all the others (``things``, a plural noun)."""
    causes = [item for item in results if item.failed and item.outcome != "not_attempted"]
    text = " ".join(f"{item.label}: {item.reason.rstrip('.')}." for item in causes)
    if len(results) == 1:
        return text
    counts: dict[str, int] = {}
    for item in results:
        counts[item.outcome] = counts.get(item.outcome, 0) + 1
    told = ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in counts.items())
    return f"{text} Of {len(results)} {things}: {told}"
