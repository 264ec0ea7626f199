# Every target sets up what it needs: `make demo` and `make test` work in a clean clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Some tests need Debian's chromium or PostgreSQL. CI must have both; elsewhere an absence is said, not hidden.
CHROMIUM := $(shell command -v chromium)
POSTGRESQL := $(firstword $(wildcard /usr/lib/postgresql/*/bin/initdb $(shell pg_config --bindir 2>/dev/null)/initdb))
NO_BROWSER := $(if $(CHROMIUM)$(CI),,not browser)
NO_POSTGRESQL := $(if $(POSTGRESQL)$(CI),,not postgresql)
TESTS := -m "$(NO_BROWSER)$(if $(NO_BROWSER),$(if $(NO_POSTGRESQL), and ))$(NO_POSTGRESQL)"

.PHONY: demo test evidence bench bench-quick chaos docs format lock clean

demo: $(VENV)/demo
	$(BIN)/briefing-bot demo

test: $(VENV)/dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/briefing-bot check briefings
	$(if $(NO_BROWSER),@echo "No chromium on this machine: the browser tests are left out; CI runs them.")
	$(if $(NO_POSTGRESQL),@echo "No PostgreSQL on this machine: the tests that need it are left out; CI runs them.")
	$(BIN)/python -m pytest -n auto $(TESTS)

# Hold every fact of the shipped dossier to the reader's own copies of the articles.
evidence: $(VENV)/demo
	$(if $(ARCHIVE),,$(error Name the folder with your copies: make evidence ARCHIVE=FOLDER))
	$(BIN)/briefing-bot --briefings briefings evidence --archive $(ARCHIVE)

# A million facts: the better part of an hour. `python -m benchmarks P5` measures one part alone.
bench: $(VENV)/dev
	$(BIN)/python -m benchmarks

# The same with fifty thousand facts.
bench-quick: $(VENV)/dev
	$(BIN)/python -m benchmarks --quick

# Half an hour of storms over scheduled posts: processes are killed, chats fail, and nothing may be lost.
chaos: $(VENV)/dev
	PYTHONPATH=tests $(BIN)/python -m chaos $(CHAOS)

docs: $(VENV)/dev
	$(BIN)/python tests/write_docs.py

format: $(VENV)/dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

# Exact versions with hashes, for every Python and platform; no index is named.
lock: | $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.11"
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --upgrade --group build pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --upgrade --group build --group dev --constraint requirements.lock pyproject.toml \
	  --output-file requirements-dev.lock

$(VENV)/demo: requirements.lock pyproject.toml | $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/dev: requirements-dev.lock $(VENV)/demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

$(VENV):
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
