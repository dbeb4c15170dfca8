# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which services are looked at, and what is said where there are none. What is seen of them: tests/module."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import GoBack
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection
from ansible_collections.lastgood.aws.plugins.module_utils._status.look import Status
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    ACCOUNT,
    FakeAws,
    FakeClock,
    refused_by_aws,
)


def look(aws: FakeAws) -> Status:
    return Status(aws, GoBack(Selection()), FakeClock(), full_names=False)


def missing(**params: t.Any) -> dict[str, t.Any]:
    return {"services": [], "failures": [{"arn": name, "reason": "MISSING"} for name in params["services"]]}


def test_all_services_of_a_cluster_ten_at_a_time() -> None:
    arns = [f"{ACCOUNT}:service/prod/s{number:02}" for number in range(12)]
    aws = FakeAws(list_services={"serviceArns": arns}, describe_services=missing)
    seen, problems = look(aws).of_all(["prod"], [])
    assert [one.name for one in seen] == [f"s{number:02}" for number in range(12)]
    assert problems == []
    # Each is asked once more, for what can be said without a plan.
    assert [len(params["services"]) for params in aws.sent("describe_services")] == [10, *[1] * 10, 2, 1, 1]


def test_several_clusters_have_their_names_in_front() -> None:
    aws = FakeAws(
        list_clusters={"clusterArns": [f"{ACCOUNT}:cluster/{name}" for name in ("b", "a")]},
        list_services=lambda **params: {"serviceArns": [f"{ACCOUNT}:service/{params['cluster'][-1]}/web"]},
        describe_services=missing,
    )
    seen, problems = look(aws).of_all([], [])
    assert [one.line.label for one in seen] == ["web.a.eu-central-1", "web.b.eu-central-1"]
    assert problems == []


@pytest.mark.parametrize(
    ("answers", "clusters", "problem"),
    [
        ({"list_services": {"serviceArns": []}}, ["prod"], "Cluster prod has no services."),
        (
            {"list_services": refused_by_aws("ListServices", "ClusterNotFoundException")},
            [f"{ACCOUNT}:cluster/prod"],
            "There is no cluster prod. Check its name, the Region and the account.",
        ),
        ({"list_services": refused_by_aws("ListServices")}, ["prod"], "needs the permission ecs:ListServices."),
        ({"list_clusters": refused_by_aws("ListClusters")}, [], "needs the permission ecs:ListClusters."),
        ({"list_clusters": {"clusterArns": []}}, [], "There is no cluster in this account and Region."),
    ],
)
def test_where_there_is_nothing_to_see(answers: dict[str, t.Any], clusters: list[str], problem: str) -> None:
    seen, [told] = look(FakeAws(**answers)).of_all(clusters, [])
    assert seen == []
    assert told.endswith(problem)
