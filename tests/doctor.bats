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

@test "a set-up without faults: no findings, exit status 0" {
	doctor
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'0 errors, 0 warnings'* ]]
	[[ $output == *'note libcrypto: OpenSSL 3'* ]]
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
	finds error helper '/nonexistent/certauth cannot be executed: No such file'
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
	finds warning ca-not-hashed '1 certificate'
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
	grep -q "mend: mv .*/inter.pem $C/intermediates/ && openssl rehash" <<<"$output"
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
	finds warning crl-unindexed '10001 entries'
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
	PATH=$S/fake:$PATH finds warning crl-timer 'not active'
	printf '#!/bin/sh\nexit 0\n' >"$S/fake/systemctl"
	PATH=$S/fake:$PATH doctor
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
