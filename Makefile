# Two commands do all: `make reproduce` and `make test`. Each makes .venv if it is missing and installs into it once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: reproduce test install lint bench calibration mutants rates bad-input versions faults doors audit clean

reproduce: $(INSTALLED)
	$(BIN)/theorylab reproduce

test: lint
	$(BIN)/python -m pytest -n 2 --theory-seed random tests paper_checks

install: $(INSTALLED)

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(INSTALLED)
	$(BIN)/python benchmarks/suite.py

calibration: $(INSTALLED)
	$(BIN)/python -m theorylab.evidence.calibration --write docs/calibration.md

mutants: $(INSTALLED)
	@for target in $$($(BIN)/python -c "from theorylab.papers import slugs; print(*slugs())") bench; do $(BIN)/python tests/tools/mutants.py $$target; done
	$(BIN)/python tests/tools/mutants.py --table

rates: $(INSTALLED)
	@for slug in $$($(BIN)/python -c "from theorylab.papers import slugs; print(*slugs())"); do $(BIN)/python tests/tools/claim_rates.py $$slug; done
	$(BIN)/python tests/tools/claim_rates.py --table
	$(BIN)/python tests/tools/claim_rates.py --summary

bad-input: $(INSTALLED)
	$(BIN)/python tests/tools/bad_input.py --cases 200000 --options 5000 --parts 40 --record results/bad_input.jsonl

versions: $(INSTALLED)
	$(BIN)/python tests/tools/reproducible.py --tests

faults: $(INSTALLED)
	$(BIN)/python tests/tools/faults.py

doors: $(INSTALLED)
	$(BIN)/python tests/tools/open_doors.py

# Known vulnerabilities of the pinned versions; a package that cannot be asked about is a failure too.
audit:
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && $(PYTHON) -m venv "$$folder" \
	&& "$$folder/bin/python" -m pip install --quiet --disable-pip-version-check pip-audit \
	&& "$$folder/bin/pip-audit" --strict --no-deps --disable-pip --requirement .ci/constraints.txt

clean:
	rm -rf $(VENV) results build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml .ci/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "theorylab needs Python 3.11 or newer; try: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint .ci/constraints.txt --editable '.[test]'
	touch $@
