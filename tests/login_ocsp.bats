#!/usr/bin/env bats
# OCSP: responses that a client sends, and those in ocsp_dir.  The responses are the
# openssl command's.
bats_require_minimum_version 1.5.0
load lib/common

setup_file() {
	place_make
	map alice direct revoked
	pki_leaf responder root --eku OCSPSigning --ext 'noCheck = yes'
	pki_leaf checked root --eku OCSPSigning
	pki_leaf named root --ext 'authorityInfoAccess = OCSP;URI:http://127.0.0.1:9/'
	cp "$PKI/named.pem" "$PKI/named-chain.pem"
	ocsp alice inter inter
	ocsp inter root root
	ocsp direct root root
	ocsp revoked inter inter
	ocsp direct root responder delegated
	ocsp direct root checked checked
	ocsp direct root inter stranger
}
teardown_file() { place_remove; }

setup() {
	conf_reset
	crl_dir crl
	map alice direct revoked
	rm -rf "$S/etc/certauth/ocsp"
	mkdir "$S/etc/certauth/ocsp"
	conf default 'ocsp_dir = /etc/certauth/ocsp' 'revocation = ocsp'
	service test
	sed -i "s|^account .*|account required $MODULE ${CERTAUTH_VERIFIER:-verifier=spawn}|" \
		"$S/etc/pam.d/test"
}

# ocsp NAME ISSUER SIGNER [FILE]: what SIGNER says of NAME, in $S/FILE.der
ocsp() {
	local file=$S/${4:-$1}
	openssl ocsp -issuer "$PKI/$2.pem" -cert "$PKI/$1.pem" -no_nonce \
		-reqout "$file.req" &&
		openssl ocsp -index "$PKI/$2.db/index" -CA "$PKI/$2.pem" \
			-rsigner "$PKI/$3.pem" -rkey "$PKI/$3.key" -ndays 1 \
			-reqin "$file.req" -respout "$file.der" >/dev/null &&
		[ -s "$file.der" ] && chmod a+r "$file.der"
}

# host NAME [FILE]: the host has the response
host() {
	cp "$S/${2:-$1}.der" \
		"$S/etc/certauth/ocsp/$(pki_sha256 "$PKI/$1.pem").ocsp"
}

# session CERT RESPONSES: a login with the account check after it
session() {
	log_mark
	in_place python3 "$S/bin/login.py" --cert "$PKI/$1-chain.pem" \
		--key "$PKI/$1.key" --ocsp "$2" -- pamtester test alice \
		authenticate acct_mgmt >"$S/seen" 2>&1 </dev/null
}

@test "each certificate of the path needs a response" {
	login_denied ocsp-missing
	login_denied ocsp-missing --ocsp "$S/alice.der"
	logged 'for CN=Test inter'
	login_ok --ocsp "$S/alice.der,$S/inter.der"
	# whichever entry they are in
	login_ok --ocsp "$S/inter.der,$S/alice.der"
	login_ok --cert direct --ocsp "$S/direct.der"
	login_denied ocsp-missing --cert direct --ocsp "$S/alice.der"
}

@test "ocsp-missing: the CA, the host, or the client has to do something" {
	map alice named direct
	login_denied ocsp-missing --cert direct
	logged 'this certificate names no OCSP responder .*set `revocation = any.*\(for CN=direct'
	login_denied ocsp-missing --cert named
	logged 'the client sent no OCSP response about this certificate, and .*about a registered certificate, run `certauth ocsp update`.*\(for CN=named'
	login_denied ocsp-missing --cert named --ocsp "$S/alice.der"
	logged '\(but others\)'
	# registered, and not sent
	mkdir -p "$S/etc/certauth/users.d/alice"
	cp "$PKI/named.pem" "$S/etc/certauth/users.d/alice/"
	login_denied ocsp-missing --raw --cert - --key "$PKI/named.key"
	logged 'a client whose certificate is registered on this host sends no OCSP response; run `certauth ocsp update`.*certauth-ocsp-update.timer'
	rm -r "$S/etc/certauth/users.d"
	# no client is there
	run in_place "$CERTAUTH" explain --service test --user alice "$PKI/named.pem"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'no OCSP response about this certificate was given, and '*'add --ocsp FILE'*'`certauth try`'* ]]
	[[ $output != *'client sent'* ]]
	run in_place "$CERTAUTH" verify "$PKI/named.pem"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'no OCSP response about this certificate was given, and '*'add --ocsp FILE'* ]]
}

@test "what the client sent is kept for the account check" {
	session alice "$S/alice.der,$S/inter.der"
	logged 'event=account outcome=(accepted|granted)'
	run session alice ''
	[ "$status" -ne 0 ]
	logged 'outcome=denied.*reason=ocsp-missing'
}

@test "responses of the host" {
	host alice
	login_denied ocsp-missing
	host inter
	login_ok
	session alice ''
	logged 'event=account outcome=(accepted|granted)'
	# one of each
	rm "$S/etc/certauth/ocsp/$(pki_sha256 "$PKI/alice.pem").ocsp"
	login_ok --ocsp "$S/alice.der"
}

@test "any: a CRL or a response for each certificate" {
	conf default 'revocation = any'
	login_ok
	crl_dir root.crl
	login_denied crl-missing
	login_ok --ocsp "$S/alice.der"
	crl_dir crl-expired
	login_denied crl-expired
	login_ok --ocsp "$S/alice.der,$S/inter.der"
	rm -rf "$S/etc/certauth/crl"
	login_ok --ocsp "$S/alice.der,$S/inter.der"
}

@test "a response that says revoked refuses, whatever else there is" {
	# the register has it; this CRL does not
	crl_dir crl-clean
	conf default 'revocation = crl'
	login_ok --cert revoked
	login_denied revoked --cert revoked --ocsp "$S/revoked.der"
	logged 'revoked by the OCSP response that the client sent since 20'
	conf default 'revocation = any'
	login_ok --cert revoked
	login_denied revoked --cert revoked --ocsp "$S/revoked.der"
	host revoked
	login_denied revoked --cert revoked
	logged 'revoked by /etc/certauth/ocsp/[0-9a-f]{64}.ocsp since 20'
	conf default 'revocation = crl'
	login_ok --cert revoked
	# and a CRL, whatever the responses are
	conf default 'revocation = any'
	crl_dir crl
	login_denied revoked --cert revoked --ocsp "$S/alice.der,$S/inter.der"
}

@test "delegated responders" {
	login_ok --cert direct --ocsp "$S/delegated.der"
	login_denied ocsp-responder --cert direct --ocsp "$S/stranger.der"
	login_ok --cert direct --ocsp "$S/checked.der"
	rm -rf "$S/etc/certauth/crl"
	login_denied ocsp-responder --cert direct --ocsp "$S/checked.der"
	logged 'no id-pkix-ocsp-nocheck'
	login_ok --cert direct --ocsp "$S/delegated.der"
}

@test "a bad response is no answer, and no crash" {
	head -c 100 "$S/direct.der" >"$S/cut.der"
	login_denied ocsp-missing --cert direct --ocsp "$S/cut.der"
	cp "$S/cut.der" "$S/bad.der"
	host direct bad
	login_denied ocsp-malformed --cert direct
	login_ok --cert direct --ocsp "$S/direct.der"
	head -c 20000 /dev/zero >"$S/bad.der"
	host direct bad
	login_denied ocsp-malformed --cert direct
	printf '\x30\x03\x0a\x01\x03' >"$S/bad.der"
	host direct bad
	login_denied ocsp-error --cert direct
	logged tryLater
	conf default 'revocation = any'
	login_ok --cert direct
}

@test "ocsp_dir that others can write to, or that is not there" {
	host direct
	login_ok --cert direct
	# what only root may read, the module opens
	chmod 700 "$S/etc/certauth/ocsp"
	login_ok --cert direct
	chmod 777 "$S/etc/certauth/ocsp"
	login_denied ocsp-dir --cert direct
	login_denied ocsp-dir --cert direct --ocsp "$S/direct.der"
	rm -rf "$S/etc/certauth/ocsp"
	login_denied ocsp-missing --cert direct
	login_ok --cert direct --ocsp "$S/direct.der"
}

@test "a wrong signature: no response is looked at" {
	conf default 'debug = yes'
	login_denied signature --cert revoked --how flip-signature \
		--ocsp "$S/revoked.der"
	not_logged OCSP
}

@test "ocsp_max_age" {
	conf default 'ocsp_max_age = 60s'
	ocsp direct root root fresh
	login_ok --cert direct --ocsp "$S/fresh.der"
	run in_place "$CERTAUTH" verify --time "$(date -u -d '+2 minutes' +%FT%TZ)" \
		--ocsp "$S/fresh.der" "$PKI/direct.pem"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'ocsp-expired'*'ocsp_max_age'* ]]
}

@test "crl = off beside OCSP is a mistake" {
	conf default 'crl = off'
	login_denied config --cert direct --ocsp "$S/direct.der"
	logged 'crl = off checks no revocation at all'
}

@test "verify and explain: a file that is no response is named, and what is wrong" {
	local command
	head -c 100 "$S/alice.der" >"$S/cut.der"
	printf '\x30\x03\x0a\x01\x03' >"$S/later.der"
	for command in verify 'explain --service test --user alice'; do
		# shellcheck disable=SC2086 # words
		run in_place "$CERTAUTH" $command --ocsp "$S/cut.der" "$PKI/alice-chain.pem"
		echo "$output"
		[ "$status" -eq 2 ]
		[[ $output == *"$S/cut.der is not an OCSP response in DER"* ]]
		# shellcheck disable=SC2086 # words
		run in_place "$CERTAUTH" $command --ocsp "$S/later.der" "$PKI/alice-chain.pem"
		[ "$status" -eq 2 ]
		[[ $output == *"$S/later.der is an error message of the responder (tryLater)"* ]]
	done
}

@test "verify and explain say which response it was" {
	run in_place "$CERTAUTH" verify --ca-dir "$S/etc/certauth/ca" \
		--ocsp "$S/alice.der" --ocsp "$S/inter.der" "$PKI/alice-chain.pem"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'certificate 1 good by the OCSP response that the client sent until '* ]]
	run in_place "$CERTAUTH" verify --ca-dir "$S/etc/certauth/ca" \
		--ocsp "$S/alice.der" "$PKI/alice-chain.pem"
	[ "$status" -eq 1 ]
	[[ $output == *ocsp-missing* ]]
	run in_place "$CERTAUTH" verify --no-crl --ocsp "$S/alice.der" \
		"$PKI/alice-chain.pem"
	[ "$status" -eq 2 ]
	host inter
	host revoked
	run in_place "$CERTAUTH" explain --service test --user alice \
		--ocsp "$S/alice.der" "$PKI/alice-chain.pem"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'OCSP response of the client: '*' old, does not revoke it, until '* ]]
	[[ $output == *'OCSP response /etc/certauth/ocsp/'*'no CRL used: revocation = ocsp'* ]]
	run in_place "$CERTAUTH" explain --service test --user alice \
		"$PKI/revoked-chain.pem"
	[ "$status" -eq 1 ]
	[[ $output == *'old, revokes it since 20'* ]]
	run in_place "$CERTAUTH" explain --service test --user alice --json \
		--ocsp "$S/alice.der" "$PKI/alice-chain.pem"
	[ "$status" -eq 0 ]
	python3 -c 'import json, sys
chain = json.loads(sys.argv[1])["chain"]
assert chain[0]["ocsp"][0]["status"] == "good", chain
assert "file" not in chain[0]["ocsp"][0], chain
assert chain[1]["ocsp"][0]["file"].endswith(".ocsp"), chain
assert chain[2]["ocsp"] == [], chain' "$output"
}
