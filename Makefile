# What a newcomer types. Each target sets up what it needs (.ci/setup) and starts at once when that is done.
VENV ?= .venv
PYTHON ?= python3
export VENV PYTHON
BIN := $(VENV)/bin
# Guests, network namespaces and the embedded control plane need root.
ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo -E)
PATHS := virtctl launcher tests

.PHONY: demo test test-fast test-host test-vm test-slow check fix gen bench setup

demo: setup
	@$(ROOT) env PATH="$(CURDIR)/$(BIN):$$PATH" sh docs/tutorial/tour.sh

test: setup test-fast test-host test-vm

test-fast: setup
	.ci/lane fast -n auto

test-host: setup
	$(ROOT) .ci/lane host -m "host and not vm and not slow"

# Runs of hundreds of machines, and kernels that have what this one lacks.
test-slow: setup
	$(ROOT) $(BIN)/python -m pytest -q -m slow

test-vm: setup
	$(ROOT) .ci/lane vm -m "vm and not slow"

check: setup
	$(BIN)/ruff check $(PATHS)
	$(BIN)/ruff format --check $(PATHS)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell README.md docs virtctl launcher tests templates
	$(BIN)/python -m virtctl.cli.reference --check
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build

fix: setup
	$(BIN)/ruff check --fix $(PATHS)
	$(BIN)/ruff format $(PATHS)

gen: setup
	$(BIN)/python -m virtctl.cli.reference

# Each script fails when a goal is missed; the others run all the same.
bench: setup
	@missed=; \
	for script in commands forward; do $(BIN)/python tests/perf/$$script.py || missed="$$missed $$script"; done; \
	for script in apibench launching bench storage; do $(ROOT) $(BIN)/python tests/perf/$$script.py || missed="$$missed $$script"; done; \
	for script in nodepolicy overlay attachment snapshots; do $(ROOT) $(BIN)/python -m tests.perf.$$script || missed="$$missed $$script"; done; \
	[ -z "$$missed" ] || { echo "not all as it should be:$$missed"; exit 1; }

setup:
	@.ci/setup
