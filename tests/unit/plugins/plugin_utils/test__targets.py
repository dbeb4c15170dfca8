# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which calls a batch of services takes, and how it ended for each host."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils import _targets
from ansible_collections.lastgood.aws.plugins.plugin_utils._targets import BadTargets

ARN = "arn:aws:ecs:{}:{}:cluster/{}"


def host(
    service: str, cluster: str = "shop", region: str = "eu-central-1", account: str = "1", **more: t.Any
) -> dict[str, t.Any]:
    """The variables of a service."""
    return {
        "ecs_service": service,
        "ecs_cluster": cluster,
        "ecs_region": region,
        "ecs_cluster_arn": ARN.format(region, account, cluster),
        **more,
    }


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("web", ["web"]),
        ("web.shop.eu-central-1,nosuch", ["web.shop.eu-central-1", "nosuch"]),
        ("tag_a:&cluster_b:!web*", ["tag_a", "cluster_b", "web*"]),
        (["a,b", "c"], ["a", "b", "c"]),
        ("~web|api", ["~web|api"]),
        ("web[0:2]", ["web[0:2]"]),
        ("@failed.retry,api", ["web", "jobs", "api"]),
        ("", []),
    ],
)
def test_the_parts_of_a_pattern(pattern: t.Any, expected: list[str]) -> None:
    files = {"failed.retry": "web\n# a comment\n\njobs\n"}
    assert _targets.terms(pattern, files.__getitem__) == expected


def test_names_that_fit_nothing() -> None:
    def matches(name: str) -> set[str]:
        return {name} & {"web", "api"}

    _targets.check_terms("--limit", ["web", "api"], matches)
    with pytest.raises(BadTargets, match=r"^nosuch in --limit matches no host of the inventory$"):
        _targets.check_terms("--limit", ["web", "nosuch", "nosuch"], matches)
    with pytest.raises(BadTargets, match=r"^x, y in rollback_hosts match no host of the inventory$"):
        _targets.check_terms("rollback_hosts", ["x", "web", "y"], matches)


SETTINGS = {"rollback_tasks", "rollback_reason"}


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        ({"w": host("web"), "a": host("api")}, {"w": ["web", "api"]}),
        ({"w": host("web"), "v": host("web", "annexe")}, {"w": ["web"], "v": ["web"]}),
        ({"w": host("web"), "v": host("web", region="us-west-2")}, {"w": ["web"], "v": ["web"]}),
        ({"w": host("web"), "v": host("web", account="2")}, {"w": ["web"], "v": ["web"]}),
        # What one host sets is not for the others.
        ({"w": host("web", rollback_tasks=4), "a": host("api")}, {"w": ["web"], "a": ["api"]}),
        (
            {"w": host("web", rollback_tasks=4), "a": host("api"), "j": host("jobs", rollback_tasks=4)},
            {"w": ["web", "jobs"], "a": ["api"]},
        ),
        # What is not for a rollback makes no difference.
        ({"w": host("web", colour="red"), "a": host("api")}, {"w": ["web", "api"]}),
        ({"w": host("web", rollback_region="eu-central-1", rollback_cluster="shop")}, {"w": ["web"]}),
    ],
)
def test_calls(hosts: dict[str, dict[str, t.Any]], expected: dict[str, list[str]]) -> None:
    found = _targets.calls(hosts, SETTINGS)
    assert {leader: call["services"] for leader, call in found.items()} == expected
    assert sorted(name for call in found.values() for name in call["hosts"]) == sorted(hosts)
    for leader, call in found.items():
        assert (call["cluster"], call["region"]) == (hosts[leader]["ecs_cluster_arn"], hosts[leader]["ecs_region"])


@pytest.mark.parametrize(
    ("hosts", "message"),
    [
        ({}, "No service is meant"),
        ({"db": {}}, "db is no service: it has no ecs_service and no ecs_cluster and no ecs_region"),
        ({"w": host("web"), "g": {"codedeploy_deployment_group": "prod"}}, "g is a deployment group: lastgood.aws.red"),
        ({"w": host("web", rollback_services="api")}, "rollback_services is given"),
        ({"w": host("web", rollback_cluster="annexe")}, "rollback_cluster is annexe, and w is in shop"),
        ({"w": host("web", rollback_region="us-west-2")}, "rollback_region is us-west-2, and w is in eu-central-1"),
    ],
)
def test_hosts_that_cannot_be_meant(hosts: dict[str, dict[str, t.Any]], message: str) -> None:
    with pytest.raises(BadTargets, match=message):
        _targets.calls(hosts, SETTINGS)


HOSTS = {"w": host("web"), "a": host("api"), "v": host("web", "annexe")}
CALLS = _targets.calls(HOSTS, SETTINGS)


def published(outcomes: dict[str, str], ended: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
    """What role_results gives; ``ended`` is that of the host that made both calls."""
    items = {
        name: {**{key[4:]: HOSTS[name][key] for key in ("ecs_service", "ecs_cluster", "ecs_region")}}
        for name in outcomes
    }
    for name, outcome in outcomes.items():
        items[name].update(outcome=outcome, reason=f"why {name}", changed=outcome == "rolled_back")
    own = ended or {"msg": "all of it", "failed": False, "shown": True}
    return {
        "hosts": {"w": own, "v": own},
        "items_name": "rollback_result",
        "ansible_stats": {"data": {"rollback_result": items}},
    }


BAD = {"msg": "the report could not be written", "failed": True, "shown": False}


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("w", published({"w": "rolled_back", "a": "failed"}), ("rolled_back: why w", False, True)),
        ("a", published({"w": "rolled_back", "a": "failed"}), ("failed: why a", True, False)),
        ("w", published({"w": "not_attempted", "a": "failed"}), ("not_attempted: why w", True, False)),
        # A service of the same name in another cluster is another one.
        ("v", published({"w": "rolled_back", "v": "refused"}), ("refused: why v", True, False)),
        # The service was never reached.
        ("a", published({"v": "rolled_back"}, BAD), (BAD["msg"], True, False)),
        ("a", published({"v": "rolled_back"}), ("all of it", True, False)),
        # What is wrong with no service is told once.
        ("w", published({"w": "rolled_back", "a": "rolled_back"}, BAD), (BAD["msg"], True, False)),
        ("a", published({"w": "rolled_back", "a": "rolled_back"}, BAD), ("rolled_back: why a", False, True)),
        ("w", published({"w": "rolled_back", "a": "failed"}, BAD), ("rolled_back: why w", False, True)),
        ("w", {}, ("the run ended before it was known how this service ended: look at what failed above", True, False)),
    ],
)
def test_how_it_ended(name: str, given: dict[str, t.Any], expected: tuple[str, bool, bool]) -> None:
    assert _targets.ending(name, HOSTS[name], CALLS, given) == expected
