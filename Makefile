# Everyday commands; CI calls exactly these. Nothing but Python 3.11+ and make is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONNECTOR ?= connectors/oca_shopify
SEED ?= 1
COMPOSE := $(shell docker compose version > /dev/null 2>&1 && echo docker compose || echo docker-compose)
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11

.PHONY: help check test gate selftest images sandbox lock docs clean

help:  ## show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  \1\t\2/' | expand -t 12

$(VENV)/.ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "peakproof needs Python 3.11 or newer (found %s): call make PYTHON=python3.12" % sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

gate: $(VENV)/.ready  ## the main job: put CONNECTOR through every scenario, print the verdict
	$(BIN)/peakproof gate --connector $(CONNECTOR) --seed $(SEED)

check: $(VENV)/.ready  ## format, lint, types, house rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_tidy.py

test: $(VENV)/.ready check  ## everything: checks, unit tests, real Odoo, real connectors
	$(BIN)/pytest

selftest: $(VENV)/.ready  ## prove what is found: the reference and every deliberate defect
	$(BIN)/peakproof selftest --seed $(SEED) --page docs/detection.md

docs: $(VENV)/.ready  ## write the reference pages from the registries
	$(BIN)/python docs/generate.py

images: $(VENV)/.ready  ## build every container image without a registry (docs/containers.md)
	$(BIN)/python -m peakproof.runtime.images build

sandbox: $(VENV)/.ready  ## a standing sandbox in containers, to develop against (docs/containers.md)
	images=$$($(BIN)/python -m peakproof.runtime.images environment) \
	  && env $$images $(COMPOSE) -f compose/compose.yaml up -d

lock: $(VENV)/.ready  ## pin every requirement by hash, without any index address
	$(COMPILE) --all-extras pyproject.toml -o requirements.txt
	$(COMPILE) --extra reference --constraint requirements.txt pyproject.toml -o compose/harness/requirements.txt

clean:  ## remove what make built here (not the cache of Odoo)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache dist
