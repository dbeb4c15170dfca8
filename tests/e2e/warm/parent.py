# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process that has imported what ansible-playbook imports, and forks one ansible-playbook for each request.

Started by tests/e2e/warm/starting.py as a script, with the environment that all of its plays share: ansible-core reads
its configuration when it is imported. A ``cold`` one imports nothing, so that each child does so for itself.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import gc
import importlib
import inspect
import json
import os
import select
import signal
import socket
import sys
import typing as t
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[3])

from tests import ending
from tests.e2e.warm import settings

# A request: argv, env, cwd, whether in a session of its own, and the socket that sleeping is asked of.
Request = dict[str, t.Any]
# stdin, stdout, stderr, and the descriptor on which to report the end.
FILES = 4
# In the local temporary directory; see `_find_module_utils` in ansible/executor/module_common.py.
BUILT_MODULES = "ansiballz_cache"
COLLECTION = "ansible_collections.lastgood.aws.plugins"


def warm_up() -> None:
    """Import what plays import, and leave nothing behind that says so but sys.modules."""
    importlib.import_module("ansible.cli.playbook")
    loader = importlib.import_module("ansible.plugins.loader")
    finder = importlib.import_module("ansible.utils.collection_loader._collection_finder")
    loader.init_plugin_loader()
    import_all(f"{COLLECTION}.action")
    for kind in CORE_PLUGINS:
        import_all(f"ansible.plugins.{kind}")
    for name in CORE:
        importlib.import_module(name)
    for kind in CONFIGURABLE:
        know_options(getattr(loader, f"{kind}_loader"))
    prepare_botocore()
    # ansible-core looks at its stack for each loop over nothing, and inspect then at the files of all modules.
    inspect.stack()
    finder._AnsibleCollectionFinder._remove()
    gc.collect()
    gc.freeze()
    # A play is over before there is much to collect.
    gc.disable()


# What a play has loaded before its first task. Filters and tests go by other names, and are small.
CORE_PLUGINS = ("become", "callback", "connection", "doc_fragments", "inventory", "shell", "vars")
# Those that a play reads all options of before it begins.
CONFIGURABLE = ("become", "callback", "connection", "shell", "vars")
CORE = (
    "ansible.executor.playbook_executor",
    "ansible.plugins.cache.memory",
    "ansible.plugins.strategy.linear",
    "pty",
)


def know_options(plugins: t.Any) -> None:
    """Parse the options in the documentation of all plugins of a kind, which each play does for each of them."""
    list(plugins.all(class_only=True))
    # A play may have others beside its playbook.
    plugins._paths = None


def prepare_botocore() -> None:
    """What each session of botocore works out anew, it works out once."""
    reading = importlib.import_module("tests.reading")
    _for_good.enter_context(reading.once())
    session = importlib.import_module("botocore.session").get_session()
    session.create_client("ecs", region_name="eu-central-1", aws_access_key_id="none", aws_secret_access_key="none")


_for_good = contextlib.ExitStack()


def import_all(package: str) -> None:
    """The modules of a package, as far as they can be imported here."""
    with contextlib.suppress(ImportError):
        for place in importlib.import_module(package).__path__:
            for path in sorted(Path(place).glob("[a-z]*.py")):
                with contextlib.suppress(Exception):
                    importlib.import_module(f"{package}.{path.stem}")


def serve(control: socket.socket) -> Request | None:
    """Fork for each request and tell how each child ended. Returns the request in the child, None when it is over."""
    children: dict[int, socket.socket] = {}
    wake, woken = socket.socketpair()
    wake.setblocking(False)
    woken.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda _signal, _frame: None)
    signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
    while True:
        ready = select.select([control, wake], [], [])[0]
        if wake in ready:
            with contextlib.suppress(BlockingIOError):
                wake.recv(4096)
            reap(children)
        if control in ready:
            request, files = receive(control)
            if request is None:
                return None
            told = socket.socket(fileno=files.pop())
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for other in (control, wake, woken, told, *children.values()):
                    other.close()
                take_on(request, files)
                return request
            for file in files:
                os.close(file)
            children[pid] = told
            told.sendall(f"{pid}\n".encode())


def reap(children: dict[int, socket.socket]) -> None:
    """Tell of all children that have ended."""
    for pid in list(children):
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            told = children.pop(pid)
            with contextlib.suppress(BrokenPipeError), told:
                told.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def receive(control: socket.socket) -> tuple[Request | None, list[int]]:
    """The next request with its files; None when nobody is there any more."""
    head, ancillary, _flags, _address = control.recvmsg(8, socket.CMSG_SPACE(FILES * array.array("i").itemsize))
    if not head:
        return None, []
    files = array.array("i")
    for _level, _kind, data in ancillary:
        files.frombytes(data)
    size = int.from_bytes(head)
    content = b""
    while len(content) < size:
        content += control.recv(size - len(content))
    return json.loads(content), list(files)


def take_on(request: Request, files: list[int]) -> None:
    """Become the process that was asked for, as far as a fork can."""
    if request["session"]:
        os.setsid()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    if "ansible.constants" in sys.modules:
        constants = sys.modules["ansible.constants"]
        # A directory that a process makes for itself when it imports this, and removes when it ends.
        atexit.unregister(sys.modules["ansible.config.manager"].cleanup_tmp_file)
        ours = constants.DEFAULT_LOCAL_TMP
        constants.DEFAULT_LOCAL_TMP = constants.config.get_config_value("DEFAULT_LOCAL_TMP", variables=vars(constants))
        for name in settings.READ_ANEW.values():
            setattr(constants, name, constants.config.get_config_value(name, variables=vars(constants)))
        share_built_modules(Path(ours), Path(constants.DEFAULT_LOCAL_TMP))


def share_built_modules(ours: Path, theirs: Path) -> None:
    """What a module needs on a host is looked for once, not in each play: where ansible-core keeps it for a play."""
    (ours / BUILT_MODULES).mkdir(exist_ok=True)
    (theirs / BUILT_MODULES).symlink_to(ours / BUILT_MODULES)


def run(request: Request) -> None:
    """What the script ansible-playbook does."""
    if request["clock"]:
        importlib.import_module("tests.e2e.warm.time_passes").asked_of(request["clock"])
    sys.argv = request["argv"]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    ending.run(importlib.import_module("ansible.cli.playbook").main)


def main() -> None:
    """The parent until its control socket is closed; the child from then on."""
    with socket.socket(fileno=int(sys.argv[1])) as control:
        if sys.argv[2:] != ["cold"]:
            warm_up()
        request = serve(control)
    if request is not None:
        run(request)


if __name__ == "__main__":
    main()
