# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory plugin against the simulator, in this process. That Ansible finds it by its name is for tests/e2e."""

from __future__ import annotations

import importlib
import json
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader

from ansible_collections.lastgood.aws.plugins.inventory import ecs_services
from tests.simulator import Simulator
from tests.world import REGION, World

ACCOUNT = "123456789012"
ELSEWHERE = "us-west-2"
# Of a fragment with options, where it is and which of its texts.
FRAGMENTS = {
    "inventory_cache": ("ansible.plugins.doc_fragments.inventory_cache", "DOCUMENTATION"),
    "constructed": ("ansible.plugins.doc_fragments.constructed", "DOCUMENTATION"),
    "amazon.aws.common.plugins": ("ansible_collections.amazon.aws.plugins.doc_fragments.common", "PLUGINS"),
    "amazon.aws.region.plugins": ("ansible_collections.amazon.aws.plugins.doc_fragments.region", "PLUGINS"),
    "amazon.aws.assume_role.plugins": ("ansible_collections.amazon.aws.plugins.doc_fragments.assume_role", "PLUGINS"),
}


def options() -> dict[str, t.Any]:
    """All options of the plugin, as Ansible's loader gathers them."""
    documentation = yaml.safe_load(ecs_services.DOCUMENTATION)
    found: dict[str, t.Any] = {}
    assert set(documentation["extends_documentation_fragment"]) == {*FRAGMENTS, "amazon.aws.boto3"}
    for module, text in FRAGMENTS.values():
        fragment = importlib.import_module(module).ModuleDocFragment
        found.update(yaml.safe_load(getattr(fragment, text)).get("options", {}))
    return {**found, **documentation["options"]}


class Inventory:
    """What one file makes of what AWS has. ``look``: at the cache, if there is one."""

    def __init__(self, path: Path, data: InventoryData | None = None, look: bool = True, **written: t.Any) -> None:
        file = path / "shop.ecs_services.yml"
        file.write_text(json.dumps({"plugin": "lastgood.aws.ecs_services", "regions": [REGION], **written}))
        name = ecs_services.InventoryModule.NAME
        constants.config.initialize_plugin_configuration_definitions("inventory", name, options())
        plugin = ecs_services.InventoryModule()
        plugin._load_name = plugin._original_path = plugin.ansible_name = name
        plugin._redirected_names = [name]
        plugin.ansible_aliases = [name]
        warnings: list[str] = []
        plugin.warn = warnings.append
        self.data = data or InventoryData()
        assert plugin.verify_file(str(file))
        plugin.parse(self.data, DataLoader(), str(file), cache=look)
        if written.get("cache"):
            plugin.update_cache_if_changed()
        self.data.reconcile_inventory()
        self.warnings = warnings

    @property
    def hosts(self) -> list[str]:
        return sorted(self.data.hosts)

    def variables(self, host: str) -> dict[str, t.Any]:
        return dict(self.data.hosts[host].vars)

    def group(self, name: str) -> list[str]:
        return sorted(host.name for host in self.data.groups[name].get_hosts())


def tags(**given: str) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in given.items()]


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """A cluster with web and api of two teams, and another cluster with web."""
    with Simulator() as simulator:
        world = World()
        for cluster in ("shop", "annexe"):
            world.create_cluster(cluster)
        version = world.register("web", "registry/web:1")
        world.create_service("shop", "web", version, tags=tags(team="payments", tier="front"))
        world.create_service("shop", "api", version, tags=tags(team="data", **{"lastgood:rollback": "4711"}))
        world.create_service("annexe", "web", version)
        simulator.reset_calls()
        yield simulator


def calls(sim: Simulator) -> dict[str, int]:
    return dict(sim.calls())


@pytest.mark.usefixtures("sim")
def test_hosts_groups_and_variables(tmp_path: Path) -> None:
    found = Inventory(tmp_path)
    web, api, other = f"web.shop.{REGION}", f"api.shop.{REGION}", f"web.annexe.{REGION}"
    assert found.hosts == sorted([api, other, web])
    assert found.group("ecs_services") == sorted([api, other, web])
    assert found.group("tag_team_payments") == [web]
    assert found.group("cluster_shop") == [api, web]
    assert found.group("controller_ecs") == found.group("strategy_rolling") == found.group("launch_type_fargate")
    assert not [name for name in found.data.groups if "lastgood" in name]
    variables = found.variables(web)
    assert {name: variables[name] for name in ("ecs_service", "ecs_cluster", "ecs_region", "ecs_account")} == {
        "ecs_service": "web",
        "ecs_cluster": "shop",
        "ecs_region": REGION,
        "ecs_account": ACCOUNT,
    }
    assert variables["ecs_arn"] == f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/shop/web"
    assert (variables["ecs_task_definition"], variables["ecs_desired_count"]) == ("web:1", 2)
    assert variables["ecs_tags"] == {"team": "payments", "tier": "front"}
    assert variables["ansible_connection"] == "local"
    # Ansible keeps these names for itself.
    assert not {"tags", "name", "environment"} & set(variables)


@pytest.mark.usefixtures("sim")
@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"clusters": ["shop"]}, ["api.shop", "web.shop"]),
        ({"clusters": ["ann*"]}, ["web.annexe"]),
        ({"clusters": [f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/annexe"]}, ["web.annexe"]),
        ({"tags": {"team": "pay*"}}, ["web.shop"]),
        ({"tags": {"team": ""}}, ["api.shop", "web.shop"]),
        ({"tags": {"team": ["data", "payments"], "tier": "front"}}, ["web.shop"]),
        ({"include": ["w*"], "exclude": ["web.annexe"]}, ["web.shop"]),
        ({"exclude": ["*"]}, []),
    ],
)
def test_what_is_selected(tmp_path: Path, written: dict[str, t.Any], expected: list[str]) -> None:
    assert Inventory(tmp_path, **written).hosts == [f"{name}.{REGION}" for name in expected]


@pytest.mark.usefixtures("sim")
def test_what_the_user_composes(tmp_path: Path) -> None:
    found = Inventory(
        tmp_path,
        strict=True,
        tags={"team": ""},
        hostnames=["tag:tier", "service.cluster.region.account"],
        compose={"rollback_reason": "'ask ' ~ ecs_tags.team"},
        groups={"big": "ecs_desired_count > 1"},
        keyed_groups=[{"key": "ecs_tags.team", "prefix": "team"}],
    )
    api = f"api.shop.{REGION}.{ACCOUNT}"
    assert found.hosts == [api, "front"]
    assert found.variables("front")["rollback_reason"] == "ask payments"
    assert found.group("big") == [api, "front"]
    assert found.group("team_data") == [api]


@pytest.mark.usefixtures("sim")
def test_a_template_that_fails(tmp_path: Path) -> None:
    """With `strict` it is an error, otherwise the host goes without."""
    broken = {"compose": {"tier": "ecs_tags.tier"}}
    with pytest.raises(AnsibleError):
        Inventory(tmp_path, strict=True, **broken)
    found = Inventory(tmp_path, **broken)
    assert found.variables(f"web.shop.{REGION}")["tier"] == "front"
    assert "tier" not in found.variables(f"api.shop.{REGION}")


def test_two_regions_with_a_service_of_the_same_name(sim: Simulator, tmp_path: Path) -> None:
    there = World(region=ELSEWHERE)
    there.create_cluster("shop")
    there.create_service("shop", "web", there.register("web", "registry/web:1"))
    found = Inventory(tmp_path, regions=[REGION, ELSEWHERE], clusters=["shop"])
    assert found.group("cluster_shop") == sorted(f"{name}.{REGION}" for name in ("api.shop", "web.shop")) + [
        f"web.shop.{ELSEWHERE}"
    ]
    # A cluster has to be in one of the Regions, not in each.
    assert Inventory(tmp_path, regions=[REGION, ELSEWHERE], clusters=["annexe"]).hosts == [f"web.annexe.{REGION}"]
    with pytest.raises(AnsibleError, match=rf"There is no cluster nosuch in {REGION}, {ELSEWHERE}\."):
        Inventory(tmp_path, regions=[REGION, ELSEWHERE], clusters=["shop", "nosuch"])
    with pytest.raises(AnsibleError, match=r"would both be the host web\.shop\. Make the names differ"):
        Inventory(tmp_path, regions=[REGION, ELSEWHERE], hostnames=["service.cluster"])
    # And of two files.
    first = Inventory(tmp_path, hostnames=["service.cluster"])
    with pytest.raises(AnsibleError, match=rf"service/shop/web and arn:aws:ecs:{ELSEWHERE}"):
        Inventory(tmp_path, first.data, regions=[ELSEWHERE], hostnames=["service.cluster"])


def test_two_hundred_services_in_batches(sim: Simulator, tmp_path: Path) -> None:
    world = World()
    world.create_cluster("big")
    version = world.register("web", "registry/web:1")
    for number in range(200):
        world.create_service("big", f"s{number:03}", version, desired=0, tags=tags(team=f"team{number % 4}"))
    sim.reset_calls()
    found = Inventory(tmp_path, clusters=["big"])
    assert (len(found.hosts), len(found.group("tag_team_team3"))) == (200, 50)
    # 100 of a list per page, 10 services per call; and nothing else.
    assert calls(sim) == {"ListServices": 2, "DescribeServices": 20}


def test_what_is_left_out_by_name_is_not_described(sim: Simulator, tmp_path: Path) -> None:
    Inventory(tmp_path, clusters=["shop"], exclude=["*"])
    assert calls(sim) == {"ListServices": 1}


def test_a_service_that_is_being_deleted_is_not_a_host(sim: Simulator, tmp_path: Path) -> None:
    World().ecs.delete_service(cluster="shop", service="api", force=True)
    assert Inventory(tmp_path, clusters=["shop"]).hosts == [f"web.shop.{REGION}"]


def test_a_denied_request(sim: Simulator, tmp_path: Path) -> None:
    """An error that names the permission, or a warning that does."""
    sim.fail("ListServices", "AccessDeniedException", times=None, when={"cluster": "annexe"})
    written = {"clusters": ["annexe", "shop"]}
    with pytest.raises(
        AnsibleError, match=r"list the services of cluster annexe.*needs the permission ecs:ListServices"
    ):
        Inventory(tmp_path, **written)
    found = Inventory(tmp_path, strict_permissions=False, **written)
    assert found.hosts == [f"api.shop.{REGION}", f"web.shop.{REGION}"]
    [warning] = found.warnings
    assert "ecs:ListServices" in warning


def test_the_cache(sim: Simulator, tmp_path: Path) -> None:
    cached = {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}
    before = Inventory(tmp_path, **cached)
    sim.reset_calls()
    again = Inventory(tmp_path, **cached)
    assert (calls(sim), again.hosts) == ({}, before.hosts)
    assert again.variables(f"web.shop.{REGION}") == before.variables(f"web.shop.{REGION}")
    # What only looks at what was read needs nothing new.
    assert Inventory(tmp_path, tags={"team": "data"}, **cached).hosts == [f"api.shop.{REGION}"]
    assert calls(sim) == {}
    # What was read in another way does not count, and is replaced.
    assert Inventory(tmp_path, clusters=["annexe"], **cached).hosts == [f"web.annexe.{REGION}"]
    assert calls(sim) == {"ListServices": 1, "DescribeServices": 1}
    sim.reset_calls()
    assert Inventory(tmp_path, clusters=["annexe"], **cached).hosts == [f"web.annexe.{REGION}"]
    assert calls(sim) == {}
    # --flush-cache
    Inventory(tmp_path, look=False, clusters=["annexe"], **cached)
    assert calls(sim) == {"ListServices": 1, "DescribeServices": 1}


def test_the_region(sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the environment if the file names none; never all of them."""
    monkeypatch.setenv("AWS_REGION", REGION)
    assert len(Inventory(tmp_path, regions=[]).hosts) == 3
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(AnsibleError, match="No Region is set: give regions"):
        Inventory(tmp_path, regions=[])


def test_deployment_groups(sim: Simulator, tmp_path: Path) -> None:
    codedeploy = World().client("codedeploy")
    codedeploy.create_application(applicationName="store", computePlatform="Server")
    role = f"arn:aws:iam::{ACCOUNT}:role/deployer"
    for name in ("prod", "old one"):
        codedeploy.create_deployment_group(
            applicationName="store", deploymentGroupName=name, serviceRoleArn=role, autoScalingGroups=[]
        )
    found = Inventory(tmp_path, include_deployment_groups=True, clusters=["annexe"])
    assert found.hosts == [f"old_one.store.{REGION}", f"prod.store.{REGION}", f"web.annexe.{REGION}"]
    assert found.group("codedeploy_groups") == found.group("application_store") == found.hosts[:2]
    variables = found.variables(f"old_one.store.{REGION}")
    assert (variables["codedeploy_deployment_group"], variables["codedeploy_account"]) == ("old one", ACCOUNT)
    assert variables["codedeploy_platform"] == "Server"
    assert "codedeploy_tags" not in variables


@pytest.mark.usefixtures("sim")
@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"hostnames": ["servcie"]}, r"hostnames has 'servcie': give tag:KEY, or some of service, cluster, region"),
        ({"hostnames": ["tag:nosuch"]}, r"hostnames gives no name to arn:aws:ecs:"),
        ({"hostnames": [{"prefix": "region"}]}, r"give name, and perhaps prefix and separator"),
        ({"include": [{"name": "web"}]}, r"include"),
        ({"plugin": "amazon.aws.aws_ec2"}, r"."),
    ],
)
def test_what_cannot_be_understood(tmp_path: Path, written: dict[str, t.Any], message: str) -> None:
    with pytest.raises(AnsibleError, match=message):
        Inventory(tmp_path, **written)
