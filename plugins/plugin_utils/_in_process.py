# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Runs a module of this collection inside ansible-playbook's worker process.

The ordinary way packs a module into a zip, starts a Python for it, and that Python imports boto3 again: about 0.8 s for
each task, and silence until the module ends. Here the module's own ``main()`` is called in the worker, which
ansible-playbook forks for each task anyway. The module does not notice: it gets its arguments where AnsiballZ puts
them, prints its JSON result to a stdout that is captured, and ends with ``SystemExit``. What it printed then goes
through the same parser as the output of a module process. (ansible.netcommon's ``import_modules`` does the same, and
ansible-core keeps a door open for it: ``AnsibleModule._record_module_result``.)
"""

from __future__ import annotations

import contextlib
import copy
import functools
import importlib
import inspect
import io
import json
import locale
import logging
import multiprocessing
import os
import re
import shutil
import sys
import traceback
import typing as t
from dataclasses import dataclass

from ansible import constants as C
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils import basic
from ansible.module_utils.common import json as core_json
from ansible.module_utils.common import warnings as module_warnings
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import wrap_var
from ansible.vars import clean

try:
    import botocore.session

    from ansible_collections.lastgood.aws.plugins.plugin_utils._models import OneByOne, quick_handlers
except ImportError:
    pass  # HAS_BOTO3 is then false, and the module gets its own process.

# ansible-playbook imports this in its own process, so an error here would end it with a stack trace.
try:
    from ansible_collections.amazon.aws.plugins.module_utils.botocore import HAS_BOTO3
    from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

    HAS_AMAZON_AWS = True
except ImportError:
    HAS_AMAZON_AWS = False

from ansible_collections.lastgood.aws.plugins.module_utils._core import called, outcomes, progress, text
from ansible_collections.lastgood.aws.plugins.plugin_utils import (  # pylint: disable=unused-import
    _compiled,  # noqa: F401
    _last_words,
    _whole_lines,
)
from ansible_collections.lastgood.aws.plugins.plugin_utils._ansible_core import BEFORE_2_19

display = Display()

OPT_OUT: t.Final = "lastgood_aws_in_process"
# Variables that the roles of this collection set for their steps. The prefix of the role's variables:
_VARIABLES: t.Final = "__lastgood_variables"
# True if the role's last step says how it ended, so that this one must not, too.
_QUIET: t.Final = "__lastgood_quiet"
_AUTOMATIC_INTERPRETERS: t.Final = ("", "auto", "auto_silent", "auto_legacy", "auto_legacy_silent")
# A process reads these only when it starts, so setting them later would silently do nothing.
_START_ONLY_PREFIXES: t.Final = ("PYTHON", "LD_", "DYLD_")
_START_ONLY_VARIABLES: t.Final = ("OPENSSL_CONF", "TZ")
# These log request headers, security tokens included, at levels that end up in Ansible's own log file.
_CHATTY_LOGGERS: t.Final = ("boto3", "botocore", "botocore.endpoint", "urllib3")
# How the line about a service begins that ended badly.
_A_BAD_END: t.Final = re.compile(rf"\[\S+\] (?:{'|'.join(outcomes.ENDED_BADLY)}): ")
# The serialization profile of every module that is not part of ansible-core.
_PROFILE: t.Final = "legacy"
try:
    _ansiballz: t.Any = importlib.import_module("ansible.module_utils._internal._ansiballz._loader")
except ImportError:
    _ansiballz = None  # Before 2.19 an exception that a module does not catch was left to Python.


@dataclass(frozen=True)
class Circumstances:
    """What decides whether a module may run inside the worker process.

    ``module`` is the Python name of the module, None if there is none. ``wanted`` is the user's variable
    ``lastgood_aws_in_process``, None if not set. ``interpreter`` is the one configured for the target (a path, a name,
    or an ``auto`` mode), None if unknown. ``environment`` has the names that the task's ``environment:`` sets.
    """

    module: str | None
    wanted: bool | None = None
    connection: str = "local"
    become: bool = False
    run_async: bool = False
    keep_remote_files: bool = False
    interpreter: str | None = "auto"
    running: str = sys.executable
    environment: tuple[str, ...] = ()
    has_boto3: bool = True
    in_worker: bool = True
    core_is_known: bool = True
    platform: str = sys.platform


def why_not_in_process(now: Circumstances) -> str | None:
    """Why the module needs its own process; None if it may run in the worker."""
    start_only = [name for name in now.environment if _needs_a_new_process(name)]
    reasons = (
        (now.wanted is False, f"{OPT_OUT} is false"),
        (not (now.module or "").startswith("ansible_collections."), "it is not a module of a collection"),
        (now.connection != "local", f"the connection is {now.connection}, not local"),
        (now.become, "become is set"),
        (now.run_async, "the task is asynchronous"),
        (now.keep_remote_files, "ANSIBLE_KEEP_REMOTE_FILES asks for the module's files"),
        (not _runs_here(now), f"ansible_python_interpreter asks for {now.interpreter}"),
        (bool(start_only), f"environment sets {', '.join(start_only)}, which only a new process reads"),
        (not now.has_boto3, f"boto3 can't be imported by {now.running}"),
        (not now.in_worker, "this is not one of ansible-playbook's worker processes"),
        (not now.core_is_known, "this ansible-core passes module results in a way we do not know"),
        # macOS kills a forked child that asks the system for its proxies: see docs/in-process.md.
        (now.platform == "darwin" and not now.wanted, f"this is macOS, and {OPT_OUT} is not set"),
    )
    return next((reason for applies, reason in reasons if applies), None)


def _needs_a_new_process(name: str) -> bool:
    return name in _START_ONLY_VARIABLES or name.startswith(_START_ONLY_PREFIXES)


def _runs_here(now: Circumstances) -> bool:
    if now.interpreter is None:
        return False
    return now.interpreter in _AUTOMATIC_INTERPRETERS or same_interpreter(now.interpreter, now.running)


def same_interpreter(asked: str, running: str) -> bool:
    """Whether both paths (or names in PATH) are one Python with one set of packages.

    A virtual environment's python is a link to the Python that it was made from, so the link's target alone says
    nothing about packages: the directory must be the same too.
    """
    path = shutil.which(asked.removeprefix("/usr/bin/env ").strip())
    if path is None:
        return False
    if os.path.abspath(path) == os.path.abspath(running):
        return True
    return _directory(path) == _directory(running) and os.path.realpath(path) == os.path.realpath(running)


def _directory(path: str) -> str:
    return os.path.realpath(os.path.dirname(os.path.abspath(path)))


def needs_full_names(given: object, hosts: int, looped: bool, again: bool) -> bool:
    """Whether lines of several calls might not tell services of the same name apart.

    ``given`` is the user's word. ``looped``: the task, or its role, is in a loop. ``again``: a role of ours was used in
    this run before.
    """
    return given in (None, "") and (hosts > 1 or looped or again)


def exit_status(code: object) -> int:
    """The exit status of a process after ``sys.exit(code)``. A code that is not a number is printed to stderr."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


class SharedModels:
    """The API models of AWS services, read once.

    boto3 reads and parses a service's models from disk for each session, and amazon.aws opens a session for each
    client: 50 to 80 ms a client, 10 ms with the models in memory. botocore itself shares one loader among all clients
    of a session. This is the default loader: with AWS_DATA_PATH, a session makes its own as usual.
    """

    def __init__(self) -> None:
        self._loader: t.Any = None
        self._services: set[str] = set()

    def read(self, service: str) -> None:
        """Read everything a client of the service needs, by creating and discarding one. No request is sent."""
        if service in self._services:
            return
        self._services.add(service)
        if self._loader is None:
            self._loader = OneByOne()
        session = botocore.session.Session()
        session.register_component("data_loader", self._loader)
        # With explicit keys, no credentials are looked up, which could send a request.
        with quick_handlers():
            session.create_client(service, region_name="us-east-1", aws_access_key_id="-", aws_secret_access_key="-")

    @contextlib.contextmanager
    def in_use(self) -> t.Iterator[None]:
        """Sessions opened in this context use the models from here."""
        create_loader = getattr(botocore.session, "create_loader", None)
        if self._loader is None or create_loader is None:
            yield
            return

        def shared_loader(search_path_string: str | None = None) -> t.Any:
            return self._loader if search_path_string is None else create_loader(search_path_string)

        botocore.session.create_loader = shared_loader
        try:
            with quick_handlers():
                yield
        finally:
            botocore.session.create_loader = create_loader


_models = SharedModels()


def preload(module_name: str, *services: str) -> None:
    """Import a module, with boto3 behind it, and read the models of the AWS services it uses.

    Call this when an action plugin is imported: ansible-playbook does that in its own process, before it forks the
    worker for the task, so every worker has it all in memory. The module is not run, so there is no state to leak.
    ``services`` are botocore's names. Any error here will occur again when the module runs, and is reported then.
    """
    _last_words.stand_by()
    with contextlib.suppress(Exception):
        importlib.import_module(module_name)
        for service in services:
            _models.read(service)


@dataclass
class Output:
    """What a process left behind: its exit status and everything it printed."""

    rc: int = 0
    stdout: str = ""
    stderr: str = ""


def run_main(main: t.Callable[[], object]) -> Output:
    """Call a module's ``main`` and end as a separate process would.

    An exception becomes what AnsiballZ makes of it. Anything that is not an ``Exception`` (KeyboardInterrupt, the
    task's timeout) passes through.
    """
    stdout, stderr = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        rc = exit_status(_ending(main))
    return Output(rc, stdout.getvalue(), stderr.getvalue())


def _ending(main: t.Callable[[], object]) -> object:
    """What ``sys.exit`` was finally called with."""
    try:
        _call(main)
    except SystemExit as exc:
        return exc.code


def _call(main: t.Callable[[], object]) -> t.NoReturn:
    try:
        main()
        raise RuntimeError("New-style module did not handle its own exit.")
    except Exception as exc:  # noqa: BLE001
        if _ansiballz is not None:
            _ansiballz._handle_exception(exc, _PROFILE)
        traceback.print_exc()
        sys.exit(1)


class _WorkerModule(basic.AnsibleModule):
    """AnsibleModule, but known to the action plugin, which must keep its secrets out of progress lines."""

    latest: t.ClassVar[_WorkerModule | None] = None

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        # Not type(self): modules subclass this.
        _WorkerModule.latest = self
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]


class Lines:
    """The lines of progress of one step.

    They go to stderr, so that the output of a JSON callback on stdout stays parseable. A line that says how one service
    failed is held back until something follows: Ansible says the same in a moment, if it was the only one. A line in
    which only the seconds have changed becomes a short sign of life.
    """

    def __init__(self) -> None:
        self.last = ""
        self._held = ""
        self._latest: dict[str, str] = {}
        self._ends: set[str] = set()

    def show(self, line: str) -> None:
        """Show a line at once, without the values of the running module's no_log options."""
        # If ansible-playbook is gone, nobody empties its queue, and writing to it would block forever.
        if progress.orphaned():
            return
        module = _WorkerModule.latest
        secrets = module.no_log_values if module else ()
        line = called.worded(remove_values(line, secrets), module.argument_spec if module else (), called.prefix())
        line = text.line(line)
        if _A_BAD_END.match(line):
            # A refusal is known when the plan is made, and stays one to the end.
            end = line.rpartition(". ")[0] or line
            if end not in self._ends:
                self._let_go()
                self._held = line
            self._ends.add(end)
        else:
            self._let_go()
            self._display(self._shortened(line))

    def _shortened(self, line: str) -> str:
        label, _space, rest = line.partition(" ")
        same, _comma, time = rest.rpartition(", ")
        if not (label.startswith("[") and re.fullmatch(r"\d+ s", time)):
            return line
        before, self._latest[label] = self._latest.get(label), same
        return f"{label} no change, {time}" if before == same else line

    def end(self, message: str) -> None:
        """The step has ended with this message, which Ansible shows; empty if it has ended well."""
        if self._held and self._held != message:
            self._let_go()
        self._held = ""

    def _let_go(self) -> None:
        if self._held:
            self._display(self._held)
        self._held = ""

    def _display(self, line: str) -> None:
        self.last = line
        with _whole_lines.line():
            display.display(line, stderr=True)


def keep(note: t.Mapping[str, t.Any]) -> None:
    """Keep a note for the last line, without the values of the running module's no_log options."""
    module = _WorkerModule.latest
    secrets = module.no_log_values if module else ()
    _last_words.write(t.cast("dict[str, t.Any]", remove_values(dict(note), secrets)))


def ignore(line: t.Any) -> None:
    """Discard progress lines and notes: for a task with no_log."""


@contextlib.contextmanager
def process_state(arguments: bytes, environment: t.Mapping[str, str], directory: str) -> t.Iterator[None]:
    """Make this process look like a module process, and restore everything at the end.

    A worker is forked for each task, but all items of a ``loop`` run in the same one.
    """
    with contextlib.ExitStack() as stack:
        stack.callback(_restore_environment, dict(os.environ))
        os.environ.update(environment)
        stack.callback(os.chdir, os.getcwd())
        os.chdir(directory)
        # AnsibleModule sets the locale that the environment asks for.
        stack.callback(locale.setlocale, locale.LC_ALL, locale.setlocale(locale.LC_ALL))
        for name in ("_ANSIBLE_ARGS", "_ANSIBLE_PROFILE"):
            stack.callback(setattr, basic, name, getattr(basic, name, None))
        basic._ANSIBLE_ARGS = arguments  # pylint: disable=protected-access
        basic._ANSIBLE_PROFILE = _PROFILE  # pylint: disable=protected-access
        _forget_warnings()
        stack.callback(_forget_warnings)
        stack.callback(AnsibleAWSModule.default_settings.update, AnsibleAWSModule.default_settings.copy())
        AnsibleAWSModule.default_settings["module_class"] = _WorkerModule
        stack.callback(setattr, _WorkerModule, "latest", None)
        for name in _CHATTY_LOGGERS:
            logger = logging.getLogger(name)
            for setting in ("propagate", "level", "handlers"):
                stack.callback(setattr, logger, setting, copy.copy(getattr(logger, setting)))
            logger.propagate = False
        stack.enter_context(_models.in_use())
        yield


def _restore_environment(saved: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(saved)


def _forget_warnings() -> None:
    # Before ansible-core 2.19 a module's warnings collect in lists that live as long as the process.
    for name in ("_global_warnings", "_global_deprecations"):
        getattr(module_warnings, name).clear()


class InProcessAction(NormalAction):
    """The action plugin of all modules of this collection: in the worker process if possible, else as usual.

    A module opts in with an action plugin of its own name that subclasses this one. (A single plugin for all of them,
    named by ``plugin_routing``, would be found only in the worker, too late to :func:`preload`.)
    """

    # Whether the module has the option ``full_names``.
    tells_names = False
    # Whether the module goes on for so long that progress is missed.
    shows_progress = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        if not HAS_AMAZON_AWS:
            raise AnsibleActionFail(
                f"{self._task.action} needs the collection amazon.aws, which is not installed for {sys.executable}: "
                "ansible-galaxy collection install amazon.aws"
            )
        self._ask_for_full_names(task_vars)
        self._say_how_it_was_called(task_vars)
        module = self._module_name()
        reason = why_not_in_process(self._circumstances(module, task_vars))
        quiet = bool(task_vars.get(_QUIET))
        if reason:
            host = task_vars.get("inventory_hostname")
            display.vvv(f"{self._task.action} runs in a process of its own: {reason}", host=host)
            if self.shows_progress and self._wanted(task_vars) is not False:
                display.warning(unseen(reason, self._connection.become is not None))
            with self._unheard(module or "", host or "") as told:
                told.update(cleaned(super().run(tmp, task_vars)))  # type: ignore[no-untyped-call]
            return not_told(told, "") if quiet else told
        # Not NormalAction's run: this is what that does before it runs the module.
        result: dict[str, t.Any] = ActionBase.run(self, tmp, task_vars)
        lines = Lines()
        result.update(self._run_in_worker(t.cast(str, module), task_vars, lines))
        return not_told(cleaned(result), lines.last) if quiet else cleaned(result)

    def _say_how_it_was_called(self, task_vars: t.Mapping[str, t.Any]) -> None:
        """To the module, in its environment, whichever process it runs in."""
        role = task_vars.get(_VARIABLES)
        if role:
            self._task.environment = [*(self._task.environment or ()), {called.VARIABLE: str(role)}]

    @contextlib.contextmanager
    def _unheard(self, module: str, host: str) -> t.Iterator[dict[str, t.Any]]:
        """Cover a module in its own process, which cannot tell us what it does. Yields the dictionary for its
        result.
        """
        key, result = f"step {host}", dict[str, t.Any]()
        step = f"What the step '{self._task.get_name()}' has written so far is not known here"
        writes = not self._task.check_mode and not self._task.no_log and not module.endswith("_info")
        if writes:
            _last_words.write({"key": key, "unknown": step})
        try:
            yield result
        except Exception:
            # Ctrl-C is none of these; it remains unknown then.
            _last_words.write({"key": key})
            raise
        _last_words.write({"key": key})
        if writes:
            for item in result.get("targets") or () if module.endswith(".autoscaling_suspend") else ():
                _last_words.write({"key": key, "target": item, "region": self._task.args.get("region") or ""})

    def _ask_for_full_names(self, task_vars: dict[str, t.Any]) -> None:
        arguments = self._task.args
        hosts, looped = len(task_vars.get("ansible_play_hosts_all", ())), "ansible_loop_var" in task_vars
        again = any(f"__{role}_published" in task_vars for role in ("rollback", "deploy", "history"))
        if self.tells_names and needs_full_names(arguments.get("full_names"), hosts, looped, again):
            self._task.args = {**arguments, "full_names": True}

    def _module_name(self) -> str | None:
        found = self._shared_loader_obj.module_loader.find_plugin_with_context(
            self._task.action, collection_list=self._task.collections
        )
        return t.cast("str | None", found.plugin_resolved_name)

    def _circumstances(self, module: str | None, task_vars: dict[str, t.Any]) -> Circumstances:
        return Circumstances(
            module=module,
            wanted=self._wanted(task_vars),
            connection=self._connection.transport,
            become=self._connection.become is not None,
            run_async=bool(self._task.async_val),
            keep_remote_files=C.config.get_config_value("DEFAULT_KEEP_REMOTE_FILES"),
            interpreter=self._configured_interpreter(task_vars),
            environment=tuple(sorted(self._module_environment())),
            has_boto3=HAS_BOTO3,
            in_worker=_parent_pid() is not None,
            core_is_known=_core_is_known(),
        )

    def _wanted(self, task_vars: dict[str, t.Any]) -> bool | None:
        value = self._templar.template(task_vars.get(OPT_OUT))
        if value is None or value == "":
            return None
        try:
            return t.cast(bool, boolean(value))
        except TypeError as exc:
            raise AnsibleActionFail(f"The variable {OPT_OUT} must be true or false, not {value!r}.") from exc

    def _configured_interpreter(self, task_vars: dict[str, t.Any]) -> str | None:
        target_vars = task_vars
        if self._task.delegate_to:
            target_vars = task_vars.get("ansible_delegated_vars", {}).get(self._task.delegate_to, {})
        try:
            configured = C.config.get_config_value("INTERPRETER_PYTHON", variables=target_vars)
            return str(self._templar.template(configured) or "auto").strip()
        except AnsibleError:
            return None  # The usual way reports what is wrong with it.

    def _module_environment(self) -> dict[str, str]:
        environment: dict[str, t.Any] = {}
        self._compute_environment_string(environment)
        return {str(name): str(value) for name, value in environment.items()}

    def _run_in_worker(self, module: str, task_vars: dict[str, t.Any], lines: Lines) -> dict[str, t.Any]:
        arguments = dict(self._task.args)
        self._update_module_args(self._task.action, arguments, task_vars)
        told, kept = (ignore, ignore) if self._task.no_log else (lines.show, keep)
        progress.install(told, t.cast(int, _parent_pid()), kept)
        state = process_state(encode_arguments(arguments), self._module_environment(), self._loader.get_basedir())
        with _whole_lines.kept():
            with state:
                output = run_main(lambda: _fresh(module).main())
            result = self._result(output)
            lines.end(str(result.get("msg") or "") if result.get("failed") else "")
        return result

    def _result(self, output: Output) -> dict[str, t.Any]:
        process = {"rc": output.rc, "stdout": output.stdout, "stderr": output.stderr}
        # From here on, what ActionBase._execute_module does with a module's output.
        parse: t.Any = self._parse_returned_data
        parsed: t.Any = parse(process) if BEFORE_2_19 else parse(process, _PROFILE)
        if not isinstance(parsed, dict):
            parsed.remove_internal_keys()
            return t.cast("dict[str, t.Any]", parsed.as_result_dict(for_round_trip=True))
        t.cast(t.Any, clean).remove_internal_keys(parsed)
        for stream in ("stdout", "stderr"):
            if stream in parsed:
                parsed.setdefault(f"{stream}_lines", (parsed[stream] or "").splitlines())
        return t.cast("dict[str, t.Any]", wrap_var(parsed)) if BEFORE_2_19 else parsed


def unseen(reason: str, become: bool) -> str:
    """What to know of a step that runs in a process of its own: it is silent, and may lack credentials."""
    text_ = f"Nothing is shown until this step ends, because {reason}"
    if become:
        text_ += (
            ". Besides, sudo drops AWS_PROFILE, AWS_ACCESS_KEY_ID and the like: if credentials are missing, leave out "
            "become, which a rollback does not need, or give them with the task's environment"
        )
    return text_


def not_told(result: dict[str, t.Any], last_line: str) -> dict[str, t.Any]:
    """The result of a step whose failure the role's last step tells, once and without everything else in the result.

    ``ended_badly`` replaces ``failed``, and ``last_line`` is what was shown last.
    """
    told = {key: value for key, value in result.items() if key != "exception"}
    return {**told, "failed": False, "ended_badly": bool(result.get("failed")), "last_line": last_line}


def cleaned(result: dict[str, t.Any]) -> dict[str, t.Any]:
    """The result, safe to print. The module has cleaned it, unless it crashed or never began."""
    result = text.clean(result)
    # Before 2.19 every text is a template unless it is marked.
    return t.cast("dict[str, t.Any]", wrap_var(result)) if BEFORE_2_19 else result


def encode_arguments(arguments: dict[str, t.Any]) -> bytes:
    """The arguments as AnsiballZ writes them, so that a date or a vaulted string arrives as the same text."""
    core: t.Any = core_json
    encoder: t.Any
    if BEFORE_2_19:
        encoder = functools.partial(core.AnsibleJSONEncoder, vault_to_text=True)
    else:
        encoder = core.get_module_encoder(_PROFILE, core.Direction.CONTROLLER_TO_MODULE)
    return json.dumps({"ANSIBLE_MODULE_ARGS": arguments}, cls=encoder).encode("utf-8")


def _fresh(module_name: str) -> t.Any:
    """A fresh copy of the module, for one use: what a loop's item does to it must not reach the next item."""
    module = importlib.import_module(module_name)
    del sys.modules[module_name]
    return module


def _parent_pid() -> int | None:
    """The process id of the ansible-playbook that forked this worker; None if this is not a worker."""
    parent = multiprocessing.parent_process()
    return parent.pid if parent else None


def _core_is_known() -> bool:
    taken = list(inspect.signature(ActionBase._parse_returned_data).parameters)  # pylint: disable=protected-access
    return taken == (["self", "res"] if BEFORE_2_19 else ["self", "res", "profile"])
