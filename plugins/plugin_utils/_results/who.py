# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Who or what started a run, as far as the variables of the play and the environment say. Pure."""

from __future__ import annotations

import typing as t

# What somebody reads, and the variables that have it; the first that is set counts.
# https://docs.ansible.com/projects/awx/en/latest/userguide/job_templates.html (under both prefixes in Automation
# Platform).
_AWX: t.Final = (
    ("AWX user", "user_name"),
    ("AWX job", "job_id"),
    ("AWX job template", "job_template_name"),
    ("AWX started by", "job_launch_type"),
    ("AWX workflow job", "workflow_job_id"),
    ("AWX schedule", "schedule_name"),
)
# A variable that only this system sets, its name, and what of its environment is shown.
_CI: t.Final = (
    # https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    (
        ("GITHUB_ACTIONS", "GitHub Actions"),
        ("GITHUB_ACTOR", "GITHUB_REPOSITORY", "GITHUB_WORKFLOW", "GITHUB_RUN_ID", "GITHUB_SHA"),
    ),
    # https://docs.gitlab.com/ci/variables/predefined_variables/
    (("GITLAB_CI", "GitLab"), ("GITLAB_USER_LOGIN", "CI_PROJECT_PATH", "CI_JOB_URL", "CI_COMMIT_SHA")),
    # https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
    (("CODEBUILD_BUILD_ID", "CodeBuild"), ("CODEBUILD_INITIATOR", "CODEBUILD_BUILD_ID")),
    # https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables
    (("JENKINS_URL", "Jenkins"), ("JOB_NAME", "BUILD_NUMBER", "BUILD_URL")),
    # https://learn.microsoft.com/azure/devops/pipelines/build/variables
    (("TF_BUILD", "Azure Pipelines"), ("BUILD_REQUESTEDFOR", "BUILD_DEFINITIONNAME", "BUILD_BUILDNUMBER")),
    # https://circleci.com/docs/reference/variables/
    (("CIRCLECI", "CircleCI"), ("CIRCLE_USERNAME", "CIRCLE_BUILD_URL")),
    # https://buildkite.com/docs/pipelines/configure/environment-variables
    (("BUILDKITE", "Buildkite"), ("BUILDKITE_BUILD_CREATOR", "BUILDKITE_BUILD_URL")),
)


def who(variables: t.Mapping[str, t.Any], environment: t.Mapping[str, str], login: str) -> list[tuple[str, str]]:
    """Pairs of what it is and its value. ``login`` is the user on the control node; empty if it is not known."""
    found = [(name, _first(variables, f"awx_{end}", f"tower_{end}")) for name, end in _AWX]
    found += _event(variables.get("ansible_eda"))
    for (marker, system), names in _CI:
        if environment.get(marker):
            found += [(f"{system}: {name}", environment.get(name, "")) for name in names]
    found.append(("User on the control node", login))
    return [(name, value) for name, value in found if value]


def _first(variables: t.Mapping[str, t.Any], *names: str) -> str:
    return next((str(variables[name]) for name in names if variables.get(name)), "")


def _event(found: t.Any) -> list[tuple[str, str]]:
    """What ansible-rulebook passes on: https://docs.ansible.com/projects/rulebook/en/stable/actions.html."""
    if not isinstance(found, dict):
        return []
    pairs = [(f"Event: {name}", str(found.get(name) or "")) for name in ("ruleset", "rule")]
    meta = (found.get("event") or {}).get("meta") if isinstance(found.get("event"), dict) else None
    if isinstance(meta, dict):
        pairs += [
            ("Event: id", str(meta.get("uuid") or "")),
            ("Event: received at", str(meta.get("received_at") or "")),
        ]
    return pairs
