# make lint: format, static analysis, shell and manuals.
.PHONY: lint format analyze translations
C_FILES = $(wildcard pam_certauth.c src/*/*.[ch] tests/unit/*.[ch] tests/fuzz/*.c \
	tests/lib/*.[ch] tests/bench/*.c tests/fault/*.[ch])
SH_FILES = $(wildcard tests/*.sh tests/lib/*.sh tests/lib/*.bash \
	packaging/*.sh tests/fault/*.sh tests/fuzz/*.sh \
	tests/install/*.sh tests/release/*.sh etc/*.sh) .ci/run

# Versions of clang-format differ in where they break a line; the format is that
# of this one, and others do not check it.
CLANG_FORMAT ?= clang-format
FORMAT_VERSION = 14
HAVE_FORMAT = $(shell $(CLANG_FORMAT) --version 2>/dev/null | \
	sed 's/.*version \([0-9]*\).*/\1/')

format: ## put every C file into the format of .clang-format
	@[ '$(HAVE_FORMAT)' = $(FORMAT_VERSION) ] || { exec >&2; \
		echo 'make format needs clang-format $(FORMAT_VERSION)'; exit 1; }
	$(CLANG_FORMAT) -style=file -i $(C_FILES)

lint: layers ## format, static analysis, shell scripts, manuals
	@tests/lib/deps.sh lint
	$(if $(filter $(FORMAT_VERSION),$(HAVE_FORMAT)),$(CLANG_FORMAT) \
		-style=file --dry-run --Werror $(C_FILES),@echo 'skipped: the \
	format is that of clang-format $(FORMAT_VERSION), and here is $(HAVE_FORMAT)')
	shellcheck -S warning -x $(SH_FILES)
	shellcheck -S warning -s bash -e SC1091,SC2030,SC2031,SC2154 $(wildcard tests/*.bats)
	@for m in $(MAN); do echo "mandoc -T lint $$m"; \
		mandoc -T lint -W warning "$$m" || exit 1; done
	@$(MAKE) --no-print-directory translations
	$(MAKE) --no-print-directory analyze

# po/certauth.pot has the texts of the sources, and each language has all of them.
translations: ## check that each language is complete
	@tests/lib/deps.sh translate
	@packaging/pot.sh '$(XGETTEXT)' '$(USER_SRC)' '$(MARKED_SRC)' '$(B)/now.pot'
	@for f in '$(B)/now.pot' po/certauth.pot; do \
		grep -v '^"POT-Creation-Date' "$$f" >'$(B)'/$${f##*/}.texts; done; \
		cmp -s '$(B)/now.pot.texts' '$(B)/certauth.pot.texts' || { \
		echo 'po/certauth.pot is not what the sources have: run make pot'; \
		exit 1; }
	@for p in po/*.po; do packaging/po.sh "$$p" || exit 1; done

# clang-tidy, cppcheck and gcc -fanalyzer; what is suppressed has its reason
# beside the line.  Leaks are not gcc's to find: gcc 12 loses a pointer that is
# stored in an array; LeakSanitizer, valgrind and fault injection look for them.
analyze: analyze-gcc ## static analysis: clang-tidy, cppcheck, gcc
	@printf '%s\n' pam_certauth.c $(LIB_SRC) $(MAIN_SRC) | \
		xargs -P $$(nproc) -I{} clang-tidy --quiet {} -- \
		-std=c11 $(CPPFLAGS_ALL) 2>/dev/null
	cppcheck --quiet --std=c11 --enable=warning,performance,portability \
		--error-exitcode=1 --inline-suppr --suppress=missingIncludeSystem \
		--suppress=normalCheckLevelMaxBranches \
		-D__linux__ -DCA_VERSION='"0"' -Isrc pam_certauth.c src

.PHONY: analyze-gcc
analyze-gcc: ## static analysis by gcc alone
	@printf '%s\n' pam_certauth.c $(LIB_SRC) $(MAIN_SRC) | \
		xargs -P $$(nproc) -n 1 $(CC) -std=c11 -O2 $(CPPFLAGS_ALL) \
		-fanalyzer -Wno-analyzer-malloc-leak -Werror -c -o /dev/null
