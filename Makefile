# Every target sets up what it needs. Only Python 3.11, pip and make are assumed.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
export HF_HUB_OFFLINE ?= 1

.PHONY: demo test test-slow check format bench eval test-real test-browser test-gemini clean

# How many processes run the tests, a file in one of them: each has servers and an embedder of its own.
WORKERS ?= 2
PYTEST := $(BIN)/pytest --numprocesses=$(WORKERS) --dist=loadfile

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: $(VENV)/.ready
	$(BIN)/kontor demo

test: $(VENV)/.ready
	$(PYTEST) -m "not real and not gemini and not browser and not slow"

# Servers, sandboxes and workers as processes, which are also killed.
test-slow: $(VENV)/.ready
	$(PYTEST) -m slow

check: $(VENV)/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check --no-cache . # a cached verdict on import order outlives the folder it was about
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(MAKE) test

format: $(VENV)/.ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .kontor

bench: $(VENV)/.ready
	$(BIN)/python -m benchmarks bench $(AREA)

eval: $(VENV)/.ready
	$(BIN)/python -m benchmarks eval $(AREA)

test-gemini: $(VENV)/.ready
	$(BIN)/pytest -m gemini

# Real Vendure, WordPress and mail, kept in .real/; says plainly what is missing. See tests/real/README.md.
test-real: $(VENV)/.ready
	$(BIN)/pytest -m real tests/real

# The console in Debian's Chromium over a demo of its own; every page is drawn into .pictures/.
# Root of a Debian machine gets Chromium installed; anybody else is told what to install.
test-browser: $(VENV)/.ready
	$(BIN)/pytest -m browser tests/browser
