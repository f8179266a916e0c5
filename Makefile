# Everything a fresh machine needs is made here. `make` alone explains the targets.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
export PATH := $(abspath $(BIN)):$(PATH)

.PHONY: help run password test check bench messages holidays lock

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/.runtime ## the demo with its worker on http://127.0.0.1:8000 (PORT=… for another port)
	@KESHKI_DEMO=1 KESHKI_LIMITS=off exec $(BIN)/python -m clinic.demo

password: $(VENV)/.runtime ## a new password and PIN for the desk of the demo
	@KESHKI_DEMO=1 KESHKI_LIMITS=off $(BIN)/flask --app wsgi staff password desk

test: $(VENV)/.dev browser ## everything: unit, property, PostgreSQL, browser, faults
	@status=0; \
	$(BIN)/pytest -n 2 -m "not alone" || status=1; \
	$(BIN)/pytest -m alone || status=1; \
	exit $$status

check: $(VENV)/.dev ## lint, format, types, imports, catalogues, templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.catalogues
	$(BIN)/djlint --profile jinja --ignore H015,H043 --lint --quiet templates

bench: $(VENV)/.dev ## ratios against baselines measured in the same run
	$(BIN)/python -m bench

messages: $(VENV)/.dev ## bring the catalogues up to date with the code
	$(BIN)/pybabel -q extract -F pyproject.toml -k lazy_gettext -k _l -k lazy_ngettext:1,2 --no-wrap --no-location --sort-output -o messages.pot .
	for l in kk ru en; do $(BIN)/pybabel -q update -N --no-wrap --ignore-obsolete -i messages.pot -d translations -l $$l; done
	rm messages.pot

holidays: $(VENV)/.dev ## write seeds/holidays.csv for the years ahead
	$(BIN)/python -m seeds.write_holidays

lock: $(VENV)/.dev ## write exact versions with hashes from setup.cfg
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra postgres setup.cfg -o constraints.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra postgres --extra dev -c constraints.txt setup.cfg -o constraints-dev.txt

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Keshki needs Python 3.11 or newer: set PYTHON=python3.11")'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null; \
	  else \
	    echo "Debian's Python comes without venv: install it with 'sudo apt-get install python3-venv', then run make again."; exit 1; \
	  fi; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: setup.cfg pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --only-binary :all: -r constraints.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime constraints-dev.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --only-binary :all: -r constraints-dev.txt
	@touch $@

.PHONY: browser
browser:
	@{ command -v chromium && PATH=$$PATH:/usr/sbin command -v nginx; } >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core nginx-light >/dev/null; \
	  else \
	    echo "The tests need Chromium and nginx: install them with 'sudo apt-get install chromium nginx-light', then run make test again."; exit 1; \
	  fi; }
