# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The two writes that move deployments, and how to find out what they did if their answers were lost.

A group runs one deployment at a time, so CreateDeployment is its own compare-and-set: it fails if somebody else began a
deployment in the meantime.
"""

from __future__ import annotations

import re
import typing as t
import uuid

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import (
    AnswerLost,
    PlanIsStale,
    not_known,
    nothing_shows,
)
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Group
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding

# DeploymentStatus in botocore's model, without those of deployments that have ended.
_RUNNING: t.Final = ("Created", "Queued", "InProgress", "Baking", "Ready")


def new_run() -> str:
    """An id that tells this call's deployments from all others."""
    return uuid.uuid4().hex[:8]


def stop(aws: Aws, id_: str, roll_back: bool) -> tuple[Finding, ...]:
    """Stop a deployment. Returns notes about it. CodeDeploy may take its time.

    Raises :class:`.PlanIsStale` if it has ended in the meantime, and :class:`.AnswerLost`.
    """
    try:
        api.stop_deployment(aws, id_, roll_back)
    except AwsCallError as exc:
        if api.has_ended_meanwhile(exc):
            raise PlanIsStale(f"the deployment ended in the meantime: {exc.detail}") from exc
        if not exc.no_answer:
            raise
        return (_stopped_all_the_same(aws, id_, roll_back, exc),)
    return ()


def _stopped_all_the_same(aws: Aws, id_: str, roll_back: bool, error: AwsCallError) -> Finding:
    """Notes after a lost answer: sending the request again is harmless and tells us the state."""
    try:
        aws.steadily("StopDeployment", lambda aws: api.stop_deployment(aws, id_, roll_back))
        return _answer_lost("StopDeployment", error, f"it was sent again for {id_}")
    except (AwsCallError, IncompleteAnswerError) as exc:
        if api.has_ended_meanwhile(exc) if isinstance(exc, AwsCallError) else False:
            return _answer_lost("StopDeployment", error, f"{id_} has ended")
        raise AnswerLost(not_known("StopDeployment", error, exc)) from exc


def create(
    aws: Aws, group: Group, parameters: t.Mapping[str, t.Any], known: t.Container[str]
) -> tuple[str, tuple[Finding, ...]]:
    """Create a deployment. Returns its id and notes about it.

    The ``description`` in ``parameters`` must be unique to this call. ``known`` are ids that existed before. Raises
    :class:`.PlanIsStale` if another deployment of the group is running, and :class:`.AnswerLost`.
    """
    try:
        return api.create_deployment(aws, group.application, group.name, **parameters), ()
    except (AwsCallError, IncompleteAnswerError) as exc:
        busy = isinstance(exc, AwsCallError) and api.another_is_running(exc)
        if not exc.no_answer and not busy:
            raise
        ours = _find(aws, group, known, str(parameters["description"]), exc)
        if ours is None and busy:
            raise PlanIsStale(f"another deployment of {group.name} is running: {_blocking(aws, group, exc)}") from exc
        if ours is None:
            raise AnswerLost(nothing_shows("CreateDeployment", exc, "a deployment of ours")) from exc
        return ours.id, (_answer_lost("CreateDeployment", exc, f"deployment {ours.id} is there"),)


def _blocking(aws: Aws, group: Group, error: AwsCallError | IncompleteAnswerError) -> str:
    """Ids of the running deployments. The error names one, but its wording has changed before."""
    try:
        ids = _running(aws, group)
    except (AwsCallError, IncompleteAnswerError):
        ids = []
    return ", ".join(ids) or error.detail


def _running(aws: Aws, group: Group) -> list[str]:
    return api.list_deployments(aws, group.application, group.name, includeOnlyStatuses=list(_RUNNING))


def _find(
    aws: Aws, group: Group, known: t.Container[str], description: str, error: AwsCallError | IncompleteAnswerError
) -> Deployment | None:
    """Our deployment, if the request whose answer was lost made one.

    botocore repeats a request that got no answer; the repeat is refused if the first one was accepted.
    """
    try:
        found = aws.steadily("ListDeployments", lambda aws: _unknown(aws, group, known))
    except (AwsCallError, IncompleteAnswerError) as exc:
        if not error.no_answer:
            return None
        raise AnswerLost(not_known("CreateDeployment", error, exc)) from exc
    return next((d for d in found.values() if d.description == description), None)


def _unknown(aws: Aws, group: Group, known: t.Container[str]) -> dict[str, Deployment]:
    # The newest may not come first, and ours may have ended already.
    ids = _running(aws, group)
    ids += api.list_deployments(aws, group.application, group.name, most=api.DEPLOYMENTS_PER_CALL)
    # A list may lag behind; the group names its last deployment.
    ids += [now.last_attempted for now in api.batch_get_deployment_groups(aws, group.application, [group.name])]
    return api.batch_get_deployments(aws, [id_ for id_ in dict.fromkeys(ids) if id_ and id_ not in known])


def _answer_lost(operation: str, error: AwsCallError | IncompleteAnswerError, what: str) -> Finding:
    return Finding("answer_lost", "warn", f"the answer to {operation} was lost ({error.detail}); {what}")


# https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html
LIMIT: t.Final = 256


_OURS: t.Final = re.compile(r"lastgood\.aws (?P<what>rollback|redeploy) .*\brun [0-9a-f]{8}\)?$", re.DOTALL)


def description(reason: str | None, left: str, target: str, run: str) -> str:
    """The description of a redeploy. ``left`` and ``target`` are revisions in words; ``left`` may be empty."""
    return described(reason, f"rollback {left} to {target}" if left else f"redeploy {target}", run)


def described(reason: str | None, what: str, run: str) -> str:
    """A description for people, which later runs also recognise, of at most 256 characters.

    ``what`` says what is done, with both versions. ``run`` is unique to this call (8 hex digits) and never cut off.
    """
    end = f", run {run}"
    mine = f"lastgood.aws {what}"[: LIMIT - len(end)] + end
    text = " ".join((reason or "").split())
    room = LIMIT - len(mine) - 3
    return f"{text[:room]} ({mine})" if text and room > 0 else mine


def is_ours(text: str) -> bool:
    """Whether this collection made the deployment with this description."""
    return _OURS.search(text) is not None


def goes_back(text: str) -> bool:
    """Whether this collection made it to go back from something."""
    found = _OURS.search(text)
    return found is not None and found["what"] == "rollback"
