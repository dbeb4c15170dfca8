# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What hosts are called, which groups they are in, and which variables they have."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils._inventory.hosts import BadHostnames, group_name, hosts

WEB: dict[str, t.Any] = {
    "kind": "service",
    "service": "web",
    "cluster": "shop",
    "region": "eu-central-1",
    "account": "123456789012",
    "arn": "arn:aws:ecs:eu-central-1:123456789012:service/shop/web",
    "controller": "ECS",
    "strategy": "BLUE_GREEN",
    "launch_type": "",
    "capacity_providers": ["FARGATE_SPOT"],
    "tags": {"team": "payments", "a b": "ü:1", "empty": "", "lastgood:rollback": "4711"},
}
PROD: dict[str, t.Any] = {
    "kind": "deployment_group",
    "deployment_group": "prod",
    "application": "store",
    "region": "eu-central-1",
    "account": "",
    "platform": "Server",
    "tags": {},
}


@pytest.mark.parametrize(
    ("hostnames", "expected"),
    [
        ([], "web.shop.eu-central-1"),
        (["service.cluster.region.account"], "web.shop.eu-central-1.123456789012"),
        (["account.service"], "123456789012.web"),
        (["tag:team"], "payments"),
        (["tag:nosuch", "service"], "web"),
        (["tag:team=payments"], "payments"),
        (["tag:team=data", "service"], "web"),
        (["tag:a b"], "__1"),
        ([{"name": "service", "prefix": "tag:team"}], "payments_web"),
        ([{"name": "service", "prefix": "tag:team", "separator": "-"}], "payments-web"),
        ([{"name": "service", "prefix": "tag:nosuch"}], "web"),
        ([{"name": "tag:nosuch", "prefix": "service"}, "cluster"], "shop"),
    ],
)
def test_names(hostnames: list[t.Any], expected: str) -> None:
    [host] = hosts([WEB], hostnames)
    assert host.name == expected


@pytest.mark.parametrize(
    ("hostnames", "message"),
    [
        (["servcie"], "give tag:KEY, or some of service, cluster, region, account"),
        ([{"prefix": "service"}], "give name, and perhaps prefix and separator"),
        ([{"name": "service", "seperator": "-"}], "give name, and perhaps prefix and separator"),
        (["tag:nosuch"], "gives no name to arn:aws:ecs:eu-central-1"),
    ],
)
def test_names_that_cannot_be(hostnames: list[t.Any], message: str) -> None:
    with pytest.raises(BadHostnames, match=message):
        hosts([WEB], hostnames)


def test_two_with_one_name() -> None:
    other = {**WEB, "account": "210987654321", "arn": "arn:aws:ecs:eu-central-1:210987654321:service/shop/web"}
    with pytest.raises(BadHostnames, match=r"123456789012:service/shop/web and .*210987654321.* host web\.shop\."):
        hosts([WEB, other], [])
    both = hosts([other, WEB], ["service.cluster.region.account"])
    assert [host.name for host in both] == ["web.shop.eu-central-1.123456789012", "web.shop.eu-central-1.210987654321"]


def test_groups() -> None:
    [web] = hosts([WEB], [])
    assert (web.parent, web.groups) == (
        "ecs_services",
        (
            "cluster_shop",
            "region_eu_central_1",
            "account_123456789012",
            "controller_ecs",
            "strategy_blue_green",
            "capacity_provider_FARGATE_SPOT",
            "tag_team_payments",
            "tag_a_b___1",
            "tag_empty",
        ),
    )
    [prod] = hosts([PROD], [])
    assert (prod.name, prod.parent) == ("prod.store.eu-central-1", "codedeploy_groups")
    assert prod.groups == ("application_store", "region_eu_central_1", "platform_server")


def test_variables() -> None:
    [web] = hosts([WEB], [])
    assert web.variables["ecs_service"] == "web"
    assert web.variables["ecs_tags"] == WEB["tags"]
    assert {name for name in web.variables if not name.startswith("ecs_")} == {"ansible_connection"}
    [prod] = hosts([PROD], [])
    assert prod.variables["codedeploy_application"] == "store"
    assert "codedeploy_tags" not in prod.variables


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("old one", "old_one"),
        ("a:b", "a_b"),
        ("!x", "_x"),
        ("a[1]", "a_1_"),
        ("~x", "_x"),
        ("a,b", "a_b"),
        ("x-1", "x-1"),
    ],
)
def test_no_name_means_something_in_a_pattern(name: str, expected: str) -> None:
    [host] = hosts([{**PROD, "deployment_group": name}], [])
    assert host.name == f"{expected}.store.eu-central-1"
    assert host.variables["codedeploy_deployment_group"] == name


def test_what_others_wrote_is_clean() -> None:
    [host] = hosts([{**WEB, "created_by": "\x1b[2Jevil\nTASK [fine]"}], [])
    assert host.variables["ecs_created_by"] == "evil TASK [fine]"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("tag", "team", "a-b"), "tag_team_a_b"),
        (("tag", "x", ""), "tag_x"),
        (("cluster", "{{ x }}"), "cluster____x___"),
    ],
)
def test_group_names(parts: tuple[str, ...], expected: str) -> None:
    assert group_name(*parts) == expected
