# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose Python and Ansible play: those of ``.venv``, or with E2E_OLDEST=1 in the environment the oldest supported."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# With the oldest ansible-core and boto3 that are supported.
OLDEST = Path(__file__).resolve().parents[3] / ".venv-oldest" / "bin"
PLAYS_ON_OLDEST = bool(os.environ.get("E2E_OLDEST"))
PYTHON = str(OLDEST / "python") if PLAYS_ON_OLDEST else sys.executable
ANSIBLE_PLAYBOOK = Path(PYTHON).with_name("ansible-playbook")
