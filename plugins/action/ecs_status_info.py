# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module of the same name inside the worker process if possible."""

from __future__ import annotations

from ansible_collections.lastgood.aws.plugins.plugin_utils._in_process import InProcessAction, preload

preload("ansible_collections.lastgood.aws.plugins.modules.ecs_status_info", "ecs")


class ActionModule(InProcessAction):
    """The action plugin of ecs_status_info."""

    tells_names = True
