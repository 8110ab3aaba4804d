# Atalaya: `make demo` shows it, `make test` proves it, `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet
PORT ?= 8501
EVENTS ?= 1_000_000

.PHONY: help demo clean-demo serve worker test test-fast check format bench screenshots lock

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# --- environment ---------------------------------------------------------------------------------

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Atalaya needs Python 3.11 or later; none was found. Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12"; exit 2; }
	@touch .write-probe 2>/dev/null && rm -f .write-probe || { echo "This folder cannot be written to. Copy Atalaya to a folder of your own and try again."; exit 2; }
	@echo "· making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { rm -rf $(VENV); echo "Python cannot make virtual environments here. On Debian or Ubuntu: apt-get install python3-venv"; exit 2; }
	@touch $@

$(VENV)/.demo: requirements-demo.txt $(VENV)/.made
	@echo "· installing pinned packages for the demo (about a minute the first time)"
	@$(PIP) -r requirements-demo.txt 2> >(grep -v '^WARNING: Location' >&2) || { echo "The packages could not be installed; the lines above say why."; exit 2; }
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.made
	@echo "· installing pinned packages for tests"
	@$(PIP) -r requirements-dev.txt 2> >(grep -v '^WARNING: Location' >&2) || { echo "The packages could not be installed; the lines above say why."; exit 2; }
	@touch $@ $(VENV)/.demo

# --- run -----------------------------------------------------------------------------------------

demo: $(VENV)/.demo ## start everything on this machine and serve on http://127.0.0.1:8501
	@exec $(BIN)/python -m dashboard demo --port $(PORT) --events $(EVENTS)

clean-demo: ## remove the demo's data
	@if test -x $(BIN)/python; then $(BIN)/python -m dashboard clean-demo; else rm -rf .demo; fi

serve: $(VENV)/.demo ## serve against your own Postgres and Prometheus (see the README)
	@exec $(BIN)/python -m dashboard serve

worker: $(VENV)/.demo ## run the background worker beside it
	@exec $(BIN)/python -m dashboard worker

# --- prove ---------------------------------------------------------------------------------------

# More than the two cores that are reckoned with: half of what tests take, they wait.
WORKERS ?= 3

test: $(VENV)/.dev ## run all tests (missing parts skip with a reason; under CI=true they fail)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

test-fast: $(VENV)/.dev ## run the tests that need neither browser nor node and are quick
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "not browser and not node and not slow"

check: $(VENV)/.dev ## format, lint, types, layers
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports

format: $(VENV)/.dev ## format the code and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## measure (ONLY=foundation for a part) and write benchmarks/results/latest.json
	@$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY))

screenshots: $(VENV)/.dev ## take the README's pictures from a running demo
	@$(BIN)/python -m docs.screenshots

LOCK = $(BIN)/pip-compile --quiet --allow-unsafe --strip-extras --no-annotate --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options
lock: $(VENV)/.dev ## compile requirements*.txt from pyproject.toml
	@$(LOCK) -o requirements.txt pyproject.toml
	@$(LOCK) --extra demo -c requirements.txt -o requirements-demo.txt pyproject.toml
	@$(LOCK) --extra demo --extra dev -c requirements-demo.txt -o requirements-dev.txt pyproject.toml
