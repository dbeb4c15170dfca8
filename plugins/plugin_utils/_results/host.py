# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The results of a role's steps on one host. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._scaling import still

# The registered result of a step, or of one item of its loop.
Result = t.Mapping[str, t.Any]
# What is reported about one service or deployment group.
Item = t.Mapping[str, t.Any]

_NOT_REACHED: t.Final = "the run ended before anything was done for it"


@dataclass(frozen=True)
class Steps:
    """The variables that a role registers, without its prefix, in the order of its steps.

    ``main`` ends with the step that acts. ``always`` put things back, whatever happened before. ``found`` are those
    with results about services or deployment groups; the first that has any counts.
    """

    main: t.Sequence[str]
    found: t.Sequence[str]
    always: t.Sequence[str] = ()
    not_begun: str = ""

    @property
    def registered(self) -> tuple[str, ...]:
        """All variables."""
        return (*self.main, *self.always)


@dataclass(frozen=True)
class Left:
    """What is still suspended on one resource, and in which Region."""

    region: str
    still: still.Still

    @property
    def where(self) -> tuple[str, str]:
        """The Region and the resource."""
        return self.region, self.still.resource_id

    @classmethod
    def of(cls, result: Result) -> Left:
        """Parse it from a result."""
        one = still.Still(str(result["resource_id"]), frozenset(result["suspended"]), bool(result["recorded"]))
        return cls(str(result["region"] or ""), one)

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        return {**self.still.as_dict(), "region": self.region or None}


@dataclass(frozen=True)
class Report:
    """One host's part. ``outcome`` is that of a host without items.

    ``scaled`` are the resources that auto scaling steps were about, with their Regions. ``ended_badly``: a step failed,
    and nobody has said so yet. ``shown`` is the last line of progress that people saw.
    """

    host: str
    items: tuple[Item, ...] = ()
    outcome: str = "failed"
    text: str = ""
    left: tuple[Left, ...] = ()
    scaled: frozenset[tuple[str, str]] = frozenset()
    ended_badly: bool = False
    shown: str = ""

    @property
    def summary(self) -> str:
        """All of it in one line."""
        return with_left(self.text, self.left)


def report(host: str, steps: Steps, registered: t.Mapping[str, Result], inputs: Result, check_mode: bool) -> Report:
    """The results of a role on a host. ``inputs`` is what its first step made of the variables."""
    if failed(inputs):
        text = str(inputs.get("msg") or steps.not_begun)
        return Report(host, outcome="refused", text=text, shown=text)
    main = reached(steps.main, registered)
    source = next((name for name in steps.found if items_of(main.get(name, {}))), "")
    items = with_findings(items_of(main.get(source, {})), items_of(main.get(steps.main[0], {})))
    is_the_end = check_mode or source == steps.main[-1] or failed(main.get(source, {}))
    texts = [str(main[name].get("summary") or main[name].get("msg") or "") for name in reversed(list(main))]
    text = next(filter(None, texts), steps.not_begun)
    given = str((inputs.get("module_defaults") or {}).get("region") or "")
    region = given or next((str(item["region"]) for item in items if item.get("region")), "")
    acted = [result for name, result in main.items() if name != steps.main[0]]
    scaling = _each_item([*acted, *reached(steps.always, registered).values()])
    return Report(
        host,
        tuple(items) if is_the_end else tuple(not_attempted(item) for item in items),
        text=text,
        left=tuple(Left(region, one) for one in still.still_suspended(scaling)),
        scaled=frozenset((region, resource) for step in scaling for resource in _resources(step)),
        ended_badly=any(result.get("ended_badly") for result in main.values()),
        shown=_shown(list(main.values())),
    )


def _shown(results: t.Sequence[Result]) -> str:
    """What people saw last, from a step or, if it failed, from Ansible."""
    lines = (result.get("msg") if result.get("failed") else result.get("last_line") for result in reversed(results))
    return next((str(line) for line in lines if line), "")


def failed(result: Result) -> bool:
    """Whether a step failed: for Ansible too, or only in what it returned."""
    return bool(result.get("failed") or result.get("ended_badly"))


def reached(names: t.Sequence[str], registered: t.Mapping[str, Result]) -> dict[str, Result]:
    """The results of the steps up to the first that failed.

    Variables of later steps are left over from an earlier use of the role: a step that is not reached registers
    nothing.
    """
    found: dict[str, Result] = {}
    for name in names:
        if name in registered:
            found[name] = registered[name]
            if failed(registered[name]):
                break
    return found


def items_of(result: Result) -> list[Item]:
    """The services in a result, or the deployment group the whole result is about."""
    if "services" in result:
        return list(result["services"])
    return [result] if result.get("outcome") and "deployment_group" in result else []


def with_findings(items: t.Sequence[Item], shown: t.Sequence[Item]) -> list[Item]:
    """The results of the step that acts, with what the look-up found: it is not looked at again for the same plan.

    What could not be known of the images before the write is known after it.
    """
    looks = {item["plan_id"]: item for item in shown if item.get("plan_id")}
    return [_with_findings(item, looks.get(item.get("plan_id"))) for item in items]


def _with_findings(item: Item, look: Item | None) -> Item:
    if look is None or look is item:
        return item
    # Once it runs, what was not known of its images before is known.
    settled = ("image_identity", "unknown") if item.get("outcome") != "planned" else None
    found = [f for f in look["findings"] if (f["check"], f["severity"]) != settled]
    shown = {name: look[name] for name in _only_shown(item) if look.get(name) and not item.get(name, True)}
    return {**item, **shown, "findings": [*(f for f in found if f not in item["findings"]), *item["findings"]]}


def _only_shown(item: Item) -> t.Sequence[str]:
    """What the step that acts does not look at again either. If it refused, it does nothing to files."""
    return ("as_of",) if item.get("outcome") == "refused" else ("as_of", "content_warnings")


def not_attempted(item: Item) -> Item:
    """What was only planned because the step that acts was not reached."""
    if item["outcome"] != "planned":
        return item
    label = str(item.get("summary") or "").partition("] ")[0]
    line = f"{label}] not_attempted: {_NOT_REACHED}" if label.startswith("[") else _NOT_REACHED
    return {**item, "outcome": "not_attempted", "changed": False, "reason": _NOT_REACHED, "summary": line}


def _each_item(results: t.Sequence[Result]) -> list[Result]:
    """The results of steps; of each item if a step was a loop."""
    return [part for result in results for part in result.get("results", [result])]


def _resources(result: Result) -> list[str]:
    """The resources that an auto scaling step, or CodeDeploy, has reported on."""
    said = (*(result.get("targets") or ()), *(result.get("left_suspended") or ()))
    return [str(one["resource_id"]) for one in said]


def with_left(text: str, left: t.Sequence[Left]) -> str:
    """A summary plus what is still suspended and the commands that put it back."""
    regions = dict.fromkeys(one.region for one in left)
    words = [still.in_words([one.still for one in left if one.region == region], region) for region in regions]
    return ". ".join(filter(None, [text.rstrip("."), *words])) if words else text
