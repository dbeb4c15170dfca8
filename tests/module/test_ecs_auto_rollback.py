# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_auto_rollback, in process, against the simulator."""

from __future__ import annotations

import typing as t

import pytest
import yaml

from ansible_collections.lastgood.aws.plugins.doc_fragments import _ecs_services
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import auto_rollback
from ansible_collections.lastgood.aws.plugins.modules import ecs_auto_rollback
from tests.module.run import ModuleFailed, Result, run_module
from tests.module.services import CLUSTER, Shop
from tests.world import REGION, World

ON = {"enable": True, "rollback": True}
ALARMS = {"enable": True, "names": ["5xx"]}
# What a service has besides, and must keep.
OTHERS = {"minimumHealthyPercent": 50, "maximumPercent": 150}


def run(shop: Shop, *names: str, **more: t.Any) -> Result:
    """The module on these services (default: web), counting its calls alone."""
    shop.sim.reset_calls()
    return run_module(
        ecs_auto_rollback, **{"region": REGION, "cluster": CLUSTER, "service": list(names) or ["web"], **more}
    )


def fails(shop: Shop, *names: str, **more: t.Any) -> Result:
    """The result of the module, which must fail."""
    with pytest.raises(ModuleFailed) as caught:
        run(shop, *names, **more)
    return caught.value.result


def only(result: Result) -> dict[str, t.Any]:
    [item] = result["services"]
    return dict(item)


def outcomes(result: Result) -> dict[str, str]:
    return {item["service"]: item["outcome"] for item in result["services"]}


def says(item: dict[str, t.Any], check: str) -> list[tuple[str, str]]:
    return [(f["severity"], f["message"]) for f in item["findings"] if f["check"] == check]


@pytest.fixture
def web(shop: Shop) -> Shop:
    """The service web, with settings of its own and no protection."""
    shop.versions(1)
    shop.create("web:1", deploymentConfiguration=OTHERS)
    return shop


def configuration(shop: Shop, name: str = "web") -> dict[str, t.Any]:
    return dict(shop.service(name)["deploymentConfiguration"])


def test_the_circuit_breaker(web: Shop) -> None:
    alarms = configuration(web).get("alarms")
    before = web.primary()["id"]
    result = run(web, circuit_breaker={"enable": True}, diff=True)
    item = only(result)
    assert result["changed"]
    assert item["changed"]
    assert (item["service"], item["cluster"], item["outcome"]) == ("web", CLUSTER, "updated")
    assert item["reason"] == "circuit breaker on, with rollback"
    assert item["before"]["circuit_breaker"]["enable"] is False
    assert item["after"]["circuit_breaker"]["enable"] is item["after"]["circuit_breaker"]["rollback"] is True
    assert item["after"]["alarms"] == item["before"]["alarms"]
    assert (result["diff"][0]["before"], result["diff"][0]["after"]) == (item["before"], item["after"])
    assert result["api_calls"] == web.sim.calls() == {"DescribeServices": 2, "UpdateService": 1}

    [update] = [entry["params"] for entry in web.sim.log() if entry["operation"] == "UpdateService"]
    assert set(update) == {"cluster", "service", "deploymentConfiguration"}
    assert set(update["deploymentConfiguration"]) == {"deploymentCircuitBreaker"}
    now = configuration(web)
    assert now["deploymentCircuitBreaker"] == {**now["deploymentCircuitBreaker"], **ON}
    assert {name: now[name] for name in OTHERS} == OTHERS
    assert now.get("alarms") == alarms
    assert web.primary()["id"] == before

    web.sim.advance(3)
    again = run(web, circuit_breaker={"enable": True})
    assert (again["changed"], only(again)["outcome"]) == (False, "unchanged")
    assert only(again)["before"] == only(again)["after"] == item["after"]
    assert again["api_calls"] == {"DescribeServices": 2}
    assert "diff" not in again


def test_the_newer_settings(web: Shop) -> None:
    wanted = {"reset_on_healthy_task": False, "threshold": {"type": "COUNT", "value": 2}}
    after = only(run(web, circuit_breaker={"enable": True, **wanted}))["after"]["circuit_breaker"]
    assert after == {**ON, **wanted}
    kept = only(run(web, circuit_breaker={"rollback": False}))["after"]["circuit_breaker"]
    assert kept == {"enable": True, "rollback": False, **wanted}


def test_an_older_botocore(web: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    older = frozenset({"enable", "rollback"})
    monkeypatch.setattr(auto_rollback, "circuit_breaker_members", lambda _aws: older)
    result = fails(web, circuit_breaker={"enable": True, "threshold": {"type": "COUNT", "value": 2}})
    assert result["msg"].startswith("circuit_breaker.threshold: the installed botocore, ")
    assert result["msg"].endswith("install a newer boto3, or leave it out. Nothing was changed.")
    assert web.sim.calls() == {}
    assert run(web, circuit_breaker={"enable": True})["changed"]


def test_alarms(web: Shop) -> None:
    World().alarm("5xx")
    World().alarm("latency")
    result = run(web, alarms={"enable": True, "names": ["5xx", "latency"]})
    item = only(result)
    assert item["after"]["alarms"] == {**ON, "names": ["5xx", "latency"]}
    assert item["reason"] == "alarms on, with rollback: 5xx, latency"
    assert (item["findings"], result["warnings"]) == ([], [])
    assert web.sim.calls() == {"DescribeAlarms": 1, "DescribeServices": 2, "UpdateService": 1}
    assert configuration(web)["alarms"] == {"alarmNames": ["5xx", "latency"], **ON}

    assert not run(web, alarms={"enable": True, "names": ["latency", "5xx"]})["changed"]
    off = only(run(web, alarms={"enable": False}))
    assert off["after"]["alarms"] == {"enable": False, "rollback": True, "names": ["5xx", "latency"]}
    # Alarms that are off are not looked at.
    assert "DescribeAlarms" not in web.sim.calls()
    gone = only(run(web, alarms={"enable": False, "names": []}))
    assert gone["after"]["alarms"]["names"] == []


def test_an_old_answer_does_not_lose_the_names_of_alarms(web: Shop) -> None:
    """Answers that show the new and the old configuration in turn are read until two agree."""
    run(web, alarms={"enable": True, "names": ["5xx", "latency"]})
    web.sim.late("DescribeServices", seconds=1, flips=True)
    off = only(run(web, alarms={"enable": False}))
    assert off["after"]["alarms"] == {"enable": False, "rollback": True, "names": ["5xx", "latency"]}
    assert configuration(web)["alarms"]["alarmNames"] == ["5xx", "latency"]


def test_alarms_that_cannot_help(web: Shop) -> None:
    World().alarm("5xx", "ALARM")
    result = run(web, alarms={"enable": True, "names": ["5xx", "nowhere"]})
    missing, ringing = says(only(result), "alarms")
    assert missing[0] == ringing[0] == "warn"
    assert missing[1].startswith("there is no alarm nowhere in this account and Region")
    assert ringing[1].startswith("5xx is in ALARM now.")
    assert result["warnings"] == [f"web: {missing[1]}", f"web: {ringing[1]}"]
    assert result["changed"]


def test_many_alarms(web: Shop) -> None:
    names = [f"alarm-{number}" for number in range(120)]
    for name in names:
        World().alarm(name)
    result = run(web, alarms={"enable": True, "names": [*names, "nowhere"]})
    [(_severity, message)] = says(only(result), "alarms")
    assert message.startswith("there is no alarm nowhere in")
    sent = [entry["params"] for entry in web.sim.log() if entry["operation"] == "DescribeAlarms"]
    assert len(sent) >= 2
    assert all(len(params.get("AlarmNames", [])) <= 100 for params in sent)


def test_alarms_are_not_to_be_seen(web: Shop) -> None:
    web.deny("DescribeAlarms")
    result = run(web, alarms=ALARMS)
    [(severity, message)] = says(only(result), "alarms")
    assert severity == "unknown"
    assert "needs the permission cloudwatch:DescribeAlarms" in message
    assert (only(result)["outcome"], result["warnings"]) == ("updated", [])


def test_alarms_that_are_not_to_be_reached_cost_seconds(web: Shop) -> None:
    """The simulator's clock moves on by what a client waits."""
    web.sim.fail("DescribeAlarms", kind="hang", times=None)
    began = web.sim.now()
    item = only(run(web, alarms=ALARMS))
    [(severity, message)] = says(item, "alarms")
    assert (severity, "No answer came from AWS" in message, item["outcome"]) == ("unknown", True, "updated")
    assert web.sim.calls()["DescribeAlarms"] == 1
    assert web.sim.now() - began <= 10


def test_both_together(web: Shop) -> None:
    World().alarm("5xx")
    item = only(run(web, circuit_breaker={"enable": True}, alarms={**ALARMS, "rollback": False}))
    [(severity, message)] = says(item, "both")
    assert (severity, "Only the circuit breaker would roll it back" in message) == ("warn", True)
    assert item["after"]["alarms"]["rollback"] is False


def test_enabling_alarms_without_any(web: Shop) -> None:
    result = fails(web, alarms={"enable": True})
    assert result["msg"].startswith("web: no alarms are named, neither by alarms.names nor in the service")
    assert (only(result)["outcome"], result["changed"]) == ("refused", False)


def test_check_mode(web: Shop) -> None:
    World().alarm("5xx", "ALARM")
    before = configuration(web)
    result = run(web, circuit_breaker={"enable": True}, alarms=ALARMS, check_mode=True, diff=True)
    item = only(result)
    assert (result["changed"], item["outcome"]) == (True, "planned")
    assert item["after"]["alarms"] == {**ON, "names": ["5xx"]}
    assert result["diff"][0]["after"] == item["after"]
    assert says(item, "alarms")
    assert web.sim.calls() == {"DescribeAlarms": 1, "DescribeServices": 2}
    assert configuration(web) == before


@pytest.mark.parametrize(
    ("controller", "message"),
    [
        ("CODE_DEPLOY", "codedeploy_auto_rollback sets when, at the deployment group"),
        ("EXTERNAL", "ECS has no automatic rollback for it"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_nothing_is_changed_where_one_is_refused(web: Shop, controller: str, message: str, check_mode: bool) -> None:
    more = {} if controller == "EXTERNAL" else {"taskDefinition": "web:1"}
    web.world.ecs.create_service(
        cluster=CLUSTER, serviceName="other", desiredCount=1, deploymentController={"type": controller}, **more
    )
    result = fails(web, "web", "other", circuit_breaker={"enable": True}, check_mode=check_mode)
    assert outcomes(result) == {"web": "not_attempted", "other": "refused"}
    assert not result["changed"]
    assert f"the deployment controller is {controller}" in result["msg"]
    assert message in result["msg"]
    assert result["msg"].endswith("Of 2 services: 1 not attempted, 1 refused")
    assert result["services"][0]["before"] == result["services"][0]["after"]
    assert web.sim.calls() == {"DescribeServices": 2}


def test_a_service_without_a_controller_has_that_of_ecs(web: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = auto_rollback.Aws.call

    def call(self: t.Any, service: str, method: str, /, **params: t.Any) -> t.Any:
        answer = asked(self, service, method, **params)
        for item in answer.get("services", []):
            del item["deploymentController"]
        return answer

    monkeypatch.setattr(auto_rollback.Aws, "call", call)
    assert only(run(web, circuit_breaker={"enable": True}))["outcome"] == "updated"


def test_services_that_are_not_there(web: Shop) -> None:
    web.create("web:1", name="gone")
    web.world.ecs.delete_service(cluster=CLUSTER, service="gone", force=True)
    web.sim.advance(600)
    result = fails(web, "web", "nowhere", "gone", circuit_breaker={"enable": True})
    assert outcomes(result) == {"web": "not_attempted", "nowhere": "refused", "gone": "refused"}
    assert "nowhere: there is no service nowhere in cluster shop (MISSING)." in result["msg"]
    assert "gone: the service is INACTIVE: AWS changes only ACTIVE ones." in result["msg"]
    missing = result["services"][1]
    assert (missing["before"], missing["after"]) == (None, None)


def test_a_cluster_that_is_not_there(web: Shop) -> None:
    msg = fails(web, cluster="nowhere", circuit_breaker={"enable": True})["msg"]
    assert "Failed to describe services ['web'] of cluster nowhere: ClusterNotFoundException" in msg
    assert msg.endswith("Nothing was changed.")


def test_many_services_by_name_and_arn(web: Shop) -> None:
    names = [f"web-{number}" for number in range(11)]
    for name in names:
        web.create("web:1", name=name, desired=0, settle=0)
    web.sim.advance(60)
    result = run(web, *names, web.service("web-0")["serviceArn"], circuit_breaker={"enable": True})
    assert outcomes(result) == dict.fromkeys(names, "updated")
    assert web.sim.calls() == {"DescribeServices": 4, "UpdateService": 11}


def test_reading_is_denied(web: Shop) -> None:
    web.deny("DescribeServices")
    msg = fails(web, circuit_breaker={"enable": True})["msg"]
    assert "needs the permission ecs:DescribeServices on arn:aws:ecs:" in msg


def test_one_that_aws_refuses_does_not_keep_the_others_from_being_protected(web: Shop) -> None:
    web.create("web:1", name="api")
    web.sim.fail("UpdateService", "AccessDeniedException", times=None, when={"service": "web"})
    result = fails(web, "web", "api", circuit_breaker={"enable": True})
    assert outcomes(result) == {"web": "failed", "api": "updated"}
    assert result["changed"]
    assert "needs the permission ecs:UpdateService on arn:aws:ecs:" in result["msg"]
    assert result["services"][0]["after"] == result["services"][0]["before"]
    assert configuration(web, "api")["deploymentCircuitBreaker"]["enable"] is True


@pytest.mark.parametrize("kind", ["drop", "empty"])
def test_no_answer_to_a_write(web: Shop, kind: str) -> None:
    web.sim.fail("UpdateService", times=None, kind=kind, after=True)
    result = fails(web, circuit_breaker={"enable": True})
    item = only(result)
    assert (item["outcome"], item["changed"], item["after"]) == ("failed", True, None)
    assert "Whether the settings of web have changed is not known" in item["reason"]
    web.sim.clear_failures()
    assert only(run(web, circuit_breaker={"enable": True}))["outcome"] == "unchanged"


def test_an_answer_that_was_cut(web: Shop) -> None:
    web.sim.fail("DescribeServices", times=None, kind="empty")
    msg = fails(web, circuit_breaker={"enable": True})["msg"]
    assert "The answer to describe_services lacks 'services', so it was cut off on the way" in msg
    assert msg.endswith("Nothing was changed.")


def test_somebody_changes_it_back_at_once(web: Shop) -> None:
    """What is there decides about the next run, not what we did last."""
    off = {"deploymentCircuitBreaker": {"enable": False, "rollback": False}}
    other = {"cluster": CLUSTER, "service": "web", "deploymentConfiguration": off}
    web.sim.on("UpdateService", {"operation": "UpdateService", "params": other}, "after")
    assert only(run(web, circuit_breaker={"enable": True}))["outcome"] == "updated"
    assert only(run(web, circuit_breaker={"enable": True}))["outcome"] == "updated"


def test_aws_does_not_show_the_change(web: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = auto_rollback.Aws.call

    def call(self: t.Any, service: str, method: str, /, **params: t.Any) -> t.Any:
        answer = asked(self, service, method, **params)
        if method == "update_service":
            answer["service"]["deploymentConfiguration"]["deploymentCircuitBreaker"]["rollback"] = False
        return answer

    monkeypatch.setattr(auto_rollback.Aws, "call", call)
    item = only(fails(web, circuit_breaker={"enable": True}))
    assert item["outcome"] == "failed"
    assert item["changed"]
    assert item["after"]["circuit_breaker"]["rollback"] is False
    assert item["reason"].startswith("AWS accepted the change but does not show it")


def test_a_deployment_in_flight(web: Shop) -> None:
    web.versions(1)
    web.deploy("web:2", settle=5)
    before = web.primary()["id"]
    item = only(run(web, circuit_breaker={"enable": True}))
    [(severity, message)] = says(item, "in_flight")
    assert severity == "info"
    assert message.startswith("a deployment is in flight")
    assert web.primary()["id"] == before


def test_it_protects(web: Shop) -> None:
    """What was set is what ECS goes by."""
    run(web, circuit_breaker={"enable": True})
    web.versions(1)
    web.broken("web:2")
    web.deploy("web:2", settle=3600)
    assert web.on() == "web:1"
    assert web.history()[0] == ("web:2", "ROLLBACK_SUCCESSFUL")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "circuit_breaker and alarms: nothing is asked for"),
        ({"service": [""], "circuit_breaker": {"enable": True}}, "service: no service is named"),
        (
            {"circuit_breaker": {"threshold": {"type": "COUNT", "value": 0}}},
            "circuit_breaker.threshold.value: 0 is no threshold",
        ),
    ],
)
def test_senseless_options_change_nothing(web: Shop, params: dict[str, t.Any], message: str) -> None:
    result = fails(web, **params)
    assert result["msg"].startswith(message)
    assert result["msg"].endswith("Nothing was changed.")
    assert web.sim.calls() == {}


def _described(options: dict[str, t.Any], key: str) -> dict[str, t.Any]:
    return {name: _described(option.get(key, {}), key) for name, option in options.items()}


def test_the_documentation_covers_the_options_and_the_results(web: Shop) -> None:
    fragment = yaml.safe_load(_ecs_services.ModuleDocFragment.DOCUMENTATION)["options"]
    options = {**fragment, **yaml.safe_load(ecs_auto_rollback.DOCUMENTATION)["options"]}
    assert _described(options, "suboptions") == _described(ecs_auto_rollback.ARGUMENT_SPEC, "options")
    described = yaml.safe_load(ecs_auto_rollback.RETURN)["services"]["contains"]
    item = only(run(web, alarms=ALARMS))
    assert set(item) == set(described)
    for block, settings in item["after"].items():
        assert set(settings) == set(described["after"]["contains"][block]["contains"])
    assert set(item["findings"][0]) == set(described["findings"]["contains"])
