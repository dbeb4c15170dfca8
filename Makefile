# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Needs git, make and a Python >= 3.11 with venv; everything else is installed into .venv and .venv-*.

.DEFAULT_GOAL := help
.PHONY: help setup demo playground playground-break simulator docs pictures test test-all lint release-check bench faults fuzz-content live live-clean lock clean
MAKEFLAGS += --no-print-directory

PORT ?= 5123
SEED ?= 1
# Any Python that can run the setup script; the script then picks the right one for each environment.
SETUP = python=$$(dev/python 3.13 3.12 3.14 3.11) && "$$python" -B dev/setup.py
PYTHON := .venv/bin/python

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make .venv (or bring it up to date): ansible-core, amazon.aws, boto3, the simulator's parts
	@$(SETUP) run

demo: setup ## a bad deployment in a simulated cluster, rolled back before your eyes
	@$(PYTHON) -m tests.demo

playground: setup ## a small shop in a simulator that stays, for your own ansible-playbook (PORT=5123)
	@$(PYTHON) -m tests.playground --port $(PORT)

playground-break: setup ## deploy the next bad versions to the playground that runs
	@$(PYTHON) -m tests.playground --port $(PORT) --again

simulator: setup ## serve the simulated AWS on 127.0.0.1 until stopped (PORT=5123)
	@$(PYTHON) -m tests.simulator --port $(PORT)

docs: ## guides, modules and roles as a site, in .build/docs/
	@$(SETUP) run docs
	@.venv-docs/bin/python -B dev/docs.py

pictures: setup ## docs/pictures/report-*.png, what a report looks like (needs Chromium)
	@$(PYTHON) -B dev/pictures.py

test: ## what has to pass before a change goes in
	@$(SETUP) run lint oldest eda docs
	@$(PYTHON) -B dev/gates.py

test-all: ## that and what takes longer: every Python, each ansible-core, before a release
	@$(SETUP) run lint oldest eda docs
	@$(PYTHON) -B dev/gates.py --all

release-check: ## everything that a release does, in a copy, and a rollback with what it built
	@$(SETUP) run lint oldest release
	@$(PYTHON) -B dev/release.py

lint: ## the quick gates only: ruff, mypy, complexity, yamllint
	@$(SETUP) run lint
	@$(PYTHON) -B dev/gates.py ruff format mypy complexity yamllint

gate-%: ## one gate alone, for example: make gate-sanity
	@$(SETUP) run lint oldest eda docs
	@$(PYTHON) -B dev/gates.py $*

bench: ## the figures of docs/performance.md, measured here, beside what others use (BENCH="--thousand")
	@$(SETUP) run peers
	@$(PYTHON) -m tests.bench $(BENCH)

fuzz-content: setup ## 500 random deployments to an instance, done and predicted (SEED=1)
	@$(PYTHON) -m tests.agent.fuzz --seed "$(SEED)"

faults: ## rollbacks disturbed at every request, half an hour (ONLY='kill/fast/*' SEED=1 RESUME=1)
	@$(SETUP) run faults
	@$(PYTHON) -m tests.faults --only '$(or $(ONLY),*)' $(if $(SEED),--seed $(SEED)) $(if $(SHARE),--share $(SHARE)) $(if $(RESUME),--resume)

live: setup ## ask AWS itself twenty questions, in your account, for cents (LIVE='--only 1 2', '--story'); asks first
	@$(PYTHON) -m tests.live $(LIVE)

live-clean: setup ## delete what `make live` has left behind, by its tag
	@$(PYTHON) -m tests.live --clean

lock: ## resolve the requirements anew and write dev/requirements/constraints*.txt
	@python=$$(dev/python 3.13 3.12 3.14 3.11) && "$$python" -B dev/lock.py

clean: ## remove all that setup and the tests have made
	rm -rf .venv .venv-lint .venv-oldest .venv-faults .venv-eda .venv-peers .venv-release .venv-docs .build .mypy_cache .pytest_cache .ruff_cache .ansible
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
