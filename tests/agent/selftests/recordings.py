# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recordings of the real agent, played again below a scratch directory."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

from tests.agent.agent import Agent, Deployment, Outcome

RECORDINGS = Path(__file__).resolve().parents[2] / "recordings" / "codedeploy-agent"
SCENARIOS = sorted(path.stem for path in RECORDINGS.glob("[0-9]*.json"))
# What the recordings name, and what is below the scratch directory here.
_PLACES = ("/srv/app", "/opt/codedeploy-agent")
_SITE = "/srv/app"
_ROOT = "/opt/codedeploy-agent/deployment-root"


def load(name: str) -> Any:
    """A recording."""
    return json.loads((RECORDINGS / f"{name}.json").read_bytes())


class Replay:
    """A scenario below ``scratch``: its paths are mapped there, and back for comparisons."""

    def __init__(self, recording: dict[str, Any], scratch: Path) -> None:
        self._recording = recording
        self._scratch = scratch
        self.immutable: set[str] = set()
        Path(self.there(_SITE)).mkdir(parents=True)
        self.agent = Agent(Path(self.there(_ROOT)), scratch, self._order)
        self._listed = b""

    def there(self, text: str) -> str:
        """As in the recording → as it is here."""
        for place in _PLACES:
            text = text.replace(place, f"{self._scratch}{place}")
        return text

    def back(self, data: bytes) -> bytes:
        """As it is here → as in the recording."""
        for place in _PLACES:
            data = data.replace(os.fsencode(f"{self._scratch}{place}"), place.encode())
        return data

    def shell(self, step: dict[str, Any]) -> subprocess.CompletedProcess[bytes]:
        """What was done by hand. ``chattr`` needs root and a file system that knows it: remembered instead."""
        command = self.there(step["cmd"])
        if command.startswith("chattr"):
            _chattr, sign, path = command.split(" &&")[0].split()
            self.immutable = {path} if sign == "+i" else set()
            command = "true"
        if os.geteuid() != 0:
            # Only root gives files away.
            command = f"chown() {{ :; }}; {command}"
        return subprocess.run(["sh", "-c", command], capture_output=True, check=False)

    def deploy(self, step: dict[str, Any]) -> Outcome:
        """One deployment."""
        self._listed = self._recorded(step["cleanup_after"]) or b""
        bundle = self._bundle(step["revision"])
        id_ = Path(step["deployment_dir"]).name
        return self.agent.deploy(
            Deployment(step["deployment_group_id"], bundle, step["file_exists_behavior"] or "DISALLOW", id_)
        )

    def _bundle(self, name: str) -> Path:
        """The revision as a directory, in which scripts and AppSpec file name the places of here."""
        directory = self._scratch / "bundles" / name
        if not directory.exists():
            directory.mkdir(parents=True)
            for path, entry in sorted(self._recording["bundles"][name].items()):
                target = directory / path
                if entry["type"] == "dir":
                    target.mkdir()
                else:
                    target.write_text(self.there(entry["content"]))
                target.chmod(int(entry["mode"], 8))
        return directory

    def _order(self, destination: str, names: list[str]) -> list[str]:
        """The recording's file system listed directories in an order of its own, which the cleanup file shows."""

        def place(name: str) -> int:
            path = os.fsencode(os.path.join(destination, name))
            # A directory that was there is not listed, but what is in it.
            found = [self._listed.find(path + end) for end in (b"\n", b"/")]
            return min((index for index in found if index >= 0), default=len(self._listed))

        return sorted(names, key=place)

    def _recorded(self, contents: str | None) -> bytes | None:
        if contents is None:
            return None
        return os.fsencode(self.there(os.fsdecode(base64.b64decode(contents))))

    def cleanup(self, group: str) -> str | None:
        """The cleanup file as recordings have it."""
        path = self.agent.layout.cleanup(group)
        return base64.b64encode(self.back(path.read_bytes())).decode() if path.exists() else None

    def mark(self, path: Path) -> str | None:
        """The content of one of the agent's files, with the paths of the recording."""
        return self.back(path.read_bytes()).decode() if path.exists() else None

    def listing(self) -> dict[str, dict[str, Any]]:
        """All that is below the site."""
        found = {}
        for directory, directories, files in os.walk(self.there(_SITE)):
            for name in directories + files:
                path = os.path.join(directory, name)
                found[self.back(os.fsencode(path)).decode()] = self._entry(path)
        return found

    def _entry(self, path: str) -> dict[str, Any]:
        status = os.lstat(path)
        entry = {"mode": f"{stat.S_IMODE(status.st_mode):04o}", "uid": status.st_uid, "gid": status.st_gid}
        if stat.S_ISLNK(status.st_mode):
            return {**entry, "type": "link", "target": self.back(os.fsencode(os.readlink(path))).decode()}
        if stat.S_ISDIR(status.st_mode):
            return {**entry, "type": "dir"}
        data = self.back(Path(path).read_bytes())
        return {**entry, "type": "file", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    @staticmethod
    def expected(listing: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """A recorded listing. Owners are root's there; without root all belongs to whoever runs this."""
        mine = {} if os.geteuid() == 0 else {"uid": os.geteuid(), "gid": os.getegid()}
        return {
            path: {**{key: value for key, value in entry.items() if key != "content"}, **mine}
            for path, entry in listing.items()
        }
