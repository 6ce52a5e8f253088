#!/usr/bin/env bats
# A TPM by tpm2-pkcs11: swtpm in its place.
bats_require_minimum_version 1.5.0
load lib/token
load lib/cards

setup_file() {
	token_make
	cards_make "$T"
	[ -z "$(cards_has pcscd)$(cards_has tpm2)" ] || return 0
	tpm_make 'TPM One'
	tpm_load 'TPM One' p256
	tpm_load 'TPM One' rsa2048
}

teardown_file() {
	cards_remove
	token_remove
}

setup() {
	# pcscd for its network
	cards_need pcscd tpm2
	cards_modules tpm2
	[ -e "$CARDS/tpm.pid" ] || tpm_start
	tpm tpm2_dictionarylockout --clear-lockout
}

# the wrong PINs that the TPM has counted
counted() {
	tpm tpm2_getcap properties-variable |
		grep -qE "^TPM2_PT_LOCKOUT_COUNTER: 0x$1\$"
}

P256='pkcs11:token=TPM%20One;object=p256'
RSA='pkcs11:token=TPM%20One;object=rsa2048'
EC=ecdsa_secp256r1_sha256

@test "every certificate of the store is found, without a PIN" {
	cards_tool '' p11 -
	[ "$status" -eq 0 ]
	[ "$(grep -c '^identity: TPM One: ' <<<"$output")" -eq 2 ]
	has '^identity: TPM One: p256, .* can ecdsa_secp256r1_sha256$'
	has '^identity: TPM One: rsa2048, .* can rsa_pss_rsae_sha256 '
	hasnt '^ask:'
	counted 0
}

@test "ECDSA and RSA sign, each after its PIN" {
	cards_tool 1234 p11 "$P256" all
	[ "$status" -eq 0 ]
	has "^signed by $EC"
	[ "$(grep -c '^ask:' <<<"$output")" -eq 1 ]
	cards_tool 1234,1234 p11 "$RSA" rsa_pss_rsae_sha256 rsa_pkcs1_sha256
	[ "$status" -eq 0 ]
	[ "$(grep -c '^signed by' <<<"$output")" -eq 2 ]
}

@test "each scheme that the token says it can, it can" {
	cards_tool 1234,1234,1234,1234,1234,1234 p11 "$RSA" all
	[ "$status" -eq 0 ]
	[ "$(grep -c '^signed by rsa_p' <<<"$output")" -eq 6 ]
}

@test "a wrong PIN is asked for again; the TPM counts it" {
	cards_tool 9999,1234 p11 "$P256" $EC
	[ "$status" -eq 0 ]
	has '^error: Wrong PIN'
	[ "$(grep -c '^ask:' <<<"$output")" -eq 2 ]
	# a right PIN does not reset the count: only time or the owner does
	counted 1
}

@test "the TPM locks out after its wrong PINs, until the owner or time ends it" {
	cards_tool 9999,9998,9997,9996 p11 "$P256" $EC
	[ "$status" -eq 1 ]
	has '^error: .*(locked|lockout)'
	hasnt '^signed'
	counted 3
	# also for the right PIN
	cards_tool 1234 p11 "$P256" $EC
	[ "$status" -eq 1 ]
	has '^error: .*(locked|lockout)'
	tpm tpm2_dictionarylockout --clear-lockout
	cards_tool 1234 p11 "$P256" $EC
	[ "$status" -eq 0 ]
	has "^signed by $EC"
}

@test "a TPM that is gone before, or while the PIN is typed" {
	cards_tool "!$CARDS/do tpm_stop,1234" p11 "$P256" $EC
	[ "$status" -eq 1 ]
	has '^error: '
	has '^not signed'
	cards_tool 1234 p11 "$P256" $EC
	[ "$status" -eq 1 ]
	has '^failed: not found'
	hasnt '^ask:'
	# it is as good as before afterwards
	tpm_start
	cards_tool 1234 p11 "$P256" $EC
	[ "$status" -eq 0 ]
}
