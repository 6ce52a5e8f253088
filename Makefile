# pam_certauth: `make`, `make check`, `make demo`, `make install`, `make help`.

VERSION = 0.1.0

B ?= build
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR ?=
CC ?= cc
PKG_CONFIG ?= pkg-config
SHELL = /bin/sh

# Where Linux-PAM looks for modules: its own library directory, which is
# multiarch on Debian and lib64 on Fedora.  Some versions of clang know only the
# name of their target, which has one word more.
MULTIARCH := $(or $(shell $(CC) -print-multiarch 2>/dev/null),$(shell \
	$(CC) -dumpmachine 2>/dev/null | \
	sed 's/^i[4-6]86-/i386-/; s/-pc-/-/; s/-unknown-/-/'))
PAMDIR ?= $(firstword $(wildcard $(if $(MULTIARCH),\
	/usr/lib/$(MULTIARCH)/security /lib/$(MULTIARCH)/security) \
	/usr/lib64/security /lib64/security) /usr/lib/security)
BINDIR ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec
MANDIR ?= $(PREFIX)/share/man
LOCALEDIR ?= $(PREFIX)/share/locale

ifeq ($(V),1)
Q =
say = @:
else
Q = @
say = @printf '  %-7s %s\n'
endif

# ---- flags ----

WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wvla -Wundef -Wformat=2 \
	-Wmissing-format-attribute \
	-Wno-missing-field-initializers
ifneq ($(CI)$(WERROR),)
WARN += -Werror
endif
# OPT and SAN are there to be replaced: make OPT=-O0 SAN=-fsanitize=address
OPT ?= -O2 -g
SAN ?=
# Fortified functions want an optimising compiler.  A level that the compiler or
# the flags of a distribution set stays as it is.
DEFINED := $(shell $(CC) $(CPPFLAGS) $(OPT) $(CFLAGS) -dM -E -x c /dev/null \
	2>/dev/null | grep -owE '__OPTIMIZE__|_FORTIFY_SOURCE')
ifeq ($(SAN)$(findstring _FORTIFY_SOURCE,$(DEFINED) $(CPPFLAGS) $(OPT) $(CFLAGS)),)
FORTIFY ?= $(if $(DEFINED),-D_FORTIFY_SOURCE=2)
endif
# The flags of $(1) that the compiler knows for its machine.
knows = $(foreach f,$(1),$(shell $(CC) -Werror $(f) -c -x c -o /dev/null \
	/dev/null 2>/dev/null && echo '$(f)'))
HARDEN_KNOWN := $(call knows,-fstack-protector-strong \
	-fstack-clash-protection -fcf-protection -mbranch-protection=standard)
HARDEN_C = $(FORTIFY) $(HARDEN_KNOWN)
HARDEN_LD = -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack

have = $(shell $(PKG_CONFIG) --exists $(1) 2>/dev/null && echo 1)
CERTMAP := $(call have,sss_certmap)
IDN2 := $(call have,libidn2)
LDAP := $(call have,ldap lber libsasl2)

CPPFLAGS_ALL = -D_GNU_SOURCE -DCA_VERSION='"$(VERSION)"' \
	-DCA_SYSCONFDIR='"$(SYSCONFDIR)/certauth"' \
	-DCA_HELPER='"$(LIBEXECDIR)/certauth/certauth-sign"' \
	-DCA_LIBEXECDIR='"$(LIBEXECDIR)/certauth"' \
	-DCA_LOCALEDIR='"$(LOCALEDIR)"' \
	-DOPENSSL_API_COMPAT=30000 -DOPENSSL_NO_DEPRECATED \
	$(if $(CERTMAP),-DHAVE_SSS_CERTMAP) \
	$(if $(IDN2),-DHAVE_IDN2) -Isrc \
	$(shell $(PKG_CONFIG) --cflags p11-kit-1 libpcsclite 2>/dev/null) $(CPPFLAGS)
CFLAGS_ALL = -std=c11 -fPIC -fvisibility=hidden $(WARN) $(OPT) $(HARDEN_C) \
	$(SAN) $(CFLAGS)
# With -flto alone, gcc links by one job and warns of that.
LTO_JOBS := $(if $(filter -flto,$(OPT) $(CFLAGS)),$(call knows,-flto=auto))
LDFLAGS_ALL = $(HARDEN_LD) $(SAN) $(LTO_JOBS) $(LDFLAGS)

LIBS_BASE = -lcrypto -lcdb
LIBS_CERTMAP = $(if $(CERTMAP),-lsss_certmap)
LIBS_MODULE = -lpam
LIBS_VERIFIER = $(LIBS_CERTMAP) $(LIBS_BASE)
LIBS_CLI = $(LIBS_CERTMAP) $(if $(IDN2),-lidn2) -lp11-kit -lpam $(LIBS_BASE)

# ---- sources ----

MAIN_SRC = src/cli/main.c src/cli/trylog.c src/fetch/fetchmain.c src/sign/signmain.c \
	src/confine/confinemain.c src/verifier/main.c src/verifier/sys.c $(LDAP_SRC)
# what needs libldap: without it, everything else is built
LDAP_SRC = src/ldap/ldapmain.c src/ldap/ldappull.c src/ldap/ldapentry.c \
	src/ldap/ldapconnect.c src/ldap/ldapreach.c src/ldap/ldaptls.c \
	src/ldap/ldapexplain.c src/ldap/ldapwhy.c
LIB_SRC := $(filter-out $(MAIN_SRC),$(wildcard src/*/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o)
LIB = $(B)/libcertauth.a
MODULE = $(B)/pam_certauth.so
CLI = $(B)/certauth
FETCH = $(B)/certauth-fetch
LDAPPULL = $(B)/certauth-ldap
VERIFIER = $(B)/certauth-verifier
SIGN = $(B)/certauth-sign
CONFINE = $(B)/certauth-confine
UNIT := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,\
	$(wildcard tests/unit/test_*.c))
MAN := $(wildcard src/man/*.[1578])

.PHONY: all module cli fetch ldap sign confine verifier unit-programs
all: module cli fetch ldap sign confine verifier catalogs ## build the module and all programs
module: $(MODULE) ## build the PAM module alone
cli: $(CLI) ## build certauth alone
fetch: $(FETCH) ## build certauth-fetch alone
ldap: $(if $(LDAP),$(LDAPPULL)) ## build certauth-ldap alone, if libldap is there
	@$(if $(LDAP),:,echo '  certauth-ldap is not built: it needs libldap and libsasl2')
sign: $(SIGN) ## build certauth-sign alone
confine: $(CONFINE) ## build certauth-confine alone
verifier: $(VERIFIER) ## build certauth-verifier alone
unit-programs: $(UNIT) ## build the unit tests

# No object is removed after use: an unchanged tree compiles nothing.
.SECONDARY:

# The folder may be named relatively or absolutely: what was compiled under one
# name has its headers under the other too.
DEPS_OF = -MT $(patsubst $(CURDIR)/%,%,$(abspath $@)) -MT $(abspath $@)

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP $(DEPS_OF) -c -o $@ $<

# Which objects it is made of, so that a source that goes away is missed.
$(B)/objects: FORCE
	@mkdir -p $(@D); echo '$(LIB_SRC)' | cmp -s - $@ || \
		echo '$(LIB_SRC)' >$@
.PHONY: FORCE

# Which paths are compiled in: what names one is compiled again when it changes,
# since `make` and then `make install PREFIX=/usr` is how people install.
PATHS = $(SYSCONFDIR) $(BINDIR) $(LIBEXECDIR) $(LOCALEDIR)
PATH_OBJ := $(patsubst %.c,$(B)/%.o,$(shell grep -lE \
	'CA_(SYSCONFDIR|HELPER|LIBEXECDIR|LOCALEDIR)' $(LIB_SRC) $(MAIN_SRC) \
	pam_certauth.c tests/unit/*.c tests/fuzz/*.c))
$(B)/paths: FORCE
	@mkdir -p $(@D); echo '$(PATHS)' | cmp -s - $@ || echo '$(PATHS)' >$@
$(PATH_OBJ): $(B)/paths

$(LIB): $(LIB_OBJ) $(B)/objects
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $(LIB_OBJ)

# The module takes from the archive what it uses: no libcrypto, no parser.
$(MODULE): $(B)/pam_certauth.o $(LIB) src/pam_certauth.map
	$(say) LD $@
	$(Q)$(CC) -shared $(CFLAGS_ALL) $(LDFLAGS_ALL) \
		$(if $(SAN),,-Wl,-z,defs) \
		-Wl,--version-script=src/pam_certauth.map -Wl,--as-needed \
		-o $@ $(B)/pam_certauth.o $(LIB) $(LIBS_MODULE)

# trylog.c takes the place of syslog(3): in this program alone.
CLI_OBJ = $(B)/src/cli/main.o $(B)/src/cli/trylog.o
$(CLI): $(CLI_OBJ) $(LIB)
	$(say) LD $@
	$(Q)$(CC) -pie $(CFLAGS_ALL) $(LDFLAGS_ALL) -Wl,--as-needed \
		-o $@ $(CLI_OBJ) $(LIB) $(LIBS_CLI)
	$(Q)ln -sf certauth $(@D)/certauth-askpass
	$(Q)ln -sf certauth $(@D)/certauth-ssh

# Its own sys.o comes before that of the archive.
VERIFIER_OBJ = $(B)/src/verifier/main.o $(B)/src/verifier/sys.o
$(VERIFIER): $(VERIFIER_OBJ) $(LIB)
	$(say) LD $@
	$(Q)$(CC) -pie $(CFLAGS_ALL) $(LDFLAGS_ALL) -Wl,--as-needed \
		-o $@ $(VERIFIER_OBJ) $(LIB) $(LIBS_VERIFIER)

# libcurl stays out of the tool that users run, and of root's hands.
$(FETCH): $(B)/src/fetch/fetchmain.o $(LIB)
	$(say) LD $@
	$(Q)$(CC) -pie $(CFLAGS_ALL) $(LDFLAGS_ALL) -Wl,--as-needed \
		-o $@ $(B)/src/fetch/fetchmain.o $(LIB) -lcurl -lcrypto

# libldap, libsasl2 and what they load stay out of root's hands too.
LDAP_OBJ = $(LDAP_SRC:%.c=$(B)/%.o)
$(LDAPPULL): $(LDAP_OBJ) $(LIB)
	$(say) LD $@
	$(Q)$(CC) -pie $(CFLAGS_ALL) $(LDFLAGS_ALL) -Wl,--as-needed \
		-o $@ $(LDAP_OBJ) $(LIB) -lldap -llber -lcrypto
# src/ldap/ldaprun.c says why
	$(Q)chmod 0711 $@

# What a login waits for, and what handles a PIN: two libraries.
$(SIGN): $(B)/src/sign/signmain.o $(LIB)
	$(say) LD $@
	$(Q)$(CC) -pie $(CFLAGS_ALL) $(LDFLAGS_ALL) -Wl,--as-needed \
		-o $@ $(B)/src/sign/signmain.o $(LIB) -lp11-kit -lcrypto

# Between the module and a helper that is confined: libc alone.
$(CONFINE): $(B)/src/confine/confinemain.o $(LIB)
	$(say) LD $@
	$(Q)$(CC) -pie $(CFLAGS_ALL) $(LDFLAGS_ALL) -Wl,--as-needed \
		-o $@ $(B)/src/confine/confinemain.o $(LIB)

# Without LTO: a unit test replaces functions of libc, and the compiler does not know
# that a failed assertion of cmocka ends the test.
$(B)/tests/unit/%.o: CFLAGS_ALL += -fno-lto
$(B)/tests/unit/%: $(B)/tests/unit/%.o $(LIB)
	$(say) LD $@
	$(Q)$(CC) -pie $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(LIB) -lcmocka \
		$(LIBS_CLI)

# not those of the roots of other releases, where other files end in .d
-include $(shell find $(B) -path '$(B)/release' -prune -o -name '*.d' -type f \
	-print 2>/dev/null)

# ---- tests ----

.PHONY: check unit deps layers demo clean help
# What a target needs that is not installed, it installs, and says so.
deps: ## install what the build needs
	@tests/lib/deps.sh build

# T: shell patterns of names, of unit tests without test_: make check T='crl*'
# SERVICES=yes: install mail servers, databases and the like too, for the tests that are
# skipped without them
check: ## install what the tests need, build, test; T='crl*': only those
	@tests/lib/deps.sh check $(if $(SERVICES),services)
	@tests/lib/samples.sh '$(B)'
	@T='$(T)' CERTAUTH_VERIFIER='$(if $(WAY),verifier=$(WAY))' \
		tests/check.sh '$(B)'

unit: unit-programs ## run the unit tests alone, as package builds do
	@for t in $(UNIT); do echo "$${t##*/}"; \
		CMOCKA_MESSAGE_OUTPUT=STDOUT $$t >$$t.out 2>&1 || \
		{ cat $$t.out; exit 1; }; done

demo: ## a login over ssh, from nothing, in a scratch folder
	@tests/lib/deps.sh demo
	@$(MAKE) --no-print-directory B='$(B)' all \
		'$(B)/tests/lib/devlog' $(TEST_VERIFIER)
	@tests/demo.sh '$(B)'

layers: ## check the structure of src: rooms, circles, names, sizes
	@python3 tests/lib/layers.py

clean: ## remove the build folder
	rm -rf '$(B)'

# Every target with its comment; tests/make.bats compares with .PHONY.
help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## \(.*\)/\1 \2/p' $(MAKEFILE_LIST) | \
		while read -r target text; do \
		printf 'make %-17s %s\n' "$$target" "$$text"; done
	@echo 'Variables: B=$(B) DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)'
	@echo '           PAMDIR=$(PAMDIR) SYSCONFDIR=$(SYSCONFDIR)'
	@echo '           V=1 shows commands, WERROR=1 makes warnings errors'

include $(wildcard tests/*.mk packaging/*.mk)
