# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils._ecspresso.errors import ConfigError
from ansible_collections.lastgood.aws.plugins.plugin_utils._ecspresso.template import Deferred, render

ENVIRON = {"NAME": "web", "EMPTY": "", "QUOTED": 'a"b\\c\n<&>\u2028é', "LINES": "one\ntwo"}

# What Go's text/template makes of it, with the functions of github.com/kayac/go-config.
RENDERED = [
    ("", ""),
    ("no template", "no template"),
    ("{ not: one }", "{ not: one }"),
    ("{{ must_env `NAME` }}", "web"),
    ("{{must_env `NAME`}}", "web"),
    ('{{ must_env "NAME" }}', "web"),
    ("nginx-{{env `BRANCH` `local`}}!", "nginx-local!"),
    ("{{ must_env `EMPTY` }}", ""),
    ("{{ env }}", ""),
    ("{{ env `NAME` }}", "web"),
    ("{{ env `NAME` `fallback` }}", "web"),
    ("{{ env `ABSENT` `fallback` }}", "fallback"),
    ("{{ env `EMPTY` `fallback` }}", "fallback"),
    ("{{ env `ABSENT` `` }}", ""),
    # Every argument but the last is a variable, and go-config looks even the last one up.
    ("{{ env `ABSENT` `NAME` `fallback` }}", "web"),
    ("{{ env `ABSENT` `NAME` }}", "web"),
    ("{{ env `ABSENT` }}", "ABSENT"),
    ("{{ `text` }}", "text"),
    ('{{ "{{" }} {{ `}}` }}', "{{ }}"),
    # Back quotes take everything as it is, several lines included, less carriage returns.
    ('{{ `a\\n"b\r\nc` }}', 'a\\n"b\nc'),
    # The escapes of Go's interpreted strings.
    (r'{{ "\a\b\f\n\r\t\v\\\"" }}', '\a\b\f\n\r\t\v\\"'),
    (r'{{ "\x41\101\u00e9\U0001F600\xc3\xa9" }}', "AAé😀é"),
    # Pipelines and parentheses.
    ('{{ env `ABSENT` `a"b` | json_escape }}', 'a\\"b'),
    ("{{ must_env `QUOTED`|json_escape }}", 'a\\"b\\\\c\\n\\u003c\\u0026\\u003e\\u2028é'),
    ("{{ json_escape (env `ABSENT` `<`) }}", "\\u003c"),
    ("{{ `NAME` | must_env | json_escape }}", "web"),
    ("{{ `fallback` | env `ABSENT` }}", "fallback"),
    ("{{ (((must_env `NAME`))) }}", "web"),
    ("{{ env (env `ABSENT` `NAME`) `fallback` }}", "fallback"),
    ("{{ env (`NAME`) `fallback` }}", "web"),
    # Trim markers take all white space on their side, and need one themselves.
    ("a \n\t{{- env `NAME` }} b", "aweb b"),
    ("a {{ env `NAME` -}} \n b", "a webb"),
    ("a {{- ` ` -}} b", "a b"),
    ("a {{- env `NAME`   -}} b", "awebb"),
    ("{{ env `NAME` -}} \n {{- env `NAME` }}", "webweb"),
    # An action may span lines.
    ("{{ env\n  `NAME`\n}}", "web"),
    # Go's own functions.
    ("{{ printf `%s-api` (must_env `NAME`) }}", "web-api"),
    ("{{ printf `%v-%d%% of %s` `a` 5 (must_env `NAME`) }}", "a-5% of web"),
    ("{{ or (env `ABSENT` ``) `fallback` }}", "fallback"),
    ("{{ or (must_env `EMPTY`) (must_env `NAME`) (tfstate `a.b`) }}", "web"),
    ("{{ or `` `` }}", ""),
    ("{{ and (must_env `NAME`) `there` }}", "there"),
    ("{{ and `` (tfstate `a.b`) }}", ""),
    ("{{ print `a-` (must_env `NAME`) }}", "a-web"),
    ("{{ println `a` (must_env `NAME`) }}", "a web\n"),
    # Comments.
    ("a{{/* a comment */}}b", "ab"),
    ("a {{- /* several\n lines }} */ -}} b", "ab"),
    ("a {{/* c */ -}}\n b", "a b"),
]


@pytest.mark.parametrize(("source", "text"), RENDERED)
def test_renders_as_go_does(source: str, text: str) -> None:
    assert render(source, ENVIRON).text == text


DEFERRED = [
    ("x {{ must_env `ABSENT` }}", Deferred("must_env", 1, "ABSENT")),
    ("{{ must_env `ABSENT` | json_escape }}", Deferred("must_env", 1, "ABSENT")),
    ("\n{{ env `ABSENT` (must_env `NOT_THERE`) }}", Deferred("must_env", 2, "NOT_THERE")),
    ("{{ tfstate `aws_ecs_cluster.main.name` }}", Deferred("tfstate", 1)),
    ("{{ tfstatef `aws_subnet.a['%s'].id` `0` }}", Deferred("tfstatef", 1)),
    ("{{ tfstatef `aws_subnet.a[%d].id` 0 }}", Deferred("tfstatef", 1)),
    ("{{ ssm `/path/to` 1 true 'c' -2.5 }}", Deferred("ssm", 1)),
    ("{{ secretsmanager_arn `db` | json_escape }}", Deferred("secretsmanager_arn", 1)),
    ("{{ cfn_output (env `STACK` `s`) `Cluster` }}", Deferred("cfn_output", 1)),
    ("{{ cfn_export `Cluster` }}", Deferred("cfn_export", 1)),
    ("{{ vpc_tfstate `a.b` }}", Deferred("vpc_tfstate", 1)),
    ("{{ printf `%5s-api` (must_env `NAME`) }}", Deferred("printf", 1)),
    ("{{ printf `%s %s` (must_env `NAME`) }}", Deferred("printf", 1)),
    ("{{ printf `%d` (must_env `NAME`) }}", Deferred("printf", 1)),
    ("{{ printf `%s` 5 }}", Deferred("printf", 1)),
    ("{{ printf `%s-api` (tfstate `a.b`) }}", Deferred("tfstate", 1)),
    ("{{ print 1 2 }}", Deferred("print", 1)),
    ("{{ or (tfstate `a.b`) `fallback` }}", Deferred("tfstate", 1)),
    ("{{ index (must_env `NAME`) 0 }}", Deferred("index", 1)),
    ("{{ eq (must_env `NAME`) `web` }}", Deferred("eq", 1)),
    ("{{ must_evn `NAME` }}", Deferred("must_evn", 1)),
    ("{{ json_escape (env tfstate) }}", Deferred("tfstate", 1)),
]


@pytest.mark.parametrize(("source", "deferred"), DEFERRED)
def test_an_action_that_cannot_be_evaluated_leaves_a_token(source: str, deferred: Deferred) -> None:
    rendered = render(source, ENVIRON)
    assert rendered.deferred_in(rendered.text) == deferred
    assert rendered.deferred_in("another value") is None


def test_the_first_of_several_deferred_actions_is_told() -> None:
    rendered = render("{{ ssm `a` }}{{ tfstate `b` }}", ENVIRON)
    assert rendered.deferred_in(rendered.text) == Deferred("ssm", 1)


REFUSED = [
    ("a\n{{ if env `A` `` }}x{{ end }}", 2, "the template construct {{ if }} is not understood here"),
    ("{{ range . }}", 1, "the template construct {{ range }} is not understood here"),
    ("{{ with env `A` }}", 1, "the template construct {{ with }} is not understood here"),
    ("{{ define `x` }}", 1, "the template construct {{ define }} is not understood here"),
    ("{{ template `x` }}", 1, "the template construct {{ template }} is not understood here"),
    ("{{ block `x` . }}", 1, "the template construct {{ block }} is not understood here"),
    ("{{ else }}", 1, "the template construct {{ else }} is not understood here"),
    ("{{ end }}", 1, "the template construct {{ end }} is not understood here"),
    ("{{ break }}", 1, "the template construct {{ break }} is not understood here"),
    ("{{ continue }}", 1, "the template construct {{ continue }} is not understood here"),
    ("\n\n{{ .Region }}", 3, "the template construct field (.Region) is not understood here"),
    ("{{ $x := env `A` }}", 1, "the template construct variable ($x) is not understood here"),
    ("{{ tfstate $x }}", 1, "the template construct variable ($x) is not understood here"),
    ("{{ tfstate = }}", 1, "the template construct variable (=) is not understood here"),
    ("a\n{{ env `A`\n", 2, "a template action is not closed with }}"),
    ("{{ env `A }}", 1, "a template action has a ` without its partner"),
    ('{{ env "A }}', 1, 'a template action has a " without its partner'),
    ("{{ env 'A }}", 1, "a template action has a ' without its partner"),
    ('{{ env \\"A\\" }}', 1, "a template action holds a backslash"),
    ("{{ env `A`, `B` }}", 1, "a template action holds an unexpected ','"),
    ("{{ /* no comment */ }}", 1, "a template action holds an unexpected '/'"),
    ("\n{{/* open", 2, "a template comment is not closed with */}}"),
    ("{{/* open */ x }}", 1, "a template comment is not closed with */}}"),
    ("{{}}", 1, "a template action lacks a value"),
    ("{{ }}", 1, "a template action lacks a value"),
    ("{{ | env }}", 1, "a template action lacks a value"),
    ("{{ env () }}", 1, "a template action lacks a value"),
    ("{{ env `A``B` }}", 1, "a template action lacks a space before `B`"),
    ("{{ env`A` }}", 1, "a template action lacks a space before `A`"),
    ("{{ (env `A` }}", 1, "a template action has a ( without its partner"),
    ("{{ env `A`) }}", 1, "a template action has a ) without its partner"),
    ("{{ env `A` | `B` }}", 1, "a template action gives arguments to `B`, which is not a function"),
    ("{{ `A` `B` }}", 1, "a template action gives arguments to `A`, which is not a function"),
    ("{{ must_env }}", 1, "the template function must_env takes one argument, not 0"),
    ("{{ must_env `A` `B` }}", 1, "the template function must_env takes one argument, not 2"),
    ("{{ json_escape }}", 1, "the template function json_escape takes one argument, not 0"),
    ("{{ env 1 }}", 1, "the template function env takes text, not 1"),
    ("{{ must_env nil }}", 1, "the template function must_env takes text, not nil"),
    ("{{ true }}", 1, "the template action {{ true }} is a bare constant"),
    ("{{ 1.5 }}", 1, "the template action {{ 1.5 }} is a bare constant"),
    (r'{{ "\q" }}', 1, "a template string holds the unknown escape \\q"),
    (r'{{ "\xg" }}', 1, "a template string holds the unknown escape \\x"),
    (r'{{ "\u12" }}', 1, "a template string holds the unknown escape \\u"),
    (r'{{ "\ud800" }}', 1, "a template string holds \\ud800, which is not a character"),
    (r'{{ "\U00110000" }}', 1, "a template string holds \\U00110000, which is not a character"),
]


@pytest.mark.parametrize(("source", "line", "problem"), REFUSED)
def test_refuses_with_the_line(source: str, line: int, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        render(source, ENVIRON)
    assert (caught.value.problem, caught.value.line) == (problem, line)


def test_what_is_refused_inside_json_says_which_quotes_work() -> None:
    with pytest.raises(ConfigError) as caught:
        render('{{ env \\"A\\" }}', ENVIRON)
    assert (
        caught.value.advice == "Write the arguments of template functions in back quotes: {{ env `NAME` `default` }}."
    )


def test_lines_lead_back_to_the_source() -> None:
    # Two lines in the value of one action, an action over two lines, and a trimmed line.
    source = "first\n{{ must_env `LINES` }}\n{{ env\n`NAME` }}\n\n  {{- `x` -}}\n\nlast"
    rendered = render(source, ENVIRON)
    assert rendered.text == "first\none\ntwo\nwebxlast"
    lines = {word: rendered.line_at(rendered.text.index(word)) for word in ("first", "one", "two", "web", "x", "last")}
    assert lines == {"first": 1, "one": 2, "two": 2, "web": 3, "x": 6, "last": 8}


def test_an_empty_text_has_a_first_line() -> None:
    assert render("", {}).line_at(0) == 1


@pytest.mark.parametrize("function", ["printf", "eq", "len", "html"])
def test_gos_own_functions_are_not_taken_for_those_of_plugins(function: str) -> None:
    problem = Deferred(function, 1).problem()
    assert problem == f"uses Go's template function {function} in a way that is not evaluated here"
    assert "plugins" in Deferred("tfstate", 1).problem()
