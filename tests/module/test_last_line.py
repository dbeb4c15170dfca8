# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the last line would say if a play were interrupted: at each request that a module sends, and after its end."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.plugins.modules import autoscaling_suspend
from ansible_collections.lastgood.aws.plugins.plugin_utils import _last_words
from tests.module.fleet import Fleet
from tests.module.run import run_module
from tests.module.services import CLUSTER, Shop
from tests.world import REGION

NOTHING = "Interrupted. Nothing was written."


class Moments:
    """Of each request, by operation: what would be said if the play were interrupted while it is on its way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._notes: list[dict[str, t.Any]] = []
        self.said: list[tuple[str, str]] = []
        call = Aws.call

        def watched(aws: Aws, service: str, method: str, /, **params: t.Any) -> t.Any:
            self.said.append((method, self.now))
            return call(aws, service, method, **params)

        monkeypatch.setattr(Aws, "call", watched)
        monkeypatch.setattr(progress, "_keeper", lambda note: self._notes.append(dict(note)))

    @property
    def now(self) -> str:
        return _last_words.last_line(self._notes)

    def at(self, method: str, nth: int = 1) -> str:
        """What would be said at the n-th call of a method."""
        return [said for name, said in self.said if name == method][nth - 1]

    def before(self, method: str) -> set[str]:
        """All that would be said before the first call of a method."""
        names = [name for name, _said in self.said]
        return {said for _name, said in self.said[: names.index(method)]}


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> Moments:
    return Moments(monkeypatch)


def test_of_a_rollback(shop: Shop, moments: Moments) -> None:
    shop.bad_release()
    shop.rollback(check_mode=True)
    assert ({said for _name, said in moments.said}, moments.now) == ({NOTHING}, "")
    moments.said.clear()
    run = shop.rollback(deregister=True)
    assert moments.before("update_service") == {NOTHING}
    assert "[web] web:3 → web:1 by update_service, if AWS has accepted it, which is not known" in moments.at(
        "update_service"
    )
    id_ = run.only["after"]["deployment_id"]
    # The first tag is the record before the write.
    for method, nth in (("tag_resource", 2), ("deregister_task_definition", 1)):
        assert f"At AWS this goes on: [web] web:3 → web:1 (last good): update_service accepted, deployment {id_}" in (
            moments.at(method, nth)
        )
        assert "Run the same command again" in moments.at(method, nth)
    assert moments.now == ""


@pytest.mark.parametrize("options", [{"wait": False}, {"wait_timeout": 5}, {"contact_timeout": 5}])
def test_what_goes_on_after_the_step_is_still_told(shop: Shop, moments: Moments, options: dict[str, t.Any]) -> None:
    shop.bad_release()
    if "contact_timeout" in options:
        gone = {"operation": "*", "kind": "drop", "times": None}
        shop.sim.on("UpdateService", {"control": "fail", "params": gone}, "after")
    run = shop.rollback(**options)
    assert run.outcome in ("started", "timeout", "lost_contact")
    assert "update_service accepted, deployment ecs-svc/" in moments.now


@pytest.mark.parametrize("operation", ["UpdateService", "DescribeServices"])
def test_of_a_rollback_that_is_refused(shop: Shop, moments: Moments, operation: str) -> None:
    shop.bad_release()
    shop.deny(operation)
    assert shop.rollback().outcome == "refused"
    assert moments.now == ""


def test_of_a_write_whose_answer_was_lost(shop: Shop, moments: Moments) -> None:
    shop.bad_release()
    shop.sim.fail("UpdateService", kind="drop", times=None)
    assert shop.rollback().outcome == "lost_contact"
    assert "if AWS has accepted it, which is not known" in moments.now


def test_of_many_only_those_that_go_on(shop: Shop, moments: Moments) -> None:
    for family in ("web", "api"):
        shop.versions(2, family)
        shop.create(f"{family}:1")
        shop.deploy(f"{family}:2")
    shop.sim.fail("UpdateService", code="AccessDeniedException", when={"service": "api"}, times=None)
    run = shop.rollback("web", "api", max_fail_percentage=100, wait=False)
    assert run.outcomes == {"web": "started", "api": "refused"}
    assert "[web]" in moments.now
    assert "[api]" not in moments.now


def test_of_a_deployment(shop: Shop, moments: Moments) -> None:
    shop.versions(2)
    shop.create("web:1")
    shop.release(2)
    assert moments.before("update_service") == {NOTHING}
    assert "[web] web:1 → web:2, if AWS has accepted it" in moments.at("update_service")
    assert "[web] web:1 → web:2: update_service accepted, deployment ecs-svc/" in moments.at("describe_services", 3)
    assert moments.now == ""


def test_of_a_redeploy(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = Fleet(shop, monkeypatch)
    fleet.bad_release()
    moments = Moments(monkeypatch)
    run = fleet.redeploy()
    assert moments.said[0][1] == NOTHING
    assert "if AWS has accepted it, which is not known" in moments.at("create_deployment")
    assert f"CodeDeploy has created deployment {run.result['deployment_id']}" in moments.said[-1][1]
    assert moments.now == ""


def test_of_auto_scaling(shop: Shop, moments: Moments) -> None:
    shop.releases(1)
    shop.world.make_scalable(CLUSTER, "web", scheduled=True)
    still = (
        "Auto scaling is still suspended: scale-in, scale-out of service/shop/web. Put it back with: ansible-playbook"
    )
    options: dict[str, t.Any] = {"cluster": CLUSTER, "service": ["web"], "region": REGION}

    run_module(autoscaling_suspend, state="suspended", **options)
    assert moments.at("describe_scalable_targets") == ""
    # Before it is known whether AWS has taken it.
    assert still in moments.at("tag_resource")
    assert still in moments.now

    moments.said.clear()
    run_module(autoscaling_suspend, state="restored", **options)
    assert all(still in said for _name, said in moments.said)
    assert moments.now == ""


def test_what_could_not_be_recorded_is_put_back_by_another_command(shop: Shop, moments: Moments) -> None:
    shop.releases(1)
    shop.world.make_scalable(CLUSTER, "web")
    shop.deny("application-autoscaling:TagResource")
    where: dict[str, t.Any] = {"cluster": CLUSTER, "service": ["web"], "region": REGION}
    run_module(autoscaling_suspend, state="suspended", journal="best_effort", **where)
    assert "lastgood.aws.restore_scaling" not in moments.now
    assert "-m lastgood.aws.autoscaling_suspend" in moments.now
    assert f'"region": "{REGION}"' in moments.now
