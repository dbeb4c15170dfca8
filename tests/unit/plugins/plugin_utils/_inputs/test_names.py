# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.parsing.splitter import split_args

from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import names, specs

ALL = ("rollback_", "deploy_", "history_", "status_", "content_guard_")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("rollback_revison", "rollback_revision"),
        ("rollback_servces", "rollback_services"),
        ("rollback_service", "rollback_services"),
        ("rollback_Revision", "rollback_revision"),
        ("rollback_wait_timout", "rollback_wait_timeout"),
        ("rollback_suspend_autoscaling", "rollback_suspend_auto_scaling"),
        ("rollback_aplication", "rollback_application"),
        ("rollback_wiat", "rollback_wait"),
        ("rollback_forse", "rollback_force"),
        # Of the playbooks and of the other entry points.
        ("rollback_host", "rollback_hosts"),
        ("rollback_instance", "rollback_instances"),
        ("rollback_guard_contents", "rollback_guard_content"),
        ("rollback_auto_scaling_group", "rollback_auto_scaling_groups"),
        ("deploy_revison", "deploy_revision"),
        ("history_service", "history_services"),
        ("content_guard_keep_copy", "content_guard_keep_copies"),
        # Names of our own.
        ("rollback_revision", None),
        ("deploy_rollback_events", None),
        # Artifacts, which AWX hands on, also with the id of the job.
        ("rollback_plan", None),
        ("rollback_result", None),
        ("rollback_summary", None),
        ("rollback_outcome", None),
        ("rollback_run_id", None),
        ("rollback_result_4711", None),
        ("rollback_run_id_4711", None),
        ("deploy_result", None),
        ("content_guard_saved", None),
        # Somebody else's.
        ("rollback_colour", None),
        ("rollback_", None),
        ("rolback_services", None),
        ("my_rollback_service", None),
        ("deploy_user", None),
        ("rollback_user", None),
        ("service", None),
        (80, None),
    ],
)
def test_a_name_that_was_meant_to_be_another_one(name: object, meant: str | None) -> None:
    found = names.misspelt([name], ALL, specs.variables(), specs.published())
    assert found == ({name: meant} if meant else {})


def test_only_names_with_these_prefixes_count() -> None:
    asked = ["deploy_revison", "rollback_revison"]
    found = names.misspelt(asked, ("rollback_",), specs.variables(), specs.published())
    assert found == {"rollback_revison": "rollback_revision"}


def test_a_misspelt_name_is_told_with_the_one_that_was_meant() -> None:
    assert names.told({"b": "bb"}) == "There is no variable b (did you mean bb?)"
    assert names.told({"b": "bb", "a": "aa"}) == (
        "There is no variable a (did you mean aa?) and no variable b (did you mean bb?)"
    )


@pytest.mark.parametrize(
    ("option", "warnings"),
    [
        (
            "rollback_reason=500s since 13:52",
            [
                "rollback_reason is only '500s': 'since 13:52' was lost, because the shell takes away quotes. "
                """Write -e '{"rollback_reason": "500s since 13:52"}'."""
            ],
        ),
        (
            "rollback_reason=it is späť rollback_services=web api",
            [
                "rollback_reason is only 'it': 'is späť' was lost, because the shell takes away quotes. "
                """Write -e '{"rollback_reason": "it is späť"}'.""",
                "rollback_services is only 'web': 'api' was lost, because the shell takes away quotes. "
                """Write -e '{"rollback_services": "web api"}'.""",
            ],
        ),
        ("rollback_reason='500s since 13:52'", []),
        ("rollback_cluster=prod rollback_services=web", []),
        ("reason=500s since 13:52", []),
        ("lost rollback_cluster=prod", []),
    ],
)
def test_words_that_a_shell_has_set_free(option: str, warnings: list[str]) -> None:
    assert names.lost_words(split_args(option), ALL) == warnings


def test_advice_names_the_variables_of_the_role() -> None:
    advice = "/srv/rollback_config/a.yml: give rollback_services, or rollback_config as an absolute path"
    assert names.of_role(advice, "history_") == (
        "/srv/rollback_config/a.yml: give history_services, or history_config as an absolute path"
    )
    assert names.of_role(advice, "rollback_") == advice
