# `make demo` and `make test` do all set-up; nothing has to be installed before but Python.
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.10,$(shell $(name) -c 'import ensurepip, sys; print(sys.executable)' 2>/dev/null)))
VENV := .venv
BIN := $(VENV)/bin
SYNTHESISERS := espeak-ng flite festival festvox-kallpc16k festvox-kdlpc16k festvox-us-slt-hts
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test check bench ablation nano lint browser synthesisers clean

demo: $(VENV)/demo
	$(BIN)/omniflow replay nano_busy_room --out build/demo --report build/demo/report.html

test: $(VENV)/dev browser
	$(BIN)/python -m pytest -n 2

check: $(VENV)/dev browser lint
	OMNIFLOW_FULL=1 $(BIN)/python -m pytest -n 2

ablation: $(VENV)/dev synthesisers # an hour and a half on two idle cores; goes on where it was cut
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.ablation.run

nano: $(VENV)/dev synthesisers # trains the small model anew, from one seed; goes on where it was cut
	OMP_NUM_THREADS=1 $(BIN)/python -m simulations.nano.training

bench: $(VENV)/bench
	$(BIN)/python -m pytest benchmarks --benchmark-only --benchmark-timer=time.process_time --benchmark-columns=median,iqr,rounds

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

browser: # for the tests of the page; without one, and without root to install it, they are skipped by name
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	{ apt-get update -qq && apt-get install -y -qq chromium; } >/dev/null 2>&1; } || \
	echo "no chromium: the tests of the page are skipped; on Debian: apt-get install chromium"

synthesisers: # users' voices in nano's world: to train it and to evaluate it, not to run it
	@{ command -v espeak-ng && command -v flite && command -v festival && test -d /usr/share/festival/voices/us/cmu_us_slt_arctic_hts; } >/dev/null || \
	{ test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq $(SYNTHESISERS) >/dev/null; } || \
	{ echo "on Debian: apt-get install $(SYNTHESISERS)" >&2; exit 1; }

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "wants CPython 3.10, 3.11 or 3.12 with ensurepip; on Debian: apt-get install python3 python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo: pyproject.toml | $(VENV)/bin/python
	$(PIP) -e .
	touch $@

$(VENV)/dev: pyproject.toml | $(VENV)/bin/python
	$(PIP) -e '.[dev,model,golden]'
	touch $@ $(VENV)/demo

$(VENV)/bench: $(VENV)/dev
	$(PIP) -e '.[bench]'
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
