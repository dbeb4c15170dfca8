# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials are looked up once for all clients, and nobody is asked for a code on a terminal that is not there."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import botocore.session
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws import errors
from ansible_collections.lastgood.aws.plugins.module_utils._aws.credentials import Credentials

ANSWER = (
    '{"Version": 1, "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "secret", "Expiration": "2100-01-01T00:00:00Z"}'
)
SERIAL = "arn:aws:iam::123456789012:mfa/me"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[str], None]:
    """Write the configuration file of the AWS tools; nothing else in the environment gives credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def write(text: str) -> None:
        (tmp_path / "config").write_text(text)

    return write


def client(service: str) -> t.Any:
    """As amazon.aws does: a session for each."""
    return botocore.session.Session().create_client(service, region_name="eu-central-1")


def test_a_credential_process_runs_once_for_all_clients(config: t.Callable[[str], None], tmp_path: Path) -> None:
    program, calls = tmp_path / "hand_out.py", tmp_path / "calls"
    program.write_text(f"open({str(calls)!r}, 'a').write('x')\nprint('''{ANSWER}''')\n")
    config(f"[default]\ncredential_process = {sys.executable} {program}\n")
    credentials = Credentials()
    for service in ("ecs", "codedeploy", "sns"):
        with credentials.shared():
            made = client(service)
        assert made._request_signer._credentials.get_frozen_credentials().access_key == "AKIDEXAMPLE"
    assert calls.read_text() == "x"
    # Outside of it everything is as before.
    assert client("ecs")._request_signer._credentials.get_frozen_credentials().access_key == "AKIDEXAMPLE"
    assert calls.read_text() == "xx"


def test_a_profile_with_mfa_says_what_to_do(config: t.Callable[[str], None]) -> None:
    config(
        "[default]\nrole_arn = arn:aws:iam::123456789012:role/ops\nsource_profile = base\n"
        f"mfa_serial = {SERIAL}\n[profile base]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secret\n"
    )
    with Credentials().shared():
        made = client("ecs")
    with pytest.raises(Exception) as caught:  # noqa: PT011
        made.list_clusters()
    error = errors.of_aws(caught.value)
    assert error is not None
    assert (error.code, error.no_answer, error.may_pass) == ("MfaCodeNeededError", False, False)
    assert f"assumes its role with the MFA device {SERIAL}" in error.explain()
    assert "aws sts get-session-token" in error.explain()
