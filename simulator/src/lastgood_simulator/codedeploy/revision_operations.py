# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations on revisions."""

from __future__ import annotations

from typing import Any

from lastgood_simulator.codedeploy import errors, revisions, views
from lastgood_simulator.codedeploy.model import Application, Revision
from lastgood_simulator.codedeploy.state import state_of
from lastgood_simulator.operations import Context, operation, page


def _groups(application: Application, revision: Revision) -> list[str]:
    wanted = revisions.key(revision.location)
    return [
        group.name
        for group in application.groups.values()
        if group.deployments and revisions.key(group.deployments[-1].revision) == wanted
    ]


@operation("codedeploy", "RegisterApplicationRevision")
def register_application_revision(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_RegisterApplicationRevision.html"""
    application = state_of(context).application(params)
    location = revisions.located(params.get("revision"), application.platform)
    revision = revisions.register(application, location, params.get("description") or "", context.now)
    if params.get("description"):
        revision.description = params["description"]
    return {}


@operation("codedeploy", "GetApplicationRevision")
def get_application_revision(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """By content or by its hash. https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetApplicationRevision.html"""
    application = state_of(context).application(params)
    location = revisions.located(params.get("revision"), application.platform)
    revision = revisions.registered(application, location)
    return {
        "applicationName": application.name,
        "revision": revision.location,
        "revisionInfo": views.revision(revision, _groups(application, revision)),
    }


@operation("codedeploy", "BatchGetApplicationRevisions")
def batch_get_application_revisions(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BatchGetApplicationRevisions.html"""
    application = state_of(context).application(params)
    found, missing = [], 0
    for given in errors.batch(params.get("revisions") or [], 25):
        revision = revisions.found(application, revisions.located(given, application.platform))
        if revision is None:
            missing += 1
            continue
        info = views.revision(revision, _groups(application, revision))
        found.append({"revisionLocation": revision.location, "genericRevisionInfo": info})
    message = f"{missing} of the revisions do not exist in {application.name}" if missing else None
    return {"applicationName": application.name, "revisions": found, "errorMessage": message}


_SORTED_BY = {
    "registerTime": lambda revision: revision.registered_at,
    "firstUsedTime": lambda revision: revision.first_used_at or 0.0,
    "lastUsedTime": lambda revision: revision.last_used_at or 0.0,
}


@operation("codedeploy", "ListApplicationRevisions")
def list_application_revisions(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListApplicationRevisions.html"""
    application = state_of(context).application(params)
    chosen = list(application.revisions)
    deployed = params.get("deployed") or "ignore"
    errors.one_of(deployed, ("include", "exclude", "ignore"), "DeployedStateFilter", "deployed state filter")
    if deployed != "ignore":
        chosen = [item for item in chosen if bool(_groups(application, item)) == (deployed == "include")]
    if params.get("s3KeyPrefix") and not params.get("s3Bucket"):
        raise errors.error("BucketNameFilterRequired", "A bucket name is required, but was not provided")
    if params.get("s3Bucket"):
        prefix = params.get("s3KeyPrefix") or ""
        places = ((item, item.location.get("s3Location") or {}) for item in chosen)
        chosen = [
            item
            for item, place in places
            if place.get("bucket") == params["s3Bucket"] and place["key"].startswith(prefix)
        ]
    if params.get("sortBy"):
        errors.one_of(params["sortBy"], _SORTED_BY, "SortBy", "column to sort by")
        order = params.get("sortOrder") or "ascending"
        errors.one_of(order, ("ascending", "descending"), "SortOrder", "sort order")
        chosen.sort(key=_SORTED_BY[params["sortBy"]], reverse=order == "descending")
    shown, token = page(chosen, params, default=100, most=100, bad="InvalidNextTokenException")
    return {"revisions": [revisions.without_content(item.location) for item in shown], "nextToken": token}
