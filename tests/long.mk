# Test runs that take longer than `make check`, and timings.
.PHONY: check-compilers check-fault check-load check-mutants check-sanitizers coverage bench \
	bench-directory bench-sessions bench-wire pictures
check-compilers: ## build and unit tests by gcc and clang, at each -O, with LTO
	@tests/lib/deps.sh check lint
	@tests/compilers.sh '$(B)'

check-fault: all testtools ## make every call of the module fail in turn
	@tests/fault/run.sh '$(B)' 1

check-load: all testtools ## many logins at once while files are replaced
	@tests/lib/deps.sh check
	@tests/load.sh '$(B)'

check-mutants: ## break every check of the code; the tests must fail
	@tests/lib/deps.sh check
	@tests/mutants.sh

check-sanitizers: ## the tests under ASan, UBSan, TSan, MSan and valgrind
	@tests/lib/deps.sh check fuzz
	@tests/sanitizers.sh '$(B)'

coverage: ## lines of src that the tests reach, file by file
	@tests/lib/deps.sh check
	@tests/coverage.sh '$(B)'

bench: ## timings of logins and tools, as ratios in one run, and a plot
	@tests/lib/deps.sh bench
	@$(MAKE) --no-print-directory B='$(B)' all testtools \
		'$(B)/tests/bench/drive' '$(B)/tests/bench/judge' \
		'$(B)/tests/bench/gencrl'
	@tests/bench/bench.sh '$(B)'

pictures: all testtools ## make docs/*.svg from the sources and from a real demo
	@tests/lib/deps.sh demo
	@for p in 'house docs/architecture.md' 'cost docs/benchmarks.md' exchange; \
		do set -- $$p; tests/pictures/$$1.py $$2 >docs/$$1.svg || exit; done
	@tests/demo.sh '$(B)' | tests/pictures/recording.py 'make demo' \
		>docs/demo.svg

bench-directory: ## accounts of a directory by LDAP: ACCOUNTS=1000000 to ten
	@tests/lib/deps.sh services bench
	@$(MAKE) --no-print-directory B='$(B)' all testtools
	@tests/bench/directory.sh '$(B)'

bench-sessions: ## `certauth sessions check` of SESSIONS=1000 open sessions
	@tests/lib/deps.sh check
	@$(MAKE) --no-print-directory B='$(B)' all testtools
	@tests/bench/sessions.sh '$(B)'

bench-wire: $(B)/tests/bench/bench_wire ## timings of messages and signatures
	@$(B)/tests/bench/bench_wire

# ---- builds for the runs above, in folders of their own below $(B) ----

.PHONY: build-coverage build-asan build-tsan build-msan
# Not optimised, so that a line is a line; its own folder, since each object
# has a file of counters beside it.
build-coverage: ## (for make coverage)
	@$(MAKE) --no-print-directory B='$(B)/coverage' OPT='-O0 -g' \
		SAN='--coverage -fprofile-update=atomic' HARDEN_C= \
		all unit-programs testtools fuzz-once

ASAN = -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
build-asan: ## (for make check-sanitizers)
	@$(MAKE) --no-print-directory B='$(B)/asan' OPT='-O1 -g' \
		SAN='$(ASAN)' all unit-programs testtools fuzz-once

build-tsan: ## (for make check-sanitizers)
	@$(MAKE) --no-print-directory B='$(B)/tsan' OPT='-O1 -g' \
		SAN=-fsanitize=thread all testtools

# MemorySanitizer wants every library built with it.  What reads bytes from
# others without help of a library is run under it: these fuzz targets.
MSAN_FUZZ = wire pieces helper
build-msan: ## (for make check-sanitizers)
	@$(MAKE) --no-print-directory B='$(B)/msan' CC='$(FUZZ_CC)' \
		OPT='-O1 -g' SAN='-fsanitize=memory -fno-omit-frame-pointer' \
		HARDEN_C= FUZZ='$(MSAN_FUZZ)' fuzz-once
