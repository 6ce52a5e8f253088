#!/bin/bash
# Which lines of src the tests reach: unit tests, fuzz corpora, fault injection
# and the bats files, all built for gcov.
# usage: tests/coverage.sh BUILD [PART ...]    parts: unit fuzz fault bats
# Print the share of reached lines of each file of src, then the files below 85%
# in the rooms that judge logins; exit status 1 if there is such a file.
# A test that fails here is named but does not fail this run: gcov writes
# messages into outputs if a process cannot write its counters.
set -u
cd "$(dirname "$0")/.." || exit 2
B=$1
case $B in /*) ;; *) B=$PWD/$B ;; esac
shift
[ $# -gt 0 ] || set -- unit fuzz fault bats
rooms='wire verify channel auth map'
# Runs between clone and execveat, where nothing writes gcov's counters:
# tests/command.bats and tests/hardening.bats look at what it does.
unseen=src/process/spawn_child.c
least=85
C=$B/coverage
D=$(mktemp -d "${TMPDIR:-/tmp}/certauth-cov.XXXXXX") || exit 2
trap 'rm -rf "$D"' EXIT
jobs=$(nproc)

make B="${B#"$PWD/"}" -j"$jobs" build-coverage >"$D/make" 2>&1 ||
	{ tail -n 20 "$D/make"; exit 2; }
# Helpers that have given up root count too, so everybody may write counters;
# an empty file is as good as none.
find "$C" -name '*.gcno' | while read -r f; do
	: >"${f%.gcno}.gcda"
	chmod 666 "${f%.gcno}.gcda"
done

unit() {
	local t
	for t in tests/unit/test_*.c; do
		t=$(basename "$t" .c)
		timeout 600 "$C/tests/unit/$t" >"$D/out" 2>&1 ||
			echo "failed: $t"
	done
}

# the seeds, what once crashed, and what `make fuzz` has learned, if it ran
fuzz() {
	local name
	for name in tests/fuzz/fuzz_*.c; do
		name=$(basename "$name" .c)
		name=${name#fuzz_}
		tests/fuzz/seeds.sh "$D/seeds" "$name" >/dev/null 2>&1
		local dirs=("$D/seeds/$name")
		[ ! -d "$B/fuzz/corpus/$name" ] ||
			dirs+=("$B/fuzz/corpus/$name")
		timeout 600 "$C/fuzz-once/fuzz_$name" "${dirs[@]}" \
			>"$D/out" 2>&1 || echo "failed: fuzz_$name"
	done
}

# every STRIDE-th call fails
fault() {
	tests/fault/run.sh "$C" "${STRIDE:-5}" >"$D/out" 2>&1 || {
		echo 'failed: fault injection'
		tail -n 20 "$D/out"
	}
	tail -n 1 "$D/out"
}

# All but those that look at texts, at how the build was made, or make builds
# of their own.
bats_files=$(for t in tests/*.bats; do basename "$t" .bats; done | grep -vxE \
	'conformance|fault|fuzz_corpus|hardening|install|mutants|packaging|readme|sanitizers|security|valgrind')

bats_part() {
	local t
	# shellcheck disable=SC2016,SC2086 # for the inner shell; a list
	printf '%s\n' ${BATS-$bats_files} | CERTAUTH_BUILD=$C xargs -P "$jobs" \
		-I{} sh -c 'timeout 900 bats --tap "tests/$1.bats" \
			>"$2/$1.tap" 2>&1 </dev/null' sh {} "$D"
	for t in ${BATS-$bats_files}; do
		grep '^not ok' "$D/$t.tap" | sed "s/^/failed: $t: /"
	done
	CERTAUTH_BUILD=$C tests/conformance.sh pkits \
		>"$D/out" 2>&1 || [ $? -eq 77 ] || echo 'failed: PKITS'
}

for part; do
	case $part in
	unit | fuzz | fault) $part ;;
	bats) bats_part ;;
	*) echo "no part $part"; exit 2 ;;
	esac
done

# of each file: lines with code, and those reached
for f in src/*/*.c; do
	case $f in src/cli/*main.c | "$unseen") continue ;; esac
	o=$C/${f%.c}.gcda
	[ -s "$o" ] || { echo "$f 0.00 0"; continue; }
	gcov -n -o "$(dirname "$o")" "$o" 2>/dev/null | awk -v f="$f" '
		/^File / { mine = index($0, "'\''" f "'\''") }
		mine && /^Lines executed/ {
			sub(/^Lines executed:/, ""); sub(/% of/, "")
			print f, $1, $2; exit
		}'
done >"$D/lines"
awk -v rooms="$rooms" -v least=$least '
	$3 == 0 { next } # tables
	BEGIN { split(rooms, r, " "); for (i in r) judged[r[i]] = 1 }
	{
		split($1, p, "/")
		printf "%-34s %5d lines %6.1f%%\n", $1, $3, $2
		n[p[2]] += $3; hit[p[2]] += $3 * $2 / 100
		if (p[2] in judged && $2 < least)
			under = under sprintf("  %s %.1f%%\n", $1, $2)
	}
	END {
		print ""
		for (room in n)
			printf "%-34s %5d lines %6.1f%%%s\n", "src/" room, \
				n[room], 100 * hit[room] / n[room], \
				room in judged ? "" : " (no bound)"
		if (under == "") {
			printf "none under %d%% in %s\n", least, rooms
			exit 0
		}
		printf "under %d%%:\n%s", least, under
		exit 1
	}' "$D/lines"
