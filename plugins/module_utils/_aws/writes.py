# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""How a write can end other than in success: it came too late, or its answer was lost."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core import advice

GO_ON: t.Final = f"Nothing was undone. {advice.AGAIN}: it goes on from what it finds"


class PlanIsStale(Exception):
    """AWS has changed since the plan was made. Nothing was written; plan again."""


class AnswerLost(Exception):
    """The answer to a write was lost, and its effect cannot be read. The message says so."""


def nothing_shows(operation: str, error: AwsCallError | IncompleteAnswerError, what: str) -> str:
    """The message if an answer was lost and a later look does not show the effect."""
    return (
        f"the answer to {operation} was lost ({error.detail}), and nothing shows {what} yet: whether AWS applied it is "
        f"not known. {GO_ON}"
    )


def not_known(
    operation: str, error: AwsCallError | IncompleteAnswerError, then: AwsCallError | IncompleteAnswerError
) -> str:
    """The message if an answer was lost and the look that should have told us failed too."""
    return (
        f"the answer to {operation} was lost ({error.detail}), and whether AWS applied it is not known. "
        f"{then.explain()} {GO_ON}"
    )
