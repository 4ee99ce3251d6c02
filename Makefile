# SPDX-License-Identifier: LGPL-2.1-or-later
# A thin face for meson and ninja.
#
#   make            build
#   make audit      install what the build needs (as root), build, and look at this host
#   make check      the same, then every test
#   make check-browser  the page of doorward report in a headless Chromium, with what npm brings
#   make install    DESTDIR= PREFIX=/usr LIBDIR=lib/x86_64-linux-gnu, or what this distribution calls it
#   make uninstall  takes away what the last install put there
#   make deb        Debian packages, into dist/
#   make check-deb  the same, as root, and they are built twice, installed in a small root, upgraded and purged in a booted guest
#   make format     lay the C files out anew (clang-format)
BUILD ?= build
PREFIX ?= /usr
DESTDIR ?=

# Where this distribution's loader and pkg-config look: Debian's is lib/x86_64-linux-gnu, which meson knows by a tool of dpkg-dev.
multiarch = $(shell $(or $(CC),cc) -print-multiarch 2>/dev/null)
LIBDIR ?= $(if $(and $(wildcard /etc/debian_version),$(multiarch)),lib/$(multiarch))
libdir = $(if $(LIBDIR),--libdir=$(LIBDIR))

.PHONY: all audit check check-browser check-deb install uninstall deb format clean build-dependencies

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	meson setup $(BUILD) --prefix=$(PREFIX) $(libdir)

build-dependencies:
	packaging/install-packages packaging/build-packages

# 0, 1 and 3 are answers of doorward; the rest are failures.
audit: build-dependencies
	@test -e $(BUILD)/build.ninja || meson setup $(BUILD) --prefix=$(PREFIX) $(libdir)
	ninja -C $(BUILD) doorward
	@root=; [ "$$(id -u)" = 0 ] || ! sudo -n true 2>/dev/null || root='sudo -n'; \
	status=0; $$root $(BUILD)/doorward audit || status=$$?; \
	case $$status in \
	0) echo "exit status 0: nothing to do" ;; \
	1) echo "exit status 1: something should be closed, restricted or investigated" ;; \
	3) echo "exit status 3: nothing found to do, but not everything could be seen" ;; \
	*) echo "doorward failed with exit status $$status" >&2; exit $$status ;; \
	esac

check:
	packaging/install-packages packaging/build-packages packaging/test-packages tests/guests/packages tests/vm/packages
	tests/check

# No part of check: a browser and npm are 450 packages and 66 MB more, what npm fetches 80 MB. Debian's npm and that of others exclude each other: any will do.
check-browser: $(BUILD)/build.ninja
	packaging/install-packages packaging/build-packages tests/report/packages
	command -v npm >/dev/null || packaging/install-packages tests/report/node-packages
	ninja -C $(BUILD) tests/report/make-page
	tests/report/browser $(BUILD)

# The tests are not built for it.
install: $(BUILD)/build.ninja
	packaging/set-prefix $(BUILD) $(PREFIX) $(LIBDIR)
	ninja -C $(BUILD) installed
	DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild --quiet

# Units, changes and what is below /var/lib/doorward stay as they are: docs/undoing.md.
# The log of the last install has no directories that an earlier one made: those of our own name go once they are empty.
uninstall:
	ninja -C $(BUILD) uninstall
	@sed -n 's,^\(/.*/\(include\|share\)/doorward\)/.*,\1,p' $(BUILD)/meson-logs/install-log.txt | sort -u | \
	while read -r own; do [ ! -d "$$own" ] || find "$$own" -depth -type d -empty -delete; done

deb: build-dependencies
	packaging/install-packages packaging/deb-packages
	packaging/make-deb dist
	lintian --allow-root --fail-on error,warning dist/*.changes

check-deb: deb
	packaging/install-packages tests/guests/packages tests/packaging/packages
	tests/packaging/same dist
	tests/packaging/installed dist
	tests/packaging/booted dist

format:
	git ls-files -co --exclude-standard "*.c" | xargs clang-format -i

clean:
	rm -rf dist $(BUILD) build-clang build-sanitize
