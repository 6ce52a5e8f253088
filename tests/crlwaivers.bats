#!/usr/bin/env bats
# Certificates that need no CRL: crl_short_lived, crl_exempt, and noRevAvail (RFC
# 9608), in logins and in `certauth verify`.
load lib/common

setup_file() {
	place_make
	pki_use "$S/pki"
	pki_leaf day inter --subject '/O=Example/CN=alice' --from -60s --to +24h
	pki_leaf hour inter --subject '/O=Example/CN=alice' --from -60s --to +1h
	pki_leaf week inter --subject '/O=Example/CN=alice' --from -60s --to +7d
	# of 25 hours, and one second more
	pki_leaf exact inter --subject '/O=Example/CN=alice' \
		--from 20260101000000Z --to 20260102010000Z
	pki_leaf over inter --subject '/O=Example/CN=alice' \
		--from 20260101000000Z --to 20260102010001Z
	# a CA's own certificate of a day, as the leaf and as an issuer
	pki_ca dayca --issuer root --from -60s --to +24h
	pki_leaf under-dayca dayca --from -60s --to +24h
	# the CA's key in another certificate of the same name
	_pki_issue renewed root 'basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
authorityKeyIdentifier = keyid' --key-of inter \
		--subject '/O=Example/CN=Test inter' --from -2d --to +300d
	for cert in day hour week; do
		cat "$PKI/$cert.pem" "$PKI/inter.pem" >"$PKI/$cert-chain.pem"
	done
	mkdir "$S/no-crls"
	cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$S/bin/"
	map alice day hour week direct
	export FP
	FP=$(openssl x509 -in "$PKI/inter.pem" -noout -fingerprint -sha256)
}
teardown_file() { place_remove; }

setup() {
	crl_dir crl-missing
	conf_reset
}

verify() {
	run "$CERTAUTH_BUILD/certauth" verify --config "$S/empty.conf" \
		--ca-dir "$PKI/ca" --crl-dir "$PKI/crl-missing" \
		--intermediates "$PKI/inter.pem" "$@"
	echo "$output"
}

@test "crl_short_lived: the leaf needs no CRL, and the log says so" {
	login_denied crl-missing --cert day
	conf default 'crl_short_lived = 25h'
	login_ok --cert day
	logged 'reason=crl-short-lived waived=crl-short-lived'
	login_denied crl-missing --cert week
	conf default 'crl_short_lived = 0s'
	login_denied crl-missing --cert day
}

@test "crl_exempt: what that CA issues needs no CRL, and the log says so" {
	conf default "crl_exempt = $FP"
	login_ok --cert week
	logged 'reason=crl-exempt waived=crl-exempt'
	conf default "crl_exempt = $(pki_sha256 "$PKI/root.pem")"
	login_denied crl-missing --cert week
}

@test "the account check waives what the login did" {
	conf default 'crl_short_lived = 25h'
	cp "$S/etc/pam.d/test" "$S/pam.test"
	sed -i "s|^account .*|account required $MODULE|" "$S/etc/pam.d/test"
	log_mark
	in_place "$S/bin/pamdrive" -u alice -C "$CERTAUTH sign --pieces \
		--any-host --user alice --cert $PKI/day-chain.pem \
		--key $PKI/day.key" -a >"$S/seen" || :
	cp "$S/pam.test" "$S/etc/pam.d/test"
	cat "$S/seen"
	grep -x 'authenticate PAM_SUCCESS' "$S/seen"
	grep -x 'account PAM_SUCCESS' "$S/seen"
}

@test "both, in the section of one service only" {
	conf sudo "crl_exempt = $FP
crl_short_lived = 25h"
	login_denied crl-missing --cert week
	conf_reset
	conf test "crl_exempt = $FP"
	login_ok --cert week
}

@test "a CRL that lists the certificate counts" {
	conf default "crl_exempt = $FP
crl_short_lived = 25h"
	pki_revoke inter hour
	pki_crl inter
	cp "$PKI/inter.crl" "$S/etc/certauth/crl/"
	login_denied revoked --cert hour
	# nothing waived beside a CRL that does not list
	login_ok --cert week
	not_logged 'waived='
}

@test "a crl_dir that others can write to, and one that does not exist" {
	conf default "crl_exempt = $FP $(pki_sha256 "$PKI/root.pem")"
	chmod g+w "$S/etc/certauth/crl"
	login_denied crl-dir --cert week
	rm -r "$S/etc/certauth/crl"
	login_ok --cert week
	logged 'waived=crl-exempt'
}

@test "a CRL that cannot be read refuses" {
	conf default "crl_exempt = $FP
crl_short_lived = 25h"
	pki_crl inter
	cp "$PKI/inter.crl" "$S/etc/certauth/crl/"
	chmod 666 "$S/etc/certauth/crl/inter.crl"
	login_denied crl-dir --cert day
	# the leaf alone, which needs none
	conf default 'crl_check = leaf'
	login_denied crl-dir --cert day
	# one that is no CRL is none
	chmod 644 "$S/etc/certauth/crl/inter.crl"
	echo 'no CRL' >"$S/etc/certauth/crl/inter.crl"
	login_ok --cert day
	logged 'waived=crl-short-lived'
}

@test "the CAs of the path need their CRLs" {
	crl_dir inter.crl
	conf default 'crl_short_lived = 25h'
	login_denied crl-missing --cert day
}

@test "crl_short_lived: the second decides; no CA's certificate is short-lived" {
	local at=(--time 2026-01-01T12:00:00Z --crl require)
	# the CRLs of the PKI are of today: only the leaf's waiver is seen
	printf '[default]\ncrl_check = leaf\n' >"$S/leaf.conf"
	for cert in exact over; do
		run "$CERTAUTH_BUILD/certauth" verify --config "$S/leaf.conf" \
			--ca-dir "$PKI/ca" --crl-dir "$PKI/crl-missing" \
			--intermediates "$PKI/inter.pem" --crl-short-lived 25h \
			"${at[@]}" "$PKI/$cert.pem"
		echo "$output"
		case $cert in
		exact) [[ $output == *'revocation  waived, crl-short-lived'* ]] ;;
		over) [[ $output == *'revocation  fail, crl-missing'* ]] ;;
		esac
	done
	: >"$S/empty.conf"
	verify --purpose any --crl-short-lived 25h "$PKI/dayca.pem"
	[[ $output == *'revocation  pass'* ]]
	run "$CERTAUTH_BUILD/certauth" verify --config "$S/empty.conf" \
		--ca-dir "$PKI/ca" --crl-dir "$S/no-crls" --purpose any \
		--crl-short-lived 25h "$PKI/dayca.pem"
	[[ $output == *'revocation  fail, crl-missing'* ]]
	# the issuer's own short validity exempts nothing
	run "$CERTAUTH_BUILD/certauth" verify --config "$S/empty.conf" \
		--ca-dir "$PKI/ca" --crl-dir "$S/no-crls" --crl-short-lived 25h \
		--intermediates "$PKI/dayca.pem" "$PKI/under-dayca.pem"
	[[ $output == *'revocation  fail, crl-missing'*'CN=Test dayca'* ]]
}

@test "crl_exempt goes by the issuer's certificate on the path" {
	: >"$S/empty.conf"
	local dirs=(--config "$S/empty.conf" --ca-dir "$PKI/ca"
		--crl-dir "$PKI/crl-missing")
	# the same CA and key, with another certificate
	run "$CERTAUTH_BUILD/certauth" verify "${dirs[@]}" --crl-exempt "$FP" \
		--intermediates "$PKI/renewed.pem" "$PKI/week.pem"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'revocation  fail, crl-missing'* ]]
	# both are there: the path that is accepted is found
	cat "$PKI/renewed.pem" "$PKI/inter.pem" >"$S/two.pem"
	run "$CERTAUTH_BUILD/certauth" verify "${dirs[@]}" --crl-exempt "$FP" \
		--intermediates "$S/two.pem" "$PKI/week.pem"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'revocation  waived, crl-exempt'* ]]
}

@test "two waivers: both are in the detail" {
	: >"$S/empty.conf"
	run "$CERTAUTH_BUILD/certauth" verify --config "$S/empty.conf" \
		--ca-dir "$PKI/ca" --crl-dir "$S/no-crls" \
		--intermediates "$PKI/inter.pem" --crl-short-lived 25h \
		--crl-exempt "$(pki_sha256 "$PKI/root.pem")" "$PKI/day.pem"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'waived, crl-exempt'*'; crl-short-lived: '* ]]
}

@test "explain says which certificate needs no CRL" {
	conf default 'crl_short_lived = 25h'
	run in_place "$S/bin/certauth" explain --service test --json --user alice \
		--intermediates "$PKI/inter.pem" "$PKI/day.pem"
	echo "$output"
	[ "$status" -eq 0 ]
	python3 - "$output" <<-'END'
		import json, sys
		r = json.loads(sys.argv[1])
		assert r['reason'] == 'crl-short-lived', r
		assert [c.get('waived') for c in r['chain']] == \
		    ['crl-short-lived', None, None], r['chain']
	END
	run in_place "$S/bin/certauth" explain --service test --user alice \
		--intermediates "$PKI/inter.pem" "$PKI/day.pem"
	[[ $output == *'no CRL needed: crl_short_lived'* ]]
}

# norevavail NAME ISSUER EXTENSIONS: what verify says of it by each profile
norevavail() {
	local profile
	pki_leaf "$1" "$2" --ext "2.5.29.56 = ASN1:NULL
$3"
	for profile in strict basic; do
		run "$CERTAUTH_BUILD/certauth" verify --config "$S/empty.conf" \
			--ca-dir "$PKI/ca" --crl-dir "$PKI/crl" --profile "$profile" \
			"$PKI/$1.pem"
		echo "$output"
		[[ $output == *"$4"* ]] || return
		[[ $output != *'profile = basic accepts'* ]] || return
	done
}

@test "noRevAvail: exempts nothing, and is refused in contradictions" {
	: >"$S/empty.conf"
	norevavail alone root '' 'revocation  pass'
	# a CA's own, as the leaf
	pki_ca nra --issuer root --ext '2.5.29.56 = ASN1:NULL'
	run "$CERTAUTH_BUILD/certauth" verify --config "$S/empty.conf" \
		--ca-dir "$PKI/ca" --crl-dir "$PKI/crl" --purpose any \
		"$PKI/nra.pem"
	echo "$output"
	[[ $output == *'fail, profile'*'must not be in a CA certificate'* ]]
	norevavail dp root 'crlDistributionPoints = URI:http://x.example/a' \
		'contradicts its cRLDistributionPoints'
	norevavail fresh root 'freshestCRL = URI:http://x.example/a' \
		'contradicts its freshestCRL'
	norevavail ocsp root 'authorityInfoAccess = OCSP;URI:http://x.example/' \
		'contradicts the OCSP responder'
	norevavail aia root 'authorityInfoAccess = caIssuers;URI:http://x.example/' \
		'revocation  pass'
	run "$CERTAUTH_BUILD/certauth" verify --config "$S/empty.conf" \
		--ca-dir "$PKI/ca" --crl-dir "$S/no-crls" "$PKI/alone.pem"
	[[ $output == *'revocation  fail, crl-missing'* ]]
}
