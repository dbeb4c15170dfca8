# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running a module inside this process: the decision, how it ends, and that nothing of it stays behind."""

from __future__ import annotations

import datetime
import json
import locale
import logging
import os
import sys
import typing as t
from pathlib import Path
from types import SimpleNamespace

import botocore.session
import pytest
from ansible.errors import AnsibleActionFail
from ansible.module_utils import basic
from ansible.module_utils.common import warnings as module_warnings
from ansible.utils.unsafe_proxy import AnsibleUnsafe
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.plugins.plugin_utils import _in_process
from ansible_collections.lastgood.aws.plugins.plugin_utils._ansible_core import BEFORE_2_19
from ansible_collections.lastgood.aws.plugins.plugin_utils._in_process import (
    Circumstances,
    encode_arguments,
    exit_status,
    needs_full_names,
    preload,
    process_state,
    run_main,
    same_interpreter,
    why_not_in_process,
)

MODULE = "ansible_collections.lastgood.aws.plugins.modules.ecs_rollback"
HERE = sys.executable


@pytest.mark.parametrize(
    "now",
    [
        Circumstances(MODULE, platform="linux"),
        Circumstances(MODULE, platform="linux", wanted=True),
        Circumstances(MODULE, platform="darwin", wanted=True),
        Circumstances(MODULE, platform="linux", interpreter=""),
        Circumstances(MODULE, platform="linux", interpreter="auto_silent"),
        Circumstances(MODULE, platform="linux", interpreter="auto_legacy"),
        Circumstances(MODULE, platform="linux", interpreter=HERE),
        Circumstances(MODULE, platform="linux", environment=("AWS_REGION", "LC_ALL", "PATH", "SSL_CERT_FILE")),
    ],
)
def test_in_process(now: Circumstances) -> None:
    assert why_not_in_process(now) is None


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (Circumstances(MODULE, wanted=False), "lastgood_aws_in_process is false"),
        (Circumstances(None), "it is not a module of a collection"),
        (Circumstances("ecs_rollback"), "it is not a module of a collection"),
        (Circumstances(MODULE, connection="ssh"), "the connection is ssh, not local"),
        (Circumstances(MODULE, become=True), "become is set"),
        (Circumstances(MODULE, run_async=True), "the task is asynchronous"),
        (Circumstances(MODULE, keep_remote_files=True), "ANSIBLE_KEEP_REMOTE_FILES asks for the module's files"),
        (Circumstances(MODULE, interpreter=None), "ansible_python_interpreter asks for None"),
        (Circumstances(MODULE, interpreter="/no/python"), "ansible_python_interpreter asks for /no/python"),
        (
            Circumstances(MODULE, environment=("AWS_REGION", "LD_PRELOAD", "PYTHONPATH", "TZ")),
            "environment sets LD_PRELOAD, PYTHONPATH, TZ, which only a new process reads",
        ),
        (Circumstances(MODULE, has_boto3=False, running="/a/python"), "boto3 can't be imported by /a/python"),
        (Circumstances(MODULE, in_worker=False), "this is not one of ansible-playbook's worker processes"),
        (
            Circumstances(MODULE, core_is_known=False),
            "this ansible-core passes module results in a way we do not know",
        ),
        (Circumstances(MODULE, platform="darwin"), "this is macOS, and lastgood_aws_in_process is not set"),
        # The user's word comes first, so that the log tells what the user can change.
        (Circumstances(MODULE, wanted=False, become=True), "lastgood_aws_in_process is false"),
    ],
)
def test_in_a_process_of_its_own(now: Circumstances, reason: str) -> None:
    assert why_not_in_process(now) == reason


@pytest.fixture
def two_environments(tmp_path: Path) -> dict[str, str]:
    """Two virtual environments made from one Python, each with links of several names."""
    base = tmp_path / "base" / "python3.13"
    base.parent.mkdir()
    base.write_text("#!/bin/sh\n")
    base.chmod(0o755)
    for name in ("one", "two"):
        (tmp_path / name / "bin").mkdir(parents=True)
        (tmp_path / name / "bin" / "python").symlink_to(base)
        (tmp_path / name / "bin" / "python3").symlink_to("python")
    (tmp_path / "link-to-one").symlink_to(tmp_path / "one")
    names = {
        "base": base,
        "one": tmp_path / "one" / "bin" / "python",
        "one3": tmp_path / "one" / "bin" / "python3",
        "linked": tmp_path / "link-to-one" / "bin" / "python3",
        "two": tmp_path / "two" / "bin" / "python",
    }
    return {name: str(path) for name, path in names.items()}


@pytest.mark.parametrize(
    ("asked", "same"),
    [
        ("{one}", True),
        ("{one3}", True),
        ("{linked}", True),
        ("/usr/bin/env {one3}", True),
        ("{two}", False),
        ("{base}", False),
        ("{one}-missing", False),
        ("{one} -s", False),
    ],
)
def test_same_interpreter(two_environments: dict[str, str], asked: str, same: bool) -> None:
    assert same_interpreter(asked.format(**two_environments), two_environments["one"]) is same


def test_an_interpreter_without_a_path_is_looked_up(
    two_environments: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.path.dirname(two_environments["one"]))
    assert same_interpreter("python3", two_environments["one"])
    assert not same_interpreter("python3", two_environments["two"])


@pytest.mark.parametrize(
    ("given", "hosts", "looped", "again", "full"),
    [
        (None, 1, False, False, False),
        (None, 0, False, False, False),
        (None, 2, False, False, True),
        (None, 1, True, False, True),
        (None, 1, False, True, True),
        ("", 2, False, False, True),
        # The user's word counts.
        (False, 2, True, True, False),
        ("no", 2, False, False, False),
        (True, 2, False, False, False),
    ],
)
def test_full_names_are_asked_for(given: object, hosts: int, looped: bool, again: bool, full: bool) -> None:
    assert needs_full_names(given, hosts, looped, again) is full


@pytest.mark.parametrize(
    ("code", "status", "printed"),
    [(None, 0, ""), (0, 0, ""), (3, 3, ""), (True, 1, ""), (-1, 255, ""), ("words", 1, "words\n")],
)
def test_exit_status(capsys: pytest.CaptureFixture[str], code: object, status: int, printed: str) -> None:
    assert exit_status(code) == status
    assert capsys.readouterr().err == printed


def print_and_exit() -> None:
    print("to stdout")
    print("to stderr", file=sys.stderr)
    sys.exit(3)


def test_run_main_captures_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    output = run_main(print_and_exit)
    assert (output.rc, output.stdout, output.stderr) == (3, "to stdout\n", "to stderr\n")
    assert capsys.readouterr() == ("", "")


def crash() -> None:
    raise ValueError("nobody expected this")


def come_back() -> None:
    """Not what a module may do."""


@pytest.mark.parametrize(
    ("main", "reason"),
    [(crash, "nobody expected this"), (come_back, "New-style module did not handle its own exit.")],
)
def test_run_main_makes_a_failed_result_of_an_exception(main: t.Callable[[], None], reason: str) -> None:
    with process_state(encode_arguments({}), {}, os.getcwd()):
        output = run_main(main)
    assert output.rc == 1
    if BEFORE_2_19:
        assert output.stdout == ""
        assert output.stderr.startswith("Traceback (most recent call last):")
        assert output.stderr.splitlines()[-1].endswith(reason)
    else:
        result = json.loads(output.stdout)
        assert result["failed"] is True
        assert reason in json.dumps(result["exception"])


@pytest.mark.parametrize("exception", [KeyboardInterrupt, GeneratorExit])
def test_run_main_lets_pass_what_is_not_the_modules_business(exception: type[BaseException]) -> None:
    def main() -> None:
        raise exception

    with pytest.raises(exception):
        run_main(main)


SPEC = {
    "cluster": {"type": "str", "required": True, "aliases": ["c"]},
    "number": {"type": "int", "default": 7},
    "file": {"type": "path"},
    "items": {"type": "list", "elements": "int"},
    "token": {"type": "str", "no_log": True},
    "fallback": {"type": "str", "no_log": True, "fallback": (basic.env_fallback, ["A_SECRET"])},
    "kept": {"type": "str", "no_log": True, "default": "default-secret"},
    "nested": {"type": "dict", "options": {"key": {"type": "str", "choices": ["a", "b"]}}},
}
RULES: dict[str, t.Any] = {
    "mutually_exclusive": [("number", "file")],
    "required_if": [("cluster", "prod", ["token"])],
    "required_together": [("items", "token")],
    "required_by": {"nested": ["items"]},
    "supports_check_mode": True,
}


@pytest.mark.parametrize(
    "arguments",
    [
        {"cluster": "web"},
        {"c": "web", "items": ["1", "2"], "token": "the-secret-token", "nested": {"key": "a"}},
        {"cluster": "web the-secret-token", "token": "the-secret-token", "items": "3"},
        {},
        {"cluster": "web", "number": "seven"},
        {"cluster": "web", "number": 1, "file": "/a"},
        {"cluster": "prod"},
        {"cluster": "web", "items": [1]},
        {"cluster": "web", "nested": {"key": "c"}},
        {"cluster": "web", "nested": {"other": "c"}},
        {"cluster": "web", "nested": {"key": "a"}},
        {"cluster": "web", "clutser": "x"},
        {"cluster": "web", "_ansible_check_mode": True, "_ansible_diff": True, "_ansible_verbosity": 3},
        {"cluster": "web", "_ansible_no_log": True, "_ansible_module_name": "lastgood.aws.ecs_rollback"},
    ],
    ids=str,
)
def test_the_module_class_does_what_ansible_module_does(arguments: dict[str, t.Any]) -> None:
    def main_of(module_class: type[basic.AnsibleModule]) -> t.Callable[[], None]:
        def main() -> None:
            module = module_class(argument_spec={name: dict(option) for name, option in SPEC.items()}, **RULES)
            seen = (module._name, module.check_mode, module._diff, module._verbosity, module.no_log)
            module.exit_json(
                seen=seen, params=module.params, leak=f"a-secret, {module.params['token']}, default-secret"
            )

        return main

    outputs = []
    for module_class in (basic.AnsibleModule, _in_process._WorkerModule):
        with process_state(encode_arguments(arguments), {"A_SECRET": "a-secret"}, os.getcwd()):
            outputs.append(run_main(main_of(module_class)))
    assert outputs[0] == outputs[1]
    result = json.loads(outputs[1].stdout)
    assert ("msg" in result) is (outputs[1].rc == 1)
    assert "secret" not in result.get("leak", "")


def test_arguments_arrive_as_ansiballz_sends_them() -> None:
    encoded = encode_arguments({"day": datetime.date(2026, 3, 1), "list": (1, None), "text": "ü"})
    assert json.loads(encoded) == {"ANSIBLE_MODULE_ARGS": {"day": "2026-03-01", "list": [1, None], "text": "ü"}}


def test_nothing_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANGED", "before")
    monkeypatch.setenv("REMOVED", "before")
    endpoint = logging.getLogger("botocore.endpoint")

    def state() -> tuple[t.Any, ...]:
        return (
            dict(os.environ),
            os.getcwd(),
            locale.setlocale(locale.LC_ALL),
            basic._ANSIBLE_ARGS,
            getattr(basic, "_ANSIBLE_PROFILE", None),
            dict(AnsibleAWSModule.default_settings),
            _in_process._WorkerModule.latest,
            list(module_warnings._global_warnings),
            list(module_warnings._global_deprecations),
            (endpoint.level, list(endpoint.handlers), endpoint.propagate),
            botocore.session.create_loader,
        )

    def main() -> None:
        assert os.environ["CHANGED"] == "inside"
        assert os.getcwd() == str(tmp_path)
        module = AnsibleAWSModule(argument_spec={}, check_boto3=False)
        assert module._module is _in_process._WorkerModule.latest
        assert endpoint.level == logging.DEBUG
        module.warn("a warning")
        del os.environ["REMOVED"]
        os.environ["ADDED"] = "inside"
        os.chdir("/")
        crash()

    _in_process._models.read("sts")
    before = state()
    with pytest.raises(ValueError, match="nobody"):  # noqa: SIM117
        with process_state(
            encode_arguments({"debug_botocore_endpoint_logs": True}), {"CHANGED": "inside"}, str(tmp_path)
        ):
            main()
    assert state() == before


def test_logs_of_libraries_stay_out_of_ansibles_log(caplog: pytest.LogCaptureFixture) -> None:
    # caplog listens where ANSIBLE_LOG_PATH's handler does: at the root.
    with process_state(encode_arguments({}), {}, os.getcwd()):
        logging.getLogger("botocore.endpoint").warning("X-Amz-Security-Token: secret")
        logging.getLogger("urllib3.connectionpool").warning("retrying")
    assert caplog.text == ""


def test_models_are_shared_while_they_are_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DATA_PATH", raising=False)

    def loader() -> t.Any:
        return botocore.session.Session().get_component("data_loader")

    models = _in_process.SharedModels()
    with models.in_use():
        assert loader() is not loader()
    models.read("sts")
    with models.in_use():
        assert loader() is loader()
        monkeypatch.setenv("AWS_DATA_PATH", "/somewhere")
        assert loader() is not loader()
        monkeypatch.delenv("AWS_DATA_PATH")
    assert loader() is not loader()


def test_preload_imports_the_module_and_does_not_run_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a_preloaded_module.py").write_text("runs = 0\n\ndef main():\n    global runs\n    runs += 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    preload("a_preloaded_module")
    assert sys.modules["a_preloaded_module"].runs == 0
    module = _in_process._fresh("a_preloaded_module")
    module.main()
    assert module.runs == 1
    assert _in_process._fresh("a_preloaded_module").runs == 0


def test_preload_leaves_it_to_the_module_to_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a_broken_module.py").write_text("import there_is_no_such_library\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    preload("a_broken_module")
    preload("there_is_no_such_module")
    preload("json", "there-is-no-such-service")
    with pytest.raises(ImportError, match="there_is_no_such_library"):
        _in_process._fresh("a_broken_module")


class Screen:
    """Stands in for Display."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, bool]] = []

    def display(self, line: str, stderr: bool = False) -> None:
        self.lines.append((line, stderr))


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Screen]:
    screen = Screen()
    monkeypatch.setattr(_in_process, "display", screen)
    yield screen
    progress.install(_in_process.ignore, os.getppid())


def test_progress_goes_to_stderr_without_secrets(screen: Screen) -> None:
    progress.install(_in_process.Lines().show, os.getppid())
    progress.say("before the module has read its options\n\x1b[2J[web] rolled_back")
    with process_state(encode_arguments({"token": "the-secret-token"}), {}, os.getcwd()):
        _in_process._WorkerModule(argument_spec={"token": {"type": "str", "no_log": True}})
        progress.say("[web] the-secret-token was used")
    assert screen.lines == [
        ("before the module has read its options [web] rolled_back", True),
        ("[web] ******** was used", True),
    ]


def test_a_secret_is_recognised_before_the_line_is_cleaned(screen: Screen) -> None:
    progress.install(_in_process.Lines().show, os.getppid())
    with process_state(encode_arguments({"token": "a\nsecret"}), {}, os.getcwd()):
        _in_process._WorkerModule(argument_spec={"token": {"type": "str", "no_log": True}})
        progress.say("it is a\nsecret")
    assert screen.lines == [("it is ********", True)]


FAILED = "[web] failed: web:1 does not come up"


@pytest.mark.parametrize(
    ("said", "message", "shown"),
    [
        # Ansible prints the message of the module, which is the same.
        (["[web] 0/2 on web:1", FAILED], FAILED, ["[web] 0/2 on web:1"]),
        # One of several: the message of the module counts them.
        ([FAILED, "[api] rolled_back: api:2 → api:1"], "2 services: …", [FAILED, "[api] rolled_back: api:2 → api:1"]),
        (["[api] rolled_back: api:2 → api:1", FAILED], "2 services: …", ["[api] rolled_back: api:2 → api:1", FAILED]),
        # Too few failed to fail the module.
        ([FAILED], "", [FAILED]),
        (["[web] rolled_back: web:2 → web:1"], "", ["[web] rolled_back: web:2 → web:1"]),
    ],
)
def test_a_failure_is_told_once(screen: Screen, said: list[str], message: str, shown: list[str]) -> None:
    lines = _in_process.Lines()
    progress.install(lines.show, os.getppid())
    for line in said:
        progress.say(line)
    lines.end(message)
    assert [line for line, _stderr in screen.lines] == shown
    assert lines.last == shown[-1]


def test_a_refusal_is_told_when_it_is_known_and_not_again(screen: Screen) -> None:
    lines = _in_process.Lines()
    progress.install(lines.show, os.getppid())
    progress.say("[gone] refused: there is none. Nothing was written")
    progress.say("[web] rolled_back: web:2 → web:1")
    progress.say("[gone] refused: there is none. gone was not changed")
    lines.end("2 services: …")
    assert [line for line, _stderr in screen.lines] == [
        "[gone] refused: there is none. Nothing was written",
        "[web] rolled_back: web:2 → web:1",
    ]


def test_what_has_not_changed_is_a_short_sign_of_life(screen: Screen) -> None:
    progress.install(_in_process.Lines().show, os.getppid())
    for line in ("[web] 1/4 on web:41, 4 on web:43, 9 s", "[api] 1/4 on web:41, 4 on web:43, 9 s"):
        progress.say(line)
    progress.say("[web] 1/4 on web:41, 4 on web:43, 34 s")
    progress.say("[web] 2/4 on web:41, 4 on web:43, 38 s")
    progress.say("[web] rolled_back: web:43 → web:41 in 74 s")
    assert [line for line, _stderr in screen.lines][2:] == [
        "[web] no change, 34 s",
        "[web] 2/4 on web:41, 4 on web:43, 38 s",
        "[web] rolled_back: web:43 → web:41 in 74 s",
    ]


def test_lines_advise_in_the_words_of_the_role(screen: Screen) -> None:
    progress.install(_in_process.Lines().show, os.getppid())
    with process_state(encode_arguments({}), {"LASTGOOD_AWS_VARIABLES": "rollback_"}, os.getcwd()):
        _in_process._WorkerModule(argument_spec={"steps_back": {"type": "int"}})
        progress.say("give steps_back or force: [again]")
    assert screen.lines == [("give rollback_steps_back or -e rollback_force=again", True)]


@pytest.mark.parametrize(("become", "of_sudo"), [(True, True), (False, False)])
def test_a_silent_step_says_why(become: bool, of_sudo: bool) -> None:
    told = _in_process.unseen("become is set" if become else "the task is asynchronous", become)
    assert told.startswith("Nothing is shown until this step ends, because ")
    assert ("sudo drops AWS_PROFILE" in told) is of_sudo


def test_the_roles_last_step_fails_in_place_of_a_quiet_one() -> None:
    told = _in_process.not_told({"failed": True, "msg": "no", "exception": "…", "services": []}, "[web] 0/2")
    assert told == {"failed": False, "ended_badly": True, "msg": "no", "services": [], "last_line": "[web] 0/2"}
    assert _in_process.not_told({"changed": True}, "")["ended_badly"] is False


@pytest.mark.parametrize("key", ["msg", "reason", "warnings"])
def test_what_a_module_left_behind_is_cleaned_and_no_template(key: str) -> None:
    result = _in_process.cleaned({key: "one\n\x1b[1m{{ 1 + 1 }}", "exception": "one\ntwo", "rc": 1})
    assert result == {key: "one {{ 1 + 1 }}", "exception": "one\ntwo", "rc": 1}
    if BEFORE_2_19:
        assert isinstance(result[key], AnsibleUnsafe)


def test_progress_is_hidden_by_no_log_and_when_nobody_is_left(screen: Screen) -> None:
    progress.install(_in_process.ignore, os.getppid())
    progress.say("hidden")
    assert not progress.orphaned()
    progress.install(_in_process.Lines().show, os.getppid() + 1)
    progress.say("nobody is left")
    assert progress.orphaned()
    assert screen.lines == []


def test_without_amazon_aws_the_task_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_in_process, "HAS_AMAZON_AWS", False)
    action = object.__new__(_in_process.InProcessAction)
    action._task = SimpleNamespace(action="lastgood.aws.ecs_rollback")
    with pytest.raises(AnsibleActionFail, match="ecs_rollback needs the collection amazon"):
        action.run(None, {})


def test_this_ansible_core_is_known() -> None:
    assert _in_process._core_is_known()
