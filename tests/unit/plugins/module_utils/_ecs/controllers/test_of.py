# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which controller deploys a service, and what this version says of a kind that it does not know."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import of
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Known
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Past
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    FakeClock,
    controller_of,
    enum,
    planned,
    service,
    told,
)


@pytest.mark.parametrize("kind", enum("DeploymentControllerType"))
def test_every_kind_of_the_model_is_known(kind: str) -> None:
    found = controller_of(service(42, controller=kind))
    assert not isinstance(found, of.Unknown)
    assert found.unfit(service(42, controller=kind)) == []


def test_a_kind_that_is_not_known_is_refused_by_its_name() -> None:
    odd = service(42, controller="SOMETHING_NEW")
    found = controller_of(odd)
    [finding] = found.unfit(odd)
    assert (finding.check, finding.severity) == ("deployment_controller", "block")
    assert "SOMETHING_NEW" in finding.message
    assert "it rolls back services with CODE_DEPLOY, ECS, EXTERNAL" in finding.message
    assert found.read_past([odd]) == {"web": Past()}
    [finding] = found.undeployable(odd)
    assert (finding.severity, "SOMETHING_NEW" in finding.message) == ("block", True)
    assert found.protection(planned(service(42), told(41, 42))) is None
    meant = found.meant(odd, Past(), "")
    assert isinstance(meant, Known)
    assert (meant.outcome, "SOMETHING_NEW" in meant.reason) == ("refused", True)


def test_there_is_one_for_each_kind_and_call() -> None:
    controllers = Controllers(FakeAws(), FakeClock())
    first = controllers.of(service(42))
    assert controllers.of(service(41, name="api")) is first
    assert controllers.of(service(42, controller="EXTERNAL")) is not first
    assert controllers.brisk.of(service(42)) is not first


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("ECS", "They go on running next to the target's"),
        ("CODE_DEPLOY", "the original task set stays until it ends"),
        ("EXTERNAL", "Their task set stays as it is"),
    ],
)
def test_what_becomes_of_protected_tasks(kind: str, words: str) -> None:
    assert words in controller_of(service(42, controller=kind)).held_tasks
