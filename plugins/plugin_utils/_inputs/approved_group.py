# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""``rollback_approved_plan`` of a deployment group: whether the other variables agree with it. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import options, revisions
from ansible_collections.lastgood.aws.plugins.module_utils._core import bound, force
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import approved
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.specs import Spec
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.values import BadInput, Values, words

# What a plan settles, as variables.
SETTLED: t.Final = (
    *("deployment_id", "revision", "as_of", "steps_back", "force", "in_flight", "file_exists_behavior"),
    *("events", "override_alarms", "deployment_config", "require_pinned"),
    *("ignore_application_stop_failures", "update_outdated_instances_only"),
)


def of_group(values: Values, spec: Spec, several_hosts: bool) -> dict[str, t.Any]:
    """The plan for the deployment group of this host. Raises BadInput if a variable contradicts it.

    With ``several_hosts`` each takes that of its own group.
    """
    plans = approved.read(values["approved_plan"])
    names = ("application", "deployment_group", "region")
    if not all(plan.get(name) for plan in plans for name in names):
        raise BadInput(f"{approved.NAME} is not about a deployment group. Give it to the playbook that made it")
    where = {name: str(values[name] or "") for name in names}
    if several_hosts:
        plans = [plan for plan in plans if approved.is_here(plan, where)]
    approved.check_place(plans, where)
    if not plans:
        raise BadInput(f"{approved.NAME} has no plan for this host. Make a new one")
    if len(plans) > 1:
        raise BadInput(f"{approved.NAME} is for several deployment groups. Give each of them a run of its own")
    [plan] = plans
    for name in SETTLED:
        approved.agrees(name, approved.given(name, values, spec), plan, _RULES)
    if bool(plan.get("guard_content")) != bool(values["guard_content"]):
        raise BadInput(_other_guard(plan))
    return plan


def _other_guard(plan: t.Mapping[str, t.Any]) -> str:
    made = "true" if plan.get("guard_content") else "false"
    return f"the plan in {approved.NAME} was made with rollback_guard_content={made}. Give the same, or make a new one"


def as_options(plan: t.Mapping[str, t.Any], values: Values) -> Values:
    """The inputs that lead to this plan. What it has only a fingerprint of is as it is given beside it."""
    target, config = plan.get("target"), str(plan.get("deployment_config") or "")
    by_deployment = plan.get("target_deployment") if plan.get("source") != "revision" else None
    revision = values["revision"] if isinstance(target, str) else target
    return {
        **{name: plan[name] for name in ("application", "deployment_group", *SETTLED) if name in plan},
        **dict.fromkeys(("as_of", "steps_back")),
        "deployment_id": by_deployment or None,
        "revision": None if by_deployment else revision,
        "deployment_config": values["deployment_config"] if bound.is_cut(config) else config,
        "events": plan.get("rollback_events"),
        "suspend_processes": plan.get("suspended_by_codedeploy"),
    }


def _is_revision(value: t.Any, says: t.Any) -> bool:
    """Whether a revision is the one in the plan. If that has only a fingerprint of it, the module finds out."""
    wanted = revisions.if_given(value)
    return isinstance(says, str) or wanted is None or revisions.matches(wanted, says) or revisions.matches(says, wanted)


def _is_name(value: t.Any, says: t.Any) -> bool:
    return says in (value, bound.cut(str(value)))


def _is_behavior(value: t.Any, says: t.Any) -> bool:
    # AWS's console calls it "fail".
    return str(says) == ("disallow" if str(value).lower() == "fail" else str(value).lower())


def _are_events(value: t.Any, says: t.Any) -> bool:
    events = options.rollback_events(words(value))
    return says is not None and events is not None and sorted(events) == sorted(says)


def _words(says: t.Any) -> str:
    return revisions.text(says) if isinstance(says, dict) else str(says)


_RULES: t.Final = approved.Rules(
    about="deployment_group",
    judges={
        **{"revision": _is_revision, "deployment_config": _is_name, "file_exists_behavior": _is_behavior},
        **{"events": _are_events, "force": approved.guards(force.REDEPLOY)},
        **approved.found_by("as_of", "steps_back"),
    },
    stands_in={
        **{"revision": "target", "deployment_id": "target_deployment", "events": "rollback_events"},
        **dict.fromkeys(("as_of", "steps_back"), "source"),
    },
    targets=("revision", "deployment_id", "as_of", "steps_back"),
    words=_words,
)
