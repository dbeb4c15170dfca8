# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls any operation of AWS, so that the targets need no other collection to make what they test with."""

from __future__ import annotations

import io
import json
import zipfile

import boto3
from ansible.module_utils.basic import AnsibleModule
from botocore.exceptions import ClientError


def archive(files: dict[str, str]) -> bytes:
    """A zip archive with these files, by name."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
    return made.getvalue()


def with_code(operation: str, parameters: dict[str, object], code: dict[str, str]) -> dict[str, object]:
    """The parameters with the code of a function, which a task cannot give as bytes."""
    if not code:
        return parameters
    zipped = {"ZipFile": archive(code)}
    return {**parameters, **({"Code": zipped} if operation == "create_function" else zipped)}


def main() -> None:
    """Send one request; ``ignore`` are codes of errors that are fine, ``function_code`` files of a Lambda function."""
    module = AnsibleModule(
        argument_spec={
            "connection": {
                "type": "dict",
                "required": True,
                "options": {
                    "access_key": {"type": "str", "required": True, "no_log": False},
                    "secret_key": {"type": "str", "required": True, "no_log": True},
                    "session_token": {"type": "str", "no_log": True},
                    "region": {"type": "str", "required": True},
                    "endpoint_url": {"type": "str"},
                },
            },
            "service": {"type": "str", "required": True},
            "operation": {"type": "str", "required": True},
            "parameters": {"type": "dict", "default": {}},
            "function_code": {"type": "dict", "default": {}},
            "ignore": {"type": "list", "elements": "str", "default": []},
        }
    )
    connection = module.params["connection"]
    client = boto3.client(
        module.params["service"],
        region_name=connection["region"],
        endpoint_url=connection["endpoint_url"] or None,
        aws_access_key_id=connection["access_key"],
        aws_secret_access_key=connection["secret_key"],
        aws_session_token=connection["session_token"] or None,
    )
    operation = module.params["operation"]
    parameters = with_code(operation, module.params["parameters"], module.params["function_code"])
    try:
        answer = getattr(client, operation)(**parameters)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in module.params["ignore"]:
            module.exit_json(changed=False, answer={}, code=code)
        module.fail_json(msg=f"{operation}: {error}")
    answer.pop("ResponseMetadata", None)
    module.exit_json(changed=True, answer=json.loads(json.dumps(answer, default=str)), code="")


if __name__ == "__main__":
    main()
