# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is **PRIVATE** to the collection. It can have breaking changes at any time.

from __future__ import annotations


class ModuleDocFragment:
    """How long a module that waits keeps asking while AWS does not answer."""

    DOCUMENTATION = r"""
options:
  contact_timeout:
    description:
      - How long to keep asking, in seconds, while AWS does not answer, because connections break or hang, answers are
        cut off, AWS throttles, or its servers fail. Never longer than O(wait_timeout).
      - Then the outcome is V(lost_contact). What AWS has accepted goes on there.
      - Credentials that have expired or lack a permission are an answer, and end the wait at once.
    type: int
    default: 300
"""
