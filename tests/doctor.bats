#!/usr/bin/env bats
# certauth doctor: a set-up without faults has no findings, and each fault that a
# test makes is found.
bats_require_minimum_version 1.5.0
load lib/common

# a plain ! would not fail a test
not() { ! "$@"; }

setup_file() {
	place_make
	# CAs and certificates for these tests only
	pki_ca old-ca --from -20d --to -1d
	pki_ca next-ca --from +1d
	pki_ca soon-ca --to +3d
	pki_ca weak-ca --key rsa1024
	pki_ca twin --subject '/O=Example/CN=Test root'
	pki_ca rolled --issuer root --subject '/O=Example/CN=Test root'
	pki_leaf host-good inter --eku serverAuth --san DNS:host.example
	pki_leaf host-old inter --eku serverAuth --san DNS:host.example \
		--from -20d --to -1d
	pki_crl inter --from -20d --to +1d --out "$PKI/inter-due.crl"
	local responder='authorityInfoAccess = OCSP;URI:http://127.0.0.1:9/'
	pki_ca ocsp-sub --issuer root --ext "$responder"
	pki_ca ocsp-brief --issuer root --from -1d --to +29d --ext "$responder"
	pki_ca ocsp-ca --issuer root
	pki_ca ocsp-other
	pki_leaf ocsp-alice ocsp-sub --ext "$responder"
	pki_leaf ocsp-gone ocsp-sub --ext "$responder"
	pki_leaf ocsp-plain ocsp-sub
	pki_leaf ocsp-short ocsp-sub --to +1d --ext "$responder"
	pki_revoke ocsp-sub ocsp-gone
}
teardown_file() { place_remove; }

# A set-up without faults.
setup() {
	C=$S/etc/certauth
	rm -rf "$C" "$S/etc/pam.d/"* "$S/etc/ssh/"* "$S/dot"
	mkdir -p "$C" "$S/etc/ssh"
	conf_reset
	ca_dir root.pem
	crl_dir root.crl
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" 'bob email:bob@corp.example'
	service sshd
	sed -i "s|^account .*|account required $MODULE|" "$S/etc/pam.d/sshd"
	printf 'auth required pam_deny.so\n' >"$S/etc/pam.d/other"
	printf 'UsePAM yes\nKbdInteractiveAuthentication yes\n' \
		>"$S/etc/ssh/sshd_config"
	in_place rm -rf /run/systemd
}

doctor() {
	run --separate-stderr in_place "$CERTAUTH" doctor --skip clock "$@"
}

# finds LEVEL CODE TEXT [OTHER-CODE ...]: doctor reports that finding with why and
# mend, exits with its status, and reports no other codes than OTHER-CODE ...
finds() {
	local level=$1 code=$2 text=$3 other want=1
	shift 3
	doctor
	echo "$output"
	grep -F "$level $code: " <<<"$output" | grep -qF -- "$text"
	grep -A2 "^$level $code: " <<<"$output" | grep -q '^    why:  ...'
	grep -A2 "^$level $code: " <<<"$output" | grep -q '^    mend: ...'
	[[ $level != error && ! $output =~ (^|$'\n')error ]] || want=2
	[ "$level" != note ] || want=0
	[ "$status" -eq "$want" ]
	other=$(grep -E '^(error|warning) ' <<<"$output" | sed 's/^[a-z]* //; s/:.*//')
	for code in $code "$@"; do
		other=$(grep -vx "$code" <<<"$other" || :)
	done
	if [ -n "$other" ]; then
		echo "found beside it: $other"
		return 1
	fi
}

# mend CODE [TEXT]: the mend of that finding (that has TEXT)
mend() {
	grep -A2 "^[a-z]* $1: .*${2:-}" <<<"$output" |
		sed -n 's/^    mend: //p' | head -n1
}

# gone CODE [TEXT]: doctor does not report that any more
gone() {
	doctor
	echo "$output"
	not grep -q "^[a-z]* $1: .*${2:-}" <<<"$output"
}

# mended CODE COMMAND [TEXT]: the mend has this command, which removes the finding
mended() {
	[[ "$(mend "$1" "${3:-}")" == *"$2"* ]]
	in_place env PATH="$S/bin:$PATH" sh -c "$2" || :
	gone "$1" "${3:-}"
}

# cured CODE WORDS COMMAND ...: the mend has these words; COMMAND does what they say
cured() {
	local code=$1
	[[ "$(mend "$code")" == *"$2"* ]]
	shift 2
	"$@"
	gone "$code"
}

conf_delete() { sed -i "/^$1/d" "$C/certauth.conf"; }

@test "a set-up without faults: no findings, exit status 0" {
	doctor
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'0 errors, 0 warnings'* ]]
	[[ $output == *"note libcrypto: OpenSSL $(openssl version | cut -d' ' -f2) "* ]]
	[ -z "$stderr" ]
}

@test "configuration: a mistake is named with its line" {
	conf default 'nonsense = 1' 'crl = perhaps'
	finds error config-mistake 'certauth.conf:'
	[ "$(grep -c '^error config-mistake' <<<"$output")" -eq 2 ]
}

@test "configuration: in the section of a service" {
	conf sudo 'lifetime = 1'
	finds error config-mistake 'lifetime'
}

@test "configuration: the file is writable by others" {
	chmod g+w "$C/certauth.conf"
	finds error file-untrusted 'certauth.conf'
}

@test "configuration: absent" {
	rm "$C/certauth.conf"
	doctor
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'note config-absent: '* ]]
}

@test "mode = audit, max_answer, crl = off" {
	conf default 'mode = audit'
	finds warning mode-audit 'mode = audit'
	conf default 'mode = enforce' 'max_answer = 256'
	finds warning max-answer '256 is below 257'
	conf default 'max_answer = 257' 'crl = off'
	finds warning crl-off 'crl = off'
}

@test "helper: does not exist" {
	conf default 'proof = command' 'helper = /nonexistent/certauth'
	finds error helper '/nonexistent/certauth of [default] of /etc/certauth/certauth.conf cannot be executed: No such file'
}

@test "permissions: ca_dir, a CRL, the users file, a directory above" {
	chmod g+w "$C/ca"
	finds error file-untrusted "certauth/ca is writable"
	chmod 755 "$C/ca"
	chmod o+w "$C/crl/root.crl"
	finds error file-untrusted 'crl/root.crl' crl-missing
	chmod 644 "$C/crl/root.crl"
	chmod g+w "$C/users"
	finds error file-untrusted 'certauth/users'
	chmod 644 "$C/users"
	chmod o+w "$C"
	finds error parent-untrusted '/etc/certauth, above'
	# one finding for one directory
	[ "$(grep -c parent-untrusted: <<<"$output")" -eq 1 ]
}

@test "permissions: the files of another user" {
	need_root
	chown 2001 "$C/ca/root.pem"
	finds error file-untrusted 'ca/root.pem' ca-none ca-not-hashed crl-unsigned
	chown 0 "$C/ca/root.pem"
	chown 2001 "$C/users"
	finds error file-untrusted 'certauth/users'
}

@test "host: no key, wrong key, expired, key readable by others" {
	cp "$PKI/host-good.pem" "$PKI/host-old.pem" "$PKI/host-good.key" \
		"$PKI/host-old.key" "$C/"
	chmod 600 "$C"/*.key
	conf default 'host_cert = /etc/certauth/host-good.pem' \
		'host_key = /etc/certauth/host-good.key'
	doctor
	[[ $output != *host-cert:* ]]
	conf default 'host_proof = require' 'host_key = /etc/certauth/none.key'
	finds error host-cert 'none.key'
	conf default 'host_key = /etc/certauth/host-old.key'
	finds error host-cert ''
	conf default 'host_cert = /etc/certauth/host-old.pem'
	finds error host-cert 'expired'
	conf default 'host_cert = /etc/certauth/host-good.pem' \
		'host_key = /etc/certauth/host-good.key'
	chmod 644 "$C/host-good.key"
	finds error host-cert 'host-good.key'
	mended host-cert 'chown root /etc/certauth/host-good.key; chmod 600 /etc/certauth/host-good.key'
}

@test "host: a name that is not in the certificate" {
	cp "$PKI/host-good.pem" "$PKI/host-good.key" "$C/"
	chmod 600 "$C"/*.key
	conf default 'host_cert = /etc/certauth/host-good.pem' \
		'host_key = /etc/certauth/host-good.key' 'host_names = other.example'
	finds warning host-cert-doubtful ''
}

@test "CAs: directory absent, empty" {
	rm -rf "$C/ca"
	finds error ca-dir 'does not exist' crl-unsigned
	mkdir "$C/ca"
	finds error ca-none 'contains no CA' crl-unsigned
	[ "$(mend ca-none)" = 'certauth setup --ca YOUR-CA.pem' ]
	cp "$PKI/root.pem" "$S/etc/YOUR-CA.pem"
	in_place env -C /etc PATH="$S/bin:$PATH" certauth setup --ca YOUR-CA.pem --no-fetch || :
	gone ca-none
	[ "$status" -eq 0 ]
}

@test "CAs: expired, not yet valid, expiring" {
	ca_dir root.pem old-ca.pem
	finds warning ca-expired 'Test old-ca'
	pki_crl next-ca --out "$PKI/next.crl"
	ca_dir root.pem next-ca.pem
	crl_dir root.crl next.crl
	finds warning ca-not-yet-valid 'Test next-ca' users-weak
	pki_crl soon-ca
	ca_dir root.pem soon-ca.pem
	crl_dir root.crl soon-ca.crl
	finds warning ca-expiring 'in 2 days' users-weak
}

@test "CAs: a weak key, a SHA-1 signature, not a CA certificate" {
	pki_crl weak-ca
	ca_dir root.pem weak-ca.pem
	crl_dir root.crl weak-ca.crl
	finds error ca-weak 'RSA key of 1024 bits' users-weak crl-malformed crl-unsigned crl-missing
	ca_dir root.pem sha1.pem
	crl_dir root.crl sha1.crl
	finds error ca-weak 'SHA1' users-weak ca-intermediate-anchor
	ca_dir root.pem alice.pem
	crl_dir root.crl
	finds warning ca-not-a-ca 'CN=alice' users-weak ca-expiring
	# self-signed, and nothing says what it is
	openssl req -new -key "$PKI/alice.key" -subj /CN=bare |
		openssl x509 -req -signkey "$PKI/alice.key" -days 90 \
			-extfile <(echo 'subjectKeyIdentifier = hash') \
			-out "$S/bare.pem"
	ca_dir root.pem "$S/bare.pem"
	finds warning ca-not-a-ca 'every certificate that its key signs is accepted' \
		users-weak crl-missing
}

@test "CAs: twice, two of one name, junk, not hashed" {
	cp "$C/ca/root.pem" "$C/ca/copy.pem"
	finds warning ca-duplicate 'copy.pem'
	rm "$C/ca/copy.pem"
	pki_crl twin
	ca_dir root.pem twin.pem
	crl_dir root.crl twin.crl
	finds warning ca-same-subject 'two CAs of one name'
	ca_dir root.pem
	crl_dir root.crl
	printf -- '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' \
		>"$C/ca/junk.pem"
	finds warning ca-unreadable 'junk.pem'
	rm "$C/ca/junk.pem" "$C"/ca/*.0
	finds warning ca-not-hashed '1 certificate'
}

@test "CAs: names that are not read" {
	cp "$PKI/inter.pem" "$C/ca/inter"
	finds warning ca-skipped '/etc/certauth/ca/inter is not read'
	grep -q 'mend: mv /etc/certauth/ca/inter /etc/certauth/ca/inter.pem && openssl rehash' <<<"$output"
	rm "$C/ca/inter"
	# leftovers, and what is no certificate: a note
	for name in inter.pem~ inter.pem.disabled inter.crt.dpkg-old .inter.pem \
		'#inter.pem#' 01234567.0.bak; do
		cp "$PKI/inter.pem" "$C/ca/$name"
	done
	touch "$C/ca/README" "$C/ca/01234567.r0"
	mkdir "$C/ca/old"
	doctor
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c '^note ca-skipped: ' <<<"$output")" -eq 8 ]
	[[ $output != *01234567.r0* ]]
	# the CA of a login that is refused
	rm "$C/ca/"*.0 "$C/ca/root.pem"
	cp "$PKI/root.pem" "$C/ca/root.pem.disabled"
	SERVICE=sshd login_denied unknown-ca
	logged 'not read because of their names in ca_dir /etc/certauth/ca: .*root.pem.disabled'
}

@test "CAs: hashed names of another subject, TRUSTED CERTIFICATE, PKCS#7" {
	local hash
	hash=$(openssl x509 -in "$PKI/inter.pem" -noout -hash)
	ln -s root.pem "$C/ca/$hash.0"
	finds error ca-hash "the name of /etc/certauth/ca/$hash.0 is not the hash"
	grep -q 'mend: openssl rehash /etc/certauth/ca' <<<"$output"
	openssl rehash "$C/ca"
	doctor
	[ "$status" -eq 0 ]
	cp "$PKI/root.pem" "$C/ca/$hash.0"
	finds error ca-hash "the name of /etc/certauth/ca/$hash.0 is not the hash" \
		ca-duplicate
	grep -q "mend: mv /etc/certauth/ca/$hash.0 /etc/certauth/ca/$hash.0.pem && openssl rehash" \
		<<<"$output"
	# and the file that is used stays
	grep -A2 'ca-duplicate' <<<"$output" |
		grep -q "mend: rm /etc/certauth/ca/$hash.0"
	# the hash of OpenSSL before 1.0 is slow, and no error
	rm "$C/ca/"*.0
	ln -s root.pem "$C/ca/$(openssl x509 -in "$PKI/root.pem" -noout \
		-subject_hash_old).0"
	finds warning ca-not-hashed '1 certificate'
	ca_dir root.pem
	openssl x509 -in "$PKI/inter.pem" -trustout -addtrust clientAuth \
		-out "$C/ca/trusted.pem"
	finds warning ca-unreadable '/etc/certauth/ca/trusted.pem is a TRUSTED CERTIFICATE'
	rm "$C/ca/trusted.pem"
	rm "$C/ca/root.pem" "$C/ca/"*.0
	openssl crl2pkcs7 -nocrl -certfile "$PKI/root.pem" -outform DER \
		-out "$C/ca/root.p7b"
	finds warning ca-not-hashed '/etc/certauth/ca/root.p7b has no hashed name'
	conf default 'crl = off'
	SERVICE=sshd login_ok
	SERVICE=sshd login_denied unknown-ca --cert stranger-leaf
}

@test "crl_exempt: of a CA that is not here; a CA that needs no CRL" {
	local root inter
	root=$(openssl x509 -in "$PKI/root.pem" -noout -fingerprint -sha256)
	inter=$(pki_sha256 "$PKI/inter.pem")
	conf default "crl_exempt = $root $inter"
	finds warning crl-exempt "$inter"
	mkdir "$C/intermediates"
	cp "$PKI/inter.pem" "$C/intermediates"
	openssl rehash "$C/intermediates"
	conf default "intermediates_dir = /etc/certauth/intermediates"
	rm "$C/crl/"*
	doctor
	echo "$output"
	[ "$status" -eq 0 ]
	# in the wrong form
	conf default 'crl_exempt = 01:23'
	finds error config-mistake 'crl_exempt = ' crl-missing
}

@test "CAs: an anchor whose issuer is an anchor too, by signature and not by name" {
	crl_dir root.crl inter.crl
	ca_dir root.pem inter.pem
	finds warning ca-intermediate-anchor 'CN=Test inter' users-weak
	grep -q "although its issuer is one too: .*/root.pem" <<<"$output"
	grep -q 'mend: set intermediates_dir in the configuration, mv .*/inter.pem' <<<"$output"
	mkdir -p "$C/intermediates"
	conf default "intermediates_dir = $C/intermediates"
	finds warning ca-intermediate-anchor 'CN=Test inter' users-weak
	grep -q "mend: mv .*/inter.pem $C/intermediates/ && rm .*\\.0 && openssl rehash" <<<"$output"
	# without its issuer it is a normal trust anchor
	ca_dir inter.pem
	crl_dir inter.crl
	doctor
	echo "$output"
	[[ $output != *ca-intermediate-anchor* ]]
	# also beside a CA that only has the name of its issuer
	pki_crl twin
	ca_dir twin.pem inter.pem
	crl_dir twin.crl inter.crl
	doctor
	echo "$output"
	[[ $output != *ca-intermediate-anchor* ]]
	# a CA with the name of its issuer is not a root for that reason
	pki_crl rolled
	ca_dir root.pem rolled.pem
	crl_dir root.crl rolled.crl
	finds warning ca-intermediate-anchor 'rolled.pem' ca-same-subject \
		users-weak crl-malformed crl-unsigned crl-missing
}

@test "CRLs: directory absent, none for a CA, prefer" {
	rm -rf "$C/crl"
	finds error crl-dir 'does not exist'
	mkdir "$C/crl"
	finds error crl-missing 'CN=Test root'
	conf default 'crl = prefer'
	finds warning crl-missing 'CN=Test root'
	ca_dir root.pem inter.pem
	crl_dir root.crl
	finds warning crl-missing 'CN=Test inter' users-weak \
		ca-intermediate-anchor
}

@test "CRLs: past nextUpdate, within the grace, about to be" {
	ca_dir root.pem
	mkdir "$C/intermediates"
	cp "$PKI/inter.pem" "$C/intermediates/"
	in_place openssl rehash /etc/certauth/intermediates
	conf default 'intermediates_dir = /etc/certauth/intermediates'
	crl_dir root.crl inter-expired.crl
	finds error crl-stale 'inter-expired.crl' crl-missing
	conf default 'crl_grace = 1d'
	finds warning crl-stale 'within crl_grace'
	crl_dir root.crl inter-due.crl
	finds warning crl-expiring 'inter-due.crl'
	crl_dir root.crl inter-future.crl
	finds warning crl-future 'inter-future.crl' crl-missing
	crl_dir root.crl inter-forged.crl
	finds warning crl-unsigned 'inter-forged.crl' crl-missing
}

# response_name NAME: name of the file with the response about NAME
response_name() { echo "$(pki_sha256 "$PKI/$1.pem").ocsp"; }

# response NAME [CA [SECONDS]]: ocsp_dir has CA's response about NAME, made so many
# seconds later than now, and good for a day
response() {
	local ca=${2:-ocsp-sub} file
	file=$C/ocsp/$(response_name "$1")
	mkdir -p "$C/ocsp"
	rm -f "$file"
	LD_PRELOAD=$CERTAUTH_BUILD/tests/relay/later.so LATER=${3:-0} \
		openssl ocsp -index "$PKI/$ca.db/index" -CA "$PKI/$ca.pem" \
		-rsigner "$PKI/$ca.pem" -rkey "$PKI/$ca.key" -no_nonce -ndays 1 \
		-issuer "$PKI/$ca.pem" -cert "$PKI/$1.pem" -respout "$file" >/dev/null
	[ -s "$file" ]
	chmod 644 "$file"
}

# registered NAME ...: certificates of alice
registered() {
	local name
	rm -rf "$C/users.d"
	mkdir -p "$C/users.d/alice"
	for name; do
		cp "$PKI/$name.pem" "$C/users.d/alice/"
	done
}

# An intermediate with a responder, a registered certificate with one, and the
# response about each.
ocsp_host() {
	conf default 'revocation = ocsp' 'ocsp_dir = /etc/certauth/ocsp' \
		'intermediates_dir = /etc/certauth/inter'
	rm -rf "$C/crl"
	pki_dir "$C/inter" ocsp-sub.pem
	registered ocsp-alice
	response ocsp-sub root
	response ocsp-alice
}

# silent: no finding about OCSP
silent() {
	doctor
	echo "$output"
	[ "$status" -eq 0 ]
	not grep -q '^[a-z]* ocsp-' <<<"$output"
}

@test "OCSP: responses of the host, and no CRL that nobody needs" {
	conf default 'revocation = ocsp' 'ocsp_dir = /etc/certauth/ocsp'
	finds note ocsp-none '/etc/certauth/ocsp contains no OCSP response'
	mkdir "$C/ocsp"
	finds note ocsp-none '/etc/certauth/ocsp contains no OCSP response'
	[[ $(mend ocsp-none) == *'certauth ocsp update'* ]]
	rm -rf "$C/crl"
	finds note ocsp-none '/etc/certauth/ocsp contains no OCSP response'
	response alice inter
	doctor
	[ "$status" -eq 0 ]
	# with systemd, which has a socket of the verifier as well, and no timer
	in_place mkdir -p /run/systemd/system
	mkdir -p "$S/fake"
	printf '#!/bin/sh\n[ "$*" = "is-active --quiet certauth-ocsp-update.timer" ] && exit 3\n' \
		>"$S/fake/systemctl"
	chmod 755 "$S/fake/systemctl"
	resident_start
	in_place chmod 666 /run/certauth/verifier.1.sock
	PATH=$S/fake:$PATH finds warning ocsp-timer 'certauth-ocsp-update.timer is not active'
	printf '#!/bin/sh\nexit 0\n' >"$S/fake/systemctl"
	PATH=$S/fake:$PATH doctor
	resident_stop
	in_place rm -r /run/certauth /run/systemd
	[ "$status" -eq 0 ]
	# clients keep a response for a day
	conf default 'ocsp_max_age = 89999'
	finds warning ocsp-age 'ocsp_max_age is shorter than 25 hours'
	conf default 'ocsp_max_age = 25h'
	doctor
	[ "$status" -eq 0 ]
	chmod 777 "$C/ocsp"
	finds error file-untrusted '/etc/certauth/ocsp'
	rm -rf "$C/ocsp"
	mkdir "$C/crl"
	conf default 'revocation = any'
	finds warning crl-missing 'contains no current CRL'
}

@test "OCSP: nothing is found when each certificate has its response" {
	ocsp_host
	silent
	# and nothing is looked at without revocation
	rm "$C/ocsp"/*
	: >"$C/ocsp/junk"
	crl_dir root.crl
	pki_crl ocsp-sub --out "$PKI/ocsp-sub.crl"
	crl_dir root.crl ocsp-sub.crl
	conf default 'revocation = crl'
	silent
}

@test "OCSP: no response about a certificate" {
	ocsp_host
	rm "$C/ocsp/$(response_name ocsp-alice)"
	finds warning ocsp-missing 'users.d/alice/ocsp-alice.pem: CN=ocsp-alice,O=Example: there is no OCSP response'
	[ "$(grep -c ' ocsp-missing: ' <<<"$output")" -eq 1 ]
	[ "$(mend ocsp-missing)" = 'certauth ocsp update' ]
	# a registered one is checked with crl_check = leaf too, a CA's is not
	conf default 'crl_check = leaf'
	finds warning ocsp-missing 'CN=ocsp-alice'
	response ocsp-alice
	rm "$C/ocsp/$(response_name ocsp-sub)"
	silent
	conf default 'crl_check = chain'
	finds warning ocsp-missing 'CN=Test ocsp-sub,O=Example: there is no OCSP response'
	# logins are not refused for that alone
	conf default 'crl = prefer'
	finds note ocsp-missing 'CN=Test ocsp-sub'
	# CRLs are enough
	pki_crl ocsp-sub --out "$PKI/ocsp-sub.crl"
	crl_dir root.crl ocsp-sub.crl
	conf default 'crl = require' 'revocation = any'
	finds note ocsp-missing 'CN=Test ocsp-sub'
}

@test "OCSP: the mend names another configuration" {
	ocsp_host
	mkdir "$C/other"
	mv "$C/certauth.conf" "$C/other/certauth.conf"
	rm "$C/ocsp/$(response_name ocsp-alice)"
	doctor --config /etc/certauth/other/certauth.conf
	echo "$output"
	[ "$(mend ocsp-missing)" = 'certauth ocsp update --config /etc/certauth/other/certauth.conf' ]
	: >"$C/ocsp/junk"
	doctor --config /etc/certauth/other/certauth.conf
	[ "$(mend ocsp-skipped)" = "remove the file, or name it as \`certauth ocsp list --config /etc/certauth/other/certauth.conf' shows" ]
}

@test "OCSP: crl_exempt and crl_short_lived need no response" {
	ocsp_host
	registered ocsp-short
	finds warning ocsp-missing 'CN=ocsp-short'
	# from a day ago to a day ahead
	conf default 'crl_short_lived = 47h'
	finds warning ocsp-missing 'CN=ocsp-short'
	conf default 'crl_short_lived = 49h'
	silent
	# no CA is short-lived
	pki_dir "$C/inter" ocsp-sub.pem ocsp-brief.pem
	conf default 'crl_short_lived = 31d'
	finds warning ocsp-missing 'CN=Test ocsp-brief' ca-expiring
	rm -r "$C/inter"
	pki_dir "$C/inter" ocsp-sub.pem
	conf default 'crl_short_lived = 0' \
		"crl_exempt = $(pki_sha256 "$PKI/ocsp-sub.pem")"
	silent
	# nor a usable one, but a revocation counts
	response ocsp-short ocsp-sub -172800
	silent
	registered ocsp-gone
	response ocsp-gone
	finds warning ocsp-revoked 'CN=ocsp-gone' ocsp-skipped
}

@test "OCSP: a certificate without a responder" {
	ocsp_host
	registered ocsp-alice ocsp-plain
	finds warning ocsp-no-responder 'ocsp-plain.pem: CN=ocsp-plain,O=Example: the certificate names no OCSP responder'
	[[ $(mend ocsp-no-responder) == *'id-ad-ocsp'*'revocation = any'* ]]
	conf default 'crl = prefer'
	finds note ocsp-no-responder 'CN=ocsp-plain'
	conf default 'crl = require' "crl_exempt = $(pki_sha256 "$PKI/ocsp-sub.pem")"
	silent
	conf_delete crl_exempt
	conf default 'crl_exempt ='
	finds warning ocsp-no-responder 'CN=ocsp-plain'
	# CRLs are enough then
	pki_crl ocsp-sub --out "$PKI/ocsp-sub.crl"
	crl_dir root.crl ocsp-sub.crl
	conf default 'revocation = any'
	silent
	# a CA's
	registered ocsp-alice
	pki_dir "$C/inter" ocsp-ca.pem
	conf default 'revocation = ocsp'
	finds warning ocsp-no-responder 'CN=Test ocsp-ca,O=Example: the certificate names no'
	conf default 'crl_check = leaf'
	silent
}

@test "OCSP: a response that shows nothing: expired, of another CA, cut short, too long" {
	local file
	ocsp_host
	file=$C/ocsp/$(response_name ocsp-alice)
	response ocsp-alice ocsp-sub -172800
	finds warning ocsp-unusable 'ocsp-alice.pem: CN=ocsp-alice,O=Example: the response '
	grep -qF "($(basename "$file"))" <<<"$output"
	[[ $(mend ocsp-unusable) == 'certauth ocsp update; '* ]]
	conf default 'crl_short_lived = 31d'
	silent
	conf default 'crl_short_lived = 0'
	response ocsp-alice ocsp-other
	finds warning ocsp-unusable 'CN=ocsp-alice'
	response ocsp-alice
	silent
	truncate -s -1 "$file"
	finds warning ocsp-unusable 'CN=ocsp-alice'
	response ocsp-alice
	truncate -s 16385 "$file"
	finds warning ocsp-unusable 'CN=ocsp-alice'
	rm "$file"
	mkfifo -m 644 "$file"
	finds warning ocsp-unusable 'CN=ocsp-alice'
}

@test "OCSP: a response that says revoked" {
	ocsp_host
	registered ocsp-alice ocsp-gone
	response ocsp-gone
	finds warning ocsp-revoked 'ocsp-gone.pem: CN=ocsp-gone,O=Example: revoked since '
	grep -q '^warning ocsp-revoked: .*(keyCompromise)' <<<"$output"
	[[ $(mend ocsp-revoked) == *'register a new one of the user' ]]
	# with whatever configuration a login looks at it
	conf default 'crl = prefer' 'crl_short_lived = 31d'
	finds warning ocsp-revoked 'CN=ocsp-gone'
}

@test "OCSP: a revoked CA" {
	ocsp_host
	cp -a "$PKI/root.db" "$S/root.db"
	pki_revoke root ocsp-sub
	response ocsp-sub root
	rm -rf "$PKI/root.db"
	mv "$S/root.db" "$PKI/root.db"
	finds warning ocsp-revoked 'CN=Test ocsp-sub,O=Example: revoked since '
	[[ $(mend ocsp-revoked) == 'ask the CA '* ]]
	# no login looks at it
	conf default 'crl_check = leaf'
	silent
}

@test "OCSP: files that no login reads, and responses about other certificates" {
	ocsp_host
	# about a certificate that only a client has; and what the command itself leaves
	response ocsp-gone
	: >"$C/ocsp/.certauth-ocsp.lock"
	silent
	cp "$C/ocsp/$(response_name ocsp-alice)" "$C/ocsp/alice.ocsp"
	finds warning ocsp-skipped 'alice.ocsp: the name is not the SHA-256'
	rm "$C/ocsp/alice.ocsp"
	cp "$C/ocsp/$(response_name ocsp-alice)" "$C/ocsp/$(response_name ocsp-alice | tr a-f A-F)"
	finds warning ocsp-skipped 'the name is not the SHA-256'
	rm "$C/ocsp/$(response_name ocsp-alice | tr a-f A-F)"
	silent
	echo junk >"$C/ocsp/$(response_name ocsp-gone)"
	finds warning ocsp-unusable "$(response_name ocsp-gone): "
	[ "$(mend ocsp-unusable)" = 'remove the file' ]
}

@test "OCSP: a response that another user can write" {
	local file
	ocsp_host
	for file in "$(response_name ocsp-alice)" "$(response_name ocsp-gone)"; do
		response ocsp-gone
		chmod 664 "$C/ocsp/$file"
		# also for a second configuration, by which nothing else is found
		conf sshd 'crl_grace = 1h'
		finds error file-untrusted "/etc/certauth/ocsp/$file is writable by its group"
		[ "$(grep -c "$file" <<<"$(grep '^[a-z]* [a-z-]*: ' <<<"$output")")" -eq 1 ]
		mended file-untrusted "chmod go-w /etc/certauth/ocsp/$file"
		: >"$S/conf.sections"
		conf default
	done
	[ "$(id -u)" -eq 0 ] || return 0
	chown nobody "$C/ocsp/$(response_name ocsp-alice)"
	finds error file-untrusted "$(response_name ocsp-alice) is owned"
}

@test "OCSP: of many certificates eight are named, and the others counted" {
	local i
	ocsp_host
	# a file more is a certificate more for nobody: one of each is enough
	for i in 1 2 3 4 5 6 7 8 9 a; do
		: >"$C/ocsp/junk$i"
	done
	finds warning ocsp-skipped 'the name is not'
	[ "$(grep -c '^warning ocsp-skipped: ' <<<"$output")" -eq 8 ]
	grep -qx 'note ocsp-skipped: the same holds for 2 others in /etc/certauth/ocsp and users_dir' <<<"$output"
	rm "$C/ocsp/junk"[9a]
	doctor
	[ "$(grep -c ' ocsp-skipped: ' <<<"$output")" -eq 8 ]
}

@test "OCSP: registered certificates that cannot be read" {
	ocsp_host
	chmod 666 "$C/users.d/alice/ocsp-alice.pem"
	finds warning ocsp-missing 'some registered certificates could not be read' \
		registered file-untrusted
	[ "$(mend ocsp-missing)" = 'certauth ocsp list' ]
}

@test "CRLs: junk, not hashed, an index of an older file" {
	echo junk >"$C/crl/junk.crl"
	finds warning crl-malformed 'junk.crl'
	rm "$C/crl/junk.crl" "$C"/crl/*.r0
	finds warning crl-not-hashed '1 CRL'
	crl_dir root.crl
	in_place "$CERTAUTH" crl compile
	doctor
	[ "$status" -eq 0 ]
	touch "$C/crl/root.crl"
	finds warning crl-index-stale 'root.crl'
	truncate -s 100 "$C/crl/root.crl.idx"
	finds warning crl-index-stale 'root.crl'
}

# crl_with NAME CA [--from D] [--to D] [--number HEX] [--md MD] EXTENSION ...:
# into $PKI/NAME.crl
crl_with() {
	local name=$1 ca=$2 from=-1h to=+30d md=default e
	shift 2
	while [ $# -gt 0 ]; do
		case $1 in
		--from) from=$2 ;;
		--to) to=$2 ;;
		--number) echo "$2" >"$PKI/$ca.db/crlnumber" ;;
		--md) md=$2 ;;
		*) break ;;
		esac
		shift 2
	done
	{
		cat "$PKI/openssl.cnf"
		printf '\n[these]\nauthorityKeyIdentifier = keyid\n'
		for e; do printf '%s\n' "$e"; done
	} >"$S/crl.cnf"
	PKI_CA=$ca _pki_run openssl ca -gencrl -config "$S/crl.cnf" \
		-crlexts these -cert "$PKI/$ca.pem" -keyfile "$PKI/$ca.key" \
		-md "$md" -crl_lastupdate "$(_pki_date "$from")" \
		-crl_nextupdate "$(_pki_date "$to")" -out "$PKI/$name.crl"
}

# no_next NAME CA: $PKI/NAME.crl without its nextUpdate
no_next() {
	openssl crl -in "$PKI/$1.crl" -outform DER -out "$S/no-next.der"
	python3 "$HERE/tests/lib/indirect.py" "$S/no-next.der" "$PKI/$2.key" \
		/dev/null "$S/no-next.out" --no-next-update
	openssl crl -inform DER -in "$S/no-next.out" -out "$PKI/$1.crl"
}

@test "CRLs: an entry that is not a file is skipped and reported" {
	mkdir "$C/crl/lost+found"
	finds note crl-skipped 'crl/lost+found is a directory'
	mkfifo "$C/crl/pipe"
	finds warning crl-skipped 'crl/pipe is a FIFO'
	rm "$C/crl/pipe"
	ln -s ../ca "$C/crl/more"
	finds warning crl-skipped 'crl/more is a directory'
	rm "$C/crl/more"
	ln -s /dev/null "$C/crl/00000000.r0"
	finds warning crl-skipped 'crl/00000000.r0 is a device'
	# certauth crl skips the same entries
	run in_place timeout 20 "$CERTAUTH" crl list
	[ "$status" -eq 0 ]
	[ "$(wc -l <<<"$output")" -eq 1 ]
	run in_place timeout 20 "$CERTAUTH" crl compile
	[ "$status" -eq 0 ]
	[ -s "$C/crl/.certauth-crl.linked" ]
}

@test "CRLs: a dangling link, hashed or not" {
	ln -s gone "$C/crl/notes"
	finds error crl-dir 'crl/notes is a symbolic link to a file that does not exist'
	rm "$C/crl/notes"
	ln -s gone "$C/crl/00000000.r0"
	finds error crl-dir 'crl/00000000.r0 is a symbolic link to a file that does not exist'
	# compile drops it
	in_place "$CERTAUTH" crl compile
	doctor
	[ "$status" -eq 0 ]
	# also if the last link of the hash cannot be moved into the gap
	ln -s gone "$C/crl/00000000.r0"
	mkdir "$C/crl/00000000.r1"
	in_place "$CERTAUTH" crl compile
	finds warning crl-skipped '00000000.r1 is a directory'
}

@test "CRLs: signed with SHA-1: the advice is not to fetch it again" {
	crl_with weak root --md sha1
	crl_dir weak.crl
	finds warning crl-weak 'weak.crl is signed with SHA-1, which is refused' \
		crl-missing
	grep -A2 '^warning crl-weak' <<<"$output" >"$S/weak"
	grep -q 'SHA-256' "$S/weak"
	grep -q 'crl = off' "$S/weak"
	not grep -q 'crl update' "$S/weak"
	# fetching is not the advice for the missing CRL either
	not grep -q 'mend: certauth crl update' <<<"$output"
	run in_place "$CERTAUTH" crl list
	[ "$status" -eq 1 ]
	grep -q 'signed with SHA-1, which is refused' <<<"$output"
	run in_place "$CERTAUTH" crl compile
	[ "$status" -eq 1 ]
	grep -q 'weak.crl is signed with SHA-1, which is refused' <<<"$output"
	# nor for a CRL with an unknown critical extension
	crl_with odd root '1.2.3.4 = critical, DER:05:00'
	crl_dir odd.crl
	finds warning crl-malformed 'has the unknown critical extension 1.2.3.4' \
		crl-missing
	grep -A2 '^warning crl-malformed' <<<"$output" >"$S/odd"
	grep -q 'without that extension' "$S/odd"
	not grep -q 'crl update' "$S/odd"
}

@test "CRLs: deltas, with a base and without" {
	crl_with base root --number 05
	crl_with delta root --number 07 'deltaCRL = critical, ASN1:INTEGER:5'
	crl_dir base.crl delta.crl
	finds note crl-delta 'delta.crl is a delta of base 5, number 7'
	run in_place "$CERTAUTH" crl list
	[ "$status" -eq 0 ]
	grep -q '^delta.crl: .*, current, delta of base 5, number 7, from' <<<"$output"
	grep -q '^base.crl: .*, current, number 5, from' <<<"$output"
	crl_with delta root --number 07 'deltaCRL = critical, ASN1:INTEGER:6'
	crl_dir base.crl delta.crl
	finds warning crl-delta 'no current complete CRL of that number'
}

@test "CRLs: a scope is shown" {
	crl_with scoped root 'issuingDistributionPoint = critical, @idp' '[idp]' \
		'fullname = URI:http://x.example/k' 'onlyuser = TRUE' \
		'onlysomereasons = keyCompromise, CACompromise'
	crl_dir scoped.crl
	run in_place "$CERTAUTH" crl list
	[ "$status" -eq 0 ]
	grep -qF "only users' certificates, only the reasons keyCompromise cACompromise, only the distribution point http://x.example/k" <<<"$output"
}

@test "CRLs: a pair whose number and date disagree" {
	crl_with a root --number 05 --from -2h
	crl_with b root --number 06
	crl_dir a.crl b.crl
	doctor
	[ "$status" -eq 0 ]
	for n in 05 04; do
		crl_with b root --number $n
		crl_dir a.crl b.crl
		finds warning crl-pair 'crl/a.crl and b.crl are of one CA, key and scope'
	done
	# CRLs of different scope are not a pair
	crl_with b root --number 04 'issuingDistributionPoint = critical, @idp' \
		'[idp]' 'onlyCA = TRUE'
	crl_dir a.crl b.crl
	doctor
	[ "$status" -eq 0 ]
}

@test "CRLs: a certificate is on a CRL whose scope does not cover it" {
	pki_ca lister
	pki_leaf listed lister
	pki_revoke lister listed
	ca_dir root.pem lister.pem
	mkdir -p "$C/users.d/alice"
	cp "$PKI/listed.pem" "$C/users.d/alice/"
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")"
	crl_with all lister
	crl_with cas lister 'issuingDistributionPoint = critical, @idp' '[idp]' \
		'onlyCA = TRUE'
	crl_dir root.crl all.crl
	doctor
	[ "$status" -eq 0 ]
	crl_dir root.crl cas.crl
	finds warning crl-outside-scope "cas.crl lists /etc/certauth/users.d/alice/listed.pem, but does not revoke it: the CRL covers only CA certificates, and this is an end-entity certificate"
	crl_with point lister 'issuingDistributionPoint = critical, @idp' '[idp]' \
		'fullname = URI:http://x.example/k'
	crl_dir root.crl point.crl
	finds warning crl-outside-scope 'the CRL covers the distribution point http://x.example/k; the certificate names none'
	# a CRL that covers it, and does not list it
	crl_with users lister 'issuingDistributionPoint = critical, @idp' '[idp]' \
		'onlyuser = TRUE'
	crl_dir root.crl users.crl
	doctor
	[ "$status" -eq 0 ]
}

@test "CRLs: a CRL without nextUpdate expires after crl_no_next_update" {
	crl_with old root --from -40d --to +30d
	no_next old root
	crl_dir old.crl
	finds error crl-stale 'it has no nextUpdate, and the end of its crl_no_next_update was 10 days ago' \
		crl-missing
	run in_place "$CERTAUTH" crl list --config /etc/certauth/certauth.conf
	[ "$status" -eq 1 ]
	grep -q 'expired: older than crl_no_next_update' <<<"$output"
	conf default 'crl_no_next_update = 60d'
	doctor
	[ "$status" -eq 0 ]
	run in_place "$CERTAUTH" crl list
	[ "$status" -eq 0 ]
	conf default 'crl_no_next_update = 41d'
	finds warning crl-expiring 'it has no nextUpdate'
}

@test "CRLs: a CA that may not sign them" {
	_pki_issue mute root 'basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
authorityKeyIdentifier = keyid' --subject '/O=Example/CN=Test mute' \
		--from -2d --to +300d
	_pki_register mute
	mkdir "$C/intermediates"
	cp "$PKI/mute.pem" "$C/intermediates/"
	in_place openssl rehash /etc/certauth/intermediates
	conf default 'intermediates_dir = /etc/certauth/intermediates'
	finds error crl-no-sign 'CN=Test mute,O=Example (/etc/certauth/intermediates/mute.pem) may not sign CRLs'
	grep -A2 '^error crl-no-sign' <<<"$output" | grep -q 'crl = prefer.*crl = off'
	crl_with mute mute
	crl_dir root.crl mute.crl
	finds warning crl-no-sign 'mute.crl, of CN=Test mute,O=Example, is signed by the key of'
	conf default 'crl = prefer'
	finds warning crl-no-sign 'may not sign CRLs'
}

@test "CRLs: many entries without an index" {
	pki_ca many
	awk 'BEGIN { for (i = 0; i < 10001; i++) printf "R\t491231235959Z\t261001000000Z\t%08X\tunknown\t/CN=x%d\n", i + 4096, i }' \
		>>"$PKI/many.db/index"
	pki_crl many
	ca_dir many.pem
	crl_dir many.crl
	finds warning crl-unindexed '10001 entries and no index: to read it takes about 1 ms of the 2 s'
}

@test "CRLs: addresses are known, but the timer is not active" {
	pki_ca with-address --ext 'crlDistributionPoints = URI:http://127.0.0.1:9/x.crl'
	pki_crl with-address
	ca_dir with-address.pem
	crl_dir with-address.crl
	doctor
	[ "$status" -eq 0 ]
	in_place mkdir -p /run/systemd/system
	mkdir -p "$S/fake"
	printf '#!/bin/sh\n[ "$*" = "is-active --quiet certauth-crl-update.timer" ] && exit 3\n' \
		>"$S/fake/systemctl"
	chmod 755 "$S/fake/systemctl"
	# systemd has a socket of the verifier as well
	resident_start
	in_place chmod 666 /run/certauth/verifier.1.sock
	PATH=$S/fake:$PATH finds warning crl-timer 'not active'
	# an address that was learnt from a user's certificate
	ca_dir root.pem
	crl_dir root.crl
	PATH=$S/fake:$PATH doctor
	[ "$status" -eq 0 ]
	: >"$C/crl/.certauth-crl.addresses"
	PATH=$S/fake:$PATH finds warning crl-timer 'not active'
	printf '#!/bin/sh\nexit 0\n' >"$S/fake/systemctl"
	PATH=$S/fake:$PATH doctor
	resident_stop
	in_place rm -r /run/certauth
	[ "$status" -eq 0 ]
}

@test "users: absent, mistakes with their lines, empty" {
	rm "$C/users"
	finds error users-file 'users'
	users 'alice cn:alice' 'x' 'bob foo:bar'
	finds error users-mistake '/etc/certauth/users:2:'
	[ "$(grep -c users-mistake: <<<"$output")" -eq 2 ]
	users '# nobody'
	finds warning users-empty 'contains no rule'
}

@test "users: weak selectors under several CAs, no account" {
	ca_dir root.pem stranger.pem
	pki_crl stranger
	crl_dir root.crl stranger.crl
	finds warning users-weak 'line 2 (email:bob@corp.example)'
	users 'bob email:bob@corp.example issuer="CN=Test root,O=Example"' \
		"alice key:$(pki_key_sha256 "$PKI/alice.pem")"
	doctor
	[ "$status" -eq 0 ]
	ca_dir root.pem
	crl_dir root.crl
	users 'alcie cn:alice' 'bob cn:bob'
	finds warning users-no-account 'line 1 (alcie)'
}

@test "users: an index that is stale, damaged, of other content; none" {
	in_place "$CERTAUTH" users compile
	doctor
	[ "$status" -eq 0 ]
	echo '# more' >>"$C/users"
	finds warning users-index-stale 'users.cdb'
	truncate -s 100 "$C/users.cdb"
	finds warning users-index-stale 'users.cdb'
	rm "$C/users.cdb"
	for ((i = 0; i < 10001; i++)); do
		printf 'alice cn:x%d\n' $i
	done >"$C/users"
	finds warning users-unindexed '10001 rules'
}

@test "registered certificates: expired, junk, of no account" {
	mkdir -p "$C/users.d/alice"
	cp "$PKI/alice.pem" "$C/users.d/alice/"
	doctor
	[ "$status" -eq 0 ]
	cp "$PKI/expired.pem" "$C/users.d/alice/"
	finds warning registered-expired 'alice/expired.pem'
	echo junk >"$C/users.d/alice/expired.pem"
	finds error registered 'expired.pem'
	rm "$C/users.d/alice/expired.pem"
	mv "$C/users.d/alice" "$C/users.d/alcie"
	finds warning users-no-account 'alcie'
}

@test "names of files are quoted in the commands that doctor prints" {
	local name="x'"';touch $(id) &.crl' want
	echo junk >"$C/crl/$name"
	mkdir -p "$C/users.d/alice" "$C/users.d/no;touch\$IFS"
	cp "$PKI/expired.pem" "$C/users.d/alice/my old.pem"
	cp "$PKI/alice.pem" "$C/users.d/no;touch\$IFS/"
	doctor
	for want in "mend: rm '/etc/certauth/crl/x'\\'';touch \$(id) &.crl'; certauth" \
	    "run \`rm '/etc/certauth/users.d/alice/my old.pem''" \
	    "mend: rm -r '/etc/certauth/users.d/no;touch\$IFS'"; do
		echo "$want"
		grep -qF "$want" <<<"$output"
	done
}

@test "PAM: no service uses the module; the module does not exist" {
	printf 'auth required pam_deny.so\n' >"$S/etc/pam.d/sshd"
	finds warning pam-unused 'no service'
	printf 'auth required /nonexistent/pam_certauth.so\naccount required %s\n' \
		"$MODULE" >"$S/etc/pam.d/sshd"
	finds error pam-module '/nonexistent/pam_certauth.so, which does not exist'
}

@test "PAM: the module can be written to by others" {
	chmod g+w "$MODULE"
	finds error file-untrusted 'pam_certauth.so'
	chmod g-w "$MODULE"
}

@test "PAM: wrong control flags" {
	local c
	for c in optional requierd '[success=ok auth_err=ok default=die]' \
		'[success=ignore default=die]'; do
		printf 'auth %s %s\naccount required %s\n' "$c" "$MODULE" \
			"$MODULE" >"$S/etc/pam.d/sshd"
		finds error pam-control "sshd:1: the control $c"
	done
	for c in required requisite sufficient \
		'[success=done ignore=ignore default=die]' \
		'[success=2 default=ignore]'; do
		printf 'auth %s %s\nauth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth required pam_permit.so\naccount required %s\n' \
			"$c" "$MODULE" "$MODULE" >"$S/etc/pam.d/sshd"
		doctor
		[ "$status" -eq 0 ]
	done
	printf 'auth optional %s mode=audit\nauth required pam_unix.so\naccount required %s\n' \
		"$MODULE" "$MODULE" >"$S/etc/pam.d/sshd"
	doctor
	[[ $output != *pam-control* ]]
}

@test "PAM: required, after a sufficient password" {
	printf 'auth sufficient pam_unix.so\nauth required %s\naccount required %s\n' \
		"$MODULE" "$MODULE" >"$S/etc/pam.d/sshd"
	finds warning pam-control 'sshd:2: the certificate is required, but'
	printf 'auth required pam_unix.so\nauth required %s\naccount required %s\n' \
		"$MODULE" "$MODULE" >"$S/etc/pam.d/sshd"
	doctor
	[ "$status" -eq 0 ]
}

@test "PAM: a fallback to pam_permit.so" {
	printf 'auth sufficient %s\nauth optional pam_faildelay.so\nauth required pam_permit.so\naccount required %s\n' \
		"$MODULE" "$MODULE" >"$S/etc/pam.d/sshd"
	finds error pam-open 'sshd:3 (pam_permit.so) grants the login after a refusal of the line'
}

@test "PAM: a mistake in an argument, a password stack, no account line" {
	service sshd nonsense=1
	finds error pam-argument 'nonsense'
	service sshd
	printf 'password required %s\n' "$MODULE" >>"$S/etc/pam.d/sshd"
	finds error pam-password 'password stack'
	service sshd
	finds note pam-account 'no account line'
	# a setting that has no effect admits whom it should not
	conf sshd 'require_account = yes'
	finds error pam-require-account 'no account line of pam_certauth.so, so require_account = yes has no effect'
	printf 'account required %s require_account=no\n' "$MODULE" >>"$S/etc/pam.d/sshd"
	finds error pam-require-account 'sshd:4 has require_account=no, but certauth.conf'
	sed -i 's/ require_account=no//' "$S/etc/pam.d/sshd"
	doctor
	not grep -E 'pam-(require-)?account' <<<"$output"
	conf_reset
}

@test "sshd: UsePAM, keyboard-interactive, AuthenticationMethods" {
	local f=$S/etc/ssh/sshd_config
	printf 'KbdInteractiveAuthentication yes\n' >"$f"
	finds error sshd-usepam 'not set'
	printf 'usepam no\nUsePAM yes\n' >"$f"
	finds error sshd-usepam 'UsePAM is no'
	mkdir -p "$S/etc/ssh/sshd_config.d"
	printf 'KbdInteractiveAuthentication no\n' >"$S/etc/ssh/sshd_config.d/a.conf"
	printf 'Include sshd_config.d/*.conf\nUsePAM yes\nKbdInteractiveAuthentication yes\n' >"$f"
	finds error sshd-keyboard-interactive 'is no'
	printf 'UsePAM=yes\nChallengeResponseAuthentication no # old\n' >"$f"
	finds error sshd-keyboard-interactive 'is no'
	printf 'UsePAM yes\nAuthenticationMethods publickey password\n' >"$f"
	finds error sshd-methods 'publickey password'
	printf 'UsePAM yes\nAuthenticationMethods publickey,keyboard-interactive:pam\nMatch User x\n KbdInteractiveAuthentication no\n' >"$f"
	doctor
	[ "$status" -eq 0 ]
	rm "$f"
	finds warning sshd-config 'No such file'
	# without the module in its service, sshd is not checked
	mv "$S/etc/pam.d/sshd" "$S/etc/pam.d/login"
	doctor
	[ "$status" -eq 0 ]
}

@test "sshd: through an @include" {
	mv "$S/etc/pam.d/sshd" "$S/etc/pam.d/common-auth"
	echo '@include common-auth' >"$S/etc/pam.d/sshd"
	echo 'UsePAM no' >"$S/etc/ssh/sshd_config"
	finds error sshd-usepam 'UsePAM is no'
}

# ---- each service, not [default] alone; mends that are run ----

@test "sections: crl = off and mode = audit of one service are named" {
	conf sshd 'crl = off' 'mode = audit'
	finds warning crl-off '[sshd] of /etc/certauth/certauth.conf sets crl = off' mode-audit
	grep -qF 'warning mode-audit: [sshd] of /etc/certauth/certauth.conf sets mode = audit; it holds only while a verifier answers' <<<"$output"
	[ "$(grep -c '^warning ' <<<"$output")" -eq 2 ]
	cured crl-off "remove \`crl = off' from [sshd] of /etc/certauth/certauth.conf" \
		conf_delete 'crl ='
	cured mode-audit "remove \`mode = audit' from [sshd]" conf_delete 'mode ='
	# a value that all services share is reported once
	conf_reset
	conf default 'crl = off'
	conf sshd 'max_answer = 300'
	service su
	service sudo purpose=any
	finds warning crl-off '[default] of /etc/certauth/certauth.conf sets crl = off'
	[ "$(grep -c '^warning ' <<<"$output")" -eq 1 ]
	# a section that corrects it is not blamed, and one that repeats it is
	conf_reset
	conf sshd 'crl = off'
	service su crl=off
	finds warning crl-off '[sshd] of'
	grep -qF 'warning crl-off: /etc/pam.d/su:1 sets crl = off' <<<"$output"
}

@test "sections: the helper of su is missing, in its section and in its arguments" {
	service su
	conf su 'proof = command' 'helper = /nonexistent/certauth'
	finds error helper 'the helper /nonexistent/certauth of [su] of /etc/certauth/certauth.conf cannot be executed: No such file'
	cured helper 'set helper in [su] of /etc/certauth/certauth.conf' \
		sed -i "s|^helper = .*|helper = $HELPER|" "$C/certauth.conf"
	conf_reset
	service su proof=command helper=/nonexistent/certauth
	finds error helper 'the helper /nonexistent/certauth of /etc/pam.d/su:1 cannot be executed'
	cured helper 'set helper in /etc/pam.d/su:1' \
		sed -i "s|helper=[^ ]*|helper=$HELPER|" "$S/etc/pam.d/su"
	# the argument overrides the section
	conf su 'proof = command' 'helper = /nonexistent/a'
	doctor
	[[ $output == *"the helper /nonexistent/a of [su] of /etc/certauth/certauth.conf cannot be executed"* ]]
}

# by_token: su by proof = command, with tokens of modules of these names alone
by_token() {
	local name
	rm -rf "$S/etc/pkcs11" "$S/etc/softhsm"
	mkdir -p "$S/etc/pkcs11/modules" "$S/etc/softhsm"
	for name; do
		echo "module: $name.so" >"$S/etc/pkcs11/modules/$name.module"
	done
	echo "directories.tokendir = $S/hsm" >"$S/etc/softhsm/softhsm2.conf"
	service su
	conf su 'proof = command' "helper = $HELPER" 'pkcs11 = yes'
	# those of the machine's packages
	in_place mount -t tmpfs none /usr/share/p11-kit/modules
}

@test "helper-confined: helper_confine = no, and a kernel that lacks Landlock" {
	need_root
	by_token
	doctor
	not grep -q 'helper-' <<<"$output"
	sed -i 's|^proof = command|&\nhelper_confine = no|' "$C/certauth.conf"
	finds warning helper-confined '[su] of /etc/certauth/certauth.conf sets helper_confine = no'
	cured helper-confined 'remove helper_confine from [su]' \
		conf_delete helper_confine
	run in_place strace -f -qq -o /dev/null \
		-e inject=landlock_create_ruleset:error=ENOSYS \
		"$CERTAUTH" doctor --skip clock
	echo "$output"
	grep -qE '^warning helper-confined: this kernel, or a sandbox around this program, has no Landlock( |$)' <<<"$output"
	run in_place strace -f -qq -o /dev/null -e inject=seccomp:error=EINVAL \
		"$CERTAUTH" doctor --skip clock
	grep -qE '^warning helper-confined: .* has no filters of system calls( |$)' <<<"$output"
	# only where a PKCS#11 module is loaded
	conf_delete pkcs11
	run in_place strace -f -qq -o /dev/null \
		-e inject=landlock_create_ruleset:error=ENOSYS \
		"$CERTAUTH" doctor --skip clock
	not grep -q helper-confined <<<"$output"
	in_place umount /usr/share/p11-kit/modules
}

@test "helper-store: modules that change files, or use the network" {
	need_root
	by_token libsofthsm2
	finds note helper-store "the PKCS#11 module libsofthsm2.so changes files in $S/hsm"
	cured helper-store "otherwise set helper_write = $S/hsm in" \
		sed -i "s|^proof = command|&\nhelper_write = $S/hsm/|" \
		"$C/certauth.conf"
	in_place umount /usr/share/p11-kit/modules
	conf_reset
	by_token libtpm2_pkcs11
	finds warning helper-store 'libtpm2_pkcs11.so changes files in /etc/tpm2_pkcs11'
	cured helper-store 'set helper_write = /etc/tpm2_pkcs11' \
		sed -i "s|^proof = command|&\nhelper_write = /etc|" \
		"$C/certauth.conf"
	in_place umount /usr/share/p11-kit/modules
	conf_reset
	by_token yubihsm_pkcs11
	finds warning helper-store 'yubihsm_pkcs11.so uses the network'
	cured helper-store 'set helper_confine = network' \
		sed -i "s|^proof = command|&\nhelper_confine = network|" \
		"$C/certauth.conf"
	in_place umount /usr/share/p11-kit/modules
	rm -rf "$S/etc/pkcs11"
}

@test "helper-silent: sudo with tokens, whose messages nobody sees" {
	need_root
	local s
	by_token
	rm "$S/etc/pam.d/su"
	for s in sudo sudo-i; do
		conf_reset
		rm -f "$S/etc/pam.d/sudo"*
		service "$s"
		sed -i "s|^account .*|account required $MODULE|" "$S/etc/pam.d/$s"
		conf default 'proof = command' "helper = $HELPER" 'pkcs11 = yes'
		finds note helper-silent "the service $s uses tokens"
		[ "$(grep -c '^note helper-silent' <<<"$output")" -eq 1 ]
		[ "$(mend helper-silent)" = "set silent = ignore in [$s] of /etc/certauth/certauth.conf" ]
		conf "$s" 'silent = ignore'
		gone helper-silent
	done
	# not without tokens, nor where no helper speaks, nor of another service
	conf_reset
	conf default 'proof = command' "helper = $HELPER" 'ssh_agent = yes'
	gone helper-silent
	conf_reset
	conf default 'pkcs11 = yes'
	gone helper-silent
	conf_reset
	rm -f "$S/etc/pam.d/sudo"*
	service su
	conf default 'proof = command' "helper = $HELPER" 'pkcs11 = yes'
	gone helper-silent
	in_place umount /usr/share/p11-kit/modules
}

@test "sections: files of one service; commands name its directories" {
	mkdir "$C/more" "$C/more-ca"
	cp "$PKI/stranger.pem" "$C/more-ca/"
	conf sshd 'crl_dir = /etc/certauth/more' 'ca_dir = /etc/certauth/more-ca' \
		'users = /etc/certauth/more-users'
	finds error crl-missing '/etc/certauth/more contains no current CRL of CN=Test stranger' \
		users-file ca-not-hashed
	grep '^error crl-missing' <<<"$output" | grep -qF '(in [sshd] of /etc/certauth/certauth.conf)'
	[[ "$(mend crl-missing)" == *'certauth crl update --ca-dir /etc/certauth/more-ca --crl-dir /etc/certauth/more'* ]]
	[[ "$(mend users-file)" == 'certauth users add LOGIN --cert CERT.pem --file /etc/certauth/more-users' ]]
	mended ca-not-hashed 'openssl rehash /etc/certauth/more-ca'
	pki_crl stranger
	cp "$PKI/stranger.crl" "$C/more/"
	finds warning crl-not-hashed '1 CRL of /etc/certauth/more' users-file
	mended crl-not-hashed 'certauth crl compile --ca-dir /etc/certauth/more-ca --crl-dir /etc/certauth/more'
}

@test "sections: of no service, or of one without the module" {
	conf ssh 'lifetime = 60s'
	finds warning config-section '[ssh] is in the configuration, but there is no /etc/pam.d/ssh'
	cured config-section 'rename [ssh] in /etc/certauth/certauth.conf' \
		sed -i 's/^\[ssh\]/[sshd]/' "$C/certauth.conf"
	conf_reset
	printf 'auth required pam_unix.so\n' >"$S/etc/pam.d/su"
	conf su 'lifetime = 60s'
	finds note config-section '/etc/pam.d/su does not use pam_certauth.so'
	# libpam reads `other' for a service without a file
	conf_reset
	conf ssh 'lifetime = 60s'
	cp "$S/etc/pam.d/sshd" "$S/etc/pam.d/other"
	gone config-section
}

@test "sections: keys that disagree, by section and by argument" {
	conf su 'host_cert = /etc/certauth/host.pem'
	finds error config-mistake 'only one of host_cert and host_key is set'
	grep -qE '/etc/certauth/certauth.conf:[0-9]+: only one .* \(host_cert is in \[su\], line [0-9]+; host_key is not set\)' <<<"$output"
	cured config-mistake 'edit /etc/certauth/certauth.conf' conf_delete 'host_cert'
	conf_reset
	service su min_uid=5000 max_uid=4000
	finds error pam-argument 'change one of them (min_uid is argument 2; max_uid is argument 3)'
	grep -qF '(in /etc/pam.d/su:1)' <<<"$output"
	conf_reset
	service su
	conf default 'host_cert = /etc/certauth/host.pem'
	finds error config-mistake '(host_cert is in [default], line'
	# a key of the section beside one of [default]
	conf_reset
	conf default 'crl = off'
	conf su 'revocation = any'
	finds error config-mistake 'revocation is in [su], line' crl-off
	grep -qF '(crl is in [default], line' <<<"$output"
	conf_reset
	conf su 'directory = ldap' 'directory_base = dc=example'
	finds error config-mistake 'directory_uri names no server (directory is in [su], line'
	grep -qF 'directory_uri is not set)' <<<"$output"
}

@test "arguments: through @include, include and substack" {
	local how
	for how in '@include part' 'auth include part' 'auth substack part'; do
		printf 'auth sufficient %s mode=audit\nauth required pam_unix.so\n' \
			"$MODULE" >"$S/etc/pam.d/part"
		printf '%s\naccount required %s\n' "$how" "$MODULE" \
			>"$S/etc/pam.d/su"
		finds warning mode-audit '/etc/pam.d/part:1 sets mode = audit'
		[ "$(grep -c 'only while a verifier' <<<"$output")" -eq 0 ]
		[ "$(grep -c mode-audit <<<"$output")" -eq 1 ]
		# a section of the including service applies too
		conf su 'crl = off'
		doctor
		grep -qF 'warning crl-off: [su] of /etc/certauth/certauth.conf sets crl = off' <<<"$output"
		conf_reset
	done
	# what is included does not exist
	rm "$S/etc/pam.d/part"
	printf 'auth include gone\n' >"$S/etc/pam.d/su"
	finds error pam-include '/etc/pam.d/su:1 includes gone, which does not exist'
	cured pam-include 'correct the name in line 1 of /etc/pam.d/su' \
		sed -i 's/gone/other/' "$S/etc/pam.d/su"
}

@test "arguments: config= names another file, and commands have --config" {
	mkdir "$C/two"
	printf '[default]\nhost_names = h.example\nca_dir = /etc/certauth/two/ca\nusers = /etc/certauth/users\n[su]\ncrl = off\n' \
		>"$C/two/certauth.conf"
	pki_dir "$C/two/ca" root.pem
	rm "$C"/two/ca/*.0
	service su config=/etc/certauth/two/certauth.conf
	finds warning ca-not-hashed '1 certificate of /etc/certauth/two/ca' crl-off
	grep -qF '[su] of /etc/certauth/two/certauth.conf sets crl = off' <<<"$output"
	[[ "$(mend crl-off)" == *'certauth crl update --config /etc/certauth/two/certauth.conf'* ]]
	mended ca-not-hashed 'openssl rehash /etc/certauth/two/ca'
	# a mistake there
	echo 'nonsense = 1' >>"$C/two/certauth.conf"
	finds error config-mistake 'two/certauth.conf:7:'
	service su config=/nonexistent/conf
	finds error config-mistake '/nonexistent/conf'
	service su config=certauth.conf
	finds error pam-argument 'config= needs an absolute path (in /etc/pam.d/su:1)'
}

@test "--config: the commands of the mends have it" {
	local d=$C/three
	mkdir -p "$d"
	printf '[default]\nhost_names = h.example\nca_dir = %s/ca\ncrl_dir = %s/crl\nusers = %s/users\n' \
		/etc/certauth/three /etc/certauth/three /etc/certauth/three >"$d/certauth.conf"
	pki_dir "$d/ca" root.pem
	pki_dir "$d/crl" root.crl
	openssl x509 -in "$d/ca/root.pem" -outform DER -out "$d/ca/root.der"
	rm "$d"/ca/*.pem "$d"/ca/*.0 "$d"/crl/*.r0
	printf 'alice cn:alice\nnobody-here cn:x\n' >"$d/users"
	doctor --config /etc/certauth/three/certauth.conf
	echo "$output"
	[ "$(mend crl-not-hashed)" = 'certauth crl compile --config /etc/certauth/three/certauth.conf' ]
	[ "$(mend users-no-account)" = 'certauth users remove nobody-here --config /etc/certauth/three/certauth.conf' ]
	[[ "$(mend ca-not-hashed)" == 'certauth setup --ca /etc/certauth/three/ca/root.der --confdir /etc/certauth/three' ]]
	for c in crl-not-hashed users-no-account ca-not-hashed; do
		in_place env PATH="$S/bin:$PATH" sh -c "$(mend $c)" || :
	done
	doctor --config /etc/certauth/three/certauth.conf
	echo "$output"
	[ "$status" -eq 0 ]
	# a relative path is accepted too
	run --separate-stderr in_place sh -c "cd /etc/certauth/three && exec '$CERTAUTH' doctor --skip clock --config certauth.conf"
	[ "$status" -eq 0 ]
}

@test "configuration: max_answer of sshd is too small for it" {
	conf sshd 'max_answer = 64'
	finds warning max-answer '[sshd] of /etc/certauth/certauth.conf sets max_answer = 64: 64 is below 257'
	cured max-answer 'set max_answer = 500 in [sshd]' conf_delete 'max_answer'
	service sshd max_answer=100
	finds warning max-answer '/etc/pam.d/sshd:1 sets max_answer = 100'
}

@test "configuration: keys for the machine without proof = command" {
	conf default 'pkcs11 = yes'
	finds warning config-unused 'sets pkcs11 = yes, but no service has proof = command'
	cured config-unused 'set proof = command' \
		conf sshd 'proof = command' "helper = $HELPER"
	conf_reset
	conf default 'key_file = %h/key.pem'
	finds warning config-unused 'key_file'
	service su proof=command "helper=$HELPER"
	gone config-unused
}

@test "configuration: a purpose that is no purpose" {
	# the UPN, a digit beside smart card logon
	conf login 'purpose = sslclient 1.3.6.1.4.1.311.20.2.3'
	cp "$S/etc/pam.d/sshd" "$S/etc/pam.d/login"
	finds warning purpose '[login] of /etc/certauth/certauth.conf sets purpose = sslclient 1.3.6.1.4.1.311.20.2.3: 1.3.6.1.4.1.311.20.2.3 is the object identifier of'
	cured purpose 'set purpose in [login]' \
		sed -i 's/311.20.2.3/311.20.2.2/' "$C/certauth.conf"
	# a purpose of one's own is possible
	conf_reset
	conf default 'purpose = 1.3.6.1.4.1.99999.1'
	finds note purpose '1.3.6.1.4.1.99999.1'
}

@test "host: localhost is its name, with and without host_cert" {
	conf default 'host_names = localhost'
	finds warning host-name 'the only name of this host is localhost'
	cured host-name 'set host_names in [default] of /etc/certauth/certauth.conf' \
		conf default 'host_names = web1.example'
	conf default 'host_names = web1.example localhost'
	finds warning host-name 'localhost is one of the names of this host'
	conf default 'host_names = web1.example'
	conf su 'host_names = localhost.localdomain'
	service su
	finds warning host-name '(in [su] of /etc/certauth/certauth.conf)'
	# the name of the machine
	need_root
	conf_reset
	sed -i '/^host_names/d' "$C/certauth.conf"
	run --separate-stderr in_place unshare -u sh -c \
		"hostname localhost; exec '$CERTAUTH' doctor --skip clock"
	grep -qF 'warning host-name: the only name of this host is localhost' <<<"$output"
	[[ "$(mend host-name)" == 'hostnamectl set-hostname NAME, or set host_names in /etc/certauth/certauth.conf'* ]]
	run --separate-stderr in_place unshare -u sh -c \
		"hostname web1.example; exec '$CERTAUTH' doctor --skip clock"
	[ "$status" -eq 0 ]
}

@test "CAs: DER and bundles, for which openssl rehash makes no link" {
	openssl x509 -in "$C/ca/root.pem" -outform DER -out "$C/ca/root.der"
	rm "$C/ca/root.pem" "$C"/ca/*.0
	finds warning ca-not-hashed '/etc/certauth/ca/root.der has no hashed name'
	in_place openssl rehash /etc/certauth/ca
	finds warning ca-not-hashed 'root.der'
	mended ca-not-hashed 'certauth setup --ca /etc/certauth/ca/root.der'
	[ "$status" -eq 0 ]
	# PKCS #7
	rm "$C"/ca/*
	openssl crl2pkcs7 -nocrl -certfile "$PKI/root.pem" -out "$C/ca/root.p7b"
	finds warning ca-not-hashed 'root.p7b has no hashed name'
	mended ca-not-hashed 'certauth setup --ca /etc/certauth/ca/root.p7b'
	[ "$status" -eq 0 ]
	# two roots in one file
	pki_crl stranger
	crl_dir root.crl stranger.crl
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")"
	rm "$C"/ca/*
	cat "$PKI/root.pem" "$PKI/stranger.pem" >"$C/ca/both.pem"
	finds warning ca-not-hashed '/etc/certauth/ca/both.pem has no hashed name'
	mended ca-not-hashed 'certauth setup --ca /etc/certauth/ca/both.pem'
	[ "$status" -eq 0 ]
	# an anchor that is not self-signed stays one
	crl_dir inter.crl
	rm "$C"/ca/*
	openssl x509 -in "$PKI/inter.pem" -outform DER -out "$C/ca/inter.der"
	finds warning ca-not-hashed 'inter.der'
	mended ca-not-hashed 'certauth setup --anchor /etc/certauth/ca/inter.der'
	[ "$status" -eq 0 ]
	# each command is found, beside files that rehash links to
	crl_dir root.crl stranger.crl
	rm "$C"/ca/*
	cp "$PKI/root.pem" "$C/ca/"
	openssl x509 -in "$PKI/stranger.pem" -outform DER -out "$C/ca/stranger.cer"
	finds warning ca-not-hashed '1 certificate of /etc/certauth/ca'
	mended ca-not-hashed 'openssl rehash /etc/certauth/ca' '1 certificate'
	mended ca-not-hashed 'certauth setup --ca /etc/certauth/ca/stranger.cer'
	[ "$status" -eq 0 ]
}

@test "CAs: files with another name are named" {
	pki_crl stranger
	crl_dir root.crl stranger.crl
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")"
	cp "$PKI/stranger.pem" "$C/ca/stranger.txt"
	finds warning ca-skipped '/etc/certauth/ca/stranger.txt is not read' crl-unsigned
	mended ca-skipped 'mv /etc/certauth/ca/stranger.txt /etc/certauth/ca/stranger.txt.pem && openssl rehash /etc/certauth/ca'
	[ "$status" -eq 0 ]
	rm "$C"/ca/stranger*
	openssl x509 -in "$PKI/stranger.pem" -outform DER -out "$C/ca/stranger"
	finds warning ca-skipped '/etc/certauth/ca/stranger is not read' ca-unreadable
	mended ca-skipped 'mv /etc/certauth/ca/stranger /etc/certauth/ca/stranger.pem && certauth setup --ca /etc/certauth/ca/stranger.pem'
	cp "$PKI/stranger.pem" "$C/ca/stranger.pem~"
	finds note ca-skipped 'stranger.pem~'
}

@test "CAs: no mend removes a file with a certificate in use" {
	# an expired CA in a bundle with a good one
	cat "$PKI/old-ca.pem" "$PKI/root.pem" >"$C/ca/both.pem"
	rm "$C/ca/root.pem"
	in_place openssl rehash /etc/certauth/ca
	doctor
	echo "$output"
	grep -q '^warning ca-expired: .*both.pem' <<<"$output"
	[[ "$(mend ca-expired)" == *'remove this certificate from /etc/certauth/ca/both.pem, which has others'* ]]
	not grep -q 'rm [^ ]*both.pem' <<<"$output"
	mended ca-expired 'certauth setup --ca /etc/certauth/ca/both.pem' both.pem
	[[ "$(mend ca-expired)" == *'rm /etc/certauth/ca/Test_old_ca-'* ]]
	in_place sh -c "$(mend ca-expired | sed 's/.*then //')"
	gone ca-expired
	[ "$status" -eq 0 ]
	# one certificate, in a bundle and alone: the bundle stays
	cat "$PKI/root.pem" "$PKI/sha1.pem" >"$C/ca/a.pem"
	doctor
	[[ "$(mend ca-duplicate)" == *'rm /etc/certauth/ca/Test_root'* ]]
	# twice in one file
	rm "$C"/ca/*
	cat "$PKI/root.pem" "$PKI/root.pem" >"$C/ca/twice.pem"
	finds warning ca-duplicate 'is twice in /etc/certauth/ca/twice.pem' ca-not-hashed
	mended ca-duplicate 'certauth setup --ca /etc/certauth/ca/twice.pem'
	[ "$status" -eq 0 ]
	# a link, and the file that it points to
	rm "$C"/ca/*
	cp "$PKI/root.pem" "$C/ca/z.pem"
	ln -s z.pem "$C/ca/a.pem"
	in_place openssl rehash /etc/certauth/ca
	finds warning ca-duplicate 'a.pem and'
	[[ "$(mend ca-duplicate)" == 'rm /etc/certauth/ca/a.pem'* ]]
	mended ca-duplicate "$(mend ca-duplicate)"
	[ -e "$C/ca/z.pem" ]
	[ "$status" -eq 0 ]
}

@test "CAs: an intermediate in the file of its root: the root remains in ca_dir" {
	rm "$C"/ca/*
	cat "$PKI/root.pem" "$PKI/inter.pem" >"$C/ca/bundle.pem"
	crl_dir root.crl inter.crl
	finds warning ca-intermediate-anchor 'ca/bundle.pem' ca-not-hashed users-weak
	not grep -q 'mv [^ ]*bundle.pem' <<<"$output"
	# splits it; what remains is to move the intermediate alone
	in_place env PATH="$S/bin:$PATH" sh -c "$(mend ca-intermediate-anchor |
		sed "s/.*(\`//; s/'.*//")" || :
	doctor
	[[ "$(mend ca-intermediate-anchor)" == *'mv /etc/certauth/ca/Test_inter-'* ]]
	in_place sh -c 'cd /etc/certauth && mkdir int && mv ca/Test_inter-* int/ && \
		openssl rehash ca && openssl rehash int'
	conf default 'intermediates_dir = /etc/certauth/int'
	gone ca-intermediate-anchor
	[ "$status" -eq 0 ]
}

@test "CAs: a root in intermediates_dir, an intermediate without its issuer" {
	mkdir "$C/intermediates"
	conf default 'intermediates_dir = /etc/certauth/intermediates'
	cp "$PKI/stranger.pem" "$C/intermediates/"
	pki_crl stranger
	crl_dir root.crl stranger.crl
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")"
	in_place openssl rehash /etc/certauth/intermediates
	finds warning ca-not-trusted 'stranger.pem) is self-signed and in intermediates_dir'
	[[ "$(mend ca-not-trusted)" == 'mv /etc/certauth/intermediates/stranger.pem /etc/certauth/ca/ && rm '*'.0 && openssl rehash /etc/certauth/intermediates && openssl rehash /etc/certauth/ca; nothing, if it is not to be trusted' ]]
	mended ca-not-trusted "$(mend ca-not-trusted | sed 's/; nothing.*//')"
	[ "$status" -eq 0 ]
	cp "$PKI/inter.pem" "$C/intermediates/"
	in_place openssl rehash /etc/certauth/intermediates
	rm -r "$C/ca/root.pem"
	crl_dir inter.crl stranger.crl
	in_place openssl rehash /etc/certauth/ca
	finds warning ca-no-issuer 'inter.pem) was issued by CN=Test root,O=Example'
	cp "$PKI/root.pem" "$S/etc/ISSUER.pem"
	[[ "$(mend ca-no-issuer)" == *'certauth setup --ca ISSUER.pem'* ]]
	in_place env -C /etc PATH="$S/bin:$PATH" certauth setup --ca ISSUER.pem --no-fetch || :
	gone ca-no-issuer
}

@test "CAs: links that point nowhere, a renewed CA" {
	ln -s gone.pem "$C/ca/a.pem"
	finds warning ca-unreadable '/etc/certauth/ca/a.pem is a symbolic link to a file that does not exist'
	mended ca-unreadable 'rm /etc/certauth/ca/a.pem'
	ln -s gone.pem "$C/ca/12345678.0"
	finds warning ca-unreadable '12345678.0 is a symbolic link'
	mended ca-unreadable 'rm /etc/certauth/ca/12345678.0 && openssl rehash /etc/certauth/ca'
	# rehash would keep a link of a name that it needs
	rm "$C"/ca/*.0
	ln -s gone.pem "$C/ca/$(openssl x509 -in "$PKI/root.pem" -noout -subject_hash).0"
	finds warning ca-unreadable '.0 is a symbolic link' ca-not-hashed
	mended ca-unreadable "$(mend ca-unreadable)"
	[ "$status" -eq 0 ]
	# what `openssl x509 -trustout' writes
	openssl x509 -in "$PKI/root.pem" -trustout -out "$C/ca/root.pem"
	finds warning ca-unreadable '/etc/certauth/ca/root.pem is a TRUSTED CERTIFICATE' \
		ca-none crl-unsigned
	mended ca-unreadable 'openssl x509 -in /etc/certauth/ca/root.pem -out /etc/certauth/ca/root.pem.new && mv /etc/certauth/ca/root.pem.new /etc/certauth/ca/root.pem && openssl rehash /etc/certauth/ca'
	[ "$status" -eq 0 ]
	# the key of root in a second certificate
	openssl x509 -in "$PKI/root.pem" -signkey "$PKI/root.key" -days 500 \
		-out "$C/ca/again.pem"
	in_place openssl rehash /etc/certauth/ca
	finds note ca-same-subject 'two certificates of one key and of one name'
}

@test "CRLs: of a CA that is in neither directory" {
	mkdir "$C/intermediates"
	conf default 'intermediates_dir = /etc/certauth/intermediates'
	crl_dir root.crl inter.crl
	finds note crl-unsigned 'inter.crl, of CN=Test inter,O=Example, is not signed by any CA of ca_dir or intermediates_dir'
	[[ "$(mend crl-unsigned)" == *'put the certificate of the CA that signs it into /etc/certauth/intermediates (intermediates_dir)'* ]]
	cp "$PKI/inter.pem" "$S/etc/ISSUER.pem"
	[[ "$(mend crl-unsigned)" == *'certauth setup --ca ISSUER.pem'* ]]
	in_place env -C /etc PATH="$S/bin:$PATH" certauth setup --ca ISSUER.pem --no-fetch || :
	gone crl-unsigned
	[ "$status" -eq 0 ]
	# a CA of that name is there, with another key
	ca_dir root.pem
	pki_crl twin
	crl_dir root.crl twin.crl
	finds warning crl-unsigned 'a CA of that name is there, with another key' \
		crl-missing
	not grep -q 'rm [^ ]*twin.crl' <<<"$output"
}

@test "CRLs: one that is of no use, in a file with others" {
	crl_with odd root --md sha1
	openssl crl -in "$PKI/odd.crl" -out "$S/odd"
	cat "$PKI/inter-forged.crl" "$PKI/root.crl" >"$S/both"
	ca_dir root.pem
	mkdir "$C/intermediates"
	cp "$PKI/inter.pem" "$C/intermediates/"
	in_place openssl rehash /etc/certauth/intermediates
	conf default 'intermediates_dir = /etc/certauth/intermediates'
	crl_dir inter.crl
	cp "$S/both" "$C/crl/both.crl"
	in_place "$CERTAUTH" crl compile || :
	doctor
	echo "$output"
	grep -q 'crl-unsigned: .*both.crl' <<<"$output"
	not grep -q 'rm [^ ]*both.crl' <<<"$output"
}

@test "CRLs: a FIFO, a link and a directory each have their mend" {
	mkfifo "$C/crl/pipe"
	finds warning crl-skipped 'crl/pipe is a FIFO'
	mended crl-skipped 'rm /etc/certauth/crl/pipe'
	ln -s ../ca "$C/crl/more"
	finds warning crl-skipped 'crl/more is a directory'
	mended crl-skipped 'rm /etc/certauth/crl/more'
	[ -e "$C/ca/root.pem" ]
	mkdir "$C/crl/old"
	mv "$C/crl/root.crl" "$C/crl/old/"
	rm "$C"/crl/*.r0
	finds warning crl-skipped 'crl/old is a directory' crl-missing
	not grep -q 'rm ' <<<"$(mend crl-skipped)"
	mv "$C/crl/old/root.crl" "$C/crl/"
	mv "$C/crl/old" "$C/old"
	cured crl-skipped 'move the CRLs of /etc/certauth/crl/old into /etc/certauth/crl' \
		in_place "$CERTAUTH" crl compile
	[ "$status" -eq 0 ]
}

@test "CRLs: two CAs of one name, one of them without a CRL" {
	ca_dir root.pem twin.pem
	crl_dir root.crl
	finds error crl-missing 'CN=Test root,O=Example (/etc/certauth/ca/twin.pem)' \
		ca-same-subject
	pki_crl twin
	crl_dir root.crl twin.crl
	gone crl-missing
}

@test "CRLs: the mends for an index and for names work" {
	in_place "$CERTAUTH" crl compile
	touch "$C/crl/root.crl"
	finds warning crl-index-stale 'root.crl'
	mended crl-index-stale 'certauth crl compile'
	rm "$C"/crl/*.r0 "$C"/crl/.certauth*
	finds warning crl-not-hashed '1 CRL'
	mended crl-not-hashed 'certauth crl compile'
	[ "$status" -eq 0 ]
	# an index for the users
	in_place "$CERTAUTH" users compile
	echo '# more' >>"$C/users"
	finds warning users-index-stale 'users.cdb'
	mended users-index-stale 'certauth users compile'
}

@test "permissions: the mends work" {
	need_root
	chmod g+w "$C/ca"
	finds error file-untrusted 'certauth/ca is writable'
	mended file-untrusted 'chown root /etc/certauth/ca; chmod go-w /etc/certauth/ca'
	chown 2001 "$C/users"
	finds error file-untrusted 'certauth/users'
	mended file-untrusted 'chown root /etc/certauth/users; chmod go-w /etc/certauth/users'
	chmod 777 "$C"
	finds error parent-untrusted '/etc/certauth, above'
	mended parent-untrusted 'chown root /etc/certauth; chmod go-w /etc/certauth'
	chmod 666 "$C/certauth.conf"
	finds error file-untrusted 'certauth.conf'
	mended file-untrusted 'chown root /etc/certauth/certauth.conf; chmod go-w /etc/certauth/certauth.conf'
	chown 2001 "$S/etc/pam.d/sshd"
	finds error file-untrusted '/etc/pam.d/sshd'
	mended file-untrusted 'chown root /etc/pam.d/sshd; chmod go-w /etc/pam.d/sshd'
}

@test "users: logins without an account are removed by the commands of the mend" {
	users 'alcie cn:alice' 'bbo cn:bob' 'bob cn:bob' 'alcie cn:x'
	finds warning users-no-account 'line 1 (alcie), line 2 (bbo), line 4 (alcie)'
	mended users-no-account 'certauth users remove alcie; certauth users remove bbo'
	[ "$status" -eq 0 ]
	[ "$(cat "$C/users")" = 'bob cn:bob' ]
}

@test "PAM: the module is no shared object, or for another architecture" {
	cp "$MODULE" "$S/etc/pam_certauth.so"
	# e_machine
	printf '\x01\x00' | dd of="$S/etc/pam_certauth.so" bs=1 seek=18 conv=notrunc status=none
	sed -i 's|[^ ]*/pam_certauth.so|/etc/pam_certauth.so|' "$S/etc/pam.d/sshd"
	finds error pam-module 'sshd:1 names /etc/pam_certauth.so, which was built for another architecture'
	echo text >"$S/etc/pam_certauth.so"
	finds error pam-module 'which is not a shared object'
	cured pam-module 'install pam_certauth for this architecture' \
		cp "$MODULE" "$S/etc/pam_certauth.so"
	rm "$S/etc/pam_certauth.so"
}

@test "PAM: the module after a line that decides" {
	local f=$S/etc/pam.d/sshd
	printf 'auth required pam_deny.so\nauth sufficient %s\naccount required %s\n' \
		"$MODULE" "$MODULE" >"$f"
	finds error pam-order '/etc/pam.d/sshd:2: no certificate is let in: /etc/pam.d/sshd:1 (pam_deny.so) refuses every login'
	cured pam-order 'move the line /etc/pam.d/sshd:2 above that line' \
		sed -i '1{h;d};2G' "$f"
	printf 'auth requisite pam_deny.so\nauth sufficient %s\naccount required %s\n' \
		"$MODULE" "$MODULE" >"$f"
	finds error pam-order 'the module is never called'
	printf 'auth required pam_unix.so\nauth sufficient %s\naccount required %s\n' \
		"$MODULE" "$MODULE" >"$f"
	finds error pam-order '/etc/pam.d/sshd:2: the certificate changes nothing: /etc/pam.d/sshd:1 (pam_unix.so) decides before it'
	cured pam-order 'move the line /etc/pam.d/sshd:2 above that line' \
		sed -i '1{h;d};2G' "$f"
	# after an @include that ends in pam_deny.so, as Debian has it
	printf 'auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth required pam_permit.so\nauth optional pam_cap.so\n' \
		>"$S/etc/pam.d/common-auth"
	printf '@include common-auth\nauth sufficient %s\naccount required %s\n' \
		"$MODULE" "$MODULE" >"$f"
	finds error pam-order '/etc/pam.d/sshd:2: the certificate changes nothing'
	printf 'auth sufficient %s\n@include common-auth\naccount required %s\n' \
		"$MODULE" "$MODULE" >"$f"
	gone pam-order
	[ "$status" -eq 0 ]
	# a jump behind the last line
	printf 'auth [success=2 default=ignore] %s\nauth required pam_unix.so\naccount required %s\n' \
		"$MODULE" "$MODULE" >"$f"
	finds error pam-order 'no certificate is let in'
}

@test "PAM: a condition before the module is enough to get in" {
	printf 'auth required pam_shells.so\nauth sufficient %s\naccount required %s\n' \
		"$MODULE" "$MODULE" >"$S/etc/pam.d/sshd"
	finds error pam-open 'sshd:1 (pam_shells.so) grants the login after a refusal of the line /etc/pam.d/sshd:2'
	cured pam-open "put \`auth requisite pam_deny.so' after the line /etc/pam.d/sshd:2" \
		sed -i '2a auth requisite pam_deny.so' "$S/etc/pam.d/sshd"
	[ "$status" -eq 0 ]
}

@test "PAM: a greeter without pam_nologin.so" {
	printf 'auth sufficient %s\nauth requisite pam_nologin.so\nauth required pam_unix.so\naccount required %s\n' \
		"$MODULE" "$MODULE" >"$S/etc/pam.d/lightdm"
	sed -i "1s/\$/ proof=command helper=${HELPER//\//\\/}/" "$S/etc/pam.d/lightdm"
	finds warning pam-nologin '/etc/pam.d/lightdm:1: no pam_nologin.so stands before the line of pam_certauth.so in the greeter lightdm'
	cured pam-nologin 'before the line /etc/pam.d/lightdm:1' \
		sed -i '1{h;d};2G' "$S/etc/pam.d/lightdm"
	[ "$status" -eq 0 ]
}

@test "PAM: cockpit, whose login page answers the first prompt" {
	local f=$S/etc/pam.d/cockpit line
	printf 'auth sufficient %s\nauth required pam_deny.so\naccount required %s\n' \
		"$MODULE" "$MODULE" >"$f"
	finds warning pam-form '/etc/pam.d/cockpit:1: cockpit answers the first prompt with the password of its login page, and first_answer = ignore is not set'
	cured pam-form 'add first_answer=ignore to the line /etc/pam.d/cockpit:1' \
		sed -i '1s/$/ first_answer=ignore/' "$f"
	# behind what asks nothing: the lines of the package, a substack, our helper
	for line in '-auth [success=done user_unknown=die default=ignore] pam_cockpit_cert.so' \
		'auth required pam_sepermit.so' 'auth substack common-auth' \
		"auth sufficient $MODULE proof=command helper=/bin/true"; do
		printf '%s\n' 'auth required pam_env.so' >"$S/etc/pam.d/common-auth"
		printf '%s\nauth sufficient %s proof=command,conversation helper=/bin/true\nauth required pam_deny.so\naccount required %s\n' \
			"$line" "$MODULE" "$MODULE" >"$f"
		finds warning pam-form '/etc/pam.d/cockpit:2: cockpit answers'
	done
	# nothing to say: the key in the file, a signed password, a module that asks
	conf cockpit 'first_answer = ignore'
	gone pam-form
	conf_reset
	for line in "auth sufficient $MODULE proof=password" \
		'auth requisite pam_unix.so' 'auth substack common-auth'; do
		printf '%s\n' 'auth required pam_unix.so' >"$S/etc/pam.d/common-auth"
		printf '%s\nauth required %s\naccount required %s\n' \
			"$line" "$MODULE" "$MODULE" >"$f"
		gone pam-form
	done
	# another service of the same lines
	printf 'auth sufficient %s\nauth required pam_deny.so\naccount required %s\n' \
		"$MODULE" "$MODULE" >"$S/etc/pam.d/sudo"
	gone pam-form
	rm "$f" "$S/etc/pam.d/common-auth"
}

@test "PAM: pam.conf, if there is no pam.d" {
	mv "$S/etc/pam.d" "$S/etc/pam.off"
	printf '# a comment\nsu auth sufficient %s mode=audit\nsu auth required pam_unix.so\nsu account required %s\nsu session required pam_permit.so\nlogin auth required pam_deny.so\nlogin auth sufficient %s\n' \
		"$MODULE" "$MODULE" "$MODULE" >"$S/etc/pam.conf"
	doctor
	rm -r "$S/etc/pam.conf"
	mv "$S/etc/pam.off" "$S/etc/pam.d"
	echo "$output"
	grep -qF 'warning mode-audit: /etc/pam.conf:2 sets mode = audit' <<<"$output"
	grep -qF 'error pam-order: /etc/pam.conf:7: no certificate is let in' <<<"$output"
}

@test "sshd: another PAM service, Match blocks" {
	local f=$S/etc/ssh/sshd_config
	printf 'UsePAM yes\nPAMServiceName corp\n' >"$f"
	finds error sshd-service 'sshd_config:2 PAMServiceName is corp, and /etc/pam.d/corp has no auth line'
	cured sshd-service 'remove PAMServiceName in /etc/ssh/sshd_config:2' \
		sed -i 2d "$f"
	# a service of another name is checked too
	cp "$S/etc/pam.d/sshd" "$S/etc/pam.d/corp"
	printf 'UsePAM no\nPAMServiceName corp\n' >"$f"
	finds error sshd-usepam '/etc/ssh/sshd_config:1 UsePAM is no'
	printf 'UsePAM yes\nMatch Group staff\n AuthenticationMethods publickey\nMatch User x\n KbdInteractiveAuthentication no\n' >"$f"
	finds note sshd-match "sshd_config:3: AuthenticationMethods is publickey in the block \`Match Group staff'"
	grep -qF "sshd_config:5: KbdInteractiveAuthentication is no in the block \`Match User x'" <<<"$output"
	cured sshd-match 'remove line 3 of /etc/ssh/sshd_config' sed -i '3d;5d' "$f"
	printf 'UsePAM yes\nKbdInteractiveAuthentication no\nMatch User x\n KbdInteractiveAuthentication yes\n' >"$f"
	finds warning sshd-keyboard-interactive 'sshd_config:2 KbdInteractiveAuthentication is no, except in a Match block'
	printf 'Match all\nUsePAM yes\nAuthenticationMethods "publickey"\n' >"$f"
	finds error sshd-methods 'sshd_config:3'
}

@test "sshd: another PAM service in a Match block" {
	local f=$S/etc/ssh/sshd_config
	printf 'auth required pam_permit.so\n' >"$S/etc/pam.d/plain"
	printf 'UsePAM yes\nMatch User x\n PAMServiceName plain\n' >"$f"
	finds note sshd-match "sshd_config:3: PAMServiceName is plain in the block \`Match User x', and that service has no auth line of pam_certauth.so"
	cured sshd-match 'remove line 3 of /etc/ssh/sshd_config' sed -i 3d "$f"
	[ "$status" -eq 0 ]
	# only those of the block are asked
	printf 'UsePAM yes\nPAMServiceName plain\nMatch User x\n PAMServiceName sshd\n' >"$f"
	gone sshd-service
	gone sshd-match
	[ "$status" -eq 0 ]
	sed -i s/yes/no/ "$f"
	finds error sshd-usepam 'sshd_config:1 UsePAM is no'
	# neither all nor some are asked
	printf 'UsePAM yes\nPAMServiceName plain\nMatch User x\n PAMServiceName plain\n' >"$f"
	finds error sshd-service 'sshd_config:2 PAMServiceName is plain'
}

@test "services: a screen locker that cannot read the files of the module" {
	sed "1s|\$| proof=command helper=$HELPER|" "$S/etc/pam.d/sshd" >"$S/etc/pam.d/swaylock"
	gone not-readable
	[ "$status" -eq 0 ]
	chmod 700 "$C/ca"
	finds warning not-readable '/etc/certauth/ca is not readable by all users, and the service swaylock runs as the user'
	mended not-readable 'chmod o+rX /etc/certauth/ca'
	chmod 750 "$C"
	chmod 640 "$C/users"
	finds warning not-readable '/etc/certauth is not readable'
	mended not-readable 'chmod o+rX /etc/certauth' '/etc/certauth is'
	mended not-readable 'chmod o+rX /etc/certauth/users'
	[ "$status" -eq 0 ]
	# sshd runs as root
	rm "$S/etc/pam.d/swaylock"
	chmod 700 "$C/ca"
	gone not-readable
}

@test "services: systemd and AppArmor hide the files of the module" {
	mkdir -p "$S/etc/systemd/system/ssh.service.d" "$S/etc/apparmor.d/local"
	printf '[Service]\nInaccessiblePaths=/home -/etc/certauth\n' \
		>"$S/etc/systemd/system/ssh.service.d/tight.conf"
	finds warning sandbox '/etc/systemd/system/ssh.service.d/tight.conf hides /etc/certauth/certauth.conf from the service sshd by InaccessiblePaths'
	cured sandbox 'remove that path from /etc/systemd/system/ssh.service.d/tight.conf' \
		sed -i 's| -/etc/certauth||' "$S/etc/systemd/system/ssh.service.d/tight.conf"
	[ "$status" -eq 0 ]
	printf '/usr/sbin/sshd {\n  #include <abstractions/base>\n  /etc/ssh/* r,\n}\n' \
		>"$S/etc/apparmor.d/usr.sbin.sshd"
	finds warning sandbox '/etc/apparmor.d/usr.sbin.sshd of the service sshd does not permit /etc/certauth/'
	[[ "$(mend sandbox)" == *"add \`/etc/certauth/** r,' to /etc/apparmor.d/local/usr.sbin.sshd"* ]]
	echo '/etc/certauth/** r,' >"$S/etc/apparmor.d/local/usr.sbin.sshd"
	gone sandbox
	[ "$status" -eq 0 ]
	rm "$S/etc/apparmor.d/local/usr.sbin.sshd"
	sed -i 's|sshd {|sshd flags=(complain) {|' "$S/etc/apparmor.d/usr.sbin.sshd"
	gone sandbox
	rm -r "$S/etc/systemd/system/ssh.service.d" "$S/etc/apparmor.d/usr.sbin.sshd"
}

@test "services: what hides files from sshd, whatever its PAM service and unit" {
	local unit
	cp "$S/etc/pam.d/sshd" "$S/etc/pam.d/corp"
	printf 'auth required pam_permit.so\n' >"$S/etc/pam.d/sshd"
	printf 'UsePAM yes\nPAMServiceName corp\n' >"$S/etc/ssh/sshd_config"
	for unit in ssh sshd ssh@ sshd@ corp; do
		mkdir -p "$S/etc/systemd/system/$unit.service.d"
		printf '[Service]\nInaccessiblePaths=/etc/certauth\n' \
			>"$S/etc/systemd/system/$unit.service.d/tight.conf"
		finds warning sandbox "/etc/systemd/system/$unit.service.d/tight.conf hides /etc/certauth/certauth.conf from the service corp"
		rm -r "$S/etc/systemd/system/$unit.service.d"
		gone sandbox
	done
	# since OpenSSH 9.8, sshd-session asks PAM
	mkdir -p "$S/etc/apparmor.d"
	printf '/usr/lib/openssh/sshd-session {\n  /etc/ssh/* r,\n}\n' \
		>"$S/etc/apparmor.d/usr.lib.openssh.sshd-session"
	finds warning sandbox '/etc/apparmor.d/usr.lib.openssh.sshd-session of the service corp does not permit /etc/certauth/'
	# a service of another program
	printf 'UsePAM yes\n' >"$S/etc/ssh/sshd_config"
	gone sandbox
	cp "$S/etc/pam.d/corp" "$S/etc/pam.d/sshd"
	finds warning sandbox 'sshd-session of the service sshd does not permit'
	rm "$S/etc/apparmor.d/usr.lib.openssh.sshd-session"
	gone sandbox
	[ "$status" -eq 0 ]
}

@test "the clock: behind the files of the configuration" {
	touch -d '+9 days' "$C/users"
	run --separate-stderr in_place "$CERTAUTH" doctor
	echo "$output"
	grep -qE 'warning clock: .*/etc/certauth/users is, which was written in (8|9) days' <<<"$output"
	[[ "$(mend clock .*users)" == *'touch /etc/certauth/users'* ]]
	in_place touch /etc/certauth/users
	run --separate-stderr in_place "$CERTAUTH" doctor
	not grep -q 'clock: .*certauth/users' <<<"$output"
}

@test "CRLs: crl_exempt names a CA that is not here" {
	conf default "crl_exempt = $(pki_sha256 "$PKI/stranger.pem")"
	finds warning crl-exempt 'no CA certificate of this host has the fingerprint'
	cured crl-exempt 'correct crl_exempt in [default] of /etc/certauth/certauth.conf' \
		conf default "crl_exempt = $(pki_sha256 "$PKI/root.pem")"
	# a CA that is exempt lacks no CRL
	rm "$C"/crl/*
	gone crl-missing
	[ "$status" -eq 0 ]
}

# ---- no false alarms ----

@test "the examples of etc/ and the defaults have no warning" {
	local f
	mkdir -p "$C/intermediates"
	sed "s|^helper = .*||" "$HERE/etc/certauth.conf" >"$C/certauth.conf"
	doctor
	echo "$output"
	[ "$status" -eq 0 ]
	# every example beside the others, under its own name; without what this
	# machine has of the servers
	rm -rf "$S"/etc/pam.d/sshd "$S"/etc/{dovecot,postfix,postgresql,apache2,nginx} \
		"$S"/etc/{vsftpd.conf,proftpd,openvpn} "$S"/etc/default/saslauthd*
	for f in "$HERE"/etc/pam.d/*; do
		sed "s|pam_certauth.so|$MODULE|; s|proof=command[^ ]*|& helper=$HELPER|" \
			"$f" >"$S/etc/pam.d/${f##*/}"
		# what the service takes is one password, which some send again
		! grep -q authinfo_unavail=ignore "$f" ||
			printf '[%s]\nproof = password\npassword_names = host.example\n' \
				"${f##*/}" >>"$C/certauth.conf"
		case ${f##*/} in
		apache* | nginx | cups) echo 'password_use = window' >>"$C/certauth.conf" ;;
		esac
	done
	mkdir -p "$C/users.d/alice"
	cp "$PKI/alice-chain.pem" "$C/users.d/alice/cert.pem"
	[ "$(id -u)" -ne 0 ] || resident_start
	printf 'UsePAM yes\nKbdInteractiveAuthentication yes\nPasswordAuthentication no\nAuthenticationMethods keyboard-interactive\n' \
		>"$S/etc/ssh/sshd_config"
	# nor the modules of this machine
	[ "$(id -u)" -ne 0 ] || in_place mount -t tmpfs none /usr/share/p11-kit/modules
	doctor
	echo "$output"
	[ "$status" -eq 0 ]
	# with the commented sections too, which have none for one password
	for f in "$HERE"/etc/pam.d/*; do
		! grep -q authinfo_unavail=ignore "$f" || rm "$S/etc/pam.d/${f##*/}"
	done
	sed 's|^# \(\[.*\]\)$|\1|; s|^# \([a-z_0-9]* =.*\)$|\1|; s|^#     \(http\)|    \1|' \
		"$HERE/etc/certauth.conf" >"$C/certauth.conf"
	# nor the locales of this machine
	sed -i "s|^mode = audit||; /^language = /d; /^proof = /a helper = $HELPER" \
		"$C/certauth.conf"
	doctor
	echo "$output"
	[ "$status" -eq 0 ]
	# the built-in defaults, with each section that a service can have
	conf_reset
	for f in "$S"/etc/pam.d/*; do
		conf "$(basename "$f")" 'lifetime = 60s'
	done
	doctor
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(id -u)" -ne 0 ] || in_place umount /usr/share/p11-kit/modules
}

@test "the clock: the state that the kernel reports" {
	local unsync
	unsync=$(python3 -c '
import ctypes
class T(ctypes.Structure): _fields_ = [("a", ctypes.c_long * 64)]
t = T()
state = ctypes.CDLL(None).adjtimex(ctypes.byref(t))
print(int(state == 5 or bool(t.a[5] & 0xffffffff & 64)))')
	run in_place "$CERTAUTH" doctor
	if [ "$unsync" -eq 1 ]; then
		[ "$status" -eq 1 ]
		[[ $output == *'warning clock: '* ]]
	else
		[ "$status" -eq 0 ]
		[[ $output != *'clock: '* ]]
	fi
}

@test "other places by option" {
	local d=$S/dot
	mkdir -p "$d/pam.d" "$d/certauth"
	cp -a "$C/." "$d/certauth"
	printf '[default]\nca_dir = %s\nusers = %s\ncrl_dir = %s\nmax_answer = 100\n' \
		"$d/certauth/ca" "$d/certauth/users" "$d/certauth/crl" >"$d/conf"
	printf 'auth required %s\naccount required %s\n' "$MODULE" "$MODULE" \
		>"$d/pam.d/sshd"
	echo 'UsePAM no' >"$d/sshd_config"
	doctor --config "$d/conf" --pam-dir "$d/pam.d" --sshd-config "$d/sshd_config"
	[ "$status" -eq 2 ]
	[[ $output == *max-answer*"in $d/sshd_config:1 UsePAM is no"* ]]
	doctor --config "$d/conf" --pam-dir "$d/pam.d" --skip sshd
	[ "$status" -eq 1 ]
	doctor --config "$d/nothing"
	[ "$status" -eq 2 ]
	[[ $output == *config-mistake* ]]
}

@test "--json prints the same findings" {
	conf default 'crl = off'
	service sshd nonsense=1
	doctor --json
	[ "$status" -eq 2 ]
	echo "$output" | python3 -c '
import json, sys
o = json.load(sys.stdin)
assert o["errors"] == 1 and o["warnings"] == 1, o
f = {x["code"]: x for x in o["findings"]}
assert f["crl-off"]["level"] == "warning" and f["crl-off"]["check"] == "config"
assert f["pam-argument"]["level"] == "error"
assert all(x["why"] and x["what"] for x in o["findings"])
assert f["crl-off"]["mend"]
'
}

@test "wrong use" {
	doctor --nonsense
	[ "$status" -eq 2 ]
	[[ $stderr == *'certauth doctor --help'* ]]
	doctor --skip nonsense
	[ "$status" -eq 2 ]
	doctor x
	[ "$status" -eq 2 ]
}

@test "certauth(1) lists every finding with its reason, and no other" {
	sed -n 's/^[[:space:]]*X(CA_F_[A-Z_]*, "\([a-z-]*\)".*/\1/p' "$HERE/src/doctor/finding.h" \
		>"$BATS_TEST_TMPDIR/want"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/want")" -gt 50 ]
	sed -n '/^\.Ss certauth doctor/,/^\.S[hs] /s/^\.It Cm \([a-z-]*\)$/\1/p' \
		"$HERE/src/man/certauth.1" >"$BATS_TEST_TMPDIR/have"
	diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/have"
	python3 - "$HERE/src/doctor/finding.h" "$HERE/src/man/certauth.1" <<-'END'
		import re, sys
		table = open(sys.argv[1]).read().replace('\\\n', ' ')
		rows = re.findall(r'X\(CA_F_\w+,\s*"([a-z-]+)",((?:\s*"[^"]*")+)\)', table)
		want = {c: ''.join(re.findall('"([^"]*)"', t)) for c, t in rows}
		manual = open(sys.argv[2]).read().split('.Ss certauth doctor')[1]
		have = {i.split('\n', 1)[0]: ' '.join(i.split('\n', 1)[1].split())
		        for i in re.split(r'^\.It Cm ', manual.split('.Ss ')[0]
		                          .rsplit('.El', 1)[0], flags=re.M)[1:]}
		assert len(want) > 50
		for code in want:
		    assert have[code] == want[code], (code, have[code], want[code])
	END
	mandoc -T lint -W warning "$HERE/src/man/certauth.1" \
		"$HERE/src/man/pam_certauth.8"
}

@test "the help of every command fits a screen, shows an example, is in certauth(1)" {
	local c n=0
	for c in $("$CERTAUTH" --help | sed -n 's/^  \([a-z0-9]*\)  *.*/\1/p'); do
		"$CERTAUTH" "$c" --help >"$BATS_TEST_TMPDIR/help"
		[ "$(wc -l <"$BATS_TEST_TMPDIR/help")" -le 24 ]
		[ "$(wc -L <"$BATS_TEST_TMPDIR/help")" -le 80 ]
		grep -qE '^  .*certauth' "$BATS_TEST_TMPDIR/help"
		grep -q "^\.Ss certauth $c\$" "$HERE/src/man/certauth.1"
		n=$((n + 1))
	done
	[ $n -ge 10 ]
}
