# make          set up, build the site, release the assignments, grade a sample class
# make test     set up, pass the tests
# make help     the rest

PYTHON ?= $(shell for p in python3.11 python3.12 python3; do \
            command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' \
            2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
