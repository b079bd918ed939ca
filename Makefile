# Each target works on a fresh clone by itself: what it needs is installed first, and again only when a lock file changes.

SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON := PYTHONPATH=functions:. .venv/bin/python
PACKAGES := .venv/.installed
NPM_PACKAGES := node_modules/.installed
DEPLOYED := .local/deployed/.installed
SOURCES := functions infra tests

# The uv that is there, else one of our own (a virtual environment, as some systems forbid pip beside their own Python).
UV := $(or $(shell command -v uv),.local/tools/bin/uv)
export UV_PYTHON_DOWNLOADS := never

EXPORT := $(UV) export --quiet --frozen --no-dev --no-emit-project --no-header

.PHONY: help install dev dev-stop dev-reset demo test test-slow check format manifest requirements promises bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(PACKAGES) $(NPM_PACKAGES) ## Install everything that the other targets need

dev: install ## Run Dokker on this machine, until Ctrl-C (DETACH=1: in the background)
	@exec .venv/bin/python -m infra.local.stack up $(if $(DETACH),--detach)

dev-stop: $(PACKAGES) ## Stop it; the data are kept
	@.venv/bin/python -m infra.local.stack down

dev-reset: $(PACKAGES) ## Stop it and forget its data
	@.venv/bin/python -m infra.local.stack reset

demo: install ## Show the main journey, step by step, on the running stack or one of its own
	@$(PYTHON) -m infra.local.demo

test: install ## Run the tests, on emulators of their own
	.venv/bin/pytest -n auto -m "not slow"

test-slow: install ## Run the tests that take long
	.venv/bin/pytest -m slow

check: install ## Look at everything that no test has to run for: format, lint, types, imports, drift
	.venv/bin/ruff format --check $(SOURCES)
	.venv/bin/ruff check $(SOURCES)
	node_modules/.bin/pyright
	PYTHONPATH=functions:. .venv/bin/lint-imports
	$(PYTHON) -m infra.manifest --check
	$(PYTHON) -m infra.promises --check
	$(UV) lock --check
	@$(EXPORT) | diff functions/requirements.txt - || { echo 'functions/requirements.txt is old: make requirements'; exit 1; }

format: $(PACKAGES) ## Format the code, and repair what ruff can
	.venv/bin/ruff format $(SOURCES)
	.venv/bin/ruff check --fix $(SOURCES)

manifest: $(PACKAGES) ## Write what is derived from the code: rewrites, indexes, OpenAPI, data map
	$(PYTHON) -m infra.manifest

requirements: $(PACKAGES) ## Write what is deployed with the functions, from uv.lock
	$(EXPORT) --output-file functions/requirements.txt > /dev/null

promises: $(PACKAGES) ## Show which tests prove which promise of the privacy policy
	@$(PYTHON) -m infra.promises

bench: install $(DEPLOYED) ## Measure
	@$(PYTHON) -m tests.benchmarks

clean: ## Remove what can be made again; the stack's data stay (see dev-reset)
	@if [ -x .venv/bin/python ]; then .venv/bin/python -m infra.local.stack down; fi
	rm -rf .venv node_modules .local/deployed .local/tools .local/logs .hypothesis .pytest_cache .ruff_cache .import_linter_cache
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

$(PACKAGES): uv.lock pyproject.toml | $(filter .local/%,$(UV))
	$(UV) sync --frozen
	@touch $@

# What is deployed, and nothing of what we work with: packages that are merely there cost starts and memory.
$(DEPLOYED): functions/requirements.txt | $(PACKAGES)
	$(UV) venv --quiet --clear --python .venv/bin/python .local/deployed
	$(UV) pip sync --quiet --python .local/deployed functions/requirements.txt
	@touch $@

$(NPM_PACKAGES): package-lock.json package.json | $(PACKAGES)
	@.venv/bin/python -m infra.local.machine node npm
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

.local/tools/bin/uv:
	@python3 -m venv .local/tools || { echo 'Python needs its venv part: sudo apt-get install python3-venv'; exit 1; }
	.local/tools/bin/pip install --quiet uv
