#!/usr/bin/env bats
# certauth sign with keys on tokens, in PKCS#12 files and in the ssh-agent:
# the certificate that the host wants is found, and no PIN is asked for others.

load lib/token

setup_file() {
	token_make
	export CERTAUTH=$CERTAUTH_BUILD/certauth HOME=$T/home
	mkdir -p "$HOME/.config/certauth"
	export XDG_CONFIG_HOME=$HOME/.config XDG_STATE_HOME=$HOME/.local/state
	# a user's file, whatever the umask of who runs the tests
	umask 022
	token_init 'Card A'
	token_load 'Card A' 01 rsa2048
	token_cert 'Card A' 10 inter
	token_init 'Card B'
	token_load 'Card B' 01 expired
	token_load 'Card B' 02 stranger-leaf
	printf '[default]\npkcs11 = yes\n' >"$XDG_CONFIG_HOME/certauth/config"
	cat >"$T/answer.exp" <<-'END'
		# answer.exp ANSWERS COMMAND ...: run COMMAND on a terminal and
		# give the next of ANSWERS to each question
		set timeout 60
		set answers [split [lindex $argv 0] ,]
		set n 0
		spawn -noecho {*}[lrange $argv 1 end]
		expect {
			-re {((PIN|Password) for [^\n]*: |Which one[^\n]*\? |Try[^\n]*\? \[yes/no\] ?)$} {
				if {$n >= [llength $answers]} { close; exit 9 }
				send "[lindex $answers $n]\r"
				incr n
				exp_continue
			}
			eof {}
			timeout { exit 8 }
		}
		lassign [wait] pid spawnid oserr status
		if {$n < [llength $answers]} { puts "unused answers"; exit 7 }
		exit $status
	END
}

teardown_file() {
	token_remove
}

setup() {
	modules soft
	printf '[default]\npkcs11 = yes\n' >"$XDG_CONFIG_HOME/certauth/config"
}

teardown() {
	[ -z "${AGENT:-}" ] || kill "$AGENT"
}

# request [OPTION ...]: into $T/request
request() {
	python3 "$HERE/tests/lib/host.py" request "$@" >"$T/request"
}

# sign ANSWERS [OPTION ...]: answers separated by commas
sign() {
	local answers=$1
	shift
	# shellcheck disable=SC2016
	printf '#!/bin/sh\nexec "%s" sign --host web1 --user alice "$@" "$(cat "%s")" >"%s"\n' \
		"$CERTAUTH" "$T/request" "$T/response" >"$T/sign.sh"
	chmod 755 "$T/sign.sh"
	run with_modules expect "$T/answer.exp" "$answers" "$T/sign.sh" "$@"
	echo "$output"
	ls -l "$T/response"
}

# line N: whose certificate stands at N in the list that was shown
line() {
	sed -n "s/^certauth: *$1  CN=\([a-z0-9]*\),.*/\1/p" <<<"$output"
}

good() {
	[ "$status" -eq 0 ]
	python3 "$HERE/tests/lib/host.py" check "$(cat "$T/request")" \
		"$(cat "$T/response")" \
		"$PKI/$1.pem"
}

has() {
	grep -qF -- "$1" <<<"$output"
}

hasnt() {
	! grep -qF -- "$1" <<<"$output"
}

# password ANSWERS [OPTION ...]: as sign, by certauth password
password() {
	local answers=$1
	shift
	rm -f "$T/text"
	# shellcheck disable=SC2016
	printf '#!/bin/sh\nexec "%s" password --service dovecot --host mail.example --user alice "$@" >"%s"\n' \
		"$CERTAUTH" "$T/text" >"$T/sign.sh"
	chmod 755 "$T/sign.sh"
	run with_modules expect "$T/answer.exp" "$answers" "$T/sign.sh" "$@"
	echo "$output"
}

# text_good NAME: $T/text is by that key; prints the scheme and how many certificates
text_good() {
	[ "$status" -eq 0 ] || return
	python3 "$HERE/tests/password/verify.py" "$PKI/$1.pem" mail.example dovecot alice \
		<"$T/text"
}

@test "of three certificates on two tokens the one that fits, its PIN alone" {
	request --authority "$PKI/root.pem" --authority "$PKI/inter.pem"
	sign 1234
	good rsa2048
	has 'PIN for Card A'
	hasnt 'PIN for Card B'
	hasnt 'More than one'
}

@test "an askpass program gets what a question needs in front of it" {
	request --authority "$PKI/named.pem"
	cat >"$T/program" <<-END
		#!/bin/sh
		printf '%s|' "\$1" >>"$T/asked"
		echo no
	END
	chmod 755 "$T/program"
	rm -f "$T/asked"
	# shellcheck disable=SC2016
	printf '#!/bin/sh\nexec "%s" sign --host web1 --user alice "$(cat "%s")"\n' \
		"$CERTAUTH" "$T/request" >"$T/sign.sh"
	chmod 755 "$T/sign.sh"
	run with_modules env SSH_ASKPASS="$T/program" SSH_ASKPASS_REQUIRE=force \
		"$T/sign.sh" </dev/null
	echo "$output"
	[ "$status" -eq 1 ]
	cat "$T/asked"
	[ "$(wc -l <"$T/asked")" -eq 1 ]
	head -n 1 "$T/asked" | grep -q '^The host accepts certificates of other CAs\. '
	tail -n +2 "$T/asked" | grep -qE '^The host may .* Try (it|one)\? \[yes/no\] \|$'
	# and on standard error, as without the program
	has 'certauth: The host accepts certificates of other CAs. '
}

@test "none fits: it is said why, and no PIN is asked for" {
	request --authority "$PKI/named.pem"
	# for two of them an intermediate of the host's might stand between:
	# that is asked, and no PIN
	sign no
	[ "$status" -eq 1 ]
	hasnt 'PIN for'
	has 'expired on'
	has 'no certificate was issued by a CA that the host names'
	has 'no certificate on a token fits this request'
}

@test "several fit: a numbered list, and the one that was chosen" {
	token_load 'Card B' 03 p256
	token_load 'Card B' 04 ed25519
	request --authority "$PKI/inter.pem"
	sign 3,1234
	[ "$status" -eq 0 ]
	has '1  CN='
	has '3  CN='
	has 'issued by CN=Test inter,O=Example, until 20'
	has ', in Card B: p256'
	local name
	name=$(line 3)
	good "$name"
	# nobody can be asked
	run with_modules env -u DISPLAY -u SSH_ASKPASS setsid -w "$T/sign.sh" </dev/null
	[ "$status" -ne 0 ]
	has 'there is no terminal and no working askpass program'
	has 'More than one certificate fits, and nobody can be asked for one. Name one by its URI; to see the URIs, run: certauth tokens'
	# an answer that is none of them: nothing is signed, no PIN asked
	sign 9,9,9
	[ "$status" -eq 1 ]
	hasnt 'PIN for'
	# schemes narrow it down, before any question
	request --authority "$PKI/inter.pem" --schemes 0807
	sign 1234
	good ed25519
	hasnt 'Which one'
	request --authority "$PKI/inter.pem" --schemes 0401
	sign 1234
	good rsa2048
	hasnt 'Which one'
}

@test "a choice is remembered for its host, where the user wants that" {
	printf '[default]\npkcs11 = yes\nremember = yes\n' \
		>"$XDG_CONFIG_HOME/certauth/config"
	request --authority "$PKI/inter.pem"
	sign 2,1234
	[ "$status" -eq 0 ]
	has 'remembered for web1 in'
	local name
	name=$(line 2)
	good "$name"
	sign 1234
	[ "$status" -eq 0 ]
	hasnt 'Which one'
	[ "$(stat -c %a "$XDG_STATE_HOME/certauth/choices")" = 600 ]
	[ "$(wc -l <"$XDG_STATE_HOME/certauth/choices")" -eq 1 ]
	good "$name"
	# for the name that was meant, wherever the host puts it in its list
	request --authority "$PKI/inter.pem" --host web2 --host WEB1
	sign 1234
	good "$name"
	hasnt 'Which one'
	grep -q '^web1 ' "$XDG_STATE_HOME/certauth/choices"
	# and for this host alone
	request --authority "$PKI/inter.pem" --host web2
	sign 9,9,9 --host web2
	[ "$status" -eq 1 ]
	has 'Which one'
	# one that does not fit any more is passed over
	request --authority "$PKI/inter.pem" --schemes 0401
	sign 1234
	good rsa2048
	# a file that others can write to is not believed
	chmod 666 "$XDG_STATE_HOME/certauth/choices"
	request --authority "$PKI/inter.pem"
	sign 9,9,9
	[ "$status" -eq 1 ]
	has 'remembered choices are not used'
	has 'Which one'
}

@test "--key pkcs11: names the one" {
	request
	sign 1234 --key 'pkcs11:token=Card%20A;object=rsa2048'
	good rsa2048
	sign '' --key 'pkcs11:token=Card%20A;object=rsa2048?pin-value=1234'
	good rsa2048
	hasnt 'PIN for'
	sign '' --key 'pkcs11:token=Card%20C'
	[ "$status" -eq 1 ]
	has 'no certificate with a key on a token for pkcs11:token=Card%20C'
}

@test "--cert FILE with --key pkcs11: the certificate off the token, the key on it" {
	request
	# the token has the key, by its public numbers, and no certificate of it
	softhsm2-util --import "$PKI/p256.key" --token 'Card A' --pin 1234 \
		--id 30 --label bare >/dev/null
	sign 1234 --cert "$PKI/p256-chain.pem" --key 'pkcs11:token=Card%20A'
	pkcs11-tool --module "$SOFTHSM" --token-label 'Card A' --pin 1234 \
		--login --delete-object --type privkey --id 30 >/dev/null 2>&1
	pkcs11-tool --module "$SOFTHSM" --token-label 'Card A' --pin 1234 \
		--login --delete-object --type pubkey --id 30 >/dev/null 2>&1
	good p256
	hasnt 'More than one'
	# a key that is on no token
	sign '' --cert "$PKI/bob.pem" --key 'pkcs11:token=Card%20A'
	[ "$status" -eq 1 ]
	has 'has the key of'
	hasnt 'PIN for'
}

@test "a PIN in the URI is not shown" {
	request
	local uri
	sign '' --key 'pkcs11:token=Card%20C?pin-value=1234'
	[ "$status" -eq 1 ]
	hasnt '1234'
	# nor where RFC 7512 has none
	for uri in 'pkcs11:token=Card%20C;pin-value=1234' \
		'pkcs11:pin-value=1234;token=Card%20A' 'pkcs11:pin-value=1234' \
		'pkcs11:token=Card%20A;pinfile=/1234' \
		'pkcs11:token=Card%20A;pin-source=/1234?pin-value=1234' \
		'pkcs11:token=Card%20A;PIN-VALUE=1234'; do
		sign '' --key "$uri"
		[ "$status" -ne 0 ]
		hasnt '1234'
		has 'PKCS#11 URI'
		sign '' --cert "$PKI/p256-chain.pem" --key "$uri"
		[ "$status" -ne 0 ]
		hasnt '1234'
	done
}

@test "a wrong PIN is asked again; the user may stop" {
	request
	sign 9999,1234 --key 'pkcs11:token=Card%20A;object=rsa2048'
	good rsa2048
	has 'Wrong PIN for "Card A".'
	sign 9999, --key 'pkcs11:token=Card%20A;object=rsa2048'
	[ "$status" -eq 1 ]
	[ ! -s "$T/response" ]
}

@test "no token is there: said, and nothing is asked" {
	modules none
	request
	sign ''
	[ "$status" -eq 1 ]
	has 'no PKCS#11 module is configured'
}

@test "a PKCS#12 file by --p12" {
	openssl pkcs12 -export -inkey "$PKI/p256.key" -in "$PKI/p256.pem" \
		-certfile "$PKI/inter.pem" -out "$T/p256.p12" \
		-passout pass:secret
	request
	sign secret --p12 "$T/p256.p12"
	good p256
	sign wrong,secret --p12 "$T/p256.p12"
	good p256
}

@test "the ssh-agent by --key agent" {
	ssh-agent -D -a "$T/agent" >"$T/agent.log" 2>&1 3>&- 4>&- &
	AGENT=$!
	local i
	for ((i = 0; i < 500; i++)); do
		[ -S "$T/agent" ] && break
		sleep 0.02
	done
	export SSH_AUTH_SOCK=$T/agent
	cp "$PKI/rsa2048.key" "$T/rsa2048"
	chmod 600 "$T/rsa2048"
	ssh-add -q "$T/rsa2048"
	request
	sign '' --key agent --cert "$PKI/rsa2048.pem"
	good rsa2048
	sign '' --key agent --cert "$PKI/p256.pem"
	[ "$status" -eq 1 ]
	has 'none of the 1 keys in the ssh-agent'
	# an agent can no PSS, and is not asked for it
	request --schemes 0804
	sign '' --key agent --cert "$PKI/rsa2048.pem"
	[ "$status" -eq 1 ]
	has 'the token or agent with its key (RSA of 2048 bits) cannot sign by a scheme that the host accepts (certauth tokens shows what it can); the host accepts: rsa_pss_rsae_sha256'
}

@test "a signed password by a key on a token" {
	local uri='pkcs11:token=Card%20A;object=rsa2048'
	password 1234 --registered --key "$uri"
	# SoftHSM has PSS, which is preferred
	[[ $(text_good rsa2048) =~ ^080[456]\ 0$ ]]
	[ "$(wc -c <"$T/text")" -eq 382 ]
	password 1234 --key "$uri"
	[[ $(text_good rsa2048) =~ ^080[456]\ [1-9]$ ]]
	password 9999,1234 --registered --key "$uri"
	text_good rsa2048
	has 'Wrong PIN for "Card A".'
	token_load 'Card A' 31 p384
	password 1234 --registered --key 'pkcs11:token=Card%20A;object=p384'
	[ "$(text_good p384)" = '0503 0' ]
	[ "$(wc -c <"$T/text")" -eq 169 ]
}

@test "no PIN is asked for a signed password that is too long" {
	password '' --registered --max 127 --key 'pkcs11:token=Card%20A;object=rsa2048'
	[ "$status" -eq 1 ]
	[ ! -s "$T/text" ]
	has 'has 381 characters, and service dovecot carries 127; use a key of another type'
	hasnt 'PIN for'
}

@test "several certificates on tokens: a list, and the choice is remembered" {
	local number
	printf '[default]\npkcs11 = yes\nremember = yes\nregistered = yes\n' \
		>"$XDG_CONFIG_HOME/certauth/config"
	rm -f "$XDG_STATE_HOME/certauth/choices"
	token_load 'Card B' 40 p521
	# the user stops: nothing is printed
	password ''
	[ "$status" -ne 0 ]
	[ ! -s "$T/text" ]
	number=$(sed -n 's/^certauth: *\([0-9]*\)  CN=p521,.*/\1/p' <<<"$output")
	[ -n "$number" ]
	password "$number,1234"
	has 'Which one'
	text_good p521
	has 'remembered for mail.example in'
	password 1234
	hasnt 'Which one'
	text_good p521
}

@test "a signed password by an encrypted PKCS#12 file" {
	openssl pkcs12 -export -inkey "$PKI/p256.key" -in "$PKI/p256.pem" \
		-certfile "$PKI/inter.pem" -out "$T/p256.p12" -passout pass:secret
	password secret --p12 "$T/p256.p12"
	[ "$(text_good p256)" = '0403 2' ]
	password wrong,secret --registered --p12 "$T/p256.p12"
	[ "$(text_good p256)" = '0403 0' ]
}
