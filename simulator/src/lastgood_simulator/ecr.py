# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What moto's Amazon ECR says of an image."""

from __future__ import annotations

import re

from moto.ecr.models import ecr_backends

_REFERENCE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/"
    r"(?P<repository>[^:@]+)(:(?P<tag>[^@]+))?(@(?P<digest>sha256:.+))?"
)


class GoneError(Exception):
    """The repository exists, and the image is not in it (any more)."""


def digest_of(reference: str) -> str | None:
    """The digest of an image, None for one that is in no repository of moto's. Raises GoneError."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        return None
    repository = ecr_backends[match["account"]][match["region"]].repositories.get(match["repository"])
    if repository is None:
        return None
    for image in repository.images:
        digest = str(image.get_image_digest())
        if digest == match["digest"] if match["digest"] else (match["tag"] or "latest") in image.image_tags:
            return digest
    raise GoneError(reference)
