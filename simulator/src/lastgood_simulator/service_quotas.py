# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Service Quotas of Amazon ECS and the alarms of Amazon CloudWatch; moto has none of them.

Codes and values: https://docs.aws.amazon.com/general/latest/gr/ecs-service.html
"""

from __future__ import annotations

from typing import Any

from lastgood_simulator.errors import AwsError
from lastgood_simulator.operations import Context, operation
from lastgood_simulator.quotas import BUCKETS

SERVICE = "servicequotas"
# The bucket to the codes of its burst and of its sustained rate.
CODES: dict[str, tuple[str, str]] = {
    "service modify": ("L-AA0D4951", "L-C5297B3A"),
    "service read": ("L-22AE4B75", "L-321A0372"),
    "service deployment read": ("L-A2AA9478", "L-A2DBEAC1"),
    "task definition modify": ("L-CDF9F16B", "L-1E6DEB89"),
    "task definition read": ("L-924E3D47", "L-538D7426"),
    "task definition delete": ("L-9383BF97", "L-29793C9D"),
    "cluster resource read": ("L-281CBA4C", "L-80627E8A"),
    "cluster resource modify": ("L-3B4FAC68", "L-C3AEE9D2"),
    "task set modify": ("L-B45594D8", "L-4C90BDD4"),
    "tag modify": ("L-678F155F", "L-8F66404D"),
}
_ALARM_READS = "L-21CB40A4"


def _quotas(context: Context, service: str) -> dict[str, tuple[str, float]]:
    """Code to name and value."""
    scale = context.world.buckets.scale
    if service == "monitoring":
        return {_ALARM_READS: ("Rate of DescribeAlarms requests", BUCKETS["alarm read"][1] * scale)}
    found = {}
    for bucket, codes in CODES.items() if service == "ecs" else ():
        for code, kind, value in zip(codes, ("burst", "sustained"), BUCKETS[bucket], strict=True):
            found[code] = (f"{bucket.capitalize()} {kind} rate", value * scale)
    return found


def _shown(context: Context, service: str, code: str, name: str, value: float) -> dict[str, Any]:
    return {
        "ServiceCode": service,
        "ServiceName": {"ecs": "Amazon Elastic Container Service (Amazon ECS)"}.get(service, "Amazon CloudWatch"),
        "QuotaArn": f"arn:aws:servicequotas:{context.region}:{context.account}:{service}/{code}",
        "QuotaCode": code,
        "QuotaName": name,
        "Value": value,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }


@operation(SERVICE, "GetServiceQuota")
def get_service_quota(context: Context, params: dict[str, Any]) -> dict[str, Any] | None:
    """https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html"""
    service, code = str(params.get("ServiceCode")), str(params.get("QuotaCode"))
    quotas = _quotas(context, service)
    if not quotas:
        return None
    if code not in quotas:
        raise AwsError("NoSuchResourceException", "The specified quota does not exist.")
    return {"Quota": _shown(context, service, code, *quotas[code])}


@operation(SERVICE, "ListServiceQuotas")
def list_service_quotas(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html"""
    service = str(params.get("ServiceCode"))
    quotas = _quotas(context, service)
    if not quotas:
        raise AwsError("NoSuchResourceException", "The specified service does not exist.")
    return {"Quotas": [_shown(context, service, code, *quota) for code, quota in quotas.items()]}
