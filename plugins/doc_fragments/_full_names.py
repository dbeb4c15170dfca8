# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is **PRIVATE** to the collection. It can have breaking changes at any time.

from __future__ import annotations


class ModuleDocFragment:
    # How lines call what they are about.
    DOCUMENTATION = r"""
options:
  full_names:
    description:
      - Begin lines of progress, messages and warnings with C([web.prod.eu-central-1]) rather than with C([web]), so
        that services of the same name in several clusters or Regions can be told apart. For a deployment group it is
        C([group.application.region]).
      - If it is left out, a play with several hosts has full names, and so has a task or a role in a loop, and whatever
        comes after a role of this collection in the same run of C(ansible-playbook).
    type: bool
    default: false
"""
