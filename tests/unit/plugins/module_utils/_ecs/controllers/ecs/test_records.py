# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Histories in as few calls as the API's batches allow."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import records
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history, reads, target
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    NoSuchTaskDefinition,
    arn,
    at,
    deployment,
    raw_service,
    refused_by_aws,
    service,
    task_definition,
)

WEB = service(42)


def brief(number: int, status: str = "SUCCESSFUL", hour: int = 0, **more: t.Any) -> dict[str, t.Any]:
    return {
        "serviceDeploymentArn": f"arn:deployment:{hour}",
        "status": status,
        "createdAt": at(hour * 60),
        "finishedAt": at(hour * 60 + 10),
        "targetServiceRevisionArn": f"arn:revision:{number}",
        **more,
    }


class Ecs(FakeAws):
    """Answers with these deployments, newest first as ECS lists them, and with details where they were given."""

    def __init__(self, briefs: list[dict[str, t.Any]], details: t.Any = (), **answers: t.Any) -> None:
        by_arn = {d["serviceDeploymentArn"]: d for d in details}
        super().__init__(
            list_service_deployments={"serviceDeployments": briefs},
            describe_service_deployments=lambda **params: {
                "serviceDeployments": [by_arn[a] for a in params["serviceDeploymentArns"] if a in by_arn]
            },
            describe_service_revisions=lambda **params: {
                "serviceRevisions": [
                    {"serviceRevisionArn": a, "taskDefinition": arn(int(a.rpartition(":")[2]))}
                    for a in params["serviceRevisionArns"]
                ]
            },
        )
        self.answers.update(answers)


def history_of(aws: FakeAws) -> tuple[History | None, str]:
    histories = records.Histories(aws)
    histories.read([WEB])
    return histories.found.get("web"), histories.problems.get("web", "")


def verdicts(past: History | None) -> dict[str, str]:
    assert past is not None
    return {c.task_definition.rpartition("/")[2]: c.verdict for c in past.candidates({}, "prod/web")}


def test_details_are_asked_only_where_the_brief_form_does_not_do() -> None:
    briefs = [
        brief(44, "IN_PROGRESS", 4),
        brief(43, "SUCCESSFUL", 3),
        brief(42, "ROLLBACK_SUCCESSFUL", 2),
        brief(42, "STOPPED", 1),
        brief(41, "SUCCESSFUL", 0),
    ]
    details = [
        {**briefs[0], "sourceServiceRevisions": [{"arn": "arn:revision:43"}]},
        {**briefs[2], "rollback": {"serviceRevisionArn": "arn:revision:41", "reason": "breaker"}},
        {
            **briefs[4],
            "sourceServiceRevisions": [{"arn": "arn:revision:40"}],
            "targetServiceRevision": {"requestedTaskCount": 0},
        },
    ]
    aws = Ecs(briefs, details)
    past, problem = history_of(aws)
    assert problem == ""
    assert verdicts(past) == {
        "web:44": "unknown",
        "web:43": "good",
        "web:42": "bad",
        "web:41": "good",
        "web:40": "unknown",
    }
    assert past is not None
    assert past.native_stop_lands_on == arn(43)
    # The last of the list shows what ran before the record begins.
    assert aws.sent("describe_service_deployments") == [
        {"serviceDeploymentArns": ["arn:deployment:4", "arn:deployment:2", "arn:deployment:0"]}
    ]
    assert [name for name, _params in aws.requests] == [
        "list_service_deployments",
        "describe_service_deployments",
        "describe_service_revisions",
    ]
    oldest = past.deployments[0]
    assert (oldest.requested_tasks, past.deployments[2].rollback_reason) == (0, "breaker")


# -- how many tasks a deployment had

OLD = [brief(43, "SUCCESSFUL", 3), brief(42, "SUCCESSFUL", 2), brief(41, "SUCCESSFUL", 1), brief(40, "SUCCESSFUL", 0)]


def described(*tasks: int | None) -> list[dict[str, t.Any]]:
    """What DescribeServiceDeployments says of OLD, from the oldest to the newest."""
    told = [{} if count is None else {"targetServiceRevision": {"requestedTaskCount": count}} for count in tasks]
    return [{**one, **more} for one, more in zip(OLD[::-1], told, strict=False)]


def tasks_of(histories: records.Histories) -> list[int | None]:
    return [d.requested_tasks for d in histories.found["web"].deployments]


def test_a_deployment_is_described_once() -> None:
    aws = Ecs(OLD, described(4, 4, 0, 4))
    histories = records.Histories(aws)
    histories.read([WEB])
    assert tasks_of(histories) == [4, None, None, None]
    asked = {"web": ["arn:deployment:2", "arn:deployment:1"]}
    assert (histories.describe(asked), histories.describe(asked), histories.describe({"web": []})) == (["web"], [], [])
    assert tasks_of(histories) == [4, 4, 0, None]
    assert verdicts(histories.found["web"])["web:42"] == "unknown"
    sent = [params["serviceDeploymentArns"] for params in aws.sent("describe_service_deployments")]
    assert sent == [["arn:deployment:0"], ["arn:deployment:2", "arn:deployment:1"]]
    # A longer history that is read later has it as well.
    histories.read([WEB], everything=True)
    assert tasks_of(histories) == [4, 4, 0, None]


def test_copies_are_still_known_after_it() -> None:
    histories = records.Histories(Ecs(OLD, described(4, 4, 0, 4)))
    histories.read([WEB])
    histories.found["web"] = history.read(histories.found["web"].deployments, {arn(43): arn(41)})
    histories.describe({"web": ["arn:deployment:2"]})
    assert histories.found["web"].copies == {arn(43): arn(41)}


def test_many_services_are_described_together() -> None:
    aws = Ecs(OLD, described(4, 4, 0, 4))
    histories = records.Histories(aws)
    histories.read([WEB, service(42, name="api")])
    histories.describe({"web": ["arn:deployment:2"], "api": ["arn:deployment:1"], "gone": []})
    assert len(aws.sent("describe_service_deployments")) == 2


def test_what_aws_does_not_tell_stays_as_it_was_and_is_not_asked_for_again() -> None:
    histories = records.Histories(Ecs(OLD, described(4, None)))
    histories.read([WEB])
    # One without a count, and one that AWS does not know any more.
    asked = {"web": ["arn:deployment:1", "arn:deployment:3"]}
    assert (histories.describe(asked), histories.describe(asked)) == (["web"], [])
    assert (tasks_of(histories), histories.problems) == ([4, None, None, None], {})


def test_what_cannot_be_described_is_told() -> None:
    aws = Ecs(OLD, described(4))
    histories = records.Histories(aws)
    histories.read([WEB, service(42, name="api")])
    aws.answers["describe_service_deployments"] = refused_by_aws("DescribeServiceDeployments")
    asked = {"web": ["arn:deployment:1"], "api": []}
    assert (histories.describe(asked), histories.describe(asked)) == (["web"], [])
    assert list(histories.problems) == ["web"]
    assert "details of the service deployments cannot be read" in histories.problems["web"]


def test_the_tasks_of_what_was_rolled_back_to_are_read() -> None:
    briefs = [brief(42, "ROLLBACK_SUCCESSFUL", 1), brief(41)]
    sources = [{"arn": "arn:revision:40", "requestedTaskCount": 9}, {"arn": "arn:revision:41", "requestedTaskCount": 0}]
    detail = {**briefs[0], "sourceServiceRevisions": sources, "rollback": {"serviceRevisionArn": "arn:revision:41"}}
    past, _problem = history_of(Ecs(briefs, [detail]))
    assert past is not None
    assert [d.tasks_back for d in past.deployments] == [None, 0]


def test_a_status_that_moved_on_between_the_two_reads_is_taken_from_the_later() -> None:
    briefs = [brief(42, "IN_PROGRESS", 1, finishedAt=None), brief(41)]
    past, _problem = history_of(Ecs(briefs, [{**briefs[0], "status": "SUCCESSFUL", "finishedAt": at(80)}]))
    assert past is not None
    assert (past.running, past.arrivals[-1].at) == (None, at(80))


def test_many_services_share_their_calls() -> None:
    services = [service(42, name=f"web{n}") for n in range(5)]
    aws = Ecs([brief(42, "SUCCESSFUL", 1), brief(41)])
    histories = records.Histories(aws)
    histories.read(services)
    assert len(histories.found) == 5
    assert [name for name, _params in aws.requests].count("list_service_deployments") == 5
    assert [name for name, _params in aws.requests].count("describe_service_deployments") == 1
    assert len(aws.sent("describe_service_revisions")[0]["serviceRevisionArns"]) == 2


def test_services_ten_a_call() -> None:
    names = [f"web{n}" for n in range(11)]
    aws = FakeAws(
        describe_services=lambda **params: {"services": [raw_service(service(1, name=n)) for n in params["services"]]}
    )
    assert list(reads.services(aws, "prod", names)) == names
    assert [len(sent["services"]) for sent in aws.sent("describe_services")] == [10, 1]


def test_a_history_that_is_denied() -> None:
    past, problem = history_of(Ecs([], list_service_deployments=refused_by_aws("ListServiceDeployments")))
    assert past is None
    assert problem.startswith("the service deployment history cannot be read. Failed to list the service deployments")
    assert "ecs:ListServiceDeployments" in problem


def test_revisions_that_are_denied() -> None:
    past, problem = history_of(Ecs([brief(41)], describe_service_revisions=refused_by_aws("DescribeServiceRevisions")))
    assert past is None
    assert "ecs:DescribeServiceRevisions" in problem


def test_details_that_are_denied_leave_what_the_brief_form_tells() -> None:
    briefs = [brief(42, "ROLLBACK_SUCCESSFUL", 1), brief(41)]
    past, problem = history_of(Ecs(briefs, describe_service_deployments=refused_by_aws("DescribeServiceDeployments")))
    assert verdicts(past) == {"web:42": "bad", "web:41": "good"}
    assert "ecs:DescribeServiceDeployments" in problem


def test_a_deployment_whose_revision_is_not_told_is_left_out_and_it_says_so() -> None:
    def some(**params: t.Any) -> t.Any:
        known = [a for a in params["serviceRevisionArns"] if not a.endswith(":42")]
        return {
            "serviceRevisions": [
                {"serviceRevisionArn": a, "taskDefinition": arn(int(a.rpartition(":")[2]))} for a in known
            ]
        }

    past, problem = history_of(Ecs([brief(43, hour=2), brief(42, hour=1), brief(41)], describe_service_revisions=some))
    assert verdicts(past) == {"web:43": "good", "web:41": "good"}
    assert "1 of 3 service deployments" in problem
    assert "does not describe" in problem


def test_reading_again_forgets_what_was_read_before() -> None:
    aws = Ecs([brief(41)])
    histories = records.Histories(aws)
    histories.read([WEB])
    aws.answers["list_service_deployments"] = refused_by_aws("ListServiceDeployments")
    histories.read([WEB], everything=True)
    assert histories.found == {}
    assert "web" in histories.problems
    aws.answers["list_service_deployments"] = {"serviceDeployments": [brief(41)]}
    histories.read([WEB])
    assert (list(histories.found), histories.problems) == (["web"], {})


def test_task_definitions_are_read_once_by_either_name() -> None:
    aws = FakeAws(describe_task_definition={"taskDefinition": task_definition(41).content, "tags": []})
    definitions = reads.TaskDefinitions(aws)
    assert definitions.read("web:41") is definitions.read(arn(41)) is definitions.read("web:41")
    assert len(aws.requests) == 1


def test_a_task_definition_that_there_is_not_is_asked_for_once() -> None:
    aws = FakeAws(describe_task_definition=NoSuchTaskDefinition())
    definitions = reads.TaskDefinitions(aws)
    assert definitions.read("web:9") is definitions.read("web:9")
    assert (definitions.known["web:9"].status, definitions.known["web:9"].arn) == (reads.MISSING, "web:9")
    assert len(aws.requests) == 1


def test_the_revisions_of_a_family_are_listed_once() -> None:
    aws = FakeAws(list_task_definitions={"taskDefinitionArns": [arn(42), arn(41)]})
    definitions = reads.TaskDefinitions(aws)
    assert definitions.registered("web") == definitions.registered("web") == [arn(42), arn(41)]
    assert len(aws.requests) == 1


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (AwsCallError("Failed", refused_by_aws("X", "Other", "words")), "Failed: Other (words)."),
        (AnsibleAWSError(message="something else"), "something else"),
    ],
)
def test_explanations(error: AnsibleAWSError, expected: str) -> None:
    assert reads.explain(error) == expected


# -- what the list lacks, and in what order it comes


def named(arn_: str, **changes: t.Any) -> Service:
    return dataclasses.replace(WEB, current_deployment=arn_, **changes)


def read_of(aws: FakeAws, on: Service) -> History:
    histories = records.Histories(aws)
    histories.read([on])
    return histories.found["web"]


def test_what_the_list_lacks_is_read_by_its_arn() -> None:
    """Somebody returned seconds ago, and the list does not have it yet."""
    briefs = [brief(42, hour=2), brief(41, hour=1)]
    newest = {**brief(41, "IN_PROGRESS", hour=3), "targetServiceRevision": {"arn": "arn:revision:41"}}
    del newest["targetServiceRevisionArn"]
    aws = Ecs(briefs, [newest])
    past = read_of(aws, named("arn:deployment:3"))
    assert (past.unlisted, past.newest and past.newest.id) == ("", "arn:deployment:3")
    assert past.returning_from == arn(42)
    # What the list has is not asked for.
    aws = Ecs(briefs)
    assert read_of(aws, named("arn:deployment:2")).unlisted == ""
    assert ["arn:deployment:2"] not in [
        params["serviceDeploymentArns"] for params in aws.sent("describe_service_deployments")
    ]


@pytest.mark.parametrize("denied", [False, True])
def test_what_cannot_be_read_so_either_is_refused(denied: bool) -> None:
    """Nothing newer on the list does not mean that nothing newer was deployed."""
    more = {"describe_service_deployments": refused_by_aws("DescribeServiceDeployments")} if denied else {}
    on = named("arn:deployment:9")
    past = read_of(Ecs([brief(42, hour=2), brief(41, hour=1)], **more), on)
    assert past.unlisted == "arn:deployment:9"
    for selection in (Selection(), Selection(steps_back=2), Selection(undo=True)):
        choice = target.choose(selection, on, past, {})
        assert choice.needs_more_history
        expected = "the current deployment of web is arn:deployment:9, a deployment that AWS does not list yet"
        assert expected in (choice.problem or "")


@pytest.mark.parametrize(
    ("newest", "primary", "unlisted"),
    [
        # Somebody returned from web:43 seconds ago.
        (brief(43, hour=3), 42, "ecs-svc/42"),
        (brief(43, hour=3), 43, ""),
        # What has not ended well says nothing of what is PRIMARY.
        (brief(43, "IN_PROGRESS", hour=3), 42, ""),
        (brief(43, "STOPPED", hour=3), 42, ""),
        (brief(43, "ROLLBACK_SUCCESSFUL", hour=3), 42, ""),
    ],
)
def test_an_older_botocore_shows_by_what_is_primary_that_the_list_lacks_something(
    newest: dict[str, t.Any], primary: int, unlisted: str
) -> None:
    aws = Ecs([newest, brief(42, hour=2), brief(41, hour=1)])
    on = service(primary)
    past = read_of(aws, on)
    assert past.unlisted == unlisted
    if unlisted:
        assert "the current deployment of web is ecs-svc/42, a deployment that AWS does not list yet" in (
            target.choose(Selection(), on, past, {}).problem or ""
        )
        # A newer one names it, whatever it is.
        assert read_of(aws, named("arn:deployment:3")).unlisted == ""


@pytest.mark.parametrize(("revision", "needs"), [("41", False), ("web:40", False), ("43", True), ("?", True)])
def test_a_version_that_was_named_needs_no_list(revision: str, needs: bool) -> None:
    on = service(43, current_deployment="arn:deployment:9")
    refused = refused_by_aws("DescribeServiceDeployments")
    past = read_of(Ecs([brief(42, hour=2)], describe_service_deployments=refused), on)
    assert target.needs_the_list(Selection(revision=revision), on, past) is needs
    running = read_of(Ecs([brief(42, "IN_PROGRESS", hour=2)], describe_service_deployments=refused), on)
    assert target.needs_the_list(Selection(revision=revision), on, running)


def test_what_is_older_than_the_record_is_not_waited_for() -> None:
    aws = Ecs([])
    aws.date = at(0)
    on = service(deployment(42, created_at=at(-91 * 24 * 60)), current_deployment="arn:deployment:9")
    assert read_of(aws, on).unlisted == ""
    young = service(deployment(42, created_at=at(-5)), current_deployment="arn:deployment:9")
    assert read_of(aws, young).unlisted == "arn:deployment:9"


def test_the_oldest_is_described_whatever_the_order() -> None:
    briefs = [brief(41, hour=1), brief(43, hour=3), brief(42, hour=2)]
    details = [
        {
            **briefs[0],
            "sourceServiceRevisions": [{"arn": "arn:revision:40", "runningTaskCount": 4, "requestedTaskCount": 4}],
        }
    ]
    aws = Ecs(briefs, details)
    past = read_of(aws, WEB)
    assert aws.sent("describe_service_deployments") == [{"serviceDeploymentArns": ["arn:deployment:1"]}]
    assert verdicts(past) == {"web:43": "good", "web:42": "good", "web:41": "good", "web:40": "good"}


def test_early_success_is_asked_for_if_the_service_has_it() -> None:
    criteria = {"earlySuccessCriteria": {"enable": True, "healthyPercent": 50}}
    briefs = [brief(43, hour=3), brief(42, hour=2), brief(41, hour=1)]
    half = {"runningTaskCount": 2, "requestedTaskCount": 4}
    details = [{**each, "deploymentConfiguration": criteria, "targetServiceRevision": half} for each in briefs]
    aws = Ecs(briefs, details)
    past = read_of(aws, dataclasses.replace(WEB, configuration=criteria))
    found = {c.task_definition: c.weak for c in past.candidates({}, "prod/web")}
    assert found[arn(41)] == "with earlySuccessCriteria, when 2 of 4 tasks were running"
    # All tasks of what runs now are there by now.
    assert found[WEB.task_definition] == ""
    assert not any(c.weak for c in read_of(Ecs(briefs, details[:2]), WEB).candidates({}, "prod/web"))
