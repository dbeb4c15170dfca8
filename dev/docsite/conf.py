# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sphinx reads this. It began as what `antsibull-docs sphinx-init` writes; MyST reads the guides, which are Markdown.

Nothing is fetched while it builds: references into Ansible's own documentation become links by the rule that its pages
are named by, instead of by an inventory from its server. So it builds without a network, and a warning is always ours.
"""

import re

project = "lastgood.aws"
author = "The lastgood.aws authors"
project_copyright = f"2026, {author}"
title = "lastgood.aws"
html_title = html_short_title = "lastgood.aws"

extensions = ["myst_parser", "sphinx_antsibull_ext"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
root_doc = "index"
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
default_role = "any"

# The slugs that GitHub makes of headings.
myst_heading_anchors = 4

# The theme that Ansible's own is made from, without Ansible's logo and menu: this is not a page of theirs.
html_theme = "sphinx_rtd_theme"
html_theme_options = {"navigation_depth": 3}
html_show_sphinx = False
html_use_smartypants = False
html_use_index = False
html_copy_source = False
html_show_sourcelink = False

ANSIBLE = "https://docs.ansible.com/ansible/latest/"
PLUGIN = re.compile(
    r"ansible_collections\.(\w+)\.(\w+)\.(\w+_(?:module|lookup|filter|inventory|role|connection|callback))"
)
# Labels of ansible-core that antsibull-docs refers to.
LABELS = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}


def elsewhere(label):
    """Where Ansible's documentation has a label; empty if it is not one of Ansible's."""
    plugin = PLUGIN.fullmatch(label)
    if plugin is not None and plugin.groups()[:2] != ("lastgood", "aws"):
        return f"{ANSIBLE}collections/{plugin[1]}/{plugin[2]}/{plugin[3]}.html"
    return ANSIBLE + LABELS[label] if label in LABELS else ""


def resolve(_app, _env, node, contnode):
    """A link to Ansible's documentation, for a reference that no page here answers."""
    url = elsewhere(node.get("reftarget", "")) if node.get("reftype") in ("ref", "any") else ""
    if not url:
        return None
    # Only Sphinx's environment has it, and the tests of `elsewhere` run in another one.
    from docutils import nodes

    shown = contnode.astext() if node.get("refexplicit") else node["reftarget"].rpartition(".")[2].replace("_", " ")
    return nodes.reference("", shown, internal=False, refuri=url)


def setup(app):
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
