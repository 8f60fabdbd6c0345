# The commands of Debtdesk. `make` alone lists them.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test check train bench bench-full nlu-eval lock reset-demo clean

# Any Python from 3.8 on runs the set-up; it finds or brings those the environments need.
PYTHON ?= $(shell for p in python3 python /usr/bin/python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null && echo $$p && break; done)
DESK := .venv/bin/debtdesk
DEMO ?= 1
ROOMS := runtime ledger conversations compliance payments exchange outreach audit actions console privacy bot bench cli setup \
	engine migrations

# Processes start several seconds sooner from compiled modules.
unexport PYTHONDONTWRITEBYTECODE

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make both environments and train the model (the others call it)
	@$(if $(PYTHON),,echo "setup: no Python from 3.8 on runs here; install one" >&2; exit 1;) $(PYTHON) -m setup
	@.venv/bin/python -m cli.model

setup-dev: # the same with what tests and checks need
	@$(if $(PYTHON),,echo "setup: no Python from 3.8 on runs here; install one" >&2; exit 1;) $(PYTHON) -m setup --dev
	@.venv/bin/python -m cli.model

run: setup ## start everything; DEMO=0 without the demo portfolio
	@exec $(DESK) run $(if $(filter 0 no false off,$(DEMO)),--no-demo,--demo)

test: setup-dev ## run all tests: units first, conversations with the real engine last
	@.venv/bin/python -m setup browser
ifdef ARGS
	@.venv/bin/python -m pytest $(ARGS)
else
	@.venv/bin/python -m pytest -n auto --maxprocesses 4 --dist worksteal --ignore tests/end_to_end
	@.venv/bin/python -m pytest tests/end_to_end
endif

check: setup-dev ## ruff, mypy, bandit, and advisories where they can be reached
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/bandit -q -c pyproject.toml -ll -r $(ROOMS) -x engine/.venv
	@.venv/bin/python -m setup.advisories

train: setup ## train the model when anything it is made from has changed

bench: setup-dev ## compare with the bot of `rasa init`, ten minutes at most
	@$(DESK) bench

bench-full: setup-dev ## the slow comparisons too; cached, can be resumed
	@$(DESK) bench --full

nlu-eval: setup ## score the model: make nlu-eval DATA=file.tsv, lines of intent<TAB>text
	@$(if $(DATA),,echo 'Which file? make nlu-eval DATA=file.tsv' >&2; exit 2;) $(DESK) nlu-eval "$(DATA)"

lock: ## resolve all dependencies anew into the hash-pinned locks
	@$(PYTHON) -m setup lock

reset-demo: setup ## put the demo portfolio back as it was
	@$(DESK) demo reset

clean: ## remove environments, models and caches; data and ~/.cache/debtdesk stay
	rm -rf .venv .tools models .rasa build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -rf engine/.venv
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
