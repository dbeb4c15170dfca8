# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Changing a service's deployment configuration for one deployment, and putting it back, also after a crash.

What is changed, and what is remembered of it, is decided in :mod:`.fast`.
"""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core import advice
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deployments, plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Restored
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import fast, write
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service

_NOT_YET: t.Final = Finding(
    "configuration",
    "warn",
    f"the deployment configuration is not yet what it was, since a deployment is running. {advice.AGAIN} when it has "
    "ended: it puts the configuration back",
)
_AS_BEFORE: t.Final = "the deployment configuration is as it was before"


def prepare(aws: Aws, planned: plans.Plan) -> tuple[t.Mapping[str, t.Any], tuple[Finding, ...]]:
    """The changes for this one deployment, after writing down what has to be put back. Without a record nothing is
    changed, and the findings say why.
    """
    override = write.update_of(planned).override
    if not override or fast.tag_keys(planned.service.tags):
        # An existing record comes from a run that was killed: it holds the service's own configuration.
        return override, ()
    record = fast.record(planned.service.configuration)
    if record is None:
        what = "fast was not used: the deployment configuration is too large for the tags"
        return {}, (Finding("fast", "warn", f"{what}{_then(planned.service)}"),)
    try:
        api.tag_resource(aws, planned.service.arn, record)
    except (AwsCallError, IncompleteAnswerError) as exc:
        what = f"fast was not used, since it could not be undone after a crash. {exc.explain().rstrip('.')}"
        return {}, (Finding("fast", "warn", f"{what}{_then(planned.service)}"),)
    return override, ()


def _then(service: Service) -> str:
    """What comes of a deployment without fast, if somebody is needed for it. Pure."""
    stages = fast.waits_for_somebody(service.configuration)
    if not stages:
        return ""
    return (
        f". The deployment will wait at {' and '.join(stages)} until a person answers its PAUSE hook (aws ecs "
        "continue-service-deployment). This run and the next one follow it, and do not answer for that person"
    )


def restore(aws: Aws, service: Service, planned: plans.Plan | None, state: deployments.Standing) -> Restored:
    """See :meth:`.base.Controller.restore`."""
    override = write.update_of(planned).override if planned is not None else {}
    recorded = fast.record(service.configuration) if override else None
    keys = sorted({*fast.tag_keys(service.tags), *(recorded or ())})
    if not keys:
        return Restored()
    if state == "lost":
        # Asking AWS would only take more time.
        return Restored((_NOT_YET,))
    try:
        now = api.describe_services(aws, service.cluster_arn, [service.name])[service.name]
        back = fast.recorded(now.tags) if isinstance(now, Service) else None
        if back is None or not isinstance(now, Service):
            return Restored()
        if state == "going" or (state == "not_ours" and _is_deploying(now)):
            return Restored((_NOT_YET,))
        if fast.differs(now.configuration, back):
            api.update_service(aws, service.cluster_arn, service.name, deploymentConfiguration=back)
    except ValueError as exc:
        return Restored((Finding("configuration", "warn", f"{exc}; the deployment configuration was left as it is"),))
    except (AwsCallError, IncompleteAnswerError) as exc:
        what = f"the deployment configuration is not yet what it was. {exc.explain()} The next run puts it back"
        return Restored((Finding("configuration", "warn", what),))
    return Restored((_forget(aws, service, sorted({*keys, *fast.tag_keys(now.tags)})),), changed=True)


def _forget(aws: Aws, service: Service, keys: t.Sequence[str]) -> Finding:
    try:
        api.untag_resource(aws, service.arn, keys)
    except (AwsCallError, IncompleteAnswerError) as exc:
        left = f"remove the tags {', '.join(keys)} of the service, or the next run puts this one back again"
        return Finding("configuration", "warn", f"{_AS_BEFORE}, but {left}. {exc.explain()}")
    return Finding("configuration", "info", _AS_BEFORE)


def _is_deploying(service: Service) -> bool:
    return service.primary is not None and service.primary.rollout_state == "IN_PROGRESS"
