#!/usr/bin/env bats
# The rules for certificates: profile = basic and strict, and keyUsage.
bats_require_minimum_version 1.5.0
load lib/common

setup_file() {
	place_make
	mkdir "$S/old"
	cd "$S/old" || return
	openssl ecparam -name prime256v1 -genkey -noout -out ca.key
	openssl ecparam -name prime256v1 -genkey -noout -out leaf.key
	openssl req -x509 -new -key ca.key -subj /CN=Old -days 30 -out ca.pem
	openssl req -new -key leaf.key -subj /CN=alice -out leaf.csr
	plain v1 ''
	# (x509 of OpenSSL 4 does not add it)
	plain v3 "$(printf '%s\n' 'basicConstraints = CA:FALSE' \
		'authorityKeyIdentifier = keyid')"
	plain client 'extendedKeyUsage = clientAuth'
	plain server 'extendedKeyUsage = serverAuth'
	SERIAL=0 plain zero 'basicConstraints = CA:FALSE'
	plain noaki "$(printf '%s\n' 'authorityKeyIdentifier = none' \
		'extendedKeyUsage = clientAuth')"
	plain sha1 'extendedKeyUsage = clientAuth' -sha1
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 \
		-out weak.key
	openssl req -new -key weak.key -subj /CN=alice -out weak.csr
	REQUEST=weak plain weak 'extendedKeyUsage = clientAuth'
	# a version 1 certificate that issues another is refused by both
	pki_x509 leaf.csr '' -CA v1.pem -CAkey leaf.key -days 10 \
		-set_serial 5 -out under-v1.pem
}
teardown_file() { place_remove; }

# plain NAME EXTENSIONS [OPTION ...]: issue as a hand-made CA does
plain() {
	local name=$1 ext=$2
	shift 2
	pki_x509 "${REQUEST:-leaf}.csr" "$ext" -CA ca.pem -CAkey ca.key -days 10 \
		-set_serial "${SERIAL:-$((RANDOM + 1000))}" -out "$name.pem" "$@"
}

# judged NAME [OPTION ...]: accepted or rejected
judged() {
	local name=$1
	shift
	"$CERTAUTH" verify --ca-dir "$S/old/cas" --no-crl "$@" \
		"$S/old/$name.pem" >"$S/said" 2>&1
	case $? in
	0) echo accepted ;;
	1) echo rejected ;;
	*) cat "$S/said" ;;
	esac
}

setup() {
	mkdir -p "$S/old/cas"
	cp "$S/old/ca.pem" "$S/old/cas/"
}

@test "basic agrees with openssl verify about what a plain CA issues" {
	local name theirs ours rejected=0 accepted=0
	for name in v1 v3 client server zero noaki sha1 weak under-v1; do
		theirs=rejected
		openssl verify -purpose sslclient -auth_level 2 \
			-untrusted "$S/old/v1.pem" -CAfile "$S/old/ca.pem" \
			"$S/old/$name.pem" && theirs=accepted
		ours=$(judged "$name" --profile basic \
			--intermediates "$S/old/v1.pem")
		# and it is the default
		[ "$ours" = "$(judged "$name" \
			--intermediates "$S/old/v1.pem")" ]
		echo "$name: openssl $theirs, certauth $ours"
		[ "$ours" = "$theirs" ] || cat "$S/said"
		[ "$ours" = "$theirs" ]
		[ "$ours" = accepted ] && accepted=$((accepted + 1))
		[ "$ours" = rejected ] && rejected=$((rejected + 1))
	done
	[ "$accepted" -ge 5 ]
	[ "$rejected" -ge 4 ]
}

@test "strict names all that is missing, and that basic would do" {
	[ "$(judged v1 --profile strict)" = rejected ]
	grep 'it has no authorityKeyIdentifier' "$S/said"
	grep 'it is not a version 3 certificate' "$S/said"
	grep 'profile = basic accepts this certificate' "$S/said"
	[ "$(judged zero --profile strict)" = rejected ]
	grep 'its serial number is zero' "$S/said"
	grep 'profile = basic accepts this certificate' "$S/said"
	[ "$(judged v3 --profile strict)" = accepted ]
}

@test "strict promises nothing that basic does not keep" {
	[ "$(judged weak --profile strict)" = rejected ]
	run ! grep 'profile = basic' "$S/said"
	[ "$(judged sha1)" = rejected ]
	grep -i 'sha-1' "$S/said"
	[ "$(judged under-v1 --profile strict \
		--intermediates "$S/old/v1.pem")" = rejected ]
	run ! grep 'profile = basic' "$S/said"
}

@test "basic still revokes" {
	[ "$("$CERTAUTH" verify --ca-dir "$PKI/ca" \
		--crl-dir "$PKI/crl" --intermediates "$PKI/inter.pem" \
		"$PKI/revoked.pem" | head -n 1 | grep -c revoked)" -eq 1 ]
	"$CERTAUTH" verify --ca-dir "$PKI/ca" \
		--crl-dir "$PKI/crl" --intermediates "$PKI/inter.pem" \
		"$PKI/alice.pem"
}

@test "a login: granted by default, refused by strict with the reason" {
	openssl x509 -in "$S/old/v1.pem" >"$PKI/old-chain.pem"
	cp "$S/old/v1.pem" "$PKI/old.pem"
	cp "$S/old/leaf.key" "$PKI/old.key"
	ca_dir "$S/old/ca.pem"
	map old
	conf_reset
	conf default 'crl = off'
	login_ok --cert old
	conf default 'profile = strict'
	login_denied profile --cert old
	logged 'no authorityKeyIdentifier.*profile = basic accepts this certificate'
	conf default 'profile = basic'
	login_ok --cert old
}

@test "a key that its certificate does not let sign cannot log in" {
	local name
	pki_copy "$S/ku"
	pki_leaf agree inter --ku keyAgreement
	pki_leaf declare inter --ku nonRepudiation
	pki_leaf both inter --ku keyAgreement,digitalSignature
	ca_dir root.pem
	map agree declare both
	conf_reset
	conf default 'crl = off'
	for name in agree declare both; do
		cat "$PKI/$name.pem" "$PKI/inter.pem" >"$PKI/$name-chain.pem"
	done
	# OpenSSL's own check for TLS may differ
	openssl verify -purpose sslclient -CAfile "$PKI/root.pem" \
		-untrusted "$PKI/inter.pem" "$PKI/agree.pem"
	login_denied purpose --cert agree
	logged 'keyUsage lacks digitalSignature'
	login_denied purpose --cert declare
	login_ok --cert both
	conf default 'purpose = any'
	login_ok --cert agree
}

@test "each rule of strict has a certificate that breaks it" {
	local said tried
	said=$(sed -n '/^| `strict` refuses/,/^$/p' "$HERE/docs/security.md" |
		sed -n '3,$s/^| \(.*\) | 4\..* |$/\1/p' | sort)
	tried=$(tr -s '\n\t ' ' ' <"$HERE/tests/unit/test_profile.c" |
		sed 's/" "//g' | grep -oE 'RULE\("[^"]*"' |
		sed 's/^RULE("//; s/"$//' | sort)
	diff <(echo "$said") <(echo "$tried")
	[ "$(wc -l <<<"$said")" -ge 20 ]
}
