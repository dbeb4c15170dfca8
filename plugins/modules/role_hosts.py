#!/usr/bin/python
# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: role_hosts
short_description: Roll back services that are hosts of the inventory
version_added: 1.0.0
description:
  - A step of the playbook C(lastgood.aws.rollback_hosts), and of the tasks C(hosts) of the role
    P(lastgood.aws.rollback#role). There is no use for it elsewhere.
  - Fails if a name in C(--limit) or in O(pattern) fits no host. Ansible itself ignores such a name if another one fits.
  - Without an option, it divides the hosts of the batch into calls. Hosts with the same cluster and the same variables
    share one, and the first of them makes it.
extends_documentation_fragment:
  - lastgood.aws._attributes
  - lastgood.aws._attributes.info_module
attributes:
  action:
    description: Indicates this has a corresponding action plugin, so some parts can be executed on the controller.
    support: full
options:
  pattern:
    description: Only check this pattern of hosts. It fails if it fits none of the hosts of the play.
    type: raw
  ended:
    description: Only say how it ended on this host, and fail if it ended badly.
    type: bool
    default: false
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Divide the batch into calls
  lastgood.aws.role_hosts:
  run_once: true
  register: __rollback_hosts
"""

RETURN = r"""
calls:
  description: By the host that makes it, each call, with its services and their hosts.
  returned: if neither option is given
  type: dict
  sample:
    web.prod.eu-central-1:
      cluster: arn:aws:ecs:eu-central-1:123456789012:cluster/prod
      region: eu-central-1
      services:
        - web
      hosts:
        - web.prod.eu-central-1
"""
