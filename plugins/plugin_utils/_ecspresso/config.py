# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a rollback needs from an ecspresso configuration file.

Formats, keys and defaults are those of ecspresso 2 (config.go of https://github.com/kayac/ecspresso).
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.lastgood.aws.plugins.plugin_utils._ecspresso.documents import (
    Field,
    Fields,
    NotJsonError,
    json_fields,
    yaml_fields,
)
from ansible_collections.lastgood.aws.plugins.plugin_utils._ecspresso.duration import parse_go_duration, whole_seconds
from ansible_collections.lastgood.aws.plugins.plugin_utils._ecspresso.errors import ConfigError
from ansible_collections.lastgood.aws.plugins.plugin_utils._ecspresso.jsonnet import HAS_RJSONNET, JsonnetFile
from ansible_collections.lastgood.aws.plugins.plugin_utils._ecspresso.template import render

Config = t.Dict[str, t.Any]

KEYS = ("region", "cluster", "service", "timeout", "codedeploy")
CODEDEPLOY_KEYS = ("application_name", "deployment_group_name", "deployment_config_name")

_DEFAULT_CLUSTER = "default"
_DEFAULT_TIMEOUT = 600
_SECOND = 1_000_000_000
_LARGEST_TIMEOUT = 2**63 - 1

_EXPLICITLY = {
    "region": "rollback_region",
    "cluster": "rollback_cluster",
    "service": "rollback_services",
    "timeout": "rollback_wait_timeout",
    "codedeploy": "rollback_application and rollback_deployment_group",
    "codedeploy.application_name": "rollback_application",
    "codedeploy.deployment_group_name": "rollback_deployment_group",
    "codedeploy.deployment_config_name": "rollback_deployment_config",
}


def read_config(path: str, environ: t.Mapping[str, str], skip: t.Collection[str] = ()) -> Config:
    """The file's ``region``, ``cluster``, ``service``, ``timeout`` (seconds) and ``codedeploy`` (its three names).

    Names are text or None; ``codedeploy`` is always a dictionary with its three keys. Keys in ``skip`` are not
    evaluated and are None (an empty ``codedeploy``). Raises :class:`ConfigError`.
    """
    try:
        return _settings(_fields(path, environ, skip), environ, skip)
    except ConfigError as error:
        if error.key is None or error.advice is not None:
            raise
        remedy = f"give {_EXPLICITLY[error.key]} explicitly"
        raise ConfigError(error.problem, key=error.key, line=error.line, advice=f"Correct that, or {remedy}.") from None


def _fields(path: str, environ: t.Mapping[str, str], skip: t.Collection[str]) -> Fields:
    extension = os.path.splitext(path)[1]
    if extension in (".yml", ".yaml"):
        return yaml_fields(render(_text(path), environ))
    if extension == ".json":
        try:
            return json_fields(render(_text(path), environ))
        except NotJsonError as error:
            # ecspresso evaluates .json files as Jsonnet too, so comments and trailing commas work there.
            if HAS_RJSONNET:
                return _jsonnet_fields(path, environ, skip)
            raise ConfigError(
                error.problem,
                line=error.line,
                advice="If the file has comments or trailing commas, which ecspresso allows,"
                " install the Python library rjsonnet on the controller.",
            ) from None
    if extension == ".jsonnet":
        return _jsonnet_fields(path, environ, skip)
    raise ConfigError(
        f"{extension or 'a name without extension'} is not a format of an ecspresso configuration",
        advice="It has to end in .yml, .yaml, .json or .jsonnet.",
    )


def _jsonnet_fields(path: str, environ: t.Mapping[str, str], skip: t.Collection[str]) -> Fields:
    wanted = [key for key in KEYS if key not in skip]
    # Read it here too: the library's errors about unreadable files say less.
    _text(path)
    return JsonnetFile(os.path.abspath(path), environ).fields(wanted, {"codedeploy": CODEDEPLOY_KEYS})


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8-sig") as stream:
            return stream.read()
    except OSError as error:
        raise ConfigError(f"the file can't be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"the file is not UTF-8 text (byte {error.start})") from None


def _settings(fields: Fields, environ: t.Mapping[str, str], skip: t.Collection[str]) -> Config:
    config: Config = {
        "region": None,
        "cluster": None,
        "service": None,
        "timeout": None,
        "codedeploy": dict.fromkeys(CODEDEPLOY_KEYS),
    }
    if "region" not in skip:
        config["region"] = _name(fields, "region") or environ.get("AWS_REGION") or None
    if "cluster" not in skip:
        config["cluster"] = _name(fields, "cluster") or _DEFAULT_CLUSTER
    if "service" not in skip:
        config["service"] = _name(fields, "service")
    if "timeout" not in skip:
        config["timeout"] = _timeout(fields)
    if "codedeploy" not in skip:
        below = _nested(fields, "codedeploy")
        config["codedeploy"] = {name: _name(below, name, "codedeploy.") for name in CODEDEPLOY_KEYS}
    return config


def _single(fields: Fields, name: str, prefix: str = "") -> Field | None:
    """The only occurrence of a key, with a value that is known."""
    found = fields.get(name, [])
    if len(found) > 1:
        lines = [str(field.line) for field in found if field.line is not None]
        where = f" (lines {' and '.join(lines)})" if lines else ""
        raise ConfigError(f"appears {len(found)} times{where}", key=prefix + name)
    if not found or found[0].value is None:
        return None
    deferred = found[0].deferred
    if deferred:
        raise ConfigError(deferred.problem(), key=prefix + name, line=deferred.line)
    return found[0]


def _name(fields: Fields, name: str, prefix: str = "") -> str | None:
    field = _single(fields, name, prefix)
    if field is None:
        return None
    if not isinstance(field.value, str):
        raise ConfigError(
            f"must be text, but is {_kind(field.value)}",
            key=prefix + name,
            line=field.line,
            advice="Put it in quotes." if isinstance(field.value, (int, float)) else None,
        )
    return field.value or None


def _nested(fields: Fields, name: str) -> Fields:
    field = _single(fields, name)
    if field is None:
        return {}
    if not isinstance(field.value, dict):
        raise ConfigError(f"must be a mapping, but is {_kind(field.value)}", key=name, line=field.line)
    return field.value


def _kind(value: t.Any) -> str:
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    return "text" if isinstance(value, str) else "a list or a mapping"


def _timeout(fields: Fields) -> int:
    field = _single(fields, "timeout")
    if field is None:
        return _DEFAULT_TIMEOUT
    nanoseconds = _nanoseconds(field)
    if nanoseconds <= 0:
        raise ConfigError("must be longer than zero", key="timeout", line=field.line)
    return whole_seconds(nanoseconds)


def _nanoseconds(field: Field) -> int:
    if isinstance(field.value, str):
        try:
            return parse_go_duration(field.value)
        except ValueError as error:
            raise ConfigError(
                f"is not a duration: {error}",
                key="timeout",
                line=field.line,
                advice="Write it the way ecspresso does: 10m0s, 300s, 1h30m.",
            ) from None
    if isinstance(field.value, bool) or not isinstance(field.value, (int, float)):
        raise ConfigError(
            f"must be a duration such as 10m0s, but is {_kind(field.value)}", key="timeout", line=field.line
        )
    number = field.value
    if not -_LARGEST_TIMEOUT <= number <= _LARGEST_TIMEOUT:
        raise ConfigError(f"is out of range: {number}", key="timeout", line=field.line)
    if 0 < number < _SECOND:
        # `timeout: 300` occurs in real repositories. It is 300 ns in ecspresso 2, which gives up at once, and 300 s in
        # ecspresso 3 (its docs/v2-v3.md). We cannot know which was meant.
        raise ConfigError(
            f"is the bare number {number}: nanoseconds to ecspresso 2, seconds to ecspresso 3",
            key="timeout",
            line=field.line,
            advice=f"Write it with a unit ({number}s), or give rollback_wait_timeout explicitly.",
        )
    return int(number)
