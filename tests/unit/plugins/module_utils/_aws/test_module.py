# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from pathlib import Path
from unittest import mock

import pytest
import yaml
from ansible_collections.amazon.aws.plugins.module_utils.common import get_collection_info

from ansible_collections.lastgood.aws.plugins.module_utils._aws import module
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import Finding


def test_the_version_is_that_of_the_collection() -> None:
    galaxy = Path(module.__file__).resolve().parents[3] / "galaxy.yml"
    assert yaml.safe_load(galaxy.read_text(encoding="utf-8"))["version"] == module.VERSION


def core_module(name: str, diff: bool = False, secrets: t.Iterable[str] = ()) -> mock.Mock:
    """Stands in for AnsibleModule."""
    return mock.Mock(params={}, check_mode=False, _diff=diff, _name=name, no_log_values=set(secrets))


def module_on(core: mock.Mock) -> tuple[module.LastgoodAWSModule, mock.Mock]:
    with mock.patch.object(module, "blank_is_absent", return_value=mock.Mock(return_value=core)):
        return module.LastgoodAWSModule(argument_spec={}, check_boto3=False), core


def test_a_warning_reaches_core_once_and_is_not_handed_to_exit_json() -> None:
    ours, core = module_on(core_module("ecs_rollback"))
    ours.warn("mind the gap")
    core.warn.assert_called_once_with("mind the gap")
    # What exit_json would hand over.
    assert ours._warnings == []
    assert get_collection_info()["name"] == "lastgood.aws"


HOSTILE = "no such image\x1b[2J\n[web] rolled_back: web:3 → web:1 \u202e"
TAMED = r"no such image [web] rolled_back: web:3 → web:1 \u202e"


def test_whatever_leaves_is_cleaned() -> None:
    ours, core = module_on(core_module("ecs_rollback"))
    ours.warn(HOSTILE)
    core.warn.assert_called_once_with(TAMED)
    ours.exit_json(services=[{"reason": HOSTILE, "changed": True}])
    core.exit_json.assert_called_once_with(services=[{"reason": TAMED, "changed": True}])
    ours.fail_json(HOSTILE)
    ours.fail_json(msg=HOSTILE, diagnosis={"log_tail": "one\ntwo\x07"})
    assert core.fail_json.call_args_list == [
        mock.call(TAMED),
        mock.call(msg=TAMED, diagnosis={"log_tail": "one\ntwo\\x07"}),
    ]


def test_a_secret_is_recognised_before_it_is_cleaned() -> None:
    ours, core = module_on(core_module("ecs_rollback", secrets=["a\nsecret"]))
    ours.warn("it is a\nsecret")
    ours.fail_json(msg="it is a\nsecret", reason="a\nsecret")
    core.warn.assert_called_once_with("it is ********")
    core.fail_json.assert_called_once_with(msg="it is ********", reason="VALUE_SPECIFIED_IN_NO_LOG_PARAMETER")


class Ended:
    """How it ended for one thing."""

    def __init__(self, label: str, changed: bool, failed: bool, *findings: Finding) -> None:
        self.label, self.changed, self.failed, self.findings = label, changed, failed, findings

    def as_dict(self) -> dict[str, t.Any]:
        return {"name": self.label}

    def diff(self) -> dict[str, t.Any]:
        return {"after_header": self.label}


@pytest.mark.parametrize(("failed", "diff"), [(False, False), (False, True), (True, True)])
def test_results_are_reported(failed: bool, diff: bool) -> None:
    ours, core = module_on(core_module("ecs_revision_mark", diff=diff))
    warned, told = Finding("capacity", "warn", "mind the gap"), Finding("capacity", "info", "all is well")
    results = [Ended("web", True, False, warned, told), Ended("", False, failed, warned)]
    ours.report("targets", results, {"TagResource": 1}, lambda ended: f"{len(ended)} ended")
    assert [call.args[0] for call in core.warn.call_args_list] == ["web: mind the gap", "mind the gap"]
    expected: dict[str, t.Any] = {
        "changed": True,
        "targets": [{"name": "web"}, {"name": ""}],
        "api_calls": {"TagResource": 1},
    }
    if diff:
        expected["diff"] = [{"after_header": "web"}]
    if failed:
        core.fail_json.assert_called_once_with(msg="2 ended", **expected)
    else:
        assert core.fail_json.call_args is None
        core.exit_json.assert_called_once_with(**expected)


@pytest.mark.parametrize(
    ("make", "config"),
    [
        ("client", {"connect_timeout": 10, "read_timeout": 20}),
        ("beside_client", {"connect_timeout": 2, "read_timeout": 5, "retries": {"total_max_attempts": 1}}),
        ("brief_client", {"connect_timeout": 2, "read_timeout": 5, "retries": {"total_max_attempts": 2}}),
        ("prompt_client", {"connect_timeout": 1, "read_timeout": 1, "retries": {"total_max_attempts": 1}}),
    ],
)
def test_how_long_a_request_may_take(make: str, config: dict[str, t.Any]) -> None:
    ours, _core = module_on(core_module("ecs_rollback"))
    with (
        mock.patch.object(module.AnsibleAWSModule, "client") as client,
        mock.patch.object(type(ours), "region", "eu-west-1"),
    ):
        getattr(ours, make)("ssm")
    assert client.call_args.kwargs["config"] == config
