# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Container images: what a tag points at and how a container of it behaves."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass

from lastgood_simulator.ecr import GoneError, digest_of

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
    """Every name exists and is fine, unless a test or a repository of moto's Amazon ECR says otherwise."""

    def __init__(self) -> None:
        # The digest is empty if it is that of ECR, or the one derived from the name.
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
        kept = self._by_name.get(name)
        self._by_name[name] = Image(
            digest or (kept.digest if kept is not None else ""), behaviour, exit_code, reason, after
        )
        image = self.resolve(name)
        self._by_digest[image.digest] = image
        return image

    def resolve(self, name: str) -> Image:
        """What ``name`` (``repository:tag`` or ``repository@sha256:…``) is now."""
        said = self._by_name.get(name)
        if said is not None and said.digest:
            return said
        pinned = name.split("@", 1)[1] if "@" in name else ""
        try:
            digest = digest_of(name) or pinned or derived_digest(name)
        except GoneError:
            return Image(pinned or derived_digest(name), "cannot_pull")
        return dataclasses.replace(said, digest=digest) if said is not None else self._with_digest(digest)

    def pinned(self, name: str, digest: str) -> Image:
        """The image that ``name`` was when it had this digest."""
        current = self.resolve(name)
        if current.digest == digest:
            return current
        repository = name.split("@", 1)[0]
        if ":" in repository.rsplit("/", 1)[-1]:
            repository = repository.rsplit(":", 1)[0]
        try:
            digest_of(f"{repository}@{digest}")
        except GoneError:
            return Image(digest, "cannot_pull")
        return self._with_digest(digest)

    def _with_digest(self, digest: str) -> Image:
        return self._by_digest.get(digest, Image(digest))


def derived_digest(name: str) -> str:
    """A digest that is always the same for a name."""
    return "sha256:" + hashlib.sha256(name.encode()).hexdigest()
