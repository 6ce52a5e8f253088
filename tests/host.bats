#!/usr/bin/env bats
# shellcheck disable=SC2016 # for other shells to expand
# Both sides prove their identity: the host by host_cert and host_key, before
# the client signs.  The first half tests the host and its log.  The second half
# tests what the client refuses, with a real sshd, before it asks the user.
load lib/common
load lib/sshd
load lib/hostca

setup_file() {
	place_make
	hostca_make
	conf default 'host_names = web1.example web1'
	export KEY_PASS=hunter2
	openssl pkcs8 -topk8 -in "$PKI/alice.key" -passout "pass:$KEY_PASS" \
		-out "$PKI/alice.enc"
	# the askpass program that the user had before: it logs its question
	cat >"$S/bin/before" <<-'END'
		#!/bin/sh
		echo "$1" >>~/asked
		case $1 in
		*'[yes/no]'*|*'?'*) cat ~/reply 2>/dev/null || echo yes ;;
		*) echo hunter2 ;;
		esac
	END
	chmod 755 "$S/bin/before"
	mkdir "$S/as"
	cp "$HERE/tests/lib/asker.sh" "$S/as/ssh"
	if [ "$(id -u)" -eq 0 ]; then
		sshd_start
	fi
}

teardown_file() {
	sshd_stop
	place_remove
}

setup() {
	no_host_proof
	conf default 'host_names = web1.example web1' 'lifetime = 120s'
	[ "$(id -u)" -ne 0 ] || person
}

# ---- the host ----

# host_error WHAT: WHAT is logged as an error, and the login continues only with
# host_proof = optional
host_error() {
	login_denied host-proof
	logged "$1"
	conf default 'host_proof = require'
	login_denied host-proof
	logged "$1"
	conf default 'host_proof = optional'
	login_ok
	logged "$1"
	conf default 'host_proof = auto'
}

@test "host: a proof is sent; off, and not configured: none" {
	login --save-request "$S/request"
	run "$CERTAUTH" inspect --request "$(cat "$S/request")"
	[[ $output != *"the host's proof"* ]]
	host_proof host-good
	login_ok --save-request "$S/request"
	run "$CERTAUTH" inspect --request "$(cat "$S/request")"
	echo "$output"
	[[ $output == *"the host's proof"* ]]
	conf default 'host_proof = off'
	login_ok --save-request "$S/request"
	run "$CERTAUTH" inspect --request "$(cat "$S/request")"
	[[ $output != *"the host's proof"* ]]
}

@test "host: its proof, taken apart, verifies by openssl; with every type of key" {
	local k n
	for k in p256 p384 p521 ed25519 ed448 rsa2048 rsa4096; do
		pki_leaf "hk-$k" hostinter --key $k --eku serverAuth \
			--san DNS:web1.example
		cat "$PKI/hk-$k.pem" "$PKI/hostinter.pem" >"$PKI/hk-$k-chain.pem"
		host_proof "hk-$k"
		login_ok --save-request "$S/request"
		python3 "$HERE/tests/lib/host.py" proof "$(cat "$S/request")" \
			"$PKI/hk-$k.pem"
	done
	# the root in the file is not sent
	cat "$PKI/hostca.pem" >>"$S/etc/certauth/host.pem"
	login_ok --save-request "$S/request"
	n=$(python3 "$HERE/tests/lib/host.py" proof "$(cat "$S/request")" \
		"$PKI/hk-rsa4096.pem")
	[[ $n == *' 2' ]]
}

@test "host: the key of another certificate" {
	host_proof host-good
	cp "$PKI/host-evil.key" "$S/etc/certauth/host.key"
	host_error 'host_key /etc/certauth/host.key is not the key of the first certificate in host_cert'
}

@test "host: an expired certificate, and one that is not yet valid" {
	host_proof host-expired
	host_error 'host_cert /etc/certauth/host.pem has expired'
	host_proof host-future
	host_error 'host_cert /etc/certauth/host.pem is not yet valid'
}

@test "host: a missing file, junk, a key with a passphrase" {
	host_proof host-good
	rm "$S/etc/certauth/host.key"
	host_error 'host_key /etc/certauth/host.key'
	echo junk >"$S/etc/certauth/host.key"
	chmod 600 "$S/etc/certauth/host.key"
	host_error 'it is not a PEM private key without a passphrase'
	cp "$PKI/alice.enc" "$S/etc/certauth/host.key"
	chmod 600 "$S/etc/certauth/host.key"
	host_error 'it is not a PEM private key without a passphrase'
	host_proof host-good
	rm "$S/etc/certauth/host.pem"
	host_error 'host_cert /etc/certauth/host.pem'
	echo junk >"$S/etc/certauth/host.pem"
	host_error 'it is not a file of PEM certificates'
}

@test "host: a key that others may read or write, or own" {
	host_proof host-good
	chmod 640 "$S/etc/certauth/host.key"
	host_error 'it is readable by group or others'
	chmod 604 "$S/etc/certauth/host.key"
	host_error 'it is readable by group or others'
	chmod 620 "$S/etc/certauth/host.key"
	host_error 'must be a file owned by root'
	chmod 600 "$S/etc/certauth/host.key"
	if [ "$(id -u)" -eq 0 ]; then
		chown 2001 "$S/etc/certauth/host.key"
		host_error 'must be a file owned by root'
	fi
}

@test "host: host_cert without host_key is a mistake in the configuration" {
	host_proof host-good
	sed -i '/^host_key /d' "$S/conf.default"
	conf default
	login_denied config
	logged 'host_key'
	no_host_proof
	conf default 'host_proof = require'
	login_denied config
}

@test "host: names by default: the full one of /etc/hosts, and the short one" {
	local node
	node=$(hostname)
	sed -i '/^host_names /d' "$S/conf.default"
	conf default
	cp "$S/etc/hosts" "$S/hosts"
	echo "192.0.2.1 ${node%%.*}.corp.example ${node%%.*}" >"$S/etc/hosts"
	login_ok --save-request "$S/request"
	mv "$S/hosts" "$S/etc/hosts"
	run "$CERTAUTH" inspect --request "$(cat "$S/request")"
	echo "$output"
	[[ $output == *"${node%%.*}"* ]]
	case $node in
	*.*) [[ $output == *"$node"* ]] ;;
	*) [[ $output == *"$node.corp.example"* ]] ;;
	esac
}

@test "host: names by default wait for no name server" {
	if ! command -v strace >/dev/null; then skip 'strace is not installed'; fi
	sed -i '/^host_names /d' "$S/conf.default"
	conf default
	in_place strace -f -e trace=connect -o "$S/connects" python3 \
		"$S/bin/login.py" --cert "$PKI/alice-chain.pem" \
		--key "$PKI/alice.key" -- pamtester test alice authenticate
	run grep -E 'AF_INET|AF_INET6' "$S/connects"
	echo "$output"
	[ "$status" -ne 0 ]
	[ -s "$S/connects" ]
}

# ---- the client ----

# person: carol checks hosts; certauth would ask her previous askpass program for
# the passphrase of her key
person() {
	local home=$S/home/carol
	client_make
	rm -rf "$home/asked" "$home/reply" "$home/hostca" "$home/hostcrl"
	cp -r "$PKI/hostca" "$PKI/hostcrl" "$home/"
	cp "$PKI/alice.enc" "$home/.config/certauth/me.key"
	printf '%s\n' 'host_ca = ~/hostca' 'host_crl = ~/hostcrl' \
		'require_host_proof = yes' "askpass = $S/bin/before" \
		>>"$home/.config/certauth/config"
	chown -R 2003:2003 "$home"
}

to_web1() {
	log_mark
	run client setsid -w "$CERTAUTH" ssh -o NumberOfPasswordPrompts=1 web1 \
		'echo $(id -un)-is-in' </dev/null
	echo "$output"
}

let_in() {
	to_web1
	[ "$status" -eq 0 ]
	[[ $output == *alice-is-in* ]]
	logged 'outcome=granted'
}

# refuses RULE WHAT: the client names the rule and WHAT, and asked for no PIN or
# passphrase before
refuses() {
	to_web1
	[ "$status" -ne 0 ]
	[[ $output == *"not signed: $1"* ]]
	[[ $output == *"$2"* ]]
	[ ! -e "$S/home/carol/asked" ]
	not_logged 'outcome=granted'
}

@test "client: a good proof, then the passphrase, then the login" {
	need_root
	host_proof host-good
	let_in
	grep -q 'assphrase' "$S/home/carol/asked"
}

@test "client: host_ca may be one file, or a bundle" {
	need_root
	host_proof host-good
	cat "$PKI/stranger.pem" "$PKI/hostca.pem" >"$S/home/carol/bundle.pem"
	sed -i 's|^host_ca.*|host_ca = ~/bundle.pem|' \
		"$S/home/carol/.config/certauth/config"
	chown 2003 "$S/home/carol/bundle.pem"
	let_in
	rm "$S/home/carol/asked"
	cp "$PKI/stranger.pem" "$S/home/carol/bundle.pem"
	refuses 'rule 4' unknown-ca
}

@test "client: refuses a wrong host name" {
	need_root
	host_proof host-good
	conf default 'host_names = web9.example web9'
	refuses 'rule 1' web9.example
}

@test "client: refuses another user" {
	need_root
	host_proof host-good
	# ssh is told one user; the host's request names another
	run client setsid -w "$S/as/ssh" "$S/bin/certauth-askpass" "(bob@web1.example) $(
		python3 "$HERE/tests/lib/host.py" prompt "$(request)" 0 500)" \
		</dev/null
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'not signed: rule 2'*bob*alice* ]]
	[ ! -e "$S/home/carol/asked" ]
}

# a request of this host with its proof, recorded or made up; options of host.py
request() {
	python3 "$HERE/tests/lib/host.py" request --host web1.example \
		--host web1 --host-cert "$PKI/host-good-chain.pem" \
		--host-key "$PKI/host-good.key" "$@"
}

# the client is shown a request: exit status of askpass
shown() {
	run client setsid -w "$S/as/ssh" "$S/bin/certauth-askpass" "(alice@web1.example) $(
		python3 "$HERE/tests/lib/host.py" prompt "$1" 0 4000)" </dev/null
	echo "$output"
}

@test "client: refuses a recorded request after its lifetime, and one of the future" {
	need_root
	shown "$(request --age 600)"
	[ "$status" -eq 1 ]
	[[ $output == *'not signed: rule 3'*ago* ]]
	shown "$(request --age -600)"
	[ "$status" -eq 1 ]
	[[ $output == *'not signed: rule 3'*future* ]]
	shown "$(request --age 90 --lifetime 10)"
	[ "$status" -eq 0 ]
	rm "$S/home/carol/asked"
	shown "$(request --age 320 --lifetime 10)"
	[ "$status" -eq 1 ]
	[ ! -e "$S/home/carol/asked" ]
}

@test "client: refuses a real request that was recorded, when its clock is past it" {
	need_root
	host_proof host-good
	login_ok --save-request "$S/request"
	# twice; the second time with a clock ten minutes ahead
	shown "$(cat "$S/request")"
	[ "$status" -eq 0 ]
	rm "$S/home/carol/asked"
	cp "$CERTAUTH_BUILD/tests/relay/later.so" "$S/bin/"
	CLIENT_ENV="LD_PRELOAD=$S/bin/later.so LATER=600" \
		shown "$(cat "$S/request")"
	[ "$status" -eq 1 ]
	[[ $output == *'not signed: rule 3'*ago* ]]
	[ ! -e "$S/home/carol/asked" ]
}

@test "client: refuses a host whose chain is not trusted" {
	need_root
	host_proof host-stranger
	refuses 'rule 4' unknown-ca
}

@test "client: refuses a host that is revoked, or whose CA is" {
	need_root
	host_proof host-revoked
	refuses 'rule 4' revoked
	host_proof host-under-revoked
	refuses 'rule 4' revoked
	# without the CRL the status is unknown
	rm -rf "$S/home/carol/hostcrl"/*
	host_proof host-good
	refuses 'rule 4' crl-missing
}

@test "client: refuses a host that has expired, by the client's own clock" {
	need_root
	# this module refuses to sign with it, but another host may not
	shown "$(python3 "$HERE/tests/lib/host.py" request \
		--host web1.example --host-cert "$PKI/host-expired-chain.pem" \
		--host-key "$PKI/host-expired.key")"
	[ "$status" -eq 1 ]
	[[ $output == *'not signed: rule 4'*expired* ]]
	shown "$(python3 "$HERE/tests/lib/host.py" request \
		--host web1.example --host-cert "$PKI/host-future-chain.pem" \
		--host-key "$PKI/host-future.key")"
	[ "$status" -eq 1 ]
	[[ $output == *'not signed: rule 4'*not-yet-valid* ]]
	[ ! -e "$S/home/carol/asked" ]
}

@test "client: refuses a host certificate that is not for serverAuth" {
	need_root
	host_proof host-client
	refuses 'rule 4' purpose
}

@test "client: refuses a host certificate whose key is not for signatures" {
	need_root
	host_proof host-cipher
	refuses 'rule 4' 'keyUsage does not include digitalSignature'
}

@test "client: refuses a name that is not in subjectAltName, and never looks at CN" {
	need_root
	host_proof host-evil
	refuses 'rule 4' subjectAltName
	host_proof host-nosan
	refuses 'rule 4' subjectAltName
}

@test "client: a wildcard stands for one whole label; U-labels are A-labels" {
	need_root
	local name
	for name in a.wild.example a.b.wild.example wild.example \
		xn--bcher-kva.example bücher.example; do
		rm -f "$S/home/carol/asked"
		run client setsid -w "$S/as/ssh" "$S/bin/certauth-askpass" \
			"(alice@$name) $(python3 "$HERE/tests/lib/host.py" \
			prompt "$(python3 "$HERE/tests/lib/host.py" request \
			--host "$name" \
			--host-cert "$PKI/host-good-chain.pem" \
			--host-key "$PKI/host-good.key")" 0 4000)" </dev/null
		echo "$name: $output"
		case $name in
		*.b.wild.example | wild.example)
			[ "$status" -eq 1 ]
			[[ $output == *'rule 4'*subjectAltName* ]]
			[ ! -e "$S/home/carol/asked" ] ;;
		*) [ "$status" -eq 0 ] ;;
		esac
	done
}

@test "client: refuses where a proof is required and missing" {
	need_root
	refuses 'rule 4' 'sends no proof'
}

@test "client: required only where the section says so" {
	need_root
	sed -i '/^require_host_proof/d' "$S/home/carol/.config/certauth/config"
	printf '[*.secure.example]\nrequire_host_proof = yes\n' \
		>>"$S/home/carol/.config/certauth/config"
	let_in
	printf '[web1.example]\nrequire_host_proof = yes\n' \
		>>"$S/home/carol/.config/certauth/config"
	rm "$S/home/carol/asked"
	refuses 'rule 4' 'sends no proof'
}

@test "client: refuses a wrong host signature, even with no CA of hosts" {
	need_root
	local flaw
	for flaw in signature context; do
		shown "$(request --break $flaw)"
		[ "$status" -eq 1 ]
		[[ $output == *'not signed: rule 4'*'signature is wrong'* ]]
	done
	# a proof for another request does not even parse
	shown "$(request --break nonce)"
	[ "$status" -eq 1 ]
	[ ! -e "$S/home/carol/asked" ]
	sed -i '/^\(require_host_proof\|host_c\)/d' \
		"$S/home/carol/.config/certauth/config"
	shown "$(request --break signature)"
	[ "$status" -eq 1 ]
	[[ $output == *'not signed: rule 4'*'signature is wrong'* ]]
	[ ! -e "$S/home/carol/asked" ]
}

@test "client: /etc/certauth/client.conf counts, and the user's own file over it" {
	need_root
	sed -i '/^\(require_host_proof\|host_c\)/d' \
		"$S/home/carol/.config/certauth/config"
	printf '[web*.example]\nrequire_host_proof = yes\nhost_ca = %s\n' \
		"$S/etc/certauth/host-ca.pem" >"$S/etc/certauth/client.conf"
	cp "$PKI/hostca.pem" "$S/etc/certauth/host-ca.pem"
	if ! grep -qa /etc/certauth/client.conf "$CERTAUTH"; then
		skip 'built for another SYSCONFDIR'
	fi
	refuses 'rule 4' 'sends no proof'
	host_proof host-good
	let_in
	no_host_proof
	printf '[web1.example]\nrequire_host_proof = no\n' \
		>>"$S/home/carol/.config/certauth/config"
	let_in
	rm "$S/etc/certauth/client.conf"
}

@test "client: confirm = yes asks through the askpass that was there before" {
	need_root
	host_proof host-good
	echo 'confirm = yes' >>"$S/home/carol/.config/certauth/config"
	let_in
	grep -q '^Log in to web1.example as alice (sshd) with CN=alice' \
		"$S/home/carol/asked"
	rm "$S/home/carol/asked"
	echo no >"$S/home/carol/reply"
	to_web1
	[ "$status" -ne 0 ]
	[[ $output == *'did not confirm'* ]]
	# the answer is no: certauth does not ask for the passphrase
	run grep -i passphrase "$S/home/carol/asked"
	[ "$status" -ne 0 ]
	not_logged 'outcome=granted'
}

@test "client: confirm = yes asks on the terminal" {
	need_root
	local reply
	host_proof host-good
	sed -i '/^askpass/d' "$S/home/carol/.config/certauth/config"
	cp "$PKI/alice.key" "$S/home/carol/.config/certauth/me.key"
	chown 2003 "$S/home/carol/.config/certauth/me.key"
	echo 'confirm = yes' >>"$S/home/carol/.config/certauth/config"
	for reply in yes no; do
		log_mark
		run env REPLY="$reply" AS="$(declare -f client as_user in_place)" \
			expect -f - <<'END'
set timeout 30
spawn -noecho bash -c "$env(AS)\nclient $env(CERTAUTH) ssh -o NumberOfPasswordPrompts=1 web1 {echo \$(id -un)-is-in}"
expect -re {Log in to web1.example as alice \(sshd\) with CN=alice[^?]*\?}
send "$env(REPLY)\r"
expect eof
END
		echo "$output"
		[[ $output == *'Log in to web1.example as alice'* ]]
		if [ $reply = yes ]; then
			logged 'outcome=granted'
		else
			not_logged 'outcome=granted'
			[[ $output == *'did not confirm'* ]]
		fi
	done
}

# ---- replay ----

@test "replay: a recorded answer against a second attempt" {
	host_proof host-good
	login_ok --save-answer "$S/answer" --save-request "$S/first"
	login_denied nonce --replay "$S/answer"
	# the same, with its pieces under the current nonce
	login_denied 'signature' --for "$S/first" --nonce-of-asked
}

@test "replay: a recorded answer over ssh" {
	need_root
	cp "$PKI/alice-chain.pem" "$PKI/alice.key" "$S/home/carol/"
	chown -R 2003 "$S/home/carol"
	run client python3 "$S/bin/login.py" --pty --save-answer answer \
		--cert alice-chain.pem --key alice.key -- \
		ssh web1 'echo $(id -un)-is-in' </dev/null
	[[ $output == *alice-is-in* ]]
	log_mark
	run client python3 "$S/bin/login.py" --pty --replay answer \
		--cert alice-chain.pem --key alice.key -- \
		ssh -o NumberOfPasswordPrompts=1 web1 'echo $(id -un)-is-in' \
		</dev/null
	[[ $output != *alice-is-in* ]]
	logged 'outcome=denied.* reason=nonce'
	not_logged 'outcome=granted'
}

# ---- the host's key on a token ----

# host_token NAME [QUERY]: NAME's key and certificate on a token of root's
host_token() {
	local softhsm
	softhsm=$(find /usr/lib /usr/lib64 -name libsofthsm2.so 2>/dev/null |
		head -n 1)
	[ -n "$softhsm" ]
	rm -rf "$S/hsm" "$S/etc/softhsm"
	mkdir -m 700 "$S/hsm" "$S/etc/softhsm"
	printf '%s\n' "directories.tokendir = $S/hsm" \
		'objectstore.backend = file' 'log.level = ERROR' \
		>"$S/etc/softhsm/softhsm2.conf"
	export SOFTHSM2_CONF=$S/etc/softhsm/softhsm2.conf
	softhsm2-util --init-token --free --label Host --pin 1234 \
		--so-pin 567890 >/dev/null
	softhsm2-util --import "$PKI/$1.key" --token Host --pin 1234 --id 01 \
		--label host >/dev/null
	openssl x509 -in "$PKI/$1.pem" -outform DER -out "$S/c.der"
	pkcs11-tool --module "$softhsm" --token-label Host --pin 1234 \
		--write-object "$S/c.der" --type cert --id 01 --label host \
		>/dev/null 2>&1
	printf 1234 >"$S/etc/certauth/pin"
	chmod 600 "$S/etc/certauth/pin"
	host_proof "$1"
	rm "$S/etc/certauth/host.key"
	conf default "helper = $HELPER" \
		"host_key = pkcs11:token=Host${2-?pin-source=/etc/certauth/pin}"
}

@test "host: a key on a token signs, in a process of its own" {
	need_root
	local k
	for k in host-good hk-rsa2048; do
		[ -e "$PKI/$k.pem" ] || {
			pki_leaf $k hostinter --key rsa2048 --eku serverAuth \
				--san DNS:web1.example
			cat "$PKI/$k.pem" "$PKI/hostinter.pem" \
				>"$PKI/$k-chain.pem"
		}
		host_token $k
		login_ok --save-request "$S/request"
		python3 "$HERE/tests/lib/host.py" proof "$(cat "$S/request")" \
			"$PKI/$k.pem"
	done
	# over a real sshd, checked by a real client
	let_in
}

@test "host: a token with another key, without PIN, with a wrong one, or none" {
	need_root
	host_token host-evil
	cp "$PKI/host-good-chain.pem" "$S/etc/certauth/host.pem"
	host_error 'no token has the key of host_cert'
	host_token host-good ''
	host_error 'the token did not sign'
	host_token host-good
	printf 9999 >"$S/etc/certauth/pin"
	host_error 'the token did not sign'
	# a PIN in the URI does not get into the log
	host_token host-good '?pin-value=8642'
	host_error 'the token did not sign'
	not_logged 8642
	rm -rf "$S/hsm"/*
	host_error 'the token did not sign'
}

@test "host: the helper that signs for the host may not be another's, nor its answer wrong" {
	need_root
	host_token host-good
	cp "$CERTAUTH" "$S/bin/other-helper"
	chmod 777 "$S/bin/other-helper"
	conf default "helper = $S/bin/other-helper"
	host_error 'other-helper'
	# a helper that does not sign the transcript
	cat >"$S/bin/liar" <<-'END'
		#!/bin/sh
		while read -r line && [ "$line" != go ]; do :; done
		echo 'response DwAACAQDAAQwAgAA'
	END
	chmod 755 "$S/bin/liar"
	conf default "helper = $S/bin/liar"
	host_error "the signature of the token does not verify with the key of host_cert"
}
