# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Asking IAM what the identity in use may do, without doing it.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html: it evaluates policies of the
identity, permissions boundaries and service control policies, but not session policies, resource policies (for a role)
and endpoint policies. So what it denies is denied, and what it allows may still be denied.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, batches, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    AwsCallError,
    IncompleteAnswerError,
    error_handler,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Need

Decision = t.Literal["allowed", "denied", "unknown"]

_Iam: t.Final = error_handler("iam")
_Sts: t.Final = error_handler("sts")
# An answer has a result for each action, and in it one for each resource.
_RESOURCES_PER_CALL: t.Final = 50
# What policies often have a condition on: https://docs.aws.amazon.com/IAM/latest/UserGuide/
# reference_policies_iam-condition-keys.html and
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security_iam_id-based-policy-examples.html
_PASSED_TO: t.Final = ("iam:PassedToService", "ecs-tasks.amazonaws.com")
_CLUSTER: t.Final = "ecs:cluster"
_ASSUMED: t.Final = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/.+")
_NO_SOURCE: t.Final = "IAM can be asked about users and roles only, and the identity in use is"


class Simulation:
    """What IAM says to the needs of one call, each asked once.

    ``problem`` says why IAM cannot be asked, in a sentence; it is empty until then.
    """

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._source = ""
        self._cluster = ""
        self._told: dict[Need, Decision] = {}
        self.identity = ""
        self.problem = ""

    def ask(self, needs: t.Iterable[Need], cluster: str = "") -> None:
        """Find out about these, for services of a cluster (its ARN; empty if that is not known).

        Raises nothing: what cannot be found out is ``unknown``.
        """
        if cluster != self._cluster:
            self._cluster = cluster
            self._told.clear()
        wanted = [need for need in dict.fromkeys(needs) if need not in self._told]
        if self.problem:
            return
        try:
            for some in grouped(wanted):
                self._ask(some)
        except (AwsCallError, IncompleteAnswerError) as exc:
            self.problem = exc.explain()
        except _NoSource as exc:
            self.problem = f"{_NO_SOURCE} {exc}."

    def _ask(self, needs: t.Sequence[Need]) -> None:
        """Find out about needs on the same kind of resource. Raises what the calls raise, and _NoSource."""
        actions = list(dict.fromkeys(need.action for need in needs))
        for batch in batches(list(dict.fromkeys(need.resource for need in needs)), _RESOURCES_PER_CALL):
            found = decisions(self._simulate(self._who(), actions, [arn for arn in batch if arn]))
            self._told.update({need: found.get(need, "unknown") for need in needs if need.resource in batch})

    def of(self, need: Need) -> Decision:
        """What IAM said."""
        return self._told.get(need, "unknown")

    def _who(self) -> str:
        """The ARN to ask about. Raises _NoSource if IAM takes no such."""
        if not self._source:
            self.identity = self._identity()
            self._source = source_of(self.identity)
        return self._source

    @_Sts.common_error_handler("find out which identity is in use")
    def _identity(self) -> str:
        answer = self._aws.call("sts", "get_caller_identity")
        return str(require(answer, "Arn", "get_caller_identity"))

    def _simulate(self, source: str, actions: list[str], resources: list[str]) -> list[Answer]:
        try:
            return self._pages(source, actions, resources)
        except AwsCallError as exc:
            role = _ASSUMED.fullmatch(self.identity)
            if exc.code != "NoSuchEntity" or role is None:
                raise
            # The ARN of an assumed role lacks the path of the role, and IAM wants it.
            self._source = self._role_arn(role["role"])
            return self._pages(self._source, actions, resources)

    @_Iam.common_error_handler("read IAM role {name}")
    def _role_arn(self, name: str) -> str:
        answer = self._aws.call("iam", "get_role", RoleName=name)
        return str(require(answer, "Role", "get_role")["Arn"])

    @_Iam.common_error_handler("ask IAM what {source} may do")
    def _pages(self, source: str, actions: list[str], resources: list[str]) -> list[Answer]:
        given = dict([_PASSED_TO, *([(_CLUSTER, self._cluster)] if self._cluster else [])])
        context = [
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in given.items()
        ]
        params: dict[str, t.Any] = {"PolicySourceArn": source, "ActionNames": actions, "ContextEntries": context}
        if resources:
            params["ResourceArns"] = resources
        found: list[Answer] = []
        while True:
            answer = self._aws.call("iam", "simulate_principal_policy", **params)
            found += require(answer, "EvaluationResults", "simulate_principal_policy")
            if not answer.get("IsTruncated") or not answer.get("Marker"):
                return found
            params["Marker"] = answer["Marker"]


class _NoSource(Exception):
    """IAM cannot be asked about this identity; the message says which kind it is."""


def source_of(identity: str) -> str:
    """The ARN of the user or role behind an ARN from GetCallerIdentity. Raises _NoSource.

    "You cannot specify the ARN of an assumed role, federated user, or a service principal" (the API's page).
    """
    role = _ASSUMED.fullmatch(identity)
    if role is not None:
        return f"arn:{role['partition']}:iam::{role['account']}:role/{role['role']}"
    if ":iam::" in identity and ":user/" in identity:
        return identity
    raise _NoSource("the root user of the account" if identity.endswith(":root") else identity)


def grouped(needs: t.Iterable[Need]) -> list[list[Need]]:
    """Needs on the same kind of resource together: every action of a request is evaluated on each of its resources."""
    found: dict[str, list[Need]] = {}
    for need in needs:
        parts = need.resource.split(":")
        kind = f"{parts[2]}:{parts[5].partition('/')[0]}" if len(parts) > 5 else ""
        found.setdefault(kind, []).append(need)
    return list(found.values())


def decisions(results: t.Iterable[t.Mapping[str, t.Any]]) -> dict[Need, Decision]:
    """What the results say. A need without a resource was evaluated on all of them."""
    found: dict[Need, Decision] = {}
    for result in results:
        action = str(result.get("EvalActionName"))
        specific = result.get("ResourceSpecificResults") or []
        for one in specific:
            need = Need(action, str(one.get("EvalResourceName")))
            found[need] = _decided(str(one.get("EvalResourceDecision")), one.get("MissingContextValues"))
        if not specific:
            decided = _decided(str(result.get("EvalDecision")), result.get("MissingContextValues"))
            # A policy may allow it on the one resource that matters.
            found[Need(action)] = "allowed" if decided == "allowed" else "unknown"
    return found


def _decided(decision: str, missing: t.Sequence[str] | None) -> Decision:
    """A decision that depends on what a request would bring along (its tags, the address it comes from) is open."""
    if decision == "allowed":
        return "allowed"
    if missing:
        return "unknown"
    return "denied" if decision in ("explicitDeny", "implicitDeny") else "unknown"
