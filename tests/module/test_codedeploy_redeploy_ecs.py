# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Redeploys of a deployment group whose target is an ECS service."""

from __future__ import annotations

import pytest

from tests.module.code_deploy import BlueGreen
from tests.module.fleet import Fleet
from tests.module.services import Shop

NAMED = {"application": "shop", "deployment_group": "web"}


def test_the_last_good_task_definition_comes_back(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet, ecs = Fleet(shop, monkeypatch), BlueGreen(shop)
    ecs.bad_release()
    run = fleet.redeploy(**NAMED)
    assert run.outcome == "rolled_back", run.message
    assert ecs.sets()["PRIMARY"] == "web:2"
    assert "sha256" in run.result["target"]["appSpecContent"]
    assert any(line.startswith("[web] Install, ") for line in run.lines), run.lines
    assert fleet.redeploy(**NAMED).outcome == "unchanged"


def test_a_new_version_that_does_not_start(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet, ecs = Fleet(shop, monkeypatch), BlueGreen(shop)
    ecs.bad_release()
    shop.broken("web:2")
    run = fleet.redeploy(**NAMED, wait_timeout=600)
    assert run.outcome == "timeout"
    assert "still going after 600 s (Install)" in run.message
    assert run.result["instances"] is None
    assert ecs.sets()["PRIMARY"] == "web:3"
