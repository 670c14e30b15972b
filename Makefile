# Two commands do all the set-up: `make serve` and `make test`.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?= 1

BIN := .venv/bin
STAMP := .venv/.installed
DEV := .venv/.installed-dev

.DEFAULT_GOAL := help
.PHONY: help install serve test check fix bench bench-search clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(STAMP): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "codegraph needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(DEV): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	@touch $@

install: $(STAMP) ## make .venv with what is needed to serve

serve: $(STAMP) ## serve on http://127.0.0.1:8000 (HOST=, PORT=, WORKERS=)
	$(BIN)/codegraph serve --host $(HOST) --port $(PORT) --workers $(WORKERS)

check: $(DEV) ## lint, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check ## check, then every test
	$(BIN)/pytest

fix: $(DEV) ## format and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV) ## measure start, memory, throughput, search, walk, encounter
	$(BIN)/python -m benchmarks

bench-search: $(DEV) ## search quality and speed beside SQLite FTS5 and tantivy; writes docs/search.md's table
	$(BIN)/python -m benchmarks.search

clean: ## remove what was built
	rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
