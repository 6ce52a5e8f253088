#!/usr/bin/env bats
# shellcheck disable=SC2016 # for other shells to expand
# The classic set-up: one root, one client certificate, and four judges that
# must agree: `openssl verify', `certauth verify', a TLS handshake between
# `openssl s_server -Verify' and `s_client', and a login through the module.
load lib/common

setup_file() {
	place_make
	cp "$PKI/root.pem" "$S/auth-root.crt"
	# what s_server looks in: the root, and CRLs of all
	pki_dir "$S/tls" root.pem root.crl inter.crl
	map alice expired future revoked stranger-leaf server direct
	tls_server
}

teardown_file() {
	[ -z "${TLS_PID:-}" ] || kill "$TLS_PID" || :
	place_remove
}

# s_server that asks for a client certificate and sends each line back reversed
tls_server() {
	local i
	# the shell that starts it creates the log later than we look
	: >"$S/tls.log"
	openssl s_server -accept 127.0.0.1:0 -cert "$PKI/server.pem" \
		-key "$PKI/server.key" -cert_chain "$PKI/inter.pem" \
		-CApath "$S/tls" -no-CAfile -no-CAstore -crl_check_all \
		-Verify 5 -verify_return_error -purpose sslclient -rev \
		>"$S/tls.log" 2>&1 </dev/null 3>&- 4>&- &
	TLS_PID=$!
	export TLS_PID TLS_PORT
	for ((i = 0; i < 500; i++)); do
		TLS_PORT=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$S/tls.log")
		[ -z "$TLS_PORT" ] || return 0
		sleep 0.02
	done
	cat "$S/tls.log" >&2
	return 1
}

# each judge prints accepted or refused; arguments: CERT KEY
by_openssl() {
	# a certificate alone has no key to be wrong
	[ "$1" = "$2" ] || { echo -; return; }
	if openssl verify -purpose sslclient -CAfile "$S/auth-root.crt" \
		-untrusted "$PKI/$1-chain.pem" -crl_check_all \
		-CRLfile "$PKI/root.crl" -CRLfile "$PKI/inter.crl" \
		"$PKI/$1.pem" >>"$S/judges" 2>&1; then
		echo accepted
	else
		echo refused
	fi
}

by_certauth() {
	[ "$1" = "$2" ] || { echo -; return; }
	local rc=0
	in_place "$CERTAUTH" verify --ca-dir /etc/certauth/ca \
		--crl-dir /etc/certauth/crl "$PKI/$1-chain.pem" \
		>>"$S/judges" 2>&1 || rc=$?
	case $rc in
	0) echo accepted ;;
	1) echo refused ;;
	*) echo "status $rc" ;;
	esac
}

by_tls() {
	local out
	out=$(printf 'hello\nCLOSE\n' | timeout 20 openssl s_client -quiet \
		-connect "127.0.0.1:$TLS_PORT" -cert "$PKI/$1.pem" \
		-key "$PKI/$2.key" -cert_chain "$PKI/inter.pem" \
		-CAfile "$S/auth-root.crt" -verify_return_error \
		2>>"$S/judges") || :
	if [ "$out" = olleh ]; then echo accepted; else echo refused; fi
}

by_login() {
	if login --cert "$1" --key "$2"; then
		echo accepted
	elif grep -q 'pamtester: ' "$S/seen"; then
		echo refused
	else
		echo broken
	fi
}

@test "openssl verify, certauth verify, a TLS handshake and a login agree" {
	local line what cert key want a b c d bad=0
	{
		echo '|                | openssl verify | certauth verify | s_server -Verify | login    |'
		echo '|----------------|----------------|-----------------|------------------|----------|'
	} >"$S/table"
	while read -r want cert key what; do
		a=$(by_openssl "$cert" "$key")
		b=$(by_certauth "$cert" "$key")
		c=$(by_tls "$cert" "$key")
		d=$(by_login "$cert" "$key")
		printf '| %-14s | %-14s | %-15s | %-16s | %-8s |\n' \
			"$what" "$a" "$b" "$c" "$d" >>"$S/table"
		[ "$a" = "$want" ] || [ "$a" = - ] || bad=1
		[ "$b" = "$a" ] || bad=1
		[ "$c" = "$want" ] || bad=1
		[ "$d" = "$want" ] || bad=1
	done <<-END
		accepted alice alice good
		accepted direct direct under the root
		refused stranger-leaf stranger-leaf unknown CA
		refused expired expired expired
		refused future future not yet valid
		refused revoked revoked revoked
		refused server server wrong purpose
		refused alice bob wrong key
	END
	while read -r line; do
		echo "# $line" >&3
	done <"$S/table"
	[ "$(wc -l <"$S/table")" -eq 10 ]
	[ $bad -eq 0 ] || cat "$S/judges"
	[ $bad -eq 0 ]
}

@test "as the set-up is written down: testcert.crt under auth-root.crt" {
	cp "$PKI/direct.pem" "$S/testcert.crt"
	openssl verify -purpose sslclient -CAfile "$S/auth-root.crt" \
		"$S/testcert.crt"
	mkdir -p "$S/anchors"
	cp "$S/auth-root.crt" "$S/anchors/"
	"$CERTAUTH" verify --no-crl --ca-dir "$S/anchors" "$S/testcert.crt"
	cp "$PKI/stranger-leaf.pem" "$S/testcert.crt"
	run openssl verify -purpose sslclient -CAfile "$S/auth-root.crt" \
		"$S/testcert.crt"
	[ "$status" -ne 0 ]
	run "$CERTAUTH" verify --no-crl --ca-dir "$S/anchors" "$S/testcert.crt"
	[ "$status" -eq 1 ]
}

# bytes FILE FROM COUNT (from 0); number FILE FROM COUNT
bytes() { tail -c +$(($2 + 1)) "$1" | head -c "$3"; }
number() { echo $((16#$(bytes "$@" | od -An -v -tx1 | tr -d ' \n'))); }
unb64() {
	local text
	text=$(tr -- '-_' '+/' | tr -d '\n')
	while [ $((${#text} % 4)) -ne 0 ]; do text=$text=; done
	printf %s "$text" | base64 -d
}

@test "the CertificateVerify of a response, taken apart by hand, verifies with dgst and pkeyutl" {
	local k size len
	for k in p256 ed25519 rsa2048; do
		map $k
		# the request is the module's, the response our client's
		login_ok --cert $k --save-request "$S/req64" --client \
			"env HOME=$S XDG_RUNTIME_DIR=$S XDG_CONFIG_HOME=$S/$k $S/bin/both"
		unb64 <"$S/req64" >"$S/req"
		unb64 <"$S/resp64" >"$S/resp"
		# Certificate: type 11 and 3 bytes of length; then CertificateVerify
		[ "$(number "$S/resp" 0 1)" -eq 11 ]
		len=$((4 + $(number "$S/resp" 1 3)))
		bytes "$S/resp" 0 "$len" >"$S/certificate"
		[ "$(number "$S/resp" "$len" 1)" -eq 15 ]
		size=$(number "$S/resp" $((len + 6)) 2)
		bytes "$S/resp" $((len + 8)) "$size" >"$S/sig"
		[ "$(wc -c <"$S/resp")" -eq $((len + 8 + size)) ]
		# what was signed
		{
			printf '%64s' ''
			printf 'certauth/1, client CertificateVerify\0'
			cat "$S/req" "$S/certificate" |
				openssl dgst -sha384 -binary
		} >"$S/tbs"
		openssl x509 -in "$PKI/$k.pem" -noout -pubkey >"$S/pub"
		case $k in
		p256) openssl dgst -sha256 -verify "$S/pub" \
			-signature "$S/sig" "$S/tbs" ;;
		rsa2048) openssl dgst -sha256 -verify "$S/pub" \
			-sigopt rsa_padding_mode:pss \
			-sigopt rsa_pss_saltlen:digest \
			-signature "$S/sig" "$S/tbs" ;;
		ed25519) openssl pkeyutl -verify -rawin -pubin -inkey "$S/pub" \
			-sigfile "$S/sig" -in "$S/tbs" ;;
		esac
		# and nothing but that: the host's words give no signature of a
		# client, nor the bare transcript
		sed 's/client Cert/host Certt/' "$S/tbs" >"$S/other"
		case $k in
		ed25519) run openssl pkeyutl -verify -rawin -pubin -inkey \
			"$S/pub" -sigfile "$S/sig" -in "$S/other" ;;
		*) run openssl dgst -sha256 -verify "$S/pub" \
			-signature "$S/sig" "$S/other" ;;
		esac
		[ "$status" -ne 0 ]
	done
}

setup() {
	local k
	# our client, which keeps what it says
	cat >"$S/bin/both" <<-END
		#!/bin/sh
		case \$1 in *next=0*) : >"$S/resp64" ;; esac
		a=\$("$S/as/ssh" "$S/bin/certauth-askpass" \
			"(alice@host.example) \$1") || exit
		printf %s "\${a%?}" >>"$S/resp64"
		echo "\$a"
	END
	chmod 755 "$S/bin/both"
	mkdir -p "$S/as"
	cp "$HERE/tests/lib/asker.sh" "$S/as/ssh"
	for k in p256 ed25519 rsa2048; do
		mkdir -p "$S/$k/certauth"
		printf '[default]\ncert = %s\nkey = %s\n' "$PKI/$k-chain.pem" \
			"$PKI/$k.key" >"$S/$k/certauth/config"
	done
}
