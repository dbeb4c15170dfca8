# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``--diff`` shows, and what it must never show."""

from __future__ import annotations

import dataclasses
import json
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import changes
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    NoSuchTaskDefinition,
    arn,
    flown,
    new_run,
    planned,
    refused_by_aws,
    revision,
    service,
    task_definition,
    told,
)


def content(**container: t.Any) -> dict[str, t.Any]:
    return {"family": "web", "containerDefinitions": [{"name": "app", **container}]}


def variables(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def test_no_value_of_a_variable_is_shown_but_that_it_differs_is() -> None:
    before = content(environment=variables(SAME="s3cret", OTHER="s3cret", GONE="s3cret"))
    after = content(environment=variables(SAME="s3cret", OTHER="0ther", NEW="s3cret"))
    old, new = changes.readable(before, before), changes.readable(after, before)
    assert "s3cret" not in old + new
    assert "0ther" not in new
    assert json.loads(old)["containerDefinitions"][0]["environment"] == dict.fromkeys(
        ("SAME", "OTHER", "GONE"), "(value not shown)"
    )
    assert json.loads(new)["containerDefinitions"][0]["environment"] == {
        "SAME": "(value not shown)",
        "OTHER": "(another value, not shown)",
        "NEW": "(value not shown)",
    }


@pytest.mark.parametrize("driver", ["splunk", "awsfirelens", "fluentd"])
def test_no_option_of_a_log_driver_that_may_carry_a_token_is_shown(driver: str) -> None:
    def of(token: str) -> dict[str, t.Any]:
        return content(logConfiguration={"logDriver": driver, "options": {"splunk-token": token}})

    shown = changes.readable(of("t0ken"), of("0ld"))
    assert "t0ken" not in shown
    assert "0ld" not in shown
    assert "(another value, not shown)" in shown
    assert "splunk-token" in shown


def test_options_of_awslogs_are_shown() -> None:
    logs = content(logConfiguration={"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web"}})
    assert "/ecs/web" in changes.readable(logs, {})


@pytest.mark.parametrize(
    ("key", "of"),
    [
        ("command", lambda secret: ["serve", "--password", secret]),
        ("entryPoint", lambda secret: ["sh", "-c", f"TOKEN={secret} serve"]),
        ("dockerLabels", lambda secret: {"vendor.api-key": secret}),
        ("healthCheck", lambda secret: {"command": ["CMD-SHELL", f"curl -u u:{secret} localhost"], "retries": 3}),
        ("firelensConfiguration", lambda secret: {"type": "fluentbit", "options": {"token": secret}}),
    ],
)
def test_nothing_else_of_a_container_that_may_hold_a_secret_is_shown(key: str, of: t.Callable[[str], t.Any]) -> None:
    before, after = content(**{key: of("0ld")}), content(**{key: of("n3w")})
    same, other = changes.readable(before, before), changes.readable(after, before)
    assert "0ld" not in same
    assert "n3w" not in other
    assert "another value" not in same
    assert "(another value, not shown)" in other
    assert key in other


def test_no_option_of_a_volume_driver_is_shown() -> None:
    def of(secret: str) -> dict[str, t.Any]:
        return {
            **content(),
            "volumes": [
                {"name": "share", "dockerVolumeConfiguration": {"driverOpts": {"o": f"username=a,password={secret}"}}},
                {"name": "scratch", "host": {"sourcePath": "/scratch"}},
            ],
        }

    shown = changes.readable(of("n3w"), of("0ld"))
    assert "n3w" not in shown
    assert "(another value, not shown)" in shown
    assert "/scratch" in shown


def test_names_of_secrets_are_shown() -> None:
    secrets = [{"name": "DB", "valueFrom": "arn:aws:ssm:eu-central-1:123456789012:parameter/db"}]
    assert "parameter/db" in changes.readable(content(secrets=secrets), {})


def test_containers_are_compared_by_name_and_need_not_have_been_there() -> None:
    shown = changes.readable(content(environment=variables(A="1")), {"containerDefinitions": [{"name": "log"}]})
    assert "(value not shown)" in shown


def test_bookkeeping_is_left_out_and_keys_are_sorted() -> None:
    shown = changes.readable({**task_definition(41).content, "registeredAt": 1, "revision": 41, "cpu": "256"}, {})
    assert list(json.loads(shown)) == ["containerDefinitions", "cpu"]
    assert shown.endswith("}\n")


def diff(run: RollbackRun, answer: t.Any) -> dict[str, str]:
    return changes.diff(FakeAws(describe_task_definition=answer), run)


def going(now: dict[str, t.Any], good: dict[str, t.Any]) -> RollbackRun:
    past = history.read([flown(41, target=revision(41, **good)), flown(42, minute=60, target=revision(42, **now))])
    return new_run(planned(service(42), past))


def described(number: int, **more: t.Any) -> dict[str, t.Any]:
    return {"taskDefinition": {**task_definition(number).content, **more}, "tags": []}


def test_the_diff_is_of_what_is_left_and_the_target() -> None:
    shown = diff(going({}, {}), described(42, cpu="512"))
    assert (shown["before_header"], shown["after_header"]) == ("web: web:42", "web: web:41")
    assert '"cpu": "512"' in shown["before"]
    assert '"cpu"' not in shown["after"]
    assert "NOT reverted" not in shown["after"]


def test_the_diff_says_what_is_not_reverted() -> None:
    shown = diff(going({"launchType": "EC2", "platformVersion": "1"}, {"launchType": "FARGATE"}), described(42))
    assert "# NOT reverted by a rollback of the task definition: launchType, platformVersion" in shown["after"]


@pytest.mark.parametrize("answer", [refused_by_aws("DescribeTaskDefinition"), NoSuchTaskDefinition()])
def test_what_is_left_cannot_be_read(answer: Exception) -> None:
    shown = diff(going({}, {}), answer)
    assert shown["before"] == "(it cannot be read)\n"
    assert "registry/web:1" in shown["after"]


def test_without_a_target_there_is_no_diff() -> None:
    nothing = {"before": "", "after": ""}
    assert diff(new_run(planned(service(42), told(42))), None) == nothing
    assert diff(new_run(Refusal("web", "no", ())), None) == nothing


def test_nothing_left_is_compared_with_what_runs() -> None:
    run = going({}, {})
    assert run.plan is not None
    run.plan = dataclasses.replace(run.plan, choice=dataclasses.replace(run.plan.choice, left=None))
    aws = FakeAws(describe_task_definition=described(42))
    assert changes.diff(aws, run)["before_header"] == "web: web:42"
    assert aws.sent("describe_task_definition")[0]["taskDefinition"] == arn(42)
