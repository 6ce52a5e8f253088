#!/usr/bin/env bats
# `make check-mutants` breaks each check of the code and sees the tests fail.
# Here only: its changes still apply, each at one place.

@test "every mutant applies exactly once" {
	cd "$BATS_TEST_DIRNAME/.."
	tests/mutants.sh --check
}
