# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS CodeDeploy. Importing this package registers its operations."""

from lastgood_simulator.codedeploy import (  # noqa: F401
    applications,
    config_operations,
    deployments,
    groups,
    on_premises,
    revision_operations,
    tags,
    targets,
)
