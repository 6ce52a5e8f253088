#!/usr/bin/env bats
# sudo and su by an ssh-agent that the real ssh forwards (`ssh -A`) through a
# real sshd: carol sits at her machine with alice's key in her agent, and is
# alice on the host.
bats_require_minimum_version 1.5.0
load lib/common
load lib/sshd

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	place_make
	export SUDOERS=$S/etc/sudoers
	# without env_keep, sudo forgets the socket before PAM is asked
	printf '%s\n' 'Defaults !lecture, timestamp_timeout=0, !fqdn' \
		'Defaults env_keep += "SSH_AUTH_SOCK"' \
		'alice ALL = (ALL) ALL' >"$SUDOERS"
	chmod 440 "$SUDOERS"
	# alice's certificate is registered for her, and, for su, for bob
	mkdir -p "$S/etc/certauth/users.d/alice" "$S/etc/certauth/users.d/bob"
	cp "$PKI/alice-chain.pem" "$S/etc/certauth/users.d/alice/alice.pem"
	cp "$PKI/alice-chain.pem" "$S/etc/certauth/users.d/bob/alice.pem"
	service sudo proof=command "helper=$HELPER" ssh_agent=yes \
		helper_timeout=10
	service su proof=command "helper=$HELPER" ssh_agent=yes \
		helper_timeout=10
	conf default 'host_names = web1.example'
	sshd_start
	client_make
	cp "$HERE/tests/key/agent.py" "$S/bin/"
	cp "$PKI/alice.key" "$S/home/carol/id"
	chown 2003 "$S/home/carol/id"
	chmod 600 "$S/home/carol/id"
}

teardown_file() {
	sshd_stop
	place_remove
}

setup() {
	need_root
}

teardown() {
	[ -z "${AGENT:-}" ] || kill "$AGENT" 2>/dev/null || :
	[ -z "${OTHER:-}" ] || kill "$OTHER" 2>/dev/null || :
	wait || :
}

carol_agent() {
	agent_run carol "$S/home/carol/agent" \
		ssh-agent -D -a "$S/home/carol/agent"
	# shellcheck disable=SC2034 # lib/sshd.bash takes it
	CLIENT_ENV="SSH_AUTH_SOCK=$S/home/carol/agent"
	client ssh-add -q id
}

# there COMMAND: alice's session on the host, with carol's agent forwarded
there() {
	log_mark
	run client timeout 100 "$CERTAUTH" ssh \
		-o "ForwardAgent=${FORWARD:-yes}" web1 "$@" </dev/null
	echo "$output"
	# the way in is not what is tested here, but it has to be open
	logged 'pam_certauth\(sshd:auth\).*outcome=granted'
}

@test "sudo by the forwarded agent" {
	carol_agent
	# shellcheck disable=SC2016 # alice's shell expands it
	there 'echo "sock $SSH_AUTH_SOCK"; sudo id -un'
	[ "$status" -eq 0 ]
	# it is sshd's socket, not carol's own; since 10.1 it is in alice's home
	[[ $output == *'sock /tmp/ssh-'* ||
		$output == *"sock $S/home/alice/.ssh/agent/"* ]]
	[[ $output == *root* ]]
	logged 'pam_certauth\(sudo:auth\).*outcome=granted.* user="?alice'
}

@test "su by the forwarded agent, to a login that the certificate is registered for" {
	carol_agent
	there 'su bob -c "id -un"'
	[ "$status" -eq 0 ]
	[[ $output == *bob* ]]
	logged 'pam_certauth\(su:auth\).*outcome=granted.* user="?bob'
	there 'su carol -c "id -un"'
	[ "$status" -ne 0 ]
	not_logged 'pam_certauth\(su:auth\).*outcome=granted'
	logged 'pam_certauth\(su:auth\).*outcome=denied'
}

@test "without -A, and with an agent that lacks the key" {
	carol_agent
	log_mark
	run client "$CERTAUTH" ssh -a web1 sudo id -un </dev/null
	[ "$status" -ne 0 ]
	[[ $output != *root* ]]
	logged 'pam_certauth\(sudo:auth\).*reason=no-credential'
	client ssh-add -q -D
	there sudo id -un
	[ "$status" -ne 0 ]
	[[ $output != *root* ]]
	logged 'lists no keys'
	logged 'pam_certauth\(sudo:auth\).*reason=no-credential'
}

@test "the key alone is not enough: the registered certificate is revoked" {
	carol_agent
	there sudo id -un
	[ "$status" -eq 0 ]
	pki_copy "$S/again"
	pki_revoke inter alice
	pki_crl inter
	# she got in before it was known
	client_make bob
	printf '%s\n' "alice sha256:$(pki_sha256 "$PKI/bob.pem")" \
		>>"$S/etc/certauth/users"
	crl_dir root.crl inter.crl
	there sudo id -un
	crl_dir crl
	client_make
	[ "$status" -ne 0 ]
	[[ $output != *root* ]]
	logged 'pam_certauth\(sudo:auth\).*reason=revoked'
}

@test "the forwarded agent is locked" {
	carol_agent
	cat >"$S/bin/lock" <<-'END'
		set timeout 20
		spawn ssh-add -x
		expect "password:"
		send "secret\r"
		expect "gain:"
		send "secret\r"
		expect eof
	END
	client expect "$S/bin/lock" >/dev/null
	there 'sudo id -un; su bob -c "id -un"'
	[ "$status" -ne 0 ]
	[[ $output != *root* && $output != *bob* ]]
	logged 'pam_certauth\(sudo:auth\).*lists no keys'
	logged 'pam_certauth\(su:auth\).*lists no keys'
	not_logged 'pam_certauth\((sudo|su):auth\).*outcome=granted'
}

@test "an agent that hangs" {
	# ssh asks its own agent for keys, and would wait for it for ever
	carol_agent
	OTHER=$AGENT
	agent_run carol "$S/home/carol/mute" env PATH=/usr/bin:/bin \
		python3 "$S/bin/agent.py" mute "$S/home/carol/mute"
	FORWARD=$S/home/carol/mute
	there sudo id -un
	[ "$status" -ne 0 ]
	[[ $output != *root* ]]
	logged 'pam_certauth\(sudo:auth\).*does not answer'
	not_logged 'pam_certauth\(sudo:auth\).*outcome=granted'
	there 'su bob -c "id -un"'
	[ "$status" -ne 0 ]
	logged 'pam_certauth\(su:auth\).*does not answer'
	not_logged 'pam_certauth\(su:auth\).*outcome=granted'
}

@test "a foreign user's socket: refused, though its directory is open to all" {
	mkdir -p "$S/home/bob/open"
	chmod 777 "$S/home/bob/open"
	chmod 755 "$S/home/bob"
	agent_run bob "$S/home/bob/open/s" env PATH=/usr/bin:/bin \
		python3 "$S/bin/agent.py" close "$S/home/bob/open/s"
	there "SSH_AUTH_SOCK=$S/home/bob/open/s sudo id -un"
	[ "$status" -ne 0 ]
	[[ $output != *root* ]]
	logged 'pam_certauth\(sudo:auth\).*another user'
	there "SSH_AUTH_SOCK=$S/home/bob/open/s su bob -c 'id -un'"
	[ "$status" -ne 0 ]
	logged 'pam_certauth\(su:auth\).*another user'
	not_logged 'pam_certauth\((sudo|su):auth\).*outcome=granted'
}
