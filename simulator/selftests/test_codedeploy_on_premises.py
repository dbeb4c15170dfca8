# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""On-premises instances of CodeDeploy."""

from __future__ import annotations

from typing import Any

import pytest

from lastgood_simulator import Simulator
from selftests.cluster import client, refused
from selftests.fleet import Fleet

USER = "arn:aws:iam::123456789012:user/machine"
TAG = {"Key": "app", "Value": "web"}


@pytest.fixture
def codedeploy(sim: Simulator) -> Any:
    codedeploy = client("codedeploy")
    for name in ("one", "two"):
        codedeploy.register_on_premises_instance(instanceName=name, iamUserArn=USER)
    codedeploy.add_tags_to_on_premises_instances(instanceNames=["one", "two"], tags=[TAG])
    return codedeploy


def test_they_are_deployed_to_by_tag(sim: Simulator, codedeploy: Any) -> None:
    fleet = Fleet(sim, 1, onPremisesInstanceTagFilters=[TAG | {"Type": "KEY_AND_VALUE"}])
    codedeploy.deregister_on_premises_instance(instanceName="two")
    deployment = fleet.done("a")
    targets = {target["targetId"]: target for target in fleet.targets(deployment)}
    assert set(targets) == {"one", *fleet.ids}
    assert targets["one"]["targetArn"].startswith("arn:aws:codedeploy:us-east-1:123456789012:instance/one_")
    sim.agent("one", running=False)
    sim.bundle("b" * 40, instances=fleet.ids)
    failed = fleet.start("b")
    sim.advance(400)
    assert fleet.outcome(failed) == ("Failed", "HEALTH_CONSTRAINTS")


def test_they_are_listed_and_shown(codedeploy: Any) -> None:
    codedeploy.remove_tags_from_on_premises_instances(instanceNames=["two"], tags=[TAG])
    codedeploy.deregister_on_premises_instance(instanceName="two")
    listing = codedeploy.list_on_premises_instances
    assert listing()["instanceNames"] == ["one", "two"]
    assert listing(registrationStatus="Registered")["instanceNames"] == ["one"]
    assert listing(tagFilters=[{"Key": "app", "Type": "KEY_ONLY"}])["instanceNames"] == ["one"]
    shown = codedeploy.get_on_premises_instance(instanceName="two")["instanceInfo"]
    assert (shown["iamUserArn"], shown["tags"], "deregisterTime" in shown) == (USER, [], True)
    assert len(codedeploy.batch_get_on_premises_instances(instanceNames=["one", "x"])["instanceInfos"]) == 1


def test_what_is_refused(codedeploy: Any) -> None:
    register = codedeploy.register_on_premises_instance
    for params, code in (
        ({"instanceName": "one", "iamUserArn": USER}, "InstanceNameAlreadyRegisteredException"),
        ({"instanceName": "i-1", "iamUserArn": USER}, "InvalidInstanceNameException"),
        ({"instanceName": "x"}, "IamArnRequiredException"),
        ({"instanceName": "x", "iamUserArn": USER, "iamSessionArn": USER}, "MultipleIamArnsProvidedException"),
    ):
        assert refused(register, **params)[0] == code
    get = codedeploy.get_on_premises_instance
    assert refused(get, instanceName="x")[0] == "InstanceNotRegisteredException"
    add = codedeploy.add_tags_to_on_premises_instances
    many = [{"Key": str(number), "Value": ""} for number in range(11)]
    assert refused(add, instanceNames=["one"], tags=many)[0] == "TagLimitExceededException"
