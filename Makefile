# Everything runs from .venv, which is built from the locked, hash-checked requirements.
# Needs Python 3.11 or newer and make, nothing else.

PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help

# Tests by category: what each holds is in CONTRIBUTING.md. More options: make test-unit ARGS='-x -k words'.
CATEGORIES := test-unit test-reading test-policy test-golden test-cards test-contract test-crd test-packet test-replay test-web test-ehr test-trust \
  test-store test-operations test-deploy test-install test-browser
ARGS ?=
# Processes of make test; 0 runs all tests in one.
WORKERS ?= 2

.PHONY: help demo serve install install-postgres install-replay test test-postgres test-spark fuzz lint traceability format lock sbom wheel \
  clean examples golden hapi test-hapi test-profiles elm
.PHONY: $(CATEGORIES)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "make %-17s %s\n", $$1, $$2 }'

demo: .venv/.installed ## sign the order of each bundled patient and print the cards; FULL=1 prints them whole
	@FULL='$(FULL)' $(BIN)/python -m cds_service.sandbox.demo

serve: .venv/.installed ## service and sandbox EHR on http://127.0.0.1:8080/sandbox/; elsewhere: DEMO_BIND=HOST:PORT
	@$(BIN)/python -m cds_service.sandbox.serve

install: .venv/.installed ## production: the locked packages in .venv
install-postgres: .venv/.installed-postgres ## the same, with the driver of PostgreSQL
install-replay: .venv/.installed-replay ## the same as install, with what replay needs to write a Parquet table
install install-postgres install-replay:
	@echo "Installed. Next: $(BIN)/cds-service doctor"

test: .venv/.installed-dev ## the test suite, with what is there of browser, PostgreSQL and HAPI
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

test-unit: FOLDERS = tests/unit tests/spec ## numbers, dates, tables, words, documents: one module at a time
test-reading: FOLDERS = tests/reading ## what free text asserts, and what it must not
test-policy: FOLDERS = tests/policy tests/policies tests/test_real_input.py ## the examples of every rule, and a second policy
test-golden: FOLDERS = tests/golden ## whole answers of all patients, as they are written down
test-cards: FOLDERS = tests/cards ## what a prescriber reads
test-contract: FOLDERS = tests/contract ## the hook as an EHR calls it
test-crd: FOLDERS = tests/crd ## the CRD service and the guide's invariants
test-packet: FOLDERS = tests/packet ## the prior-authorization packet and the FHIR routes
test-replay: FOLDERS = tests/replay ## a whole population: pieces, workers, kills, hostile lines
test-web: FOLDERS = tests/web ## the SMART launch and the detail page
test-ehr: FOLDERS = tests/ehr ## prefetch, searches, scopes and EHRs as they are
test-trust: FOLDERS = tests/trust ## JWTs, key sets, networks, rates
test-store: FOLDERS = tests/store ## the database, audit trail, retention
test-operations: FOLDERS = tests/operations ## start, commands, faults, hostile input, security claims
test-deploy: FOLDERS = tests/deploy ## the samples for systemd and nginx
test-install: FOLDERS = tests/install ## wheels and fresh environments from a registry, two minutes
test-browser: FOLDERS = tests/browser ## the whole path in a browser
$(CATEGORIES): .venv/.installed-dev
	$(BIN)/python -m pytest $(FOLDERS) $(ARGS)

# Tests on real PostgreSQL servers of Debian's packages, on loopback; installs it where it is missing.
test-postgres: .venv/.installed-dev ## the tests on PostgreSQL servers of their own
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || apt-get install -y postgresql
	$(BIN)/python -m pytest -m postgres

# The same replay on Spark, in an environment of its own kind: needs Java 17, and 500 MB for pyspark.
test-spark: .venv/.installed-spark ## the tests of replay on Spark, local[2]
	$(BIN)/python -m pytest -m spark tests/replay

# Long runs of what make test does in short: requests that must not end in a server error, JWTs,
# charts and orders with hostile values.
fuzz: .venv/.installed-dev ## long runs of made-up requests, JWTs and charts with hostile values
	FUZZ_REQUESTS=20000 FUZZ_JWTS=100000 $(BIN)/python -m pytest -s -q tests/operations/test_fuzz.py tests/trust/test_jwt_differential.py
	FUZZ_MUTANTS=100000 $(BIN)/python -m pytest -s -q tests/operations/test_mutants.py

lint: .venv/.installed-dev ## ruff, mypy, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

traceability: .venv/.installed ## write docs/traceability.csv
	$(BIN)/python -m cds_service.commands.traceability inotuzumab docs/traceability.csv

format: .venv/.installed-dev ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# A real HAPI FHIR R4 server, H2 in memory, for tests and trials: needs Java 17 and Maven.
HAPI := tests/hapi/server
HAPI_PORT ?= 8088

$(HAPI)/target/hapi-test-server.jar: $(HAPI)/pom.xml $(wildcard $(HAPI)/src/main/*/*)
	@echo "Building the HAPI server with Maven: some minutes where nothing of it is there yet"
	mvn --batch-mode --quiet --file $(HAPI)/pom.xml package
	touch $@

hapi: $(HAPI)/target/hapi-test-server.jar ## a HAPI FHIR R4 server on loopback
	java -cp '$(HAPI)/target/hapi-test-server.jar:$(HAPI)/target/lib/*' TestServer $(HAPI_PORT)

test-hapi: .venv/.installed-dev $(HAPI)/target/hapi-test-server.jar ## the tests against it
	HAPI_TESTS=1 $(BIN)/python -m pytest tests/hapi

# Official FHIR profiles by HAPI's validator: FHIR_PROFILES is a folder of definitions with a runner in validator/.
test-profiles: .venv/.installed-dev ## what we make of FHIR, by the official profiles; needs FHIR_PROFILES, Java and Maven
	$(BIN)/python -m pytest -q -ra tests/profiles

# Translated once and kept beside the policy: no Node is needed to run the service.
FORMS := cds_service/policies/inotuzumab/form
elm: ## translate the CQL of the form's library to ELM; needs Node and npm
	mkdir -p build/cql && cp tests/packet/cql/package.json tests/packet/cql/translate.mjs build/cql
	cd build/cql && npm install --silent --no-audit --no-fund && node translate.mjs ../../$(FORMS).cql ../../$(FORMS).elm.json
	sha256sum $(FORMS).cql | cut -d' ' -f1 > tests/packet/cql/form.cql.sha256

# The lock files: plain pip installs from them; uv, in a throw-away environment, only writes them. Each larger
# one is held to the smaller, so that what is tested is what is deployed.
LOCK = $(LOCK_VENV)/bin/uv pip compile pyproject.toml requirements-build.in --quiet --universal \
  --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links
LOCK_VENV := build/lock-venv
lock: ## write the lock files from pyproject.toml
	$(PYTHON) -m venv $(LOCK_VENV)
	$(LOCK_VENV)/bin/pip install --quiet uv
	$(LOCK) --output-file requirements.lock
	$(LOCK) --extra postgres --constraints requirements.lock --output-file requirements-postgres.lock
	$(LOCK) --extra replay --constraints requirements-postgres.lock --output-file requirements-replay.lock
	$(LOCK) --extra dev --constraints requirements-postgres.lock --constraints requirements-replay.lock --output-file requirements-dev.lock
	$(LOCK) --extra dev --extra spark --constraints requirements-dev.lock --output-file requirements-spark.lock

wheel: .venv/.installed ## dist/*.whl, which holds all that the service needs but its locked packages
	rm -rf build/lib
	$(PIP) wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

# What production installs, PostgreSQL's driver included, and nothing else: the tool looks at it from outside.
SBOM := build/sbom
sbom: ## build/sbom.cdx.json, a CycloneDX list of the packages of production with versions and licenses
	@echo "Installing the locked packages and the tool that lists them: about 30 s"
	@$(PYTHON) -m venv --clear $(SBOM)/tool
	@$(SBOM)/tool/bin/python -m pip install --quiet --disable-pip-version-check cyclonedx-bom
	@$(PYTHON) -m venv --clear --without-pip $(SBOM)/env
	@$(SBOM)/tool/bin/python -m pip --python $(SBOM)/env/bin/python install --quiet --disable-pip-version-check \
	  --no-deps --require-hashes -r requirements-postgres.lock
	@$(SBOM)/tool/bin/cyclonedx-py environment $(SBOM)/env/bin/python --pyproject pyproject.toml \
	  --output-reproducible --output-file $(SBOM).cdx.json
	@echo "Written: $(SBOM).cdx.json"

.venv/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(f"Python 3.11 or newer is needed, and $(PYTHON) is {v[0]}.{v[1]}. Name another: make PYTHON=python3.12 ...") if v < (3, 11) else None'
	@echo "Making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "$(PYTHON) cannot make an environment; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

# With --no-deps nothing is resolved, so nothing can drift: a pip before 23.3 takes the newest release for
# a requirement such as coverage[toml], whatever the lock says. pip check then tells whether all is there.
PIP := $(BIN)/python -m pip --disable-pip-version-check
define install
	@echo "Installing the $$(grep -c '^[a-z].*==' $(1)) packages of $(1) into .venv: about $(2), longer on a slow line"
	@$(PIP) install --quiet --no-deps --require-hashes -r $(1)
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@$(PIP) check || { echo ".venv holds what the lock does not name: make clean, then the same again"; exit 1; }
endef

.venv/.installed: .venv/bin/python requirements.lock pyproject.toml
	$(call install,requirements.lock,20 s)
	@touch $@

.venv/.installed-postgres: .venv/bin/python requirements-postgres.lock pyproject.toml
	$(call install,requirements-postgres.lock,20 s)
	@touch $@ .venv/.installed

.venv/.installed-replay: .venv/bin/python requirements-replay.lock pyproject.toml
	$(call install,requirements-replay.lock,20 s)
	@touch $@ .venv/.installed

.venv/.installed-spark: .venv/bin/python requirements-spark.lock pyproject.toml
	$(call install,requirements-spark.lock,2 minutes)
	@touch $@ .venv/.installed .venv/.installed-dev

.venv/.installed-dev: .venv/bin/python requirements-dev.lock pyproject.toml
	$(call install,requirements-dev.lock,40 s)
	@touch $@ .venv/.installed

clean: ## remove .venv and all that was built
	rm -rf .venv build dist *.egg-info .coverage htmlcov

examples: .venv/.installed ## write the answer in docs/examples, after a change of what cards say
	$(BIN)/cds-service evaluate docs/examples/order-sign.json --as-of 2026-04-15T09:00:00-04:00 | $(BIN)/python -m json.tool --no-ensure-ascii > docs/examples/answer.json

golden: .venv/.installed-dev ## write the answers in tests/golden, after a change that is meant to change them
	$(BIN)/python -m tests.golden.answers
