# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is **PRIVATE** to the collection. It can have breaking changes at any time.

from __future__ import annotations


class ModuleDocFragment:
    # How modules name the services that they are about.
    DOCUMENTATION = r"""
options:
  cluster:
    description:
      - Name or ARN of the cluster that the services run in.
    type: str
    default: default
  service:
    description:
      - Names or ARNs of the services, all of one cluster.
      - An empty list is refused, so that a typo in an inventory does not look like success.
    type: list
    elements: str
    required: true
    aliases:
      - services
"""
