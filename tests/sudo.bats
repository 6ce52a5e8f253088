#!/usr/bin/env bats
# The real sudo, with its own configuration.
load lib/common

setup() {
	need_root
	crl_dir crl
	conf default "host_names = $(hostname)"
}

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	place_make
	cat >"$S/etc/sudoers" <<-END
		Defaults !lecture, timestamp_timeout=0, !fqdn
		Defaults passwd_tries=1
		root ALL = (ALL) ALL
		alice ALL = (ALL) ALL
		bob ALL = (ALL) ALL
	END
	chmod 440 "$S/etc/sudoers"
	service sudo
	service sudo-i
	service sitesudo
	mkdir -p "$S/home/alice/.config/certauth"
	cp "$PKI/alice-chain.pem" "$S/home/alice/me.pem"
	cp "$PKI/alice.key" "$S/home/alice/me.key"
	cat >"$S/home/alice/.config/certauth/config" <<-END
		[default]
		cert = ~/me.pem
		key = ~/me.key
	END
	mkdir -m 700 "$S/home/alice/run"
	chmod 600 "$S/home/alice/me.key"
	chown -R 2001:2001 "$S/home/alice"
}
teardown_file() { place_remove; }

alice_sudo() {
	AS_USER_ENV="SUDO_ASKPASS=$S/bin/certauth-askpass
		XDG_RUNTIME_DIR=$S/home/alice/run" as_user alice sudo "$@"
}

@test "sudo -A with certauth askpass" {
	log_mark
	run alice_sudo -A id -un </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *root* ]]
	logged 'pam_certauth\(sudo:auth\).*outcome=granted'
}

@test "sudo -A is refused when the certificate is revoked" {
	pki_copy "$S/again"
	pki_revoke inter alice
	pki_crl inter
	crl_dir root.crl inter.crl
	log_mark
	run alice_sudo -A id -un </dev/null
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output != *root* ]]
	logged 'pam_certauth\(sudo:auth\).*reason=revoked'
}

@test "sudo on a terminal" {
	log_mark
	run as_user alice python3 "$S/bin/login.py" --pty \
		--cert me.pem --key me.key -- sudo id -un </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *root* ]]
	logged 'outcome=granted'
}

@test "sudo -S reads the pieces from its input" {
	log_mark
	run as_user alice python3 "$S/bin/login.py" \
		--cert me.pem --key me.key -- sudo -S id -un </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *root* ]]
}

@test "sudo gives up, and nothing runs, when the answer is empty or missing" {
	local how
	for how in empty eof; do
		log_mark
		run as_user alice python3 "$S/bin/login.py" --pty \
			--how $how -- sudo id -un </dev/null
		echo "$output"
		[ "$status" -ne 0 ]
		[[ $output != *root* ]]
		not_logged 'outcome=granted'
	done
}

@test "an askpass for another host's name does not sign" {
	conf default 'host_names = elsewhere.example'
	log_mark
	run alice_sudo -A id -un </dev/null
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *'rule 1'* ]]
	not_logged 'outcome=granted'
}

@test "bob's sudo with alice's certificate" {
	cp "$S/home/alice/me.pem" "$S/home/alice/me.key" "$S/home/bob/"
	chown 2002 "$S/home/bob/me.key"
	log_mark
	run as_user bob python3 "$S/bin/login.py" --pty \
		--cert me.pem --key me.key -- sudo id -un </dev/null
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output != *root* ]]
	logged 'reason=other-user'
}

@test "sudo -A -i and sudoedit -A, whose names differ" {
	log_mark
	run alice_sudo -A -i id -un </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *root* ]]
	logged 'pam_certauth\(sudo-i:auth\).*outcome=granted'
	log_mark
	echo before >"$S/etc/edited"
	run env EDITOR=true bash -c ". '$HERE/tests/lib/common.bash'
		AS_USER_ENV='SUDO_ASKPASS=$S/bin/certauth-askpass SUDO_EDITOR=/bin/true
			XDG_RUNTIME_DIR=$S/home/alice/run' \
		as_user alice sudoedit -A /etc/edited" </dev/null
	echo "$output"
	logged 'pam_certauth\(sudo:auth\).*outcome=granted'
}

@test "sudo -A with a pam_service of the site's" {
	sed -i '1i Defaults pam_service=sitesudo' "$S/etc/sudoers"
	log_mark
	run alice_sudo -A id -un </dev/null
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *'from the PAM service sitesudo'*'askpass_services'* ]]
	echo 'askpass_services = sitesudo' \
		>>"$S/home/alice/.config/certauth/config"
	run alice_sudo -A id -un </dev/null
	sed -i 1d "$S/etc/sudoers"
	sed -i '/^askpass_services/d' "$S/home/alice/.config/certauth/config"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *root* ]]
	logged 'pam_certauth\(sitesudo:auth\).*outcome=granted'
}

@test "sudo -A with a script around the askpass: named, and with exec it works" {
	printf '#!/bin/sh\n%s "$@"\nexit $?\n' "$S/bin/certauth-askpass" \
		>"$S/bin/my-askpass"
	printf '#!/bin/sh\nexec %s "$@"\n' "$S/bin/certauth-askpass" \
		>"$S/bin/my-exec-askpass"
	chmod 755 "$S/bin/my-askpass" "$S/bin/my-exec-askpass"
	AS_USER_ENV="SUDO_ASKPASS=$S/bin/my-askpass
		XDG_RUNTIME_DIR=$S/home/alice/run" \
		run as_user alice sudo -A id -un </dev/null
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"\`my-askpass' asks"*exec* ]]
	AS_USER_ENV="SUDO_ASKPASS=$S/bin/my-exec-askpass
		XDG_RUNTIME_DIR=$S/home/alice/run" \
		run as_user alice sudo -A id -un </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
}

# A card that signs without a PIN (PIV's slot 9e, a key in a TPM) is left in
# alice's reader: SoftHSM behind the module of tests/key/.
card_without_pin() {
	export SOFTHSM2_CONF=$S/home/alice/.config/softhsm2/softhsm2.conf
	local so
	so=$(find /usr/lib /usr/lib64 -name libsofthsm2.so 2>/dev/null | head -n 1)
	[ -n "$so" ]
	mkdir -p "${SOFTHSM2_CONF%/*}" "$S/home/alice/tokens" \
		"$S/home/alice/.config/pkcs11/modules"
	printf '%s\n' "directories.tokendir = $S/home/alice/tokens" \
		'objectstore.backend = file' 'log.level = ERROR' \
		>"$SOFTHSM2_CONF"
	softhsm2-util --init-token --free --label 'Card' --pin 1234 \
		--so-pin 567890 >/dev/null
	softhsm2-util --import "$PKI/alice.key" --token Card --pin 1234 \
		--id 01 --label alice >/dev/null
	openssl x509 -in "$PKI/alice.pem" -outform DER -out "$S/c.der"
	pkcs11-tool --module "$so" --token-label Card --pin 1234 \
		--write-object "$S/c.der" --type cert --id 01 --label alice \
		>/dev/null 2>&1
	cp "$CERTAUTH_BUILD/tests/key/hostile_p11.so" "$S/bin/"
	echo "module: $S/bin/hostile_p11.so" \
		>"$S/home/alice/.config/pkcs11/modules/softhsm2.module"
	echo public >"$S/home/alice/.hostile"
	chown -R 2001:2001 "$S/home/alice"
}

@test "a card that signs without a PIN is not enough for sudo" {
	card_without_pin
	# alice's intermediate does not come with the card
	cp "$PKI/inter.pem" "$S/etc/certauth/ca/"
	openssl rehash "$S/etc/certauth/ca"
	service sudo proof=command "helper=$HELPER" pkcs11=yes
	log_mark
	run as_user alice sudo -S id -un </dev/null
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output != *root* ]]
	not_logged 'outcome=granted'
	log_mark
	run as_user alice sudo -S id -un <<<1234
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'PIN for Card'*root* ]]
	logged 'pam_certauth\(sudo:auth\).*outcome=granted'
	# where the host wants it so
	service sudo proof=command "helper=$HELPER" pkcs11=yes require_pin=no
	run as_user alice sudo -S id -un </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *root* ]]
	service sudo
}

# two_cards: tokens One and Two, each with a certificate of alice's, by a
# configuration of SoftHSM that only a variable names
two_cards() {
	local so name
	so=$(find /usr/lib /usr/lib64 -name libsofthsm2.so 2>/dev/null | head -n 1)
	[ -n "$so" ]
	rm -rf "$S/home/alice/.config/pkcs11" "$S/home/alice/.config/softhsm2" \
		"$S/home/alice/two"
	export SOFTHSM2_CONF=$S/home/alice/two/conf
	mkdir -p "$S/home/alice/two/tokens"
	printf '%s\n' "directories.tokendir = $S/home/alice/two/tokens" \
		'objectstore.backend = file' 'log.level = ERROR' \
		>"$SOFTHSM2_CONF"
	pki_leaf alice2 inter --subject '/CN=Alice two' --key p256
	for name in One:alice Two:alice2; do
		softhsm2-util --init-token --free --label "${name%:*}" \
			--pin 1234 --so-pin 567890 >/dev/null
		softhsm2-util --import "$PKI/${name#*:}.key" \
			--token "${name%:*}" --pin 1234 --id 01 --label a >/dev/null
		openssl x509 -in "$PKI/${name#*:}.pem" -outform DER -out "$S/c.der"
		pkcs11-tool --module "$so" --token-label "${name%:*}" \
			--pin 1234 --write-object "$S/c.der" --type cert \
			--id 01 --label a >/dev/null 2>&1
	done
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" \
		"alice sha256:$(pki_sha256 "$PKI/alice2.pem")"
	cp "$PKI/inter.pem" "$S/etc/certauth/ca/"
	openssl rehash "$S/etc/certauth/ca"
	chown -R 2001:2001 "$S/home/alice"
	sed -i '1i Defaults env_keep += "SOFTHSM2_CONF"' "$S/etc/sudoers"
}

# card_sudo LINE ...: alice's sudo reads these answers
card_sudo() {
	log_mark
	AS_USER_ENV="SOFTHSM2_CONF=$S/home/alice/two/conf" \
		run as_user alice sudo -S id -un < <(printf '%s\n' "$@")
	echo "$output"
}

@test "sudo is silent: the list stands before the question; silent = ignore" {
	two_cards
	service sudo proof=command "helper=$HELPER" pkcs11=yes
	# the helper does not know where the cards are
	card_sudo 2 1234
	[ "$status" -ne 0 ]
	logged reason=no-credential
	conf default 'helper_env = SOFTHSM2_CONF'
	card_sudo 2 1234
	[ "$status" -eq 0 ]
	[[ $output == *'More than one certificate fits:'$'\n''  1  '*$'\n''  2  '*$'\n''Which one, 1 to 2? PIN for '*': root' ]]
	logged 'pam_certauth\(sudo:auth\).*outcome=granted'
	# a message of the helper: with the next question, and no prompt of its own
	cp "$CERTAUTH_BUILD/tests/lib/badhelper" "$S/bin/questions"
	service sudo proof=command "helper=$S/bin/questions"
	card_sudo 1 2 3
	[ "$status" -ne 0 ]
	[[ $output == *'Reader 1 does not answer.'$'\n''Two certificates fit:'$'\n''  1  A'$'\n''  2  B'$'\n''Which one? Wrong PIN.'$'\n''PIN: Again: '* ]]
	[[ $output != *'Look at the reader'* && $output != *'It is gone'* ]]
	# with silent = ignore they come when they are sent
	conf sudo 'silent = ignore'
	card_sudo 1 2 3
	[[ $output == *'Look at the reader.'$'\n''  2  B'$'\n''Which one? The first error.'$'\n''Wrong PIN.'$'\n''PIN: Again: It is gone.'* ]]
	service sudo proof=command "helper=$HELPER" pkcs11=yes
	card_sudo 1 9999 1234
	[ "$status" -eq 0 ]
	[[ $output == *'Wrong PIN for "'*root ]]
	sed -i 1d "$S/etc/sudoers"
	conf_reset
	service sudo
}

# README's set-up: the certificate, or else the password
or_password() {
	printf '%s\n' "auth sufficient $MODULE $*" 'auth required pam_unix.so' \
		'account required pam_permit.so' \
		'session required pam_permit.so' >"$S/etc/pam.d/sudo"
}

# shellcheck disable=SC2016 # for other shells to expand
@test "sudo -A after a refusal: no password is tried, and it says so" {
	or_password
	sed -i 's/passwd_tries=1/passwd_tries=3/' "$S/etc/sudoers"
	pki_copy "$S/again"
	pki_revoke inter alice
	pki_crl inter
	crl_dir root.crl inter.crl
	log_mark
	AS_USER_ENV="SUDO_ASKPASS=$S/bin/certauth-askpass
		XDG_RUNTIME_DIR=$S/home/alice/run" \
		run as_user alice setsid -w sudo -A id -un </dev/null
	service sudo
	sed -i 's/passwd_tries=3/passwd_tries=1/' "$S/etc/sudoers"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'sudo asks for a password: it refused the certificate (`journalctl -t sudo'\'' has the reason)'* ]]
	[ "$(log_lines | grep -c 'outcome=')" -eq 1 ]
	logged 'reason=revoked'
	not_logged 'authentication failure'
}

@test "sudo -n: with noninteractive_auth, a key that needs no answer" {
	mkdir -p "$S/etc/certauth/users.d/alice"
	cp "$PKI/alice-chain.pem" "$S/etc/certauth/users.d/alice/alice.pem"
	or_password proof=command "helper=$HELPER" ssh_agent=yes
	agent_run alice "$S/home/alice/agent" \
		ssh-agent -D -a "$S/home/alice/agent"
	# shellcheck disable=SC2034 # lib/common.bash takes it
	AS_USER_ENV="SSH_AUTH_SOCK=$S/home/alice/agent"
	as_user alice ssh-add -q me.key
	sed -i '1i Defaults env_keep += "SSH_AUTH_SOCK"' "$S/etc/sudoers"
	# sudo does not ask PAM at all
	log_mark
	run as_user alice sudo -n id -un </dev/null
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'a password is required'* ]]
	not_logged 'pam_certauth'
	sed -i '1i Defaults noninteractive_auth' "$S/etc/sudoers"
	run as_user alice sudo -n id -un </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = root ]
	logged 'pam_certauth\(sudo:auth\): outcome=granted'
	# and nobody is asked if the agent has no key
	as_user alice ssh-add -q -D
	log_mark
	run as_user alice sudo -n id -un </dev/null
	echo "$output"
	kill "$AGENT"
	sed -i 1,2d "$S/etc/sudoers"
	service sudo
	[ "$status" -eq 1 ]
	not_logged 'outcome=granted|authentication failure'
}
