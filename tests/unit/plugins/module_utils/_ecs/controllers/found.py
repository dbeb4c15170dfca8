# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was found out about the deployment that is meant, as the one kind or the other."""

from __future__ import annotations

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Known, Meant


def known(found: Meant | Known) -> tuple[str, str]:
    """How it ended, and why. It must have ended."""
    assert isinstance(found, Known)
    return found.outcome, found.reason


def watched(found: Meant | Known) -> Meant:
    """What is to be watched. There must be something."""
    assert isinstance(found, Meant)
    return found
