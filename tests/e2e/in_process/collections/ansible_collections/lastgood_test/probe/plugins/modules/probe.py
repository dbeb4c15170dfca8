# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module for tests: it does what it is told to do, and tells what it sees."""

from __future__ import annotations

import datetime
import os
import sys
import time
import traceback
import warnings

from ansible.module_utils.basic import env_fallback
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.lastgood.aws.plugins.module_utils._core import progress

try:
    import botocore.exceptions
except ImportError:
    pass  # AnsibleAWSModule tells the user that boto3 is missing.

# What one item of a loop leaves here must not be seen by the next.
runs = []

ARGUMENT_SPEC = {
    "text": {
        "type": "str",
        "aliases": ["words", "old_words"],
        "deprecated_aliases": [{"name": "old_words", "version": "2.0.0", "collection_name": "lastgood_test.probe"}],
    },
    "number": {"type": "int", "default": 7},
    "flag": {"type": "bool", "default": False},
    "things": {"type": "list", "elements": "str"},
    "file": {"type": "path"},
    "mapping": {"type": "dict"},
    "anything": {"type": "raw"},
    "secret": {"type": "str", "no_log": True, "fallback": (env_fallback, ["PROBE_SECRET"])},
    "nested": {
        "type": "dict",
        "options": {
            "key": {"type": "str", "no_log": True},
            "choice": {"type": "str", "choices": ["a", "b"], "default": "a"},
            "gone": {"type": "str", "removed_in_version": "3.0.0", "removed_from_collection": "lastgood_test.probe"},
        },
    },
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "environment_of": {"type": "list", "elements": "str", "default": []},
    "seconds": {"type": "float", "default": 0},
    "do": {"type": "str", "default": "report"},
}


def report(module):
    """Everything that a module can see of its surroundings."""
    runs.append(1)
    return {
        "params": module.params,
        "check_mode": module.check_mode,
        "diff_mode": module._diff,
        "name": module._name,
        "verbosity": module._verbosity,
        "region": module.region,
        "environment": {name: os.environ.get(name) for name in module.params["environment_of"]},
        "directory": os.getcwd(),
        "runs_of_this_copy": len(runs),
    }


def where(module):
    """Which of the two ways was taken. The one thing that may differ."""
    return {"in_process": __name__ != "__main__", "python": sys.executable}


def warn(module):
    module.warn("first warning")
    module.warn("second warning, with ${dollars} and {{ braces }}")
    module._module.warn("third warning, past amazon.aws")
    module.deprecate("old habit", version="2.0.0", collection_name="lastgood.aws")
    module.deprecate("older habit", date="2031-01-01", collection_name="lastgood.aws")
    return {"changed": True}


def say(module):
    progress.say("[web] a first line")
    time.sleep(module.params["seconds"])
    progress.say(f"[web] two\nlines, \x1b[31mred\x1b[0m, a secret: {module.params['secret']}, an umlaut: ü, →")
    time.sleep(module.params["seconds"])
    return {"changed": True}


def noise(module):
    print("a library prints to stdout")
    print("a library prints to stderr", file=sys.stderr)
    warnings.warn("a library warns", stacklevel=1)
    return {"changed": False}


def odd_types(module):
    return {
        "moment": datetime.datetime(2026, 3, 1, 12, 0, 1, tzinfo=datetime.UTC),
        "day": datetime.date(2026, 3, 1),
        "pair": (1, 2),
        "several": {"one"},
        "octets": b"octets",
        "by_number": {1: "one"},
        "unset": None,
        "umlaut": "ü →",
        "template": "{{ 1 + 1 }}",
        "stdout": "one\ntwo",
        "stderr": None,
    }


def secrets(module):
    secret = module.params["secret"]
    return {"leak": f"it is {secret}!", "deep": [{"a": [secret]}], "region_leak": module.params["nested"]}


def diff(module):
    return {"changed": True, "diff": {"before": {"revision": 43}, "after": {"revision": 41}}}


def fail(module):
    module.fail_json(msg="it did not work", outcome="refused", changed=True)


def fail_with_traceback(module):
    try:
        raise ValueError("the cause")
    except ValueError:
        module.fail_json(msg="it did not work", exception=traceback.format_exc())


def fail_aws(module):
    module.warn("before it failed")
    answer = {"Error": {"Code": "AccessDeniedException", "Message": "no"}, "ResponseMetadata": {"RequestId": "r-1"}}
    module.fail_json_aws(botocore.exceptions.ClientError(answer, "DescribeServices"), msg="Failed to describe web")


def crash(module):
    try:
        {}["missing"]
    except KeyError as exc:
        raise RuntimeError("nobody expected this\x1b[2J \u202e\n[web] rolled_back") from exc


def leave(module):
    print("half an answer")
    print("the reason", file=sys.stderr)
    sys.exit(3)


def leave_with_words(module):
    sys.exit("leaving with words")


def client(module):
    return {"endpoint": module.client("ecs").meta.endpoint_url}


def helpers(module):
    return {
        "yes": module.boolean("yes"),
        "md5": module.md5(os.devnull),
        "botocore_at_least": module.botocore_at_least("1.0.0"),
        "bin_path": module.get_bin_path("sh"),
    }


def wait_for_the_parent(module):
    """Loop like a module that watches a deployment, until the parent is gone."""
    with open(module.params["file"], "w", encoding="ascii") as pid_file:
        pid_file.write(str(os.getpid()))
    while not progress.orphaned():
        time.sleep(0.05)
        progress.say("waiting")
    os.unlink(module.params["file"])
    return {}


def main():
    wants_check_mode = os.environ.get("PROBE_CHECK_MODE", "true") == "true"
    module = AnsibleAWSModule(
        argument_spec=ARGUMENT_SPEC,
        supports_check_mode=wants_check_mode,
        mutually_exclusive=[("text", "file")],
        required_together=[("number", "state")],
        required_one_of=[("state", "text")],
        required_if=[("state", "absent", ["text"])],
        required_by={"mapping": ["things"]},
    )
    module.exit_json(**globals()[module.params["do"]](module))


if __name__ == "__main__":
    main()
