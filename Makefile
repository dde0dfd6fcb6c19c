# Everything that is done to this repository, by one name each. `make help` lists it.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

VENV := .venv
BIN := $(VENV)/bin
CARGO := cargo
MANIFEST := --manifest-path core/Cargo.toml --locked
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
CORE := $(shell find core/src core/build.rs -type f 2>/dev/null) core/Cargo.toml core/Cargo.lock pyproject.toml
PYTHON_FILES := tmrx tests bench docs core/fuzz $(wildcard sample_pcaps rules)
export PYTHONDONTWRITEBYTECODE := 1
PYTEST_ARGS ?=
SHARED := $(or $(TMRX_SHARED),../shared)

.PHONY: help build demo test test-rust test-python reading conformance fuzz mutants terraform lint lint-rust lint-python type fmt bench docs ci lock clean

help:  ## list what can be made
	@awk -F ':.*  ## ' '/^[a-z-]+:.*  ## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- set-up: stamps in .venv, each made again when what it was made from changes

$(BIN)/python:
	@python=$$(.ci/need python rust) && echo "making $(VENV) with $$python" && rm -rf $(VENV) && "$$python" -m venv $(VENV)

$(VENV)/.run: requirements-run.txt | $(BIN)/python
	@echo "installing requirements-run.txt" && $(PIP) -r requirements-run.txt && touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo "installing requirements-dev.txt" && $(PIP) -r requirements-dev.txt && touch $@

$(VENV)/.docs: requirements-docs.txt $(VENV)/.run
	@echo "installing requirements-docs.txt" && $(PIP) -r requirements-docs.txt && touch $@

$(VENV)/.core: $(CORE) $(VENV)/.run
	@.ci/need rust
	@echo "building the core (some minutes the first time)"
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/maturin develop --release --locked >$(VENV)/build.log 2>&1 || { cat $(VENV)/build.log >&2; exit 2; }
	@touch $@

build: $(VENV)/.core  ## set everything up and build; then .venv/bin/tmrx works

demo: build  ## watch mirrored traffic arrive, be understood and raise alerts
	$(BIN)/tmrx demo

# ---- checks

test: test-rust test-python  ## all tests, Rust and Python

test-rust:
	@.ci/need rust
	$(CARGO) test $(MANIFEST) --quiet --lib --tests

test-python: build $(VENV)/.dev
	$(BIN)/python -m pytest -q -n auto $(PYTEST_ARGS)

reading: build $(VENV)/.dev  ## every shared capture through the core and the reference (../shared or TMRX_SHARED)
	@if [ -d "$(SHARED)" ]; then TMRX_SLOW=1 $(BIN)/python -m pytest -q -n auto tests/differential; \
	else echo "no $(SHARED): its captures are not read"; fi

conformance: build $(VENV)/.dev  ## Suricata's behaviour on the shared suite; what passed once must pass (ARGS=--update keeps more)
	$(BIN)/python -m tests.conformance.score $(ARGS)
	$(BIN)/python -m tests.conformance.alerts
	$(BIN)/python -m tests.conformance.events

lint: lint-python lint-rust  ## ruff, layers, banned APIs, rustfmt, clippy with and without Python

lint-python: $(VENV)/.dev
	$(BIN)/ruff check --quiet $(PYTHON_FILES)
	$(BIN)/ruff format --quiet --check $(PYTHON_FILES)
	$(BIN)/lint-imports --no-cache

lint-rust: $(BIN)/python
	$(CARGO) fmt --manifest-path core/Cargo.toml --check
	$(CARGO) clippy $(MANIFEST) --quiet --all-targets -- -D warnings
	PYO3_PYTHON=$(abspath $(BIN)/python) $(CARGO) clippy $(MANIFEST) --quiet --all-targets --features python -- -D warnings

type: build $(VENV)/.dev  ## mypy strict, and the core's stub against the built core
	$(BIN)/mypy
	$(BIN)/stubtest tmrx._core --mypy-config-file pyproject.toml --allowlist .ci/stubtest-allowlist.txt

fmt: $(VENV)/.dev  ## format everything
	$(BIN)/ruff check --quiet --fix-only $(PYTHON_FILES)
	$(BIN)/ruff format --quiet $(PYTHON_FILES)
	$(CARGO) fmt --manifest-path core/Cargo.toml

bench: build  ## speed and memory against tcpdump; writes bench/record/
	$(BIN)/python -m bench.run

docs: build $(VENV)/.docs  ## the reference pages from their tables, then the site in site/
	$(BIN)/python -m docs.generate
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

FUZZ_SECONDS ?= 60
FUZZ := core/fuzz/target

# Leaks are not looked for: what glibc keeps to destroy a thread's variables is one to LeakSanitizer.
fuzz: build $(VENV)/.dev  ## look for inputs that tmrx fails on, FUZZ_SECONDS each target (60); needs nightly Rust and cargo-fuzz
	@.ci/need rust
	python3 core/fuzz/seeds.py $(FUZZ)/seeds sample_pcaps/*.pcap
	@for target in $(basename $(notdir $(wildcard core/fuzz/fuzz_targets/*.rs))); do \
		echo "fuzzing $$target" && mkdir -p $(FUZZ)/found/$$target $(FUZZ)/seeds/$$target && ( cd core && $(CARGO) +nightly fuzz run $$target \
		fuzz/target/found/$$target fuzz/corpus/$$target fuzz/target/seeds/$$target -- \
		-max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -verbosity=0 -detect_leaks=0 ) || exit 1; done
	@echo "fuzzing the rule compiler" && $(BIN)/python -m tests.fuzz.rules --seconds $(FUZZ_SECONDS)

MUTANTS_SHARD ?= 0/8

mutants:  ## see that tests notice changes of the evaluator, a share of them (MUTANTS_SHARD=0/8); needs cargo-mutants
	@.ci/need rust
	cd core && $(CARGO) mutants --shard $(MUTANTS_SHARD) --no-shuffle --output target

terraform: build $(VENV)/.dev  ## plan a mirror with terraform, where it and its aws provider are installed, and read it
	TMRX_SLOW=1 $(BIN)/python -m pytest -q -rs -m needs_terraform tests/e2e

ci: lint type test reading conformance terraform docs  ## what CI runs

lock: $(VENV)/.dev  ## renew requirements-*.txt and core/Cargo.lock (UPGRADE=1: to the newest)
	.ci/lock $(BIN)/uv $(if $(UPGRADE),--upgrade)
	$(CARGO) $(if $(UPGRADE),update,metadata --format-version 1) --manifest-path core/Cargo.toml >/dev/null

clean:  ## remove what was built
	rm -rf $(VENV) core/target site .bench tmrx/_core.abi3.so
