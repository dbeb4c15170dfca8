# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of a deployment group that a later job carries out, and what may be said beside it."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import bound
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import specs
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.entries import ENTRIES, Around
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.values import BadInput, Values, cleaned

TARGET = {"revisionType": "S3", "s3Location": {"bucket": "b", "key": "web-1.zip", "bundleType": "zip", "version": "v1"}}
PROD = bound.sealed(
    {
        "region": "eu-central-1",
        "application": "web",
        "deployment_group": "prod",
        "target": TARGET,
        "target_deployment": "d-1",
        "source": "last_good",
        "in_flight": "refuse",
        "file_exists_behavior": "disallow",
        "rollback_events": [],
        "override_alarms": "true",
        "deployment_config": "AllAtOnce",
        "ignore_application_stop_failures": True,
        "update_outdated_instances_only": False,
        "require_pinned": False,
        "suspended_by_codedeploy": ["AZRebalance"],
        "guard_content": False,
        "force": ["again"],
    }
)
TEST = bound.sealed({**PROD, "deployment_group": "test"})
PUBLISHED = {"prod.web.eu-central-1.1": {"deployment_group": "prod", "outcome": "planned", "plan": PROD}}


def inputs(plan: t.Any, hosts: int = 1, role: str = "rollback", entry: str = "redeploy", **given: t.Any) -> Values:
    """What the variables come to; they are named without their prefix."""
    prefix, finish = ENTRIES[role, entry]
    spec = specs.entry_points()[role][entry]
    named = {f"{prefix}{name}": value for name, value in {"approved_plan": plan, **given}.items()}
    return finish(cleaned(spec, prefix, named), Around(lambda path, skip: {"timeout": 600}, hosts))


def refusal(plan: t.Any, hosts: int = 1, **given: t.Any) -> str:
    with pytest.raises(BadInput) as caught:
        inputs(plan, hosts, **given)
    return str(caught.value)


@pytest.mark.parametrize("given", [PUBLISHED, json.dumps(PUBLISHED), PROD, json.dumps([PROD])])
def test_as_it_is_handed_over(given: t.Any) -> None:
    found = inputs(given)
    assert (found["plan"], found["application"], found["deployment_group"]) == (PROD, "web", "prod")
    assert (found["region"], found["module_defaults"]) == ("eu-central-1", {"region": "eu-central-1"})
    assert found["plan_max_age"] == 86400


def test_without_one_the_group_is_named() -> None:
    assert inputs("", application="web", deployment_group="prod")["plan"] is None


def test_the_play_that_saves_files_looks_for_the_same_target() -> None:
    kept = bound.sealed({**PROD, "guard_content": True})
    found = inputs(kept, role="content_guard", entry="plan", instances="web")
    assert (found["application"], found["deployment_group"], found["plan"]) == ("web", "prod", kept)
    assert (found["deployment_id"], found["revision"], found["as_of"], found["steps_back"]) == ("d-1", None, None, None)
    assert (found["file_exists_behavior"], found["events"], found["force"]) == ("disallow", [], ["again"])
    assert (found["deployment_config"], found["suspend_processes"]) == ("AllAtOnce", ["AZRebalance"])
    named = bound.sealed({**kept, "source": "revision"})
    found = inputs(named, role="content_guard", entry="plan", instances="web")
    assert (found["deployment_id"], found["revision"]) == (None, TARGET)


def test_what_does_not_fit_into_a_plan_is_taken_from_beside_it() -> None:
    long = bound.sealed(
        {**PROD, "source": "revision", "target": "s3:/~123", "deployment_config": bound.cut("LongerThanThat")}
    )
    found = inputs(long, revision="s3://b/web-1.zip", deployment_config="LongerThanThat")
    assert (found["revision"], found["deployment_config"]) == ("s3://b/web-1.zip", "LongerThanThat")
    assert "rollback_deployment_config is Another" in refusal(long, deployment_config="Another")


@pytest.mark.parametrize(
    "given",
    [
        {"application": "web", "deployment_group": "prod", "region": "eu-central-1", "config": "ecspresso.yml"},
        {"deployment_id": "d-1", "steps_back": "1"},
        {"revision": "s3://b/web-1.zip"},
        {"revision": "s3://b/web-1.zip?versionId=v1"},
        {"revision": TARGET},
        {"in_flight": "refuse", "file_exists_behavior": "fail", "events": "none", "override_alarms": True},
        {"events": [], "force": "again", "deployment_config": "AllAtOnce"},
        {"ignore_application_stop_failures": "yes"},
        # The defaults, as surveys send them.
        {"in_flight": "stop", "file_exists_behavior": "inherit", "override_alarms": "auto", "force": ""},
    ],
)
def test_what_agrees_with_it(given: dict[str, t.Any]) -> None:
    assert inputs(PUBLISHED, **given)["plan"] == PROD


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"application": "shop"}, "is for application web, and rollback_application is shop. Leave one of them out"),
        ({"deployment_group": "dev"}, "is for deployment_group prod, and rollback_deployment_group is dev"),
        ({"region": "us-east-1"}, "is for region eu-central-1, and rollback_region is us-east-1"),
        (
            {"deployment_id": "d-2"},
            "rollback_deployment_id is d-2, and the plan of prod in rollback_approved_plan has d-1",
        ),
        ({"revision": "s3://b/web-2.zip"}, "in rollback_approved_plan has s3://b/web-1.zip (version v1)"),
        ({"revision": "soon"}, "rollback_revision 'soon' is not understood"),
        ({"as_of": "-2h"}, "rollback_as_of is -2h, and the plan of prod in rollback_approved_plan has last_good"),
        ({"in_flight": "wait"}, "rollback_in_flight is wait"),
        ({"file_exists_behavior": "retain"}, "rollback_file_exists_behavior is retain"),
        ({"events": "DEPLOYMENT_FAILURE"}, "rollback_events is DEPLOYMENT_FAILURE"),
        ({"events": "NEVER"}, "rollback_events: 'NEVER' is not one of CodeDeploy's events"),
        ({"override_alarms": "false"}, "rollback_override_alarms is false"),
        ({"deployment_config": "OneAtATime"}, "rollback_deployment_config is OneAtATime"),
        ({"require_pinned": "true"}, "rollback_require_pinned is True"),
        ({"guard_content": "true"}, "was made with rollback_guard_content=false. Give the same, or make a new one"),
        ({"plan_max_age": "soon"}, "rollback_plan_max_age is 'soon': give a number of seconds"),
    ],
)
def test_what_contradicts_it(given: dict[str, t.Any], message: str) -> None:
    assert message in refusal(PUBLISHED, **given)


def test_that_of_services_is_for_another_playbook() -> None:
    assert "is not about a deployment group" in refusal(bound.sealed({"service": "web", "region": "x"}))


def test_several_groups() -> None:
    assert "is for several deployment groups. Give each of them a run of its own" in refusal([PROD, TEST])
    # Each host takes its own.
    assert inputs([PROD, TEST], hosts=2, deployment_group="test")["plan"] == TEST
    assert "has no plan for this host" in refusal([PROD, TEST], hosts=2, deployment_group="dev")


def test_a_plan_without_a_target_is_contradicted_by_no_revision() -> None:
    settled = bound.sealed({**PROD, "target": None, "source": "unchanged"})
    assert inputs(settled, revision="s3://b/web-2.zip", as_of="-2h")["plan"] == settled
