# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of the inventory plugin. What it does is tested with the simulator, in tests/module."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.lastgood.aws.plugins.inventory import ecs_services
from ansible_collections.lastgood.aws.plugins.plugin_utils._inventory import selection

DOCUMENTATION = yaml.safe_load(ecs_services.DOCUMENTATION)


def test_it_is_the_plugin_that_its_files_name() -> None:
    assert DOCUMENTATION["options"]["plugin"]["choices"] == [ecs_services.InventoryModule.NAME]
    for suffix in ecs_services.InventoryModule.INVENTORY_FILE_SUFFIXES:
        assert suffix in " ".join(DOCUMENTATION["description"])


@pytest.mark.parametrize("example", list(yaml.safe_load_all(ecs_services.EXAMPLES)))
def test_the_examples_use_what_there_is(example: dict[str, object]) -> None:
    assert example["plugin"] == ecs_services.InventoryModule.NAME
    inherited = {"keyed_groups", "compose", "assume_role_arn"}
    assert set(example) <= {*DOCUMENTATION["options"], *inherited}
    assert selection.tags(example.get("tags")) == {key: (value,) for key, value in example.get("tags", {}).items()}


def test_every_variable_is_documented() -> None:
    from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Group
    from ansible_collections.lastgood.aws.plugins.plugin_utils._inventory import hosts, reads

    said = " ".join(DOCUMENTATION["description"])
    items = [
        reads.service({"serviceArn": "arn:aws:ecs:eu-central-1:123456789012:service/web", "serviceName": "web"}, "x"),
        reads.deployment_group(Group("store", "prod"), "x"),
    ]
    for host in hosts.hosts(items, ["service"]):
        for name in set(host.variables) - {"ansible_connection"}:
            assert f"C({name})" in said, name
