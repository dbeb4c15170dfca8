# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How revisions behave on instances, and whether the agents there run.

The control methods ``bundle`` and ``agent`` say so. The texts are those of the agent:
https://github.com/aws/aws-codedeploy-agent/blob/master/lib/instance_agent/plugins/codedeploy/hook_executor.rb
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

BEHAVIOURS = ("ok", "fail", "hang")
# "Reserved for CodeDeploy operations. Cannot be used to run scripts":
# https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
RESERVED = ("DownloadBundle", "Install", "BlockTraffic", "AllowTraffic")
SCRIPTED = (
    "BeforeBlockTraffic",
    "AfterBlockTraffic",
    "ApplicationStop",
    "BeforeInstall",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
    "BeforeAllowTraffic",
    "AfterAllowTraffic",
)
_MESSAGES = {
    "ScriptMissing": "Script does not exist at specified location: {script}",
    "ScriptNotExecutable": "Unable to set script at specified location: {script} as executable",
    "ScriptTimedOut": "Script at specified location: {script} failed to complete in {timeout} seconds",
    "ScriptFailed": "Script at specified location: {script} failed with exit code 1",
    "UnknownError": "{event} failed",
}
# What the agent keeps of a script's output.
_LOG_TAIL = 2048


@dataclass(frozen=True)
class Trouble:
    """What goes wrong in a lifecycle event. ``seconds`` is how long it takes, None: as long as any event."""

    seconds: float | None
    diagnostics: dict[str, str]
    instances: frozenset[str] | None


@dataclass(frozen=True)
class Bundle:
    """What an instance has downloaded: names by which a test may have spoken of it, the most exact first."""

    names: tuple[str, ...]


def of_s3(place: dict[str, Any], version: str | None, etag: str | None) -> Bundle:
    """The bundle that is at a place in S3, as it is there now."""
    where = f"{place['bucket']}/{place['key']}"
    exact = [f"{where}@{mark}" for mark in (version, (etag or "").strip('"')) if mark and mark != "null"]
    return Bundle((*exact, where, place["key"]))


def of_github(place: dict[str, Any]) -> Bundle:
    """The bundle that is a commit."""
    return Bundle((f"{place['repository']}@{place['commitId']}", place["commitId"]))


class Bundles:
    """Every bundle is fine, unless a test says otherwise by one of its names."""

    def __init__(self) -> None:
        self._troubles: dict[tuple[str, str], Trouble] = {}

    def set(
        self,
        name: str,
        behaviour: str,
        event: str | None,
        code: str | None,
        script: str | None,
        message: str | None,
        log: str,
        instances: list[str] | None,
        timeout: float,
    ) -> None:
        """Raises ValueError for a behaviour, an event or an error code that does not exist."""
        _known(behaviour, BEHAVIOURS, "behaviour")
        if event is not None:
            _known(event, (*SCRIPTED, *RESERVED), "lifecycle event")
        if behaviour == "ok":
            for key in [key for key in self._troubles if key[0] == name and event in (None, key[1])]:
                del self._troubles[key]
            return
        event = event or "ValidateService"
        hangs = behaviour == "hang"
        code = code or ("UnknownError" if event in RESERVED else "ScriptTimedOut" if hangs else "ScriptFailed")
        _known(code, tuple(_MESSAGES), "error code")
        script = "" if event in RESERVED else script or f"scripts/{event}.sh"
        text = message or _MESSAGES[code].format(script=script, timeout=int(timeout), event=event)
        tail = f"LifecycleEvent - {event}\nScript - {script}\n{log}" if script else log
        diagnostics = {"errorCode": code, "scriptName": script, "message": text, "logTail": tail[-_LOG_TAIL:]}
        where = None if instances is None else frozenset(instances)
        self._troubles[name, event] = Trouble(timeout if hangs else None, diagnostics, where)

    def trouble(self, bundle: Bundle | None, event: str, instance: str) -> Trouble | None:
        """What goes wrong with a bundle in an event on an instance; nothing if there is no bundle."""
        for name in bundle.names if bundle is not None else ():
            found = self._troubles.get((name, event))
            if found is not None and (found.instances is None or instance in found.instances):
                return found
        return None


class Agents:
    """Every instance's agent runs, unless a test says otherwise."""

    def __init__(self) -> None:
        self._stopped: set[str] = set()

    def set(self, instance: str, running: bool) -> None:
        """Start or stop the agent of an instance."""
        if running:
            self._stopped.discard(instance)
        else:
            self._stopped.add(instance)

    def running(self, instance: str) -> bool:
        """Whether the agent answers."""
        return instance not in self._stopped


def _known(value: Any, known: tuple[str, ...], what: str) -> None:
    if value not in known:
        raise ValueError(f"unknown {what} {value!r}; there are {', '.join(known)}")
