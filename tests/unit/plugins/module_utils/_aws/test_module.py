# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from unittest import mock

import yaml
from ansible_collections.amazon.aws.plugins.module_utils.common import get_collection_info

from ansible_collections.lastgood.aws.plugins.module_utils._aws import module


def test_the_version_is_that_of_the_collection() -> None:
    galaxy = Path(module.__file__).resolve().parents[3] / "galaxy.yml"
    assert yaml.safe_load(galaxy.read_text(encoding="utf-8"))["version"] == module.VERSION


def test_a_warning_reaches_core_once_and_is_not_handed_to_exit_json() -> None:
    core = mock.Mock(params={}, check_mode=False, _diff=False, _name="ecs_rollback")
    with mock.patch.dict(module.AnsibleAWSModule.default_settings, {"module_class": lambda **_kwargs: core}):
        ours = module.LastgoodAWSModule(argument_spec={}, check_boto3=False)
    ours.warn("mind the gap")
    core.warn.assert_called_once_with("mind the gap")
    # What exit_json would hand over.
    assert ours._warnings == []
    assert get_collection_info()["name"] == "lastgood.aws"
