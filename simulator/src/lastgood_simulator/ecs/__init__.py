# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Amazon ECS. Importing this package registers its operations."""

from lastgood_simulator.ecs import (  # noqa: F401
    clusters,
    deployments,
    protection,
    services,
    tags,
    task_definitions,
    task_operations,
    task_set_operations,
)
