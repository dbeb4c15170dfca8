# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files in few words: None is a directory, a text is the content of a file, ``Link`` is a link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.lastgood.aws.plugins.module_utils._content import paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.appspec import AppSpec, Permission
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.appspec import Mapping as FileMapping
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.contents import Bundle
from ansible_collections.lastgood.aws.plugins.module_utils._content.install import install
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.prediction import Prediction
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import (
    DIRECTORY,
    FILE,
    LINK,
    Entry,
    Listing,
    below,
)

ROOT = "/srv/app"
WEB = "/srv/app/web"


@dataclass(frozen=True)
class Link:
    target: str


Files = Mapping[str, "str | Link | Entry | None"]


def raw(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def entry(value: str | Link | Entry | None) -> Entry:
    if isinstance(value, Entry):
        return value
    if isinstance(value, Link):
        return Entry(LINK, target=raw(value.target))
    return Entry(DIRECTORY) if value is None else Entry(FILE, mode=0o644, uid=0, gid=0, digest=value)


def listing(files: Files, roots: Iterable[str] = (ROOT,), platform: paths.Platform = paths.LINUX) -> Listing:
    entries = {raw(path): entry(value) for path, value in files.items()}
    return Listing(entries, [raw(root) for root in roots], platform)


def bundle(files: Files) -> Bundle:
    return Bundle({raw(path): entry(value) for path, value in files.items()}, b"", ordered=True)


def spec(
    *mappings: tuple[str, str], permissions: Iterable[Permission] = (), behavior: str = "", system: str = "linux"
) -> AppSpec:
    files = tuple(FileMapping(raw(source), raw(destination)) for source, destination in mappings)
    return AppSpec(system, files, tuple(permissions), file_exists_behavior=behavior)


def cleanup(*listed: str) -> bytes:
    return b"".join(raw(path) + b"\n" for path in listed)


def predict(
    before: Files,
    files: Files | None = None,
    *,
    listed: bytes | None = None,
    option: str = "",
    appspec: AppSpec | None = None,
    **options: Any,
) -> Prediction:
    """Install a bundle whose directory ``content`` goes to /srv/app/web, if nothing else is said."""
    return install.predict(
        listing(before), listed, bundle(files or {}), appspec or spec(("content", WEB)), option, **options
    )


def after(prediction: Prediction, root: str = ROOT) -> dict[str, Any]:
    """The files afterwards, in the same few words."""
    found: dict[str, Any] = {}
    for path, one in below(prediction.after, raw(root)):
        name = path.decode("utf-8", "surrogateescape")
        if one.kind == LINK:
            found[name] = Link((one.target or b"").decode())
        else:
            found[name] = None if one.kind == DIRECTORY else one.digest
    return found


def lines(prediction: Prediction) -> list[str] | None:
    if prediction.cleanup is None:
        return None
    return prediction.cleanup.decode("utf-8", "surrogateescape").split("\n")[:-1]


def immutable(content: str) -> Entry:
    return replace(entry(content), immutable=True)


def mounted() -> Entry:
    return Entry(DIRECTORY, mounted=True)
