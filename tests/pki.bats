#!/usr/bin/env bats
# certauth pki: a small CA whose certificates a login takes.
load lib/common

setup() {
	T=$BATS_TEST_TMPDIR
	CERTAUTH=$CERTAUTH_BUILD/certauth
	cd "$T" || return
	umask 022
}

pki() { run "$CERTAUTH" pki "$@"; echo "$output"; }

# look NAME: as a login would, and as openssl does; its exit status
look() {
	rm -rf ca-dir crl-dir
	mkdir ca-dir crl-dir
	cp ca/ca.pem ca-dir/
	cp ca/ca.crl crl-dir/
	run openssl verify -x509_strict -purpose "${2:-sslclient}" -crl_check \
		-CAfile ca/ca.pem -CRLfile ca/ca.crl "ca/$1.pem"
	local openssl=$status
	run "$CERTAUTH" verify --ca-dir ca-dir --crl-dir crl-dir \
		--purpose "${2:-sslclient}" "ca/$1.pem"
	echo "$output"
	[ "$((openssl == 0))" -eq "$((status == 0))" ] || return 3
	return "$status"
}

# both refuse it
refused() {
	local rc=0
	look "$@" || rc=$?
	[ "$rc" -eq 1 ]
}

@test "init, issue, revoke: certauth verify and openssl verify agree" {
	pki init ca
	[ "$status" -eq 0 ]
	[[ $output == *'for tests and small sites'* ]]
	pki issue ca alice --email alice@corp.example --upn alice@corp.example
	[ "$status" -eq 0 ]
	pki issue ca bob
	pki issue ca web1 --server web1.example
	look alice
	look bob
	look web1 sslserver
	refused web1
	pki revoke ca alice
	[ "$status" -eq 0 ]
	[[ $output == *'1 revoked'* ]]
	refused alice
	[[ $output == *revoked* ]]
	look bob
	# the second revocation keeps the first, and the number grows
	pki revoke ca bob
	refused alice
	refused bob
	openssl crl -in ca/ca.crl -noout -crlnumber | grep -q '0x03'
	pki crl ca --days 3
	[[ $output == *'2 revoked, valid for 3 days'* ]]
	refused alice
}

@test "revocations at the same time: none is lost" {
	pki init ca
	for n in 1 2 3 4 5 6; do "$CERTAUTH" pki issue ca u$n >/dev/null; done
	# all wait at the key, then go
	flock -o ca/ca.key sh -c '
		for n in 1 2 3 4 5 6; do "$1" pki revoke ca u$n >/dev/null & done
		sleep 1' sh "$CERTAUTH" 3>&-
	for _ in $(seq 100); do
		n=$(openssl crl -in ca/ca.crl -noout -text |
			grep -c 'Serial Number') || :
		[ "$n" -eq 6 ] && break
		sleep 0.1
	done
	[ "$n" -eq 6 ]
	openssl crl -in ca/ca.crl -noout -crlnumber | grep -q '0x07'
}

@test "init: a folder that others can write is refused" {
	mkdir ca
	chmod 777 ca
	pki init ca
	[ "$status" -ne 0 ]
	[[ $output == *'writable by'* ]]
	[ -z "$(ls -A ca)" ]
}

@test "what a certificate says is what was asked for" {
	pki init ca --cn 'Corp, "CA"' --days 100
	pki issue ca alice --cn 'Alice Ä, O=Evil' --email a@corp.example \
		--upn a@corp.example --days 9999
	[ "$status" -eq 0 ]
	# commas in a name make no second attribute
	run openssl x509 -in ca/alice.pem -noout -subject -nameopt RFC2253,utf8,-esc_msb
	[ "$output" = 'subject=CN=Alice Ä\, O=Evil' ]
	run openssl x509 -in ca/alice.pem -noout -ext subjectAltName
	[[ $output == *'email:a@corp.example'* ]]
	run "$CERTAUTH" inspect ca/alice.pem
	[[ $output == *'upn:a@corp.example'* ]]
	# a leaf does not outlive its CA
	[ "$(openssl x509 -in ca/alice.pem -noout -enddate)" = \
		"$(openssl x509 -in ca/ca.pem -noout -enddate)" ]
	look alice
	openssl x509 -in ca/ca.pem -noout -text | grep -q 'prime256v1'
}

@test "keys are the owner's alone" {
	pki init ca
	pki issue ca alice
	[ "$(stat -c %a ca)" = 700 ]
	[ "$(stat -c %a ca/ca.key)" = 600 ]
	[ "$(stat -c %a ca/alice.key)" = 600 ]
	[ "$(stat -c %a ca/alice.pem)" = 644 ]
}

@test "nothing is overwritten, and every error says what to do" {
	pki init ca
	cp -a ca before
	pki init ca
	[ "$status" -eq 2 ]
	[[ $output == *'certauth pki issue ca NAME'* ]]
	pki issue ca alice
	cp ca/alice.key kept
	pki issue ca alice
	[ "$status" -eq 2 ]
	cmp ca/alice.key kept
	cmp ca/ca.key before/ca.key
	pki issue nowhere alice
	[ "$status" -ne 0 ]
	[[ $output == *'certauth pki init nowhere'* ]]
	for name in ca ../x .x -- '' 'a b'; do
		pki issue ca -- "$name"
		[ "$status" -ne 0 ]
	done
	[ ! -e x.pem ]
	pki issue ca carol --email 'carol@corp.example x'
	[ "$status" -eq 2 ]
	pki issue ca carol --days 0
	[ "$status" -eq 2 ]
	pki revoke ca nobody
	[ "$status" -eq 1 ]
	pki revoke ca alice
	pki revoke ca alice
	[ "$status" -eq 1 ]
	[[ $output == *'already revoked'* ]]
	# a certificate of another CA
	pki init other
	pki issue other dave
	cp other/dave.pem ca/
	pki revoke ca dave
	[ "$status" -eq 1 ]
	[[ $output == *'issued by another CA'* ]]
	# a key that is not the CA's
	cp other/ca.key ca/ca.key
	pki issue ca erin
	[ "$status" -eq 1 ]
	[[ $output == *'not the key of ca.pem'* ]]
}
