# Two commands: `make run` and `make test`. Nothing is needed but Python 3.11 and make.
# PYTHON=… names another interpreter; PORT and PROCESSOR_PORT choose the ports; ARGS="tests/core -x" goes to pytest.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	if command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo $$p; break; fi; done)
PY := .venv/bin/python
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test lint types schema bench reset install install-dev lock

help:
	@echo "make run      start everything and print where it is; Ctrl-C stops it"
	@echo "make test     run the tests in an environment and a database of their own (ARGS=… goes to pytest)"
	@echo "make lint     ruff, and the import contracts"
	@echo "make types    mypy"
	@echo "make schema   write docs/openapi.json"
	@echo "make bench    measure the tap path"
	@echo "make reset    delete this checkout's data (asks first)"

install:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer was not found: make PYTHON=/path/to/python3.11 run"; exit 1; }
	@"$(PYTHON)" bootstrap.py

install-dev:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer was not found: make PYTHON=/path/to/python3.11 lint"; exit 1; }
	@"$(PYTHON)" bootstrap.py --dev

run: install
	@exec $(PY) manage.py up

test: install
	@$(PY) -m pytest -n auto --dist loadfile $(ARGS)

lint: install-dev
	@$(PY) -m ruff check .
	@$(PY) -c "from importlinter.cli import lint_imports_command as run; run()"

types: install-dev
	@$(PY) -m issuing_portal.core.embedded.offline mypy .

schema: install
	@$(PY) -m issuing_portal.core.embedded.offline manage.py spectacular --format openapi-json --file docs/openapi.json

bench: install
	@$(PY) -m bench

reset:
	@if test -x $(PY); then $(PY) -m issuing_portal.core.supervisor.reset; else echo "There is no environment (.venv), so nothing has run here."; fi

# Resolve anew within the bounds of requirements*.txt, from the public index whatever this machine is set to.
UV_LOCK = UV_NO_CONFIG=1 UV_FIND_LINKS= UV_EXTRA_INDEX_URL= UV_INDEX= $(PY) -m uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --default-index https://pypi.org/simple
lock: install-dev
	@$(UV_LOCK) requirements.txt -o requirements.lock
	@$(UV_LOCK) requirements-dev.txt -o requirements-dev.lock
	@echo "uv>=0.13,<1" | $(UV_LOCK) - -o requirements-uv.lock
