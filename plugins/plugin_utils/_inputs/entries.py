# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What the variables of each entry point mean, combined with each other and the configuration file. Pure except for
that file.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._core import force
from ansible_collections.lastgood.aws.plugins.module_utils._core.options import FEW_SERVICES, BadOption
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import (
    approved,
    approved_group,
    events,
    specs,
    task_files,
)
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.values import (
    BadInput,
    Values,
    between_commas,
    count,
    lines,
    one_of,
    seconds,
    switch,
    words,
)

_TOPIC: t.Final = re.compile(r"arn:[a-z0-9-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Around:
    """Everything besides the variables.

    ``read`` reads an ecspresso configuration, given its path and the keys not needed; see the lookup of that name.
    ``hosts`` is the number of hosts in the play. ``here`` is the path of the ``ecspresso.yml`` in the directory that
    the command was started in, empty if there is none.
    ``now`` is the time in seconds since 1970. ``check_mode``: nothing may be changed.
    """

    read: t.Callable[[str, list[str]], t.Mapping[str, t.Any]]
    hosts: int = 1
    here: str = ""
    now: float = 0.0
    check_mode: bool = False


def rollback(values: Values, around: Around) -> Values:
    """Inputs of rollback for services."""
    numbers = {
        "plan_max_age": seconds("rollback_plan_max_age", values["plan_max_age"]),
        "slices": count("rollback_slices", values["slices"]),
        "waves": words(values["waves"]),
        "first": words(values["first"]),
    }
    if values["approved_plan"] is not None:
        return {**values, **_approved(values, around), **numbers, "at_once": False}
    found = {**_services("rollback", values, around), **_rollback(values, around)}
    # If nothing has to stand between looking and writing, many services need not wait until all are looked at.
    between = around.check_mode or found["scaling_after"] != "untouched" or found["before_tasks"]
    many = len(found["services"]) > FEW_SERVICES and not between
    return {**values, **found, **numbers, "named": found["services"], "plans": None, "at_once": many}


def _approved(values: Values, around: Around) -> Values:
    """Inputs of a run that carries out plans: those say which services, and what is done."""
    spec = specs.entry_points()["rollback"]["main"]
    more = _rollback(values, around)
    plans = approved.of_services({**values, "force": more["force"]}, spec, around.hosts > 1)
    first = plans[0]
    file = _file({**values, "region": first["region"]}, around, True, cluster=True, service=True, codedeploy=True)
    return {
        **more,
        **dict.fromkeys(approved.SETTLED),
        **_common({**values, "region": first["region"]}, file),
        "cluster": first["cluster"],
        "services": [plan["service"] for plan in plans],
        "named": None,
        "plans": plans,
    }


def redeploy(values: Values, around: Around) -> Values:
    """Inputs of rollback for a deployment group."""
    age = {"plan_max_age": seconds("rollback_plan_max_age", values["plan_max_age"])}
    if values["approved_plan"] is not None:
        return {**values, **_approved_group(values, around), **age}
    names = values["application"] and values["deployment_group"]
    file = _file(values, around, bool(names), cluster=True, service=True, codedeploy=names)
    in_file = file.get("codedeploy") or {}
    application = values["application"] or in_file.get("application_name")
    group = values["deployment_group"] or in_file.get("deployment_group_name")
    if not (application and group):
        raise BadInput(
            "No deployment group is named: give rollback_application and rollback_deployment_group, or a "
            "rollback_config that names them"
        )
    more = _rollback(values, around)
    # CodeDeploy resumes at the end what it was asked to suspend, so it is not asked if that should stay suspended.
    native = ["AZRebalance", "ScheduledActions"] if more["scaling_after"] == "restored" else []
    return {
        **values,
        **_common(values, file),
        **more,
        "application": application,
        "deployment_group": group,
        "deployment_config": values["deployment_config"] or in_file.get("deployment_config_name"),
        "suspend_processes": native if values["suspend_auto_scaling"] else [],
        "plan": None,
        **age,
    }


def _approved_group(values: Values, around: Around) -> Values:
    """Inputs of a run that carries out a plan: that says which group, and what is done."""
    spec = specs.entry_points()["rollback"]["redeploy"]
    more = _rollback(values, around)
    plan = approved_group.of_group({**values, "force": more["force"]}, spec, around.hosts > 1)
    here = {**values, "region": plan["region"]}
    file = _file(here, around, True, cluster=True, service=True, codedeploy=True)
    return {**more, **_common(here, file), **approved_group.as_options(plan, values), "plan": plan}


def restore_scaling(values: Values, _around: Around) -> Values:
    """Inputs of rollback for restoring what a killed run has left suspended."""
    services, groups = words(values["services"]), words(values["auto_scaling_groups"])
    if not services and not groups:
        raise BadInput(
            "Nothing is named: give rollback_services, or rollback_auto_scaling_groups. Instead of names, * means "
            "all that are recorded"
        )
    return {**values, **_common(values, {}), "services": services, "auto_scaling_groups": groups}


def deploy(values: Values, around: Around) -> Values:
    """Inputs of deploy."""
    found = _services("deploy", values, around)
    if values["revision"] is None:
        raise BadInput("No revision is named: give deploy_revision")
    return {
        **values,
        **found,
        "force": _force("deploy_force", values),
        "rollback_events": _events(values["rollback_events"]),
        "alarms": between_commas(values["alarms"]),
    }


def history(values: Values, around: Around) -> Values:
    """Inputs of history."""
    return {**values, **_services("history", values, around)}


def status(values: Values, around: Around) -> Values:
    """Inputs of status. Without names it is about all services of the cluster."""
    services, clusters = words(values["services"]), words(values["cluster"])
    file = _file(values, around, bool(services or clusters), cluster=clusters, service=services, codedeploy=True)
    services = [] if "*" in services else services or [name for name in [file.get("service")] if name]
    clusters = clusters or [file.get("cluster") or "default"]
    if services and (len(clusters) > 1 or "*" in clusters):
        raise BadInput("status_services names services, and status_cluster several clusters: name one, or no services")
    if values["require"] is not None:
        one_of("status_require", str(values["require"]), "ready", "nothing")
    one_of("status_fallback", str(values["fallback"]), "fail", "previous_registered")
    return {
        **values,
        **_common(values, file),
        "clusters": clusters,
        "cluster": ", ".join(clusters),
        "services": services,
    }


def on_event(values: Values, _around: Around) -> Values:
    """Inputs of on_event."""
    topic = str(values["notify_topic_arn"] or "").strip()
    if topic and not is_topic(topic):
        raise BadInput("on_event_notify_topic_arn is not the ARN of an SNS topic (arn:aws:sns:REGION:ACCOUNT:NAME)")
    region = values["switch_region"]
    return {
        **events.read(values),
        "notify_topic_arn": topic or None,
        "switch_file": values["switch_file"],
        "switch_parameter": values["switch_parameter"],
        "switch_module_defaults": {"region": region} if region else {},
    }


def content_guard(values: Values, around: Around) -> Values:
    """Inputs of content_guard on an instance."""
    state = one_of("content_guard_state", str(values["state"]), "predicted", "saved", "restored", "absent")
    one_of("content_guard_missing", str(values["missing"]), "fail", "ignore")
    group = values["deployment_group_id"]
    # Paths are for saving only; with them, no bundle is needed to find out what to save.
    paths = lines(values["paths"]) if state == "saved" else []
    if state != "predicted" and not group:
        raise BadInput("No deployment group is named: give its id in content_guard_deployment_group_id")
    if state == "saved" and not (values["deployment_id"] or values["bundle"] or paths):
        raise BadInput(
            "Nothing says what to save: give content_guard_deployment_id, content_guard_bundle or content_guard_paths"
        )
    limit = seconds("content_guard_restore_timeout", values["restore_timeout"])
    agent = {name: values[name] for name in ("deployment_group_id", "agent_root", "agent_config", "agent_version")}
    behavior = str(values["file_exists_behavior"]).lower()
    return {
        **values,
        "paths": paths or None,
        "bundle": None if paths else values["bundle"],
        # AWS's console calls it "fail".
        "file_exists_behavior": "disallow" if behavior == "fail" else behavior,
        # A bundle that is given wins over the agent's own copy.
        "deployment_id": None if paths or values["bundle"] else values["deployment_id"],
        "set": f"{values['store']}/{group}/{values['run']}",
        "restore_timeout": limit,
        "deadline": around.now + limit,
        "for_info": agent,
        "for_guard": {
            **agent,
            **{name: values[name] for name in ("run", "store", "force")},
            "allow_paths": lines(values["allow_paths"]) or None,
        },
    }


def content_guard_plan(values: Values, around: Around) -> Values:
    """Inputs of content_guard on the control node."""
    if around.hosts > 1:
        raise BadInput("Files are guarded for one deployment group at a time, and rollback_hosts names several hosts")
    if values["approved_plan"] is None and not (values["application"] and values["deployment_group"]):
        raise BadInput(
            "No deployment group is named: rollback_guard_content needs rollback_application and "
            "rollback_deployment_group"
        )
    if not values["instances"]:
        raise BadInput(
            "No instances are named: rollback_guard_content needs rollback_instances, a pattern of hosts in the "
            "inventory"
        )
    if not values["wait"]:
        raise BadInput(
            "rollback_wait is false and rollback_guard_content is true: files would be put back while the deployment "
            "is still running, and it would take them away again"
        )
    seconds("rollback_restore_timeout", values["restore_timeout"])
    percentage = values["guard_max_fail_percentage"]
    try:
        allowed = float(percentage)
    except (TypeError, ValueError):
        allowed = -1.0
    if not 0 <= allowed <= 100:
        raise BadInput(f"rollback_guard_max_fail_percentage is '{percentage}': give a number from 0 to 100")
    return {
        **redeploy({**values, "guard_content": True}, around),
        "guard_max_fail_percentage": allowed,
    }


class Entry(t.NamedTuple):
    """An entry point: the prefix of its variables, and how to turn them into inputs."""

    prefix: str
    finish: t.Callable[[Values, Around], Values]


ENTRIES: t.Final = {
    ("rollback", "main"): Entry("rollback_", rollback),
    ("rollback", "redeploy"): Entry("rollback_", redeploy),
    ("rollback", "restore_scaling"): Entry("rollback_", restore_scaling),
    ("deploy", "main"): Entry("deploy_", deploy),
    ("history", "main"): Entry("history_", history),
    ("status", "main"): Entry("status_", status),
    ("on_event", "main"): Entry("on_event_", on_event),
    ("content_guard", "main"): Entry("content_guard_", content_guard),
    ("content_guard", "plan"): Entry("rollback_", content_guard_plan),
}

# Those whose last steps publish how it ended, whatever happened before.
PUBLISH: t.Final = frozenset({("rollback", "main"), ("rollback", "redeploy"), ("deploy", "main")})


def is_topic(text: str) -> bool:
    """Whether it is the ARN of an SNS topic."""
    return _TOPIC.fullmatch(text) is not None


def _services(role: str, values: Values, around: Around) -> Values:
    """Region, cluster, services and timeout, as given or from the file."""
    services = words(values["services"])
    file = _file(values, around, bool(services), cluster=values["cluster"], service=services, codedeploy=True)
    if not services and file.get("service"):
        services = [file["service"]]
    if not services:
        raise BadInput(f"No service is named: give {role}_services, or a {role}_config that names one")
    cluster = values["cluster"] or file.get("cluster") or "default"
    return {**_common(values, file), "cluster": cluster, "services": services}


def _file(values: Values, around: Around, named: bool, **known: object) -> t.Mapping[str, t.Any]:
    """The configuration file without the keys given elsewhere: those may use any template functions.

    ``named``: the service or group is given. If neither that nor a file is, it is the file that ecspresso would read.
    """
    path = str(values["config"] or ("" if named else around.here))
    if not path:
        return {}
    known |= {"region": values["region"], "timeout": values.get("wait_timeout", "not needed")}
    found = around.read(path, [key for key, value in known.items() if value])
    return found if values["config"] else {**found, "instead_of_names": path}


def _common(values: Values, file: t.Mapping[str, t.Any]) -> Values:
    region = values["region"] or file.get("region")
    return {
        "region": region,
        "wait_timeout": values.get("wait_timeout") or file.get("timeout"),
        # Nobody named it, so it has to be said that it was read.
        "read_from": file.get("instead_of_names"),
        # Only if there is a Region; otherwise the play's module_defaults and the environment apply.
        "module_defaults": {"region": region} if region else {},
    }


def _rollback(values: Values, around: Around) -> Values:
    resume = values["resume_auto_scaling"]
    if resume is not None:
        resume = switch("rollback_resume_auto_scaling", resume)
    after = _scaling_after(values["suspend_auto_scaling"], resume)
    if after == "restored" and not values["wait"]:
        raise BadInput(
            "rollback_wait is false and rollback_suspend_auto_scaling is true: auto scaling would come back while the "
            "rollback is still running. Wait for it, or say with rollback_resume_auto_scaling=false that auto scaling "
            "stays suspended"
        )
    topic = str(values.get("notify_topic_arn") or "").strip()
    if topic and not is_topic(topic):
        raise BadInput("rollback_notify_topic_arn is not the ARN of an SNS topic (arn:aws:sns:REGION:ACCOUNT:NAME)")
    return {
        "scaling_after": after,
        "notify_topic_arn": topic,
        "events": _events(values["events"]),
        "force": _force("rollback_force", values),
        **task_files.asked(values, around.check_mode),
    }


def _scaling_after(suspend: bool, resume: bool | None) -> str:
    """How auto scaling ends: as before, all resumed, suspended as this run needs it, or untouched."""
    if resume:
        return "resumed"
    if not suspend:
        return "untouched"
    return "restored" if resume is None else "suspended"


def _force(name: str, values: Values) -> list[t.Any]:
    """The option as it was written, so that a bare true can be warned about. Raises :class:`.BadInput`."""
    try:
        force.parse(values["force"], name)
    except BadOption as exc:
        raise BadInput(str(exc)) from exc
    return words(values["force"])


def _events(value: t.Any) -> list[t.Any] | None:
    """The events given. An empty list means none at all; None means not given."""
    return None if value is None else words(value)
