# Every target only prepares .venv and calls the `landscape` command, which can also be used without make.
#
#   make sweep DATASET=digits            STUDY=search_spaces/x.yaml  TRIALS=  STEPS=  SEED=  JOBS=  GPUS_PER_TRIAL=
#                                        RAY_ADDRESS=  RESULTS=results  REPORTS=reports  DATA_DIR=  PLUGIN="a.py b.py"
#   make reproduce PAPER=name

DATASET ?= digits
STUDY ?=
TRIALS ?=
STEPS ?=
SEED ?=
JOBS ?=
GPUS_PER_TRIAL ?=
RAY_ADDRESS ?=
RESULTS ?= results
REPORTS ?= reports
DATA_DIR ?=
PLUGIN ?=
PAPER ?=
OUT ?=
ARGS ?=
export PYTHON

BIN := .venv/bin
LANDSCAPE := $(BIN)/landscape
QUICK := not slow and not weights and not gpu and not chaos and not fuzz and not soak

# `$(call option,--trials,$(TRIALS))` is empty if TRIALS is empty. Otherwise it is the option with its value, quoted for the shell.
quoted = '$(subst ','\'',$(1))'
option = $(if $(2),$(1) $(call quoted,$(2)))
plugins = $(foreach file,$(PLUGIN),$(call option,--plugin,$(file)))
data = $(call option,--data-dir,$(DATA_DIR))

# A virtual environment works only in the folder where it was built. If the folder was moved, the environment is built again.
ifneq ($(shell sed -n 's/^.* folder //p' .venv/.installed 2>/dev/null),$(CURDIR))
.PHONY: .venv/.stamp
endif

.DEFAULT_GOAL := help
.PHONY: help setup sweep report reproduce test test-full chaos soak fuzz lint format bench bench-metrics gpu-report lock clean

help: ## List the targets.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 \2/p' Makefile | awk '{t=$$2; $$1=$$2=""; printf "  make %-14s %s\n", t, substr($$0, 3)}'
	@sed -n '3,5s/^#  //p' Makefile

setup: .venv/.stamp ## Create .venv and install the packages of requirements.lock and the `landscape` command into it.

.venv/.stamp: requirements.lock pyproject.toml
	@.ci/setup

sweep: setup ## Run a study, then build its report: DATASET=digits takes minutes on two CPU cores.
	@$(LANDSCAPE) sweep $(if $(STUDY),$(call quoted,$(STUDY)),$(call quoted,$(DATASET))) $(if $(STUDY),$(if $(filter-out file default,$(origin DATASET)),$(call option,--dataset,$(DATASET)))) \
		$(call option,--trials,$(TRIALS)) $(call option,--steps,$(STEPS)) $(call option,--seed,$(SEED)) \
		$(call option,--jobs,$(JOBS)) $(call option,--gpus-per-trial,$(GPUS_PER_TRIAL)) $(call option,--ray-address,$(RAY_ADDRESS)) \
		$(call option,--results,$(RESULTS)) $(call option,--reports,$(REPORTS)) $(data) $(plugins) $(ARGS)

report: setup ## Rebuild reports/ from results/ alone.
	@$(LANDSCAPE) report $(call option,--results,$(RESULTS)) $(call option,--reports,$(REPORTS)) $(plugins) $(ARGS)

reproduce: setup ## Re-run the published table PAPER=name; without PAPER, list the papers.
	@$(LANDSCAPE) reproduce $(if $(PAPER),$(call quoted,$(PAPER))) $(if $(PAPER),$(data) $(call option,--results,$(RESULTS))) $(ARGS)

# Each worker compiles every test anew if Python is told to keep no bytecode, as in many containers. Here it keeps it.
test: setup ## Run the tests (minutes).
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "$(QUICK)" -n 3 --dist worksteal $(ARGS)

test-full: setup ## Run the slow tests too.
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not weights and not gpu and not chaos and not fuzz and not soak" -n 2 --dist worksteal $(ARGS)

chaos: setup ## Kill sweeps at random moments, many times, and check that nothing is lost.
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -s -m chaos tests/sweep $(ARGS)

soak: setup ## Run a thousand tiny trials in one sweep, and check that memory does not grow.
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -s -m soak tests/sweep $(ARGS)

fuzz: setup ## Give ten thousand damaged files to every reader of files from outside.
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -s -m fuzz $(ARGS)

lint: setup ## Check style, annotations and formatting.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: setup ## Format the code and fix what ruff can fix.
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

bench: setup ## Measure training speed side by side with other packages.
	$(BIN)/python -m benchmarks $(ARGS)

bench-metrics: setup ## Measure speed and memory of the scores side by side with other packages.
	$(BIN)/python -m benchmarks.metrics $(ARGS)

gpu-report: setup ## Measure all that is to be measured on a GPU, in 20 minutes at most: OUT=reports/gpu.
	$(BIN)/python -m benchmarks.gpu_report $(call option,--out,$(OUT)) $(ARGS)

lock: ## Renew requirements.lock (needs uv).
	@{ head -1 requirements.lock; \
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header --quiet --upgrade \
		--extra dev --extra s3 pyproject.toml; } > requirements.lock.tmp
	@mv requirements.lock.tmp requirements.lock

clean: ## Remove .venv and caches; results/ and reports/ stay.
	rm -rf .venv.tmp; test ! -e .venv || mv .venv .venv.tmp
	rm -rf .venv.tmp build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find landscape tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
