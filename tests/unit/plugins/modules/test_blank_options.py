# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Null, empty and absent mean the same for each option of each module, as the module itself reads them."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import typing as t
from pathlib import Path
from unittest import mock

import pytest
from ansible.module_utils import basic

from ansible_collections.lastgood.aws.plugins.module_utils._aws import module as aws_module

COLLECTION = "ansible_collections.lastgood.aws.plugins"
FILES = (Path(aws_module.__file__).parents[2] / "modules").glob("*.py")
# That one has an action plugin only.
MODULES = sorted(path.stem for path in FILES if not path.stem.startswith("role_"))
BLANKS: tuple[t.Any, ...] = (None, "", " \t")
# Something that each type takes.
SAMPLES = {"str": "x", "raw": "x", "path": "/x", "list": ["x"], "int": 1, "bool": True}

Spec = dict[str, dict[str, t.Any]]
Arguments = dict[str, t.Any]


class Begun(BaseException):
    """The module makes its AnsibleModule, of which this is the argument spec."""


class Parsed(BaseException):
    """The module has read its options, which are these."""


def spec_of(name: str) -> Spec:
    """All options of a module, those of amazon.aws among them."""

    def stop(_self: basic.AnsibleModule, argument_spec: Spec, **_kwargs: t.Any) -> t.NoReturn:
        raise Begun(argument_spec)

    with mock.patch.object(basic.AnsibleModule, "__init__", stop), pytest.raises(Begun) as begun:
        importlib.import_module(f"{COLLECTION}.modules.{name}").main()
    spec: Spec = begun.value.args[0]
    return spec


def outcome(name: str, arguments: Arguments) -> Arguments | str:
    """The options as the module goes on with them, or why it refuses them."""
    begin = basic.AnsibleModule.__init__

    def stop(self: basic.AnsibleModule, *args: t.Any, **kwargs: t.Any) -> t.NoReturn:
        begin(self, *args, **kwargs)
        raise Parsed(self.params)

    printed = io.StringIO()
    internal = {"_ansible_check_mode": True, "_ansible_tmpdir": None, "_ansible_shell_executable": ""}
    encoded = json.dumps({"ANSIBLE_MODULE_ARGS": {**arguments, **internal}}).encode()
    with (
        mock.patch.object(basic, "_ANSIBLE_ARGS", encoded),
        mock.patch.object(basic, "_ANSIBLE_PROFILE", "legacy", create=True),
        mock.patch.object(basic.AnsibleModule, "__init__", stop),
        contextlib.redirect_stdout(printed),
        pytest.raises((Parsed, SystemExit)) as ended,
    ):
        importlib.import_module(f"{COLLECTION}.modules.{name}").main()
    if isinstance(ended.value, Parsed):
        params: Arguments = ended.value.args[0]
        return params
    return str(json.loads(printed.getvalue())["msg"])


def needed(spec: Spec) -> Arguments:
    """The least that a module wants to be given."""
    return {
        option: (attributes.get("choices") or [SAMPLES[attributes["type"]]])[0]
        for option, attributes in spec.items()
        if attributes.get("required")
    }


# Of these options each needs one.
ONE_OF = {"autoscaling_suspend": {"service": ["web"]}, "codedeploy_content_guard": {"paths": ["/x"]}}


@pytest.mark.parametrize("name", MODULES)
def test_blank_is_absent_for_each_option(name: str) -> None:
    spec = spec_of(name)
    full = {**needed(spec), **ONE_OF.get(name, {})}
    assert isinstance(outcome(name, full), dict)
    for option, attributes in spec.items():
        rest = {other: value for other, value in full.items() if other != option}
        absent = outcome(name, rest)
        for blank in BLANKS:
            assert outcome(name, {**rest, option: blank}) == absent, (option, blank)
            for alias in attributes.get("aliases", ()):
                assert outcome(name, {**rest, alias: blank}) == absent, (alias, blank)


@pytest.mark.parametrize(
    ("name", "option"),
    [(name, option) for name in MODULES for option, attributes in spec_of(name).items() if attributes.get("options")],
)
def test_blank_is_absent_for_each_suboption(name: str, option: str) -> None:
    spec = spec_of(name)
    attributes = spec[option]
    inner: Spec = attributes["options"]
    full = needed(inner)
    for suboption in inner:
        rest = {other: value for other, value in full.items() if other != suboption}
        results = []
        for given in (rest, *({**rest, suboption: blank} for blank in BLANKS)):
            value = [given] if attributes["type"] == "list" else given
            results.append(outcome(name, {**needed(spec), option: value}))
        assert results == [results[0]] * len(results), suboption


def test_all_blank_is_all_absent() -> None:
    for name in MODULES:
        spec = spec_of(name)
        full = {**needed(spec), **ONE_OF.get(name, {})}
        for blank in BLANKS:
            assert outcome(name, {**dict.fromkeys(spec, blank), **full}) == outcome(name, full), name


def test_what_is_not_blank_stays() -> None:
    found = outcome("ecs_rollback", {"service": ["web"], "tasks": 0, "mark": False, "rollback_events": []})
    assert isinstance(found, dict)
    assert (found["tasks"], found["mark"], found["rollback_events"]) == (0, False, [])
    # Data, in which nothing is an option.
    results = [{"service": "web", "reason": "", "target": None}]
    found = outcome("rollback_notify", {"topic_arn": "x", "results": results})
    assert isinstance(found, dict)
    assert found["results"] == results


def test_null_in_a_list_is_no_name() -> None:
    found = outcome("ecs_rollback", {"service": ["web", None]})
    assert isinstance(found, dict)
    assert found["service"] == ["web", ""]
