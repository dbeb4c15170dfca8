# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""AppSpec files of the platforms ECS and Lambda, in JSON or YAML, and the revisions that contain them. Pure.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-resources.html
"""

from __future__ import annotations

import hashlib
import json
import typing as t
from dataclasses import dataclass

try:
    import yaml
except ImportError:
    # PyYAML comes with ansible-core, but a module may run on a host that has only boto3.
    HAS_YAML = False
else:
    HAS_YAML = True

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Location

# Where a revision location keeps an AppSpec file inside itself. ``String`` is what the API had before.
_HELD_IN: t.Final = {"AppSpecContent": "appSpecContent", "String": "string"}


class Unreadable(ValueError):
    """An AppSpec file that we cannot use. The message says why."""


def held(location: Location) -> str:
    """The content inside the location; empty if it is only a hash, or somewhere else."""
    member = _HELD_IN.get(str(location.get("revisionType")), "")
    return str((location.get(member) or {}).get("content") or "")


def digest(location: Location) -> str:
    """The SHA-256 of the AppSpec file inside the location; empty if there is none."""
    member = _HELD_IN.get(str(location.get("revisionType")), "")
    return str((location.get(member) or {}).get("sha256") or "")


def by_digest(location: Location) -> dict[str, t.Any]:
    """The location to look up in the register of revisions."""
    kind = str(location["revisionType"])
    return {"revisionType": kind, _HELD_IN[kind]: {"sha256": digest(location)}}


def location(content: str) -> dict[str, t.Any]:
    """A revision that contains this AppSpec file."""
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": content, "sha256": sha256}}


def task_definition(content: str) -> str:
    """The TaskDefinition that an AppSpec file deploys. Raises :class:`Unreadable`."""
    found = _properties(_parse(content)).get("TaskDefinition")
    if not isinstance(found, str) or not found:
        raise Unreadable("it has no TaskDefinition")
    return found


def container(content: str) -> tuple[str, int] | None:
    """Name and port of the container that gets the traffic; None if the file does not say."""
    balancer = _properties(_parse(content)).get("LoadBalancerInfo") or {}
    try:
        return str(balancer["ContainerName"]), int(balancer["ContainerPort"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def with_task_definition(content: str, arn: str) -> str:
    """The same file for another task definition, as JSON; unchanged if it already names this one."""
    document = _parse(content)
    properties = _properties(document)
    if properties.get("TaskDefinition") == arn:
        return content
    properties["TaskDefinition"] = arn
    return json.dumps(document)


@dataclass(frozen=True)
class Function:
    """What a Lambda AppSpec file moves: an alias, from one version of a function to another."""

    name: str
    alias: str
    current: str
    target: str


def function(content: str) -> Function:
    """The function of an AppSpec file. Raises :class:`Unreadable`."""
    properties = _properties(_parse(content))
    members = ("Name", "Alias", "CurrentVersion", "TargetVersion")
    missing = [name for name in members if properties.get(name) in (None, "")]
    if missing:
        raise Unreadable(f"it has no {' and no '.join(missing)}")
    return Function(*(str(properties[name]) for name in members))


def with_current_version(content: str, version: str) -> str:
    """The same file for an alias on this version, as JSON; unchanged if it already says so."""
    document = _parse(content)
    properties = _properties(document)
    if str(properties.get("CurrentVersion")) == version:
        return content
    properties["CurrentVersion"] = version
    return json.dumps(document)


def made_for(arn: str, container_name: str, port: int) -> str:
    """The smallest AppSpec file that an ECS deployment can have."""
    properties = {
        "TaskDefinition": arn,
        "LoadBalancerInfo": {"ContainerName": container_name, "ContainerPort": port},
    }
    resource = {"TargetService": {"Type": "AWS::ECS::Service", "Properties": properties}}
    return json.dumps({"version": 0.0, "Resources": [resource]})


def _parse(content: str) -> dict[str, t.Any]:
    try:
        document = json.loads(content)
    except ValueError:
        document = _yaml(content)
    if not isinstance(document, dict):
        raise Unreadable("it is neither JSON nor YAML")
    return document


def _yaml(content: str) -> t.Any:
    if not HAS_YAML:
        raise Unreadable("it is YAML, and there is no PyYAML on the host that runs this module")
    try:
        return yaml.safe_load(content)
    except yaml.YAMLError as exc:
        raise Unreadable("it is neither JSON nor YAML") from exc


def _properties(document: dict[str, t.Any]) -> dict[str, t.Any]:
    # AWS's examples have "resources" for Lambda and "Resources" for ECS.
    resources = next((value for key, value in document.items() if str(key).lower() == "resources"), None)
    if not isinstance(resources, list) or len(resources) != 1 or not isinstance(resources[0], dict):
        raise Unreadable("it does not name exactly one resource")
    resource = next(iter(resources[0].values()), None)
    properties = resource.get("Properties") if isinstance(resource, dict) else None
    if not isinstance(properties, dict):
        raise Unreadable("its resource has no Properties")
    return properties
