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

@test "a login fails or succeeds rightly, whatever call of it fails" {
	"$HERE/tests/fault/run.sh" "$CERTAUTH_BUILD" 7 json no-user index \
		from-on host-proof rsa-pss registered stream command \
		other-user wrong-key wrong-registered stranger expired purpose
}

@test "a revoked certificate stays so, whatever call of the login fails" {
	"$HERE/tests/fault/run.sh" "$CERTAUTH_BUILD" 1 revoked revoked-index \
		revoked-prefer revoked-two
}

@test "an index is made whole or not at all, whatever call of it fails" {
	"$HERE/tests/fault/run.sh" "$CERTAUTH_BUILD" 1 make-users \
		make-users-memory make-crl make-crl-memory
}

@test "no allocation that fails in a library grants a login" {
	"$HERE/tests/fault/run.sh" "$CERTAUTH_BUILD" 23 memory \
		memory-from-on memory-revoked memory-stranger memory-wrong-key
	"$HERE/tests/fault/run.sh" "$CERTAUTH_BUILD" 5 memory-revoked-two
}
