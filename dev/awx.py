# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks what only the tools of AWX and Automation Platform read. Run in the copy of the collection by the gate "awx".

pattern.json fits the schema of the specification, ``dev/pattern-schema-1.0.0.json``. ansible-builder accepts the
definition of the execution environment, and finds what this collection needs, and no more. The queries of
event_query.yml find what the modules document that they return. No image is built, so no registry is needed.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

import jq
import jsonschema
import yaml

SCHEMA = Path(__file__).with_name("pattern-schema-1.0.0.json")
BUILDER = Path(sys.executable).parent / "ansible-builder"
# What a job needs that runs no ecspresso configuration in Jsonnet.
NEEDED = {"boto3>=1.38.10", "botocore>=1.38.10"}
OURS = "# from collection lastgood.aws"
# By module, which names the query finds in what the module documents.
COUNTED = {
    "lastgood.aws.ecs_rollback": "web.prod.eu-central-1.123456789012",
    "lastgood.aws.ecs_deploy": "web.prod.eu-central-1.123456789012",
    "lastgood.aws.codedeploy_redeploy": "prod-web.shop.eu-central-1.123456789012",
}


def schema_problems(collection: Path) -> t.Iterator[str]:
    """Where a pattern.json breaks the specification."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    files = sorted(collection.glob("extensions/patterns/*/meta/pattern.json"))
    if not files:
        yield "there is no pattern.json"
    for file in files:
        pattern = json.loads(file.read_text(encoding="utf-8"))
        for error in jsonschema.Draft202012Validator(schema).iter_errors(pattern):
            yield f"{file.relative_to(collection)}: {error.json_path}: {error.message}"
        if not (file.parents[1] / "README.md").is_file():
            yield f"{file.relative_to(collection)}: the pattern has no README.md"
        for template in pattern["aap_resources"]["controller_job_templates"]:
            if not (file.parents[1] / "playbooks" / template["playbook"]).is_file():
                yield f"{file.relative_to(collection)}: there is no playbook {template['playbook']}"


def builder(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(BUILDER), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def environment_problems(collection: Path) -> t.Iterator[str]:
    """What ansible-builder has against the definitions, and what it finds that is not needed."""
    files = sorted(collection.glob("extensions/**/execution-environment.yml"))
    if not files:
        yield "there is no definition of an execution environment"
    for file in files:
        with tempfile.TemporaryDirectory() as context:
            done = builder("create", "--file", file, "--context", context, "--output-filename", "Containerfile")
            if done.returncode != 0:
                yield f"{file.relative_to(collection)}: {done.stdout}{done.stderr}"
                continue
            galaxy = (Path(context) / "_build" / "requirements.yml").read_text(encoding="utf-8")
            if "lastgood.aws" not in galaxy:
                yield f"{file.relative_to(collection)}: the image would not have the collection"
    done = builder("introspect", collection.parents[2])
    found = yaml.safe_load(done.stdout) if done.returncode == 0 else {}
    ours = {line.partition("#")[0].strip() for line in found.get("python", ()) if OURS in line}
    if ours != NEEDED:
        yield f"ansible-builder finds {sorted(ours)} of this collection, not {sorted(NEEDED)}. {done.stderr}"


def documented(collection: Path, module: str) -> dict[str, t.Any]:
    """A result of a module, from the samples that it documents."""
    source = (collection / "plugins" / "modules" / f"{module.rpartition('.')[2]}.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "RETURN":
            return _sample(yaml.safe_load(ast.literal_eval(node.value)))
    raise SystemExit(f"{module} documents nothing that it returns")


def _sample(contains: dict[str, t.Any]) -> dict[str, t.Any]:
    found = {}
    for name, value in contains.items():
        inner = _sample(value["contains"]) if "contains" in value else value.get("sample")
        found[name] = [inner] if "contains" in value and value["type"] == "list" else inner
    return found


def query_problems(collection: Path) -> t.Iterator[str]:
    """Modules whose results are not counted as they should be."""
    queries = yaml.safe_load((collection / "extensions" / "audit" / "event_query.yml").read_text(encoding="utf-8"))
    if set(queries) != set(COUNTED):
        yield f"event_query.yml is about {sorted(queries)}, not {sorted(COUNTED)}"
    for module in sorted(set(queries) & set(COUNTED)):
        program = jq.compile(queries[module]["query"])
        found = program.input_value(documented(collection, module)).all()
        names = [one["name"] for one in found]
        if names != [COUNTED[module]] or not all(one["canonical_facts"] and one["facts"] for one in found):
            yield f"{module}: the query finds {found}"
        # Options that are refused return neither services nor an account.
        if program.input_value({"failed": True, "msg": "no"}).all():
            yield f"{module}: the query finds something in a failure"


def main() -> int:
    collection = Path.cwd()
    checks = (schema_problems, environment_problems, query_problems)
    problems = [problem for check in checks for problem in check(collection)]
    for problem in problems:
        print(problem)
    if not problems:
        print("pattern.json, the execution environment and event_query.yml are as their tools want them")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
