#!/bin/bash
# Build and run every test; the last line is `N passed, N failed, N skipped`.
# usage: tests/check.sh [BUILD] [PATTERN ...]
# PATTERN: a shell pattern of names of bats files and of unit tests, these with
# or without "test_"; T holds more of them, separated by blanks.  Only what
# matches is built and run.
# JOBS: how many test files run at once (default: twice the processors).
# UNTIL: seconds since 1970; no file of tests begins after it, and those that did
# not run are named and count as skipped (default: 0, no limit).
set -u
cd "$(dirname "$0")/.." || exit 2
B=${1:-build}
[ $# -gt 0 ] && shift
case $B in /*) ;; *) B=$PWD/$B ;; esac
JOBS=${JOBS:-$(($(nproc) * 2))}
export UNTIL=${UNTIL:-0}
slow='watch watch_cards host client users site crl module fault login_files doctor'
slow="$slow lockers_text verify_agrees"
out=$B/check
rm -rf "$out"
mkdir -p "$out"
read -ra patterns <<<"${T:-} $*"
unset T

# is NAME wanted?
wanted() {
	local p
	[ ${#patterns[@]} -eq 0 ] && return
	for p in "${patterns[@]}"; do
		# shellcheck disable=SC2053 # a pattern
		[[ $1 == $p || ${1#test_} == $p ]] && return
	done
	return 1
}

# the slow ones first: else the last of them runs alone
chosen=()
programs=()
for n in $slow; do
	[ -e "tests/$n.bats" ] && wanted "$n" && chosen+=("tests/$n.bats")
done
for t in tests/*.bats; do
	n=$(basename "$t" .bats)
	case " $slow " in *" $n "*) continue ;; esac
	wanted "$n" && chosen+=("$t")
done
goals=()
[ ${#chosen[@]} -gt 0 ] && goals=(all testtools)
for t in tests/unit/test_*.c; do
	n=$(basename "$t" .c)
	wanted "$n" && programs+=("$B/tests/unit/$n")
done
chosen+=("${programs[@]}")
if [ ${#chosen[@]} -eq 0 ]; then
	echo "no test has a name that matches: ${patterns[*]}"
	echo '0 passed, 1 failed, 0 skipped'
	exit 1
fi

if ! make -j"$(nproc)" B="$B" CI="${CI-1}" "${goals[@]}" "${programs[@]}"; then
	echo 'the build failed'
	echo '0 passed, 1 failed, 0 skipped'
	exit 1
fi

# About 45 minutes of work for one processor; the longest file alone takes 4.
if [ ${#patterns[@]} -eq 0 ]; then
	minutes=$((45 / $(nproc)))
	echo "${#chosen[@]} files of tests; about $((minutes > 4 ? minutes : 4)) minutes with $(nproc) processors"
fi

# one test file, its TAP output into $out/NAME.tap
run_one() {
	local path=$1 name tap start=$SECONDS
	name=$(basename "$path" .bats)
	tap=$out/$name.tap
	if [ "$UNTIL" -gt 0 ] && [ "$(date +%s)" -ge "$UNTIL" ]; then
		echo "ok - $name # SKIP the time for the tests is over" >"$tap"
		: >"$out/$name.done"
		return
	fi
	case $path in
	*.bats) tests/lib/leaves.py "$name" bats --tap "$path" ;;
	*) CMOCKA_MESSAGE_OUTPUT=TAP tests/lib/leaves.py "$name" "$path" ;;
	esac >"$tap" 2>&1 </dev/null
	local rc=$?
	# cmocka calls a test that it skipped "not ok"
	case $path in
	*.bats) ;;
	*) sed -i -E 's/^not (ok [0-9]+ # SKIP)/\1/' "$tap" ;;
	esac
	# a crash, or a file that failed before its first test, must count
	if [ $rc -ne 0 ] && ! grep -q '^not ok' "$tap"; then
		echo "not ok - $name ended with status $rc" >>"$tap"
	fi
	if ! grep -qE '^(not )?ok' "$tap"; then
		echo "not ok - $name ran no test" >>"$tap"
	fi
	: >"$out/$name.done"
	printf '%3d/%d %-20s %4ss  %s ok, %s not ok, %s skipped\n' \
		"$(find "$out" -name '*.done' | wc -l)" "$FILES" "$name" \
		$((SECONDS - start)) \
		"$(grep -cE '^ok' "$tap")" "$(grep -c '^not ok' "$tap")" \
		"$(grep -ciE '^ok.*# *skip' "$tap")"
}
export -f run_one
export out B
export CERTAUTH_BUILD=$B FILES=${#chosen[@]}

printf '%s\n' "${chosen[@]}" >"$out/files"
# shellcheck disable=SC2016 # for the inner shell
printf '%s\n' "${chosen[@]}" |
	xargs -P "$JOBS" -I{} bash -c 'run_one "$1"' _ {}

failed=$(cat "$out"/*.tap | grep -c '^not ok')
ok=$(cat "$out"/*.tap | grep -cE '^ok')
skipped=$(cat "$out"/*.tap | grep -ciE '^ok.*# *skip')
if [ "$failed" -gt 0 ]; then
	echo '--- what failed ---'
	for t in "$out"/*.tap; do
		grep -q '^not ok' "$t" || continue
		echo "# $(basename "$t" .tap)"
		awk '/^ok/ {show = 0} /^not ok/ {show = 1} show' "$t" | head -n 60
	done
fi
if [ "$skipped" -gt 0 ]; then
	echo '--- what was skipped ---'
	# cmocka gives no reason; the line before does
	awk 'FNR == 1 { why = "" }
		/^# SKIP: / { why = ": " substr($0, 9); next }
		/^ok.*# *[Ss][Kk][Ii][Pp]/ { print $0 why; why = "" }' "$out"/*.tap
fi
echo "$((ok - skipped)) passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
