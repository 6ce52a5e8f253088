#!/usr/bin/env bats
# Every call that a login makes fails in turn; see tests/fault/run.sh.  Here
# each seventh, `make check-fault` tries them all.
bats_require_minimum_version 1.5.0

HERE=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
CERTAUTH_BUILD=${CERTAUTH_BUILD:-$HERE/build}

@test "it is known how each function that the module calls can fail" {
	cat "$CERTAUTH_BUILD/tests/fault/points.c.unknown"
	[ ! -s "$CERTAUTH_BUILD/tests/fault/points.c.unknown" ]
}

@test "each name that the C library has for a function fails as the function does" {
	local T=$BATS_TEST_TMPDIR name of
	# NAME OF: how libraries of 64 and of 32 bit and compilers name it
	cat >"$T/names" <<-END
		open open
		open64 open
		__open_2 open
		__open64_2 open
		__read_chk read
		pread64 pread
		__pread64_chk pread
		__fstat64_time64 fstat
		fcntl64 fcntl
		__fcntl_time64 fcntl
		__clock_gettime64 clock_gettime
		__time64 time
		__gmtime64_r gmtime_r
		__timegm64 timegm
		__strdup strdup
		__vasprintf_chk vasprintf
		__isoc23_strtoul -
		__isoc99_strtoul -
		__memcpy_chk -
		bcmp -
		__stack_chk_fail -
		ASN1_ENUMERATED_get_int64 ASN1_ENUMERATED_get_int64
		__isoc23_strtofrob ?
		__frob_chk ?
		ASN1_INTEGER_get_int64 ?
	END
	while read -r name of; do
		printf 'void %s(void);\nvoid call_%s(void) { %s(); }\n' \
			"$name" "$name" "$name"
	done <"$T/names" >"$T/calls.c"
	${CC:-cc} -fno-builtin -fno-lto -c -o "$T/calls.o" "$T/calls.c"
	"$HERE/tests/fault/wrap.sh" "$HERE/tests/fault/points.txt" "$T/out.c" \
		"$T/out.ld" "$T/calls.o"
	# NAME VALUE ERRNO of each point that a wrapper has
	awk -F'[(),{}" \t]+' '/^\t{"/ { point[n++] = $2 " " $3 " " $4 }
		/^WRAP_BEGIN/ { f = $2 }
		/^\tWRAP_/ { print f, point[$3] }' "$T/out.c" >"$T/points"
	while read -r name of; do
		echo "$name"
		case $of in
		-) : >"$T/want" ;;
		\?)
			: >"$T/want"
			grep -qx "$name" "$T/out.c.unknown"
			;;
		*)
			awk -v f="$of" -v name="$name" '$1 == f { print name,
				f, $3, $4 == "" ? 0 : $4 }' \
				"$HERE/tests/fault/points.txt" >"$T/want"
			[ -s "$T/want" ]
			grep -qx -- "-Wl,--wrap=$name" "$T/out.ld"
			;;
		esac
		awk -v name="$name" '$1 == name' "$T/points" |
			diff "$T/want" -
	done <"$T/names"
	[ "$(wc -l <"$T/out.c.unknown")" -eq 3 ]
}

@test "a login fails or succeeds rightly, whatever call of it fails" {
	"$HERE/tests/fault/run.sh" "$CERTAUTH_BUILD" 7 json no-user index \
		from-on host-proof rsa-pss registered stream command choices ocsp \
		other-user wrong-key wrong-registered stranger expired purpose \
		spawned spawned-revoked
}

@test "a resident verifier goes on, or ends and says why, whatever call of its parent fails" {
	[ "$(id -u)" -eq 0 ] || skip 'needs root (the socket)'
	"$HERE/tests/fault/run.sh" "$CERTAUTH_BUILD" 7 listen listen-passed \
		listen-revoked
}

@test "a login goes on, and no part of a record is left, whatever call of the recording fails" {
	[ "$(id -u)" -eq 0 ] || skip 'needs root (the records)'
	"$HERE/tests/fault/run.sh" "$CERTAUTH_BUILD" 1 session-own session-forked
	"$HERE/tests/fault/run.sh" "$CERTAUTH_BUILD" 7 session-revoked
	"$HERE/tests/fault/run.sh" "$CERTAUTH_BUILD" 43 session-own-memory \
		session-forked-memory
}

@test "a revoked certificate stays so, whatever call of the login fails" {
	"$HERE/tests/fault/run.sh" "$CERTAUTH_BUILD" 1 revoked revoked-index \
		revoked-prefer revoked-two ocsp-revoked ocsp-delegated
}

@test "an index is made whole or not at all, whatever call of it fails" {
	"$HERE/tests/fault/run.sh" "$CERTAUTH_BUILD" 1 make-users \
		make-users-memory make-crl make-crl-memory
}

@test "no allocation that fails in a library grants a login" {
	"$HERE/tests/fault/run.sh" "$CERTAUTH_BUILD" 23 memory \
		memory-from-on memory-revoked memory-stranger memory-wrong-key
	"$HERE/tests/fault/run.sh" "$CERTAUTH_BUILD" 5 memory-revoked-two \
		memory-ocsp-revoked
}
