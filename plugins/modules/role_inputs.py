#!/usr/bin/python
# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: role_inputs
short_description: Read, clean and check the variables of a role of this collection
version_added: 1.0.0
description:
  - The first step of each role of this collection. There is no use for it elsewhere.
  - Reads the variables of the role, and treats null and an empty string as absent, which is how AWX sends an answer
    that was left blank.
  - Fails, before AWS is asked anything, if an extra variable whose name begins with C(rollback_) nearly has the name of
    a variable of this collection, such as C(rollback_revison). Warns if a variable from elsewhere does, or one that
    begins like those of another role. What the roles themselves publish is no mistake, such as C(rollback_result),
    which AWX hands on as an extra variable.
  - Fails if a switch is neither true nor false, or if the variables do not fit together.
  - Warns if a shell took away the quotes of C(-e rollback_reason="500s since 13:52"), of which only C(500s) arrives.
extends_documentation_fragment:
  - lastgood.aws._attributes
  - lastgood.aws._attributes.info_module
attributes:
  action:
    description: Indicates this has a corresponding action plugin, so some parts can be executed on the controller.
    support: full
options:
  role:
    description: The role whose variables are read.
    type: str
    required: true
    choices:
      - content_guard
      - deploy
      - history
      - rollback
      - status
  entry_point:
    description: The entry point of the role.
    type: str
    default: main
    choices:
      - main
      - plan
      - redeploy
      - restore_scaling
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Read the variables
  lastgood.aws.role_inputs:
    role: rollback
  register: __rollback
"""

RETURN = r"""
services:
  description:
    - An example of what is returned. Each variable of the entry point comes back under its name without the role's,
      clean, with its default or that of the configuration file, and null if there is neither.
  returned: if the entry point has such a variable
  type: list
  elements: str
  sample:
    - web
"""
