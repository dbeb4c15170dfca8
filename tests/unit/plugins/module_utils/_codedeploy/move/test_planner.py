# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read for a plan, and what becomes of answers that do not come."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import appspec
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import fitness, plan, planner
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.planner import Planner
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past import pinning
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.pinning import Head, Version
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.target import Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.builders import at, rev, s3
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.move.test_fitness import (
    ALIAS,
    lambda_file,
    location,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import FakeAws, refused_by_aws

GROUP = {
    "applicationName": "app",
    "deploymentGroupName": "prod",
    "computePlatform": "Server",
    "serviceRoleArn": "arn:aws:iam::123456789012:role/codedeploy",
    "ec2TagFilters": [{"Key": "app"}],
    "deploymentStyle": {"deploymentType": "IN_PLACE"},
}


def answer(number: int, revision: dict[str, t.Any], status: str = "Succeeded", **more: t.Any) -> dict[str, t.Any]:
    return {
        "deploymentId": f"d-{number}",
        "applicationName": "app",
        "deploymentGroupName": "prod",
        "status": status,
        "creator": "user",
        "createTime": at(number * 60),
        "completeTime": at(number * 60 + 10),
        "revision": revision,
        **more,
    }


class Account(FakeAws):
    """A group with these deployments; ``answers`` are those of other operations."""

    def __init__(self, *deployments: dict[str, t.Any], group: dict[str, t.Any] | None = None, **answers: t.Any) -> None:
        found = {item["deploymentId"]: item for item in deployments}
        newest = str(deployments[-1]["deploymentId"]) if deployments else ""
        shown = {**GROUP, "lastAttemptedDeployment": {"deploymentId": newest}, **(group or {})}
        super().__init__(
            batch_get_deployment_groups={"deploymentGroupsInfo": [shown]},
            list_deployments={"deployments": list(reversed(found))},
            batch_get_deployments=lambda deploymentIds: {
                "deploymentsInfo": [found[id_] for id_ in deploymentIds if id_ in found]
            },
            **answers,
        )

    def plan(self, everything: bool = False, **selection: t.Any) -> plan.Plan:
        wish = plan.Wish(Selection(**selection))
        made = Planner(self, "app", "prod", wish, everything=everything).make_plan()
        assert isinstance(made, plan.Plan)
        return made


def registered(**ages: t.Any) -> t.Callable[..., dict[str, t.Any]]:
    """BatchGetApplicationRevisions: first uses in minutes, by the number of the revision."""
    known = [
        {"revisionLocation": rev(int(number[1:])), "genericRevisionInfo": {"firstUsedTime": at(minutes)}}
        for number, minutes in ages.items()
    ]
    return lambda applicationName, revisions: {"revisions": known}


def test_few_deployments_cost_three_requests() -> None:
    account = Account(answer(1, rev(1)), answer(2, rev(2)))
    assert account.plan().target == rev(1)
    assert [method for method, _params in account.requests] == [
        "batch_get_deployment_groups",
        "list_deployments",
        "batch_get_deployments",
    ]


def many(*numbers: int) -> list[dict[str, t.Any]]:
    return [answer(n, rev(number)) for n, number in enumerate(numbers, start=1)]


def test_of_many_deployments_the_newest_are_read_where_all_in_them_is_newer() -> None:
    account = Account(*many(3, *[5] * 30, 6), batch_get_application_revisions=registered(r6=32 * 60))
    made = account.plan()
    assert made.target == rev(5)
    assert [len(sent["deploymentIds"]) for sent in account.sent("batch_get_deployments")] == [25]
    # How old the oldest of them is makes no difference.
    assert account.sent("batch_get_application_revisions")[0]["revisions"] == [rev(6)]


def test_a_return_to_what_is_older_than_the_newest_deployments_is_known() -> None:
    account = Account(*many(3, *[5] * 30, 3), batch_get_application_revisions=registered(r3=0))
    made = account.plan()
    assert made.verb == "nothing"
    assert "somebody returned it from github acct/app@5555555 to github acct/app@3333333" in made.reason


def test_what_another_group_of_the_application_used_earlier_is_new_here_all_the_same() -> None:
    # 6 was in a group for tests when 4 was still deployed here; 5 came here at once.
    account = Account(*many(3, *[4] * 30, 5, 6), batch_get_application_revisions=registered(r5=32 * 60, r6=20 * 60))
    made = account.plan()
    assert (made.verb, made.target) == ("act", rev(5))
    assert {c.verdict for c in made.candidates} == {"good"}


@pytest.mark.parametrize(
    "registered_",
    [refused_by_aws("BatchGetApplicationRevisions"), registered(r1=0)],
    ids=["denied", "not told"],
)
def test_all_are_read_where_their_ages_are_not_known(registered_: t.Any) -> None:
    account = Account(*many(2, *[5] * 30, 2), batch_get_application_revisions=registered_)
    assert account.plan().verb == "nothing"
    account = Account(*many(2, *[5] * 30, 7), batch_get_application_revisions=registered_)
    assert account.plan().target == rev(5)


def test_all_are_read_where_the_newest_do_not_decide() -> None:
    account = Account(*many(3, *[5] * 30), batch_get_application_revisions=registered(r5=90))
    made = account.plan()
    assert made.target == rev(3)
    assert sum(len(sent["deploymentIds"]) for sent in account.sent("batch_get_deployments")) == 25 + 31


def test_all_are_read_where_that_is_asked_for() -> None:
    account = Account(*many(3, *[5] * 30, 4))
    made = account.plan(everything=True)
    assert made.target == rev(5)
    assert [c.location for c in made.candidates] == [rev(4), rev(5), rev(3)]


def test_a_rollback_that_is_not_listed_yet_is_read() -> None:
    failed = answer(2, rev(2), "Failed", rollbackInfo={"rollbackDeploymentId": "d-3"})
    late = answer(3, rev(1), "InProgress", creator="codeDeployRollback")
    account = Account(answer(1, rev(1)), failed, late)
    account.answers["list_deployments"] = {"deployments": ["d-2", "d-1"]}
    made = account.plan()
    assert (made.method, made.running.id if made.running else "") == ("adopt", "d-3")


def test_a_deployment_that_was_named_is_read_by_its_id() -> None:
    account = Account(answer(0, rev(3)), answer(1, rev(1)), answer(2, rev(2)))
    account.answers["list_deployments"] = {"deployments": ["d-2", "d-1"]}
    assert account.plan(deployment_id="d-0").target == rev(3)
    assert "there is no deployment d-8" in account.plan(deployment_id="d-8").reason


@pytest.mark.parametrize("operation", ["batch_get_deployment_groups", "list_deployments", "batch_get_deployments"])
def test_what_is_denied_is_refused_with_the_permission(operation: str) -> None:
    account = Account(answer(1, rev(1)), answer(2, rev(2)))
    name = "".join(word.capitalize() for word in operation.split("_"))
    account.answers[operation] = refused_by_aws(name)
    made = Planner(account, "app", "prod", plan.Wish(Selection())).make_plan()
    assert isinstance(made, plan.Refusal)
    assert f"codedeploy:{name}" in made.reason


def test_targets_are_read_only_where_that_tells_something() -> None:
    targets = {"list_deployment_targets": {"targetIds": []}}
    account = Account(answer(1, rev(1)), answer(2, rev(2), fileExistsBehavior="OVERWRITE"), **targets)
    assert account.plan().verb == "act"
    assert not account.sent("list_deployment_targets")
    failed = Account(answer(1, rev(1)), answer(2, rev(2), "Failed"), **targets)
    assert failed.plan().verb == "act"
    assert [sent["deploymentId"] for sent in failed.sent("list_deployment_targets")] == ["d-2"]
    denied = Account(
        answer(1, rev(1)),
        answer(2, rev(2), "Failed", fileExistsBehavior="OVERWRITE"),
        list_deployment_targets=refused_by_aws("ListDeploymentTargets"),
    )
    assert "d-2 had OVERWRITE and may have got to Install" in "".join(denied.plan().content_warnings)


def listed(*versions: tuple[str, float], **more: t.Any) -> dict[str, t.Any]:
    found = [
        {"Key": "a.zip", "VersionId": name, "ETag": f'"E-{name}"', "LastModified": at(minutes)}
        for name, minutes in versions
    ]
    return {"Versions": [*found, {"Key": "a.zip.old", "VersionId": "x", "ETag": "y", "LastModified": at(0)}], **more}


def test_the_versions_of_an_object_page_by_page() -> None:
    marker = {"Key": "a.zip", "VersionId": "v0", "LastModified": at(1)}
    more = {"IsTruncated": True, "NextKeyMarker": "a.zip", "NextVersionIdMarker": "v2"}
    aws = FakeAws(list_object_versions=[listed(("v2", 2), **more), listed(("v1", 0), DeleteMarkers=[marker])])
    found, unknown = pinning.read_versions(aws, [("releases", "a.zip")])
    assert found == {
        ("releases", "a.zip"): [
            Version("v2", "e-v2", at(2)),
            Version("v1", "e-v1", at(0)),
            Version("v0", "", at(1), deleted=True),
        ]
    }
    assert unknown == []
    assert aws.sent("list_object_versions")[1]["KeyMarker"] == "a.zip"


def test_where_versions_are_denied_the_object_of_now_has_to_do() -> None:
    denied = refused_by_aws("ListObjectVersions", "AccessDenied")
    aws = FakeAws(list_object_versions=denied, head_object={"ETag": '"E"', "VersionId": "v3", "LastModified": at(5)})
    found, unknown = pinning.read_versions(aws, [("releases", "a.zip")])
    assert found == {("releases", "a.zip"): [Version("v3", "e", at(5))]}
    assert "s3:ListBucketVersions" in unknown[0].message


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ({"ETag": '"E"', "VersionId": "v3", "LastModified": at(5)}, Head("e", "v3", at(5))),
        ({"ETag": '"E"', "VersionId": "null", "LastModified": at(5)}, Head("e", "", at(5))),
        (refused_by_aws("HeadObject", "404", "Not Found"), Head(missing="Not Found")),
        (refused_by_aws("HeadObject", "NoSuchBucket", ""), Head(missing="NoSuchBucket")),
    ],
)
def test_what_is_there(head: t.Any, expected: Head) -> None:
    aws = FakeAws(head_object=head)
    assert pinning.read_head(aws, s3("a.zip", "v3")) == expected
    assert aws.sent("head_object") == [{"Bucket": "releases", "Key": "a.zip", "VersionId": "v3"}]


def test_what_is_there_can_be_unknown() -> None:
    found = pinning.read_head(FakeAws(head_object=refused_by_aws("HeadObject", "403", "Forbidden")), s3("a.zip"))
    assert isinstance(found, str)
    assert "s3:GetObject" in found


FILE = lambda_file("1", "2")
REVISIONS = {"revisions": [{"revisionLocation": location(FILE)}]}
LIVE = {"FunctionVersion": "3", "RoutingConfig": {"AdditionalVersionWeights": {"4": 0.1}}}


@pytest.mark.parametrize(
    ("answers", "alias"),
    [
        ({"get_alias": {"FunctionVersion": "3"}, "get_function_configuration": {}}, ALIAS),
        ({"get_alias": LIVE, "get_function_configuration": {}}, fitness.Alias("3", ("4",), has_target=True)),
        (
            {
                "get_alias": {"FunctionVersion": "3"},
                "get_function_configuration": refused_by_aws("GetFunctionConfiguration", "ResourceNotFoundException"),
            },
            fitness.Alias("3"),
        ),
    ],
)
def test_an_alias_is_read(answers: dict[str, t.Any], alias: fitness.Alias) -> None:
    aws = FakeAws(batch_get_application_revisions=REVISIONS, **answers)
    hash_only = {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": appspec.digest(location(FILE))}}
    assert planner.file(aws, "Lambda", "app", hash_only) == fitness.File(FILE, alias=alias)


@pytest.mark.parametrize(
    "answers",
    [
        {"get_alias": refused_by_aws("GetAlias")},
        {"get_alias": refused_by_aws("GetAlias", "ResourceNotFoundException")},
        {"get_alias": {}},
        {
            "get_alias": {"FunctionVersion": "3"},
            "get_function_configuration": refused_by_aws("GetFunctionConfiguration"),
        },
    ],
)
def test_an_alias_that_cannot_be_read_is_not_known(answers: dict[str, t.Any]) -> None:
    found = planner.file(FakeAws(**answers), "Lambda", "app", location(FILE))
    assert found is not None
    assert found.alias is not None
    assert found.alias.unknown
    fit = fitness.fit("Lambda", location(FILE), found, in_motion=False)
    assert [f.severity for f in fit.findings] == ["block"]


def test_a_file_that_cannot_be_read() -> None:
    assert planner.file(FakeAws(), "Server", "app", rev(1)) is None
    hash_only = {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "1"}}
    denied = refused_by_aws("GetApplicationRevision")
    aws = FakeAws(batch_get_application_revisions=denied, get_application_revision=denied)
    found = planner.file(aws, "ECS", "app", hash_only)
    assert found is not None
    assert "codedeploy:GetApplicationRevision" in found.unknown
    empty = FakeAws(batch_get_application_revisions={"revisions": []}, get_application_revision={"revision": {}})
    assert planner.file(empty, "ECS", "app", hash_only) == fitness.File(unknown="CodeDeploy does not show it.")
    bundle = planner.file(FakeAws(), "ECS", "app", s3("a.zip"))
    assert bundle is not None
    assert "an AppSpec file is YAML or JSON" in bundle.unknown


# -- why a deployment of a good revision failed


def target(id_: str, event: str, message: str) -> dict[str, t.Any]:
    failed = {"lifecycleEventName": event, "status": "Failed", "diagnostics": {"message": message}}
    shown = {"targetId": id_, "status": "Failed", "lifecycleEvents": [failed]}
    return {"deploymentTargetType": "InstanceTarget", "instanceTarget": shown}


FULL = target("i-1", "Install", "No space left on device")
CRASHED = target("i-2", "ApplicationStart", "Script at specified location: start.sh failed")


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ([FULL], rev(2)),
        # All of them have to say so.
        ([FULL, CRASHED], rev(1)),
        ([CRASHED], rev(1)),
        ([], rev(1)),
        (None, rev(1)),
    ],
)
def test_the_targets_say_whether_a_good_revision_is_to_blame(
    targets: list[dict[str, t.Any]] | None, expected: dict[str, t.Any]
) -> None:
    unhealthy = {"errorInformation": {"code": "HEALTH_CONSTRAINTS", "message": "too many failed"}}
    story = [answer(1, rev(1)), answer(2, rev(2)), answer(3, rev(2), "Failed", **unhealthy), answer(4, rev(3))]
    ids = refused_by_aws("ListDeploymentTargets") if targets is None else {"targetIds": [str(n) for n in targets]}
    account = Account(
        *story, list_deployment_targets=ids, batch_get_deployment_targets={"deploymentTargets": targets or []}
    )
    made = account.plan()
    assert made.target == expected
    assert [f.check for f in made.findings if f.check == "failed_since"] == (
        ["failed_since"] if expected == rev(2) else []
    )
    asked = account.sent("list_deployment_targets")
    assert {sent["deploymentId"] for sent in asked} == {"d-3"}


def test_targets_are_not_asked_where_the_deployment_says_why_or_nothing_was_good() -> None:
    role = {"errorInformation": {"code": "IAM_ROLE_MISSING", "message": "gone"}}
    story = [answer(1, rev(1)), answer(2, rev(2), "Failed"), answer(3, rev(1), "Failed", **role), answer(4, rev(3))]
    account = Account(*story)
    assert account.plan().target == rev(1)
    assert account.sent("list_deployment_targets") == []
