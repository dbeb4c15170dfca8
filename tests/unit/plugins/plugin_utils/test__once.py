# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A failure that Ansible prints once. That it does is tested with the real one, in tests/e2e/test_noise.py."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.lastgood.aws.plugins.plugin_utils import _once
from ansible_collections.lastgood.aws.plugins.plugin_utils._ansible_core import BEFORE_2_19


def test_the_message_and_what_else_the_result_has() -> None:
    if BEFORE_2_19:
        found = _once.fail_once({"invocation": {}}, "No service is named.", report="x.json")
        assert found == {
            "invocation": {},
            "changed": False,
            "failed": True,
            "msg": "No service is named.",
            "report": "x.json",
        }
        return
    with pytest.raises(AnsibleActionFail) as caught:
        _once.fail_once({"invocation": {}}, "No service is named.", report="x.json")
    assert (str(caught.value), caught.value.omit_exception_key) == ("No service is named.", True)
    assert caught.value.result == {
        "invocation": {},
        "changed": False,
        "msg": "No service is named.",
        "report": "x.json",
    }
