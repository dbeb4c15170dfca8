# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""When a bad end is believed that an old answer could show too. Pure.

DescribeServices can show in turn what is and what was: Amazon's own CLI met that
(https://github.com/aws/amazon-ecs-cli/pull/990), and others believe only three looks in a row
(https://github.com/bugcrowd/ecs-deployment-monitor/pull/2).
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Look

# Ours is not PRIMARY, or not there: so it was before the write, too.
_CAN_BE_OLD: t.Final = frozenset({"went_back", "unlisted", "replaced"})
# Looks in a row that have to agree, and how many if none has listed yet what AWS accepted.
_AGREE: t.Final = 3
_UNLISTED: t.Final = 5
# So many in a row are believed even if the record of our deployment says otherwise: it is only another answer.
_IN_SPITE_OF_THE_RECORD: t.Final = 10


@dataclass
class Doubt:
    """What the looks at one service have shown so far. ``once``: there is only one, which has to do."""

    once: bool = False
    listed: bool = False
    in_a_row: int = 0

    def looked(self, look: Look) -> None:
        """One more look."""
        self.listed = self.listed or look.ours is not None
        self.in_a_row = self.in_a_row + 1 if look.state in _CAN_BE_OLD else 0

    def is_over(self, look: Look, contradicts: t.Callable[[], bool]) -> bool:
        """Whether the end that this last look shows is believed. ``contradicts`` asks our deployment's record."""
        if look.state not in _CAN_BE_OLD:
            return True
        if self.in_a_row >= _IN_SPITE_OF_THE_RECORD:
            return True
        if look.state == "unlisted" and not self.listed:
            return self.in_a_row >= _UNLISTED and not contradicts()
        return (self.once or self.in_a_row >= _AGREE) and not contradicts()
