# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read, choose, read what the choice needs, until nothing changes."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Plan, Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.planner import Planner
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    NoSuchTaskDefinition,
    arn,
    at,
    connection_lost,
    raw_service,
    refused_by_aws,
    service,
    task_definition,
)


class Ecs(FakeAws):
    """Services by name, revisions that were SUCCESSFUL one after the other, and task definitions with marks."""

    def __init__(self, *services: Service, story: t.Sequence[int] = (40, 41, 42), **answers: t.Any) -> None:
        super().__init__(
            describe_services=self._services,
            list_service_deployments=self._deployments,
            describe_service_deployments={"serviceDeployments": []},
            describe_service_revisions=self._revisions,
            describe_task_definition=self._task_definition,
            list_tasks={"taskArns": []},
        )
        self.services = {s.name: s for s in services}
        self.story = list(story)
        self.definitions = {n: task_definition(n) for n in range(1, 60)}
        self.answers.update(answers)

    def _services(self, **params: t.Any) -> t.Any:
        here = [n for n in params["services"] if n in self.services]
        gone = [n for n in params["services"] if n not in self.services]
        return {
            "services": [raw_service(self.services[n]) for n in here],
            "failures": [{"arn": n, "reason": "MISSING"} for n in gone],
        }

    def _deployments(self, **params: t.Any) -> t.Any:
        made = [
            {
                "serviceDeploymentArn": f"arn:deployment/{position}",
                "status": "SUCCESSFUL",
                "createdAt": at(position * 60),
                "finishedAt": at(position * 60 + 10),
                "targetServiceRevisionArn": f"arn:revision:{number}",
            }
            for position, number in enumerate(self.story)
        ]
        newest = made[::-1]
        return {"serviceDeployments": newest[: 20 if params["maxResults"] == 20 else None]}

    def _revisions(self, **params: t.Any) -> t.Any:
        return {
            "serviceRevisions": [
                {"serviceRevisionArn": a, "taskDefinition": arn(int(a.rpartition(":")[2]))}
                for a in params["serviceRevisionArns"]
            ]
        }

    def _task_definition(self, **params: t.Any) -> t.Any:
        made = self.definitions.get(int(params["taskDefinition"].rpartition(":")[2]))
        if made is None:
            return NoSuchTaskDefinition()
        tags = [{"key": key, "value": value} for key, value in made.tags.items()]
        return {"taskDefinition": made.content, "tags": tags}

    def described(self) -> list[int]:
        return [int(p["taskDefinition"].rpartition(":")[2]) for p in self.sent("describe_task_definition")]


def make(aws: FakeAws, *names: str, all_marks: bool = False, **selection: t.Any) -> dict[str, Plan | Refusal]:
    return Planner(aws, "prod", plans.GoBack(Selection(**selection)), all_marks).make_plans(list(names or ["web"]))


def target(made: dict[str, Plan | Refusal], name: str = "web") -> str | None:
    planned = made[name]
    assert isinstance(planned, Plan)
    return planned.target.arn if planned.target else None


def reason(made: dict[str, Plan | Refusal], name: str = "web") -> str:
    planned = made[name]
    assert isinstance(planned, Refusal)
    assert [(f.severity, f.message) for f in planned.findings] == [("block", planned.reason)]
    return planned.reason


def test_one_service_takes_few_calls() -> None:
    aws = Ecs(service(42))
    assert target(make(aws)) == arn(41)
    assert sorted({name for name, _params in aws.requests}) == [
        "describe_service_deployments",
        "describe_service_revisions",
        "describe_services",
        "describe_task_definition",
        "list_service_deployments",
        "list_tasks",
    ]
    # The target, and what runs: it may be a barrier.
    assert aws.described() == [41, 42]


def counts(**tasks: int) -> t.Callable[..., t.Any]:
    """What DescribeServiceDeployments says: tasks by the last word of the deployment's ARN, as ``d1=0``."""
    return lambda **params: {
        "serviceDeployments": [
            {"serviceDeploymentArn": a, "targetServiceRevision": {"requestedTaskCount": tasks[f"d{a[-1]}"]}}
            for a in params["serviceDeploymentArns"]
            if f"d{a[-1]}" in tasks
        ]
    }


def test_versions_that_ran_no_task_are_asked_about_and_passed_by() -> None:
    aws = Ecs(service(42), describe_service_deployments=counts(d0=4, d1=0))
    assert target(make(aws)) == arn(40)
    # The oldest one, for what ran before it; then the one that would have been taken.
    sent = [params["serviceDeploymentArns"] for params in aws.sent("describe_service_deployments")]
    assert sent == [["arn:deployment/0"], ["arn:deployment/1"]]


def test_a_named_version_is_not_asked_about() -> None:
    aws = Ecs(service(42), describe_service_deployments=counts(d0=4, d1=0))
    assert target(make(aws, revision="41")) == arn(41)
    assert len(aws.sent("describe_service_deployments")) == 1


def test_all_are_asked_about_where_all_verdicts_are_wanted() -> None:
    aws = Ecs(service(42), describe_service_deployments=counts(d0=4, d1=0, d2=0))
    planned = make(aws, all_marks=True)["web"]
    assert isinstance(planned, Plan)
    assert [c.verdict for c in planned.candidates] == ["unknown", "unknown", "good"]
    sent = [params["serviceDeploymentArns"] for params in aws.sent("describe_service_deployments")]
    assert sent == [["arn:deployment/0"], ["arn:deployment/2", "arn:deployment/1"]]


@pytest.mark.parametrize(("asked", "severity"), [(counts(d0=0, d1=0, d2=0), "warn"), (counts(d0=4), "unknown")])
def test_a_target_that_is_not_proven_is_told(asked: t.Any, severity: str) -> None:
    aws = Ecs(service(42, desired=0, running=0), describe_service_deployments=asked)
    planned = make(aws)["web"]
    assert isinstance(planned, Plan)
    assert target({"web": planned}) == arn(41)
    assert [f.severity for f in planned.findings if f.check == "unproven"] == [severity]


def test_the_choice_is_made_again_with_what_was_read() -> None:
    aws = Ecs(service(42))
    aws.definitions[41] = task_definition(41, bad="500s")
    assert target(make(aws)) == arn(40)
    assert aws.described() == [41, 40, 42]


def test_inactive_and_deleted_ones_are_passed_by() -> None:
    aws = Ecs(service(42), story=[38, 39, 40, 41, 42])
    aws.definitions[41] = task_definition(41, status="INACTIVE")
    del aws.definitions[40]
    assert target(make(aws)) == arn(39)


def test_task_definitions_are_read_once_for_all_services() -> None:
    aws = Ecs(*(service(42, name=f"web{n}") for n in range(3)))
    made = make(aws, "web0", "web1", "web2")
    assert [target(made, name) for name in made] == [arn(41)] * 3
    assert aws.described() == [41, 42]


def test_all_marks_are_read_where_that_is_asked() -> None:
    aws = Ecs(service(42))
    aws.definitions[40] = task_definition(40, bad="slow")
    planned = make(aws, all_marks=True)["web"]
    assert isinstance(planned, Plan)
    assert [(c.task_definition, c.verdict) for c in planned.candidates] == [
        (arn(42), "good"),
        (arn(41), "good"),
        (arn(40), "bad"),
    ]


def test_more_history_is_read_only_where_the_newest_does_not_decide() -> None:
    aws = Ecs(service(42), story=[41, *[42] * 20])
    assert target(make(aws)) == arn(41)
    assert [sent["maxResults"] for sent in aws.sent("list_service_deployments")] == [20, 100]
    aws = Ecs(service(42), story=[41] * 20 + [42])
    assert target(make(aws)) == arn(41)
    assert [sent["maxResults"] for sent in aws.sent("list_service_deployments")] == [20]


def test_the_end_of_the_history_is_a_refusal() -> None:
    planned = make(Ecs(service(42), story=[42]))["web"]
    assert isinstance(planned, Plan)
    assert planned.verb == "refuse"


def test_the_fallback_lists_the_family() -> None:
    aws = Ecs(service(42), story=[42], list_task_definitions={"taskDefinitionArns": [arn(42), arn(41), arn(40)]})
    aws.definitions[41] = task_definition(41, bad="500s")
    assert target(make(aws, fallback="previous_registered")) == arn(40)
    assert aws.sent("list_task_definitions") == [{"familyPrefix": "web", "status": "ACTIVE", "sort": "DESC"}]


def test_an_explicit_revision_that_there_is_not() -> None:
    planned = make(Ecs(service(42)), revision="99")["web"]
    assert isinstance(planned, Plan)
    assert (planned.verb, "there is no task definition web:99" in planned.reason) == ("refuse", True)


def test_without_history_the_service_is_refused_and_it_says_why() -> None:
    aws = Ecs(service(42), list_service_deployments=refused_by_aws("ListServiceDeployments"))
    planned = make(aws)["web"]
    assert isinstance(planned, Plan)
    assert (planned.verb, "ecs:ListServiceDeployments" in planned.reason) == ("refuse", True)
    assert target(make(aws, revision="41")) == arn(41)


def test_no_history_is_read_for_what_is_refused_anyway() -> None:
    services = [
        service(42, status="INACTIVE", name="gone"),
        service(42, controller="SOMETHING_NEW", name="blue"),
    ]
    aws = Ecs(*services)
    made = make(aws, "gone", "blue")
    assert all(isinstance(p, Plan) and p.verb == "refuse" for p in made.values())
    assert aws.sent("list_service_deployments") == []


# -- what there is not, and what cannot be read


def test_a_service_that_there_is_not() -> None:
    made = make(Ecs(service(42)), "web", "nope")
    assert target(made) == arn(41)
    assert reason(made, "nope") == (
        "there is no service nope in cluster prod. Check the names, the Region and the account"
    )


def test_a_service_that_is_not_described_for_another_reason() -> None:
    aws = Ecs(describe_services={"services": [], "failures": [{"arn": "web", "reason": "ODD"}]})
    assert reason(make(aws)) == "ECS does not describe service web of cluster prod: ODD"


def test_a_cluster_that_there_is_not() -> None:
    aws = Ecs(describe_services=refused_by_aws("DescribeServices", "ClusterNotFoundException"))
    assert reason(make(aws)) == "there is no cluster prod. Check its name, the Region and the account"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (refused_by_aws("DescribeServices"), "ecs:DescribeServices"),
        (connection_lost(), "No answer came from AWS"),
        ({}, "cut off on the way"),
    ],
)
def test_services_that_cannot_be_read(error: t.Any, words: str) -> None:
    made = make(Ecs(describe_services=error), "web", "api")
    assert words in reason(made, "web")
    assert words in reason(made, "api")


def test_a_task_definition_that_cannot_be_read_refuses_its_service() -> None:
    aws = Ecs(service(42), describe_task_definition=refused_by_aws("DescribeTaskDefinition"))
    assert "ecs:DescribeTaskDefinition" in reason(make(aws))


def test_a_service_named_twice_is_planned_once() -> None:
    web = service(42)
    aws = Ecs(web)
    aws.services[web.arn] = dataclasses.replace(web)
    assert list(make(aws, "web", web.arn)) == ["web"]
    assert list(make(aws, web.arn, "web")) == [web.arn]


# -- pinned copies


class Pinned(Ecs):
    """web:43 is web:41 with its image pinned. ``images`` are what ECS recorded, by revision number."""

    DIGEST = "sha256:" + "1" * 64

    def __init__(self, images: dict[int, str], **answers: t.Any) -> None:
        super().__init__(service(43), story=(41, 42, 43), **answers)
        self.images = images
        self.definitions.update(
            {n: task_definition(n, containers=[{"name": "app", "image": image}]) for n, image in images.items()}
        )

    def _revisions(self, **params: t.Any) -> t.Any:
        answer = super()._revisions(**params)
        for shown in answer["serviceRevisions"]:
            number = int(shown["taskDefinition"].rpartition(":")[2])
            digest = self.DIGEST if number != 42 else "sha256:" + "2" * 64
            container = {"containerName": "app", "image": self.images[number], "imageDigest": digest}
            shown["containerImages"] = [container]
        return answer


PIN = f"registry/web@{Pinned.DIGEST}"


def test_a_pinned_copy_is_known_by_its_content() -> None:
    aws = Pinned({41: "registry/web:1", 42: "registry/web:2", 43: PIN})
    made = make(aws)["web"]
    assert isinstance(made, Plan)
    assert (made.verb, "somebody returned it from web:42 to web:43" in made.reason) == ("nothing", True)
    # Only the two that may be each other's are read.
    assert {r["taskDefinition"] for r in aws.sent("describe_task_definition")} == {arn(41), arn(43)}


def test_one_by_digest_of_another_image_is_no_copy() -> None:
    aws = Pinned({41: "registry/other:1", 42: "registry/web:2", 43: PIN})
    made = make(aws)["web"]
    assert isinstance(made, Plan)
    assert (made.verb, made.target and made.target.arn) == ("act", arn(42))


def test_where_all_go_by_digest_none_is_read_to_find_copies() -> None:
    other, third = ("registry/web@sha256:" + digit * 64 for digit in "23")
    aws = Pinned({41: PIN, 42: other, 43: third})
    made = make(aws)["web"]
    assert isinstance(made, Plan)
    assert arn(41) not in [request["taskDefinition"] for request in aws.sent("describe_task_definition")]


def test_after_what_was_in_the_way_it_goes_on_to_the_target_that_was_chosen() -> None:
    aws = Ecs(service(42))
    each = {"web": plans.GoBack(Selection(steps_back=2))}
    planner = Planner(aws, "prod", plans.GoBack(Selection(), each=each))
    first = planner.make_plans(["web"])["web"]
    assert isinstance(first, Plan)
    # Meanwhile the service went on to another version, and web:40 is no longer what would be chosen.
    aws.services["web"], aws.story = service(43), [40, 41, 42, 43]
    made = planner.go_on(dataclasses.replace(first, known={}))
    assert isinstance(made, Plan)
    assert (made.target and made.target.arn, made.choice, made.verb) == (arn(40), first.choice, "act")
