# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What the lifecycle event Install does to the files of an instance, told beforehand. Pure: it reads, nothing more.

install in lib/instance_agent/plugins/codedeploy/installer.rb of aws/aws-codedeploy-agent 1.8.1: everything in the
cleanup file of the deployment group is removed, then instructions are made from the AppSpec file and the bundle against
the files that are left, then they are carried out.
"""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._content.appspec import AppSpec
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import Bundle
from ansible_collections.lastgood.aws.plugins.module_utils._content.generation import Generation
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import Source
from ansible_collections.lastgood.aws.plugins.module_utils._content.paths import LINUX, Platform
from ansible_collections.lastgood.aws.plugins.module_utils._content.prediction import Prediction


def predict(
    source: Source,
    cleanup: t.Optional[bytes],
    bundle: Bundle,
    appspec: AppSpec,
    option: str = "",
    *,
    generation: Generation = Generation.RUBY,
    trusted: bool = True,
    platform: Platform = LINUX,
    owners: t.Optional[t.Container[str]] = None,
    groups: t.Optional[t.Container[str]] = None,
) -> Prediction:
    """What Install does.

    ``cleanup`` is the content of the deployment group's cleanup file, None where there is none. ``option`` is the
    deployment's fileExistsBehavior, empty for the default; the AppSpec file's wins. ``trusted`` is whether agent 2.x
    follows the cleanup file. ``owners`` and ``groups`` are the names that the instance knows, None where nobody asked.
    """
    raise NotImplementedError
