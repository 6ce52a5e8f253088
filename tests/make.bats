#!/usr/bin/env bats
# The Makefile's promises to who works on the code.

setup() {
	HERE=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
	B=${CERTAUTH_BUILD:-$HERE/build}
	unset MAKEFLAGS MAKELEVEL T
}

# what the Makefile's own tests of this folder build
make_all() {
	env -u B -u CI make -C "$HERE" CI=1 "B=$1" all unit-programs testtools
}

@test "an unchanged tree compiles nothing, by either name of the folder" {
	local name
	make_all "$B" >/dev/null # with T= not all of it is there
	for name in "$B" $([ "$B" != "$HERE/build" ] || echo build); do
		run make_all "$name"
		[ "$status" -eq 0 ]
		if grep -E '^ +(CC|AR|LD|GEN) ' <<<"$output"; then
			return 1
		fi
	done
}

@test "make help lists every target" {
	local target
	make -s -C "$HERE" help >"$BATS_TEST_TMPDIR/help"
	cat "$HERE"/Makefile "$HERE"/tests/*.mk "$HERE"/packaging/*.mk |
		sed -e ':a' -e '/\\$/N; s/\\\n//; ta' |
		sed -n 's/^\.PHONY: //p' | tr -s ' \t' '\n' | sort -u |
		grep -vx FORCE >"$BATS_TEST_TMPDIR/targets"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/targets")" -gt 20 ]
	while read -r target; do
		grep -qE "^make $target +[^ ]" "$BATS_TEST_TMPDIR/help" || {
			echo "make help does not list $target"
			return 1
		}
	done <"$BATS_TEST_TMPDIR/targets"
}

@test "make check T= runs what matches, and nothing is a failure" {
	run env "CI=1" T='no-such-*' "$HERE/tests/check.sh" "$BATS_TEST_TMPDIR/b"
	[ "$status" -ne 0 ]
	[[ $output == *'no test has a name that matches: no-such-*'* ]]
	[ "${lines[-1]}" = '0 passed, 1 failed, 0 skipped' ]
	# a unit test with and without its prefix; what else is there is not run
	for name in 'bas?' test_base; do
		run env -u CI CI=1 T="$name" "$HERE/tests/check.sh" \
			"$BATS_TEST_TMPDIR/b"
		[ "$status" -eq 0 ]
		[ "$(find "$BATS_TEST_TMPDIR/b/check" -name '*.tap' | wc -l)" -eq 1 ]
		[[ ${lines[-1]} =~ ^[1-9][0-9]*\ passed,\ 0\ failed ]]
	done
}
