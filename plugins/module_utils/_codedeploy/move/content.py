# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a redeploy does to files already on the instances, in words. Pure.

What the agent does (lib/instance_agent/plugins/codedeploy/installer.rb of aws/aws-codedeploy-agent 1.8.1, and runs of
it): in the lifecycle event Install it first removes every file that the last Install has written, and then goes through
the files of the new bundle. If a file is in the way of one of these, DISALLOW fails; OVERWRITE overwrites it, and from
then on it belongs to CodeDeploy; RETAIN keeps it, and it does not belong to CodeDeploy.

AWS's guide says something else about RETAIN: what it keeps is "recorded as part of this deployment's package", so that
the next deployment removes it
(https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html). The agent does not do
that: a kept file is lost only if a later deployment uses OVERWRITE, has that path in its bundle, and reaches Install.

``file_exists_behavior`` in the AppSpec file of a bundle wins over the option of the deployment.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import revisions, targets
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.history import PARTIAL
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.targets import Target

# CreateDeployment's default (https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html).
DEFAULT: t.Final = "DISALLOW"
# FileExistsBehavior in botocore's model.
OPTIONS: t.Final = ("DISALLOW", "OVERWRITE", "RETAIN")
# LifecycleEventStatus in botocore's model: the agent has begun an event with one of these.
_BEGUN: t.Final = frozenset({"InProgress", "Succeeded", "Failed"})
_APPSPEC: t.Final = "file_exists_behavior in the AppSpec file of a bundle wins over this option"


@dataclass(frozen=True)
class Reach:
    """On how many of its targets a deployment reached Install. ``of`` is 0 if nobody has looked.

    ``names``: the ids of those targets, and ``others`` of the rest, if they were read.
    """

    installed: int = 0
    of: int = 0
    names: tuple[str, ...] = field(default=(), compare=False)
    others: tuple[str, ...] = field(default=(), compare=False)

    @property
    def known(self) -> bool:
        """Whether its targets were read."""
        return self.of > 0


def option(deployment: Deployment | None) -> str:
    """The content option of a deployment."""
    return (deployment.file_exists_behavior if deployment is not None else "") or DEFAULT


def reach(deployment: Deployment, seen: t.Sequence[Target] | None) -> Reach:
    """On how many targets it reached Install: all if it succeeded, else counted from its targets, if they were seen."""
    begun = tuple(target.id for target in seen or () if _began(target))
    if deployment.status == "Succeeded":
        count = deployment.counts.get("Succeeded", 0) or len(begun) or 1
        return Reach(count, count, begun)
    if seen:
        others = tuple(target.id for target in seen if not _began(target))
        return Reach(len(begun), max(len(seen), sum(deployment.counts.values())), begun, others)
    return Reach()


def unread(between: t.Iterable[Deployment]) -> list[str]:
    """The deployments whose targets must be read to know whether they reached Install."""
    return [d.id for d in between if d.status != "Succeeded" and option(d) != DEFAULT]


def since(good: Deployment | None, deployments: t.Sequence[Deployment]) -> list[Deployment]:
    """What was deployed to the group after ``good``, oldest first; all deployments if there is no good one."""
    if good is None:
        return [d for d in deployments if d.id]
    return [d for d in deployments if d.creator not in PARTIAL and d.created_at > good.created_at and d.id != good.id]


def warnings(
    wanted: str, good: Deployment | None, between: t.Sequence[Deployment], reached: t.Mapping[str, Reach]
) -> tuple[str, ...]:
    """Warnings about a redeploy with the content option ``wanted``.

    ``between`` are the deployments since ``good``, oldest first; ``reached`` is how far they got.
    """
    may_have = [d for d in between if _may_have_installed(d, reached)]
    kept = [d for d in may_have if option(d) == "RETAIN"]
    if good is not None and option(good) == "RETAIN":
        kept = [good, *kept]
    written = [d for d in may_have if option(d) == "OVERWRITE"]
    found = [_removed(between, reached)]
    found += [_written_over(d, kept, between, reached) for d in written]
    found.append(_of_option(wanted, kept, written))
    return tuple(text for text in found if text)


def _written_over(
    deployment: Deployment,
    kept: t.Sequence[Deployment],
    between: t.Sequence[Deployment],
    reached: t.Mapping[str, Reach],
) -> str:
    """The warning about one deployment with OVERWRITE: which one kept files before it, which one removed them since."""
    kept_by = next((k for k in reversed(kept) if k.created_at < deployment.created_at), None)
    after = next((d for d in between if d.created_at > deployment.created_at and _installed(d, reached)), None)
    return _overwritten(deployment, kept_by, after, reached)


def _of_option(wanted: str, kept: t.Sequence[Deployment], written: t.Sequence[Deployment]) -> str:
    """The warning about the option of this redeploy; empty if there is none."""
    if wanted == "RETAIN":
        return _retain(written)
    if wanted == "DISALLOW" and kept:
        return (
            f"{kept[-1].id} had RETAIN, and this redeploy has DISALLOW: where a file that was kept stands at a path of "
            'the bundle, Install fails with "specified file already exists", and what the last deployment had '
            "installed is removed by then. To keep such files give file_exists_behavior: retain"
        )
    if wanted == "OVERWRITE":
        return (
            "OVERWRITE writes over files at paths of the bundle, no matter who put them there, and they belong to "
            "CodeDeploy from then on: the next deployment removes them"
        )
    return ""


def _began(target: Target) -> bool:
    event = target.event("Install")
    return event is not None and event.status in _BEGUN


def _may_have_installed(deployment: Deployment, reached: t.Mapping[str, Reach]) -> bool:
    how_far = reached.get(deployment.id, Reach())
    return how_far.installed > 0 or not how_far.known


def _installed(deployment: Deployment, reached: t.Mapping[str, Reach]) -> bool:
    """Whether it reached Install on all targets, as far as known."""
    how_far = reached.get(deployment.id, Reach())
    return how_far.known and how_far.installed == how_far.of


def _removed(between: t.Sequence[Deployment], reached: t.Mapping[str, Reach]) -> str:
    last = next((d for d in reversed(between) if _may_have_installed(d, reached)), None)
    what = revisions.text(last.revision) if last is not None else "the last deployment"
    where = _where(last, reached.get(last.id, Reach())) if last is not None else ""
    return (
        f"{where}the files that {what} has installed are removed first, with whatever was changed in them by hand. "
        "Files that scripts made, and other things that they did, stay as they are"
    )


def _where(deployment: Deployment, how_far: Reach) -> str:
    """``on 2 of the 3 instances of d-1 (i-1, i-2), ``; empty if it is not known."""
    if not how_far.installed or not deployment.counts:
        return ""
    if how_far.of == 1:
        return f"on the one instance of {deployment.id}{_in_brackets(how_far.names)}, "
    of = f"{how_far.installed} of the" if how_far.installed < how_far.of else "all"
    return f"on {of} {how_far.of} instances of {deployment.id}{_in_brackets(how_far.names)}, "


def _in_brackets(ids: t.Sequence[str]) -> str:
    return f" ({targets.named(ids)})" if ids else ""


def _overwritten(
    deployment: Deployment, kept_by: Deployment | None, after: Deployment | None, reached: t.Mapping[str, Reach]
) -> str:
    how_far = reached.get(deployment.id, Reach())
    got = "may have got to Install"
    if how_far.known:
        of = f"{how_far.of} instance{'s' if how_far.of > 1 else ''}"
        got = f"got to Install on {how_far.installed} of {of}{_in_brackets(how_far.names)}"
    if deployment.status == "Succeeded":
        count = deployment.counts.get("Succeeded", 0)
        got = f"succeeded on {count} instance{'s' if count > 1 else ''}" if count else "succeeded"
    text = (
        f"{deployment.id} had OVERWRITE and {got}: files that stood at paths of its bundle were overwritten, and "
        f"{f'were removed by {after.id}' if after is not None else 'are removed by this redeploy'}. CodeDeploy cannot "
        "bring back what was in them"
    )
    if how_far.others:
        text += f". On {targets.named(how_far.others)} they can still be saved: it did not get that far there"
    if kept_by is None:
        return text
    return (
        f"{text}. Files that {kept_by.id} had kept (RETAIN) are among them where its bundle has their paths. AWS's "
        f'guide says that {deployment.id} removes all of them, as "recorded as part of this deployment\'s package"; '
        "the agent does not record them, and those at other paths stay"
    )


def _retain(written: t.Sequence[Deployment]) -> str:
    text = (
        "RETAIN keeps files that CodeDeploy has not installed. It does not protect those of the last deployment: they "
        f"are removed before it looks. {_APPSPEC}"
    )
    if written:
        text += f". What {written[-1].id} has overwritten counts as installed by CodeDeploy"
    return text
