# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Reads that go out at the same time, each with what is decided on it.

Nothing here raises: what cannot be read is a finding of the severity ``unknown`` that names the permission.
"""

from __future__ import annotations

import threading
import time
import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding

# In a network without a way out, an endpoint that cannot be reached would hold up a rollback for minutes.
PATIENCE_SECONDS: t.Final = 10.0


@dataclass(frozen=True)
class Check:
    """One read and the decision on it. ``service`` is the API that it asks, ``unknown`` what to say without it."""

    service: str
    run: t.Callable[[], list[Finding]]
    unknown: t.Callable[[str], list[Finding]]


def check(service: str, name: str, what: str, run: t.Callable[[], list[Finding]]) -> Check:
    """A check with a single finding if it cannot be read: ``what`` is not known."""
    return Check(service, run, lambda why: [Finding(name, "unknown", f"{what} is not known. {why}")])


def together(aws: Aws, checks: t.Sequence[Check]) -> list[Finding]:
    """Run checks at the same time, and give their findings in the order of the checks.

    A check that has not answered after :data:`PATIENCE_SECONDS` is reported as unknown. The threads are daemons: Python
    would wait for those of an executor at the end of the process.
    """
    answers: dict[int, list[Finding]] = {}

    def answer(position: int) -> None:
        answers[position] = _run(checks[position])

    threads = []
    # boto3 makes clients in one thread only, and uses them in any
    # (https://boto3.amazonaws.com/v1/documentation/api/latest/guide/clients.html).
    without = _make_clients(aws, {check.service for check in checks if check.service})
    for position, one in enumerate(checks):
        if one.service in without:
            answers[position] = one.unknown(without[one.service])
        else:
            threads.append(threading.Thread(target=answer, args=(position,), daemon=True))
    for thread in threads:
        thread.start()
    until = time.monotonic() + PATIENCE_SECONDS
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    late = f"No answer came within {PATIENCE_SECONDS:g} s: the API throttles, or the network does not lead to it"
    told = [answers[n] if n in answers else one.unknown(late) for n, one in enumerate(checks)]
    return [finding for findings in told for finding in findings]


def _make_clients(aws: Aws, services: t.Iterable[str]) -> dict[str, str]:
    """Why there is no client, for each service that has none."""
    without = {}
    for service in sorted(services):
        try:
            aws.client(service)
        except Exception as exc:  # noqa: BLE001  pylint: disable=broad-exception-caught
            without[service] = _unforeseen(exc)
    return without


def _run(one: Check) -> list[Finding]:
    try:
        return one.run()
    except (AwsCallError, IncompleteAnswerError) as exc:
        return one.unknown(exc.explain())
    except Exception as exc:  # noqa: BLE001  pylint: disable=broad-exception-caught
        # An answer of an unexpected shape, in a thread where it would go unnoticed: no check may hold up a rollback.
        return one.unknown(_unforeseen(exc))


def _unforeseen(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
