# make        set up, build the site, release the assignments, grade a sample class
# make test   set up, pass the tests
# make help   the rest

PYTHON ?= $(shell for p in python3.11 python3.12 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null \
	&& { echo $$p; break; }; done)
BIN := .venv/bin
READY := .venv/.ready
JUPYTER := .venv/etc/jupyter/jupyter_server_config.d
PORT ?= 8000
# one thread a process: more of them are in each other's way
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --dist loadscope --no-loadscope-reorder
# in a browser; most of them on the whole site
ON_SITE := $(addprefix tests/test_,site.py in_page.py playground.py explore.py predict.py widgets.py hero.py \
	browser.py unseen.py search.py pdf.py solutions_run.py lighthouse.py)
# with nothing beside it
TIMED := tests/test_lighthouse.py
EXERCISES := tests/test_exercises.py

BOOK := _config.yml _toc.yml $(shell find book -type f -not -name '*.pyc')
LAB := $(shell find lab -type f -not -name '*.pyc')
GRADER := nbgrader_config.py $(shell find autograder -name '*.py')
SOURCES := $(shell find solutions assignments/*/exercises assignments/*/data -type f -not -name '*.pyc')

.DEFAULT_GOAL := all
# bytecode is kept, wherever this runs: the tests start hundreds of short processes
unexport PYTHONDONTWRITEBYTECODE

.PHONY: all setup bytecode own-code browser-packages site pdf experiments release sample serve test test-nightly \
	nightly-grading nightly-site nightly-exercises test-cuda format bench clean help

all: _build/html/.done _build/sample/results.jsonl
	@echo
	@echo "The site:            _build/html/index.html   (make serve: http://localhost:$(PORT))"
	@echo "The assignments:     $(wildcard assignments/*/*.ipynb)"
	@echo "Results of a class:  _build/sample/results.jsonl"
	@echo "Feedback:            _build/sample/feedback/STUDENT/ASSIGNMENT/ASSIGNMENT.html"
	@echo "The gradebook:       _build/sample/gradebook.db"

help:
	@echo "make            set up, build the site, release the assignments, grade a sample class"
	@echo "make setup      the set-up alone: a virtual environment in .venv"
	@echo "make site       build the site into _build/html"
	@echo "make pdf        print the whole book from the site into one PDF (needs Chromium)"
	@echo "make serve      show the site on localhost (PORT=8000)"
	@echo "make experiments  run the long experiments that are not yet on record"
	@echo "make release    make the students' notebooks from solutions/"
	@echo "make sample     write and grade a sample class in _build/sample"
	@echo "make test       all tests (needs bubblewrap and Chromium; installs them where it may)"
	@echo "make test-nightly  what takes hours: every mistake on fifty seeds, every attack, the whole site"
	@echo "make test-cuda  the checks that need a CUDA device; fails without one"
	@echo "make format     lay out the code as the tests want it"
	@echo "make bench      time of grading, as a ratio to stock nbgrader"
	@echo "make clean      remove what was built, but not .venv"

# ---- set-up

setup: $(READY)

$(READY): requirements.txt requirements.lock pyproject.toml autograder/grading/display/formgrader.json \
		book/browser/package-lock.json book/browser/snapshot.mjs tools/browser-packages tools/node-packages
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed: install it, or name it with make PYTHON=..." >&2; exit 1; }
	@test -x $(BIN)/python || { echo "making .venv with $(PYTHON)"; $(PYTHON) -m venv .venv; }
	@echo "installing requirements (a few minutes the first time)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-compile -r requirements.txt -c requirements.lock
	@$(MAKE) -s -j3 bytecode own-code browser-packages
	@touch $@

bytecode:  # on all cores; some files are for other Pythons, and nobody runs the packages' own tests
	@$(BIN)/python -m compileall -q -j 0 -x '/tests/' .venv/lib > /dev/null || true

own-code:
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@cp autograder/grading/display/formgrader.json $(JUPYTER)/training-neural-networks.json  # read after nbgrader.json

browser-packages:
	@tools/browser-packages

# ---- the site: a page runs once; it runs again if its code or a module that it imports changes

site: _build/html/.done

_build/html/.done: $(BOOK) $(LAB) _build/.released | $(READY)
	@echo "building the site (about ten minutes the first time, seconds later)"
	$(BIN)/jupyter-book build . -W -n --keep-going || { rm -rf _build/.doctrees; exit 1; }
	@touch $@

pdf: _build/html/.done
	@tools/debian-packages chromium=chromium
	$(BIN)/python -m book.pdf

experiments: $(READY)
	$(BIN)/python -m lab.experiments

serve: _build/html/.done
	@echo "http://localhost:$(PORT)   (stop with Ctrl-C)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

# ---- the assignments, and a class to grade

release: _build/.released

_build/.released: $(GRADER) $(SOURCES) | $(READY)
	$(BIN)/autograder release
	@mkdir -p _build && touch $@

sample: _build/sample/results.jsonl

_build/sample/results.jsonl: _build/.released
	@tools/debian-packages bwrap=bubblewrap
	@rm -rf _build/sample
	$(BIN)/autograder sample-class _build/sample/submitted
	$(BIN)/autograder grade --submissions _build/sample/submitted --results $@

# ---- checks

test:
	@tools/debian-packages bwrap=bubblewrap chromium=chromium chromedriver=chromium-driver & \
		$(MAKE) -s setup && wait $$!  # side by side: neither needs the other
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(PYTEST) -n 3 $(addprefix --ignore ,$(ON_SITE))
	$(MAKE) site
	$(PYTEST) -n 3 $(ON_SITE)

# Three parts, each of which can run on a machine of its own.
test-nightly: nightly-grading nightly-site nightly-exercises

nightly-grading: $(READY)
	@tools/debian-packages bwrap=bubblewrap pg_ctlcluster=postgresql
	$(PYTEST) -n auto -m nightly $(addprefix --ignore ,$(ON_SITE) $(EXERCISES))

nightly-site: _build/html/.done
	@tools/debian-packages bwrap=bubblewrap chromium=chromium chromedriver=chromium-driver
	$(PYTEST) -n auto -m nightly $(filter-out $(TIMED),$(ON_SITE))
	$(PYTEST) -m nightly $(TIMED)

nightly-exercises: $(READY)
	@tools/debian-packages bwrap=bubblewrap
	$(PYTEST) -n auto -m nightly $(EXERCISES)

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test-cuda: $(READY)
	@tools/debian-packages bwrap=bubblewrap
	AUTOGRADER_REQUIRE_CUDA=1 $(BIN)/python -m pytest -m cuda

bench: $(READY)
	@tools/debian-packages bwrap=bubblewrap
	$(BIN)/python -m tests.bench

clean:
	rm -rf _build
