PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
FILE ?=
TORCH := torch==2.13.0

.PHONY: run test lint gate clean

$(VENV)/run.stamp: pyproject.toml
	@echo "[1/2] making $(VENV) and installing the runtime (about a minute)"
	@command -v $(PYTHON) >/dev/null && $(PYTHON) -m venv $(VENV) || python3 -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp
	@echo "[1/2] installing what the tests need: torch, transformers, datasets … (a few minutes)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

run: $(VENV)/run.stamp
ifeq ($(strip $(FILE)),)
	@echo "[2/2] extracting the minutes in data/samples"
	@$(BIN)/minutes extract --format table data/samples/*
else
	@$(BIN)/minutes extract --format table "$(FILE)"
endif

test: $(VENV)/test.stamp
	@echo "[2/2] running the tests"
	@$(BIN)/python -m pytest --cov=extractor --cov-report=term:skip-covered

lint: $(VENV)/test.stamp
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

gate: $(VENV)/test.stamp
	@$(BIN)/minutes evaluate --gate
	@$(BIN)/minutes evaluate --gate --model minutes-en-sm

clean:
	rm -rf $(VENV)
