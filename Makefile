# The commands of the workshop; `make help` lists them. Works with GNU make 3.81 (macOS) and later.
PYTHON ?= python3
LOCK   ?= requirements.lock
VENV   := .venv
RUN    := $(VENV)/bin/python
STAMP  := $(VENV)/.installed-$(notdir $(LOCK))
NBVAL  := --nbval --nbval-current-env --nbval-cell-timeout 180 --nbval-sanitize-with tests/sanitise.cfg
COUNTS := build/counts
BEGAN  := build/began
.DEFAULT_GOAL := help

.PHONY: help lab reset doctor grade test test-all test-services soak refresh benchmark wheels clean

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' Makefile

# The stamp is written last, so an install that was interrupted starts again.
$(STAMP): $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Troublespots needs Python 3.11 or later, and \`$(PYTHON)\` is not: install one, then run \`make ... PYTHON=python3.12\`."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "This Python has no venv: on Debian and Ubuntu, \`apt install python3-venv\`, then run make again."; exit 1; }
	@echo "Building $(VENV) from $(notdir $(LOCK)): about a minute, once."
	@$(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $(LOCK)
	@$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

lab: $(STAMP)  ## open the lessons in JupyterLab (PORT=8899 BROWSER=no for servers)
	@$(RUN) -m helpers.commands.lab $(if $(PORT),--port "$(PORT)") $(if $(filter no,$(BROWSER)),--no-browser)

reset: $(STAMP)  ## take a fresh copy of the lessons, yours kept aside (LESSON=09 PROGRESS=yes)
	@$(RUN) -m helpers.commands.reset $(LESSON) $(if $(filter yes,$(PROGRESS)),--progress)

doctor: $(STAMP)  ## say what this machine has, and what to do about the rest
	@$(RUN) -m helpers.commands.doctor --kernel

grade: $(STAMP)  ## print which exercises you have solved
	@$(RUN) -c 'from helpers import lesson; lesson.progress()'

test: export TROUBLESPOTS_COUNTS = $(CURDIR)/$(COUNTS)
test: $(STAMP)  ## prove the workshop on this machine
	@rm -rf $(COUNTS) && mkdir -p $(dir $(BEGAN)) && touch $(BEGAN)
	$(RUN) -m ruff check .
	$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder
	$(RUN) -m pytest $(NBVAL) -n 2 --dist loadfile notebooks
	@$(RUN) -m helpers.commands.counts $(COUNTS)

test-all: test wheels  ## the same and more: cells twice, in wrong orders, embedded servers, as another user
	$(RUN) -m helpers.commands.reruns
	TROUBLESPOTS_SERVERS=embedded $(RUN) -m pytest $(NBVAL) notebooks/09-hit-rate.ipynb
	$(RUN) -m helpers.commands.other_user test-services LOCK=$(LOCK)
	$(RUN) -m helpers.commands.leftovers --since $(BEGAN)

SERVICES := boot embedded_conformance embedded_memcached every_server gunicorn in_front jupyter_dies lab memcached orphans \
            postgres postgres_backup python_servers replay site stack valkey
# Two of them log in by SSH: an account like `nobody` cannot.
LIVE := 09 13 14 15 $(if $(findstring nologin,$(shell getent passwd "$$(id -un)" 2>/dev/null)),,16 17)
test-services: $(STAMP)  ## only servers, and the lessons that live on them
	$(RUN) -m pytest -n 2 --dist loadfile $(SERVICES:%=tests/test_%.py)
	$(RUN) -m pytest $(NBVAL) -n 2 --dist loadfile $(LIVE:%=notebooks/%-*.ipynb)

soak: $(STAMP)  ## run all notebooks ten times with both cores busy, into docs/soak.md
	$(RUN) -m helpers.commands.soak

refresh: $(STAMP)  ## build the notebooks from lessons/ (LESSON=09 for one)
	$(RUN) -m helpers.commands.refresh $(LESSON)

benchmark: $(STAMP)  ## compare with peers, one table
	$(RUN) -m benchmarks

wheels: $(STAMP)  ## check that the lock installs without a compiler on every platform (needs uv)
	$(RUN) -m helpers.commands.wheels

clean:  ## remove the environment and caches; never your work/
	rm -rf $(VENV) build .pytest_cache .ruff_cache .hypothesis
