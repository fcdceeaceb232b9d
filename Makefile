# Everything runs from .venv, which is built from the locked, hash-checked requirements.
# Needs Python 3.11 or newer and make, nothing else.

PYTHON ?= python3
BIN := .venv/bin
DEMO_BIND ?= 127.0.0.1:8080
# The day on which the bundled patients are seen.
DEMO_CLOCK := 2026-04-15T09:00:00-04:00

.PHONY: demo serve test test-postgres fuzz lint traceability format lock clean hapi test-hapi

demo: .venv/.installed
	$(BIN)/python -m cds_service.sandbox.demo

serve: .venv/.installed
	CDS_DEV=1 CDS_AUTH=optional CDS_PUBLIC_URL=http://$(DEMO_BIND) CDS_FIXED_NOW=$(DEMO_CLOCK) $(BIN)/gunicorn --config gunicorn.conf.py --bind $(DEMO_BIND) 'cds_service:create_app()'

test: .venv/.installed-dev
	$(BIN)/python -m pytest

# The store's tests on a real server of Debian's packages, on loopback; installs it where it is missing.
test-postgres: .venv/.installed-dev
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || apt-get install -y postgresql
	$(BIN)/python -m pytest -m postgres

# Long runs of what make test does in short: requests that must not end in a server error, JWTs,
# charts and orders with hostile values.
fuzz: .venv/.installed-dev
	FUZZ_REQUESTS=20000 FUZZ_JWTS=100000 $(BIN)/python -m pytest -s -q tests/operations/test_fuzz.py tests/trust/test_jwt_differential.py
	FUZZ_MUTANTS=100000 $(BIN)/python -m pytest -s -q tests/operations/test_mutants.py

lint: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

traceability: .venv/.installed
	$(BIN)/python -m cds_service.policies.inotuzumab.traceability docs/traceability.csv

format: .venv/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# A real HAPI FHIR R4 server, H2 in memory, for tests and trials: needs Java 17 and Maven.
HAPI := tests/hapi/server
HAPI_PORT ?= 8088

$(HAPI)/target/hapi-test-server.jar: $(HAPI)/pom.xml $(wildcard $(HAPI)/src/main/*/*)
	mvn --batch-mode --quiet --file $(HAPI)/pom.xml package
	touch $@

hapi: $(HAPI)/target/hapi-test-server.jar
	java -cp '$(HAPI)/target/hapi-test-server.jar:$(HAPI)/target/lib/*' TestServer $(HAPI_PORT)

test-hapi: .venv/.installed-dev $(HAPI)/target/hapi-test-server.jar
	HAPI_TESTS=1 $(BIN)/python -m pytest tests/hapi

# The lock files: plain pip installs from them; uv, in a throw-away environment, only writes them.
LOCK = $(LOCK_VENV)/bin/uv pip compile pyproject.toml requirements-build.in --quiet --universal \
  --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links
LOCK_VENV := build/lock-venv
lock:
	$(PYTHON) -m venv $(LOCK_VENV)
	$(LOCK_VENV)/bin/pip install --quiet uv
	$(LOCK) --output-file requirements.lock
	$(LOCK) --extra dev --constraints requirements.lock --output-file requirements-dev.lock

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv

.venv/.installed: .venv/bin/python requirements.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/.installed-dev: .venv/bin/python requirements-dev.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@ .venv/.installed

clean:
	rm -rf .venv build dist *.egg-info .coverage htmlcov
