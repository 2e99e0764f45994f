# The two commands are `make audit` and `make test`: each does its own set-up, and is quick the second time.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SUBJECT ?= sample:diabetes
WORKERS ?= 2
# torch without CUDA lives in PyTorch's own index. Where pip has a folder of wheels, that folder is asked instead.
TORCH_INDEX ?= $(if $(PIP_FIND_LINKS),,https://download.pytorch.org/whl/cpu)
PIP_INSTALL = $(BIN)/python -m pip install -qq --no-compile --disable-pip-version-check \
	-c constraints.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
# One thread per worker: the tests share two cores.
ONE_THREAD := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

.PHONY: help audit test test-slow lint format types imports check wheel simulate benchmarks rebuild-samples clean
.DEFAULT_GOAL := help

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "auditnn needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing auditnn and what it needs (a few minutes the first time) ..."
	$(PIP_INSTALL) -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Installing what its tests need ..."
	$(PIP_INSTALL) -e '.[dev]'
	@touch $@

audit: $(VENV)/.installed ## set up, audit sample:diabetes, print the verdict (SUBJECT=... for another)
	$(BIN)/auditnn run $(SUBJECT)

test: $(VENV)/.installed-dev ## set up and run the tests (about five minutes)
	$(ONE_THREAD) $(BIN)/python -m pytest -q -n $(WORKERS)

test-slow: $(VENV)/.installed-dev ## the long tests: simulated coverage, false alarms, detection
	$(ONE_THREAD) $(BIN)/python -m pytest -q -n $(WORKERS) -m slow

lint: $(VENV)/.installed-dev ## ruff
	$(BIN)/ruff check .

format: $(VENV)/.installed-dev ## ruff, changing files
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

types: $(VENV)/.installed-dev ## mypy
	$(BIN)/mypy

imports: $(VENV)/.installed-dev ## the walls between the rooms
	$(BIN)/lint-imports

check: lint types imports test ## all of the above

wheel: $(VENV)/.installed-dev ## build dist/*.whl
	rm -rf dist
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .

simulate: $(VENV)/.installed-dev ## coverage, false alarms and detection by simulation; writes benchmarks/results (hours)
	$(ONE_THREAD) $(BIN)/python -m benchmarks.coverage
	$(ONE_THREAD) $(BIN)/python -m benchmarks.judgement.errors
	$(ONE_THREAD) $(BIN)/python -m benchmarks.detection

benchmarks: $(VENV)/.installed-dev ## speed against public peers, as ratios measured in one run (long)
	$(ONE_THREAD) $(BIN)/python -m benchmarks

rebuild-samples: $(VENV)/.installed ## train the sample models anew (SAMPLE=name for one)
	@for name in $(or $(SAMPLE),$(patsubst sample_models/%/build.py,%,$(wildcard sample_models/*/build.py))); do \
		echo $$name && $(BIN)/python -m sample_models.$$name.build || exit 1; done

clean: ## remove everything that make made, except reports
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find auditnn tests sample_models benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
