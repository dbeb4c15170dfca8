# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the real ansible-playbook against the simulator, as a user would, and read what it said."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

from tests.e2e import asked
from tests.e2e.stage import show
from tests.e2e.warm import programs, starting, waiting
from tests.simulator import Control
from tests.world import aws_environment

ROOT = Path(__file__).resolve().parents[2]
BIN = programs.ANSIBLE_PLAYBOOK.parent
OLDEST = programs.OLDEST
COLLECTIONS = ROOT / ".venv" / "collections"
# Has the stdout callback json_lines.
TEST_COLLECTIONS = Path(__file__).parent / "in_process" / "collections"
ROLLBACK = "lastgood.aws.rollback"
REDEPLOY = "lastgood.aws.redeploy"
# A play takes 2 to 6 s here. Whatever takes this long hangs.
PATIENCE = 90


def environment(url: str, programs: Path = BIN, **more: str) -> dict[str, str]:
    """The environment of a user whose AWS is the simulator, with nothing of the developer's Ansible and AWS in it.

    ``programs`` is where their Python and Ansible are.
    """
    # Without compiled files each process reads all of its source.
    left_out = ("ANSIBLE_", "AWS_", "PYTHONDONTWRITEBYTECODE")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {
        **inherited,
        **aws_environment(url),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "ANSIBLE_COLLECTIONS_PATH": f"{TEST_COLLECTIONS}:{COLLECTIONS}",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "PATH": f"{programs}:{os.environ['PATH']}",
        "NO_COLOR": "1",
        **more,
    }


@functools.cache
def set_up_oldest() -> None:
    """Make :data:`OLDEST`, or see that it is up to date, which takes milliseconds."""
    subprocess.run([sys.executable, str(ROOT / "dev" / "setup.py"), "oldest"], check=True, stdout=subprocess.DEVNULL)


def name_of(item: t.Mapping[str, t.Any]) -> str:
    """The name of the service or deployment group that a result is about."""
    return str(item.get("deployment_group") or item["service"])


def named(items: t.Mapping[str, dict[str, t.Any]], name: str) -> dict[str, t.Any]:
    """Of results by key, the one about the service or deployment group of this name."""
    [found] = [item for item in items.values() if name_of(item) == name]
    return found


@dataclass(frozen=True)
class Play:
    """An ansible-playbook that has ended. Its stdout is that of the callback json_lines."""

    rc: int
    stdout: str
    stderr: str

    @property
    def tasks(self) -> dict[str, tuple[str, dict[str, t.Any]]]:
        """By name without the role's: status and result. Fails if a line of stdout is not a JSON document."""
        documents = [json.loads(line) for line in self.stdout.splitlines()]
        return {doc["task"].rpartition(" : ")[2]: (doc["status"], doc["result"]) for doc in documents}

    @property
    def variables(self) -> dict[str, t.Any]:
        """The variables as the first role has read them."""
        documents = [json.loads(line) for line in self.stdout.splitlines()]
        found: dict[str, t.Any] = next(doc["result"] for doc in documents if doc["task"].endswith("Read the variables"))
        return found

    def warns(self, text: str) -> bool:
        """Whether that is the only warning about its variables. Before 2.19, ansible-core only prints warnings."""
        if programs.PLAYS_ON_OLDEST:
            return f"[WARNING]: {text}" in " ".join(self.stderr.split())
        return bool(self.variables.get("warnings") == [text])

    @property
    def published(self) -> dict[str, t.Any]:
        """What set_stats has given to AWX's artifacts."""
        data: dict[str, t.Any] = self.tasks["Publish the result"][1]["ansible_stats"]["data"]
        return data

    @property
    def summary(self) -> str:
        """The one-line summary."""
        return str(self.published["rollback_summary"])

    @property
    def outcomes(self) -> dict[str, str]:
        """By service, how it ended."""
        return {name_of(item): item["outcome"] for item in self.published["rollback_result"].values()}

    def of(self, service: str = "web") -> dict[str, t.Any]:
        """The part of the result that is about one service."""
        return named(self.published["rollback_result"], service)

    def findings(self, check: str, service: str = "web") -> list[str]:
        """The findings of this check for one service."""
        return [found["message"] for found in self.of(service)["findings"] if found["check"] == check]

    @property
    def messages(self) -> list[str]:
        """What failed tasks said."""
        return [result["msg"] for status, result in self.tasks.values() if status == "failed"]


def arguments(variables: t.Mapping[str, object]) -> list[str]:
    """`-e name=value` for each variable. It is JSON unless it is a string that needs no quotes in a shell."""
    found = []
    for name, value in variables.items():
        plain = isinstance(value, str) and (not value or shlex.quote(value) == value)
        found += ["-e", f"{name}={value}" if plain else json.dumps({name: value})]
    return found


def run(
    url: str,
    playbook: str | Path,
    *options: str,
    cwd: Path = ROOT,
    env: t.Mapping[str, str] | None = None,
    between: t.Callable[[], object] = lambda: None,
    in_real_time: bool = False,
) -> Play:
    """Run a playbook to its end, with the callback json_lines unless ``env`` names another.

    The simulator's clock is stopped, and time passes only when a step of the playbook sleeps: at once, whatever the
    machine. Before that ``between`` is called, for what happens meanwhile. A module that runs in its own process really
    sleeps, so it needs ``in_real_time``.
    """
    control = Control(url)

    def sleep(seconds: float) -> None:
        between()
        control.advance(seconds)

    variables = environment(url, **{"ANSIBLE_STDOUT_CALLBACK": "lastgood_test.probe.json_lines", **(env or {})})
    with (
        tempfile.TemporaryFile() as stdout,
        tempfile.TemporaryFile() as stderr,
        waiting.Room(sleep) as room,
        open(os.devnull) as nothing,
        clock_of(control, runs=in_real_time),
    ):
        files = [nothing.fileno(), stdout.fileno(), stderr.fileno()]
        clock = "" if in_real_time else room.path
        process = starting.start([str(playbook), *options], variables, cwd, files, clock=clock)
        try:
            rc = room.wait_for(process, PATIENCE)
        except BaseException as problem:
            os.kill(process.pid, signal.SIGKILL)
            problem.add_note("Does a module sleep in a process of its own? Then it has to be in_real_time.")
            problem.add_note(text_of(stdout) + text_of(stderr))
            raise
        # Whoever types the next command sees what this one wrote. What comes sooner: tests/module/test_at_once.py.
        show(control)
        asked.check(url, control, str(playbook))
        return Play(rc, text_of(stdout), text_of(stderr))


@contextlib.contextmanager
def clock_of(control: Control, runs: bool) -> t.Iterator[None]:
    """The simulator's clock runs in the `with` block, or does not. After it, it stands still."""
    if runs:
        control.start_clock()
    else:
        control.stop_clock()
    yield
    control.stop_clock()


def run_as_users_do(
    url: str, command: t.Sequence[str], cwd: Path = ROOT, env: t.Mapping[str, str] | None = None
) -> Play:
    """Run a command in real time, in an unmodified process. Takes seconds; :func:`run` is faster."""
    with clock_of(Control(url), runs=True):
        done = subprocess.run(
            command,
            cwd=cwd,
            env=environment(url) if env is None else env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    return Play(done.returncode, done.stdout, done.stderr)


def text_of(file: t.IO[bytes]) -> str:
    """What a process has written."""
    file.seek(0)
    return file.read().decode()


class Started:
    """A playbook that runs in real time, to be killed: a rollback if none is named. ``variables`` are its extra vars.

    The simulator's clock runs from then on, until the next :func:`run`. ``cold``: as users start it, not from a parent.
    """

    def __init__(
        self,
        url: str,
        log: Path,
        variables: t.Mapping[str, object],
        playbook: str | Path = ROLLBACK,
        cold: bool = False,
    ) -> None:
        Control(url).start_clock()
        command = [str(playbook), *arguments(variables)]
        self._process: starting.Process | subprocess.Popen[bytes]
        with log.open("w") as output, open(os.devnull) as nothing:
            if cold:
                self._process = subprocess.Popen(
                    [str(BIN / "ansible-playbook"), *command],
                    cwd=ROOT,
                    env=environment(url),
                    stdin=nothing,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            else:
                files = [nothing.fileno(), output.fileno(), output.fileno()]
                self._process = starting.start(command, environment(url), ROOT, files, session=True)

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait(self) -> int:
        """Its return code when it has ended."""
        return self._process.wait(PATIENCE)

    def interrupt(self, number: signal.Signals) -> int:
        """Its return code after a signal. Ctrl-C goes to all processes of a terminal, others to the one named."""
        if number == signal.SIGINT:
            os.killpg(self._process.pid, number)
        else:
            os.kill(self._process.pid, number)
        return self.wait()

    def kill_group(self) -> None:
        """SIGKILL as a runner's timeout sends it: ansible-playbook dies, its worker has a session of its own."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE)

    def kill_all(self) -> None:
        """SIGKILL to the worker too, as when a container ends."""
        workers = descendants(self._process.pid)
        self.kill_group()
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)

    def workers(self) -> list[int]:
        """The processes that this one has started."""
        return descendants(self._process.pid)


def descendants(pid: int) -> list[int]:
    """The children of a process, and theirs."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            if parent == pid:
                child = int(stat.parent.name)
                found += [child, *descendants(child)]
    return found


def is_running(pid: int) -> bool:
    """An orphan that has ended may stay a zombie if nobody reaps it, as in a container without an init."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def within(seconds: float, condition: t.Callable[[], object]) -> bool:
    """Whether it becomes true in that time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
