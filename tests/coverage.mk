# `make coverage`: lines of src that the tests reach, file by file, and which
# files of the rooms that judge logins stay under 85%.  See tests/coverage.sh.
.PHONY: coverage build-coverage
coverage:
	@tests/lib/deps.sh check
	@tests/coverage.sh '$(B)'

# Not optimised, so that a line is a line; its own folder, since each object
# has a file of counters beside it.
build-coverage:
	@$(MAKE) --no-print-directory B='$(B)/coverage' OPT='-O0 -g' \
		SAN='--coverage -fprofile-update=atomic' HARDEN_C= \
		all unit testtools fuzz-once
