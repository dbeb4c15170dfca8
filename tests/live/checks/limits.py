# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS does not accept: clocks, tokens, Regions, names that do not exist, and too many requests."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import BotoCoreError

from tests.live.check import Answer, Fact, check
from tests.live.lab import Lab, refusal

# Off unless an account turns it on.
_OPT_IN = "af-south-1"
_BURST = 200
_THREADS = 16


@check(
    19,
    "refusals",
    "With which codes does AWS refuse a skewed clock, a bad token, a Region that is off, and names that do not exist?",
    "InvalidSignatureException, UnrecognizedClientException, UnrecognizedClientException, and one code for each kind",
)
def refusals(lab: Lab) -> Answer:
    facts: dict[str, Fact] = {}
    ecs, codedeploy = lab.ecs, lab.client("codedeploy")
    with lab.place.clock_off(400):
        facts["clock_off_by_400_s"] = refusal(ecs.list_clusters)[0] or "accepted"
    with lab.place.clock_off(200):
        facts["clock_off_by_200_s"] = refusal(ecs.list_clusters)[0] or "accepted"
    with lab.place.unknown() as session:
        facts["bad_token"] = refusal(lambda: lab.client("ecs", "nobody", session).list_clusters())[0] or "accepted"
    facts["region_off"] = _elsewhere(lab)
    task_definition = lab.define()
    family = task_definition.rpartition("/")[2].partition(":")[0]
    missing = f"{lab.run}-missing"
    deployment = f"arn:aws:ecs:{lab.place.region}:{lab.account}:service-deployment/{lab.run}/{missing}/{'a' * 21}"
    not_found: dict[str, t.Callable[[], t.Any]] = {
        "cluster": lambda: ecs.describe_services(cluster=missing, services=["web"]),
        "service": lambda: ecs.update_service(cluster=lab.run, service=missing, desiredCount=0),
        "task_definition": lambda: ecs.describe_task_definition(taskDefinition=f"{family}:999"),
        "task_definition_latest": lambda: ecs.describe_task_definition(taskDefinition=f"{family}:latest"),
        "family": lambda: ecs.describe_task_definition(taskDefinition=missing),
        "history_of_a_service": lambda: ecs.list_service_deployments(cluster=lab.run, service=missing),
        "stop": lambda: ecs.stop_service_deployment(serviceDeploymentArn=deployment, stopType="ROLLBACK"),
        "codedeploy_deployment": lambda: codedeploy.get_deployment(deploymentId="d-000000000"),
        "codedeploy_application": lambda: codedeploy.get_application(applicationName=missing),
    }
    facts |= {f"no_{name}": refusal(do)[0] or "accepted" for name, do in not_found.items()}
    failures = ecs.describe_services(cluster=lab.run, services=[missing])["failures"]
    facts["no_service_described"] = ", ".join(failure.get("reason", "") for failure in failures)
    main = ("clock_off_by_400_s", "bad_token", "region_off", "no_task_definition", "no_stop")
    return Answer(", ".join(f"{name} {facts[name]}" for name in main), facts)


def _elsewhere(lab: Lab) -> str:
    client = lab.place.session().client("ecs", region_name=_OPT_IN)
    lab.recorder.watch(client, "elsewhere")
    try:
        return refusal(client.list_clusters)[0] or "accepted"
    except BotoCoreError as error:
        return type(error).__name__


@check(
    20,
    "a-burst-of-reads",
    "How many DescribeServices in a row are answered before AWS throttles, and with which code?",
    "100, then ThrottlingException",
)
def burst(lab: Lab) -> Answer:
    service = lab.service(lab.define())
    clients = [lab.client("ecs", f"reader-{number}", patient=False) for number in range(_THREADS)]

    def read(number: int) -> str:
        return refusal(lambda: lab.describe(service, clients[number % _THREADS]))[0]

    begin = lab.place.now()
    with lab.place.throttled(), ThreadPoolExecutor(_THREADS) as pool:
        codes = list(pool.map(read, range(_BURST)))
    seconds = round(lab.place.now() - begin, 1)
    # Let the bucket fill again.
    lab.place.sleep(10)
    refused = [code for code in codes if code]
    facts: dict[str, Fact] = {
        "throttled": bool(refused),
        "code": ", ".join(sorted(set(refused))) or "none",
        "took_seconds": seconds,
    }
    text = f"{len(codes) - len(refused)} of {len(codes)} answered in {seconds} s; the others: {facts['code']}"
    return Answer(text, facts)
