#!/bin/bash
# Break one check of the code at a time; the named test must fail.
# usage: tests/mutants.sh [--check] [WORD ...]
#   --check   only check that each mutant of tests/data/mutants.txt still applies
#   WORD      only those mutants whose name holds it
# JOBS: how many at a time (default: one per processor).
set -u
cd "$(dirname "$0")/.." || exit 2
table=tests/data/mutants.txt
check=
[ "${1:-}" = --check ] && { check=1; shift; }

# the table as lines: name, tests, then file, old and new of each change, with
# \001 between
has=$(openssl list -public-key-algorithms 2>/dev/null)$(
	openssl version | sed 's/^OpenSSL /libcrypto-/')
list=$(has=$has check=$check awk '
	/^mutant / { name = substr($0, 8); changes = needs = "" }
	/^needs / { needs = $2 }
	/^file / { file = $2 }
	/^- / { old = substr($0, 3) }
	/^\+ / { changes = changes "\001" file "\001" old "\001" substr($0, 3) }
	/^test / && !ENVIRON["check"] && needs && !index(ENVIRON["has"], needs) {
		print "skipped, libcrypto has no " needs ": " name >"/dev/stderr"
		next
	}
	/^test / { print name "\001" substr($0, 6) changes }' "$table")

# apply TREE FILE OLD NEW ...: each exactly once, or it fails.  Where lines are
# broken does not matter.
apply() {
	local tree=$1
	shift
	while [ $# -ge 3 ]; do
		OLD=$2 NEW=$3 perl -0777 -i -pe '
			BEGIN {
				$old = quotemeta $ENV{OLD};
				$old =~ s/\\ /\\s+/g;
				$old =~ s/\\\(/\\(\\s*/g;
				$n = 0;
			}
			$n++ while /$old/g;
			s/$old/$ENV{NEW}/ if $n == 1;
			END { exit($n == 1 && $ENV{OLD} ne $ENV{NEW} ? 0 : 1) }' \
			"$tree/$1" || return 1
		shift 3
	done
}

# the files of FILE OLD NEW ...
files() {
	while [ $# -ge 3 ]; do
		echo "$1"
		shift 3
	done | sort -u
}

chosen() {
	local w
	[ $# -eq 1 ] && return 0
	for w in "${@:2}"; do [[ $1 == *"$w"* ]] && return 0; done
	return 1
}

D=$(mktemp -d "${TMPDIR:-/tmp}/certauth-mutants.XXXXXX") || exit 2
trap 'rm -rf "$D"' EXIT
chmod 755 "$D"

if [ -n "$check" ]; then
	bad=0 n=0
	while IFS=$'\001' read -ra m; do
		chosen "${m[0]}" "$@" || continue
		n=$((n + 1))
		mapfile -t touched < <(files "${m[@]:2}")
		cp --parents -t "$D" "${touched[@]}" || bad=1
		if ! apply "$D" "${m[@]:2}"; then
			echo "does not apply: ${m[0]} (${touched[*]})"
			bad=1
		fi
		for t in ${m[1]}; do
			[ -e "tests/$t.bats" ] || [ -e "tests/unit/$t.c" ] || {
				echo "${m[0]}: no test $t"
				bad=1
			}
		done
	done <<<"$list"
	echo "$n mutants"
	exit $bad
fi

# the outside suites, and packages that were fetched, stand next to the repository, not in the copies of it
export SUITES=${SUITES:-$PWD/../shared/conformance}
export DIRECTORY_DEBS=${DIRECTORY_DEBS:-$PWD/build/deps/directory}
export CERTAUTH_SHARED=${CERTAUTH_SHARED:-$PWD/../shared}

restore() { # FILE ...: as they are in the repository
	local f
	for f; do
		cp "$top/$f" "$f"
	done
}

# run_test NAME OUT: in the copy at hand
run_test() {
	if [ -e "tests/$1.bats" ]; then
		make -s all testtools >"$2" 2>&1 &&
			CERTAUTH_BUILD=$PWD/build timeout 900 \
				bats --tap "tests/$1.bats" >"$2" 2>&1 </dev/null
	else
		make -s "build/tests/unit/$1" >"$2" 2>&1 &&
			timeout 300 "build/tests/unit/$1" >"$2" 2>&1
	fi
}

# one MUTANT-LINE SLOT: SLOT is a copy of the tree with a build of its own
one() {
	local m t touched out=$2.out
	IFS=$'\001' read -ra m <<<"$1"
	cd "$2" || exit 2
	mapfile -t touched < <(files "${m[@]:2}")
	if ! apply "$2" "${m[@]:2}"; then
		echo "does not apply: ${m[0]} (${touched[*]})"
		restore "${touched[@]}"
		return
	fi
	for t in ${m[1]}; do
		run_test "$t" "$out" && continue
		if grep -q 'error:' "$out" &&
			! grep -qE '^not ok|FAILED|PASSED' "$out"; then
			echo "does not build: ${m[0]}"
			grep -E 'error:' "$out" | head -n 3
		else
			echo "killed by $t: ${m[0]}"
		fi
		restore "${touched[@]}"
		return
	done
	echo "SURVIVED: ${m[0]} (${m[1]})"
	restore "${touched[@]}"
}

top=$PWD
# the slots: the files that git tracks, as they are now, and the current build
jobs=${JOBS:-$(nproc)}
make -s -j"$(nproc)" all unit-programs testtools || exit 2
for ((i = 0; i < jobs; i++)); do
	mkdir "$D/slot$i"
	git ls-files -z | xargs -0 cp -p --parents -t "$D/slot$i"
	cp -a build "$D/slot$i/build"
	rm -rf "$D/slot$i/build/check"
done
while IFS= read -r line; do
	chosen "${line%%$'\001'*}" "$@" && printf '%s\n' "$line"
done <<<"$list" >"$D/todo"

worker() { # each takes every jobs-th line
	local line n=0
	while IFS= read -r line; do
		[ $((n++ % jobs)) -ne "$1" ] || one "$line" "$D/slot$1" </dev/null
	done <"$D/todo"
}
for ((i = 0; i < jobs; i++)); do
	worker "$i" | tee "$D/log$i" &
done
wait
all=$(wc -l <"$D/todo")
killed=$(cat "$D"/log* | grep -c '^killed')
echo "$killed of $all mutants were noticed"
[ "$killed" -eq "$all" ] && [ "$all" -gt 0 ]
