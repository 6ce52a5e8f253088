#!/bin/bash
# Unit tests, bats and fuzz corpora under AddressSanitizer and UBSan; parsers
# under MemorySanitizer; unit tests under valgrind's memcheck, which looks into
# libraries too; threads under ThreadSanitizer.
# usage: tests/sanitizers.sh BUILD [PART ...]    parts: asan msan memcheck tsan
# Ends with a line for each part; exit status 1 if one of them found something.
set -u
cd "$(dirname "$0")/.." || exit 2
B=$1
case $B in /*) ;; *) B=$PWD/$B ;; esac
shift
[ $# -gt 0 ] || set -- asan msan memcheck tsan
failed=0
D=$(mktemp -d "${TMPDIR:-/tmp}/certauth-san.XXXXXX") || exit 2
trap 'rm -rf "$D"' EXIT

result() { # PART STATUS WHAT
	if [ "$2" -eq 0 ]; then
		echo "$1: clean: $3"
	else
		echo "$1: FAILED: $3"
		failed=1
	fi
}

corpora() { # BUILD NAME ...: each corpus once
	local b=$1 name rc=0
	shift
	for name; do
		tests/fuzz/seeds.sh "$D/seeds" "$name" >/dev/null 2>&1
		timeout 600 "$b/fuzz-once/fuzz_$name" "$D/seeds/$name" \
			>"$D/out" 2>&1 || {
			echo "fuzz_$name:"
			grep -v '^/' "$D/out" | tail -n 30
			rc=1
		}
	done
	return $rc
}

# Bats files whose programs are ours.  Not among them: those of setuid
# programs, which take no LD_PRELOAD; of the helper, whose limit on memory
# leaves no room for the shadow of it; of valgrind; and login_files, which runs
# programs of others as another user.
asan_bats='login_answer login_chain login_crl login_keys
	session_records verify_cli verify_agrees config client users crl threads'

asan() {
	local rc=0 t n=0
	make B="${B#"$PWD/"}" -j"$(nproc)" build-asan >"$D/make" 2>&1 ||
		{ tail -n 20 "$D/make"; return 1; }
	export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99
	export UBSAN_OPTIONS=print_stacktrace=1 G_SLICE=always-malloc
	export LSAN_OPTIONS=suppressions=$PWD/tests/data/lsan.supp:print_suppressions=0
	for t in tests/unit/test_*.c; do
		t=$(basename "$t" .c)
		n=$((n + 1))
		timeout 600 "$B/asan/tests/unit/$t" >"$D/out" 2>&1 || {
			echo "$t:"
			grep -vE '^\[|passed|OK' "$D/out" | tail -n 40
			rc=1
		}
	done
	# shellcheck disable=SC2046 # a list of names
	corpora "$B/asan" $(cd tests/fuzz && printf '%s\n' fuzz_*.c |
		sed 's/^fuzz_//; s/\.c$//') || rc=1
	"$PWD/tests/fault/run.sh" "$B/asan" "${STRIDE:-11}" json no-user index \
		from-on host-proof rsa-pss registered stream openssl listen \
		listen-revoked revoked revoked-index revoked-prefer revoked-openssl \
		other-user wrong-key session-own session-forked >"$D/out" 2>&1 ||
		{ echo 'fault injection:'; tail -n 60 "$D/out"; rc=1; }
	# programs that are not ours load the module: ASan has to be first
	CERTAUTH_PRELOAD=$(gcc -print-file-name=libasan.so)
	export CERTAUTH_PRELOAD
	for t in ${ASAN_BATS-$asan_bats}; do
		[ -e "tests/$t.bats" ] || { echo "no $t.bats"; rc=1; continue; }
		n=$((n + 1))
		# it runs programs under strace, where leaks cannot be sought
		ASAN_OPTIONS=detect_leaks=$([ "$t" = crl ] && echo 0 || echo 1)
		ASAN_OPTIONS=$ASAN_OPTIONS:exitcode=99
		CERTAUTH_BUILD=$B/asan timeout 1200 bats --tap "tests/$t.bats" \
			>"$D/out" 2>&1 </dev/null || {
			echo "$t.bats:"
			awk '/^ok/ { s = 0 } /^not ok/ { s = 1 } s' "$D/out" |
				head -n 80
			rc=1
		}
	done
	result 'ASan and UBSan' $rc \
		"$n test files, every fuzz corpus, fault injection"
}

msan() {
	local rc=0
	make B="${B#"$PWD/"}" -j"$(nproc)" build-msan >"$D/make" 2>&1 ||
		{ tail -n 20 "$D/make"; rc=1; }
	[ $rc -ne 0 ] || corpora "$B/msan" wire pieces helper || rc=1
	result MSan $rc 'corpora of wire, pieces, helper'
}

# MemorySanitizer cannot see into libcrypto; valgrind finds there uses of memory
# that was never written.
memcheck() {
	local rc=0 t n=0
	make B="${B#"$PWD/"}" -j"$(nproc)" unit-programs >"$D/make" 2>&1 ||
		{ tail -n 20 "$D/make"; return 1; }
	mkdir "$D/memcheck"
	export CERTAUTH_SETS=100 # at a fiftieth of the speed
	# shellcheck disable=SC2016 # for the inner shell
	for t in tests/unit/test_*.c; do basename "$t" .c; done |
		xargs -P "$(nproc)" -I{} sh -c 'timeout 1800 valgrind -q \
			--error-exitcode=99 --leak-check=no \
			"$1/tests/unit/$3" >"$2/$3" 2>&1 || echo "$? $3"' \
			sh "$B" "$D/memcheck" {} >"$D/failed"
	[ "${PIPESTATUS[1]}" -eq 0 ] || echo "? of_xargs" >>"$D/failed"
	while read -r rc t; do
		echo "$t: status $rc"
		grep -vE '^\[|passed|OK' "$D/memcheck/$t" | tail -n 40
	done <"$D/failed"
	n=$(find "$D/memcheck" -type f | wc -l)
	[ "$n" -gt 0 ] && [ ! -s "$D/failed" ]
	result memcheck $? "$n unit tests"
}

tsan() {
	local rc=0
	make B="${B#"$PWD/"}" -j"$(nproc)" build-tsan >"$D/make" 2>&1 ||
		{ tail -n 20 "$D/make"; rc=1; }
	export TSAN_OPTIONS="suppressions=$PWD/tests/data/tsan.supp exitcode=66"
	[ $rc -ne 0 ] || CERTAUTH_BUILD=$B/tsan timeout 600 bats --tap \
		tests/threads.bats >"$D/out" 2>&1 </dev/null ||
		{ tail -n 60 "$D/out"; rc=1; }
	result TSan $rc 'a table of logins in threads, spawned and resident'
}

for part; do
	case $part in
	asan) asan ;;
	msan) msan ;;
	memcheck) memcheck ;;
	tsan) tsan ;;
	*) echo "no part $part"; exit 2 ;;
	esac
done
exit $failed
