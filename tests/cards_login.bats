#!/usr/bin/env bats
# Logins with cards and a TPM: by the helper in a conversation, sudo, and ssh.
bats_require_minimum_version 1.5.0
load lib/common
load lib/cards
load lib/sshd

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	place_make
	export DRIVE=$S/bin/pamdrive
	cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$DRIVE"
	map p256 rsa2048
	ca_dir root.pem inter.pem
	cards_make "$S"
	[ -z "$(cards_has pcscd)$(cards_has opensc)" ] || return 0
	cards_in_place
	printf '%s\n' 'alice ALL = (ALL) ALL' 'Defaults !lecture, timestamp_timeout=0, !fqdn' \
		'Defaults passwd_tries=1' >"$S/etc/sudoers"
	chmod 440 "$S/etc/sudoers"
	sshd_start
}

teardown_file() {
	[ -n "${S:-}" ] || return 0
	sshd_stop
	cards_remove
	place_remove
}

setup() {
	need_root
	cards_need pcscd opensc
	cards_modules opensc
}

teardown() {
	[ ! -e "${CARDS:-}/card/pid" ] || card_stop card
}

# local_login CODE ANSWER ...: by conversation
local_login() {
	local code=$1
	shift
	service test proof=command "helper=$HELPER" pkcs11=yes
	log_mark
	in_place timeout 60 "$DRIVE" -s test -u alice -x -C "for a in $*; do read -r p || exit
		echo \$a; done; cat >/dev/null" >"$S/seen" 2>&1 || :
	cat "$S/seen"
	grep -q "^authenticate $code\$" "$S/seen" &&
		grep -q '^children none$' "$S/seen"
}

asked() {
	[ "$(grep -c '^prompt PIN' "$S/seen")" -eq "$1" ]
}

@test "a PIV card: its PIN once" {
	card_piv card 9a=p256
	local_login PAM_SUCCESS 123456
	logged outcome=granted
	asked 1
	[ "$(card_log card | grep -c '^verify ')" -eq 1 ]
}

@test "a PIV card: a wrong PIN, then the right one; a locked one is no login" {
	card_piv card 9a=p256 tries=2
	# the last try is confirmed
	local_login PAM_SUCCESS 999999 yes 123456
	asked 2
	card_set card tries=0
	# a card keeps the PIN that it was given until it loses its power
	card_pull card
	card_insert card
	local_login PAM_AUTH_ERR 123456
	not_logged outcome=granted
	asked 0
	grep -q 'locked' "$S/seen"
}

@test "a PIV card that is pulled at any step is no login, and the next one is" {
	local step
	card_piv card 9a=p256
	for step in verify sign; do
		card_set card die=$step
		local_login PAM_AUTH_ERR 123456
		not_logged outcome=granted
		card_insert card
	done
	card_pull card
	local_login PAM_AUTH_ERR 123456
	not_logged outcome=granted
	asked 0
	logged 'reason=no-credential'
	card_insert card
	local_login PAM_SUCCESS 123456
}

@test "a PIV card whose signature never comes: the attempt ends after helper_timeout" {
	card_piv card 9a=p256
	card_set card cut=verify
	conf default 'helper_timeout = 10'
	local_login PAM_AUTH_ERR 123456
	conf_reset
	not_logged outcome=granted
}

@test "of two certificates on a PIV card the one that the user chooses" {
	card_piv card 9a=p256 9c=rsa2048
	local_login PAM_SUCCESS 2 123456
	grep -q 'More than one certificate fits' "$S/seen"
	asked 1
	logged outcome=granted
	local_login PAM_AUTH_ERR 7 7 7
	asked 0
	not_logged outcome=granted
}

# and with OpenSC 0.26 one more question for the tries: 2 commands
@test "a login costs a PIV card hardly more commands than a signature of pkcs11-tool" {
	local theirs
	card_piv card 9a=p256
	printf '%032d' 0 >"$S/hash"
	card_mark card
	with_cards pkcs11-tool --module "$(cards_library opensc-pkcs11.so)" --login \
		--pin 123456 --sign --mechanism ECDSA --id 01 --input-file "$S/hash" \
		--output-file "$S/sig"
	theirs=$(card_count card)
	card_pull card
	card_insert card
	card_mark card
	local_login PAM_SUCCESS 123456
	echo "a login: $(card_count card), pkcs11-tool: $theirs"
	[ "$(card_count card)" -gt 10 ]
	[ "$(card_count card)" -le $((theirs + 2)) ]
}

@test "an OpenPGP card: its PIN once; a wrong one is no login" {
	card_opgp card rsa2048
	local_login PAM_SUCCESS 123456
	logged outcome=granted
	asked 1
	local_login PAM_AUTH_ERR 999999 "''"
	not_logged outcome=granted
	[ "$(awk '$1 == "pw1" { print $2 }' "$CARDS/card/tries")" -eq 2 ]
}

@test "a TPM, in the user's own store" {
	cards_need tpm2
	tpm_make 'TPM One'
	tpm_load 'TPM One' p256
	cp -r "$CARDS/tpm-store" "$S/home/alice/.tpm2_pkcs11"
	chown -R 2001:2001 "$S/home/alice"
	cards_modules tpm2
	local_login PAM_SUCCESS 1234
	logged outcome=granted
	asked 1
	# the TPM locks out after three, and says so to the fourth
	local_login PAM_AUTH_ERR 9999 9998 9997 9996
	not_logged outcome=granted
	# locked out now
	local_login PAM_AUTH_ERR 1234
	not_logged outcome=granted
	tpm tpm2_dictionarylockout --clear-lockout
	local_login PAM_SUCCESS 1234
}

@test "sudo with a PIV card asks for its PIN" {
	card_piv card 9a=p256
	service sudo proof=command "helper=$HELPER" pkcs11=yes
	log_mark
	run as_user alice sudo -S id -un <<<123456
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *PIN* ]]
	[[ $output == *root* ]]
	logged 'pam_certauth\(sudo:auth\).*outcome=granted'
	log_mark
	run as_user alice sudo -S id -un <<<999999
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output != *root* ]]
	not_logged outcome=granted
}

@test "a PIV card that an ssh-agent uses, with the registered certificate" {
	card_piv card 9a=p256
	mkdir -p "$S/etc/certauth/users.d/alice"
	cp "$PKI/p256-chain.pem" "$S/etc/certauth/users.d/alice/"
	chmod -R a+rX "$S/etc/certauth/users.d"
	agent_run alice "$S/home/alice/agent" ssh-agent -D -a "$S/home/alice/agent"
	printf '#!/bin/sh\necho 123456\n' >"$S/bin/pin"
	chmod 755 "$S/bin/pin"
	export AS_USER_ENV="SSH_AUTH_SOCK=$S/home/alice/agent SSH_ASKPASS=$S/bin/pin
		SSH_ASKPASS_REQUIRE=force"
	as_user alice ssh-add -s "$(cards_library opensc-pkcs11.so)" </dev/null
	service test proof=command "helper=$HELPER" ssh_agent=yes
	log_mark
	as_user alice timeout 60 "$DRIVE" -s test -u alice -x </dev/null >"$S/seen" 2>&1 || :
	cat "$S/seen"
	grep -q '^authenticate PAM_SUCCESS$' "$S/seen"
	logged 'outcome=granted'
	# the agent keeps the login to the card, and no PIN is asked for
	asked 0
	# without the card the agent has the key, and cannot sign
	card_pull card
	log_mark
	as_user alice timeout 60 "$DRIVE" -s test -u alice -x </dev/null >"$S/seen" 2>&1 || :
	grep -q '^authenticate PAM_AUTH_ERR$' "$S/seen"
	not_logged outcome=granted
	# also when it is back, until the agent is told
	card_insert card
	as_user alice ssh-add -e "$(cards_library opensc-pkcs11.so)" </dev/null
	as_user alice ssh-add -s "$(cards_library opensc-pkcs11.so)" </dev/null
	as_user alice timeout 60 "$DRIVE" -s test -u alice -x </dev/null >"$S/seen" 2>&1 || :
	grep -q '^authenticate PAM_SUCCESS$' "$S/seen"
	kill "$AGENT"
	rm -r "$S/etc/certauth/users.d/alice"
}

# ssh_card ANSWER: carol's certauth ssh, with the card at her machine
ssh_card() {
	printf '[default]\npkcs11 = yes\n' >"$S/home/carol/.config/certauth/config"
	cat >"$S/bin/ssh.exp" <<-'END'
		set timeout 60
		set answer [lindex $argv 0]
		spawn -noecho {*}[lrange $argv 1 end]
		expect {
			-re {PIN for [^\n]*: $} { send "$answer\r"; exp_continue }
			eof {}
			timeout { exit 8 }
		}
		exit [lindex [wait] 3]
	END
	# shellcheck disable=SC2016 # for the shell there
	run client expect "$S/bin/ssh.exp" "$1" "$CERTAUTH" ssh web1 'echo $(id -un)-is-in'
	echo "$output"
}

@test "certauth ssh with a PIV card asks for its PIN" {
	card_piv card 9a=p256
	conf default 'host_names = web1.example web1'
	client_make
	log_mark
	ssh_card 123456
	[ "$status" -eq 0 ]
	[[ $output == *PIN* ]]
	[[ $output == *alice-is-in* ]]
	logged 'pam_certauth\(sshd:auth\).*outcome=granted'
	conf_reset
}

@test "a card at the client, used on the host: p11-kit server through ssh -R" {
	local there=$S/home/alice/p11.sock
	cards_need remote
	card_piv card 9a=p256
	conf default 'host_names = web1.example web1'
	client_make p256
	cp "$KEYTOOL" "$S/bin/"
	cp -r "$CARDS/modules" "$CARDS/carols"
	CARDS_MODULES=$CARDS/carols EXEC='exec' with_cards setpriv --reuid 2003 --regid 2003 \
		--clear-groups p11-kit server --foreground --name "$S/home/carol/p11.sock" \
		'pkcs11:manufacturer=piv_II' >"$CARDS/carol.out" 2>&1 </dev/null 3>&- 4>&- &
	echo $! >"$CARDS/carol.pid"
	cards_wait test -S "$S/home/carol/p11.sock"
	cards_modules remote
	run client timeout 60 "$CERTAUTH" ssh -R "$there:$S/home/carol/p11.sock" web1 \
		"P11_KIT_SERVER_ADDRESS=unix:path=$there $S/bin/keytool p11 - \
			ecdsa_secp256r1_sha256" <<<123456
	conf_reset
	cards_kill "$CARDS/carol.pid"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'signed by ecdsa_secp256r1_sha256'* ]]
}
