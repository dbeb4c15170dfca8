# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stdout callback for tests: one JSON document a line for each result, and nothing else."""

from __future__ import annotations

import json

from ansible.parsing.ajson import AnsibleJSONEncoder
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: json_lines
type: stdout
short_description: One JSON document a line
description:
  - One JSON document a line for each result.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "lastgood_test.probe.json_lines"

    def _write(self, status, result):
        # Until ansible-core 2.18 the only way to the result is the underscored one.
        values = getattr(result, "result", None) or result._result
        document = {
            "task": (getattr(result, "task", None) or result._task).get_name(),
            "host": (getattr(result, "host", None) or result._host).get_name(),
            "status": status,
            "result": {key: value for key, value in values.items() if not key.startswith("_ansible_")},
        }
        self._display.display(json.dumps(document, cls=AnsibleJSONEncoder, sort_keys=True))

    def v2_runner_on_ok(self, result):
        self._write("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._write("failed", result)

    def v2_runner_on_skipped(self, result):
        self._write("skipped", result)

    def v2_runner_on_unreachable(self, result):
        self._write("unreachable", result)
