#!/usr/bin/python
# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: role_results
short_description: Publish what a role of this collection came to
version_added: 1.0.0
description:
  - One of the last steps of each role of this collection that deals with services or deployment groups. There is no use
    for it elsewhere.
  - Reads what the steps of the role have registered, on all hosts of the play, and publishes it once for all of them,
    as M(ansible.builtin.set_stats) does. What the role has published earlier in the same run of C(ansible-playbook)
    stays.
  - Writes the report that the variables of the role ask for, as JSON, or as a page with Markdown beside it. A relative
    path begins where the command was started.
  - Services and deployment groups are found by keys such as C(web.prod.eu-central-1.123456789012), since hosts,
    clusters and Regions may have services of the same name.
extends_documentation_fragment:
  - lastgood.aws._attributes
  - lastgood.aws._attributes.info_module
attributes:
  action:
    description: Indicates this has a corresponding action plugin, so some parts can be executed on the controller.
    support: full
options:
  role:
    description: The role whose results are published.
    type: str
    required: true
    choices:
      - deploy
      - history
      - rollback
      - status
  ended:
    description:
      - How it ended on this host, as an earlier call returned it in RV(hosts). It is shown, unless it was shown
        already. If it is a failure, the step fails with it. Nothing is published then.
    type: dict
  instances:
    description:
      - Hosts on which the role P(lastgood.aws.content_guard#role) has kept files during the redeploy. What is not back
        on them is named in the result, which is V(failed) then.
    type: list
    elements: str
    default: []
  file_failed:
    description:
      - A task file of O(lastgood.aws.rollback#role:main:rollback_before_tasks) or
        O(lastgood.aws.rollback#role:main:rollback_after_tasks) that failed. There is a warning,
        and nothing else is done.
    type: str
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Publish the result
  lastgood.aws.role_results:
    role: rollback
  run_once: true
  register: __rollback_published
"""

RETURN = r"""
hosts:
  description:
    - By host, how it ended there, in one line, whether it is a failure that has not been told, and whether people saw
      the line already.
  returned: if O(ended) is not given
  type: dict
  sample:
    localhost:
      msg: "[web] rolled_back: web:43 → web:41 in 74 s. web:43 is marked bad"
      failed: false
      shown: true
told:
  description: The keys of the services and deployment groups that this is news about.
  returned: if O(ended) is not given
  type: list
  elements: str
  sample:
    - web.prod.eu-central-1.123456789012
items_name:
  description:
    - The name under which the services or deployment groups are published. All names end with the id of the job if AWX
      divides it into slices.
  returned: if O(ended) is not given
  type: str
  sample: rollback_result
suffix:
  description: What all names under which something is published end with.
  returned: if O(ended) is not given
  type: str
  sample: ""
kind:
  description: V(services) or V(deployment_groups).
  returned: if O(ended) is not given
  type: str
  sample: services
still_suspended:
  description: What auto scaling is still suspended, with the commands that put it back; empty if nothing is.
  returned: if O(ended) is not given
  type: str
  sample: ""
not_back:
  description: The hosts of O(instances) on which files are not back.
  returned: if O(ended) is not given
  type: list
  elements: str
  sample: []
reports:
  description: The files that the result was written to, none in check mode.
  returned: if O(ended) is not given
  type: list
  elements: str
  sample: []
topics:
  description: The topics to notify, none in check mode.
  returned: if O(ended) is not given
  type: list
  elements: str
  sample: []
after_tasks:
  description: The paths of the task files that see the result, none in check mode.
  returned: if O(ended) is not given
  type: list
  elements: str
  sample: []
"""
