# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
"""Redeploys on the platforms ECS and Lambda: what is sent, and where it is not safe. Pure.

There a revision is an AppSpec file. GetDeployment shows its hash only, "use GetApplicationRevision and the sha256
property … to get the content" (https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetDeployment.html).
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import appspec, revisions
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Location
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding


@dataclass(frozen=True)
class Alias:
    """What Lambda says of an alias, and of the version that it is to be moved to."""

    # The version that it is on, and others that get a part of the traffic.
    version: str = ""
    others: tuple[str, ...] = ()
    has_target: bool = False
    # Why it is not known.
    unknown: str = ""


@dataclass(frozen=True)
class File:
    """The AppSpec file of the target, and what it would be applied to; ``unknown`` says why it cannot be read."""

    content: str = ""
    unknown: str = ""
    alias: Alias | None = None


@dataclass(frozen=True)
class Fit:
    """What is sent, and what there is to say about it. ``there`` says that nothing would move."""

    location: Location
    findings: tuple[Finding, ...] = ()
    there: str = ""


def fit(platform: str, target: Location, file: File | None, in_motion: bool) -> Fit:
    """What CreateDeployment is given for the target.

    ``in_motion`` says that a deployment has to be stopped first, so that where the traffic is will be asked again.
    """
    if platform == "Server" or file is None:
        return Fit(target)
    name = revisions.text(target)
    if not file.content:
        what = f"the AppSpec file of {name} cannot be read, so it cannot be deployed again. {file.unknown}"
        return Fit(target, (Finding("appspec", "block", what.strip()),))
    location = target if target.get("revisionType") == "S3" else appspec.location(file.content)
    if platform == "ECS":
        return _ecs(location, file)
    if platform == "Lambda":
        return _lambda(location, file, in_motion)
    what = f"the compute platform {platform} is not known here, and how a redeploy behaves there neither"
    return Fit(location, (Finding("platform", "block", what),))


def _ecs(location: Location, file: File) -> Fit:
    try:
        named = appspec.task_definition(file.content)
    except appspec.Unreadable as exc:
        return Fit(location, (Finding("appspec", "block", f"the AppSpec file says nothing to ECS: {exc}"),))
    what = (
        f"this deploys {named.rpartition('/')[2]} as its AppSpec file says. lastgood.aws.ecs_rollback knows more of "
        "ECS services: which versions ran, their images, and whether tasks start"
    )
    return Fit(location, (Finding("platform", "warn", what),))


def _lambda(location: Location, file: File, in_motion: bool) -> Fit:
    """The alias has to be on one version, and the AppSpec file has to begin there.

    An alias that is left on two versions fails all further deployments, and so does a CurrentVersion that the alias is
    not on (https://docs.aws.amazon.com/codedeploy/latest/userguide/troubleshooting-deployments-lambda.html).
    """
    try:
        function = appspec.function(file.content)
    except appspec.Unreadable as exc:
        return Fit(location, (Finding("appspec", "block", f"the AppSpec file says nothing to Lambda: {exc}"),))
    alias, name = file.alias or Alias(unknown="It was not asked for"), f"alias {function.alias} of {function.name}"
    if alias.unknown:
        what = f"which version {name} is on is not known, and without that a redeploy is not safe. {alias.unknown}"
        return Fit(location, (Finding("alias", "block", what),))
    if not alias.has_target:
        what = f"version {function.target} of {function.name} does not exist any more"
        return Fit(location, (Finding("version", "block", f"{what}: publish it again, or choose another revision"),))
    if in_motion:
        return Fit(location)
    if alias.others:
        what = (
            f"{name} is on version {alias.version} and on {' and '.join(alias.others)} at once, and CodeDeploy deploys "
            "only from one version: point the alias to one of them first (lambda update-alias)"
        )
        return Fit(location, (Finding("alias", "block", what),))
    if alias.version == function.target:
        return Fit(location, there=f"{name} is on version {function.target} already")
    if alias.version == function.current:
        return Fit(location)
    changed = appspec.location(appspec.with_current_version(file.content, alias.version))
    what = (
        f"the AppSpec file is from when {name} was on version {function.current}; it is on {alias.version} now, so "
        f"that CurrentVersion is set to {alias.version} for this deployment"
    )
    return Fit(changed, (Finding("current_version", "info", what),))


def asks(content: str) -> appspec.Function | None:
    """The function to ask Lambda about; None where the file does not say."""
    try:
        return appspec.function(content)
    except appspec.Unreadable:
        return None
