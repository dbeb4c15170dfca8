# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which deployment group it is, which deployments are the newest, and what they deployed."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Group
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past import reads
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import FakeAws, refused_by_aws

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def raw(number: int) -> dict[str, t.Any]:
    return {"deploymentId": f"d-{number}", "createTime": START + timedelta(hours=number), "status": "Succeeded"}


class Listed(FakeAws):
    """Lists deployments in this order, 40 a page."""

    def __init__(self, numbers: t.Sequence[int]) -> None:
        self._ids = [f"d-{number}" for number in numbers]
        super().__init__(list_deployments=self._page, batch_get_deployments=self._batch)

    def _page(self, nextToken: str = "0", **_params: t.Any) -> dict[str, t.Any]:
        start = int(nextToken)
        more = {"nextToken": str(start + 40)} if start + 40 < len(self._ids) else {}
        return {"deployments": self._ids[start : start + 40], **more}

    def _batch(self, deploymentIds: list[str]) -> dict[str, t.Any]:
        return {"deploymentsInfo": [raw(int(id_[2:])) for id_ in deploymentIds]}


def newest(aws: FakeAws, last: int = 60, **options: t.Any) -> list[int]:
    group = Group("app", "group", last_attempted=f"d-{last}")
    return [int(d.id[2:]) for d in reads.newest_deployments(aws, group, **options)]


def test_where_the_newest_come_first_the_newest_are_enough() -> None:
    aws = Listed(range(60, 0, -1))
    assert newest(aws) == list(range(36, 61))
    assert len(aws.sent("batch_get_deployments")) == 1


@pytest.mark.parametrize(
    "order",
    [
        range(1, 61),
        [*range(30, 0, -1), *range(60, 30, -1)],
        [60, *range(1, 60)],
        [*range(0, 61, 2)][::-1] + [*range(1, 60, 2)][::-1],
    ],
)
def test_whatever_the_order_the_newest_is_never_missed(order: t.Sequence[int]) -> None:
    assert newest(Listed(order))[-1] == 60


def test_oldest_first_means_reading_all() -> None:
    assert newest(Listed(range(1, 61))) == list(range(1, 61))


def test_all_are_read_when_all_are_wanted() -> None:
    assert newest(Listed(range(60, 0, -1)), everything=True) == list(range(1, 61))


def test_few_are_all_there_are() -> None:
    aws = Listed([2, 3, 1])
    assert newest(aws, last=3) == [1, 2, 3]
    assert len(aws.sent("list_deployments")) == 1


def test_one_that_was_created_while_we_read_comes_before_the_last_attempt() -> None:
    aws = Listed(range(61, 0, -1))
    assert newest(aws, last=60)[-1] == 61
    assert len(aws.sent("batch_get_deployments")) == 1


def group_naming(last_attempted: str = "", last_successful: str = "") -> Group:
    return Group("app", "group", last_attempted=last_attempted, last_successful=last_successful)


@pytest.mark.parametrize(
    ("attempted", "successful", "expected"),
    [
        ("d-4", "d-3", [1, 2, 3, 4]),
        ("d-5", "d-4", [1, 2, 3, 4, 5]),
        # Older than what is listed: the list is cut, and there may be others in between.
        ("d-3", "d-0", [1, 2, 3]),
        ("", "", [1, 2, 3]),
    ],
)
def test_what_the_list_lacks_is_read_by_its_id(attempted: str, successful: str, expected: list[int]) -> None:
    found = reads.newest_deployments(Listed([3, 2, 1]), group_naming(attempted, successful))
    assert [int(d.id[2:]) for d in found] == expected


def test_a_last_deployment_that_is_not_described_either_is_no_history() -> None:
    aws = FakeAws(list_deployments={"deployments": []}, batch_get_deployments={"deploymentsInfo": []})
    with pytest.raises(IncompleteAnswerError, match="The last deployment of group group is d-9, a deployment that AWS"):
        reads.newest_deployments(aws, group_naming("d-9"))


# -- groups


def group_answer(name: str, cluster: str = "prod", service: str = "web") -> dict[str, t.Any]:
    return {
        "applicationName": "app",
        "deploymentGroupName": name,
        "ecsServices": [{"clusterName": cluster, "serviceName": service}],
    }


def test_a_group_is_looked_for_among_all_of_them_once() -> None:
    aws = FakeAws(
        list_applications={"applications": ["lambdas", "app"]},
        list_deployment_groups=lambda applicationName: {
            "deploymentGroups": ["one", "two"] if applicationName == "app" else []
        },
        batch_get_deployment_groups={"deploymentGroupsInfo": [group_answer("one", service="api"), group_answer("two")]},
    )
    groups = reads.EcsGroups(aws)
    [found] = groups.of("prod", "web")
    assert found is not None
    assert found.name == "two"
    assert groups.of("prod", "nothing") == []
    assert groups.of("test", "web") == []
    assert len(aws.sent("list_applications")) == 1


def test_groups_by_name_take_one_call_for_each_application() -> None:
    aws = FakeAws(
        batch_get_deployment_groups=lambda applicationName, deploymentGroupNames: {
            "deploymentGroupsInfo": [group_answer(name) for name in deploymentGroupNames]
        }
    )
    assert set(reads.EcsGroups(aws).named([("app", "one"), ("app", "two"), ("app", "one")])) == {
        ("app", "one"),
        ("app", "two"),
    }
    assert len(aws.requests) == 1


# -- contents


def place(digest: str, content: str | None = None) -> dict[str, t.Any]:
    held = {"content": content} if content else {}
    return {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": digest, **held}}


def test_contents_are_read_together() -> None:
    aws = FakeAws(
        batch_get_application_revisions={
            "revisions": [{"revisionLocation": place("1", "one")}, {"revisionLocation": place("2", "two")}]
        }
    )
    places = [place("1"), place("2"), place("1"), {"revisionType": "S3", "s3Location": {"bucket": "b", "key": "k"}}]
    assert reads.contents(aws, "app", places) == {"1": "one", "2": "two"}
    assert len(aws.requests) == 1
    assert aws.sent("batch_get_application_revisions")[0]["revisions"] == [place("1"), place("2")]


@pytest.mark.parametrize(
    "batch",
    [
        refused_by_aws("BatchGetApplicationRevisions"),
        {"revisions": []},
        {"revisions": [{"revisionLocation": place("1")}]},
    ],
)
def test_where_that_brings_no_content_each_is_read_by_itself(batch: object) -> None:
    aws = FakeAws(batch_get_application_revisions=batch, get_application_revision={"revision": place("1", "one")})
    assert reads.contents(aws, "app", [place("1")]) == {"1": "one"}


def test_one_that_is_not_registered_any_more_is_left_out() -> None:
    gone = refused_by_aws("GetApplicationRevision", "RevisionDoesNotExistException")
    aws = FakeAws(batch_get_application_revisions={"revisions": []}, get_application_revision=gone)
    assert reads.contents(aws, "app", [place("1")]) == {}


def test_what_may_not_be_read_is_said() -> None:
    denied = refused_by_aws("GetApplicationRevision")
    aws = FakeAws(batch_get_application_revisions={"revisions": []}, get_application_revision=denied)
    with pytest.raises(AwsCallError, match="read a revision of application app"):
        reads.contents(aws, "app", [place("1")])


def test_what_holds_its_content_needs_no_reading() -> None:
    aws = FakeAws()
    assert reads.contents(aws, "app", [place("1", "one")]) == {"1": "one"}
