#!/usr/bin/env bats
# Every seed of every fuzz target, once.

B=${CERTAUTH_BUILD:-build}

setup() {
	cd "$BATS_TEST_DIRNAME/.." || exit 1
}

@test "each fuzz target runs its whole corpus" {
	run make B="$B" fuzz-once
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	n=0
	for c in tests/fuzz/fuzz_*.c; do
		name=$(basename "$c" .c)
		name=${name#fuzz_}
		n=$((n + 1))
		tests/fuzz/seeds.sh "$BATS_TEST_TMPDIR/seeds" "$name"
		run timeout 60 "$B/fuzz-once/fuzz_$name" \
			"$BATS_TEST_TMPDIR/seeds/$name"
		[ "$status" -eq 0 ] || {
			echo "fuzz_$name: status $status"
			echo "$output" | tail -n 5
			false
		}
	done
	[ "$n" -ge 2 ]
}
