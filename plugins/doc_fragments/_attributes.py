# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is **PRIVATE** to the collection. It can have breaking changes at any time.

from __future__ import annotations


class ModuleDocFragment:
    # What each attribute means; a module adds "support" and, where it is not "full", "details".
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), in diff mode.
  idempotent:
    description:
      - When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
      - This assumes that the system controlled or queried by the module has not changed in a relevant way.
"""

    # For modules that only read. Used together with the standard fragment.
    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This action does not modify state.
  diff_mode:
    support: N/A
    details:
      - This action does not modify state.
  idempotent:
    support: full
    details:
      - This action does not modify state.
"""

    ACTIONGROUP_AWS = r"""
options: {}
attributes:
  action_group:
    description:
      - Use C(group/lastgood.aws.aws) in C(module_defaults) to set defaults for this module and for all modules of
        C(amazon.aws) and C(community.aws) in the same play.
      - C(group/aws) does not cover it, as ansible-core gives that name to C(amazon.aws) and C(community.aws) only.
    support: full
    membership:
      - lastgood.aws.aws
"""

    # For modules whose action plugin is built on plugin_utils/_in_process.py.
    IN_PROCESS = r"""
options: {}
attributes:
  action:
    description: Indicates this has a corresponding action plugin, so some parts can be executed on the controller.
    support: full
    details:
      - If the connection is local and the Python that runs ansible-core can import boto3, the module runs inside the
        worker process and reports progress while it runs. Otherwise it is executed like any other module, with the same
        result.
"""
