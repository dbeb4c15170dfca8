# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The cleanup file of a deployment group: what the next Install will remove. Pure.

The format, and how the agent reads it: parse_remove_commands in lib/instance_agent/plugins/codedeploy/
install_instruction.rb of aws/aws-codedeploy-agent 1.8.1, and src/installer/core.rs of 2.x.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._content.agent.agent import Generation

REMOVE: t.Final = "remove"
# semanage fcontext -d
CONTEXT: t.Final = "semanage"


@dataclass(frozen=True)
class Command:
    """What the agent makes of one line."""

    kind: str
    path: bytes
    # The line without its end, and its number, from 0.
    line: bytes
    number: int


@dataclass(frozen=True)
class Skipped:
    """A line that the agent skips, and why."""

    line: bytes
    number: int
    reason: str


@dataclass(frozen=True)
class Cleanup:
    """A cleanup file as the agent reads it; commands are in the order they run."""

    commands: t.Tuple[Command, ...] = ()
    skipped: t.Tuple[Skipped, ...] = ()
    # The rest after the last line end, left when the agent was killed while writing. It is never removed.
    partial: bytes = b""


# What String#strip removes in Ruby, and str::trim in Rust (Unicode's White_Space; not NUL).
_RUBY_BLANKS: t.Final = b"\t\n\v\f\r "
_RUST_BLANKS: t.Final = (
    "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + ("\u2028\u2029\u202f\u205f\u3000")
)
_SEMANAGE: t.Final = b"semanage\0"


def parse(content: bytes, generation: Generation = Generation.RUBY) -> Cleanup:
    """What the agent will do with a cleanup file of this content.

    Raises :class:`UnicodeDecodeError` if agent 2.x cannot read it at all: then Install fails before it removes
    anything.
    """
    *lines, partial = content.split(b"\n")
    if generation is Generation.RUST:
        content.decode()
        return _parsed_by_rust(lines, partial)
    commands = [_parsed_by_ruby(line, number) for number, line in enumerate(lines)]
    return Cleanup(tuple(reversed(commands)), (), partial)


def _parsed_by_ruby(line: bytes, number: int) -> Command:
    if line.startswith(_SEMANAGE):
        return Command(CONTEXT, _stripped(line[len(_SEMANAGE) :]), line, number)
    return Command(REMOVE, _stripped(line), line, number)


def _stripped(line: bytes) -> bytes:
    return line.lstrip(_RUBY_BLANKS).rstrip(_RUBY_BLANKS + b"\0")


def _parsed_by_rust(lines: t.Sequence[bytes], partial: bytes) -> Cleanup:
    commands: t.List[Command] = []
    skipped: t.List[Skipped] = []
    for number, line in reversed(list(enumerate(lines))):
        path = line.decode().strip(_RUST_BLANKS).encode()
        kind = REMOVE
        if path.startswith(_SEMANAGE):
            kind, path = CONTEXT, path[len(_SEMANAGE) :]
        reason = _malformed(path)
        if reason:
            skipped.append(Skipped(line, number, reason))
        else:
            commands.append(Command(kind, path, line, number))
    return Cleanup(tuple(commands), tuple(skipped), partial)


def _malformed(path: bytes) -> str:
    """Why agent 2.x skips a line (cleanup_line_is_valid in core.rs); empty if it does not."""
    if not path:
        return "it is empty"
    if b"\0" in path:
        return "there is a NUL in it"
    depth = 0
    for part in path.split(b"/"):
        if part == b"..":
            depth -= 1
        elif part not in (b"", b"."):
            depth += 1
        if depth < 0:
            return "it leads above its root"
    return ""


def line_of(path: bytes, generation: Generation = Generation.RUBY) -> bytes:
    """The line that the agent writes for a path: IO#puts adds no line end if there is one, writeln! always does."""
    if generation is Generation.RUST:
        return path.decode("utf-8", "replace").encode() + b"\n"
    return path if path.endswith(b"\n") else path + b"\n"


def context_line_of(path: bytes, generation: Generation = Generation.RUBY) -> bytes:
    """The line that the agent writes for a path to which it gave an SELinux context."""
    return _SEMANAGE + line_of(path, generation)


def distrusted(*, regular: bool, uid: int, mode: int, agent_uid: int = 0) -> str:
    """Why agent 2.x would not follow a cleanup file (it deletes the file and removes nothing); empty if it would."""
    if not regular:
        return "it is not a regular file"
    if uid != agent_uid:
        return f"it belongs to user {uid}, and the agent runs as user {agent_uid}"
    if mode & 0o022:
        return f"group or others may write to it (mode {mode & 0o7777:04o})"
    return ""


def removals(content: bytes) -> t.List[Command]:
    """What the agent would remove, whichever generation reads the file; a line may occur twice."""
    found: t.List[Command] = []
    for generation in Generation:
        try:
            commands = parse(content, generation).commands
        except UnicodeDecodeError:
            # Agent 2.x cannot read such a file at all.
            continue
        found += [command for command in commands if command.kind == REMOVE]
    return found


def without(content: bytes, stays: t.Callable[[bytes], bool]) -> t.Tuple[bytes, t.List[bytes]]:
    """``content`` without the lines that remove what ``stays``, and the paths of those lines. Everything else is kept
    unchanged.
    """
    taken = {command.number: command.path for command in removals(content) if stays(command.path)}
    kept = [line for number, line in enumerate(content.split(b"\n")) if number not in taken]
    return b"\n".join(kept), [taken[number] for number in sorted(taken)]
