# Everything that can be done with this repository, by name. Each target sets up what it needs first;
# all it asks of a machine is make and Python 3.11, 3.12 or 3.13 (`make … PYTHON=python3.13` chooses).

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The first Python on the path that is new enough, unless PYTHON says which.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$python && break; done)

VENV ?= .venv
TOOLS := .tools
RUN := $(VENV)/bin/python
SAM := SAM_CLI_TELEMETRY=0 __SAM_CLI_APP_DIR="$(CURDIR)/$(TOOLS)/home" $(TOOLS)/sam/bin/sam
# Another Python than the environment was made with makes it anew.
READY := $(VENV)/.ready$(if $(filter file,$(origin PYTHON)),,-$(notdir $(PYTHON)))
SAM_READY := $(TOOLS)/sam/.ready
EMULATOR_READY := $(TOOLS)/emulator/.ready
BROWSER_READY := $(TOOLS)/browser/.ready
CLIENTS_READY := $(TOOLS)/clients/.ready $(TOOLS)/clients-node/.ready

# The Chromium that `make test-browser` drives: the first on the path, unless CHROMIUM says which.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

TESTS ?= tests

# What Python compiles is kept apart from the sources, and for the next process: tests start many.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPYCACHEPREFIX := $(CURDIR)/.build/bytecode

.PHONY: help demo serve content schemas tracker dashboard graphs record test test-long test-browser test-mail test-clients lint format build test-deploy bench lock clean

help: ## Show this list
	@echo "make TARGET, where TARGET is one of"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# -- Setting up ------------------------------------------------------------------------------------

# The project's own environment: exactly what requirements/dev.txt locks, checked by hash.
$(READY): requirements/dev.txt requirements/uv.txt
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || { \
		echo "Relance needs Python 3.11, 3.12 or 3.13 (found: $(or $(PYTHON),none))." >&2; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.13 TARGET" >&2; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version), once …"
	@test "$$($(RUN) --version 2>&1)" = "$$($(PYTHON) --version 2>&1)" || $(PYTHON) -m venv --clear $(VENV)
	@$(RUN) -m pip --disable-pip-version-check --no-input --quiet install --require-hashes --requirement requirements/uv.txt
	@VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(VENV)/bin/uv pip sync --quiet --require-hashes requirements/dev.txt requirements/uv.txt
	@$(RUN) -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "relance.pth").write_text("$(CURDIR)\n$(CURDIR)/layers/relance\n", encoding="utf-8")'
	@touch $(VENV)/.ready $@

# The SAM CLI wants other versions of the same packages, and the emulator that is deployed into must
# not have ours: each lives apart.
$(TOOLS)/%/.ready: requirements/%.txt | $(READY)
	@echo "Setting up $(@D), once …"
	@$(RUN) -m venv --clear --without-pip $(@D)
	@VIRTUAL_ENV="$(CURDIR)/$(@D)" $(VENV)/bin/uv pip sync --quiet --require-hashes requirements/$*.txt
	@touch $@

# The client libraries for Node, as locked; none of them runs a script of its own. Not `npm ci`: it
# refuses a lock that lacks optional packages for other machines.
$(TOOLS)/clients-node/.ready: tests/clients/package.json tests/clients/package-lock.json
	@command -v npm >/dev/null || { echo "The tests of the client libraries need Node 20 or newer, with npm." >&2; exit 1; }
	@echo "Setting up $(@D), once …"
	@rm -rf $(@D) && mkdir -p $(@D) && cp $^ $(@D)/
	@cd $(@D) && npm install --omit=optional --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# -- Seeing it run ---------------------------------------------------------------------------------

demo: $(READY) ## Run sign-ups through the whole stack here (PEOPLE=500 DAYS=60 SEED=7 CONTACTS=mine.csv)
	@$(RUN) -m local demo $(if $(PEOPLE),--people $(PEOPLE)) $(if $(DAYS),--days $(DAYS)) \
		$(if $(SEED),--seed $(SEED)) $(if $(CONTACTS),--contacts "$(CONTACTS)")

serve: $(READY) ## Keep it running here: a form, an inbox, a dashboard for a browser (PORT=8080, the inbox on the next; SPEED=3600)
	@$(RUN) -m local serve $(if $(PORT),--port $(PORT)) \
		$(if $(INBOX_PORT),--inbox-port $(INBOX_PORT)) $(if $(SPEED),--speed $(SPEED))

# -- Writing ---------------------------------------------------------------------------------------

content: $(READY) ## Check what is written in layers/content
	@$(RUN) -m relance.content layers/content .build/checked

schemas: $(READY) ## Write docs/schemas, by which editors check content
	@$(RUN) -m relance.content.schemas docs/schemas

tracker: $(READY) ## Write relance.min.js and form.min.js anew after a change of their sources
	@$(RUN) -m relance.tracker.minify

dashboard: $(READY) ## Write the dashboard into the template anew after a change of machines or samples
	@$(RUN) -m local.dashboard template.yaml

graphs: $(READY) ## Draw the pictures in docs/graphs anew after a change of machines
	@$(RUN) -m local.graphs docs/graphs

record: $(READY) ## Record what the journeys send to their steps, at a release (RELEASE=2026-11-22)
	@test -n "$(RELEASE)" || { echo "Say which release: make record RELEASE=$$(date +%F)" >&2; exit 1; }
	@RECORD=tests/recorded/$(RELEASE) $(RUN) -m pytest -p tests.recording -p no:xdist -q -s \
		tests/workflows/test_journeys.py tests/workflows/test_welcome.py \
		tests/workflows/test_leads_to_sales.py -m "not long"

# -- Checking it -----------------------------------------------------------------------------------

test: $(READY) ## Run the tests (TESTS=tests/unit for a part)
	@$(RUN) -m pytest $(TESTS) -m "not long and not deploy and not browser and not clients and not mail" -n auto \
		$(if $(filter tests,$(TESTS)),-p tests.ways)

test-long: $(READY) ## Run the tests in their long form
	@$(RUN) -m pytest $(TESTS) -m "not deploy and not browser and not clients and not mail" -n auto

test-browser: $(READY) $(BROWSER_READY) ## Try the scripts and pages in a headless Chromium (CHROMIUM=/path/to/one)
	@test -x "$(CHROMIUM)" || { \
		echo "No Chromium on the path: install one (apt-get install chromium), or name it: make CHROMIUM=/path/to/chromium test-browser" >&2; exit 1; }
	@CHROMIUM="$(CHROMIUM)" RELANCE_PYTHON="$(CURDIR)/$(RUN)" $(TOOLS)/browser/bin/python -m pytest tests/browser -m browser

test-mail: $(READY) ## See what SpamAssassin makes of a mail from each message
	@command -v spamassassin >/dev/null || { \
		echo "No SpamAssassin on the path: install one (apt-get install spamassassin)." >&2; exit 1; }
	@$(RUN) -m pytest tests/mail -m mail -p no:xdist -s

test-clients: $(READY) $(CLIENTS_READY) ## Let the Segment and RudderStack libraries speak to it
	@$(RUN) -m pytest tests/clients -m clients -p no:xdist

lint: $(SAM_READY) ## Check style, types and the template
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(RUN) .ci/translate.py template.yaml .build/translated.json
	@$(TOOLS)/sam/bin/cfn-lint --non-zero-exit-code informational -- template.yaml .build/translated.json

format: $(READY) ## Put the code into the house's form
	@$(VENV)/bin/ruff check --fix-only --quiet .
	@$(VENV)/bin/ruff format .

bench: $(READY) ## Measure speed and cost
	@$(RUN) -m tests.bench

# -- Deploying it ----------------------------------------------------------------------------------

build: $(SAM_READY) ## Build what `sam deploy --guided` deploys
	@find functions layers -name __pycache__ -type d -prune -exec rm -rf {} +
	@RELANCE_PYTHON="$(CURDIR)/$(RUN)" $(SAM) build
	@$(RUN) .ci/check_build.py .aws-sam/build

test-deploy: $(SAM_READY) $(EMULATOR_READY) ## Deploy into an independent emulator and use what was deployed
	@$(RUN) -m pytest tests/deploy -m deploy -p no:xdist -s

# -- Keeping it ------------------------------------------------------------------------------------

LOCK := $(VENV)/bin/uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --custom-compile-command "make lock"

lock: $(READY) ## Lock the newest versions that pyproject.toml allows
	@echo "uv" | $(LOCK) --universal --python-version 3.11 --output-file requirements/uv.txt -
	@$(LOCK) --universal --python-version 3.11 --group local --group test --group lint --output-file requirements/dev.txt pyproject.toml
	@$(LOCK) --universal --python-version 3.11 --group sam --output-file requirements/sam.txt
	@$(LOCK) --universal --python-version 3.11 --group clients --output-file requirements/clients.txt
	@cd tests/clients && npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund --silent
	@$(LOCK) --universal --python-version 3.11 --group emulator --constraint requirements/dev.txt --output-file requirements/emulator.txt
	@$(LOCK) --universal --python-version 3.11 --group browser --constraint requirements/dev.txt --output-file requirements/browser.txt
	@$(LOCK) --universal --python-version 3.11 --group compiler --constraint requirements/dev.txt --output-file layers/dependencies/compiler.txt
	@$(LOCK) --python-platform aarch64-manylinux_2_28 --python-version 3.13 --only-binary :all: --constraint requirements/dev.txt --output-file layers/dependencies/lambda.txt pyproject.toml
	@$(LOCK) --python-platform aarch64-manylinux_2_28 --python-version 3.13 --only-binary :all: --constraint requirements/dev.txt --group publisher --output-file layers/dependencies/publisher.txt

clean: ## Remove everything that was made here
	@rm -rf $(VENV) $(TOOLS) .aws-sam .build .demo .serve .rehearsal .hypothesis .mypy_cache .ruff_cache .pytest_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
