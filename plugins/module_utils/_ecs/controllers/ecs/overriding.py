# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""One deployment without waiting: no bake time, no steps, no PAUSE hooks, and everything as it was afterwards.

UpdateService with an older task definition walks the service's whole strategy again. What is changed for the one
deployment is written into tags of the service before it is changed, so that a run after a crash can put it back. A
deploymentConfiguration alone starts no deployment
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/update-service-parameters.html).
"""

from __future__ import annotations

import base64
import binascii
import json
import typing as t
import zlib
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core import advice
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deployments, plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Restored
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import write
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service

# Base64 has no character that a tag value may not have; 256 of them fit into one.
_PREFIX: t.Final = "lastgood:configuration-"
_CHUNK: t.Final = 256
# More than that would crowd out the service's own tags: it can have 50.
_MOST_CHUNKS: t.Final = 8
# What goes with a strategy, and is sent again with it.
_OF_STRATEGIES: t.Final = ("linearConfiguration", "canaryConfiguration")

_NOT_YET: t.Final = Finding(
    "configuration",
    "warn",
    f"the deployment configuration is not yet what it was, since a deployment is running. {advice.AGAIN} when it has "
    "ended: it puts the configuration back",
)
_AS_BEFORE: t.Final = "the deployment configuration is as it was before"

Configuration = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Written:
    """What this run has written to a service. AWS may show it only seconds later."""

    # The record; empty if this run has written none.
    record: t.Mapping[str, str] = field(default_factory=dict)
    # Whether AWS has taken the changed configuration.
    is_changed: bool = False


def changes_for(configuration: Configuration) -> dict[str, t.Any]:
    """The changes for one deployment; empty if there is nothing to skip.

    Traffic goes over all at once to tasks that are up and healthy, as with BLUE_GREEN. Hooks that run a Lambda function
    stay: they check something.
    """
    changes: dict[str, t.Any] = {}
    if configuration.get("strategy") in ("LINEAR", "CANARY"):
        changes["strategy"] = "BLUE_GREEN"
    if configuration.get("bakeTimeInMinutes"):
        changes["bakeTimeInMinutes"] = 0
    hooks = configuration.get("lifecycleHooks") or []
    kept = [hook for hook in hooks if not _is_pause(hook)]
    if len(kept) != len(hooks):
        changes["lifecycleHooks"] = kept
    return changes


def waits_for_somebody(configuration: Configuration) -> list[str]:
    """The lifecycle stages at which a deployment waits until a person answers a PAUSE hook."""
    hooks = configuration.get("lifecycleHooks") or []
    waiting = (hook.get("lifecycleStages") or [] for hook in hooks if hook.get("targetType") == "PAUSE")
    return list(dict.fromkeys(stage for stages in waiting for stage in stages))


def _is_pause(hook: t.Mapping[str, t.Any]) -> bool:
    """An older botocore drops ``targetType`` from answers; only a hook that runs a function names one."""
    return hook.get("targetType") == "PAUSE" or not hook.get("hookTargetArn")


def what_restores(configuration: Configuration) -> dict[str, t.Any]:
    """What puts the configuration back: exactly what :func:`changes_for` changes, since AWS keeps all the rest."""
    changed = changes_for(configuration)
    keys = (*changed, *(_OF_STRATEGIES if "strategy" in changed else ()))
    return {key: configuration[key] for key in keys if key in configuration}


def differs(configuration: Configuration, back: Configuration) -> bool:
    """Whether anything has to be put back."""
    now = {key: configuration[key] for key in back if key in configuration}
    return bool(json.loads(_as_text(now)) != back)


def tags_for(configuration: Configuration) -> dict[str, str] | None:
    """The tags that remember what :func:`what_restores` needs; None if it does not fit into tags."""
    text = _as_text(what_restores(configuration))
    packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
    chunks = [packed[i : i + _CHUNK] for i in range(0, len(packed), _CHUNK)]
    if len(chunks) > _MOST_CHUNKS:
        return None
    return {f"{_PREFIX}{number}": chunk for number, chunk in enumerate(chunks, start=1)}


def _as_text(configuration: Configuration) -> str:
    return json.dumps(configuration, sort_keys=True, separators=(",", ":"), default=str)


def recorded_in(tags: t.Mapping[str, str]) -> dict[str, t.Any] | None:
    """What the tags remember; None if there is no record. Raises :class:`ValueError` if it cannot be read."""
    chunks = {key: value for key, value in tags.items() if key.startswith(_PREFIX)}
    if not chunks:
        return None
    try:
        ordered = [chunks[f"{_PREFIX}{number}"] for number in range(1, len(chunks) + 1)]
        read = json.loads(zlib.decompress(base64.b64decode("".join(ordered), validate=True)))
    except (KeyError, binascii.Error, zlib.error, ValueError) as exc:
        raise ValueError(f"the tags {_PREFIX}* of the service cannot be read ({exc})") from exc
    if not isinstance(read, dict):
        raise ValueError(f"the tags {_PREFIX}* of the service hold something else than a configuration")
    return read


def tag_keys(tags: t.Mapping[str, str]) -> list[str]:
    """The keys of the record among a service's tags."""
    return sorted(key for key in tags if key.startswith(_PREFIX))


def prepare(aws: Aws, planned: plans.Plan) -> tuple[Configuration, Written, tuple[Finding, ...]]:
    """The changes for this one deployment, after writing down what has to be put back, and that record. Without a
    record nothing is changed, and the findings say why.
    """
    override = write.update_of(planned).override
    if not override or tag_keys(planned.service.tags):
        # An existing record comes from a run that was killed: it holds the service's own configuration.
        return override, Written(), ()
    record = tags_for(planned.service.configuration)
    if record is None:
        what = "fast was not used: the deployment configuration is too large for the tags"
        return {}, Written(), (Finding("fast", "warn", f"{what}{_then(planned.service)}"),)
    try:
        api.tag_resource(aws, planned.service.arn, record)
    except (AwsCallError, IncompleteAnswerError) as exc:
        what = f"fast was not used, since it could not be undone after a crash. {exc.explain().rstrip('.')}"
        # Without an answer, it may be there all the same.
        written = Written(record if exc.no_answer else {})
        return {}, written, (Finding("fast", "warn", f"{what}{_then(planned.service)}"),)
    return override, Written(record), ()


def _then(service: Service) -> str:
    """What comes of a deployment without fast at its PAUSE hooks. Pure."""
    stages = waits_for_somebody(service.configuration)
    if not stages:
        return ""
    return (
        f". When the deployment waits at {' and '.join(stages)}, a run that watches it answers the PAUSE hook with "
        "CONTINUE"
    )


def restore(
    aws: Aws, service: Service, planned: plans.Plan | None, state: deployments.Standing, written: Written = Written()
) -> Restored:
    """See :meth:`.base.Controller.restore`. ``written`` counts even if AWS does not show it yet."""
    override = write.update_of(planned).override if planned is not None else {}
    recorded = tags_for(service.configuration) if override else None
    keys = sorted({*tag_keys(service.tags), *(recorded or ())})
    if not keys:
        return Restored()
    if state == "lost":
        # Asking AWS would only take more time.
        return Restored((_NOT_YET,))
    try:
        now = api.describe_services(aws, service.cluster_arn, [service.name])[service.name]
        back = recorded_in(now.tags) or recorded_in(written.record) if isinstance(now, Service) else None
        if back is None or not isinstance(now, Service):
            return Restored()
        if _may_not_yet(now, state):
            return Restored((_NOT_YET,))
        is_changed = _put_back(aws, now, back, written)
    except ValueError as exc:
        return Restored((Finding("configuration", "warn", f"{exc}; the deployment configuration was left as it is"),))
    except (AwsCallError, IncompleteAnswerError) as exc:
        what = f"the deployment configuration is not yet what it was. {exc.explain()} The next run puts it back"
        return Restored((Finding("configuration", "warn", what),))
    # A record that this run itself has written, and for nothing, does not count as a change.
    is_changed = is_changed or planned is None or bool(tag_keys(planned.service.tags))
    return Restored((_forget(aws, service, sorted({*keys, *tag_keys(now.tags)})),), changed=is_changed)


def _may_not_yet(now: Service, state: deployments.Standing) -> bool:
    """Whether a deployment still needs the configuration as it is. Pure."""
    return state == "going" or (state == "not_ours" and _is_deploying(now))


def _put_back(aws: Aws, now: Service, back: Configuration, written: Written) -> bool:
    """Give the service its recorded configuration; False if it has it already. Raises what the call raises."""
    if not written.is_changed and not differs(now.configuration, back):
        return False
    api.update_service(aws, now.cluster_arn, now.name, deploymentConfiguration=back)
    return True


def _forget(aws: Aws, service: Service, keys: t.Sequence[str]) -> Finding:
    try:
        api.untag_resource(aws, service.arn, keys)
    except (AwsCallError, IncompleteAnswerError) as exc:
        left = f"remove the tags {', '.join(keys)} of the service, or the next run puts this one back again"
        return Finding("configuration", "warn", f"{_AS_BEFORE}, but {left}. {exc.explain()}")
    return Finding("configuration", "info", _AS_BEFORE)


def _is_deploying(service: Service) -> bool:
    return service.primary is not None and service.primary.rollout_state == "IN_PROGRESS"
