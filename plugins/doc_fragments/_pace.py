# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is **PRIVATE** to the collection. It can have breaking changes at any time.

from __future__ import annotations


class ModuleDocFragment:
    """How many requests a module that acts may send."""

    DOCUMENTATION = r"""
options:
  slices:
    description:
      - How many jobs like this one run at the same time in this account and Region, for example the slices of a job in
        AWX. AWS's request quotas are per account and Region, and each job takes an equal part.
    type: int
    default: 1
"""
