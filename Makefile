# Plait. `make help` lists what can be made; CONTRIBUTING.md says more.
# Build products go to .build*/ (SwiftPM's) and build/; a wheel that is made by hand to bindings/python/dist/.

SHELL := /bin/bash -euo pipefail
.DEFAULT_GOAL := all

SWIFT ?= swift
PYTHON ?= python3
# Where `make install` puts things; DESTDIR goes before it all, for packagers.
PREFIX ?= /usr/local
DESTDIR ?=
LIB ?= lib
# Tests that run at a time.
JOBS ?= $(shell nproc)

export PYTHONDONTWRITEBYTECODE := 1
export SWIFT_BACKTRACE := enable=no
# Bootstrap sees to it that the headers of OpenSSL, expat and libidn are there: Package.swift need not look.
export PLAIT_OPENSSL := 1
export PLAIT_XMPP := 1

VERSION := $(shell sed -n 's/^\#define PLAIT_VERSION_STRING "\(.*\)"/\1/p' include/plait/version.h)
SOURCES := $(shell find Package.swift Sources include -type f 2>/dev/null)
# Naming traits drops the defaults, so they are spelled out.
PRODUCT := -c release --omit-frame-pointers --disable-default-traits --traits Embedded,TLS,XMPP --experimental-lto-mode full --product plait-static
LIBRARY := build/lib/libplait.so.$(VERSION)
STAGE := $(CURDIR)/build/stage
TOOLS := $(patsubst tools/%.c,build/bin/%,$(wildcard tools/*.c))
C_FILES := $(wildcard Sources/CSystem/*.c Sources/CSystem/include/*.h Sources/CLibuv/*.h Sources/COpenSSL/*.h Sources/CExpat/*.h Sources/CIDN/*.h examples/c/*.[ch] \
    Tests/c/*.[ch] Tests/proof/*.[ch] Tests/fuzz/*.[ch] \
    benchmarks/*.[ch] benchmarks/servers/*.[ch] benchmarks/clients/*.[ch] tools/*.c)
SHELL_FILES := $(shell grep -lE '^\#!/usr/bin/env bash' .ci/* scripts/* Tests/*/* benchmarks/* 2>/dev/null)
SWIFT_DIRECTORIES := $(wildcard Package.swift Sources Tests)

all: $(LIBRARY) $(TOOLS) build/docs/man/ready  ## build libplait.so, libplait.a and the man pages (the default)

# The archive is made by the same rule, before this one's timestamp.
$(LIBRARY): $(SOURCES) pkgconfig/plait.map scripts/build-library scripts/build-object scripts/build-archive
	scripts/bootstrap build
	$(SWIFT) build $(PRODUCT)
	scripts/build-library .build/release build/lib
	touch $@

build/bin/%: tools/%.c $(LIBRARY)
	@mkdir -p build/bin
	$(CC) -O2 -std=c99 -Wall -Wextra -pedantic $(CPPFLAGS) -Iinclude -o $@ $< -Lbuild/lib -lplait $(LIBS) -Wl,-rpath,'$$ORIGIN/../$(LIB)'

build/bin/plait-ftpd: LIBS := -lcrypt -lpthread
build/bin/plait-ftpd build/bin/plait-ftp: CPPFLAGS := -D_GNU_SOURCE

# What tests, examples and the demo are built against: an installed tree, as a user has it.
stage: $(LIBRARY) $(TOOLS)
	@scripts/install "" $(STAGE) lib >/dev/null
	@echo "staged in build/stage"

bundled: $(LIBRARY)  ## a libplait.so that needs nothing but libc, and the licences of what is inside, in build/bundled
	scripts/build-bundled build/lib build/bundled

wheel: bundled build/venv/ready  ## a wheel for every Linux with this libc, and a source distribution, in build/wheel
	PLAIT_LIBRARY=$(CURDIR)/build/bundled/libplait.so build/venv/bin/python bindings/python/build_wheel.py --no-isolation --output build/wheel
	build/venv/bin/python bindings/python/build_wheel.py --sdist --output build/wheel

demo: stage  ## chat over TCP between nc, C and Python; SERVE=1 keeps serving for you to join
	scripts/bootstrap demo
	PYTHON=$(PYTHON) scripts/demo $(if $(filter 1,$(SERVE)),serve)

test: test-swift test-c test-proof test-fuzz test-python test-interop  ## all tests but the long ones

test-swift:  ## unit tests, by the ordinary Swift build
	scripts/bootstrap build
	$(SWIFT) test --scratch-path .build-test

test-c: stage  ## C tests and examples against a staged install, under valgrind
	scripts/bootstrap build test
	JOBS=$(JOBS) Tests/c/run

test-python: stage build/venv/ready  ## Python tests
	PLAIT_LIBRARY=$(CURDIR)/$(LIBRARY) PYTHONPATH=$(CURDIR)/bindings/python build/venv/bin/python -m pytest -q Tests/python

test-interop: stage build/venv/ready  ## real peers: nc, C, Python and Twisted talk with each other
	scripts/bootstrap test
	PLAIT_LIBRARY=$(CURDIR)/$(LIBRARY) PYTHONPATH=$(CURDIR)/bindings/python build/venv/bin/python -m pytest -q Tests/interop

test-proof: stage build/venv/ready  ## misuse, re-entry, faults, and the framers beside Twisted's
	scripts/bootstrap build test
	PYTHON=$(CURDIR)/build/venv/bin/python PLAIT_LIBRARY=$(CURDIR)/$(LIBRARY) Tests/proof/run

test-fuzz:  ## the fuzzers on their kept inputs
	scripts/bootstrap build test
	Tests/fuzz/run

build/venv/ready: $(wildcard Tests/python/requirements.txt Tests/interop/requirements.txt)
	scripts/bootstrap test
	$(PYTHON) -m venv build/venv
	build/venv/bin/pip install --quiet --disable-pip-version-check $(addprefix -r ,$^)
	touch $@

soak: stage build/venv/ready  ## the long tests
	scripts/bootstrap build test
	for round in 1 2 3 4 5 6 7 8 9 10; do JOBS=$(JOBS) Tests/c/run; done
	SOAK=1 PYTHON=$(CURDIR)/build/venv/bin/python PLAIT_LIBRARY=$(CURDIR)/$(LIBRARY) Tests/proof/run
	Tests/fuzz/run 600
	for folder in python interop; do \
	    PLAIT_SOAK=1 PLAIT_LIBRARY=$(CURDIR)/$(LIBRARY) PYTHONPATH=$(CURDIR)/bindings/python build/venv/bin/python -m pytest -q Tests/$$folder; \
	done

sanitize: stage build/venv/ready  ## Swift, C and Python tests under the address and thread sanitizers
	scripts/bootstrap build test
	for kind in address thread; do \
	    $(SWIFT) test --scratch-path .build-$$kind --sanitize=$$kind --disable-xctest; \
	    scripts/build-sanitized $$kind; \
	    JOBS=$(JOBS) Tests/c/run $$kind; \
	    PYTHON=$(CURDIR)/build/venv/bin/python Tests/python/sanitized $$kind; \
	done

bench: stage build/venv/ready  ## measure against other libraries, in turn
	scripts/bootstrap build bench
	PYTHON=$(CURDIR)/build/venv/bin/python PLAIT_LIBRARY=$(CURDIR)/$(LIBRARY) benchmarks/run $(BENCH)
	PYTHON=$(CURDIR)/build/venv/bin/python PLAIT_LIBRARY=$(CURDIR)/$(LIBRARY) benchmarks/memcached
	PYTHON=$(CURDIR)/build/venv/bin/python PLAIT_LIBRARY=$(CURDIR)/$(LIBRARY) benchmarks/irc
	PYTHON=$(CURDIR)/build/venv/bin/python PLAIT_LIBRARY=$(CURDIR)/$(LIBRARY) benchmarks/xmpp
	PLAIT_LIBRARY=$(CURDIR)/$(LIBRARY) benchmarks/socks
	PYTHON=$(CURDIR)/build/venv/bin/python benchmarks/ftp
	$(PYTHON) benchmarks/ftp_client
	PLAIT_LIBRARY=$(CURDIR)/$(LIBRARY) benchmarks/bandwidth

fuzz:  ## run the fuzzers for TIME seconds each (60)
	scripts/bootstrap build test
	Tests/fuzz/run $(or $(TIME),60)

coverage:  ## run the Swift tests, one by one, and print the lines and branches that they reach
	scripts/bootstrap build
	$(SWIFT) test --scratch-path .build-coverage --enable-code-coverage --no-parallel
	scripts/coverage .build-coverage

lint: $(LIBRARY)  ## check layout, headers, symbols, imports, scripts and what the library needs
	scripts/bootstrap lint
	scripts/check-headers
	scripts/abi check $(LIBRARY)
	scripts/check-imports
	scripts/check-files
	scripts/check-library build/lib
	scripts/check-hot .build/release/libplait.so
	$(SWIFT) format lint --strict --parallel --recursive $(SWIFT_DIRECTORIES)
	clang-format --dry-run --Werror $(C_FILES)
	shellcheck $(SHELL_FILES)

format:  ## lay out Swift and C sources
	scripts/bootstrap lint
	$(SWIFT) format --in-place --parallel --recursive $(SWIFT_DIRECTORIES)
	clang-format -i $(C_FILES)

docs: build/docs/man/ready build/docs/html/index.html  ## man pages and HTML, from the headers, into build/docs

build/docs/man/ready: $(wildcard include/plait/*.h) scripts/man.py scripts/headers.py
	scripts/bootstrap man
	rm -rf build/docs/man
	python3 scripts/man.py $(VERSION) build/docs/man/man3
	touch $@

build/docs/html/index.html: $(wildcard include/plait/*.h docs/*) scripts/docs
	scripts/bootstrap docs
	scripts/docs $(VERSION) build/docs

install: all  ## install below PREFIX (/usr/local), with DESTDIR before it
	scripts/install "$(DESTDIR)" "$(PREFIX)" "$(LIB)"

uninstall: build/docs/man/ready  ## remove what install put there
	UNINSTALL=1 scripts/install "$(DESTDIR)" "$(PREFIX)" "$(LIB)"

clean:  ## remove all that was built
	rm -rf .build .build-* build bindings/python/dist

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: all stage bundled wheel demo test test-swift test-c test-python test-interop test-proof test-fuzz soak sanitize bench fuzz coverage lint format docs \
    install uninstall clean help
# One swift build at a time, and tests that do not disturb each other; tests run in parallel inside their target.
.NOTPARALLEL:
