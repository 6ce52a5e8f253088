#!/usr/bin/env bats
# Open sessions: a real sshd, su and sudo, and a logind on a bus of the place.
load lib/common
load lib/sshd
load lib/logind
load lib/sessions

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	place_make
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" \
		"alice sha256:$(pki_sha256 "$PKI/rsa4096.pem")" \
		"bob sha256:$(pki_sha256 "$PKI/bob.pem")"
	sshd_start
	sessions_service sshd su sudo
	printf 'alice ALL=(ALL) ALL\nDefaults !lecture\n' >"$S/etc/sudoers"
	chmod 440 "$S/etc/sudoers"
	logind_start
	local login
	for login in alice bob carol; do
		CLIENT=$login client_make
	done
	cp "$PKI/bob-chain.pem" "$PKI/alice-chain.pem" "$S/home/alice/"
	cp "$PKI/bob.key" "$PKI/alice.key" "$S/home/alice/"
	chown 2001 "$S"/home/alice/*.key
}
teardown_file() {
	sshd_stop
	logind_stop
	place_remove
}

setup() {
	need_root
	conf_reset
	conf default 'host_names = web1.example web1' 'sessions = yes' 'on_revoked = end'
	log_mark
	: >"$S/stay"
	# it ends with its test: what has no terminal outlives its sshd
	STAY="while [ -e '$S/stay' ]; do sleep 0.1; done"
}
teardown() {
	rm -f "$S/stay"
	sessions_forget
	crl_dir crl
	logind_knows
}

# ssh_as CERT USER COMMAND: a session that stays; its client is SSH_CLIENT
ssh_as() {
	local cert=$1 user=$2
	shift 2
	cp "$PKI/$cert-chain.pem" "$S/home/carol/.config/certauth/me.pem"
	cp "$PKI/$cert.key" "$S/home/carol/.config/certauth/me.key"
	chown 2003 "$S/home/carol/.config/certauth/me.key"
	client "$CERTAUTH" ssh -o User="$user" web1 "$@" \
		>"$S/ssh.$cert" 2>&1 3>&- 4>&- </dev/null &
	SSH_CLIENT=$!
}

@test "an ssh session is recorded, listed, and gone after its end" {
	ssh_as alice alice "env; $STAY"
	recorded 1
	run sessions
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *' alice '*' sshd '*' 127.0.0.1 '*' ok '*'CN=alice'* ]]
	# the id of the login stays in no environment, and its record is used up
	until_true grep -q '^USER=alice' "$S/ssh.alice"
	run grep CERTAUTH_LOGIN_ID "$S/ssh.alice"
	[ "$status" -eq 1 ]
	grep -q '^CERTAUTH_SHA256=' "$S/ssh.alice"
	[ -z "$(in_place ls /run/certauth/logins)" ]
	[ "$(in_place stat -c '%U %a' /run/certauth/sessions /run/certauth/logins | sort -u)" = 'root 700' ]
	[ "$(in_place sh -c 'stat -c "%U %a" /run/certauth/sessions/*')" = 'root 600' ]
	rm "$S/stay"
	recorded 0
	wait "$SSH_CLIENT"
}

@test "revoked: the session ends; another user's, and one of another certificate, do not" {
	local alice bob other
	ssh_as alice alice "$STAY"
	recorded 1
	alice=$(session_pid alice sshd)
	ssh_as bob bob "$STAY"
	recorded 2
	bob=$(session_pid bob sshd)
	ssh_as rsa4096 alice "$STAY"
	recorded 3
	logind_knows 1 2001 alice "$alice"
	logind_knows 2 2002 bob "$bob"
	run sessions check
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$(logind_calls)" ]
	revoke_now alice
	run sessions check
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(logind_calls)" = 'terminate 1' ]
	gone "$alice"
	recorded 2
	kill -0 "$bob"
	logged 'pam_certauth\(sshd:session\): event=session outcome=ended reason=revoked user="alice" service="sshd" rhost="127.0.0.1" sha256="'
	run sessions
	echo "$output"
	[ "$(grep -c ' ok ' <<<"$output")" -eq 2 ]
	not_logged 'event=session.*user="bob"'
}
