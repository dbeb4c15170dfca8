# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What differs between versions of ansible-core, on the controller."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common import json as core_json

# Since 2.19 arguments and results are passed differently, and values carry tags, one of which says whether they may be
# templates. Before, the type of a value marks what may not be one.
BEFORE_2_19: t.Final = not hasattr(core_json, "get_module_encoder")
