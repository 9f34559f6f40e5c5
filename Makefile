# `make demo` and `make test` need Python 3.11 or newer and nothing else: each sets up its own .venv first, and again
# only when pyproject.toml has changed. No environment has to be activated; one that is active is left alone.

PYTHON ?=
QUICK ?=
WORKERS ?= 2
ARGS ?=
MODULES ?=
BIN := .venv/bin

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test lint format coverage mutate set-up clean

export PYTHON QUICK
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

# An environment made elsewhere, then moved or copied here, points to where it was made.
ifneq ($(shell cat .venv/.place 2>/dev/null),$(CURDIR))
.PHONY: .venv/.demo .venv/.dev
endif

help:
	@echo "make demo      the whole story in a quarter of an hour (QUICK=1: three minutes, with a shipped policy)"
	@echo "make test      run the tests (ARGS='tests/unit -k gait' for some of them, WORKERS=4)"
	@echo "make lint      formatting, lint, types, who may import whom"
	@echo "make format    format the code, mend what can be mended"
	@echo "make coverage  that the tests of surefoot_safety reach every line and branch of it"
	@echo "make mutate    that they notice every small change to it (MODULES='gate clamps', or MODULES=changed)"
	@echo "make set-up    only make .venv and install (PYTHON=/path/to/python3 to choose one)"
	@echo "make clean     remove what the tools leave behind (.venv stays)"

demo: .venv/.demo
	@$(BIN)/surefoot demo $(ARGS)

test: .venv/.dev
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

lint: .venv/.dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: .venv/.dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

# Every line and branch of what stops the robot.
coverage: .venv/.dev
	$(BIN)/coverage run --source=surefoot_safety -m pytest -q tests/unit/safety tests/property/safety
	$(BIN)/coverage report

mutate: .venv/.dev
	@WORKERS=$(WORKERS) tools/mutate $(MODULES)

set-up: .venv/.dev

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find surefoot robots safety policy_export training calibration ros2_ws tests -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.demo: pyproject.toml
	@tools/set-up demo
	@touch $@

.venv/.dev: pyproject.toml
	@tools/set-up dev
	@touch .venv/.demo $@
