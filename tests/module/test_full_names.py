# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tells a service or a deployment group from others of its name: fields of results, and labels of lines."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import keys
from ansible_collections.lastgood.aws.plugins.modules import autoscaling_suspend, codedeploy_deployment_info
from tests.module.fleet import Fleet
from tests.module.run import run_module
from tests.module.services import CLUSTER, Run, Shop
from tests.world import REGION

ACCOUNT = "123456789012"
LABEL = f"[web.{CLUSTER}.{REGION}] "
OF_SERVICES: dict[str, t.Callable[[Shop], Run]] = {
    "rollback": lambda shop: shop.rollback("web", "nonesuch", full_names=True),
    "info": lambda shop: shop.info("web", "nonesuch", full_names=True),
    "deploy": lambda shop: shop.release(1, "web", "nonesuch", full_names=True),
    "wait": lambda shop: shop.wait("web", "nonesuch", full_names=True),
}


@pytest.mark.parametrize("module", OF_SERVICES)
def test_a_service(shop: Shop, module: str) -> None:
    shop.bad_release()
    run = OF_SERVICES[module](shop)
    there, missing = run.result["services"]
    assert [there[part] for part in ("service", "cluster", "region", "account")] == ["web", CLUSTER, REGION, ACCOUNT]
    assert keys.key(there) == f"web.{CLUSTER}.{REGION}.{ACCOUNT}"
    assert (keys.key(missing), missing["account"]) == (f"nonesuch.{CLUSTER}.{REGION}", None)
    assert run.lines
    assert all(line.startswith((LABEL, f"[nonesuch.{CLUSTER}.{REGION}] ")) for line in run.lines), run.lines
    if "summary" in run.result:
        assert f" [web.{CLUSTER}.{REGION}] " in run.message or f" [nonesuch.{CLUSTER}.{REGION}] " in run.message


def test_a_cluster_by_its_arn(shop: Shop) -> None:
    shop.bad_release()
    cluster = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{CLUSTER}"
    run = shop.rollback(cluster=cluster, full_names=True)
    assert run.only["cluster"] == CLUSTER
    assert run.message.startswith(f"{LABEL}rolled_back: ")
    assert all(line.startswith(LABEL) for line in run.lines), run.lines


def test_without_full_names(shop: Shop) -> None:
    shop.bad_release()
    run = shop.rollback()
    assert run.message.startswith("[web] rolled_back: ")
    assert all(line.startswith("[web] ") for line in run.lines), run.lines


def test_auto_scaling(shop: Shop) -> None:
    shop.bad_release()
    shop.world.make_scalable(CLUSTER, "web")
    lines: list[str] = []
    shop.on_line(lines.append)
    run_module(autoscaling_suspend, region=REGION, cluster=CLUSTER, service=["web"], state="suspended", full_names=True)
    assert [line.startswith(f"{LABEL}scaling: ") for line in lines] == [True]


def test_a_deployment_group(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = Fleet(shop, monkeypatch)
    fleet.bad_release()
    label = f"[prod.web.{REGION}] "
    named = {"region": REGION, "application": "web", "deployment_group": "prod"}
    looked = run_module(codedeploy_deployment_info, **named, full_names=True)
    assert looked["summary"].startswith(label)
    done = fleet.redeploy(full_names=True)
    assert done.result["summary"].startswith(label)
    assert all(line.startswith(label) for line in done.lines), done.lines
    assert keys.key(looked) == keys.key(done.result) == f"prod.web.{REGION}.{ACCOUNT}"
    missing = fleet.redeploy(deployment_group="nonesuch")
    assert (missing.result["region"], missing.result["account"]) == (REGION, None)
