# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which IAM actions the modules needed while these tests ran, as the simulator understands each request."""

from __future__ import annotations

import contextlib
import json
import typing as t
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from botocore.endpoint import Endpoint

from lastgood_simulator.operations import Context
from lastgood_simulator.permissions import needed
from lastgood_simulator.requests import Request
from lastgood_simulator.world import World
from tests.granted import OURS
from tests.module import run

INVENTORY = "ecs_services"
FOLDER = Path(__file__).resolve().parents[2] / ".build" / "permissions"

# By module (or plugin), the actions and on which types of resources.
Needed = dict[str, dict[str, set[str]]]


class Seen:
    """Collects them. ``new`` are those of the test that runs."""

    def __init__(self) -> None:
        self.all: Needed = {}
        self.new: dict[str, set[str]] = {}

    def note(self, request: Request, context: Context) -> None:
        """A request that arrived, whatever its answer will be."""
        if request.operation and request.service != "s3" and OURS in request.headers.get("user-agent", ""):
            for action, resource in needed(request, context):
                self._add(action, type_of(resource))

    def note_rest(self, model: t.Any, request: t.Mapping[str, t.Any]) -> None:
        """One that is sent to a service that speaks REST, of which the simulator need not know the operation."""
        service = model.service_model
        if service.protocol.startswith("rest") and OURS in str(request["headers"].get("User-Agent", "")):
            self._add(action_of_rest(service.signing_name, model.name, "versionId" in request["query_string"]), "*")

    def _add(self, action: str, kind: str) -> None:
        name = run.running or INVENTORY
        self.new.setdefault(name, set()).add(action)
        self.all.setdefault(name, {}).setdefault(action, set()).add(kind)

    def take(self) -> dict[str, set[str]]:
        """Those of the test that has ended: by module, the actions."""
        new, self.new = self.new, {}
        return new

    def write(self, worker: str) -> None:
        """Keep them for whoever looks at all workers together."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        plain = {name: {action: sorted(types) for action, types in of.items()} for name, of in self.all.items()}
        (FOLDER / f"module-{worker}.json").write_text(json.dumps(plain, indent=1, sort_keys=True))


def type_of(resource: str) -> str:
    """``service`` of the ARN of a service; ``*`` if a request is about no single thing."""
    return resource.split(":", 5)[5].partition("/")[0].partition(":")[0] if resource.startswith("arn:") else resource


def action_of_rest(prefix: str, operation: str, of_a_version: bool) -> str:
    """Actions of S3 are not named like their operations; see also permissions.py of the simulator.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html: a request for a version needs GetObjectVersion.
    """
    if prefix == "s3":
        named = {"HeadObject": "GetObject", "ListObjectVersions": "ListBucketVersions"}
        operation = named.get(operation, operation) + ("Version" if of_a_version else "")
    return f"{prefix}:{operation}"


def together() -> dict[str, set[str]]:
    """What all workers of the last run have seen: by module, the actions."""
    found: dict[str, set[str]] = {}
    for file in sorted(FOLDER.glob("module-*.json")):
        for name, actions in json.loads(file.read_text()).items():
            found.setdefault(name, set()).update(actions)
    return found


@contextlib.contextmanager
def watching(seen: Seen) -> Iterator[None]:
    """Each simulator of this process tells what it is asked."""
    answer, send = World._answer, Endpoint.make_request

    def noted(world: World, request: Request, context: Context, forward: t.Callable[[], t.Any]) -> t.Any:
        seen.note(request, context)
        return answer(world, request, context, forward)

    def sent(endpoint: Endpoint, model: t.Any, request: dict[str, t.Any]) -> t.Any:
        seen.note_rest(model, request)
        return send(endpoint, model, request)

    with mock.patch.object(World, "_answer", noted), mock.patch.object(Endpoint, "make_request", sent):
        yield
