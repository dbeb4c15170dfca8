# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bundles that are small and cost much to whoever reads them naively; and how to look at them in a small room.

``python -m tests.agent.hostile DIR`` runs codedeploy_content_info on each of them, in a process of its own that gets
300 MB beyond what Python itself needs and five seconds of the processor, and prints what came of it as JSON.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import struct
import sys
import tarfile
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import documents
from ansible_collections.lastgood.aws.plugins.modules import codedeploy_content_info
from tests.module.run import ModuleFailed, run_module

MEMORY = 300 << 20
SECONDS = 5
GROUP = "3f1c6f0e-5b1d-4c7a-9d55-1f2e3a4b5c6d"
START = "version: 0.0\nos: linux\n"
PLAIN = START + "files:\n  - source: content\n    destination: /srv/app\n"


def aliases() -> str:
    """A billion laughs: each line is ten times the one before."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 6)}]" for n in range(1, 9)]
    return START + "\n".join(lines) + "\nfiles: *a8\n"


def nested(what: str, many: int = 3000) -> str:
    return START + "files:\n  " + what * many + "a\n"


def zipped(appspec: str, files: dict[str, str] | None = None) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("appspec.yml", appspec)
        for name, text in (files or {"content/a": "a"}).items():
            archive.writestr(name, text)
    return body.getvalue()


def tarred(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.GNU_FORMAT, appspec: str = PLAIN) -> bytes:
    """A tar archive of an AppSpec file and what is given, compressed."""
    body = io.BytesIO()
    first = tarfile.TarInfo("appspec.yml")
    first.size = len(appspec)
    with tarfile.open(fileobj=body, mode="w", format=form) as archive:
        archive.addfile(first, io.BytesIO(appspec.encode()))
        for member, content in members:
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(body.getvalue(), mtime=0)


def member(name: str, size: int = 0, **more: Any) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = size
    for key, value in more.items():
        setattr(info, key, value)
    return info


def raw(*blocks: bytes) -> bytes:
    """A tar archive of these blocks, compressed."""
    padded = [block + b"\0" * (-len(block) % 512) for block in blocks]
    return gzip.compress(b"".join(padded) + b"\0" * 1024, mtime=0)


def header(name: str, size: int, kind: bytes) -> bytes:
    return member(name, size, type=kind).tobuf(tarfile.USTAR_FORMAT)


def with_size(block: bytes, size: bytes) -> bytes:
    """The header with another size field, and the sum that goes with it."""
    changed = block[:124] + size.ljust(12, b"\0") + block[136:148] + b" " * 8 + block[156:]
    return changed[:148] + b"%06o\0 " % sum(changed) + changed[156:]


def many_global_records() -> bytes:
    """Each of them would be copied for each member after them."""
    record = "".join(f"{len(f'9 k{n}=v') + 2} k{n}=v\n" for n in range(10_000))
    return raw(
        header("g", len(record), b"g"), record.encode(), *[header(f"content/{n}", 0, b"0") for n in range(2_000)]
    )


def headers_of_headers() -> bytes:
    return raw(*[block for _n in range(3_000) for block in (header("l", 512, b"L"), b"a" * 500)])


def many_digits() -> bytes:
    """CVE-2024-6232."""
    return raw(header("x", 400_000, b"x"), b"1" * 400_000, header("content/a", 0, b"0"))


def negative_size() -> bytes:
    """CVE-2025-8194: the header after this one is this one."""
    found = header("appspec.yml", len(PLAIN), b"0"), PLAIN.encode()
    return raw(*found, with_size(header("b", 0, b"0"), b"\xff" * 10 + struct.pack(">h", -1024)))


def sparse() -> bytes:
    """A file of a terabyte, none of which is there."""
    block = bytearray(header("content/a", 0, b"S"))
    block[386:398] = b"00000000000 "
    block[398:410] = b"00000000000 "
    block[483:495] = b"%011o " % (3 << 30)
    return raw(with_size(bytes(block), b"%011o " % 0))


def odd_compression() -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("appspec.yml", PLAIN)
    return body.getvalue()


def long_directory() -> bytes:
    """Two million members of the same name."""
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *[0] * 16) + b""
    listed = entry * 3_000_000
    return b"PK\x03\x04" + listed + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(listed), 4, 0)


def stars() -> str:
    pattern = "*a" * 40 + "b"
    return PLAIN + f"permissions:\n  - object: /srv/app\n    pattern: '{pattern}'\n    mode: 644\n"


def many_permissions() -> str:
    each = "  - object: /srv/app\n    pattern: nothing\n    mode: 644\n"
    return PLAIN + "permissions:\n" + each * 2_500


def circles() -> bytes:
    """A directory in a directory and so on, and at the bottom a link to the top."""
    bottom = "content/" + "d/" * 150
    return tarred((member(bottom + "up", type=tarfile.SYMTYPE, linkname="../" * 150), b""))


# What is in the file, and what is said of it.
ARCHIVES: dict[str, tuple[Callable[[], bytes], str]] = {
    "aliases of aliases": (lambda: zipped(aliases()), "more than 20000 values"),
    "dashes": (lambda: zipped(nested("- ")), "nested deeper than 20 levels"),
    "brackets": (lambda: zipped(nested("[")), "nested deeper than 20 levels"),
    "brackets on many lines": (lambda: zipped(nested("[\n  ", 40_000)), "nested deeper than 20 levels"),
    "question marks": (lambda: zipped(nested("? ")), "nested deeper than 20 levels"),
    "a line of blanks": (lambda: zipped(PLAIN + "hooks:" + " " * 60_000 + "x\n"), "longer than 8192 characters"),
    "lines of blanks": (lambda: zipped(PLAIN + ("a" + " " * 8_000 + "b\n") * 30), "AppSpec"),
    "a long value": (lambda: zipped(PLAIN + 'hooks: "' + "a\\\n" * 5_000 + '"\n'), "longer than 4096 characters"),
    "a long AppSpec file": (lambda: zipped("#\n" * 200_000 + PLAIN), "appspec.yml in it is longer than 262144 bytes"),
    "a large number": (
        lambda: zipped(PLAIN + "hooks:\n  BeforeInstall:\n  - location: a\n    timeout: " + "9" * 8_000),
        "AppSpec",
    ),
    "stars": (lambda: zipped(stars(), {f"content/{'a' * 200}{n}": "" for n in range(200)}), ""),
    "many permissions": (
        lambda: zipped(many_permissions(), {f"content/{n}": "" for n in range(3_000)}),
        "more than 2000000 times",
    ),
    "a long name": (lambda: tarred((member("content/" + "a/" * (1 << 20)), b"")), "it has a header of"),
    "a name too long": (lambda: tarred((member("content/" + "a/" * 3_000), b"")), "and Linux allows 4096"),
    "a part too long": (lambda: tarred((member("content/" + "a" * 300), b"")), "a part of more than 255 bytes"),
    "a deep name": (lambda: tarred((member("content/" + "a/" * 1_000), b"")), "in more than 200 directories"),
    "many deep names": (
        lambda: tarred(*[(member(f"content/{n}/" + "abcdefghijklmno/" * 190), b"") for n in range(400)]),
        "the names in it are longer than",
    ),
    "many digits": (many_digits, "it has a header of 400384 bytes"),
    "digits": (lambda: raw(header("x", 100_000, b"x"), b"1" * 100_000), "more than there is to say of a file"),
    "a negative size": (negative_size, "header"),
    "a file with nothing in it": (sparse, "is a sparse file"),
    "many global records": (many_global_records, "more than there is to say of a file"),
    "headers of headers": (headers_of_headers, "headers of headers"),
    "links in circles": (circles, "cannot be predicted"),
    "an odd compression": (odd_compression, "a way that unzip does not know"),
    "a long directory": (long_directory, "too many for 100000 files"),
    "no archive": (lambda: b"a" * 4096, "cannot be read as an archive"),
}
# Which of them are about the AppSpec file, and so are read by both readers of YAML.
OF_APPSPEC = (
    "aliases of aliases",
    "dashes",
    "brackets",
    "a line of blanks",
    "lines of blanks",
    "a long value",
    "a large number",
)


def in_a_small_room(work: Callable[[], str], seconds: int = SECONDS) -> str:
    """What ``work`` returns in a process of its own, or how that process ended."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            with open("/proc/self/statm", encoding="ascii") as statm:
                now = int(statm.read().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, now + MEMORY))
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            text = work()
        except BaseException:  # noqa: BLE001
            text = traceback.format_exc()
        os.write(writer, text.encode("utf-8", "backslashreplace")[:60_000])
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as stream:
        text = stream.read().decode()
    status = os.waitpid(child, 0)[1]
    return text if status == 0 else f"Traceback: ended with signal {os.WTERMSIG(status)}"


def look_at(bundle: Path, root: Path) -> str:
    """What the module says of a bundle."""
    options = {"agent_root": str(root), "deployment_group_id": GROUP, "bundle": str(bundle)}
    try:
        result = run_module(codedeploy_content_info, **options)
    except ModuleFailed as failed:
        return failed.msg
    return " ".join(finding["message"] for finding in result["findings"])


def main(directory: Path) -> None:
    """Look at all of them, and print what was said."""
    root = directory / "agent"
    (root / "deployment-instructions").mkdir(parents=True)
    said = {}
    for name, (make, _expected) in ARCHIVES.items():
        bundle = directory / "bundle"
        bundle.write_bytes(make())
        said[name] = in_a_small_room(lambda bundle=bundle: look_at(bundle, root))
        if name in OF_APPSPEC:
            documents.HAS_YAML, before = False, documents.HAS_YAML
            said[f"{name}, without PyYAML"] = in_a_small_room(lambda bundle=bundle: look_at(bundle, root))
            documents.HAS_YAML = before
    print(json.dumps(said))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
