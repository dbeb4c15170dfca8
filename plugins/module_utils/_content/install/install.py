# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Predict what the lifecycle event Install does to an instance's files. Pure: it only reads.

install in lib/instance_agent/plugins/codedeploy/installer.rb of aws/aws-codedeploy-agent 1.8.1: everything in the
cleanup file of the deployment group is removed, then instructions are made from the AppSpec file and the bundle against
the files that are left, then they are carried out.
"""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._content import paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import cleanup as cleanup_file
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent.agent import Generation
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.appspec import AppSpec
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.contents import Bundle
from ansible_collections.lastgood.aws.plugins.module_utils._content.install import dangling, notes, orphans
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.copying import Copying, Names
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.instructions import Instructions, Rejected
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.prediction import (
    Dangling,
    Failure,
    Orphan,
    Placement,
    Prediction,
)
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.removing import Removals, remove_all
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.tree import Tree
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import DIRECTORY, Entry, Source
from ansible_collections.lastgood.aws.plugins.module_utils._content.paths import LINUX, Platform

# DeploymentSpecification in deployment_specification.rb
DEFAULT: t.Final = "DISALLOW"


def predict(
    source: Source,
    cleanup: t.Optional[bytes],
    bundle: Bundle,
    appspec: AppSpec,
    option: str = "",
    *,
    generation: Generation = Generation.RUBY,
    trusted: bool = True,
    platform: Platform = LINUX,
    owners: Names = None,
    groups: Names = None,
) -> Prediction:
    """Predict what Install does. Raises :class:`Unpredictable`.

    ``cleanup``: the content of the deployment group's cleanup file, None if there is none. ``option``: the deployment's
    fileExistsBehavior, empty for the default; the AppSpec file's wins. ``trusted``: whether agent 2.x follows the
    cleanup file. ``owners`` and ``groups``: the names that the instance knows, with their numbers; None if nobody
    asked. Afterwards the bundle is among the files, at its ``root``.
    """
    tree = Tree(source, platform)
    unpack(tree, bundle)
    told = _Told(tree, appspec.file_exists_behavior or option or DEFAULT, bool(appspec.file_exists_behavior), bundle)
    old, distrusted, removals = _first_half(tree, cleanup or b"", generation, trusted)
    if removals.failure is not None:
        return told.prediction(removals, cleanup=cleanup)
    instructions = Instructions(tree, bundle, told.option)
    instructions.make(appspec)
    problem = instructions.problem or (_not_utf_8(instructions) if generation is Generation.RUBY else None)
    if problem is not None:
        failure = Failure("instructions", problem.path, str(problem))
        told.orphans = orphans.find(tree, old, removals.carried_out, (), generation, distrusted)
        return told.prediction(removals, instructions.held_back, failure)
    told.dangling = dangling.find(Tree(source, platform), tree, instructions.all)
    copying = Copying(tree, instructions, generation, owners, groups)
    placements = [*copying.run(), *instructions.held_back]
    told.notes = notes.notes(source, tree, old, instructions.all, placements)
    told.strays = notes.strays(tree, b"".join(copying.lines), placements, generation)
    told.orphans = orphans.find(tree, old, removals.carried_out, placements, generation, distrusted)
    return told.prediction(removals, placements, copying.failure, b"".join(copying.lines))


def _first_half(
    tree: Tree, content: bytes, generation: Generation, trusted: bool
) -> t.Tuple[cleanup_file.Cleanup, cleanup_file.Cleanup, Removals]:
    """What the agent follows of the cleanup file, what it skips because it does not trust it, and what it removes."""
    nothing = cleanup_file.Cleanup()
    try:
        listed = cleanup_file.parse(content, generation)
    except UnicodeDecodeError:
        failure = Failure("cleanup", b"", "stream did not contain valid UTF-8")
        return nothing, nothing, Removals((), (), failure)
    old, distrusted = (nothing, listed) if generation is Generation.RUST and not trusted else (listed, nothing)
    return old, distrusted, remove_all(tree, old.commands, generation)


class _Told:
    """The parts that every prediction has."""

    def __init__(self, tree: Tree, option: str, option_of_appspec: bool, bundle: Bundle) -> None:
        self.tree = tree
        self.option = option
        self._option_of_appspec = option_of_appspec
        self._bundle = bundle
        self.orphans: t.Tuple[Orphan, ...] = ()
        self.notes: t.Tuple[str, ...] = ()
        self.strays: t.Tuple[bytes, ...] = ()
        self.dangling: t.Tuple[Dangling, ...] = ()

    def prediction(
        self,
        removals: Removals,
        placements: t.Iterable[Placement] = (),
        failure: t.Optional[Failure] = None,
        cleanup: t.Optional[bytes] = None,
    ) -> Prediction:
        return Prediction(
            removals=removals.carried_out,
            placements=tuple(placements),
            failure=removals.failure or failure,
            after=self.tree,
            cleanup=cleanup,
            orphans=self.orphans,
            ordered=self._bundle.ordered,
            contexts=removals.contexts,
            option=self.option,
            option_of_appspec=self._option_of_appspec,
            strays=self.strays,
            dangling=self.dangling,
            notes=self.notes,
        )


def unpack(tree: Tree, bundle: Bundle) -> None:
    """Put the bundle where the agent unpacks it."""
    for inner, entry in {b"": Entry(DIRECTORY), **bundle.entries}.items():
        path = paths.join(bundle.root, inner) if inner else bundle.root
        tree.put(path, entry)
        above = tree.platform.parent(path)
        while tree.entry(above) is None:
            tree.put(above, Entry(DIRECTORY))
            above = tree.platform.parent(above)


def _not_utf_8(instructions: Instructions) -> t.Optional[Rejected]:
    """Why agent 1.8 cannot write its instructions: a name is not UTF-8 (to_json raises)."""
    for instruction in instructions.all:
        for path in (instruction.source, instruction.path):
            if paths.text(path).encode() != path:
                return Rejected(instruction.path, "source sequence is illegal/malformed utf-8")
    return None
