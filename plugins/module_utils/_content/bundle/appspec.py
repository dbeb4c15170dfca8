# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""AppSpec files of the platform Server (EC2/on-premises). Pure.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure.html and
lib/instance_agent/plugins/codedeploy/application_specification of aws/aws-codedeploy-agent 1.8.1.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils._content import paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import documents
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.yaml_subset import NotRead, Scalar

# Where the agent looks, in this order.
NAMES: t.Final = (b"appspec.yml", b"appspec.yaml")


class Unreadable(ValueError):
    """An AppSpec file that the agent refuses, or that we cannot read. The message says why."""


@dataclass(frozen=True)
class Mapping:
    """One entry of ``files``."""

    source: bytes
    destination: bytes


@dataclass(frozen=True)
class Permission:
    """One entry of ``permissions``."""

    object: bytes
    pattern: bytes = b"**"
    excepted: t.Tuple[bytes, ...] = ()
    types: t.Tuple[str, ...] = ("file", "directory")
    owner: t.Optional[str] = None
    group: t.Optional[str] = None
    mode: t.Optional[int] = None
    acls: t.Tuple[str, ...] = ()
    # Whether it has a ``context``, which gets a line in the cleanup file.
    context: bool = False


@dataclass(frozen=True)
class Hook:
    """One script of a lifecycle event."""

    location: bytes
    timeout: t.Optional[int] = None
    runas: t.Optional[str] = None


@dataclass(frozen=True)
class AppSpec:
    """The contents of an AppSpec file."""

    os: str
    files: t.Tuple[Mapping, ...] = ()
    permissions: t.Tuple[Permission, ...] = ()
    hooks: t.Mapping[str, t.Tuple[Hook, ...]] = field(default_factory=dict)
    # Empty if the AppSpec file does not say; then the deployment's option counts.
    file_exists_behavior: str = ""


_TYPES: t.Final = ("file", "directory")
_TIMEOUT: t.Final = 3600
BEHAVIORS: t.Final = ("DISALLOW", "OVERWRITE", "RETAIN")
# DEFAULT_ORDERED_LIFECYCLE_EVENTS in lib/aws/codedeploy/local/deployer.rb. An AppSpec file with another hook is refused
# (validate_app_spec_hooks in command_executor.rb).
EVENTS: t.Final = (
    "BeforeBlockTraffic",
    "AfterBlockTraffic",
    "ApplicationStop",
    "DownloadBundle",
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
    "BeforeAllowTraffic",
    "AfterAllowTraffic",
)


def parse(content: bytes, system: str = "linux") -> AppSpec:
    """What an AppSpec file says to an agent on this operating system. Raises :class:`Unreadable`."""
    spec = _mapping(load(content), "the AppSpec file")
    version = spec.get("version", Scalar(""))
    if not isinstance(version, Scalar) or not version.plain or not re.fullmatch(r"[-+]?0+(\.0*)?", version):
        raise Unreadable(f"the version is {version}, and the agent knows only 0.0")
    named = str(spec.get("os", ""))
    if named != system:
        raise Unreadable(f"it is for the operating system {named!r}, and the agent runs on {system}")
    return AppSpec(
        os=named,
        files=tuple(_file(item) for item in _list(spec, "files")),
        permissions=tuple(_permission(item, named) for item in _list(spec, "permissions")),
        hooks=_hooks(spec),
        file_exists_behavior=_behavior(spec),
    )


def load(content: bytes) -> t.Any:
    """Parse its YAML to mappings, lists, and scalars as written. Raises :class:`Unreadable`."""
    try:
        return documents.read(content)
    except NotRead as problem:
        raise Unreadable(str(problem)) from None


def _behavior(spec: t.Mapping[str, t.Any]) -> str:
    """As written: parse_file_exists_behavior in application_specification.rb takes it in upper case only."""
    written = _text(spec, "file_exists_behavior")
    if written is not None and written not in BEHAVIORS:
        raise Unreadable(f"file_exists_behavior is {written!r}, and the agent knows only {', '.join(BEHAVIORS)}")
    return written or ""


def _null(value: t.Any) -> bool:
    return isinstance(value, Scalar) and value.null


def _mapping(value: t.Any, what: str) -> t.Dict[str, t.Any]:
    if not isinstance(value, dict):
        raise Unreadable(f"{what} is not a mapping")
    if "<<" in value:
        raise Unreadable(f"{what} is merged from another mapping, which we do not read")
    return value


def _list(within: t.Mapping[str, t.Any], key: str) -> t.List[t.Any]:
    value = within.get(key, [])
    if _null(value):
        return []
    if not isinstance(value, list):
        raise Unreadable(f"{key} is not a list")
    return value


def _text(within: t.Mapping[str, t.Any], key: str) -> t.Optional[str]:
    value = within.get(key, Scalar(""))
    if not isinstance(value, Scalar):
        raise Unreadable(f"{key} is not a single value")
    return None if value.null else str(value)


def _file(item: t.Any) -> Mapping:
    entry = _mapping(item, "an entry of files")
    source, destination = _text(entry, "source"), _text(entry, "destination")
    if source is None:
        raise Unreadable(f"files has no source for the destination {destination}")
    if destination is None:
        raise Unreadable(f"files has no destination for the source {source}")
    return Mapping(source.encode(), destination.encode())


def _permission(item: t.Any, system: str) -> Permission:
    if system != "linux":
        raise Unreadable("it has permissions, which the agent supports on Linux only")
    entry = _mapping(item, "an entry of permissions")
    path = (_text(entry, "object") or "").strip()
    if not path:
        raise Unreadable("permissions has an entry without an object")
    types = tuple(str(kind) for kind in _list(entry, "type")) if "type" in entry else _TYPES
    for kind in types:
        if kind not in _TYPES:
            raise Unreadable(f"permissions of {path} are for {kind}; there are only file and directory")
    return Permission(
        object=path.encode(),
        pattern=(_text(entry, "pattern") or "**").encode(),
        excepted=tuple(str(pattern).encode() for pattern in _list(entry, "except")),
        types=types if types or not _null(entry.get("type")) else _TYPES,
        owner=_text(entry, "owner"),
        group=_text(entry, "group"),
        mode=_mode(entry),
        acls=tuple(str(acl) for acl in _list(entry, "acls")),
        context=_context(entry),
    )


def _mode(entry: t.Mapping[str, t.Any]) -> t.Optional[int]:
    """ModeInfo turns YAML's value into text: a plain 0644 is the number 420, and the mode becomes 0420."""
    written = _text(entry, "mode")
    if written is None:
        return None
    text = written
    if entry["mode"].plain and re.fullmatch(r"0[0-7]+", written):
        text = str(int(written, 8))
    if not re.fullmatch(r"[0-7]{1,4}", text):
        raise Unreadable(f"the mode {written} (which the agent reads as {text}) is not one to four octal digits")
    return int(text, 8)


def _context(entry: t.Mapping[str, t.Any]) -> bool:
    value = entry.get("context", Scalar(""))
    if _null(value):
        return False
    if not _null(_mapping(value, "context").get("role", Scalar(""))):
        raise Unreadable("a context has a role, which the agent refuses")
    return True


def _hooks(spec: t.Mapping[str, t.Any]) -> t.Dict[str, t.Tuple[Hook, ...]]:
    value = spec.get("hooks", Scalar(""))
    if _null(value):
        return {}
    # Hooks that are empty are ignored (parse_hooks in application_specification.rb), even those that do not exist.
    hooks = {event: scripts for event, scripts in _mapping(value, "hooks").items() if not _null(scripts)}
    for event in hooks:
        if not isinstance(hooks[event], list):
            raise Unreadable(f"the hook {event} has no list of scripts")
    found = {event: tuple(_hook(event, item) for item in scripts) for event, scripts in hooks.items()}
    unknown = [event for event in found if event not in EVENTS]
    if unknown:
        raise Unreadable(f"it has unknown lifecycle events: {', '.join(unknown)}")
    return found


def _hook(event: str, item: t.Any) -> Hook:
    entry = _mapping(item, f"a script of {event}")
    location = (_text(entry, "location") or "").strip()
    if not location:
        raise Unreadable(f"a script of {event} has no location")
    timeout = _timeout(entry)
    if timeout <= 0:
        raise Unreadable(f"the timeout {entry['timeout']} of {location} is not a number of seconds")
    runas = (_text(entry, "runas") or "").strip()
    return Hook(location.encode(), timeout, runas or None)


def _timeout(entry: t.Mapping[str, t.Any]) -> int:
    """ScriptInfo in script_info.rb takes the digits that it begins with (String#to_i, Float#to_i)."""
    written = _text(entry, "timeout")
    if written is None:
        return _TIMEOUT
    digits = re.match(r"\s*\+?([0-9]{1,9})", written)
    octal = entry["timeout"].plain and re.fullmatch(r"0[0-7]+", written)
    return int(digits.group(1), 8 if octal else 10) if digits else 0


# linux_permission_info.rb of the same: which files a permission is for.
_ANY_FILE: t.Final = b"**"


def problem_of_file(permission: Permission) -> str:
    """Why a permission cannot be for a single file; empty if it can."""
    if permission.pattern != _ANY_FILE:
        return f"The deployment failed because the object {paths.text(permission.object)} is a file and has a pattern"
    if permission.excepted:
        return f"The deployment failed because the object {paths.text(permission.object)} is a file and has exceptions"
    return problem_of_acl(permission)


def problem_of_acl(permission: Permission) -> str:
    """Why an access control list cannot be for files; empty if it can."""
    if any(acl.split(":", 1)[0] in ("d", "default") for acl in permission.acls):
        return "The deployment failed because a default acl is for directories only"
    return ""


def matches(base: bytes, path: bytes, permission: Permission) -> bool:
    """Whether a path below the permission's object matches. The object itself never does."""
    base = base if base.endswith(paths.SLASH) else base + paths.SLASH
    if not path.startswith(base):
        return False
    rest = path[len(base) :]
    if any(_matches_pattern(rest, pattern) for pattern in permission.excepted):
        return False
    return permission.pattern == _ANY_FILE or _matches_pattern(rest, permission.pattern)


def _matches_pattern(name: bytes, pattern: bytes) -> bool:
    """Whether a name matches a pattern. Only stars are special, and they do not cross a slash.

    Not a regular expression: with many stars one would try every way to divide the name.
    """
    if paths.SLASH in name:
        return False
    first, *rest = pattern.split(b"*")
    if not rest:
        return name == pattern
    *middle, last = rest
    if len(name) < len(first) + len(last) or not (name.startswith(first) and name.endswith(last)):
        return False
    position, end = len(first), len(name) - len(last)
    for part in middle:
        position = name.find(part, position, end)
        if position < 0:
            return False
        position += len(part)
    return True
