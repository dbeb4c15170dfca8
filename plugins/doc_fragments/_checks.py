# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is **PRIVATE** to the collection. It can have breaking changes at any time.

from __future__ import annotations


class ModuleDocFragment:
    """What a check comes to that foresees trouble."""

    DOCUMENTATION = r"""
options:
  checks:
    description:
      - What a check comes to that foresees that tasks would not start, or that traffic would not arrive.
      - V(enforce) refuses the service, and nothing is written. V(warn) goes ahead, and a warning for each such check
        says what was overridden.
      - It is for an emergency in which such a check is wrong. An image that a pull through cache has dropped can still
        be pulled, a secret that is shared with this account can be one that its owner lets only the tasks see, and the
        weights of a listener may have been shifted by hand on purpose.
      - If an image is not in the registry any more, a rollback deploys a copy of the version that names the digest on
        record. So no other image can be pulled in its place.
      - A rollback by M(lastgood.aws.ecs_deploy) after a deployment that failed is held to the same.
      - What is no forecast still refuses. That is the wrong account or Region, a plan that a deployment has overtaken,
        what protects data (marks, barriers, a stack that is being changed), and what AWS would not accept (a service or
        a revision that is not ACTIVE).
    type: str
    choices:
      - enforce
      - warn
    default: enforce
"""
