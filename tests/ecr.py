# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The repository ``web`` in Amazon ECR, and images to push to it."""

from __future__ import annotations

import json

from tests.world import REGION, World

REPOSITORY = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/web"
LATEST = f"{REPOSITORY}:latest"


class Ecr:
    """The repository ``web``."""

    def __init__(self, world: World) -> None:
        self.client = world.client("ecr")
        self.client.create_repository(repositoryName="web")

    def push(self, content: str, tag: str = "latest") -> str:
        """Push an image, which moves the tag; returns its digest. It has a tag of its own too, as by a commit."""
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        # moto makes the digest of those of the layers.
        manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "layers": [{"digest": content}]})
        for name in (f"commit-{content}", tag):
            answer = self.client.put_image(repositoryName="web", imageManifest=manifest, imageTag=name)
        return str(answer["image"]["imageId"]["imageDigest"])

    def push_index(self, tag: str, *digests: str) -> str:
        """Push an index of these images, one for each platform, which moves the tag; returns its digest."""
        kind = "application/vnd.oci.image.index.v1+json"
        index = {"schemaVersion": 2, "mediaType": kind, "manifests": [{"digest": digest} for digest in digests]}
        answer = self.client.put_image(repositoryName="web", imageManifest=json.dumps(index), imageTag=tag)
        return str(answer["image"]["imageId"]["imageDigest"])

    def delete(self, **image: str) -> None:
        """Delete a tag, or an image by its digest."""
        self.client.batch_delete_image(repositoryName="web", imageIds=[image])
