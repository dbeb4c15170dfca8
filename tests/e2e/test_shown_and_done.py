# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is shown is what is done, or nothing is: between the look-up, the suspension of auto scaling and the act."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Rollback
from tests.e2e.stage import CLUSTER, Stage

SCALES = {"suspend_auto_scaling": "true"}


def scalable(stage: Stage, name: str = "web") -> dict[str, object]:
    """web:3 is bad, web:1 is good, and the service scales."""
    stage.story(name)
    stage.world.make_scalable(CLUSTER, name)
    stage.control.reset_calls()
    return stage.auto_scaling(name)


def suspended(stage: Stage) -> list[object]:
    """What was suspended, and put back, in order."""
    log = stage.control.log()
    return [call["params"]["ResourceId"] for call in log if call["operation"] == "RegisterScalableTarget"]


# -- a pipeline deploys


@pytest.mark.parametrize(
    ("operation", "nth", "variables"),
    [
        # The first look of the step that acts.
        ("DescribeServices", 2, {}),
        ("RegisterScalableTarget", 1, SCALES),
    ],
)
def test_a_pipeline_deploys_between_the_steps(
    stage: Stage, rollback: Rollback, operation: str, nth: int, variables: dict[str, str]
) -> None:
    before = scalable(stage)
    stage.world.register("web", "registry/web:4")
    stage.control.reset_calls()
    deploys = {"cluster": CLUSTER, "service": "web", "taskDefinition": "web:4"}
    stage.control.on(operation, {"operation": "UpdateService", "params": deploys}, "before", nth)
    done = rollback(reason="500s since 13:52", deregister="true", **variables)
    assert (done.rc, done.outcomes) == (2, {"web": "refused"})
    assert [message for message in done.messages if "somebody deployed web:4 (deployment ecs-svc/" in message]
    assert "since the look-up, which had shown web:3 → web:1" in done.summary
    assert done.summary.endswith("web was not changed")
    assert [finding[:24] for finding in done.findings("plan_changed")] == ["somebody deployed web:4 "]
    assert stage.count("UpdateService") == stage.count("TagResource") - len(variables) == 0
    assert stage.count("DeregisterTaskDefinition") == 0
    stage.pass_time(300)
    assert stage.runs() == {"web:4": 2}
    assert stage.auto_scaling() == before


# -- something cannot be read


@pytest.mark.parametrize(
    "trouble", [{"code": "AccessDeniedException"}, {"kind": "truncate", "after": True, "times": 3}]
)
def test_what_the_look_up_cannot_read_ends_the_run(
    stage: Stage, rollback: Rollback, trouble: dict[str, object]
) -> None:
    """Read a moment later it would be rolled back, with auto scaling as it is."""
    before = scalable(stage)
    stage.control.fail("ListServiceDeployments", **trouble)
    done = rollback(**SCALES)
    assert (done.rc, done.outcomes, stage.writes()) == (2, {"web": "refused"}, [])
    assert len(done.messages) == 1
    assert "the service deployment history cannot be read" in done.messages[0]
    assert done.messages[0].endswith("Nothing was written")
    assert stage.auto_scaling() == before


def test_of_many_only_what_was_shown_is_suspended_and_goes_back(stage: Stage, rollback: Rollback) -> None:
    scalable(stage)
    scalable(stage, "api")
    refused = {"code": "AccessDeniedException", "when": {"service": "web"}}
    stage.control.fail("ListServiceDeployments", **refused)
    done = rollback(services="web,api", max_fail_percentage="50", **SCALES)
    assert (done.rc, done.outcomes) == (0, {"web": "refused", "api": "rolled_back"})
    assert "the plan shows no version for web to go back to" in done.of("web")["reason"]
    assert suspended(stage) == [f"service/{CLUSTER}/api"] * 2
    assert (stage.runs("web"), stage.runs("api")) == ({"web:3": 2}, {"api:1": 2})


# -- an option is wrong


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"tasks": "-1"}, "tasks: -1 is not a number of tasks"),
        (
            {"wait": "false", "deregister": "true", "resume_auto_scaling": "false"},
            "rollback_deregister and -e rollback_wait=false",
        ),
        ({"wait_timeout": "0.5"}, "wait_timeout"),
        ({"max_fail_percentage": "101"}, "max_fail_percentage: 101 is not between 0 and 100"),
    ],
)
def test_options_are_checked_before_anything_is_written(
    stage: Stage, rollback: Rollback, variables: dict[str, str], message: str
) -> None:
    before = scalable(stage)
    done = rollback(**SCALES, **variables)
    assert (done.rc, stage.writes(), len(done.messages)) == (2, [], 1)
    assert message in done.messages[0]
    assert stage.auto_scaling() == before
