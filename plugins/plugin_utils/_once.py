# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""How to fail a task so that Ansible prints the message once."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail

from ansible_collections.lastgood.aws.plugins.plugin_utils._ansible_core import BEFORE_2_19


class _Failed(AnsibleActionFail):
    """A failure that is no defect.

    Of any other, ansible-core since 2.19 prints the message twice, and the lines of our YAML where the task is written.
    """

    # In ansible-core since 2.19: leave the exception out of the task's result, as for a skipped task.
    omit_exception_key = True


def fail_once(result: dict[str, t.Any], message: str, **more: t.Any) -> dict[str, t.Any]:
    """The failed result of a task, or its exception: return what this returns.

    ``more`` is for whoever reads the result. Ansible prints it too.
    """
    failed = {**result, **more, "changed": False}
    if BEFORE_2_19:
        return {**failed, "failed": True, "msg": message}
    # ansible-core's class has no type hints.
    raise t.cast(t.Any, _Failed)(message, result={**failed, "msg": message})
