# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the account's own request quotas are learnt."""

from __future__ import annotations

import typing as t

import pytest
from botocore.exceptions import ClientError

from ansible_collections.lastgood.aws.plugins.module_utils._aws import account_quotas, quotas

Figures = t.Mapping[str, object]


class Account:
    """Stands in for Aws: answers GetServiceQuota, and keeps what was learnt."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self.asked: list[str] = []
        self.learnt: dict[str, tuple[float, float]] = {}

    @property
    def beside(self) -> Account:
        return self

    def call(self, service: str, method: str, ServiceCode: str, QuotaCode: str) -> dict[str, t.Any]:
        assert (service, method, ServiceCode) == ("service-quotas", "get_service_quota", "ecs")
        self.asked.append(QuotaCode)
        if QuotaCode not in self._figures:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetServiceQuota")
        return {"Quota": {"Value": self._figures[QuotaCode]}}

    def learn_quota(self, service: str, operation: str, burst: float, rate: float) -> None:
        self.learnt[operation] = (burst, rate)


def learnt(figures: Figures) -> Account:
    account = Account(figures)
    account_quotas.learn(account)  # type: ignore[arg-type]
    return account


def test_each_bucket_gets_its_own_figures() -> None:
    codes = [code for quota in quotas.TOLD for code in quota.codes]
    account = learnt({code: float(number) for number, code in enumerate(codes, 1)})
    assert account.asked == codes
    assert account.learnt == {
        "UpdateService": (1.0, 2.0),
        "DescribeTaskDefinition": (3.0, 4.0),
        "ListServiceDeployments": (5.0, 6.0),
        "DescribeServices": (7.0, 8.0),
    }


@pytest.mark.parametrize(
    "figures", [{}, {"L-AA0D4951": 500.0}, {"L-AA0D4951": 0, "L-C5297B3A": 5}, {"L-AA0D4951": None, "L-C5297B3A": 5}]
)
def test_what_is_refused_or_makes_no_sense_changes_nothing(figures: Figures) -> None:
    account = learnt(figures)
    assert account.learnt == {}
    assert len(account.asked) <= 2


def test_it_does_not_keep_the_process_alive() -> None:
    thread = account_quotas.learn_meanwhile(Account({}))  # type: ignore[arg-type]
    assert thread.daemon
    thread.join(10)
    assert not thread.is_alive()
