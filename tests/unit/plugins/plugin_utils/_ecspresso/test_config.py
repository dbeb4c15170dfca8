# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import sys
import textwrap
import typing as t
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils._ecspresso import config as config_module
from ansible_collections.lastgood.aws.plugins.plugin_utils._ecspresso import jsonnet as jsonnet_module
from ansible_collections.lastgood.aws.plugins.plugin_utils._ecspresso.config import Config, read_config
from ansible_collections.lastgood.aws.plugins.plugin_utils._ecspresso.errors import ConfigError

NO_NAMES = {"application_name": None, "deployment_group_name": None, "deployment_config_name": None}

# A configuration as it occurs in the wild.
WILD_YAML = """\
region: "{{ must_env `AWS_REGION` }}"
cluster: default
service: test
service_definition: ecs-service-def.json
task_definition: ecs-task-def.json
timeout: 10m0s
plugins:
  - name: tfstate
    config:
      path: terraform.tfstate
ignore:
  tags:
    - ecspresso:ignore
"""
WILD_JSON = """\
{
  "region": "{{ must_env `AWS_REGION` }}",
  "cluster": "default",
  "service": "test",
  "service_definition": "ecs-service-def.json",
  "task_definition": "ecs-task-def.json",
  "timeout": "10m0s",
  "plugins": [{"name": "tfstate", "config": {"path": "terraform.tfstate"}}],
  "ignore": {"tags": ["ecspresso:ignore"]}
}
"""
WILD_JSONNET = """\
local must_env = std.native('must_env');
{
  region: must_env('AWS_REGION'),
  cluster: 'default',
  service: 'test',
  service_definition: 'ecs-service-def.json',
  task_definition: 'ecs-task-def.json',
  timeout: '10m0s',
  plugins: [{ name: 'tfstate', config: { path: 'terraform.tfstate' } }],
  ignore: { tags: ['ecspresso:ignore'] },
}
"""

Read = t.Callable[..., Config]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Writes a configuration file and reads it: ``read(text, environ, suffix=".yml", skip=())``."""

    def write_and_read(
        text: str, environ: dict[str, str] | None = None, suffix: str = ".yml", skip: tuple[str, ...] = ()
    ) -> Config:
        path = tmp_path / f"ecspresso{suffix}"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return read_config(str(path), environ or {}, skip)

    return write_and_read


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        (WILD_YAML, ".yml"),
        (WILD_YAML, ".yaml"),
        (WILD_JSON, ".json"),
        (WILD_JSON, ".jsonnet"),
        (WILD_JSONNET, ".jsonnet"),
    ],
)
def test_a_file_from_the_wild(read: Read, text: str, suffix: str) -> None:
    assert read(text, {"AWS_REGION": "ap-northeast-1"}, suffix) == {
        "region": "ap-northeast-1",
        "cluster": "default",
        "service": "test",
        "timeout": 600,
        "codedeploy": NO_NAMES,
    }


@pytest.mark.parametrize(("suffix", "text"), [(".yml", "plugins: []"), (".json", "{}"), (".jsonnet", "{}")])
def test_what_a_file_leaves_out(read: Read, suffix: str, text: str) -> None:
    nothing = {"region": None, "cluster": "default", "service": None, "timeout": 600, "codedeploy": NO_NAMES}
    assert read(text, suffix=suffix) == nothing
    assert read(text, {"AWS_REGION": ""}, suffix) == nothing
    assert read(text, {"AWS_REGION": "eu-west-1"}, suffix) == {**nothing, "region": "eu-west-1"}


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".yml", "region: ''\ncluster: \"{{ must_env `EMPTY` }}\"\nservice:\ntimeout: ~\ncodedeploy: null"),
        (
            ".json",
            '{"region": "", "cluster": "{{ must_env `EMPTY` }}", "service": null, "timeout": null, "codedeploy": null}',
        ),
        (
            ".jsonnet",
            "{region: '', cluster: std.native('must_env')('EMPTY'), service: null, timeout: null, codedeploy: null}",
        ),
    ],
)
def test_empty_counts_as_absent(read: Read, suffix: str, text: str) -> None:
    assert read(text, {"AWS_REGION": "eu-west-1", "EMPTY": ""}, suffix) == {
        "region": "eu-west-1",
        "cluster": "default",
        "service": None,
        "timeout": 600,
        "codedeploy": NO_NAMES,
    }


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (
            ".yml",
            """\
            service: web
            codedeploy:
              application_name: "{{ env `APP` `myapp` }}"
              deployment_group_name: mydeployment
              deployment_config_name: CodeDeployDefault.ECSAllAtOnce
              auto_rollback_enabled: true
            """,
        ),
        (
            ".json",
            """\
            {"service": "web", "codedeploy": {"application_name": "{{ env `APP` `myapp` }}",
             "deployment_group_name": "mydeployment",
             "deployment_config_name": "CodeDeployDefault.ECSAllAtOnce", "auto_rollback_enabled": true}}
            """,
        ),
        (
            ".jsonnet",
            """\
            {service: 'web', codedeploy: {application_name: std.native('env')('APP', 'myapp'),
             deployment_group_name: 'mydeployment',
             deployment_config_name: 'CodeDeployDefault.ECSAllAtOnce', auto_rollback_enabled: error 'not read'}}
            """,
        ),
    ],
)
def test_the_names_of_codedeploy(read: Read, suffix: str, text: str) -> None:
    assert read(text, suffix=suffix)["codedeploy"] == {
        "application_name": "myapp",
        "deployment_group_name": "mydeployment",
        "deployment_config_name": "CodeDeployDefault.ECSAllAtOnce",
    }


@pytest.mark.parametrize("suffix", [".yml", ".json", ".jsonnet"])
def test_an_empty_codedeploy_section(read: Read, suffix: str) -> None:
    assert read('{"codedeploy": {}}', suffix=suffix)["codedeploy"] == NO_NAMES


@pytest.mark.parametrize("suffix", [".yml", ".json", ".jsonnet"])
def test_keys_are_found_in_any_case(read: Read, suffix: str) -> None:
    text = '{"Service": "web", "CODEDEPLOY": {"Application_Name": "app"}}'
    config = read(text, suffix=suffix)
    assert (config["service"], config["codedeploy"]["application_name"]) == ("web", "app")


# Templates that stand in YAML without quotes: the text is filled in first, so its type shows only then.
UNQUOTED = [
    ("web", "web"),
    ("'0123'", "0123"),
    ('"true"', "true"),
    ("web # the front", "web"),
    ("1.2.3", "1.2.3"),
    ("1:30", "1:30"),
    ("2024-01-01", "2024-01-01"),
    ("yes", "yes"),
    ("on", "on"),
    ("1e3", "1e3"),
    ("!!str 123", "123"),
    ("~", None),
    ("", None),
    ("web\ncluster: injected", "web"),
]


@pytest.mark.parametrize(("value", "service"), UNQUOTED)
def test_an_unquoted_template_has_the_type_of_its_text(read: Read, value: str, service: str | None) -> None:
    assert read("service: {{ must_env `SERVICE` }}\n", {"SERVICE": value})["service"] == service


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("123", "the number 123"),
        ("0123", "the number 83"),
        ("0x1F", "the number 31"),
        ("1_000", "the number 1000"),
        ("-1.5", "the number -1.5"),
        ("true", "the boolean true"),
        ("False", "the boolean false"),
        ("[web]", "a list or a mapping"),
        ("{a: b}", "a list or a mapping"),
    ],
)
def test_a_name_of_another_type_is_refused(read: Read, value: str, kind: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read("\nservice: {{ must_env `SERVICE` }}", {"SERVICE": value})
    assert (caught.value.key, caught.value.line) == ("service", 2)
    assert caught.value.problem == f"must be text, but is {kind}"


@pytest.mark.parametrize("value", ["123", "true", "~", "1.5", "[web]"])
def test_a_quoted_template_is_text_whatever_it_holds(read: Read, value: str) -> None:
    assert read('service: "{{ must_env `SERVICE` }}"', {"SERVICE": value})["service"] == value


def test_advice_to_quote_a_number(read: Read) -> None:
    with pytest.raises(ConfigError) as caught:
        read("cluster: 123")
    assert caught.value.explain("ecspresso.yml") == (
        "ecspresso.yml, line 1: cluster must be text, but is the number 123. Put it in quotes."
    )


TIMEOUTS = [
    ("10m0s", 600),
    ("300s", 300),
    ("1h30m", 5400),
    ("1.5h", 5400),
    ("+5m", 300),
    ("1ms", 1),
    ("1.1s", 2),
    ("600000000000", 600),
    ("1500000000", 2),
    ("1500000000.0", 2),
    ("600_000_000_000", 600),
]


@pytest.mark.parametrize(("text", "seconds"), TIMEOUTS)
def test_timeouts(read: Read, text: str, seconds: int) -> None:
    assert read(f"timeout: {text}")["timeout"] == seconds
    assert read("timeout: {{ env `TIMEOUT` `1s` }}", {"TIMEOUT": text})["timeout"] == seconds


@pytest.mark.parametrize(("text", "seconds"), [("'10m0s'", 600), ("600000000000", 600), ("1.5e9", 2)])
@pytest.mark.parametrize("suffix", [".json", ".jsonnet"])
def test_timeouts_in_json(read: Read, suffix: str, text: str, seconds: int) -> None:
    text = text.replace("'", '"')
    assert read(f'{{"timeout": {text}}}', suffix=suffix)["timeout"] == seconds


BAD_TIMEOUTS = [
    ("0", "must be longer than zero"),
    ("0s", "must be longer than zero"),
    ("-5m", "must be longer than zero"),
    ("-600000000000", "must be longer than zero"),
    ("''", 'is not a duration: invalid duration ""'),
    ("10 minutes", 'is not a duration: unknown unit " minutes" in duration "10 minutes"'),
    ("'300'", 'is not a duration: missing unit in duration "300"'),
    ("1d", 'is not a duration: unknown unit "d" in duration "1d"'),
    ("true", "must be a duration such as 10m0s, but is the boolean true"),
    ("[1s]", "must be a duration such as 10m0s, but is a list or a mapping"),
    (".inf", "is out of range: inf"),
    ("9223372036854775808", "is out of range: 9223372036854775808"),
    ("300", "is the bare number 300: nanoseconds to ecspresso 2, seconds to ecspresso 3"),
    ("999999999", "is the bare number 999999999: nanoseconds to ecspresso 2, seconds to ecspresso 3"),
]


@pytest.mark.parametrize(("text", "problem"), BAD_TIMEOUTS)
def test_timeouts_that_are_refused(read: Read, text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(f"service: web\ntimeout: {text}")
    assert (caught.value.key, caught.value.line, caught.value.problem) == ("timeout", 2, problem)


def test_a_number_that_json_does_not_have_is_no_timeout(read: Read) -> None:
    with pytest.raises(ConfigError, match=r"is out of range: nan"):
        read('{"timeout": NaN}', suffix=".json")


# Values that a rollback does without may use what only ecspresso can evaluate.
ELSEWHERE = [
    (
        ".yml",
        """\
        service: web
        task_definition: "{{ tfstate `a` }}.json"
        service_definition: {{ ssm `/path` }}
        plugins:
          - name: tfstate
            config: {url: "s3://{{ must_env `BUCKET` }}/terraform.tfstate"}
        appspec:
          Hooks:
            - BeforeInstall: '{{ vpc_tfstatef `f[%d]` 0 }}'
        codedeploy: {application_name: app, hook: "{{ cfn_output `s` `o` }}"}
        # {{ secretsmanager_arn `in a comment` }}
        """,
    ),
    (
        ".json",
        """\
        {"service": "web", "task_definition": "{{ tfstate `a` }}.json",
         "plugins": [{"name": "{{ must_env `BUCKET` }}"}],
         "codedeploy": {"application_name": "app", "hook": "{{ cfn_output `s` `o` }}"}}
        """,
    ),
    (
        ".jsonnet",
        """\
        local tfstate = std.native('tfstate');
        local unknown = tfstate('a');
        {
          service: 'web',
          task_definition: unknown + '.json',
          service_definition: '{{ ssm `/path` }}',
          plugins: [{ name: std.native('must_env')('BUCKET') }],
          codedeploy: { application_name: 'app', hook: std.native('vpc_tfstate')('b') },
        }
        """,
    ),
]


@pytest.mark.parametrize(("suffix", "text"), ELSEWHERE)
def test_functions_of_plugins_elsewhere_do_no_harm(read: Read, suffix: str, text: str) -> None:
    config = read(text, suffix=suffix)
    assert (config["service"], config["codedeploy"]["application_name"]) == ("web", "app")


NEEDED = [
    ("region", "rollback_region"),
    ("cluster", "rollback_cluster"),
    ("service", "rollback_services"),
    ("timeout", "rollback_wait_timeout"),
    ("codedeploy.application_name", "rollback_application"),
    ("codedeploy.deployment_group_name", "rollback_deployment_group"),
    ("codedeploy.deployment_config_name", "rollback_deployment_config"),
]


def nested(key: str, value: str) -> str:
    """YAML, and JSON, and Jsonnet with one value; the key may have a dot."""
    outer, dot, inner = key.partition(".")
    return f'{{"{outer}": {{"{inner}": {value}}}}}' if dot else f'{{"{outer}": {value}}}'


@pytest.mark.parametrize(("key", "variable"), NEEDED)
@pytest.mark.parametrize("suffix", [".yml", ".json", ".jsonnet"])
def test_a_needed_value_from_a_plugin(read: Read, suffix: str, key: str, variable: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(nested(key, '"x-{{ app_tfstate `a.b` }}"'), suffix=suffix)
    place = "f" if suffix == ".jsonnet" else "f, line 1"
    assert caught.value.explain("f") == (
        f"{place}: {key} uses the template function app_tfstate, which only ecspresso with its plugins can evaluate."
        f" Correct that, or give {variable} explicitly."
    )


@pytest.mark.parametrize(("key", "variable"), NEEDED)
@pytest.mark.parametrize("suffix", [".yml", ".json", ".jsonnet"])
def test_a_needed_value_without_its_variable(read: Read, suffix: str, key: str, variable: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(nested(key, '"{{ must_env `X_NAME` }}"'), suffix=suffix)
    place = "f" if suffix == ".jsonnet" else "f, line 1"
    assert caught.value.explain("f") == (
        f"{place}: {key} needs the environment variable X_NAME (must_env), which is not set."
        f" Correct that, or give {variable} explicitly."
    )


@pytest.mark.parametrize(("key", "variable"), NEEDED)
@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("std.native('must_env')('X_NAME')", "needs the environment variable X_NAME (must_env), which is not set"),
        (
            "std.native('ssm')('/a')",
            "uses the template function ssm, which only ecspresso with its plugins can evaluate",
        ),
    ],
)
def test_needed_values_of_jsonnet_functions(read: Read, key: str, variable: str, expression: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read("\n" + nested(key, expression), suffix=".jsonnet")
    assert caught.value.explain("f") == f"f, line 2: {key} {problem}. Correct that, or give {variable} explicitly."


@pytest.mark.parametrize("suffix", [".yml", ".json", ".jsonnet"])
@pytest.mark.parametrize("key", ["region", "cluster", "service", "timeout", "codedeploy"])
def test_a_skipped_value_may_be_anything(read: Read, suffix: str, key: str) -> None:
    config = read(nested(key, '"{{ tfstate `a` }}"'), {"AWS_REGION": "eu-west-1"}, suffix, skip=(key,))
    assert config[key] == (NO_NAMES if key == "codedeploy" else None)


def test_a_skipped_jsonnet_value_is_not_evaluated(read: Read) -> None:
    text = "{cluster: std.native('tfstate')('a'), codedeploy: error 'no', service: 'web'}"
    assert read(text, suffix=".jsonnet", skip=("cluster", "codedeploy"))["service"] == "web"


def test_several_lines_of_a_file_are_told_apart(read: Read) -> None:
    with pytest.raises(ConfigError) as caught:
        read("# first\nregion: eu-west-1\n\ncodedeploy:\n  application_name: {{ ssm `a` }}\n")
    assert (caught.value.key, caught.value.line) == ("codedeploy.application_name", 5)


# YAML.


def test_only_the_first_yaml_document_is_read(read: Read) -> None:
    assert read("---\nservice: web\n---\nservice: other\n---\n- [")["service"] == "web"


def test_yaml_anchors_and_merged_mappings(read: Read) -> None:
    text = """\
        .common: &common {region: eu-west-1, cluster: shared}
        .deploy: &deploy {application_name: app, deployment_group_name: shared}
        <<: *common
        cluster: &name own
        service: *name
        codedeploy:
          <<: *deploy
          deployment_group_name: own
        """
    config = read(text)
    assert (config["region"], config["cluster"], config["service"]) == ("eu-west-1", "own", "own")
    assert config["codedeploy"] == {**NO_NAMES, "application_name": "app", "deployment_group_name": "own"}


def test_keys_that_are_not_text_are_left_alone(read: Read) -> None:
    assert read("1: a\n? [b]\n: c\ntrue: d\nservice: web")["service"] == "web"


def test_a_byte_order_mark_is_no_part_of_the_text(read: Read) -> None:
    assert read("\ufeffservice: web")["service"] == "web"


@pytest.mark.parametrize(
    ("suffix", "text", "message"),
    [
        (".yml", "service: web\n\nservice: api", "service appears 2 times (lines 1 and 3)"),
        (".yml", "service: web\nSERVICE: api", "service appears 2 times (lines 1 and 2)"),
        (
            ".yml",
            "codedeploy:\n  application_name: a\n  application_name: b",
            "codedeploy.application_name appears 2 times (lines 2 and 3)",
        ),
        (".json", '{"service": "web", "service": "api"}', "service appears 2 times"),
        (
            ".json",
            '{"codedeploy": {"application_name": "a", "application_name": "b"}}',
            "codedeploy.application_name appears 2 times",
        ),
        (".jsonnet", "{service: 'web', Service: 'api'}", "service appears 2 times"),
    ],
)
def test_a_needed_key_that_is_there_twice(read: Read, suffix: str, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text, suffix=suffix)
    assert caught.value.explain("f").startswith(f"f: {message}. Correct that, or give rollback_")


@pytest.mark.parametrize("suffix", [".yml", ".json"])
def test_another_key_may_be_there_twice(read: Read, suffix: str) -> None:
    assert read('{"service": "web", "plugins": [], "plugins": [{"a": 1, "a": 2}]}', suffix=suffix)["service"] == "web"


BROKEN_YAML = [
    (
        "service: web\nregion: a: b",
        2,
        "this is not YAML once its template is filled in: mapping values are not allowed here",
    ),
    ("service: web\n{{ ssm `a` }}\nregion: x", 3, "this is not YAML once its template is filled in: "),
    ("a: 1\nservice: *nothing", 2, "this is not YAML once its template is filled in: found undefined alias 'nothing'"),
    ("a: 1\n<<: text", 2, "this is not YAML once its template is filled in: "),
    ("service: a\x07b", 1, "the character U+0007 is not allowed in YAML"),
    ("a: 1\nb: !!int web", 2, "a value is tagged !!int but is none"),
    ("a: 1\n\n{{ tfstate `x` }}: web", 3, "the name of a key depends on the template function tfstate"),
    ("a: 1\n{{ if env `A` }}\nb: 2\n{{ end }}", 2, "the template construct {{ if }} is not understood here"),
    ("- service: web", None, "the file is not a mapping of keys to values"),
    ("web", None, "the file is not a mapping of keys to values"),
    ("", None, "the file is empty"),
    ("# only a comment", None, "the file is empty"),
    ("codedeploy: app", 1, "must be a mapping, but is text"),
    ("codedeploy: [app]", 1, "must be a mapping, but is a list or a mapping"),
    ("codedeploy: 1", 1, "must be a mapping, but is the number 1"),
]


@pytest.mark.parametrize(("text", "line", "problem"), BROKEN_YAML)
def test_broken_yaml(read: Read, text: str, line: int | None, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert caught.value.line == line
    assert caught.value.problem.startswith(problem)


def test_a_syntax_error_does_not_show_what_the_environment_holds(read: Read) -> None:
    with pytest.raises(ConfigError) as caught:
        read("# one\nservice: web\ntoken: {{ must_env `TOKEN` }}", {"TOKEN": "s3cret: [s3cret"})
    assert caught.value.line == 3
    assert "s3cret" not in caught.value.explain("f")


# JSON.


@pytest.mark.parametrize(
    "text", ['{"service": "{{ must_env "NAME" }}"}', '{"service": "{{ must_env `NAME` | json_escape }}"}']
)
def test_json_is_a_template_before_it_is_json(read: Read, text: str) -> None:
    assert read(text, {"NAME": "web"}, ".json")["service"] == "web"


@pytest.mark.parametrize("suffix", [".json", ".jsonnet"])
def test_json_escape_keeps_json_whole(read: Read, suffix: str) -> None:
    name = 'a"b\\c\n<é>'
    assert read('{"service": "{{ must_env `N` | json_escape }}"}', {"N": name}, suffix)["service"] == name


def test_json_with_comments_and_trailing_commas_is_jsonnet(read: Read) -> None:
    assert read('{\n  // the front\n  "service": "{{ env `S` `web` }}",\n}', suffix=".json")["service"] == "web"


def test_the_line_of_broken_json(read: Read) -> None:
    with pytest.raises(ConfigError) as caught:
        read('{\n  "service": "web"\n  "cluster": "x"\n}', suffix=".json")
    assert caught.value.line == 3
    assert caught.value.problem.startswith("could not be evaluated as Jsonnet: syntax error")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('["web"]', "the file is not an object with keys and values"),
        ('{"{{ tfstate `x` }}": 1}', "the name of a key depends on the template function tfstate"),
        ('{"service": ["web"]}', "must be text, but is a list or a mapping"),
        ('{"service": {"a": 1}}', "must be text, but is a list or a mapping"),
        ('{"service": false}', "must be text, but is the boolean false"),
        ('{"codedeploy": "app"}', "must be a mapping, but is text"),
    ],
)
def test_json_of_the_wrong_shape(read: Read, text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text, suffix=".json")
    assert caught.value.problem == problem


# Jsonnet.


def test_jsonnet_env(read: Read) -> None:
    text = """\
        local env = std.native('env');
        {
          region: env('ABSENT', 'eu-west-1'),
          cluster: env('EMPTY', 'prod'),
          service: env('NAME', 'other'),
          timeout: env('ABSENT', null),
        }
        """
    config = read(text, {"EMPTY": "", "NAME": "web"}, ".jsonnet")
    assert (config["region"], config["cluster"], config["service"], config["timeout"]) == (
        "eu-west-1",
        "prod",
        "web",
        600,
    )


def test_jsonnet_output_is_a_template(read: Read) -> None:
    config = read("local e = 'prod'; {cluster: '{{ must_env `NAME` }}-' + e}", {"NAME": "web"}, ".jsonnet")
    assert config["cluster"] == "web-prod"


def test_jsonnet_imports_are_relative_to_their_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config" / "lib").mkdir(parents=True)
    (tmp_path / "config" / "lib" / "base.libsonnet").write_text("(import 'names.libsonnet') + {cluster: 'prod'}")
    (tmp_path / "config" / "lib" / "names.libsonnet").write_text("{service: std.native('must_env')('NAME')}")
    (tmp_path / "config" / "ecspresso.jsonnet").write_text("import 'lib/base.libsonnet'")
    monkeypatch.chdir(tmp_path)
    config = read_config("config/ecspresso.jsonnet", {"NAME": "web"})
    assert (config["cluster"], config["service"]) == ("prod", "web")


def test_a_hidden_jsonnet_field_is_not_there(read: Read) -> None:
    assert read("{service:: 'web'}", suffix=".jsonnet")["service"] is None


BROKEN_JSONNET = [
    ("{service: 'web'", None, 1, "could not be evaluated as Jsonnet: syntax error"),
    ("\n{a: 1,\n a: 2}", None, 3, "could not be evaluated as Jsonnet: duplicate field name: a"),
    ("import 'nothing.libsonnet'", None, None, "could not be evaluated as Jsonnet: can't resolve nothing.libsonnet"),
    ("['web']", None, None, "the file is not an object but of type array"),
    ("function(x) {}", None, None, "the file is not an object but of type function"),
    ("{\n service: error 'no\\nname'}", "service", 2, "could not be evaluated as Jsonnet: runtime error: no name"),
    (
        "{\n service: std.extVar('S')}",
        "service",
        2,
        "could not be evaluated as Jsonnet: external variable is not defined: S",
    ),
    (
        "{service: std.native('my_plugin')('a')}",
        "service",
        None,
        "could not be evaluated as Jsonnet: only functions can be called, got null"
        " (a function of an ecspresso plugin that is not known here?)",
    ),
    ("{service: std.native('must_env')(1)}", "service", 1, "could not be evaluated as Jsonnet: runtime error:"),
    ("{service: std.native('env')(1, 'a')}", "service", 1, "could not be evaluated as Jsonnet: runtime error:"),
    ("{service: 1}", "service", None, "must be text, but is the number 1"),
    ("{service: ['web']}", "service", None, "must be text, but is a list or a mapping"),
    ("{codedeploy: ['app']}", "codedeploy", None, "must be a mapping, but is a list or a mapping"),
    ("{codedeploy: {application_name: error 'no'}}", "codedeploy.application_name", 1, "could not be evaluated"),
    ("{service: '{{ if env `A` }}'}", "service", None, "the template construct {{ if }} is not understood here"),
    ("{service: '{{ env \"A\" }}'}", "service", None, "a template action holds a backslash"),
    ("{service: '{{ must_env `Q` }}'}", "service", None, "is not JSON once its template is filled in: "),
]


@pytest.mark.parametrize(("text", "key", "line", "problem"), BROKEN_JSONNET)
def test_broken_jsonnet(read: Read, text: str, key: str | None, line: int | None, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text, {"Q": 'a"b'}, ".jsonnet")
    assert (caught.value.key, caught.value.line) == (key, line)
    assert caught.value.problem.startswith(problem)


@pytest.mark.parametrize("prefix", ["", "vpc_"])
@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("tfstate", "'a'"),
        ("ssm", "'a'"),
        ("secretsmanager_arn", "'a'"),
        ("cfn_output", "'a', 'b'"),
        ("cfn_export", "'a'"),
    ],
)
def test_jsonnet_functions_of_plugins_are_told_by_name(read: Read, prefix: str, function: str, arguments: str) -> None:
    text = f"{{cluster: std.native('{prefix}{function}')({arguments}), plugins: [{{}}, {{func_prefix: '{prefix}'}}]}}"
    with pytest.raises(ConfigError) as caught:
        read(text, suffix=".jsonnet")
    assert caught.value.key == "cluster"
    assert caught.value.problem.startswith(f"uses the template function {prefix}{function}, ")


def test_plugins_that_cannot_be_evaluated_hide_no_value(read: Read) -> None:
    config = read("{service: 'web', plugins: error 'not today'}", suffix=".jsonnet")
    assert config["service"] == "web"


@pytest.mark.parametrize(("suffix", "text"), [(".jsonnet", "{}"), (".json", "{,}")])
def test_without_the_library_jsonnet_says_what_to_install(
    read: Read, monkeypatch: pytest.MonkeyPatch, suffix: str, text: str
) -> None:
    monkeypatch.setattr(jsonnet_module, "HAS_RJSONNET", False)
    monkeypatch.setattr(config_module, "HAS_RJSONNET", False)
    with pytest.raises(ConfigError) as caught:
        read(text, suffix=suffix)
    message = caught.value.explain("f")
    assert "rjsonnet" in message
    assert (f"{sys.executable} -m pip install rjsonnet" in message) == (suffix == ".jsonnet")


def test_without_the_library_json_is_read(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_module, "HAS_RJSONNET", False)
    assert read('{"service": "web"}', suffix=".json")["service"] == "web"


# Files.


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("ecspresso.toml", ".toml is not a format of an ecspresso configuration"),
        ("ecspresso.YML", ".YML is not a format of an ecspresso configuration"),
        ("ecspresso", "a name without extension is not a format of an ecspresso configuration"),
    ],
)
def test_other_extensions(tmp_path: Path, name: str, problem: str) -> None:
    (tmp_path / name).write_text("service: web")
    with pytest.raises(ConfigError) as caught:
        read_config(str(tmp_path / name), {})
    assert caught.value.problem == problem
    assert caught.value.advice == "It has to end in .yml, .yaml, .json or .jsonnet."


@pytest.mark.parametrize("suffix", [".yml", ".json", ".jsonnet"])
def test_a_file_that_cannot_be_read(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(str(tmp_path / f"nothing{suffix}"), {})
    assert caught.value.problem == "the file can't be read: No such file or directory"
    (tmp_path / f"latin{suffix}").write_bytes(b"{\xe9}")
    with pytest.raises(ConfigError) as caught:
        read_config(str(tmp_path / f"latin{suffix}"), {})
    assert caught.value.problem == "the file is not UTF-8 text (byte 1)"


@pytest.mark.parametrize("suffix", [".yml", ".json", ".jsonnet"])
def test_values_are_plain(read: Read, suffix: str) -> None:
    config = read('{"service": "web", "timeout": "1m", "codedeploy": {"application_name": "a"}}', suffix=suffix)
    # Not an instance of a subclass: ansible-core 2.19 and later have those, for text that is marked.
    values = [config["cluster"], config["service"], config["timeout"], config["codedeploy"]["application_name"]]
    assert [type(value) for value in values] == [str, str, int, str]
    assert json.loads(json.dumps(config)) == config
