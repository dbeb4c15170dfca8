# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Which files a permission of an AppSpec file is for. Pure.

lib/instance_agent/plugins/codedeploy/application_specification/linux_permission_info.rb of
aws/aws-codedeploy-agent 1.8.1.
"""

from __future__ import annotations

import re

from ansible_collections.lastgood.aws.plugins.module_utils._content import paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.appspec import Permission

_EVERYTHING = b"**"


def problem_of_file(permission: Permission) -> str:
    """Why a permission cannot be for a single file, empty where it can."""
    if permission.pattern != _EVERYTHING:
        return f"The deployment failed because the object {paths.text(permission.object)} is a file and has a pattern"
    if permission.excepted:
        return f"The deployment failed because the object {paths.text(permission.object)} is a file and has exceptions"
    return problem_of_acl(permission)


def problem_of_acl(permission: Permission) -> str:
    """Why an access control list cannot be for files, empty where it can."""
    if any(acl.split(":", 1)[0] in ("d", "default") for acl in permission.acls):
        return "The deployment failed because a default acl is for directories only"
    return ""


def matches(base: bytes, path: bytes, permission: Permission) -> bool:
    """Whether a path below the permission's object is meant. The object itself never is."""
    base = base if base.endswith(paths.SLASH) else base + paths.SLASH
    if not path.startswith(base):
        return False
    rest = path[len(base) :]
    if any(_matches(rest, pattern) for pattern in permission.excepted):
        return False
    return permission.pattern == _EVERYTHING or _matches(rest, permission.pattern)


def _matches(name: bytes, pattern: bytes) -> bool:
    """A pattern knows nothing but stars, and they do not cross a slash."""
    if paths.SLASH in name:
        return False
    expression = b".*".join(re.escape(part) for part in pattern.split(b"*"))
    return re.fullmatch(expression, name, re.DOTALL) is not None
