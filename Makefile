# Every target sets up what it needs. Python is the active virtual or conda environment if its `import coinfer` is this
# checkout, otherwise .venv beside this file, made from requirements.lock.

JOBS ?= 2
SEED ?= 0
SCENARIO ?=
OUT ?= $(if $(SCENARIO),out,figures)

given := $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name)))
unknown := $(filter-out JOBS SEED SCENARIO OUT PYTHON,$(given))
$(if $(unknown),$(error $(firstword $(unknown)) is no variable of this Makefile; there are JOBS, SEED, SCENARIO and OUT))

# -I: only what is installed counts, not the folder that make runs in; our own .venv is left to the rule below
find_active = import importlib.util as u, os, sys; s = u.find_spec("coinfer"); o = s and s.origin; r = os.path.realpath; \
    print(sys.executable if o and r(o) == r("coinfer/__init__.py") and r(sys.prefix) != r(".venv") else "")
ACTIVE := $(if $(VIRTUAL_ENV)$(CONDA_PREFIX),$(shell python -I -c '$(find_active)' 2>/dev/null))
PYTHON := $(or $(ACTIVE),.venv/bin/python)
# recipes `exec` Python, so that a signal to make reaches it and not a shell

# the file that says that .venv is complete carries a hash of what it was made from, and of where
INSTALLED := $(if $(ACTIVE),,.venv/installed-$(shell { pwd; cat requirements.lock pyproject.toml; } | cksum | tr ' ' -))

# torch is for the tables of networks alone, in an environment apart
TABLES := .cache/tables/installed-$(shell { pwd; cat requirements-tables.txt requirements-models.txt pyproject.toml; } | cksum | tr ' ' -)

# axe-core, from npm, for the browser tests alone
AXE := .cache/axe/installed-$(shell cksum < tests/browser/package-lock.json | tr ' ' -)

.PHONY: help figures smoke test test-all test-browser browser mutants verify bench lab explore site lint tables lock clean
.DEFAULT_GOAL := help

help: ## List the targets (this text)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

figures: $(INSTALLED) ## Run the notebooks whose inputs changed, into figures/ (JOBS=2 SCENARIO=my.yml OUT=out)
	@exec "$(PYTHON)" -m coinfer.study --jobs $(JOBS) --out "$(OUT)" $(if $(SCENARIO),--scenario "$(SCENARIO)")

smoke: $(INSTALLED) ## Run every notebook small, into a temporary folder (JOBS=2 SCENARIO=my.yml)
	@exec "$(PYTHON)" -m coinfer.study --smoke --jobs $(JOBS) $(if $(SCENARIO),--scenario "$(SCENARIO)")

test: $(INSTALLED) ## Run the tests, a part of the cases of the longest ones, in three minutes (JOBS=2)
	@exec "$(PYTHON)" -m pytest -n $(JOBS) -m "not exhaustive"

test-all: $(INSTALLED) ## Run all tests with all of their cases, the study twice among them (JOBS=2)
	@exec "$(PYTHON)" -m pytest -n $(JOBS)

test-browser: browser $(AXE) site ## Try the site, the explorer and JupyterLab in a real browser
	@exec "$(PYTHON)" -m pytest tests/browser/site_pages.py tests/browser/explorer_page.py tests/browser/lab.py

browser: # before the site is built, which takes longer
	@for program in chromium chromedriver npm; do command -v $$program > /dev/null || { \
	    echo "make test-browser needs $$program: apt install chromium chromium-driver npm (or your system's packages)" >&2; exit 1; }; done

mutants: $(INSTALLED) ## Change the code at 300 places, one at a time, and see whether the tests notice (JOBS=2 SEED=0)
	@exec "$(PYTHON)" tests/mutants.py --jobs $(JOBS) --seed $(SEED)

verify: $(INSTALLED) ## Check every derivation symbolically
	@exec "$(PYTHON)" -m coinfer.derivations

bench: $(INSTALLED) ## Run the benchmarks
	@exec "$(PYTHON)" -m pytest -s tests/bench.py tests/bench_sweep.py tests/bench_moving.py tests/bench_explorer.py

lab: $(INSTALLED) ## Open JupyterLab on notebooks/, on this machine only
	@exec "$(PYTHON)" -m jupyterlab --ip=localhost notebooks

explore: $(INSTALLED) ## Open the explorer as a page, on this machine only
	@exec "$(PYTHON)" -m coinfer.study.explorer_page

site: figures ## Write the site, notebooks with their outputs, proofs and API, into site/
	@exec "$(PYTHON)" -m coinfer.site

lint: $(INSTALLED) ## Check style, types and which room imports which
	@exec "$(PYTHON)" -m ruff check
	@exec "$(PYTHON)" -m ruff format --check
	@exec "$(PYTHON)" -m mypy
	@exec "$(PYTHON)" -c "from importlinter.cli import lint_imports; exit(lint_imports(no_cache=True, no_logo=True))"

tables: $(TABLES) ## Make the tables of the bundled networks anew, in an environment with torch (minutes)
	@exec .cache/tables/bin/python -m coinfer.network

lock: $(INSTALLED) ## Choose the newest allowed versions and write requirements.lock
	@exec "$(PYTHON)" -m uv pip compile --quiet --universal --fork-strategy fewest --upgrade --python-version 3.11 --all-extras --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-header --no-annotate pyproject.toml --output-file requirements.lock

clean: ## Remove caches and what the runner remembers; figures and .venv stay
	@rm -rf .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks build dist
	@rm -rf figures/.fresh.json figures/.work figures/executed
	@find coinfer tests notebooks \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

# .cache/installing outlives an install that was stopped or failed: the next one then starts from nothing
.venv/installed-%:
	@for python in python3 python3.14 python3.13 python3.12 python3.11 none; do \
	    $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; done; \
	if [ $$python = none ]; then \
	    echo "coinfer needs Python 3.11 or newer, but python3 is `python3 --version 2>&1`" >&2; exit 1; fi; \
	echo "Installing coinfer and what it needs into .venv (a minute or two, only once)"; \
	mkdir -p .cache && if [ -e .cache/installing ]; then rm -rf .venv; fi && touch .cache/installing && \
	$$python -m venv .venv && \
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock && \
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . && \
	rm -f .venv/installed-* .cache/installing && touch $@

.cache/axe/installed-%:
	@rm -rf .cache/axe && mkdir -p .cache/axe && cp tests/browser/package*.json .cache/axe && \
	npm ci --prefix .cache/axe --silent --ignore-scripts --no-audit --no-fund && touch $@

.cache/tables/installed-%: $(INSTALLED)
	@echo "Installing torch and torchvision into .cache/tables (minutes, only once)"; \
	rm -rf .cache/tables && "$(PYTHON)" -m venv .cache/tables && \
	.cache/tables/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-tables.txt --editable . && \
	.cache/tables/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-models.txt && \
	touch $@
