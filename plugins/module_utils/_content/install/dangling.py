# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Links that nobody removes and that are lost all the same: what they lead to is removed first. Pure.

The agent asks File.exist? for what is in the way (generate_normal_copy in lib/instance_agent/plugins/codedeploy/
installer.rb of aws/aws-codedeploy-agent 1.8.1), after the old files are gone. For a link that leads nowhere the answer
is no, so the bundle's file is installed whatever the option, and the link is in the cleanup file from then on.
"""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._content import paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.instructions import COPY, Instruction
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.prediction import Dangling
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.tree import Tree
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import LINK


def find(before: Tree, cleaned: Tree, todo: t.Iterable[Instruction]) -> t.Tuple[Dangling, ...]:
    """The destinations that were links to something, and are links to nothing after the cleanup."""
    found = []
    for instruction in todo:
        path = instruction.path
        if instruction.kind != COPY:
            continue
        link = cleaned.lstat(path)
        if link is None or link.kind != LINK or cleaned.stat(path) is not None or before.stat(path) is None:
            continue
        found.append(Dangling(path, before.follow(path, last=True).real))
    return tuple(found)


def sentence(link: Dangling) -> str:
    """What happens to it, and what keeps it."""
    path, target = paths.text(link.path), paths.text(link.target)
    return (
        f"{path} is a link to {target}, which the next deployment removes first. The agent then takes the link for "
        "nothing. If the bundle has a file for it, that is installed, whatever the option, and the deployment after "
        f"that removes the link. To keep it, leave {path} out of the bundle, or let it lead to something that no "
        "deployment installs"
    )
