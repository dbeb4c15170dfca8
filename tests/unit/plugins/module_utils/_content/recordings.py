# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the agent was recorded doing, as the tests need it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.contents import Bundle
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import Entry, Listing

FOLDER = Path(__file__).parents[4] / "recordings" / "codedeploy-agent"
PARSER = "parse-remove-commands"
# Listings are of everything in here.
ROOT = b"/srv/app"


@dataclass(frozen=True)
class Deployment:
    """One deployment of a recording."""

    scenario: str
    number: int
    revision: str
    option: str
    bundle: Bundle
    before: dict[bytes, Entry]
    after: dict[bytes, Entry]
    cleanup_before: bytes | None
    cleanup_after: bytes | None
    succeeded: bool

    def __str__(self) -> str:
        return f"{self.scenario}-{self.number}-{self.revision}"

    @property
    def listing(self) -> Listing:
        return Listing(self.before, roots=[ROOT])


def load(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text())


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.json") if path.stem != PARSER)


def deployments(scenario: str) -> Iterator[Deployment]:
    recording = load(scenario)
    for step in recording["steps"]:
        if step["do"] == "deploy":
            yield Deployment(
                scenario=scenario,
                number=step["step"],
                revision=step["revision"],
                option=step["file_exists_behavior"],
                bundle=bundle(recording["bundles"][step["revision"]]),
                before=entries(step["before"]),
                after=entries(step["after"]),
                cleanup_before=decoded(step["cleanup_before"]),
                cleanup_after=decoded(step["cleanup_after"]),
                succeeded=step["rc"] == 0,
            )


def bundle(recorded: Mapping[str, Mapping[str, Any]]) -> Bundle:
    """What is unpacked belongs to root."""
    owned = {path: {"uid": 0, "gid": 0, **entry} for path, entry in recorded.items()}
    return Bundle(entries(owned), recorded["appspec.yml"]["content"].encode())


def entries(recorded: Mapping[str, Mapping[str, Any]]) -> dict[bytes, Entry]:
    return {path.encode("utf-8", "surrogateescape"): entry(values) for path, values in recorded.items()}


def entry(values: Mapping[str, Any]) -> Entry:
    target = values.get("target")
    return Entry(
        kind=values["type"],
        mode=int(values["mode"], 8),
        uid=values["uid"],
        gid=values["gid"],
        size=values.get("size"),
        digest=values.get("sha256"),
        target=None if target is None else target.encode("utf-8", "surrogateescape"),
    )


def decoded(encoded: str | None) -> bytes | None:
    """A cleanup file of a recording."""
    return None if encoded is None else base64.b64decode(encoded)
