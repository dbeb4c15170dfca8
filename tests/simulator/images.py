# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Container images: what a tag points at and how a container of it behaves."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

BEHAVIOURS = ("ok", "crash", "cannot_pull", "unhealthy", "slow")


@dataclass(frozen=True)
class Image:
    """One image: its digest and how its containers behave. ``after`` overrides the timing ``crash``."""

    digest: str
    behaviour: str = "ok"
    exit_code: int = 1
    reason: str | None = None
    after: float | None = None


class Registry:
    """Every name exists and is fine unless a test says otherwise."""

    def __init__(self) -> None:
        self._by_name: dict[str, Image] = {}
        self._by_digest: dict[str, Image] = {}

    def set(
        self, name: str, behaviour: str, digest: str | None, exit_code: int, reason: str | None, after: float | None
    ) -> Image:
        """Say how ``name`` behaves; a new ``digest`` means that the tag moved to another image.

        The old image stays what it was under its own digest. Raises ValueError for an unknown behaviour.
        """
        if behaviour not in BEHAVIOURS:
            raise ValueError(f"unknown behaviour {behaviour!r}; there are {', '.join(BEHAVIOURS)}")
        image = Image(digest or self.resolve(name).digest, behaviour, exit_code, reason, after)
        self._by_name[name] = image
        self._by_digest[image.digest] = image
        return image

    def resolve(self, name: str) -> Image:
        """What ``name`` (``repository:tag`` or ``repository@sha256:…``) is now."""
        if "@" in name:
            digest = name.split("@", 1)[1]
            return self._by_name.get(name) or self._by_digest.get(digest) or Image(digest)
        return self._by_name.get(name) or Image(derived_digest(name))

    def pinned(self, name: str, digest: str) -> Image:
        """The image that ``name`` was when it had this digest."""
        current = self.resolve(name)
        return current if current.digest == digest else self._by_digest.get(digest, Image(digest))


def derived_digest(name: str) -> str:
    """A digest that is always the same for a name."""
    return "sha256:" + hashlib.sha256(name.encode()).hexdigest()
