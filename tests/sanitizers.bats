#!/usr/bin/env bats
# A part of `make check-sanitizers` that is quick enough for every check: what
# parses the bytes of others, under AddressSanitizer and UBSan with leak search.

B=${CERTAUTH_BUILD:-build}

setup() {
	cd "$BATS_TEST_DIRNAME/.." || exit 1
	export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99
	export LSAN_OPTIONS=suppressions=$PWD/tests/data/lsan.supp:print_suppressions=0
	export SAN='-fsanitize=address,undefined -fno-sanitize-recover=undefined'
}

# Output of a run that was clean has no report in it, whatever its status.
clean() {
	[ "$status" -eq 0 ] || { echo "$output" | tail -n 40; return 1; }
	! grep -E 'Sanitizer|runtime error' <<<"$output"
}

@test "every seed of every fuzz target is clean" {
	run make B="$B/asan-check" OPT='-O1 -g1' SAN="$SAN" fuzz-once
	[ "$status" -eq 0 ] || { echo "$output" | tail -n 20; false; }
	for c in tests/fuzz/fuzz_*.c; do
		name=$(basename "$c" .c)
		name=${name#fuzz_}
		tests/fuzz/seeds.sh "$BATS_TEST_TMPDIR/seeds" "$name"
		run timeout 120 "$B/asan-check/fuzz-once/fuzz_$name" \
			"$BATS_TEST_TMPDIR/seeds/$name"
		clean
	done
}

@test "unit tests of messages, pieces, files and authentication are clean" {
	for t in base message op oplink pieces vectors auth after helper agent config \
		map map_forged cdb crlder crl_index crl_source fetch hostname; do
		run make B="$B/asan-check" OPT='-O1 -g1' SAN="$SAN" \
			"$B/asan-check/tests/unit/test_$t"
		[ "$status" -eq 0 ] || { echo "$output" | tail -n 20; false; }
		run timeout 120 "$B/asan-check/tests/unit/test_$t"
		clean
	done
}

@test "the sanitizers are there: an overrun is seen" {
	printf '%s\n' '#include <stdlib.h>' \
		'int main(int c, char **v) { char *p = malloc(4);' \
		'p[3 + c] = (char)(size_t)v; c = p[0]; free(p); return c & 0; }' \
		>"$BATS_TEST_TMPDIR/x.c"
	# shellcheck disable=SC2086 # flags
	cc $SAN -o "$BATS_TEST_TMPDIR/x" "$BATS_TEST_TMPDIR/x.c"
	run "$BATS_TEST_TMPDIR/x"
	[ "$status" -eq 99 ]
	grep -q AddressSanitizer <<<"$output"
}
