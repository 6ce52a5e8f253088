#!/usr/bin/env bats
# The Makefile's promises to who works on the code.
bats_require_minimum_version 1.5.0

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
	# no time is left: it does not run, and is named
	run env -u CI CI=1 UNTIL=1 T=test_base "$HERE/tests/check.sh" \
		"$BATS_TEST_TMPDIR/b"
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = '0 passed, 0 failed, 1 skipped' ]
	[[ ${lines[-2]} == *test_base*'time for the tests is over' ]]
}

@test "an empty CI turns -Werror off, no CI does not" {
	local b=$BATS_TEST_TMPDIR/b
	# what check.sh tells make, by a make that only shows it
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho "$*" >>"%s"\nexit 1\n' "$BATS_TEST_TMPDIR/told" \
		>"$BATS_TEST_TMPDIR/bin/make"
	chmod 755 "$BATS_TEST_TMPDIR/bin/make"
	for ci in -uCI CI= CI=1; do
		run env "$ci" T=test_base PATH="$BATS_TEST_TMPDIR/bin:$PATH" \
			"$HERE/tests/check.sh" "$b"
	done
	[ "$(grep -oE ' CI=1?( |$)' "$BATS_TEST_TMPDIR/told" | tr -d ' ' | tr '\n' ' ')" = 'CI=1 CI= CI=1 ' ]
	run make -n -B -C "$HERE" B="$b" CI= "$b/src/base/buf.o"
	[[ $output != *-Werror* ]]
}

@test "what a file of tests leaves running or mounted is named and ended" {
	local leaves=$HERE/tests/lib/leaves.py t=$BATS_TEST_TMPDIR pid
	# a process of others that begins meanwhile
	sleep 300 3>&- &
	other=$!
	# another session, no environment, its parent gone
	run "$leaves" some bash -c 'setsid env -i sleep 301 >/dev/null 2>&1 & exit 3'
	[ "$status" -eq 3 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output =~ ^not\ ok\ -\ some\ left\ running:\ ([0-9]+)\ sleep\ 301$ ]]
	pid=${BASH_REMATCH[1]}
	run ! kill -0 "$pid"
	kill "$other"
	# what is just ending is waited for
	run "$leaves" some bash -c 'sleep 1 & exit 0'
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ "$(id -u)" -eq 0 ] || return 0
	mkdir "$t/m"
	run "$leaves" some mount -t tmpfs left "$t/m"
	[[ $output == "not ok - some left mounted: / $t/m tmpfs left" ]]
	run ! grep -F "$t/m" /proc/self/mountinfo
	run "$leaves" some bash -c "mount -t tmpfs left '$t/m' && umount '$t/m'"
	[ -z "$output" ]
}
