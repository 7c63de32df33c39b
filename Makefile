# Every target works as the first command after a clone: it makes .venv and installs the versions of constraints.txt.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What is installed so far: the product, or the product and the tools of its developers.
PRODUCT := $(VENV)/product.stamp
TOOLS := $(VENV)/tools.stamp
# More for pytest, as in `make test PYTEST_ARGS="-k nightly"`.
PYTEST_ARGS ?=
# Two more than there are cores: the tests of real nights mostly wait for the clock (tests/conftest.py lets them begin first).
WORKERS ?= $(shell echo $$(( $$(nproc 2>/dev/null || echo 2) + 2 )))

# Any browser of that family.
CHROMIUM ?= chromium

.DEFAULT_GOAL := help
.PHONY: help demo test check lint types prove mutants truth bench picture architecture clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 16

# Exit code 1 of tieout says that something waits for a person: the samples hold such rows, and the demo has still run.
demo: $(PRODUCT) ## run the nightly flow on data_samples/ against the sandbox
	@$(BIN)/tieout demo || { code=$$?; [ $$code -eq 1 ] || exit $$code; }

# The tests start hundreds of processes: where a person has Python keep no compiled modules, each would compile them anew.
test: $(TOOLS) ## run the tests
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder $(PYTEST_ARGS)

check: lint types test ## run lint, types and test: the same as CI

lint: $(TOOLS) ## check style and format (ruff)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(TOOLS) ## check the types (mypy, strict)
	@$(BIN)/mypy

prove: $(TOOLS) ## meet every fault and kill, and count what was lost or paid twice: SEED= ONLY= STRIDE= EVENTS=
	@$(BIN)/python -m tests.prove $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY)) $(if $(STRIDE),--stride $(STRIDE)) $(if $(EVENTS),--events $(EVENTS))

truth: $(TOOLS) ## compare matching with a million seeded events, and hold a month of honest exports: EVENTS= BREAKS= SEED= NIGHTS=
	@$(BIN)/python -m tests.truth $(if $(EVENTS),--events $(EVENTS)) $(if $(BREAKS),--breaks $(BREAKS)) $(if $(SEED),--seed $(SEED)) $(if $(NIGHTS),--nights $(NIGHTS))

mutants: $(TOOLS) ## read 10,000 damaged files and look for a wrong row, a traceback or a hang: SEED= COUNT=
	@$(BIN)/python -m tests.mutants $(if $(SEED),--seed $(SEED)) $(if $(COUNT),--count $(COUNT))

bench: $(TOOLS) ## measure, side by side with the bare thing: TIEOUT_BENCH_EVENTS=1000000 and others, see tests/bench/
	@table=$$(mktemp); export TIEOUT_BENCH_TABLE=$$table; missed=0; \
	for script in $(filter-out tests/bench/goals.py,$(wildcard tests/bench/[a-z]*.py)); do \
	  echo "$$script"; $(BIN)/python -m $$(echo $${script%.py} | tr / .) || missed=1; done; \
	echo; $(BIN)/python -m tests.bench.goals $$table; rm -f $$table; exit $$missed

picture: $(TOOLS) ## take the pictures of README and docs: the report of the demo, pages of the desk, with CHROMIUM=
	@set -e; folder=$$(mktemp -d); $(BIN)/tieout demo --plain --keep $$folder >/dev/null || [ $$? -eq 1 ]; \
	$(CHROMIUM) --headless --no-sandbox --hide-scrollbars --window-size=1200,1400 \
	  --screenshot=$(CURDIR)/tests/flows/reports/report.png file://$$(echo $$folder/reports/nightly-*/nightly-*.html)
	@CHROMIUM=$(CHROMIUM) $(BIN)/python -m tests.flows.desk.pictures

architecture: $(TOOLS) ## draw the house for ARCHITECTURE.md anew, from its imports
	@$(BIN)/python -m tests.architecture.draw

clean: ## remove .venv and everything that can be made again
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PRODUCT): pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing tieout into $(VENV): once, about a minute." >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(TOOLS): pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing tieout and its developers' tools into $(VENV): once, about a minute." >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	@touch $(PRODUCT) $@

# On Debian a Python may come without its venv module; what it leaves half made is taken away again.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "tieout needs Python 3.11 or later, and '$(PYTHON)' is none: name one, as in  make demo PYTHON=python3.12" >&2; \
	  exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "'$(PYTHON)' cannot make a virtual environment: install its venv module (Debian: python3-venv)." >&2; exit 1; }
