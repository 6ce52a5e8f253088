#!/usr/bin/env bats
# `certauth verify` against the outside suites, by each way to read CRLs.

setup() {
	cd "$BATS_TEST_DIRNAME/.." || return 1
}

suite() {
	run tests/conformance.sh "$@"
	echo "$output"
	[ "$status" -ne 77 ] || skip "$output"
	[ "$status" -eq 0 ]
}

@test "NIST PKITS, with indexes" {
	INDEX=1 suite pkits --crl-engine auto
}

@test "NIST PKITS, streaming" {
	suite pkits --crl-engine stream
}

@test "NIST PKITS, profile = strict" {
	suite pkits --profile strict
}

@test "NIST PKITS, directories with hashed names alone" {
	NAMES='hash' suite pkits
}

@test "NIST PKITS, directories without hashed names" {
	NAMES='plain' suite pkits
}

@test "x509-limbo, with indexes" {
	INDEX=1 suite limbo-client --crl-engine auto
}

@test "x509-limbo, streaming" {
	suite limbo-client --crl-engine stream
}

@test "x509-limbo, profile = strict" {
	suite limbo-client --profile strict
}

@test "BetterTLS path building, profile = strict" {
	suite bettertls-client --profile strict
}

@test "BoringSSL's chains, profile = strict" {
	suite bssl-chain --profile strict
}

@test "BetterTLS path building" {
	suite bettertls-client
}

@test "BetterTLS path building, directories without hashed names" {
	NAMES='plain' suite bettertls-client
}

@test "BoringSSL's chains" {
	suite bssl-chain
}
