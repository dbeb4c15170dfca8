# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import specs
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.entries import ENTRIES, Around
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.values import BadInput, Values, cleaned

FILE = {
    "region": "eu-west-1",
    "cluster": "of-file",
    "service": "file-service",
    "timeout": 600,
    "codedeploy": {
        "application_name": "file-app",
        "deployment_group_name": "file-group",
        "deployment_config_name": "file-config",
    },
}
TOPIC = "arn:aws:sns:eu-central-1:123456789012:incidents"
MAIN, REDEPLOY, RESTORE = ("rollback", "main"), ("rollback", "redeploy"), ("rollback", "restore_scaling")
DEPLOY, HISTORY = ("deploy", "main"), ("history", "main")
STATUS = ("status", "main")
GUARD, PLAN = ("content_guard", "main"), ("content_guard", "plan")
GUARDED = {"application": "a", "deployment_group": "g", "instances": "i"}


class Reader:
    """Reads :data:`FILE`, whatever it is called."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[str]]] = []

    def __call__(self, path: str, skip: list[str]) -> dict[str, t.Any]:
        self.asked.append((path, sorted(skip)))
        return {key: None if key in skip else value for key, value in FILE.items()}


def inputs(entry: tuple[str, str], around: Around | None = None, **given: t.Any) -> Values:
    """What the variables come to; they are named without their prefix."""
    prefix, finish = ENTRIES[entry]
    spec = specs.entry_points()[entry[0]][entry[1]]
    named = {f"{prefix}{name}": value for name, value in given.items()}
    return finish(cleaned(spec, prefix, named), around or Around(Reader()))


@pytest.mark.parametrize("entry", [MAIN, DEPLOY, HISTORY])
def test_what_is_not_given_comes_from_the_file(entry: tuple[str, str]) -> None:
    more = {"revision": "7"} if entry == DEPLOY else {}
    read = Reader()
    found = inputs(entry, Around(read), config="ecspresso.yml", **more)
    assert (found["region"], found["cluster"], found["services"]) == ("eu-west-1", "of-file", ["file-service"])
    assert found["module_defaults"] == {"region": "eu-west-1"}
    if entry == HISTORY:
        assert read.asked == [("ecspresso.yml", ["codedeploy", "timeout"])]
    else:
        assert found["wait_timeout"] == 600
        assert read.asked == [("ecspresso.yml", ["codedeploy"])]


@pytest.mark.parametrize("entry", [MAIN, DEPLOY, HISTORY, REDEPLOY])
def test_if_nothing_is_named_the_file_of_ecspresso_here_is_read_and_said(entry: tuple[str, str]) -> None:
    more = {"revision": "7"} if entry == DEPLOY else {}
    read = Reader()
    found = inputs(entry, Around(read, here="/repo/ecspresso.yml"), **more)
    assert [path for path, _skip in read.asked] == ["/repo/ecspresso.yml"]
    assert found["read_from"] == "/repo/ecspresso.yml"
    if entry == REDEPLOY:
        assert found["deployment_group"] == "file-group"
    else:
        assert (found["cluster"], found["services"]) == ("of-file", ["file-service"])


@pytest.mark.parametrize(
    ("given", "clusters", "services"),
    [
        ({}, ["default"], []),
        ({"cluster": "prod"}, ["prod"], []),
        ({"cluster": "prod", "services": "web, api"}, ["prod"], ["web", "api"]),
        ({"cluster": "prod", "services": "*"}, ["prod"], []),
        ({"cluster": ["prod", "test"]}, ["prod", "test"], []),
        ({"cluster": "*"}, ["*"], []),
        ({"config": "x"}, ["of-file"], ["file-service"]),
        ({"config": "x", "services": "web"}, ["of-file"], ["web"]),
        ({"config": "x", "services": "*"}, ["of-file"], []),
    ],
)
def test_whose_status_is_meant(given: dict[str, t.Any], clusters: list[str], services: list[str]) -> None:
    found = inputs(STATUS, **given)
    assert (found["clusters"], found["services"], found["cluster"]) == (clusters, services, ", ".join(clusters))
    assert (found["require"], found["fallback"], found["read_from"]) == (None, "fail", None)


@pytest.mark.parametrize(
    ("given", "read"),
    [({}, True), ({"cluster": "prod"}, False), ({"services": "web"}, False), ({"services": "*"}, False)],
)
def test_status_reads_the_file_here_only_if_nothing_is_named(given: dict[str, str], read: bool) -> None:
    reader = Reader()
    found = inputs(STATUS, Around(reader, here="/repo/ecspresso.yml"), **given)
    assert bool(reader.asked) is read
    assert found["services"] == (["file-service"] if read else [name for name in given.values() if name == "web"])


@pytest.mark.parametrize("given", [{"services": "web"}, {"services": "web", "config": "x"}, {"config": "x"}])
def test_the_file_here_is_not_read_if_anything_is_named(given: dict[str, str]) -> None:
    read = Reader()
    found = inputs(MAIN, Around(read, here="/repo/ecspresso.yml"), **given)
    assert [path for path, _skip in read.asked] == (["x"] if "config" in given else [])
    assert found["read_from"] is None


def test_what_is_given_wins_and_is_not_read() -> None:
    read = Reader()
    found = inputs(MAIN, Around(read), config="x", region="r", cluster="c", services="web,api", wait_timeout="60")
    assert read.asked == [("x", ["cluster", "codedeploy", "region", "service", "timeout"])]
    assert (found["region"], found["cluster"], found["services"], found["wait_timeout"]) == (
        "r",
        "c",
        ["web", "api"],
        "60",
    )


def test_without_a_file_the_modules_decide() -> None:
    found = inputs(MAIN, services="web")
    assert (found["region"], found["cluster"], found["wait_timeout"], found["module_defaults"]) == (
        None,
        "default",
        None,
        {},
    )


def test_names_of_codedeploy_come_from_the_file() -> None:
    read = Reader()
    found = inputs(REDEPLOY, Around(read), config="x")
    assert (found["application"], found["deployment_group"], found["deployment_config"]) == (
        "file-app",
        "file-group",
        "file-config",
    )
    assert read.asked == [("x", ["cluster", "service"])]


def test_names_of_codedeploy_that_are_given_are_not_read() -> None:
    read = Reader()
    found = inputs(REDEPLOY, Around(read), config="x", application="a", deployment_group="g", region="r")
    assert (found["application"], found["deployment_group"], found["deployment_config"]) == ("a", "g", None)
    assert read.asked == [("x", ["cluster", "codedeploy", "region", "service"])]


@pytest.mark.parametrize(
    ("suspend", "resume", "after", "native"),
    [
        ("", "", "untouched", []),
        (True, "", "restored", ["AZRebalance", "ScheduledActions"]),
        (True, None, "restored", ["AZRebalance", "ScheduledActions"]),
        (True, True, "resumed", []),
        (True, "no", "suspended", []),
        (False, "true", "resumed", []),
        (False, False, "untouched", []),
    ],
)
def test_how_auto_scaling_ends(suspend: t.Any, resume: t.Any, after: str, native: list[str]) -> None:
    scaling = {"suspend_auto_scaling": suspend, "resume_auto_scaling": resume}
    assert inputs(MAIN, services="web", **scaling)["scaling_after"] == after
    found = inputs(REDEPLOY, application="a", deployment_group="g", **scaling)
    assert (found["scaling_after"], found["suspend_processes"]) == (after, native)


@pytest.mark.parametrize(
    ("given", "meant"), [("", None), (None, None), ([], []), ("none", ["none"]), ("A, B", ["A", "B"]), (["A"], ["A"])]
)
def test_events_that_are_not_given_are_not_an_empty_list(given: t.Any, meant: list[str] | None) -> None:
    assert inputs(MAIN, services="web", events=given)["events"] == meant
    assert inputs(REDEPLOY, application="a", deployment_group="g", events=given)["events"] == meant
    assert inputs(DEPLOY, services="web", revision=1, rollback_events=given)["rollback_events"] == meant


@pytest.mark.parametrize("entry", [MAIN, REDEPLOY, DEPLOY, PLAN])
def test_what_force_is_made_of(entry: tuple[str, str]) -> None:
    more = {"application": "a", "deployment_group": "g", "instances": "web", "services": "web", "revision": "7"}
    name = f"{ENTRIES[entry][0]}force"
    for given, words in (("again,marked", ["again", "marked"]), (["stack"], ["stack"]), (True, ["True"]), (None, [])):
        assert inputs(entry, force=given, **more)["force"] == words
    with pytest.raises(BadInput) as refused:
        inputs(entry, force="again, barier", **more)
    assert str(refused.value).startswith(f"{name}: there is no guard 'barier'. Give any of again, ")


def test_what_is_guarded() -> None:
    found = inputs(GUARD, state="saved", deployment_group_id="g", deployment_id="d-1", file_exists_behavior="FAIL")
    assert (found["deployment_id"], found["bundle"], found["paths"]) == ("d-1", None, None)
    assert (found["file_exists_behavior"], found["set"]) == ("disallow", "/var/lib/lastgood/content-guard/g/redeploy")
    assert found["for_info"] == {
        "deployment_group_id": "g",
        "agent_root": None,
        "agent_config": None,
        "agent_version": None,
    }
    more = {"run": "redeploy", "store": "/var/lib/lastgood/content-guard", "force": False, "allow_paths": None}
    assert found["for_guard"] == {**found["for_info"], **more}
    opened = inputs(GUARD, state="restored", deployment_group_id="g", allow_paths="/etc/cron.d\n/etc/systemd/system")
    assert opened["for_guard"]["allow_paths"] == ["/etc/cron.d", "/etc/systemd/system"]


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({"bundle": "/b", "deployment_id": "d-1"}, (None, "/b", None)),
        ({"bundle": "/b", "deployment_id": "d-1", "paths": "/a\n/c d"}, (["/a", "/c d"], None, None)),
        ({"bundle": "/b", "paths": "/a", "state": "predicted"}, (None, "/b", None)),
    ],
)
def test_where_it_is_known_from_what_would_be_lost(given: dict[str, str], source: tuple[t.Any, ...]) -> None:
    found = inputs(GUARD, **{"state": "saved", "deployment_group_id": "g", **given})
    assert (found["paths"], found["bundle"], found["deployment_id"]) == source


@pytest.mark.parametrize(
    ("entry", "given", "message"),
    [
        (MAIN, {}, "No service is named: give rollback_services, or a rollback_config that names one"),
        (MAIN, {"services": " , "}, "No service is named"),
        (MAIN, {"services": []}, "No service is named"),
        (
            MAIN,
            {"services": "web", "wait": False, "suspend_auto_scaling": True},
            "rollback_wait is false and rollback_suspend_auto_scaling is true",
        ),
        (
            MAIN,
            {"services": "web", "notify_topic_arn": "incidents"},
            "rollback_notify_topic_arn is not the ARN of an",
        ),
        (MAIN, {"services": "web", "notify_topic_arn": f"{TOPIC}\nx"}, "rollback_notify_topic_arn is not the ARN"),
        (
            MAIN,
            {"services": "web", "resume_auto_scaling": "maybe"},
            "rollback_resume_auto_scaling is 'maybe', which is neither true nor false",
        ),
        (MAIN, {"services": "web", "wait": "flase"}, "rollback_wait is 'flase', which is neither true nor false"),
        (REDEPLOY, {}, "No deployment group is named: give rollback_application and rollback_deployment_group"),
        (REDEPLOY, {"application": "a"}, "No deployment group is named"),
        (
            REDEPLOY,
            {"application": "a", "deployment_group": "g", "guard_content": "ja"},
            "rollback_guard_content is 'ja', which is neither true nor false",
        ),
        (RESTORE, {}, "Nothing is named: give rollback_services, or rollback_auto_scaling_groups"),
        (DEPLOY, {"revision": "7"}, "No service is named: give deploy_services, or a deploy_config that names one"),
        (DEPLOY, {"services": "web", "revision": " "}, "No revision is named: give deploy_revision"),
        (STATUS, {"require": "perfect"}, "status_require is 'perfect': give ready or nothing"),
        (STATUS, {"fallback": "older"}, "status_fallback is 'older': give fail or previous_registered"),
        (
            STATUS,
            {"cluster": "a, b", "services": "web"},
            "status_services names services, and status_cluster several clusters: name one, or no services",
        ),
        (HISTORY, {}, "No service is named: give history_services, or a history_config that names one"),
        (
            GUARD,
            {"state": "kept"},
            "content_guard_state is 'kept': give predicted, saved, restored or absent",
        ),
        (GUARD, {"missing": "warn"}, "content_guard_missing is 'warn': give fail or ignore"),
        (
            GUARD,
            {"state": "restored"},
            "No deployment group is named: give its id in content_guard_deployment",
        ),
        (GUARD, {"state": "saved", "deployment_group_id": "g"}, "Nothing says what to save"),
        (PLAN, {"application": "a"}, "No deployment group is named: rollback_guard_content needs"),
        (PLAN, {"application": "a", "deployment_group": "g"}, "No instances are named: rollback_guard_content needs"),
        (PLAN, {**GUARDED, "wait": "no"}, "rollback_wait is false and rollback_guard_content is true: files would be"),
        (PLAN, {**GUARDED, "restore_timeout": "10m"}, "rollback_restore_timeout is '10m': give a number of seconds"),
        (PLAN, {**GUARDED, "guard_max_fail_percentage": "101"}, "rollback_guard_max_fail_percentage is '101': give"),
        (PLAN, {**GUARDED, "guard_max_fail_percentage": "few"}, "rollback_guard_max_fail_percentage is 'few': give"),
        (GUARD, {"restore_timeout": "0"}, "content_guard_restore_timeout is '0': give a number of seconds, at least 1"),
    ],
)
def test_what_does_not_fit_together_is_refused(entry: tuple[str, str], given: dict[str, t.Any], message: str) -> None:
    with pytest.raises(BadInput) as refused:
        inputs(entry, **given)
    assert str(refused.value).startswith(message)


def test_a_good_topic_is_taken() -> None:
    assert inputs(MAIN, services="web", notify_topic_arn=f" {TOPIC} ")["notify_topic_arn"] == TOPIC


def test_files_are_guarded_for_one_host_only() -> None:
    with pytest.raises(BadInput, match="rollback_hosts names several hosts"):
        inputs(PLAN, Around(Reader(), hosts=2), application="a", deployment_group="g", instances="i")
    found = inputs(PLAN, application="a", deployment_group="g", instances="i", region="r")
    assert found["module_defaults"] == {"region": "r"}


def test_restoring_has_a_deadline() -> None:
    around = Around(read=Reader(), now=1_000.0)
    found = inputs(GUARD, around, state="restored", deployment_group_id="g", restore_timeout=" 20 ")
    assert (found["restore_timeout"], found["deadline"]) == (20, 1_020.0)
    assert inputs(GUARD, around, deployment_group_id="g")["deadline"] == 1_600.0


def test_the_share_of_instances_that_may_fail_is_a_number() -> None:
    assert inputs(PLAN, **GUARDED)["guard_max_fail_percentage"] == 0.0
    assert inputs(PLAN, **GUARDED, guard_max_fail_percentage="33.3")["guard_max_fail_percentage"] == 33.3


@pytest.mark.parametrize(
    ("count", "given", "check_mode", "at_once"),
    [
        (11, {}, False, True),
        (10, {}, False, False),
        (11, {}, True, False),
        (11, {"before_tasks": ""}, False, True),
        (11, {"before_tasks": "ours.yml"}, False, False),
        (11, {"suspend_auto_scaling": True}, False, False),
    ],
)
def test_many_services_go_back_at_once_unless_something_stands_between(
    count: int, given: dict[str, t.Any], check_mode: bool, at_once: bool
) -> None:
    services = [f"s{number}" for number in range(count)]
    around = Around(Reader(), check_mode=check_mode)
    assert inputs(MAIN, around, services=services, **given)["at_once"] is at_once
