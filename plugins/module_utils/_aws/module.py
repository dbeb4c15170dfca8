# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The module class of this collection."""

from __future__ import annotations

import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.common import set_collection_info
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

# The same as in galaxy.yml; a unit test compares them.
VERSION: t.Final = "0.1.0"


class LastgoodAWSModule(AnsibleAWSModule):
    """amazon.aws's module class, under our own name in CloudTrail (the user agent)."""

    def __init__(self, **kwargs: t.Any) -> None:
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        set_collection_info(collection_name="lastgood.aws", collection_version=VERSION)

    def warn(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Tell a warning.

        amazon.aws keeps a list of its own beside core's and hands it to ``exit_json``, for which ansible-core >= 2.21
        shows users a deprecation. Core's collecting is enough.
        """
        self._module.warn(*args, **kwargs)
