# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations on applications."""

from __future__ import annotations

import re
import uuid
from typing import Any

from lastgood_simulator.codedeploy import configs, errors, tags, views
from lastgood_simulator.codedeploy.model import Application
from lastgood_simulator.codedeploy.state import state_of
from lastgood_simulator.operations import Context, operation, page


@operation("codedeploy", "CreateApplication")
def create_application(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateApplication.html"""
    state = state_of(context)
    name = _name(errors.required(params, "applicationName", "ApplicationName"))
    if name in state.applications:
        raise errors.error("ApplicationAlreadyExists", f"Application already exists: {name}")
    platform = params.get("computePlatform") or "Server"
    errors.one_of(platform, configs.DEFAULTS, "ComputePlatform", "compute platform")
    application = Application(str(uuid.uuid4()), name, platform, context.now)
    tags.set_tags(state, state.arn("application", name), params.get("tags"))
    state.applications[name] = application
    return {"applicationId": application.id}


def _name(name: str) -> str:
    if not re.fullmatch(r"[\w.+=,@-]{1,100}", name):
        raise errors.error("InvalidApplicationName", f"{name} is not a valid application name")
    return name


@operation("codedeploy", "GetApplication")
def get_application(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetApplication.html"""
    return {"application": views.application(state_of(context).application(params))}


@operation("codedeploy", "BatchGetApplications")
def batch_get_applications(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BatchGetApplications.html"""
    state = state_of(context)
    names = errors.batch(params.get("applicationNames") or [], 100)
    return {"applicationsInfo": [views.application(state.application({"applicationName": name})) for name in names]}


@operation("codedeploy", "ListApplications")
def list_applications(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListApplications.html"""
    names = list(state_of(context).applications)
    shown, token = page(names, params, default=100, most=100, bad="InvalidNextTokenException")
    return {"applications": list(shown), "nextToken": token}


@operation("codedeploy", "UpdateApplication")
def update_application(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_UpdateApplication.html"""
    state = state_of(context)
    application = state.application(params)
    name = _name(params.get("newApplicationName") or application.name)
    if name != application.name and name in state.applications:
        raise errors.error("ApplicationAlreadyExists", f"Application already exists: {name}")
    del state.applications[application.name]
    tags.move(state, state.arn("application", application.name), state.arn("application", name))
    for group in application.groups.values():
        old, new = (state.arn("deploymentgroup", f"{owner}/{group.name}") for owner in (application.name, name))
        tags.move(state, old, new)
    application.name = name
    state.applications[name] = application
    return {}


@operation("codedeploy", "DeleteApplication")
def delete_application(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Deleting one that does not exist is not an error.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_DeleteApplication.html
    """
    state = state_of(context)
    name = errors.required(params, "applicationName", "ApplicationName")
    state.applications.pop(name, None)
    tags.forget(state, state.arn("application", name))
    return {}
