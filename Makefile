# Needs python3 (3.11 or newer, with venv), git, make and a Python package registry; all else goes into .venv.

PYTHON ?= python3
JOBS ?= 2
ONLY ?=
SEED ?= 1
LIMIT ?= 0
STAMP := .venv/.installed
IN := .venv/bin

.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup test lint types layers unit corpus demo bench soak schemas format clean

help: ## say what there is to make
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

setup: $(STAMP) ## install omk and its tools into .venv

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and "omk needs Python 3.11 or newer, this is %d.%d. Name another one: make PYTHON=python3.12" % v[:2])'
	@$(PYTHON) -c 'import ensurepip, venv' || { echo '$(PYTHON) cannot make a virtual environment: install its venv package (Debian: python3-venv).' >&2; exit 1; }
	@echo 'Setting up .venv ...' >&2
	@$(PYTHON) -m venv --clear .venv
	@$(IN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

test: lint types layers unit ## all checks and all tests

lint: $(STAMP) ## ruff: rules and format
	$(IN)/ruff check --quiet .
	$(IN)/ruff format --quiet --check .

types: $(STAMP) ## mypy, strict
	$(IN)/mypy

layers: $(STAMP) ## import-linter: who may import whom
	$(IN)/lint-imports --no-logo

unit: $(STAMP) ## pytest
	$(IN)/python -m pytest -q -n $(JOBS) --dist worksteal

corpus: $(STAMP) ## fold every recorded run of replays/ again, ask its controller again
	$(IN)/python -m pytest -q tests/test_corpus.py tests/test_blessing.py

demo: $(STAMP) ## from prompt to proof to replay, in under 20 seconds
	@$(IN)/omk demo

bench: $(STAMP) ## figures: name, value, unit, goal, ok or short; ONLY=name for one
	@$(IN)/python -m benchmarks $(ONLY)

soak: $(STAMP) ## kill a goal everywhere it can be killed, resume it, compare; SEED=1 LIMIT=0 (all)
	@$(IN)/python -m tools.soak --seed $(SEED) --limit $(LIMIT) --jobs $(JOBS)

schemas: $(STAMP) ## write events/ anew from the event classes
	$(IN)/python -m tools.schemas

format: $(STAMP) ## let ruff mend what it can
	$(IN)/ruff check --fix --quiet . || true
	$(IN)/ruff format --quiet .

clean: ## remove .venv, caches and builds
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
