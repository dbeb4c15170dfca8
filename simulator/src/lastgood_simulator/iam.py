# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS Identity and Access Management where moto has nothing: what an identity may do, without doing it.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html: each action is evaluated on each
resource (on ``*`` if none is named), by the policies of the identity, its boundary and service control policies.
Session policies, endpoint policies and, for roles, resource policies have no part in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition

from lastgood_simulator.errors import AwsError
from lastgood_simulator.operations import Context, operation
from lastgood_simulator.policies import Statement, concerns, holds, keys, several

SERVICE = "iam"
# The kinds of policies (those of permissions.POLICIES) that take part.
_EVALUATED = ("identity", "scp", "boundary")
_DEFAULT_PAGE = 100


@operation(SERVICE, "SimulatePrincipalPolicy")
def simulate_principal_policy(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """A result for each action, with one for each resource in it, a page at a time."""
    statements = list(_statements(context, str(params.get("PolicySourceArn", ""))))
    values = {str(e["ContextKeyName"]): several(e["ContextKeyValues"]) for e in params.get("ContextEntries") or []}
    resources = several(params.get("ResourceArns"))
    results = [_result(context, statements, values, action, resources) for action in several(params["ActionNames"])]
    start, size = int(params.get("Marker") or 0), int(params.get("MaxItems") or _DEFAULT_PAGE)
    more = start + size < len(results)
    page: dict[str, Any] = {"EvaluationResults": results[start : start + size], "IsTruncated": more}
    return {**page, "Marker": str(start + size)} if more else page


def _statements(context: Context, arn: str) -> Iterator[Statement]:
    """Those of a user, with its groups, or of a role. Raises NoSuchEntity."""
    backend: Any = iam_backends[context.account][get_partition(context.region)]
    user = next((user for user in backend.list_users("/", None, None) if user.arn == arn), None)
    role = next((role for role in backend.roles.values() if role.arn == arn), None)
    if user is None and role is None:
        raise AwsError("NoSuchEntity", f"The entity {arn} cannot be found.", 404)
    groups = backend.get_groups_for_user(user.name) if user is not None else []
    for owner in (user or role, *groups):
        versions = [v for policy in owner.managed_policies.values() for v in policy.versions if v.is_default]
        documents = [*owner.policies.values(), *(version.document for version in versions)]
        for document in documents:
            read = json.loads(document if document.lstrip().startswith("{") else unquote(document))["Statement"]
            yield from read if isinstance(read, list) else [read]


def _result(
    context: Context, statements: list[Statement], values: dict[str, list[str]], action: str, resources: list[str]
) -> dict[str, Any]:
    each = [_decide(context, statements, values, action, resource) for resource in resources or ["*"]]
    order = ("explicitDeny", "implicitDeny", "allowed")
    found: dict[str, Any] = {
        "EvalActionName": action,
        "EvalResourceName": "*",
        "EvalDecision": min((decision for decision, _missing in each), key=order.index),
        "MatchedStatements": [],
        "MissingContextValues": sorted({key for _decision, missing in each for key in missing}),
    }
    if resources:
        found["ResourceSpecificResults"] = [
            {
                "EvalResourceName": resource,
                "EvalResourceDecision": decision,
                "MatchedStatements": [],
                "MissingContextValues": missing,
            }
            for resource, (decision, missing) in zip(resources, each, strict=True)
        ]
    return found


def _decide(
    context: Context, statements: list[Statement], values: dict[str, list[str]], action: str, resource: str
) -> tuple[str, list[str]]:
    """The decision, and the context keys that a condition names and nobody has given."""
    missing: set[str] = set()
    effects = set()
    for statement in statements:
        if concerns(statement, action, resource):
            missing |= keys(statement) - set(values)
            if keys(statement) <= set(values) and holds(statement, values):
                effects.add(statement["Effect"])
    forbidden = [denial for denial in context.world.denials.of(action, resource) if denial.policy in _EVALUATED]
    if "Deny" in effects or any(denial.explicit for denial in forbidden):
        return "explicitDeny", sorted(missing)
    return ("allowed" if "Allow" in effects and not forbidden else "implicitDeny"), sorted(missing)
