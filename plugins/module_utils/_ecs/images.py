# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The image that was good: whether a tag still names it, and a copy of the task definition that names it. Pure.

ECS resolves a tag to a digest once per deployment and records it in the service revision
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html, "Container image resolution").
An old task definition that names a tag therefore pulls whatever the tag names *now*.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Revision, TaskDefinition

PinImages = t.Literal["auto", "always", "never"]
State = t.Literal["same", "moved", "gone", "archived", "unknown"]

_ECR: t.Final = re.compile(
    r"(?P<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\."
    r"(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|on\.aws|on\.amazonwebservices\.com\.cn)"
)
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html, tags.
_TAGS: t.Final = 50
# What RegisterTaskDefinition does not take back from DescribeTaskDefinition's answer.
_NOT_REGISTERED: t.Final = frozenset(
    {
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
        "deregisteredAt",
        "deleteRequestedAt",
    }
)


@dataclass(frozen=True)
class Image:
    """An image as a container definition names it: ``name`` without tag and digest."""

    name: str
    tag: str
    digest: str

    @property
    def ecr(self) -> re.Match[str] | None:
        """Account and Region, if it is in a private ECR registry."""
        return _ECR.fullmatch(self.name.partition("/")[0])

    @property
    def repository(self) -> str:
        """The name without the registry's host."""
        return self.name.partition("/")[2] if "/" in self.name else self.name


def parse(image: str) -> Image:
    """``registry/name:tag@digest`` in its parts. A name without a tag means ``latest``, as Docker has it."""
    rest, _at, digest = image.partition("@")
    head, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        # The colon belongs to a registry's port.
        head, tag = rest, "" if digest else "latest"
    return Image(head, tag, digest)


@dataclass(frozen=True)
class Resolution:
    """What a registry says of an image: the digest behind the tag now, and whether the recorded one can be pulled."""

    state: State
    now: str = ""
    why: str = ""


@dataclass(frozen=True)
class Check:
    """One container of the target whose image is named by a tag. ``recorded`` is empty if no digest is on record."""

    container: str
    image: str
    recorded: str
    resolution: Resolution


@dataclass(frozen=True)
class Decision:
    """Which digests a copy of the task definition must pin (empty: none is needed), and what there is to say."""

    pin: t.Mapping[str, str]
    findings: tuple[Finding, ...]


def by_tag(target: TaskDefinition) -> dict[str, str]:
    """Images by container name, of those that go by a tag."""
    return {
        str(c.get("name")): str(c.get("image"))
        for c in target.content.get("containerDefinitions") or []
        if "@" not in str(c.get("image", ""))
    }


def last_known(image: str, revisions: t.Iterable[Revision], recorded: str) -> Resolution:
    """What can be known without asking the registry: what ECS resolved the same tag to the last time.

    ``revisions`` come newest first. The same digest then proves nothing about now; another one proves that it moved.
    """
    for revision in revisions:
        for container in revision.settings.get("containerImages") or []:
            if container.get("image") == image and container.get("imageDigest"):
                digest = str(container["imageDigest"])
                if digest != recorded:
                    return Resolution("moved", digest, "a later deployment pulled another image by the same tag")
                return Resolution("unknown", "", "the registry was not asked, and nothing shows that the tag moved")
    return Resolution("unknown", "", "the registry was not asked")


def by_digest(revision: Revision) -> bool:
    """An image of this revision was named by its digest, as in a pinned copy."""
    return any("@" in str(c.get("image", "")) for c in revision.settings.get("containerImages") or [])


def may_pin(copy: Revision, original: Revision) -> bool:
    """By what ECS recorded, one may be a copy of the other: the same images, some of them now by digest, or all of them
    by digest before, as in a copy of what was deregistered.

    Only then is it worth reading both task definitions.
    """
    ours, theirs = _recorded(copy), _recorded(original)
    pairs = [(ours[name], theirs[name]) for name in ours if name in theirs]
    return (
        bool(pairs)
        and set(ours) == set(theirs)
        and all(one == other or (_pins(one[0], other[0]) and one[1] == other[1]) for one, other in pairs)
        and (any(_pins(one[0], other[0]) for one, other in pairs) or all(one[0].digest for one, _other in pairs))
    )


def _recorded(revision: Revision) -> dict[str, tuple[Image, str]]:
    """By container, the image as it was named, and its digest."""
    found = {}
    for container in revision.settings.get("containerImages") or []:
        image = parse(str(container.get("image", "")))
        found[str(container.get("containerName"))] = (image, str(container.get("imageDigest") or image.digest))
    return found


def original_of(copy: TaskDefinition, others: t.Iterable[TaskDefinition]) -> str | None:
    """The ARN of what a pinned copy was made from, by its tag or, if it could not be tagged, by its content."""
    tagged = copied_from(copy)
    for other in others:
        if other.arn == copy.arn:
            continue
        if marks.tag_name(other.arn) == tagged or (tagged is None and is_copy(copy, other)):
            return other.arn
    return None


def decide(mode: PinImages, target: TaskDefinition, checks: t.Sequence[Check], trusts_record: bool = False) -> Decision:
    """Whether the target needs a copy that names its images by digest.

    ``trusts_record``: an image that the registry does not show can be pulled all the same, by the digest on record.
    """
    findings: list[Finding] = []
    name = names.short(target.arn)
    if mode == "never":
        findings += [
            Finding(
                "image_identity",
                "unknown",
                f"container {c.container} of {name} names {c.image} by tag, and pin_images is never: that it is the "
                "image that was good is not proven",
            )
            for c in checks
        ]
        return Decision({}, tuple(findings))
    pin: dict[str, str] = {}
    for check in checks:
        pinned = _pin(mode, check, trusts_record)
        pin.update(pinned)
        finding = _finding(name, check, bool(pinned))
        if finding:
            findings.append(finding)
    if pin:
        # A copy pins all that is on record, or the next deployment of it could still move.
        pin = {c.container: c.recorded for c in checks if c.recorded}
    return Decision(pin, tuple(findings))


def _pin(mode: PinImages, check: Check, trusts_record: bool) -> dict[str, str]:
    out_of_sight = check.resolution.state in ("gone", "archived")
    if not check.recorded or (out_of_sight and not trusts_record):
        return {}
    # The tag of an image that is out of sight may name another one by now.
    if mode == "always" or out_of_sight or check.resolution.state == "moved":
        return {check.container: check.recorded}
    return {}


def _finding(name: str, check: Check, pinned: bool) -> Finding | None:
    where = f"container {check.container} of {name} ({check.image})"
    state, why = check.resolution.state, _because(check.resolution.why)
    if not check.recorded:
        text = "no digest is on record, so whether the tag names the image that was good cannot be known"
        return Finding("image_identity", "unknown", f"{where}: {text}")
    if state == "gone":
        text = f"the image that was good, {check.recorded}, is not in the registry any more{why}"
        then = "It is pinned to that image all the same" if pinned else "Name another revision"
        return Finding("image_gone", "block", f"{where}: {text}. {then}")
    if state == "archived":
        text = f"the image that was good, {check.recorded}, is archived and cannot be pulled{why}"
        then = "It is pinned to that image all the same" if pinned else "Restore it in ECR, or name another revision"
        return Finding("image_archived", "block", f"{where}: {text}. {then}")
    if state == "moved":
        text = f"the tag does not name the digest that was good any more{why}. It is pinned to {check.recorded}"
        return Finding("image_moved", "warn", f"{where}: {text}")
    if state == "unknown" and pinned:
        text = f"it is pinned to {check.recorded}; whether the registry still has that image is not known{why}"
        return Finding("image_identity", "unknown", f"{where}: {text}")
    if state == "unknown":
        text = f"whether the tag still names the image that was good is not known{why}"
        return Finding("image_identity", "unknown", f"{where}: {text}")
    return None


def _because(why: str) -> str:
    return f" ({why})" if why else ""


def pinned_copy(target: TaskDefinition, pin: t.Mapping[str, str]) -> dict[str, t.Any]:
    """What RegisterTaskDefinition takes to make the copy: the same in all but the images, with its tags and ours."""
    request = {key: value for key, value in target.content.items() if key not in _NOT_REGISTERED}
    request["containerDefinitions"] = [
        {**c, "image": f"{parse(str(c['image'])).name}@{pin[str(c['name'])]}"} if str(c.get("name")) in pin else dict(c)
        for c in target.content.get("containerDefinitions") or []
    ]
    kept = {key: value for key, value in target.tags.items() if not key.startswith((marks.PREFIX, "aws:"))}
    # A copy of a copy is one of the first as well.
    original = copied_from(target) or marks.tag_name(target.arn)
    # Of more than AWS takes, ours goes: a copy is also known by its content.
    ours = {marks.COPY_OF: marks.tag_value(original)} if len(kept) < _TAGS else {}
    request["tags"] = [{"key": key, "value": value} for key, value in {**kept, **ours}.items()]
    return request


def fewer_tags(tags: t.Sequence[str], refusal: str) -> list[str]:
    """The keys of tags to try again with, after AWS has refused all of these with this text. Pure.

    A tag policy names the key ("The tag policy does not allow the specified value for the following tag key:
    'Project'", https://github.com/runs-on/runs-on/issues/485). A policy of IAM does not say which key it is about, and
    knows those of the owner rather than ours.
    """
    named = [key for key in tags if f"'{key}'" in refusal or f'"{key}"' in refusal]
    if named:
        return [key for key in tags if key not in named]
    return [key for key in tags if key != marks.COPY_OF] if marks.COPY_OF in tags else []


def copied_from(task_definition: TaskDefinition) -> str | None:
    """What a pinned copy was made from, as its tag names it (:func:`.marks.tag_name`); None if it is not a copy."""
    name = task_definition.tags.get(marks.COPY_OF, "")
    return name if marks.is_tag_name(name) else None


def is_copy(copy: TaskDefinition, original: TaskDefinition) -> bool:
    """One is a pinned copy of the other: the same in all but images that name a digest instead of a tag."""
    if _without_images(copy) != _without_images(original):
        return False
    pairs = list(zip(_images(copy), _images(original)))
    return all(one == other or _pins(one, other) for one, other in pairs) and any(one != other for one, other in pairs)


def is_the_copy(found: TaskDefinition, original: TaskDefinition, pin: t.Mapping[str, str]) -> bool:
    """A copy with exactly these digests exists already: a run before this one was cut off after registering it."""
    wanted = TaskDefinition(found.arn, found.status, {}, {**original.content, **pinned_copy(original, pin)})
    return _without_images(found) == _without_images(original) and _images(found) == _images(wanted)


def _pins(one: Image, other: Image) -> bool:
    # If both name images by digest, as some pipelines always do, neither is a copy of the other.
    return bool(one.digest) and not other.digest and one.name == other.name


def _images(task_definition: TaskDefinition) -> list[Image]:
    return [parse(str(c.get("image", ""))) for c in task_definition.content.get("containerDefinitions") or []]


def _without_images(task_definition: TaskDefinition) -> dict[str, t.Any]:
    content = {key: value for key, value in task_definition.content.items() if key not in _NOT_REGISTERED}
    content["containerDefinitions"] = [
        {key: value for key, value in c.items() if key != "image"}
        for c in task_definition.content.get("containerDefinitions") or []
    ]
    return content
