# Everything happens in .venv, which the targets make and keep up to date by themselves.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PORT := 5000
# pip must build every distribution with the pinned setuptools, too.
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
PROJECTS := pyproject.toml plugins/numpy-mlp/pyproject.toml plugins/keras-cnn/pyproject.toml \
	plugins/sklearn/pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help demo install test lint format bench ui clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

demo: install ## install if need be, then run the paper's 540-trial grid on Iris
	$(BIN)/gridwright -m experiment=paper/iris

install: .venv/installed ## make .venv with the platform and its plugins

.venv/installed: $(PROJECTS) constraints.txt Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo >&2 \
		"Gridwright needs Python 3.11 or newer, but $(PYTHON) is older: make PYTHON=python3.11"; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev]' \
		--editable plugins/numpy-mlp --editable plugins/keras-cnn --editable plugins/sklearn
	# pip compiles what it installs, but not what it only points to.
	$(BIN)/python -m compileall -q platform plugins conf
	touch $@

# Many tests wait for Ray, a server or a killed process: three at a time fill the gaps of two cores.
test: install ## run every test, slow ones too
	$(BIN)/python -m pytest -m "not benchmark and not alone" -n 3 --dist loadfile
	$(BIN)/python -m pytest -m "not benchmark and alone"

lint: install ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install ## let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install ## measure against named peers, side by side
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	$(BIN)/python -m pytest -m benchmark -s

# MLflow ends with status 0 where its port is taken, so it is asked for first.
ui: install ## open MLflow's UI on this folder's runs, at http://127.0.0.1:5000 (or PORT=5001)
	@$(BIN)/python -c 'import socket; socket.create_server(("127.0.0.1", $(PORT))).close()' 2>/dev/null || { \
		echo >&2 "port $(PORT) is taken, perhaps by another MLflow: make ui PORT=5001"; exit 2; }
	PATH="$(CURDIR)/$(BIN):$$PATH" mlflow ui --port $(PORT)

clean: ## remove the environment and everything that was built, but no runs
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache
