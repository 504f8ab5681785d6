# The commands of the workshop; `make help` lists them. Works with GNU make 3.81 (macOS) and later.
PYTHON ?= python3
LOCK   ?= requirements.lock
VENV   := .venv
RUN    := $(VENV)/bin/python
.DEFAULT_GOAL := help

.PHONY: help lab test refresh clean

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' Makefile

# The stamp is written last, so an install that was interrupted starts again.
$(VENV)/.installed: $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Troublespots needs Python 3.11 or later, and \`$(PYTHON)\` is not: install one, then run \`PYTHON=python3.12 make ...\`."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "This Python has no venv: on Debian and Ubuntu, \`apt install python3-venv\`, then run make again."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $(LOCK)
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

lab: $(VENV)/.installed  ## open the lessons in JupyterLab (PORT=8899 BROWSER=no for servers)
	@$(RUN) -m helpers.commands.lab $(if $(PORT),--port $(PORT)) $(if $(filter no,$(BROWSER)),--no-browser)

test: $(VENV)/.installed  ## prove the workshop on this machine
	$(RUN) -m ruff check .
	$(RUN) -m pytest -n 2 --dist loadfile
	$(RUN) -m pytest --nbval --nbval-current-env --nbval-cell-timeout 180 --nbval-sanitize-with tests/sanitise.cfg notebooks

refresh: $(VENV)/.installed  ## build the notebooks from lessons/ (LESSON=09 for one)
	$(RUN) -m helpers.commands.refresh $(LESSON)

clean:  ## remove the environment and caches; never your work/
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis
