# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The module's options, checked and turned into a request. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._scaling import journal, services
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.decide import Wish
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import FLAGS, PROCESSES, Missing

# Not a possible name of a service: those have only letters, digits, underscores and hyphens. An Auto Scaling group
# could have this name; to work on it, name another group as well.
EVERYTHING: t.Final = "*"
_ECS: t.Final = "ecs"
# What AWS's own scripts for CodeDeploy suspend (common_functions.sh of aws-codedeploy-samples, HANDLE_PROCS).
DEFAULT_PROCESSES: t.Final = ("AZRebalance", "AlarmNotification", "ScheduledActions", "ReplaceUnhealthy")
# Options that do not apply to Auto Scaling groups, and their defaults.
_OF_SCALABLE_TARGETS: t.Final[dict[str, t.Any]] = {
    "cluster": "default",
    "service_namespace": _ECS,
    "scalable_dimension": "ecs:service:DesiredCount",
    **dict.fromkeys(FLAGS, True),
}


@dataclass(frozen=True)
class Request:
    """What to do with which targets. ``everything_in`` is a cluster's name, in place of ``resource_ids``."""

    wish: Wish
    namespace: str
    dimension: str
    resource_ids: tuple[str, ...]
    everything_in: str
    missing: Missing


@dataclass(frozen=True)
class GroupRequest:
    """What to do with which Auto Scaling groups. :data:`EVERYTHING` alone means all that have a record."""

    wish: Wish
    names: tuple[str, ...]
    missing: Missing


def request(params: t.Mapping[str, t.Any], now: datetime, run: str, by: str) -> Request | GroupRequest:
    """The request these options make.

    ``run`` is 8 hex digits, ``by`` says who asks. Raises :class:`ValueError` with a message for the user.
    """

    def wish(chosen: t.Iterable[str], names: tuple[str, ...]) -> Wish:
        return Wish(
            state=params["state"],
            flags=frozenset(chosen),
            origin=journal.origin(now, run, by, params["reason"] or "", names),
            journal_required=params["journal"] == "required",
        )

    if params["auto_scaling_group"] is not None:
        # Restoring applies to everything that was suspended.
        default = PROCESSES if params["state"] == "restored" else DEFAULT_PROCESSES
        chosen = default if params["processes"] is None else params["processes"]
        return _group_request(params, wish(chosen, PROCESSES))
    return _target_request(params, wish((name for name in FLAGS if params[name]), FLAGS))


def _group_request(params: t.Mapping[str, t.Any], wish: Wish) -> GroupRequest:
    names = _given(params["auto_scaling_group"])
    if not names:
        hint = f". auto_scaling_group={EVERYTHING} restores all that is recorded" if wish.state == "restored" else ""
        raise ValueError(f"there is nothing to work on: the list of Auto Scaling groups is empty{hint}")
    if not wish.flags:
        raise ValueError("nothing is chosen: the list of processes is empty, which AWS would treat as all of them")
    if names == (EVERYTHING,) and wish.state != "restored":
        raise ValueError(f"auto_scaling_group={EVERYTHING} stands alone and goes with state=restored only")
    alien = [name for name, default in _OF_SCALABLE_TARGETS.items() if params[name] != default]
    if alien:
        raise ValueError(f"{', '.join(alien)}: not for an Auto Scaling group. Name its processes instead")
    return GroupRequest(wish, names, params["missing"])


def _target_request(params: t.Mapping[str, t.Any], wish: Wish) -> Request:
    if not wish.flags:
        raise ValueError(f"nothing is chosen: at least one of {', '.join(FLAGS)} must be true")
    if params["processes"] is not None:
        raise ValueError("processes go with auto_scaling_group; for scalable targets there are the flags")
    names, ids = _given(params["service"]), _given(params["resource_id"])
    namespace, dimension = params["service_namespace"], params["scalable_dimension"]
    if not names and not ids:
        hint = f". service={EVERYTHING} restores all that is recorded in a cluster" if wish.state == "restored" else ""
        raise ValueError(f"there is nothing to work on: the list of services or resource ids is empty{hint}")
    if names and (namespace, dimension) != (_ECS, "ecs:service:DesiredCount"):
        raise ValueError("service_namespace and scalable_dimension go with resource_id; service is always about ECS")
    if not dimension.startswith(f"{namespace}:"):
        raise ValueError(f"scalable_dimension {dimension} is not in the service namespace {namespace}")
    everything_in = _everything_in(params, names)
    if names and not everything_in:
        ids = _unique(services.resource_id(params["cluster"], name) for name in names)
    return Request(wish, namespace, dimension, ids, everything_in, params["missing"])


def asked_by(environ: t.Mapping[str, str], user: str, host: str) -> str:
    """Who asks, for the record: the AWX job, or a user on a host. CloudTrail has the identity in AWS."""
    if environ.get("AWX_HOST") and environ.get("JOB_ID"):
        return f"awx/{environ['JOB_ID']}"
    return f"{user}@{host}"


def _given(values: t.Sequence[str] | None) -> tuple[str, ...]:
    # An empty string means nothing was given: AWX surveys send those.
    return _unique(value.strip() for value in values or () if value.strip())


def _unique(values: t.Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _everything_in(params: t.Mapping[str, t.Any], names: tuple[str, ...]) -> str:
    if EVERYTHING not in names:
        return ""
    if names != (EVERYTHING,) or params["state"] != "restored":
        raise ValueError(f"service={EVERYTHING} stands alone and goes with state=restored only")
    return services.cluster_name(params["cluster"])
