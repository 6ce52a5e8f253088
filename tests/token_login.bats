#!/usr/bin/env bats
# Logins at the machine with real keys: certauth as the module's helper, with
# tokens of SoftHSM2 and a real ssh-agent.
bats_require_minimum_version 1.5.0
load lib/common
load lib/language
load lib/softhsm

setup_file() {
	place_make
	export DRIVE=$S/bin/pamdrive
	cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$DRIVE"
	softhsm_alice
	token 'Card A' p256
	token 'Card B' expired stranger-leaf
	theirs
	map p256 rsa2048 expired stranger-leaf
	# neither a token's certificate nor a registered one brings its chain
	ca_dir root.pem inter.pem
	mkdir -p "$S/etc/certauth/users.d/alice"
	cp "$PKI/rsa2048-chain.pem" "$PKI/p256-chain.pem" \
		"$S/etc/certauth/users.d/alice/"
	chmod -R a+rX "$S/etc/certauth"
	cp "$PKI/rsa2048.key" "$S/home/alice/rsa2048"
	chmod 600 "$S/home/alice/rsa2048"
	theirs
	language_make
}

teardown_file() {
	place_remove
}

setup() {
	need_root
}

theirs() {
	[ "$(id -u)" -ne 0 ] || chown -R 2001:2001 "$S/home/alice"
}

# local_login CODE [MODULE-ARGUMENT ...] [-- PAMDRIVE-OPTION ...]
local_login() {
	local code=$1 args=()
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		args+=("$1")
		shift
	done
	[ $# -eq 0 ] || shift
	service test proof=command "helper=$HELPER" "${args[@]}"
	log_mark
	# a question too many would wait for its answer for good
	in_place timeout 180 "$DRIVE" -s test -u alice -x "$@" >"$S/seen" 2>&1 || :
	cat "$S/seen"
	grep -q "^authenticate $code\$" "$S/seen" &&
		grep -q '^children none$' "$S/seen"
}

answers() {
	echo "for a in $*; do read -r p || exit; echo \$a; done; cat >/dev/null"
}

@test "a token: the one certificate that fits, after its PIN" {
	local_login PAM_SUCCESS pkcs11=yes -- -C "$(answers 1234)"
	logged outcome=granted
	grep -q '^prompt PIN for Card A: $' "$S/seen"
	[ "$(grep -c '^prompt' "$S/seen")" -eq 1 ]
}

@test "the session has the URI of the token that signed, and none of another attempt" {
	local serial
	serial=$(pkcs11-tool --module "$SOFTHSM" --list-slots 2>/dev/null |
		awk '/token label/ { mine = /Card A/ } /serial num/ && mine { print $NF }')
	[ -n "$serial" ]
	local uri="pkcs11:model=SoftHSM%20v2;manufacturer=SoftHSM%20project"
	uri="$uri;serial=$serial;token=Card%20A"
	local_login PAM_SUCCESS pkcs11=yes token_uri=pkcs11:token=Card%20A?pin-value=1234 \
		-- -C "$(answers 1234)"
	[ "$(grep '^env CERTAUTH_TOKEN' "$S/seen")" = "env CERTAUTH_TOKEN=$uri" ]
	[ "$(grep -c '^env CERTAUTH_' "$S/seen")" -eq 6 ]
	# the module that the host names finds the token again
	local_login PAM_SUCCESS pkcs11=yes "token_uri=pkcs11:?module-path=$SOFTHSM" \
		-- -C "$(answers 1234)"
	grep -qxF "env CERTAUTH_TOKEN=$uri?module-path=${SOFTHSM//\//%2F}" "$S/seen"
	# a later attempt that is denied takes it away
	local_login PAM_SUCCESS pkcs11=yes -- -C "$(answers 1234)" -A empty
	grep -q '^again PAM_[^S]' "$S/seen"
	[ "$(grep -c '^env CERTAUTH_' "$S/seen")" -eq 0 ]
	# a trial leaves nothing, and a key without a token has no name
	local_login PAM_PERM_DENIED mode=audit pkcs11=yes -- -C "$(answers 1234)"
	[ "$(grep -c '^env CERTAUTH_' "$S/seen")" -eq 0 ]
	logged 'mode=audit outcome=granted'
	openssl pkcs8 -topk8 -in "$PKI/rsa2048.key" -passout pass:1234 \
		-out "$S/home/alice/locked.pem"
	cat "$PKI/rsa2048-chain.pem" >>"$S/home/alice/locked.pem"
	theirs
	local_login PAM_SUCCESS key_file=%h/locked.pem -- -C "$(answers 1234)"
	[ "$(grep -c '^env CERTAUTH_' "$S/seen")" -eq 5 ]
	rm "$S/home/alice/locked.pem"
}

@test "no PIN for a token that is expired or of a foreign CA" {
	# its issuer is not at hand: whether it can fit is asked, and no PIN
	local_login PAM_AUTH_ERR pkcs11=yes token_uri=pkcs11:token=Card%20B \
		-- -C "$(answers 1234)"
	[ "$(grep -c '^prompt' "$S/seen")" -eq 1 ]
	[ "$(grep -c '^prompt.*PIN' "$S/seen")" -eq 0 ]
	grep -q '^info The host accepts certificates of other CAs' "$S/seen"
	grep -q '^prompt The host may not accept this certificate\. Try it? \[yes/no\] $' "$S/seen"
	not_logged outcome=granted
	# with its root on the token it is certain, and nothing is asked
	openssl x509 -in "$PKI/stranger.pem" -outform DER -out "$S/c.der"
	pkcs11-tool --module "$SOFTHSM" --token-label 'Card B' --pin 1234 \
		--write-object "$S/c.der" --type cert --id 20 \
		--label stranger >/dev/null 2>&1
	theirs
	local_login PAM_AUTH_ERR pkcs11=yes token_uri=pkcs11:token=Card%20B \
		-- -C "$(answers 1234)"
	[ "$(grep -c '^prompt' "$S/seen")" -eq 0 ]
	logged 'reason=no-credential'
	not_logged outcome=granted
}

# hostile MODE: alice's p11-kit has the module of tests/key/ in SoftHSM's place
hostile() {
	mkdir -p "$S/home/alice/.config/pkcs11/modules"
	cp "$CERTAUTH_BUILD/tests/key/hostile_p11.so" "$S/bin/"
	echo "module: $S/bin/hostile_p11.so" \
		>"$S/home/alice/.config/pkcs11/modules/softhsm2.module"
	echo "$1" >"$S/home/alice/.hostile"
	theirs
}

@test "a PKCS#11 module that crashes fails that attempt, and is named" {
	local mode
	for mode in init-crash sign-crash; do
		hostile $mode
		local_login PAM_AUTH_ERR pkcs11=yes -- -C "$(answers 1234)"
		echo "# $mode"
		logged 'helper: "PKCS#11: .* crashed; its module is broken'
		logged 'outcome=denied.* reason=helper'
		not_logged outcome=granted
	done
	# and nothing else: the next one is served
	hostile none
	local_login PAM_SUCCESS pkcs11=yes -- -C "$(answers 1234)"
	rm -rf "$S/home/alice/.config/pkcs11"
}

@test "a PKCS#11 module that hangs is killed after helper_timeout" {
	hostile init-hang
	local_login PAM_AUTH_ERR pkcs11=yes helper_timeout=2
	rm -rf "$S/home/alice/.config/pkcs11"
	logged 'did not finish within 2 s and was killed'
	logged 'reason=helper-timeout'
}

# ---- require_pin ----

# calls WHAT ...: exactly these calls of the module, in this order
calls() {
	diff <(for c; do echo "$c"; done) "$S/home/alice/.hostile-calls"
}

# Card A with a key that is seen, and signs, without a PIN
pinless() {
	hostile "$1"
	: >"$S/home/alice/.hostile-calls"
	theirs
}

@test "a token that signs without a PIN is shown one, by default" {
	pinless public
	local_login PAM_SUCCESS pkcs11=yes -- -C "$(answers 1234)"
	[ "$(grep -c '^prompt PIN for Card A: $' "$S/seen")" -eq 1 ]
	# the login that was there is ended, and the PIN is tried in earnest
	calls login logout login sign
	pinless public
	local_login PAM_AUTH_ERR pkcs11=yes -- -C "$(answers 9999 "''")"
	grep 'Wrong PIN for "Card A"' "$S/seen"
	not_logged outcome=granted
	[ "$(grep -c sign "$S/home/alice/.hostile-calls")" -eq 0 ]
	# nobody is there to type it
	pinless public
	local_login PAM_AUTH_ERR pkcs11=yes
	not_logged outcome=granted
	[ "$(grep -c sign "$S/home/alice/.hostile-calls")" -eq 0 ]
	rm -rf "$S/home/alice/.config/pkcs11"
}

# sessions WHAT ...: what the helper began and ended in the last login, up to the
# response; the module does not wait for the rest
sessions() {
	diff <(for c; do echo "$c"; done) \
		<(grep -vx finalize "$S/home/alice/.hostile-sessions")
}

# watched MODE CODE [MODULE-ARGUMENT ...] [-- PAMDRIVE-OPTION ...]
watched() {
	hostile "$1"
	: >"$S/home/alice/.hostile-sessions"
	theirs
	shift
	local_login "$@"
}

@test "a login starts the module once, with one session for each token" {
	local a=token_uri=pkcs11:token=Card%20A
	watched none PAM_SUCCESS pkcs11=yes $a -- -C "$(answers 1234)"
	sessions initialize open close
	watched none PAM_SUCCESS pkcs11=yes $a -- -C "$(answers 9999 1234)"
	sessions initialize open close
	watched always PAM_SUCCESS pkcs11=yes $a -- -C "$(answers 1234)"
	sessions initialize open close
	watched always,pinpad PAM_SUCCESS pkcs11=yes $a
	sessions initialize open close
	watched public PAM_SUCCESS pkcs11=yes require_pin=no $a
	sessions initialize open close
	# the second token has no key for this host: its session ends before the PIN
	watched none PAM_SUCCESS pkcs11=yes -- -C "$(answers 1234)"
	sessions initialize open open close close
	# the token was inserted again, or another one, before the PIN
	watched reinserted PAM_SUCCESS pkcs11=yes $a -- -C "$(answers 1234)"
	sessions initialize open close open close
	watched swapped PAM_AUTH_ERR pkcs11=yes $a -- -C "$(answers 1234)"
	grep 'Card A" was removed' "$S/seen"
	[ "$(grep -c '^prompt' "$S/seen")" -eq 0 ]
	rm -rf "$S/home/alice/.config/pkcs11"
}

@test "a PKCS#11 module that hangs at the end of a session fails that attempt" {
	hostile close-hang
	local_login PAM_AUTH_ERR pkcs11=yes helper_timeout=6 -- \
		-C "$(answers 1234)"
	not_logged outcome=granted
	rm -rf "$S/home/alice/.config/pkcs11"
}

@test "require_pin = no: the token's own rules" {
	pinless public
	local_login PAM_SUCCESS pkcs11=yes require_pin=no
	[ "$(grep -c '^prompt' "$S/seen")" -eq 0 ]
	calls sign
	pinless public,no-login
	local_login PAM_SUCCESS pkcs11=yes require_pin=no
	[ "$(grep -c '^prompt' "$S/seen")" -eq 0 ]
	rm -rf "$S/home/alice/.config/pkcs11"
}

@test "a token that says it needs no PIN is refused, and that is said" {
	pinless public,no-login
	local_login PAM_AUTH_ERR pkcs11=yes token_uri=pkcs11:token=Card%20A -- \
		-C "$(answers 1234)"
	not_logged outcome=granted
	logged 'Card A.* needs no PIN, but a PIN is required here'
	logged 'reason=no-credential'
	grep 'Card A" needs no PIN' "$S/seen"
	calls
	# also where it says so only once its key was chosen
	pinless public,no-login-later
	local_login PAM_AUTH_ERR pkcs11=yes token_uri=pkcs11:token=Card%20A -- \
		-C "$(answers 1234)"
	not_logged outcome=granted
	grep 'Card A" needs no PIN' "$S/seen"
	calls
	rm -rf "$S/home/alice/.config/pkcs11"
}

@test "a login that cannot be ended is no PIN" {
	pinless public,shared
	local_login PAM_AUTH_ERR pkcs11=yes -- -C "$(answers 1234)"
	not_logged outcome=granted
	calls login logout login
	rm -rf "$S/home/alice/.config/pkcs11"
}

@test "the PIN of token_uri is not used, and that is said" {
	local uri
	printf '1234\n' >"$S/pin"
	chmod 644 "$S/pin"
	for uri in 'pkcs11:token=Card%20A?pin-value=1234' \
		"pkcs11:token=Card%20A?pin-source=$S/pin"; do
		local_login PAM_SUCCESS pkcs11=yes "token_uri=$uri" -- \
			-C "$(answers 1234)"
		[ "$(grep -c '^prompt PIN' "$S/seen")" -eq 1 ]
		logged 'the PIN in token_uri is not used'
		not_logged 'value=1234'
		local_login PAM_AUTH_ERR pkcs11=yes "token_uri=$uri"
		not_logged outcome=granted
	done
	local_login PAM_SUCCESS pkcs11=yes require_pin=no \
		'token_uri=pkcs11:token=Card%20A?pin-value=1234'
	[ "$(grep -c '^prompt' "$S/seen")" -eq 0 ]
	not_logged 'is not used'
}

@test "the user's own configuration has no say in it" {
	mkdir -p "$S/home/alice/.config/certauth"
	printf '[default]\nrequire_pin = no\npkcs11 = yes\n' \
		>"$S/home/alice/.config/certauth/config"
	pinless public
	local_login PAM_AUTH_ERR pkcs11=yes
	not_logged outcome=granted
	rm -rf "$S/home/alice/.config/pkcs11" "$S/home/alice/.config/certauth"
}

@test "a pinpad is asked in earnest, and a key that wants it each time twice" {
	pinless public,pinpad
	local_login PAM_SUCCESS pkcs11=yes
	grep "Enter the PIN of .* keypad" "$S/seen"
	[ "$(grep -c '^prompt' "$S/seen")" -eq 0 ]
	calls 'login by the pad' logout 'login by the pad' sign
	# CKA_ALWAYS_AUTHENTICATE: the PIN was typed once, and serves both
	pinless public,always
	local_login PAM_SUCCESS pkcs11=yes -- -C "$(answers 1234)"
	[ "$(grep -c '^prompt PIN' "$S/seen")" -eq 1 ]
	calls login logout login 'login for a signature' sign
	rm -rf "$S/home/alice/.config/pkcs11"
}

@test "several certificates fit: a numbered list in the conversation" {
	token 'Card C' rsa2048
	theirs
	local_login PAM_SUCCESS pkcs11=yes -- -C "$(answers 2 1234)"
	grep 'More than one certificate fits' "$S/seen"
	grep '^prompt Which one, 1 to 2' "$S/seen"
	logged outcome=granted
	# a number that is none of the list is asked again, three times
	local_login PAM_SUCCESS pkcs11=yes -- -C "$(answers 7 2 1234)"
	grep 'That is no number from 1 to 2.' "$S/seen"
	local_login PAM_AUTH_ERR pkcs11=yes -- -C "$(answers 7 x 0)"
	not_logged outcome=granted
	local_login PAM_AUTH_ERR pkcs11=yes -- -C "$(answers "''")"
	not_logged outcome=granted
	softhsm2-util --delete-token --token 'Card C' >/dev/null
}

@test "PAM_SILENT: the list of certificates is a part of the next prompt" {
	token 'Card C' rsa2048
	theirs
	cat >"$S/by-line" <<-'END'
		while read -r line; do
			case $line in
			Which*) echo 2 ;;
			PIN*) echo 1234 ;;
			esac
		done
	END
	local_login PAM_SUCCESS pkcs11=yes -- -F 0x8000 \
		-C "exec sh $S/by-line"
	[ "$(grep -cE '^(info|error)' "$S/seen")" -eq 0 ]
	# the tokens have no order
	diff - <(sed -E '/^authenticate/,$d; s/(  [12]  ).*/\1/; s/Card [AC]/Card/' \
		"$S/seen") <<-'EOF'
	prompt More than one certificate fits:
	  1  
	  2  
	Which one, 1 to 2? 
	prompt PIN for Card: 
	EOF
	logged outcome=granted
	local_login PAM_SUCCESS pkcs11=yes silent=ignore -- -F 0x8000 \
		-C "$(answers 2 9999 1234)"
	[ "$(grep -cE '^info   [12]  ' "$S/seen")" -eq 2 ]
	grep 'Wrong PIN for "Card [AC]"' "$S/seen"
	softhsm2-util --delete-token --token 'Card C' >/dev/null
}

@test "the host's log has the token's own reason, not another certificate's" {
	# of the certificates that do not fit it was said before why
	local_login PAM_AUTH_ERR pkcs11=yes -- -C "$(answers "''")"
	logged 'no PIN was entered for'
	not_logged 'is not used, because'
	local_login PAM_AUTH_ERR pkcs11=yes -- -C "$(answers 9999 "''")"
	logged 'no PIN was entered for'
	not_logged 'is not used, because'
	token 'Card D' rsa2048
	theirs
	local_login PAM_AUTH_ERR pkcs11=yes -- -C "$(answers "''")"
	softhsm2-util --delete-token --token 'Card D' >/dev/null
	logged 'no certificate was chosen'
	not_logged 'is not used, because'
	hostile locked
	local_login PAM_AUTH_ERR pkcs11=yes -- -C "$(answers 1234)"
	logged 'The PIN of .*Card A.* is locked'
	not_logged 'is not used, because'
	hostile removed
	local_login PAM_AUTH_ERR pkcs11=yes -- -C "$(answers 1234)"
	logged 'Contact with .*Card A.* was lost'
	not_logged 'is not used, because'
	rm -rf "$S/home/alice/.config/pkcs11"
}

@test "a silent application: a wrong PIN is said in front of the next question" {
	local_login PAM_SUCCESS pkcs11=yes -- -F 0x8000 -C "$(answers 9999 1234)"
	grep -A1 '^prompt Wrong PIN for "Card A"' "$S/seen" |
		grep 'PIN for Card A'
	[ "$(grep -c '^\(info\|error\)' "$S/seen")" -eq 0 ]
}

@test "a wrong PIN is asked again, and an empty answer ends it" {
	local_login PAM_SUCCESS pkcs11=yes -- -C "$(answers 9999 1234)"
	grep 'Wrong PIN for "Card A"' "$S/seen"
	local_login PAM_AUTH_ERR pkcs11=yes -- -C "$(answers 9999 "''")"
	not_logged outcome=granted
	[ "$(grep -c '^prompt' "$S/seen")" -eq 2 ]
}

@test "the token is put in while it is waited for" {
	mv "$S/home/alice/tokens" "$S/home/alice/away"
	mkdir "$S/home/alice/tokens"
	theirs
	(
		for ((i = 0; i < 500; i++)); do
			grep -q 'Insert your smart card' "$S/seen" && break
			sleep 0.05
		done
		rm -rf "$S/home/alice/tokens"
		mv "$S/home/alice/away" "$S/home/alice/tokens"
	) 3>&- 4>&- &
	: >"$S/seen"
	local_login PAM_SUCCESS pkcs11=yes wait_for_token=60s helper_timeout=60 \
		-- -C "$(answers 1234)"
	wait || :
	grep 'Insert your smart card' "$S/seen"
}

@test "a token that shows nothing is asked for its PIN only after the wait, and once" {
	mv "$S/home/alice/tokens" "$S/home/alice/away"
	mkdir "$S/home/alice/tokens"
	softhsm2-util --init-token --free --label Other --pin 4321 \
		--so-pin 567890 >/dev/null
	theirs
	local_login PAM_AUTH_ERR pkcs11=yes wait_for_token=3s -- -C "$(answers 1234 1234)"
	rm -rf "$S/home/alice/tokens"
	mv "$S/home/alice/away" "$S/home/alice/tokens"
	grep -nE 'Insert your smart card|without its PIN|^prompt' "$S/seen" | sed 's/^[0-9]*://' >"$S/order"
	diff - "$S/order" <<-'END'
		info Insert your smart card.
		info "Other" shows no certificate without its PIN.
		prompt PIN for Other: 
	END
	logged 'Wrong PIN for .*Other'
}

@test "a module that hangs is entered once, however long a card is waited for" {
	hostile slots-hang
	: >"$S/home/alice/.hostile-sessions"
	theirs
	local_login PAM_AUTHINFO_UNAVAIL pkcs11=yes wait_for_token=8s helper_timeout=30 || :
	rm -rf "$S/home/alice/.config/pkcs11"
	grep 'Insert your smart card' "$S/seen"
	diff - "$S/home/alice/.hostile-sessions" <<<$'initialize\nslots'
	rm "$S/home/alice/.hostile-sessions"
}

@test "no token: no credential, so that another way can be tried" {
	mv "$S/home/alice/tokens" "$S/home/alice/away"
	mkdir "$S/home/alice/tokens"
	theirs
	local_login PAM_AUTH_ERR pkcs11=yes || local rc=1
	rm -rf "$S/home/alice/tokens"
	mv "$S/home/alice/away" "$S/home/alice/tokens"
	[ "${rc:-0}" -eq 0 ]
	logged 'reason=no-credential'
}

@test "the application's own process maps no token library and no key" {
	# the script is the application's child, and looks at the prompt's time
	cat >"$S/look" <<-'END'
		read -r p
		cat "/proc/$PPID/maps" >"$1/maps"
		tr '\0' ' ' <"/proc/$PPID/cmdline" >"$1/who"
		# by its program, which no other test's helper has
		for pid in $(pgrep -u 2001 -f 'sign --helper'); do
			[ "$(readlink "/proc/$pid/exe")" = \
				"$1/bin/certauth-sign" ] || continue
			cat "/proc/$pid/maps" >"$1/helper-maps"
		done
		echo 1234
		cat >/dev/null
	END
	local_login PAM_SUCCESS pkcs11=yes -- -C "exec sh $S/look $S"
	grep pamdrive "$S/who"
	grep -q pam_certauth.so "$S/maps"
	run ! grep -E 'p11-kit|softhsm|opensc' "$S/maps"
	# while the helper does: the look is at the right moment
	grep -q p11-kit "$S/helper-maps"
	grep -q softhsm "$S/helper-maps"
}

# ---- ssh-agent ----

agent_start() {
	agent_run alice "$S/home/alice/agent" \
		ssh-agent -D -a "$S/home/alice/agent"
	export AS_USER_ENV="SSH_AUTH_SOCK=$S/home/alice/agent"
}

teardown() {
	[ -z "${AGENT:-}" ] || kill "$AGENT"
	wait || :
}

# locker CODE: alice's own program, with her agent
locker() {
	service test proof=command "helper=$HELPER" ssh_agent=yes
	log_mark
	as_user alice "$DRIVE" -s test -u alice -x </dev/null >"$S/seen" 2>&1 ||
		:
	cat "$S/seen"
	grep -q "^authenticate $1\$" "$S/seen"
}

@test "the key in the agent whose certificate is registered" {
	agent_start
	locker PAM_AUTH_ERR
	logged 'lists no keys'
	as_user alice ssh-add -q rsa2048
	locker PAM_SUCCESS
	logged 'outcome=granted.*rsa_pkcs1'
	# and locked
	cat >"$S/bin/lock" <<-'END'
		set timeout 20
		spawn ssh-add -x
		expect "password:"
		send "secret\r"
		expect "gain:"
		send "secret\r"
		expect eof
	END
	as_user alice expect "$S/bin/lock" >/dev/null
	locker PAM_AUTH_ERR
	logged 'lists no keys: it is empty .* or locked'
}

@test "an agent that hangs is given up" {
	cp "$HERE/tests/key/agent.py" "$S/bin/"
	agent_run alice "$S/home/alice/bad" env PATH=/usr/bin:/bin \
		python3 "$S/bin/agent.py" hang "$S/home/alice/bad"
	AS_USER_ENV="SSH_AUTH_SOCK=$S/home/alice/bad" locker PAM_AUTH_ERR
	not_logged outcome=granted
	logged 'ssh-agent does not answer'
}

@test "a foreign user's agent is not used" {
	cp "$HERE/tests/key/agent.py" "$S/bin/"
	mkdir -p "$S/home/bob/open"
	chmod 777 "$S/home/bob/open"
	chmod 755 "$S/home/bob"
	agent_run bob "$S/home/bob/open/s" env PATH=/usr/bin:/bin \
		python3 "$S/bin/agent.py" close "$S/home/bob/open/s"
	AS_USER_ENV="SSH_AUTH_SOCK=$S/home/bob/open/s" locker PAM_AUTH_ERR
	not_logged outcome=granted
	logged 'another user'
}

@test "in the language of the user: the question, and why a token is not used" {
	language_need
	catalog pseudo
	conf default 'language = de_DE.UTF-8'
	local_login PAM_SUCCESS pkcs11=yes token_uri=pkcs11:token=Card%20A -- \
		-C "$(answers 1234)"
	grep '^prompt ' "$S/seen" | marked
	pinless public,no-login
	local_login PAM_AUTH_ERR pkcs11=yes token_uri=pkcs11:token=Card%20A -- \
		-C "$(answers 1234)"
	grep '^error .*Card A' "$S/seen" | marked
	logged 'Card A.* needs no PIN, but a PIN is required here'
	not_logged '<<'
	conf_reset
	rm -rf "$S/home/alice/.config/pkcs11"
}
