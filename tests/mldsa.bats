#!/usr/bin/env bats
# ML-DSA (FIPS 204, RFC 9881): CAs, CRLs and people's keys, over a real sshd.
# The first tests are for an OpenSSL without it, the others for one that has it.
# shellcheck disable=SC2016 # for the shell at the other end
bats_require_minimum_version 1.5.0
load lib/common
load lib/sshd

need_mldsa() {
	pki_has_mldsa ||
		skip "$(openssl version) has no ML-DSA; OpenSSL 3.5 or later has"
	need_root
}

setup_file() {
	pki_has_mldsa && [ "$(id -u)" -eq 0 ] || return 0
	place_make
	sites
	conf default 'host_names = web1.example web1' 'crl = require'
	ca_dir root.pem q44.pem q65.pem q87.pem "$S/small/ca.pem"
	CRLS="inter.crl root.crl q44.crl q65.crl q87.crl q87i.crl $S/small/ca.crl"
	export CRLS
	# shellcheck disable=SC2086 # a list of names
	crl_dir $CRLS
	sshd_start
}

teardown_file() {
	sshd_stop
	place_remove
}

setup() {
	T=$BATS_TEST_TMPDIR
	F=$HERE/tests/data/mldsa
	[ -n "${S:-}" ] || export CERTAUTH=$CERTAUTH_BUILD/certauth
}

# CAs by the openssl command: q44, q65 and q87 with an intermediate, q87i; by
# certauth pki: small.  stranger is not trusted.  Leaves: NAME-chain.pem.
sites() {
	local n
	pki_ca q44 --key mldsa44
	pki_ca q65 --key mldsa65
	pki_ca q87 --key mldsa87
	pki_ca q87i --issuer q87 --key mldsa87
	pki_ca wrong --key mldsa65
	pki_leaf l44 q44 --key mldsa44
	pki_leaf l65 q65 --key mldsa65
	pki_leaf l87 q87i --key mldsa87
	pki_leaf p256-below q65
	pki_leaf below-ec inter --key mldsa65
	pki_leaf lost q65 --key mldsa65
	pki_leaf lost-p256 q65
	pki_leaf lost-87 q87i --key mldsa87
	pki_leaf of-wrong wrong --key mldsa65
	for n in lost lost-p256; do pki_revoke q65 $n; done
	pki_revoke q87i lost-87
	for n in q44 q65 q87 q87i; do pki_crl $n; done
	for n in l44 l65 p256-below lost lost-p256 of-wrong; do
		cp "$PKI/$n.pem" "$PKI/$n-chain.pem"
	done
	for n in l87 lost-87; do
		cat "$PKI/$n.pem" "$PKI/q87i.pem" >"$PKI/$n-chain.pem"
	done
	cat "$PKI/below-ec.pem" "$PKI/inter.pem" >"$PKI/below-ec-chain.pem"
	"$CERTAUTH" pki init "$S/small" --key mldsa87
	for n in own gone; do
		"$CERTAUTH" pki issue "$S/small" $n
		cp "$S/small/$n.key" "$PKI/$n.key"
		cp "$S/small/$n.pem" "$PKI/$n.pem"
		cp "$S/small/$n.pem" "$PKI/$n-chain.pem"
	done
	"$CERTAUTH" pki issue "$S/small" own-p256 --key ecdsa_secp256r1_sha256
	for n in pem key; do cp "$S/small/own-p256.$n" "$PKI/"; done
	cp "$PKI/own-p256.pem" "$PKI/own-p256-chain.pem"
	"$CERTAUTH" pki revoke "$S/small" gone
	map l44 l65 l87 p256-below below-ec lost lost-p256 lost-87 of-wrong \
		own gone own-p256 alice
}

# goes_in: a login over ssh by what client_make or the test has set up
goes_in() {
	log_mark
	run client "$CERTAUTH" ssh web1 'echo $(id -un)-is-in' </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *alice-is-in* ]]
	logged 'pam_certauth\(sshd:auth\).*outcome=granted'
}

# stays_out REASON
stays_out() {
	log_mark
	run client "$CERTAUTH" ssh web1 'echo $(id -un)-is-in' </dev/null
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output != *alice-is-in* ]]
	logged "pam_certauth\\(sshd:auth\\).*outcome=denied.* reason=$1"
	not_logged 'outcome=granted'
}

# ---- an OpenSSL without ML-DSA ----

old_only() {
	! pki_has_mldsa || skip "$(openssl version) has ML-DSA"
	cp "$F"/* "$T/"
	chmod 600 "$T"/*
	cd "$T" || return
	printf '#!/bin/sh\necho asked >>%s/asked\necho vector\n' "$T" >ask
	chmod 755 ask
}

# sign OPTION ...: with an askpass program that knows the passphrase
sign() {
	run env HOME="$T" XDG_RUNTIME_DIR="$T" XDG_CONFIG_HOME="$T" \
		SSH_ASKPASS="$T/ask" SSH_ASKPASS_REQUIRE=force \
		setsid -w "$CERTAUTH" sign --host web1 --user alice "$@" \
		"$(python3 "$HERE/tests/lib/host.py" request --schemes "${SCHEMES:-0403,0905}")" \
		</dev/null
	echo "$output"
}

# the output names FILE, the type, this OpenSSL and the one that is needed, and
# says nothing that is not so
says_newer() {
	[ "$status" -ne 0 ]
	[[ $output == *"$1"*"ML-DSA-${2:-65}, which this libcrypto ($(openssl version | cut -d' ' -f1-2)) does not have; OpenSSL 3.5 or later is needed"* ]]
	[[ $output != *wrong* && $output != *damaged* && $output != *weak* ]]
	[ "${#lines[@]}" -eq 1 ]
}

@test "without ML-DSA: a key file of each kind is named, with the OpenSSL that it needs" {
	local n
	old_only
	for n in 44 65 87; do
		sign --cert mldsa$n.pem --key mldsa$n.key
		says_newer mldsa$n.key $n
	done
	sign --cert mldsa65.pem --key mldsa65-expanded.der
	says_newer mldsa65-expanded.der
	sign --p12 mldsa65.p12
	says_newer mldsa65.p12
	# the passphrase is not asked for in vain
	rm -f asked
	sign --cert mldsa65.pem --key mldsa65-sealed.key
	says_newer mldsa65.pem
	[ ! -e asked ]
}

@test "without ML-DSA: an encrypted key under another certificate" {
	old_only
	cat "$HERE/tests/data/vectors/p256.pem" mldsa65.pem >both.pem
	sign --cert both.pem --key mldsa65-sealed.key
	says_newer mldsa65-sealed.key
	[ "$(wc -l <asked)" -eq 1 ]
	# a wrong passphrase is still a wrong passphrase
	sed -i s/vector/other/ ask
	sign --cert both.pem --key mldsa65-sealed.key
	[ "$status" -ne 0 ]
	[[ $output == *'the passphrase is wrong'* ]]
}

@test "without ML-DSA: pki, inspect, verify and doctor name the type and the version" {
	old_only
	run "$CERTAUTH" pki init ca --key mldsa65
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'--key mldsa65 is for ML-DSA-65, which this libcrypto (OpenSSL '*') does not have; OpenSSL 3.5 or later is needed'* ]]
	[ ! -e ca ]
	"$CERTAUTH" pki init ca
	run "$CERTAUTH" pki issue ca bob --key mldsa87
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *ML-DSA-87*'OpenSSL 3.5 or later'* ]]
	[ ! -e ca/bob.pem ]
	cp mldsa44.pem ca/ca.pem
	run "$CERTAUTH" pki crl ca
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *ca/ca.pem*ML-DSA-44*'OpenSSL 3.5 or later'* ]]
	run "$CERTAUTH" inspect mldsa87.pem
	echo "$output"
	[[ $output == *'key  '*ML-DSA-87*'OpenSSL 3.5 or later'* ]]
	mkdir cas
	cp mldsa65.pem cas/
	run "$CERTAUTH" verify --ca-dir cas --no-crl mldsa65.pem
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *ML-DSA-65*'OpenSSL 3.5 or later'* ]]
	printf '[default]\nca_dir = %s\nhost_names = web1\n' "$T/cas" >conf
	run "$CERTAUTH" doctor --config conf --skip clock
	echo "$output"
	[[ $output == *'error ca-unsupported: '*'mldsa65.pem) cannot be used: its key is for ML-DSA-65, which this libcrypto (OpenSSL '*'OpenSSL 3.5 or later'* ]]
}

@test "without ML-DSA: the shell client says which OpenSSL it needs" {
	old_only
	local r
	r=$(python3 "$HERE/tests/lib/host.py" request)
	run env CERT=mldsa65.pem KEY=mldsa65.key HOME="$T" XDG_RUNTIME_DIR="$T" \
		setsid -w sh "$HERE/etc/openssl-client.sh" alice@web1 \
		< <(python3 "$HERE/tests/lib/host.py" prompt "$r" 0 32000)
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *mldsa65.pem*"$(openssl version)"*'ML-DSA needs OpenSSL 3.5'* ]]
}

# ---- with any OpenSSL ----

@test "algorithms that are not supported, by verify, inspect and doctor" {
	local pq=$HERE/tests/data/pq f what
	mkdir "$T/ca" "$T/crl"
	cp "$pq"/p256-ca.pem "$pq"/slhdsa-ca.pem "$pq"/mldsa65-ca.pem "$T/ca/"
	cp "$pq"/*.crl "$T/crl/"
	while read -r f what; do
		run "$CERTAUTH" verify --ca-dir "$T/ca" --no-crl "$pq/$f.pem"
		echo "$output"
		if [[ $what == *ML-DSA-* ]] && pki_has_mldsa; then
			[ "$status" -eq 0 ]
			continue
		fi
		[ "$status" -eq 1 ]
		[[ $output == *'(unsupported)'*"$what, which"* ]]
		[[ $output != *weak* ]]
	done <<-'END'
		slhdsa-under-p256 its key is for SLH-DSA
		p256-under-slhdsa its signature is SLH-DSA
		mldsa65-under-p256 its key is for ML-DSA-65
		p256-under-mldsa65 its signature is ML-DSA-65
		mldsa65-leaf its key is for ML-DSA-65
	END
	run "$CERTAUTH" inspect "$pq/slhdsa-under-p256.pem"
	[[ $output == *'its key is for SLH-DSA, which certauth does not support'* ]]
	printf '[default]\nca_dir = %s\ncrl_dir = %s\nhost_names = web1\n' \
		"$T/ca" "$T/crl" >"$T/conf"
	run "$CERTAUTH" doctor --config "$T/conf" --skip clock
	echo "$output"
	[[ $output == *'error ca-unsupported: '*'slhdsa-ca.pem has a certificate that cannot be used: its key is for SLH-DSA, which certauth does not support'*'ask the CA for a certificate with an RSA or EC key'* ]]
	[[ $output != *ca-unreadable* ]]
	[[ $output == *'warning crl-unsupported: '*'slhdsa-ca.crl is signed with SLH-DSA, which'* ]]
	[[ $output != *weak* ]]
	if pki_has_mldsa; then
		[[ $output != *'CN=ML-DSA-65 CA'*'cannot be used'* ]]
	else
		[[ $output == *'error ca-unsupported: CN=ML-DSA-65 CA'*'its key is for ML-DSA-65, which'*'use OpenSSL 3.5 or later'* ]]
		[[ $output == *'warning crl-unsupported: '*'mldsa65-ca.crl is signed with ML-DSA-65, which'* ]]
		[[ $output == *'see the finding crl-unsupported'* ]]
	fi
}

@test "an SLH-DSA CA: doctor finds it once, alone, linked and among others" {
	local pq=$HERE/tests/data/pq
	mkdir "$T/ca" "$T/crl"
	printf '[default]\nca_dir = %s\ncrl_dir = %s\nhost_names = web1\n' \
		"$T/ca" "$T/crl" >"$T/conf"
	cp "$pq/slhdsa-ca.pem" "$T/ca/"
	openssl rehash "$T/ca"
	run "$CERTAUTH" doctor --config "$T/conf" --skip clock
	echo "$output"
	[ "$status" -eq 2 ]
	[ "$(grep -c 'error ca-unsupported: ' <<<"$output")" -eq 1 ]
	# there is a CA, and the file is no damaged one
	[[ $output != *ca-none* && $output != *ca-unreadable* ]]
	# the rest of such a file is used, and what else is wrong with it is said
	rm "$T/ca"/*
	{ cat "$pq/slhdsa-ca.pem" "$pq/p256-ca.pem"
		printf -- '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
	} >"$T/ca/both.pem"
	run "$CERTAUTH" doctor --config "$T/conf" --skip clock
	echo "$output"
	[ "$(grep -c 'error ca-unsupported: ' <<<"$output")" -eq 1 ]
	[[ $output == *'warning ca-unreadable: '*'both.pem contains another certificate that cannot be used'* ]]
	[[ $output != *ca-none* ]]
}

@test "an SLH-DSA CA: certauth pki names the type of its key" {
	local pq=$HERE/tests/data/pq
	"$CERTAUTH" pki init "$T/site"
	"$CERTAUTH" pki issue "$T/site" ann
	cp "$pq/slhdsa-ca.pem" "$T/site/ca.pem"
	for words in 'crl' 'issue bob' 'revoke ann'; do
		# shellcheck disable=SC2086 # a command and a name
		set -- $words
		run "$CERTAUTH" pki "$1" "$T/site" "${@:2}"
		echo "$output"
		[ "$status" -ne 0 ]
		[[ $output == *"$T/site/ca.pem cannot be used: its key is for SLH-DSA, which certauth does not support; for a new CA, run: certauth pki init"* ]]
		[[ $output != *'not a certificate'* ]]
	done
	echo junk >"$T/site/ca.pem"
	run "$CERTAUTH" pki crl "$T/site"
	[[ $output == *"$T/site/ca.pem is not a certificate"* ]]
}

# ---- logins ----

@test "each size logs in below its CA, also with an intermediate" {
	local n
	need_mldsa
	for n in l44 l65 l87; do
		client_make $n
		goes_in
	done
}

@test "mixed paths: P-256 below an ML-DSA CA, ML-DSA below EC CAs, EC below EC" {
	local n
	need_mldsa
	for n in p256-below below-ec alice; do
		client_make $n
		goes_in
	done
}

@test "what is revoked stays out, of every kind" {
	local n
	need_mldsa
	for n in lost lost-p256 lost-87 gone; do
		client_make $n
		stays_out revoked
	done
}

@test "a CA that is not trusted, and a CRL that is missing, forged or old" {
	need_mldsa
	client_make of-wrong
	stays_out unknown-ca
	client_make l65
	# shellcheck disable=SC2086
	crl_dir ${CRLS/q65.crl/}
	stays_out crl-missing
	# the CRL of another ML-DSA key, in the CA's name
	pki_crl q65 --key-of wrong --out "$PKI/forged.crl"
	# shellcheck disable=SC2086
	crl_dir ${CRLS/q65.crl/} forged.crl
	stays_out 'crl-(signature|missing)'
	pki_crl q65 --from -9d --to -1h --out "$PKI/past.crl"
	# shellcheck disable=SC2086
	crl_dir ${CRLS/q65.crl/} past.crl
	stays_out crl-expired
	# shellcheck disable=SC2086
	crl_dir $CRLS
	goes_in
}

@test "a CA made by certauth pki: its certificates, and its CRL" {
	need_mldsa
	client_make own
	goes_in
	client_make own-p256
	goes_in
	run openssl verify -x509_strict -crl_check -CAfile "$S/small/ca.pem" \
		-CRLfile "$S/small/ca.crl" "$S/small/own.pem"
	[ "$status" -eq 0 ]
	run openssl verify -crl_check -CAfile "$S/small/ca.pem" \
		-CRLfile "$S/small/ca.crl" "$S/small/gone.pem"
	[ "$status" -ne 0 ]
	openssl x509 -in "$S/small/own.pem" -noout -text | grep -q ML-DSA-87
	openssl x509 -in "$S/small/own-p256.pem" -noout -text |
		grep -q prime256v1
}

# ---- files of keys ----

@test "each form of the private key (RFC 9881) logs in, in PEM, in DER, encrypted" {
	local form how key
	need_mldsa
	client_make l65
	key=$S/home/carol/.config/certauth/me.key
	printf '#!/bin/sh\necho secret\n' >"$S/bin/ask"
	chmod 755 "$S/bin/ask"
	echo "askpass = $S/bin/ask" >>"$S/home/carol/.config/certauth/config"
	for form in seed-only priv-only seed-priv bare-seed bare-priv; do
		for how in '' '-outform DER' '-aes256 -passout pass:secret'; do
			echo "== $form $how"
			# shellcheck disable=SC2086 # options
			openssl pkey -in "$PKI/l65.key" -out "$T/key" $how \
				-provparam ml-dsa.output_formats=$form
			cat "$T/key" >"$key"
			goes_in
		done
	done
}

@test "PKCS#12 logs in, with each form of the key" {
	local form home
	need_mldsa
	client_make l87
	home=$S/home/carol/.config/certauth
	printf '#!/bin/sh\necho secret\n' >"$S/bin/ask"
	chmod 755 "$S/bin/ask"
	printf '[default]\np12 = %s\naskpass = %s\n' "$home/me.p12" "$S/bin/ask" \
		>"$home/config"
	for form in seed-only priv-only seed-priv; do
		openssl pkey -in "$PKI/l87.key" -out "$T/key" \
			-provparam ml-dsa.output_formats=$form
		openssl pkcs12 -export -in "$PKI/l87-chain.pem" -inkey "$T/key" \
			-passout pass:secret -out "$home/me.p12"
		chown 2003 "$home/me.p12"
		goes_in
	done
}

@test "a key that does not fit its certificate, and a key that is damaged" {
	local key
	need_mldsa
	client_make l65
	key=$S/home/carol/.config/certauth/me.key
	cat "$PKI/lost.key" >"$key"
	run client "$CERTAUTH" ssh web1 true </dev/null
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *me.key*'does not belong to the certificate'* ]]
	# seed and expanded key disagree: RFC 9881 section 8 asks to refuse that
	openssl pkey -in "$PKI/l65.key" -outform DER -out "$T/der" \
		-provparam ml-dsa.output_formats=seed-priv
	printf '\125' | dd of="$T/der" bs=1 seek=40 conv=notrunc status=none
	cat "$T/der" >"$key"
	run client "$CERTAUTH" ssh web1 true </dev/null
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *me.key*'is damaged'* ]]
	[[ $output != *3.5* ]]
}

@test "the client of a shell and the openssl command logs in" {
	local n home=$S/home/carol
	need_mldsa
	cp "$HERE/etc/openssl-client.sh" "$S/bin/"
	for n in l44 l65 l87; do
		client_make $n
		log_mark
		CLIENT_ENV="SSH_ASKPASS=$S/bin/openssl-client.sh
			SSH_ASKPASS_REQUIRE=force DISPLAY=none
			CERT=$home/.config/certauth/me.pem
			KEY=$home/.config/certauth/me.key" \
			run client ssh web1 'echo $(id -un)-is-in' </dev/null
		echo "$output"
		[[ $output == *alice-is-in* ]]
		logged 'outcome=granted'
	done
}

@test "the host proves itself by an ML-DSA key" {
	local home=$S/home/carol/.config/certauth
	need_mldsa
	"$CERTAUTH" pki issue "$S/small" web1 --server web1.example
	cp "$S/small/web1.pem" "$S/small/web1.key" "$S/etc/certauth/"
	client_make l65
	mkdir -p "$home/host-ca" "$home/host-crl"
	cp "$S/small/ca.pem" "$home/host-ca/"
	cp "$S/small/ca.crl" "$home/host-crl/"
	printf '%s = ~/.config/certauth/%s\n' host_ca host-ca \
		host_crl host-crl >>"$home/config"
	echo 'require_host_proof = yes' >>"$home/config"
	chown -R 2003 "$home"
	run client "$CERTAUTH" ssh web1 true </dev/null
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *'not signed'* ]]
	conf default 'host_cert = /etc/certauth/web1.pem' \
		'host_key = /etc/certauth/web1.key'
	goes_in
	"$CERTAUTH" pki revoke "$S/small" web1
	cp "$S/small/ca.crl" "$home/host-crl/"
	run client "$CERTAUTH" ssh web1 true </dev/null
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *revoked* ]]
	sed -i '/^host_cert/d; /^host_key/d' "$S/conf.default"
	conf default
}

# ---- docs/operations.md ----

# doc NAME: the lines of that example
doc() {
	awk -v name="<!-- example: $1 -->" '
		$0 == name { on = 1; next }
		on && /^    / { print substr($0, 5); seen = 1; next }
		on && seen && !/^$/ { exit }' "$HERE/docs/operations.md"
}

@test "the hybrid site of docs/operations.md, as it stands there" {
	local home=$S/home/carol/.config/certauth n
	need_mldsa
	# the site before: an EC CA, and alice's EC certificate
	mkdir "$S/hybrid" "$S/etc/certauth/before"
	cp -a "$S/etc/certauth/ca" "$S/etc/certauth/crl" \
		"$S/etc/certauth/users" "$S/etc/certauth/before/"
	ca_dir root.pem
	crl_dir crl
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")"
	client_make alice
	# each example is there
	[ "$(doc 'hybrid, CA' | wc -l)" -eq 2 ]
	[ "$(doc 'hybrid, host' | wc -l)" -eq 3 ]
	[ "$(doc 'hybrid, client' | wc -l)" -eq 6 ]
	doc 'hybrid, CA' | in_place env PATH="$S/bin:$PATH" \
		bash -ec "cd $S/hybrid; . /dev/stdin"
	# a warning of setup's doctor (this place has no timer) is no error
	doc 'hybrid, host' | sed '1s/$/ || [ $? -eq 1 ]/' |
		in_place env PATH="$S/bin:$PATH" \
			bash -ec "cd $S/hybrid; . /dev/stdin"
	doc 'hybrid, client' >"$home/config"
	for n in pem key; do
		cp "$home/me.$n" "$home/alice.$n"
		cp "$S/hybrid/pq/alice-pq.$n" "$home/"
	done
	chown -R 2003 "$home"
	# the host of the section gets the ML-DSA certificate
	goes_in
	logged 'scheme=mldsa65'
	# and another client the EC one
	sed -i '/^\[web1/,$d' "$home/config"
	goes_in
	logged 'scheme=ecdsa_secp256r1_sha256'
	# revoke the one, as the text says: the other still goes in
	"$CERTAUTH" pki revoke "$S/hybrid/pq" alice-pq
	in_place "$CERTAUTH" setup --crl "$S/hybrid/pq/ca.crl" || :
	goes_in
	doc 'hybrid, client' >"$home/config"
	stays_out revoked
	rm -rf "$S/etc/certauth/ca" "$S/etc/certauth/crl"
	mv "$S/etc/certauth/before/"* "$S/etc/certauth/"
}

# response NAME CERTS [OPTION ...]: the number of its characters
response() {
	local name=$1 certs=$2
	shift 2
	"$CERTAUTH" sign --host web1 --user alice --cert "$certs" \
		--key "$T/pki/$name.key" "$@" "$(python3 "$HERE/tests/lib/host.py" \
		request --schemes 0403,0904,0905,0906)" | tr -d '\n' | wc -c
}

# row TEXT COLUMN: the number in the table of docs/operations.md
row() {
	grep -F "| $1" "$HERE/docs/operations.md" | cut -d'|' -f$(($2 + 2)) |
		tr -d ' ,'
}

# near N M: they differ by at most 60; names and dates are of various lengths
near() {
	echo "measured $1, in the document $2"
	[ $(($1 - $2)) -le 60 ] && [ $(($2 - $1)) -le 60 ]
}

@test "the sizes in docs/operations.md" {
	local n=0 k one two
	need_mldsa
	pki_new "$T/pki"
	export HOME=$T XDG_RUNTIME_DIR=$T
	for k in p256 mldsa44 mldsa65 mldsa87; do
		n=$((n + 1))
		pki_ca r$k --key $k
		pki_ca i$k --issuer r$k --key $k
		pki_leaf o$k r$k --key $k --san email:alice@corp.example
		pki_leaf l$k i$k --key $k --san email:alice@corp.example
		pki_crl r$k
		cat "$PKI/l$k.pem" "$PKI/i$k.pem" >"$T/chain"
		one=$(response o$k "$PKI/o$k.pem")
		two=$(response l$k "$T/chain")
		near "$one" "$(row 'response, characters' $n)"
		near "$two" "$(row 'the same with' $n)"
		near "$(openssl x509 -in "$PKI/l$k.pem" -outform DER | wc -c)" \
			"$(row 'certificate, bytes' $n)"
		near "$(openssl crl -in "$PKI/r$k.crl" -outform DER | wc -c)" \
			"$(row 'CRL without' $n)"
		[ "$(row 'answers of 500 characters' $n)" = \
			"$(((one + 498) / 499))$(((two + 498) / 499))" ]
		[ "$(row 'answers of 1,000' $n)" = \
			"$(((one + 998) / 999))$(((two + 998) / 999))" ]
		one=$(response o$k "$PKI/o$k.pem" --registered)
		[ "$(row 'with `--registered`' $n)" = $(((one + 498) / 499)) ]
	done
	# the smallest max_answer that the text names
	[ $(((two + 206) / 207)) -le 128 ]
	[ $(((two + 205) / 206)) -gt 128 ]
}

@test "a max_answer that is too small for ML-DSA is refused, and the log names it" {
	need_mldsa
	client_make l87
	conf default 'max_answer = 100'
	stays_out answer-limit
	logged 'max_answer = 500'
	sed -i '/^max_answer/d' "$S/conf.default"
	conf default
}

@test "a chain that is too long for a response: the client says what to remove" {
	local big
	pki_new "$T/pki"
	big=$(head -c 9000 /dev/zero | tr '\0' x)
	pki_ca top
	pki_ca one --issuer top --ext "nsComment = $big"
	pki_ca two --issuer one --ext "nsComment = $big"
	pki_ca three --issuer two --ext "nsComment = $big"
	pki_leaf end three
	cat "$PKI"/{end,three,two,one}.pem >"$T/chain.pem"
	SCHEMES=0403 sign --cert "$T/chain.pem" --key "$PKI/end.key"
	[ "$status" -ne 0 ]
	[[ $output == *"$T/chain.pem"*'longer than 24576 bytes'*intermediates_dir*--registered* ]]
	cat "$PKI"/{end,three,two}.pem >"$T/chain.pem"
	SCHEMES=0403 sign --cert "$T/chain.pem" --key "$PKI/end.key"
	[ "$status" -eq 0 ]
}

@test "the types that pki takes are those that it and the completions list" {
	local list
	run "$CERTAUTH" pki init "$T/x" --key none
	[ "$status" -eq 2 ]
	list=$(sed -n 's/.*must be one of //p' <<<"${lines[0]}" | tr -d ',')
	[[ $list == *ed25519*mldsa87 ]]
	[ "$(sed -n "/^_certauth_keys='/,/'\$/p" \
		"$HERE/packaging/completion/certauth.bash" |
		sed "s/^_certauth_keys=//" | tr -d "'" | xargs)" = "$list" ]
	[ "$(sed -n '/compadd ecdsa/,/mldsa87/p' \
		"$HERE/packaging/completion/_certauth" |
		sed 's/compadd//' | tr -d "\\\\" | xargs)" = "$list" ]
	for k in $list; do
		case $k in mldsa*) pki_has_mldsa || continue ;; esac
		"$CERTAUTH" pki init "$T/$k" --key "$k"
		"$CERTAUTH" pki issue "$T/$k" a
		"$CERTAUTH" pki issue "$T/$k" b --key ed25519
		"$CERTAUTH" pki revoke "$T/$k" b
		openssl verify -x509_strict -crl_check -CAfile "$T/$k/ca.pem" \
			-CRLfile "$T/$k/ca.crl" "$T/$k/a.pem"
		! openssl verify -crl_check -CAfile "$T/$k/ca.pem" \
			-CRLfile "$T/$k/ca.crl" "$T/$k/b.pem" || return
		run openssl x509 -in "$T/$k/a.pem" -noout -text
		case $k in
		ecdsa_secp256r1*) [[ $output == *prime256v1* ]] ;;
		ecdsa_secp384r1*) [[ $output == *secp384r1*ecdsa-with-SHA384* ]] ;;
		ecdsa_secp521r1*) [[ $output == *secp521r1*ecdsa-with-SHA512* ]] ;;
		ed*) grep -qi "Public Key Algorithm: $k" <<<"$output" ;;
		mldsa*) [[ $output == *ML-DSA-${k#mldsa}*ML-DSA-${k#mldsa}* ]] ;;
		esac
	done
}

@test "the administrator's commands name ML-DSA, and find nothing weak in it" {
	local etc=$T/etc
	need_mldsa
	cd "$T" || return
	run "$CERTAUTH" setup --confdir "$etc" --ca "$PKI/q87.pem" \
		--ca "$PKI/q87i.pem" --ca "$S/small/ca.pem" \
		--crl "$PKI/q87.crl" --crl "$PKI/q87i.crl" \
		--crl "$S/small/ca.crl" --user root --cert "$PKI/l87.pem"
	echo "$output"
	[[ $output == *'l87.pem would be accepted'* ]]
	[[ $output != *ca-weak* && $output != *weak:* && $output != *'0 bits'* ]]
	dirs=(--ca-dir "$etc/ca" --crl-dir "$etc/crl"
		--intermediates-dir "$etc/intermediates")
	rm -f "$etc"/crl/*.idx
	run "$CERTAUTH" crl compile "${dirs[@]}"
	[ "$status" -eq 0 ]
	run "$CERTAUTH" crl list "${dirs[@]}"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c ' current, .*, indexed$' <<<"$output")" -eq 3 ]
	"$CERTAUTH" verify "${dirs[@]}" "$PKI/l87.pem"
	run "$CERTAUTH" verify "${dirs[@]}" "$PKI/lost-87.pem"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'revoked by '*"$etc/crl/"* ]]
	run "$CERTAUTH" explain --config "$etc/certauth.conf" --user root \
		"$PKI/l87.pem"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'would be granted'*'indexed: does not revoke it'* ]]
	"$CERTAUTH" users add bin --cert "$PKI/l65.pem" --file "$etc/users"
	grep -qxF "bin sha256:$(pki_sha256 "$PKI/l65.pem")" "$etc/users"
	run "$CERTAUTH" inspect "$PKI/l87.pem"
	echo "$output"
	[[ $output == *$'key         ML-DSA-87\n'* ]]
	run "$CERTAUTH" doctor --config "$etc/certauth.conf" --skip timer \
		--skip clock --skip sshd --skip pam --skip verifier
	echo "$output"
	[[ $output == *'0 errors, '* ]]
	[[ $output != *weak* && $output != *unknown* ]]
	# the CRL of a false CA in that CA's name is found, and named so
	pki_crl q87i --key-of q87 --out "$etc/crl/false.crl"
	run "$CERTAUTH" crl list "${dirs[@]}"
	echo "$output"
	[[ $(grep false.crl <<<"$output") == *'not signed by any of the CAs'* ]]
}

@test "certauth-tests: a host that trusts ML-DSA CAs refuses what it must" {
	need_mldsa
	service test
	run in_place env PATH="$S/bin:$PATH" TMPDIR="$T" python3 \
		"$HERE/tests/site/certauth-tests" --service test --user alice
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'13 of 13 results are as expected'* ]]
}
