# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""A deployment group: what it is, what it should be, what to send. Pure.

UpdateDeploymentGroup leaves alone what a request omits and replaces what it contains, so we send exactly the members
that change, each complete (https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_UpdateDeploymentGroup.html).
Automatic rollback, alarms and triggers are those of :mod:`.auto_rollback`.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict
from ansible_collections.amazon.aws.plugins.module_utils.arn import parse_aws_arn

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps import auto_rollback, protection
from ansible_collections.lastgood.aws.plugins.module_utils._core.options import BadOption

Info = t.Mapping[str, t.Any]

# ComputePlatform in botocore's model.
PLATFORMS: t.Final = ("Server", "Lambda", "ECS")
_ROLE, _CONFIG, _STYLE = "serviceRoleArn", "deploymentConfigName", "deploymentStyle"
_BALANCERS, _BLUE_GREEN = "loadBalancerInfo", "blueGreenDeploymentConfiguration"
_SCALING, _SERVICES = "autoScalingGroups", "ecsServices"
_OUTDATED, _HOOK = "outdatedInstancesStrategy", "terminationHookEnabled"
# Each pair chooses instances by tags, in one of two ways: the simple list, and the list of lists.
_TAGS: t.Final = {
    "ec2_tags": ("ec2TagFilters", "ec2TagSet", "ec2TagSetList"),
    "on_premises_tags": ("onPremisesInstanceTagFilters", "onPremisesTagSet", "onPremisesTagSetList"),
}
# Members that describe how deployments went, or that AWS gives the group. They are no settings.
_NO_SETTINGS: t.Final = frozenset(
    {
        *("applicationName", "deploymentGroupName", "deploymentGroupId", "computePlatform"),
        *("targetRevision", "lastSuccessfulDeployment", "lastAttemptedDeployment"),
    }
)
_OF_SERVER: t.Final = ("ec2_tags", "on_premises_tags", "auto_scaling_groups", "outdated_instances", "termination_hook")
# Our words, and those of botocore's model.
_OUTDATED_WORDS: t.Final = {"update": "UPDATE", "ignore": "IGNORE"}
_ORIGINAL: t.Final = {"terminate": "TERMINATE", "keep": "KEEP_ALIVE"}
_READY: t.Final = {"continue": "CONTINUE_DEPLOYMENT", "wait": "STOP_DEPLOYMENT"}
_FLEET: t.Final = {"discover": "DISCOVER_EXISTING", "copy": "COPY_AUTO_SCALING_GROUP"}

_TAG_OPTIONS: t.Final = {"key": {"type": "str", "no_log": False}, "value": {"type": "str"}}
SPEC: t.Final[dict[str, dict[str, t.Any]]] = {
    "application": {"type": "str", "required": True},
    "deployment_group": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "compute_platform": {"type": "str", "choices": list(PLATFORMS)},
    "delete_application": {"type": "bool", "default": False},
    "service_role": {"type": "str", "aliases": ["service_role_arn"]},
    "deployment_config": {"type": "str"},
    "deployment_type": {"type": "str", "choices": ["IN_PLACE", "BLUE_GREEN"]},
    "traffic_control": {"type": "bool"},
    "ec2_tags": {"type": "list", "elements": "dict", "options": _TAG_OPTIONS},
    "ec2_tag_sets": {"type": "list", "elements": "list"},
    "on_premises_tags": {"type": "list", "elements": "dict", "options": _TAG_OPTIONS},
    "on_premises_tag_sets": {"type": "list", "elements": "list"},
    "auto_scaling_groups": {"type": "list", "elements": "str"},
    "ecs_service": {
        "type": "dict",
        "options": {"cluster": {"type": "str", "default": "default"}, "service": {"type": "str", "required": True}},
    },
    "load_balancer": {
        "type": "dict",
        "options": {
            "target_groups": {"type": "list", "elements": "str"},
            "classic_load_balancers": {"type": "list", "elements": "str"},
            "listeners": {"type": "list", "elements": "str"},
            "test_listeners": {"type": "list", "elements": "str"},
        },
    },
    "blue_green": {
        "type": "dict",
        "options": {
            "original": {"type": "str", "choices": list(_ORIGINAL)},
            "termination_wait": {"type": "int"},
            "when_ready": {"type": "str", "choices": list(_READY)},
            "ready_wait": {"type": "int"},
            "new_instances": {"type": "str", "choices": list(_FLEET)},
        },
    },
    "outdated_instances": {"type": "str", "choices": list(_OUTDATED_WORDS)},
    "termination_hook": {"type": "bool"},
    "auto_rollback": {"type": "bool"},
    "auto_rollback_events": {**protection.SPEC["events"]},
    **{name: protection.SPEC[name] for name in protection.SPEC if name not in ("enabled", "events")},
    "tags": {"type": "dict", "aliases": ["resource_tags"]},
    "purge_tags": {"type": "bool", "default": True},
}
EXCLUSIVE: t.Final = [["ec2_tags", "ec2_tag_sets"], ["on_premises_tags", "on_premises_tag_sets"]]


@dataclass(frozen=True)
class Wish:
    """What is asked for. ``given``: options that were given and are not about protection; the rest is left alone."""

    application: str
    name: str
    platform: str = ""
    given: t.Mapping[str, t.Any] = field(default_factory=dict)
    protection: auto_rollback.Wish = field(default_factory=auto_rollback.Wish)
    tags: t.Mapping[str, str] | None = None
    purge_tags: bool = True


def wish(params: t.Mapping[str, t.Any]) -> Wish:
    """What the options ask for. Raises :class:`BadOption` or :class:`.auto_rollback.BadRequest`."""
    application, name = params["application"].strip(), params["deployment_group"].strip()
    if not application or not name:
        raise BadOption("application and deployment_group must not be empty")
    return Wish(
        application=application,
        name=name,
        platform=params["compute_platform"] or "",
        given=_given(params),
        protection=auto_rollback.wish_or_none(
            {**params, "enabled": params["auto_rollback"], "events": params["auto_rollback_events"]}
        ),
        tags={str(key): str(value) for key, value in params["tags"].items()} if params["tags"] is not None else None,
        purge_tags=params["purge_tags"],
    )


def _given(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    plain = ("service_role", "deployment_config", "deployment_type", "traffic_control", "outdated_instances")
    names = (*plain, "termination_hook", "ecs_service", "load_balancer", "blue_green")
    found = {name: _stripped(params[name]) for name in names if params[name] is not None}
    groups = params["auto_scaling_groups"]
    if groups is not None:
        found["auto_scaling_groups"] = list(dict.fromkeys(name.strip() for name in groups if name.strip()))
    for option in _TAGS:
        found.update(_given_tags(option, params[option], params[f"{option[:-1]}_sets"]))
    role = found.get("service_role", "")
    if role and ((parse_aws_arn(role) or {}).get("service") != "iam" or ":role/" not in role):
        raise BadOption(f"service_role: '{role}' is not the ARN of an IAM role")
    return found


def _stripped(value: t.Any) -> t.Any:
    return value.strip() if isinstance(value, str) else value


def _given_tags(
    option: str, simple: t.Sequence[t.Any] | None, sets: t.Sequence[t.Sequence[t.Any]] | None
) -> dict[str, list[list[dict[str, str]]]]:
    """The tag sets that the task names; one plain list of tags is one set. Empty if the task names none."""
    if simple is not None:
        sets = [simple] if simple else []
    return {} if sets is None else {option: [[_tag(option, item) for item in alternatives] for alternatives in sets]}


def _tag(option: str, given: t.Any) -> dict[str, str]:
    """A filter: of key, of value, or of both. Raises :class:`BadOption`."""
    if not isinstance(given, t.Mapping) or set(given) - {"key", "value"}:
        raise BadOption(f"{option}: each tag is a dictionary with key, value or both")
    key, value = (str(given.get(name) or "") for name in ("key", "value"))
    if not key and not value:
        raise BadOption(f"{option}: a tag has neither key nor value, which would select every instance")
    kind = "KEY_AND_VALUE" if key and value else "KEY_ONLY" if key else "VALUE_ONLY"
    return {
        **({"Key": key} if key else {}),
        **({"Value": value} if value else {}),
        "Type": kind,
    }


def members(asked: Wish, platform: str, present: Info) -> dict[str, t.Any]:
    """The members of the group that the task names, as they should be. ``present`` is what they are merged with."""
    given = asked.given
    found: dict[str, t.Any] = {}
    for option, member in (("service_role", _ROLE), ("deployment_config", _CONFIG), ("termination_hook", _HOOK)):
        if option in given:
            found[member] = given[option]
    if "outdated_instances" in given:
        found[_OUTDATED] = _OUTDATED_WORDS[given["outdated_instances"]]
    if "auto_scaling_groups" in given:
        found[_SCALING] = given["auto_scaling_groups"]
    if "ecs_service" in given:
        service = given["ecs_service"]
        found[_SERVICES] = [{"clusterName": service["cluster"], "serviceName": service["service"]}]
    for option, (simple, sets, list_) in _TAGS.items():
        if option in given:
            found.update(_tag_members(given[option], simple, sets, list_, present))
    if "load_balancer" in given:
        found[_BALANCERS] = _balancers(given["load_balancer"], platform)
    if "blue_green" in given:
        found[_BLUE_GREEN] = _blue_green(given["blue_green"], present.get(_BLUE_GREEN) or {})
    style = _style(given, platform, present)
    return {**found, **({_STYLE: style} if style else {})}


def _style(given: t.Mapping[str, t.Any], platform: str, present: Info) -> dict[str, str]:
    """The deployment style if the task names it, or if only one is possible for a new group."""
    only = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
    if platform != "Server" and not present:
        return only
    style = dict(present.get(_STYLE) or {})
    if "deployment_type" in given:
        style["deploymentType"] = given["deployment_type"]
    if "traffic_control" in given:
        style["deploymentOption"] = f"WITH{'' if given['traffic_control'] else 'OUT'}_TRAFFIC_CONTROL"
    asked = "deployment_type" in given or "traffic_control" in given
    # "in_place, without traffic control" is AWS's own default.
    defaults = {"deploymentType": "IN_PLACE", "deploymentOption": "WITHOUT_TRAFFIC_CONTROL"}
    return {**defaults, **style} if asked else {}


def _tag_members(wanted: t.Sequence[t.Any], simple: str, sets: str, list_: str, present: Info) -> dict[str, t.Any]:
    """One set goes into the simple list, several into the list of lists; the other is emptied if it has something."""
    many = len(wanted) > 1
    found: dict[str, t.Any] = {sets: {list_: list(wanted)}} if many else {simple: list(wanted[0]) if wanted else []}
    if many and present.get(simple):
        found[simple] = []
    if not many and (present.get(sets) or {}).get(list_):
        found[sets] = {list_: []}
    return found


def _named(names: t.Sequence[str] | None) -> list[dict[str, str]]:
    return [{"name": name.strip()} for name in names or () if name.strip()]


def _balancers(given: t.Mapping[str, t.Any], platform: str) -> dict[str, t.Any]:
    if platform == "ECS":
        pair: dict[str, t.Any] = {"targetGroups": _named(given["target_groups"])}
        for option, member in (("listeners", "prodTrafficRoute"), ("test_listeners", "testTrafficRoute")):
            if given[option]:
                pair[member] = {"listenerArns": list(given[option])}
        return {"targetGroupPairInfoList": [pair]}
    found = {
        "targetGroupInfoList": _named(given["target_groups"]),
        "elbInfoList": _named(given["classic_load_balancers"]),
    }
    return {member: names for member, names in found.items() if names}


def _blue_green(given: t.Mapping[str, t.Any], present: Info) -> dict[str, t.Any]:
    found = {name: dict(part) for name, part in present.items() if part}
    original = found.setdefault("terminateBlueInstancesOnDeploymentSuccess", {})
    ready = found.setdefault("deploymentReadyOption", {})
    if given["original"]:
        original["action"] = _ORIGINAL[given["original"]]
    if given["termination_wait"] is not None:
        original["terminationWaitTimeInMinutes"] = given["termination_wait"]
    if original.get("action") == "KEEP_ALIVE":
        original.pop("terminationWaitTimeInMinutes", None)
    if given["when_ready"]:
        ready["actionOnTimeout"] = _READY[given["when_ready"]]
    if given["ready_wait"] is not None:
        ready["waitTimeInMinutes"] = given["ready_wait"]
    if given["new_instances"]:
        found["greenFleetProvisioningOption"] = {"action": _FLEET[given["new_instances"]]}
    return {name: part for name, part in found.items() if part}


def request(asked: Wish, platform: str, present: Info) -> dict[str, t.Any]:
    """The members to send: those that change, each complete. ``present`` is empty for a new group."""
    wanted = members(asked, platform, present)
    changed = {name: value for name, value in wanted.items() if _plain(name, value) != _plain(name, present.get(name))}
    before = auto_rollback.Settings.read(present)
    return {**changed, **auto_rollback.request(before, auto_rollback.desired(before, asked.protection))}


def _plain(name: str, value: t.Any) -> t.Any:
    """A value for comparing: without order, without empty parts, Auto Scaling groups by name."""
    if name == _SCALING:
        return frozenset(item["name"] if isinstance(item, t.Mapping) else item for item in value or ())
    if isinstance(value, t.Mapping):
        parts = {key: _plain("", part) for key, part in value.items()}
        return frozenset((key, part) for key, part in parts.items() if part not in (None, "", frozenset())) or None
    if isinstance(value, (list, tuple)):
        return frozenset(_plain("", item) for item in value) or None
    return value or None


def shown(info: Info) -> dict[str, t.Any] | None:
    """The settings of a group for results and diffs; None if there is no group."""
    if not info:
        return None
    settings = {name: value for name, value in info.items() if name not in _NO_SETTINGS and value not in (None, [], {})}
    if _SCALING in settings:
        settings[_SCALING] = sorted(_plain(_SCALING, settings[_SCALING]))
    plain: dict[str, t.Any] = camel_dict_to_snake_dict(settings)
    return plain


def told(sent: t.Mapping[str, t.Any]) -> str:
    """What changes, in words."""
    return ", ".join(camel_dict_to_snake_dict({name: None for name in sorted(sent)}))


def problems(asked: Wish, platform: str, present: Info) -> list[str]:
    """Why these options cannot be; empty if they can."""
    found = []
    if not present and not asked.given.get("service_role"):
        found.append("service_role is needed to create a deployment group")
    if platform != "Server":
        wrong = [name for name in _OF_SERVER if asked.given.get(name)]
        if wrong:
            found.append(
                f"{', '.join(wrong)}: only for the compute platform Server, and {asked.application} is {platform}"
            )
        found += [
            f"{name}: the compute platform {platform} deploys only blue/green with traffic control"
            for name, only in (("deployment_type", "BLUE_GREEN"), ("traffic_control", True))
            if asked.given.get(name, only) != only
        ]
    if platform != "ECS" and asked.given.get("ecs_service"):
        found.append(f"ecs_service: only for the compute platform ECS, and {asked.application} is {platform}")
    if platform == "ECS":
        found += _of_ecs(asked, present)
    return found + _of_blue_green(asked, platform, present)


def _of_ecs(asked: Wish, present: Info) -> list[str]:
    """CodeDeploy refuses a group of ECS that lacks one of these
    (https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-groups-create-ecs.html).
    """
    needed = ("ecs_service", "load_balancer", "blue_green")
    missing = [name for name in needed if not present and not asked.given.get(name)]
    found = [f"{', '.join(missing)}: needed to create a deployment group of the platform ECS"] if missing else []
    balancer = asked.given.get("load_balancer")
    if balancer and (len(_named(balancer["target_groups"])) != 2 or not balancer["listeners"]):
        found.append("load_balancer: the platform ECS needs two target_groups, and listeners")
    return found


def _of_blue_green(asked: Wish, platform: str, present: Info) -> list[str]:
    given = asked.given.get("blue_green")
    if not given:
        return []
    made = _blue_green(given, present.get(_BLUE_GREEN) or {})
    found = []
    # https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BlueInstanceTerminationOption.html: two days.
    wait = made.get("terminateBlueInstancesOnDeploymentSuccess", {}).get("terminationWaitTimeInMinutes", 0)
    if not 0 <= wait <= 2880:
        found.append(f"blue_green: termination_wait is {wait} minutes, and has to be between 0 and 2880")
    if platform == "ECS" and not {"terminateBlueInstancesOnDeploymentSuccess", "deploymentReadyOption"} <= set(made):
        found.append("blue_green: the platform ECS needs original and when_ready")
    return found


def targets_of(asked: Wish, platform: str, present: Info) -> dict[str, t.Any]:
    """The group as it would be, as the API describes groups."""
    return {**present, **request(asked, platform, present), "computePlatform": platform}
