# `make check-sanitizers`: see tests/sanitizers.sh.
.PHONY: check-sanitizers
check-sanitizers:
	@tests/lib/deps.sh check fuzz
	@tests/sanitizers.sh '$(B)'

# One build per sanitizer; $(B) is the folder of the ordinary one.
ASAN = -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
.PHONY: build-asan build-tsan build-msan
build-asan:
	@$(MAKE) --no-print-directory B='$(B)/asan' OPT='-O1 -g' \
		SAN='$(ASAN)' all unit testtools fuzz-once

build-tsan:
	@$(MAKE) --no-print-directory B='$(B)/tsan' OPT='-O1 -g' \
		SAN=-fsanitize=thread module cli testtools

# MemorySanitizer wants every library built with it.  What reads bytes from
# others without help of a library is run under it: these fuzz targets.
MSAN_FUZZ = wire pieces helper
build-msan:
	@$(MAKE) --no-print-directory B='$(B)/msan' CC='$(FUZZ_CC)' \
		OPT='-O1 -g' SAN='-fsanitize=memory -fno-omit-frame-pointer' \
		HARDEN_C= FUZZ='$(MSAN_FUZZ)' fuzz-once
