# The same few commands serve a person, the pre-commit hook and CI. Works with GNU make 3.81 (macOS) and later.
SHELL := /bin/sh
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# pyo3's build script asks an interpreter; naming it keeps every cargo command on one answer, so none rebuilds another's work.
export PYO3_PYTHON := $(CURDIR)/$(BIN)/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Stamps, so that a second `make setup` has nothing to do.
REQUIREMENTS := $(VENV)/.requirements
EXTENSION := $(VENV)/.extension
RUST_SOURCES := $(shell find rust -type f ! -path '*/target/*')

.PHONY: help setup run peers test lint format lock bench bench-full fuzz faults docs wheel clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

setup: $(EXTENSION) ## Build everything into .venv (a second run is quick)

define check_tools
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo 'Missing: Python 3.11 or newer as "$(PYTHON)" (another one: make PYTHON=python3.12 setup).' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo 'Missing: the venv module of "$(PYTHON)" (Debian: apt-get install python3-venv).' >&2; exit 1; }
	@cargo --version 2>/dev/null | awk '{ split($$2, v, "."); ok = v[1] > 1 || v[2] >= 89 } END { exit !ok }' || \
		{ echo 'Missing: a Rust toolchain, cargo 1.89 or newer, on the PATH (https://rustup.rs).' >&2; exit 1; }
	@command -v cc >/dev/null || \
		{ echo 'Missing: a C compiler as "cc" (Debian: apt-get install gcc libc6-dev; macOS: xcode-select --install).' >&2; exit 1; }
endef

$(REQUIREMENTS): requirements/dev.txt
	$(check_tools)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

$(EXTENSION): $(REQUIREMENTS) Cargo.toml Cargo.lock pyproject.toml $(RUST_SOURCES)
	VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/maturin develop --release --locked
	@touch $@

run: setup ## Run the node with two simulated carriers (Ctrl-C stops it)
	@exec $(BIN)/septet serve -c examples/quickstart.toml --with-simulators

peers: ## Build the foreign SMPP programs that tests/peers talks to (needs Node.js, a JDK and Maven, Go)
	$(MAKE) --no-print-directory --keep-going -C tests/peers

test: setup ## Run every test, Rust and Python
	cargo test --workspace --exclude septet-py --locked --quiet
	$(BIN)/python -m pytest

lint: setup ## Check formats, lints, types, the stub, the layers and the lock files
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
	@# The fuzz targets are a workspace of their own, which builds libFuzzer.
	@if command -v c++ >/dev/null; then cd fuzz && cargo clippy --locked --quiet --target-dir ../target/fuzz -- -D warnings; \
		else echo 'c++ is not installed: the fuzz targets were not checked.'; fi
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	@test -f python/septet/_septet.pyi || { echo "python/septet/_septet.pyi is missing: the extension has no types." >&2; exit 1; }
	$(BIN)/python -m mypy.stubtest septet._septet --mypy-config-file pyproject.toml
	$(BIN)/lint-imports
	@# A lock file names versions and hashes; where they are fetched from is the machine's own business.
	@! grep -nE '://|^(-i|--(extra-)?index-url|--find-links)' requirements/*.txt
	@! grep -n '"resolved"' tests/peers/programs/*/package-lock.json
	@! grep -n '://' Cargo.lock | grep -vF '"registry+https://github.com/rust-lang/crates.io-index"'
	@if command -v cargo-deny >/dev/null; then cargo deny --locked check; \
		else echo 'cargo-deny is not installed: licences and advisories of the crates were not checked.'; fi

format: setup ## Format the Rust and Python sources and mend what the linter can
	cargo fmt --all
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

lock: $(REQUIREMENTS) ## Renew the lock files from Cargo.toml, pyproject.toml and requirements/*.in (UPGRADE=1: newest)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		$(if $(UPGRADE),--upgrade) pyproject.toml requirements/dev.in --output-file requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		$(if $(UPGRADE),--upgrade) --constraint requirements/dev.txt pyproject.toml requirements/dev.in requirements/bench.in \
		--output-file requirements/bench.txt
	cargo update $(if $(UPGRADE),,--workspace)

wheel: setup ## Build the wheel into target/wheels
	VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/maturin build --release --locked

# The peers of the text benchmarks, beside the tools of development.
BENCH := $(VENV)/.bench

$(BENCH): requirements/bench.txt $(REQUIREMENTS)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/bench.txt
	@touch $@

bench: setup $(BENCH) ## Benchmarks: texts and PDUs a second beside all peers; messages a second, every state durable (10 minutes at most)
	$(BIN)/python -m pytest -c bench/micro/pytest.ini bench/micro
	$(BIN)/python bench/store.py --messages 100000
	$(BIN)/python bench/durable.py

LOOKUP_ROWS ?= 1000000 10000000

bench-full: bench ## The benchmarks that take longer: ten thousand binds, a drip and a flood among them; the store up to ten million messages; look-ups (LOOKUP_ROWS)
	$(BIN)/python bench/binds.py
	$(BIN)/python bench/store.py --messages 10000000
	$(BIN)/python bench/backlog.py
	$(BIN)/python bench/lookups.py --rows $(LOOKUP_ROWS)

FUZZ_SECONDS ?= 20
FUZZ_EXAMPLES ?= 500

fuzz: setup ## Bounded fuzzing: FUZZ_SECONDS (20) a Rust target, FUZZ_EXAMPLES (500) a Python one
	$(BIN)/python fuzz/run.py --seconds $(FUZZ_SECONDS)
	SEPTET_FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/python -m pytest -q -m hypothesis --timeout 3600

FAULTS_CYCLES ?= 300
FAULTS_CUTS ?= 100

faults: setup ## Faults: FAULTS_CYCLES (300) kills under load, FAULTS_CUTS (100) power cuts, full disks, bad carriers, a mutant built (about half an hour)
	SEPTET_FAULTS_CYCLES=$(FAULTS_CYCLES) $(BIN)/python -m pytest -s -m "whole or not whole" tests/faults --ignore tests/faults/test_power.py
	SEPTET_FAULTS_CYCLES=$(FAULTS_CUTS) $(BIN)/python -m pytest -s -m "whole or not whole" tests/faults/test_power.py

docs: ## The documentation as a site
	@echo 'make docs: not built yet.' >&2; exit 2

clean: ## Remove what was built (never a data folder)
	rm -rf target $(VENV) tests/peers/build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find python tests rust -name __pycache__ -type d -prune -exec rm -rf {} +
	find python -name '*.so' -delete
