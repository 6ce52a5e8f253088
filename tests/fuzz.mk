# Fuzzing: `make fuzz SECONDS=n`, `make fuzz-coverage`.
#
# To add a target NAME:
#   tests/fuzz/fuzz_NAME.c   has LLVMFuzzerTestOneInput (and, if it needs one,
#                            LLVMFuzzerInitialize); FUZZ_CHECK of fuzz.h states
#                            what must hold.  It is linked with the archive of
#                            src, and found by its name: nothing to list here.
# and, where they help:
#   tests/fuzz/NAME.dict     a libFuzzer dictionary
#   tests/fuzz/NAME.seeds    a program that is given a folder, and makes seeds
#                            in it (from the test vectors, say)
#   tests/fuzz/NAME.opts     more libFuzzer options, on one line
#   tests/fuzz/corpus/NAME/  small seeds, and every input that once crashed
#
# `make fuzz` builds with clang, libFuzzer, ASan and UBSan into $(FUZZ_B), runs
# all targets at once (as many as there are processors), and fails on a
# finding, which it leaves in $(FUZZ_B)/findings/.  FUZZ="a b" picks targets.
# What a run learns stays in $(FUZZ_B)/corpus/NAME for the next one.  Without
# FUZZ= it ends with the property tests (make property).
# `make check` puts each corpus once through each target, built by $(CC) with
# a main of its own (tests/fuzz/standalone.c).

FUZZ_CC ?= clang
FUZZ_B ?= $(B)/fuzz
FUZZ ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
PROPERTY = test_crl_sets test_crlways test_names_property test_password \
	test_profile_property
SECONDS ?= 60
FUZZ_SAN = -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
FUZZ_CFLAGS = -std=c11 -O1 -g $(FUZZ_SAN) -DCA_FUZZING -Itests/fuzz
COV_B = $(FUZZ_B)/coverage
COV_CFLAGS = -std=c11 -O0 -g -fprofile-instr-generate -fcoverage-mapping \
	-DCA_FUZZING -Itests/fuzz

FUZZ_OBJ = $(LIB_SRC:%.c=$(FUZZ_B)/obj/%.o)
COV_OBJ = $(LIB_SRC:%.c=$(COV_B)/obj/%.o)

.PHONY: fuzz fuzz-build fuzz-once fuzz-coverage
fuzz-build: $(FUZZ:%=$(FUZZ_B)/fuzz_%) ## build the fuzz targets

fuzz: ## fuzz every target for SECONDS=60; FUZZ='a b' picks some
	@tests/lib/deps.sh fuzz
	@$(MAKE) --no-print-directory B='$(B)' FUZZ='$(FUZZ)' fuzz-build
	@tests/fuzz/run.sh '$(FUZZ_B)' '$(SECONDS)' $(FUZZ)
	$(if $(filter file,$(origin FUZZ)),@$(MAKE) --no-print-directory \
		B='$(B)' property)

# Unit tests that hold random input to an oracle: in `make check' some thousand
# cases each, here 10,000 sets of CRLs and files, and 100,000 names.
.PHONY: property
property: $(PROPERTY:%=$(B)/tests/unit/%) ## property tests, long
	@for t in $(PROPERTY); do \
		CERTAUTH_SETS=10000 CERTAUTH_PROPERTY_RUNS=100000 \
			"$(B)/tests/unit/$$t" || exit 1; \
	done

$(FUZZ_B)/obj/%.o: %.c Makefile tests/fuzz.mk
	@mkdir -p $(@D)
	$(say) FUZZCC $<
	$(Q)$(FUZZ_CC) $(CPPFLAGS_ALL) $(FUZZ_CFLAGS) \
		-fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(FUZZ_B)/libfuzz.a: $(FUZZ_OBJ)
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $(FUZZ_OBJ)

$(FUZZ_B)/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_B)/libfuzz.a tests/fuzz/fuzz.h
	$(say) FUZZLD $@
	$(Q)$(FUZZ_CC) $(CPPFLAGS_ALL) $(FUZZ_CFLAGS) -fsanitize=fuzzer \
		-o $@ $< $(FUZZ_B)/libfuzz.a $(LIBS_CLI)

# The same targets, by the ordinary compiler and archive, for tests.
fuzz-once: $(FUZZ:%=$(B)/fuzz-once/fuzz_%) ## fuzz targets by the C compiler

$(B)/fuzz-once/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/standalone.c \
		tests/fuzz/fuzz.h $(LIB)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) -pie $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL) \
		-DCA_FUZZ_STANDALONE -Itests/fuzz -o $@ $< \
		tests/fuzz/standalone.c $(LIB) $(LIBS_CLI)

# Lines reached by the seeds and by what earlier runs of `make fuzz` learned.
fuzz-coverage: ## lines that fuzzing reaches
	@tests/lib/deps.sh fuzz
	@$(MAKE) --no-print-directory B='$(B)' FUZZ='$(FUZZ)' \
		$(FUZZ:%=$(COV_B)/fuzz_%)
	@tests/fuzz/coverage.sh '$(FUZZ_B)' '$(COV_B)' $(FUZZ)

$(COV_B)/obj/%.o: %.c Makefile tests/fuzz.mk
	@mkdir -p $(@D)
	$(say) COVCC $<
	$(Q)$(FUZZ_CC) $(CPPFLAGS_ALL) $(COV_CFLAGS) -MMD -MP -c -o $@ $<

$(COV_B)/libfuzz.a: $(COV_OBJ)
	$(Q)rm -f $@ && $(AR) rcs $@ $(COV_OBJ)

$(COV_B)/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/standalone.c \
		$(COV_B)/libfuzz.a
	$(say) COVLD $@
	$(Q)$(FUZZ_CC) $(CPPFLAGS_ALL) $(COV_CFLAGS) -DCA_FUZZ_STANDALONE \
		-o $@ $< tests/fuzz/standalone.c $(COV_B)/libfuzz.a $(LIBS_CLI)
