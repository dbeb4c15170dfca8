# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process that has compiled what modules import, and forks one Python for each module that is run on a host.

Started by tests/e2e/warm/modules.py as a script, with a control socket, which is closed when it is to end, and with the
socket at which tests/e2e/warm/module_client.py asks.
"""

from __future__ import annotations

import array
import contextlib
import gc
import importlib
import marshal
import os
import select
import signal
import socket
import sys
import types
import typing as t
import zipimport
from importlib.machinery import SourceFileLoader
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[0] = str(ROOT)

from tests import ending

COLLECTIONS = str(ROOT / ".venv" / "collections")
OURS = "ansible_collections.lastgood.aws.plugins.modules"
MODULES = (
    # ansible-core has it since 2.19.
    "ansible.module_utils._internal._ansiballz._loader",
    "ansible.modules.async_wrapper",
    "ansible.modules.stat",
    "ansible_collections.amazon.aws.plugins.module_utils.modules",
    *(f"{OURS}.{name}" for name in ("codedeploy_content_guard", "codedeploy_content_info", "ecs_rollback")),
)


class Request(t.NamedTuple):
    """A Python that somebody has started: its arguments, environment, directory and umask."""

    arguments: list[str]
    environ: dict[str, str]
    cwd: str
    umask: int


def warm_up() -> None:
    """Import what modules import, and forget what is Ansible's: each module brings its own in a zip file.

    What Python would compile from there is at hand, if a file with the same content is installed here.
    """
    sys.path[:0] = [COLLECTIONS]
    for name in MODULES:
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name)
    del sys.path[0]
    code = {}
    for name in [name for name in sys.modules if name.partition(".")[0] in ("ansible", "ansible_collections")]:
        loader = getattr(sys.modules.pop(name), "__loader__", None)
        if isinstance(loader, SourceFileLoader):
            code[loader.get_data(loader.path)] = loader.get_code(loader.name)
    compile_source = zipimport._compile_source

    def look_up(path: str, source: bytes) -> types.CodeType:
        return code.get(source) or t.cast(types.CodeType, compile_source(path, source))

    zipimport._compile_source = look_up
    gc.collect()
    gc.freeze()


def serve(control: socket.socket, asked: socket.socket) -> Request | None:
    """Fork twice for each request. Returns it in the grandchild, None when all is over."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        ready = select.select([control, asked], [], [])[0]
        if control in ready:
            return None
        asking, _address = asked.accept()
        with asking:
            if os.fork():
                continue
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            control.close()
            asked.close()
            request, files = receive(asking)
            pid = os.fork()
            if not pid:
                take_on(request, files)
                return request
            for file in files:
                os.close(file)
            watch(pid, asking)


def receive(asking: socket.socket) -> tuple[Request, list[int]]:
    """The request, and the stdin, stdout and stderr that are used for it."""
    files = array.array("i")
    head, ancillary, _flags, _address = asking.recvmsg(8, socket.CMSG_SPACE(3 * files.itemsize))
    for _level, _kind, data in ancillary:
        files.frombytes(data)
    size = int.from_bytes(head)
    content = b""
    while len(content) < size:
        content += asking.recv(size - len(content))
    return Request(*marshal.loads(content)), list(files)


def watch(pid: int, asking: socket.socket) -> t.NoReturn:
    """Tell how the process ends. It is killed if the one that asked for it is."""
    ended = os.pidfd_open(pid)
    if ended not in select.select([ended, asking], [], [])[0]:
        os.kill(pid, signal.SIGKILL)
    _pid, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    with contextlib.suppress(BrokenPipeError):
        asking.sendall(str(code if code >= 0 else 128 - code).encode())
    os._exit(0)


def take_on(request: Request, files: list[int]) -> None:
    """Become the process that was asked for, as far as a fork can."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(request.cwd)
    os.umask(request.umask)
    os.environ.clear()
    os.environ.update(request.environ)
    sys.argv = request.arguments or [""]


def run(request: Request) -> None:
    """What Python does with a script: one that is named, or stdin."""
    main = types.ModuleType("__main__")
    if request.arguments:
        main.__file__ = request.arguments[0]
        sys.path[0] = str(Path(main.__file__).parent)
        source = Path(main.__file__).read_text(encoding="utf-8")
    else:
        sys.path[0] = ""
        source = sys.stdin.read()
    sys.modules["__main__"] = main
    exec(compile(source, getattr(main, "__file__", "<stdin>"), "exec", dont_inherit=True), main.__dict__)


def main() -> None:
    """The server until its control socket is closed; the Python that was asked for from then on."""
    with socket.socket(fileno=int(sys.argv[1])) as control, socket.socket(fileno=int(sys.argv[2])) as asked:
        warm_up()
        request = serve(control, asked)
    if request is not None:
        ending.run(lambda: run(request))


if __name__ == "__main__":
    main()
