#!/usr/bin/env bats
# certauth doctor and certauth setup: the verifier.
# shellcheck disable=SC2030,SC2031 # output is that of the test
bats_require_minimum_version 1.5.0
load lib/common

# a plain ! would not fail a test
not() { ! "$@"; }

setup_file() {
	place_make
	# each test has the verifier that it needs
	resident_stop
	spawn_only
}
teardown_file() { place_remove; }

PROGRAM=/run/certauth-test/certauth-verifier
SOCKET=/run/certauth/verifier.1.sock

setup() {
	need_root
	conf_reset
	ca_dir root.pem
	crl_dir crl
	chmod -R go=rX "$S/etc/certauth"
	service sshd
	in_place rm -rf /run/systemd /run/certauth
	rm -rf "$S/fake"
	mkdir "$S/fake"
}
teardown() { resident_stop; }

# a resident verifier, with a socket as that of the unit
start() {
	resident_start
	in_place chmod 666 "$SOCKET"
}

# doctor [--pam]: the checks that concern the verifier; also of PAM's services
doctor() {
	local skip=(--skip pam)
	[ "${1:-}" != --pam ] || skip=()
	run --separate-stderr in_place env "PATH=$S/fake:$PATH" "$CERTAUTH" doctor \
		--skip clock --skip users --skip sshd --skip host --skip crl \
		--skip ca "${skip[@]}"
	echo "$output"
}

# found LEVEL CODE TEXT: with why and mend
found() {
	grep -F "$1 $2: " <<<"$output" | grep -qF -- "$3"
	grep -A2 "^$1 $2: .*" <<<"$output" | grep -q '^    why:  ...'
}
mend() { grep -A2 "^[a-z]* $1: " <<<"$output" | sed -n 's/^    mend: //p' | head -n1; }

@test "no systemd, no socket: a note, and a verifier that is started answers" {
	doctor
	[ "$status" -eq 0 ]
	found note verifier-socket "there is no socket $SOCKET"
	not grep -qE '^(error|warning)' <<<"$output"
	not grep -q 'verifier-login' <<<"$output"
}

@test "systemd without the socket: a warning that names the command" {
	in_place mkdir -p /run/systemd/system
	doctor
	[ "$status" -eq 1 ]
	found warning verifier-socket "there is no socket $SOCKET"
	[ "$(mend verifier-socket)" = 'systemctl enable --now certauth-verifier.socket' ]
}

@test "a resident verifier: who answers, with which version; both ways answer a request" {
	start
	doctor
	[ "$status" -eq 0 ]
	found note verifier-socket "a verifier answers at $SOCKET with version 1"
	not grep -qE '^(error|warning)' <<<"$output"
	run in_place "$CERTAUTH" doctor --skip clock --json
	[[ $output == *'"check":"verifier","code":"verifier-socket","level":"note"'* ]]
}

@test "a resident verifier that is stopped, and one that answers nothing" {
	start
	kill -STOP "$RESIDENT"
	doctor
	kill -CONT "$RESIDENT"
	[ "$status" -eq 1 ]
	found warning verifier-socket "the verifier at $SOCKET does not answer"
	[[ $(mend verifier-socket) == *'systemctl restart certauth-verifier.socket'* ]]
}

@test "another version of the messages, as of a program of another release" {
	in_place mkdir -p /run/certauth
	(EXEC='exec' in_place python3 -c 'if True:
		import socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.bind(sys.argv[1])
		s.listen()
		while True:
		    c, _ = s.accept()
		    c.send(b"\x07")' "$SOCKET" 3>&- 4>&-) &
	local pid=$! i
	for ((i = 0; i < 250; i++)); do
		in_place test -S "$SOCKET" && break
		sleep 0.02
	done
	in_place chmod 666 "$SOCKET"
	doctor
	kill "$pid"
	[ "$status" -eq 1 ]
	found warning verifier-socket "$SOCKET does not answer"
}

@test "the socket: of another user, closed to users, a file, below a directory of others" {
	start
	in_place chmod 600 "$SOCKET"
	doctor
	found warning verifier-socket 'screen lockers start a verifier of their own'
	in_place sh -c "$(mend verifier-socket)"
	doctor
	not grep -q '^warning' <<<"$output"
	in_place chown 2001 "$SOCKET"
	doctor
	found warning verifier-socket "$SOCKET is not root's"
	in_place rm "$SOCKET"
	in_place touch "$SOCKET"
	doctor
	found warning verifier-socket "$SOCKET is not a socket"
	in_place chmod o+w /run/certauth
	doctor
	found warning verifier-socket 'directory /run/certauth/, above the verifier'
	in_place sh -c "$(mend verifier-socket)"
	[ "$(in_place stat -c %a /run/certauth)" = 755 ]
}

@test "the program: absent, and writable by others" {
	in_place mv "$PROGRAM" "$PROGRAM.away"
	doctor
	in_place mv "$PROGRAM.away" "$PROGRAM"
	[ "$status" -eq 2 ]
	found error verifier-program "$PROGRAM"
	found error verifier-login "$PROGRAM"
	in_place chmod o+w "$PROGRAM"
	doctor
	in_place chmod 755 "$PROGRAM"
	[ "$status" -eq 2 ]
	found error verifier-program "$PROGRAM"
}

@test "the program: one that answers nothing" {
	in_place cp "$PROGRAM" "$PROGRAM.away"
	in_place cp /bin/true "$PROGRAM"
	doctor
	in_place mv "$PROGRAM.away" "$PROGRAM"
	[ "$status" -eq 2 ]
	found error verifier-login 'does not answer'
}

@test "user _certauth: absent, and root in another name" {
	cp "$S/etc/passwd" "$S/passwd"
	sed -i '/^_certauth:/d' "$S/etc/passwd"
	doctor
	cp "$S/passwd" "$S/etc/passwd"
	[ "$status" -eq 2 ]
	found error verifier-user 'user _certauth does not exist'
	[[ $(mend verifier-user) == systemd-sysusers* ]]
	sed -i 's/^_certauth:x:[0-9]*:/_certauth:x:0:/' "$S/etc/passwd"
	doctor
	cp "$S/passwd" "$S/etc/passwd"
	[ "$status" -eq 2 ]
	found error verifier-user "has root's user or group id"
}

@test "files that _certauth cannot read: named, and a login uses them all the same" {
	chmod 600 "$S/etc/certauth/users"
	chmod 640 "$S"/etc/certauth/crl/*.crl
	chmod 700 "$S/etc/certauth/ca"
	doctor
	[ "$status" -eq 0 ]
	[[ $output == *'note verifier-reads: user _certauth cannot read /etc/certauth/users'* ]]
	[[ $output == *'user _certauth cannot read '*'/etc/certauth/crl'* ]]
	[[ $output == *'user _certauth cannot read /etc/certauth/ca'* ]]
	login_ok
	chmod -R go=rX "$S/etc/certauth"
	doctor
	not grep -q verifier-reads <<<"$output"
}

@test "a mistake in the configuration is not one of the verifier" {
	conf default 'nonsense = 1'
	doctor
	[ "$status" -eq 2 ]
	found error config-mistake nonsense
	not grep -q verifier-login <<<"$output"
}

@test "units of services: without AF_UNIX, with a root of their own" {
	mkdir -p "$S/etc/systemd/system/sshd.service.d"
	local unit=$S/etc/systemd/system/sshd.service.d/own.conf line
	for line in 'RestrictAddressFamilies=AF_INET AF_INET6' \
	    'RestrictAddressFamilies=~AF_UNIX AF_PACKET'; do
		printf '[Service]\n%s\n' "$line" >"$unit"
		doctor --pam
		found note verifier-service 'start a verifier of their own'
	done
	for line in 'RestrictAddressFamilies=AF_UNIX AF_INET' 'PrivateTmp=yes' \
	    'RestrictAddressFamilies=' 'RestrictAddressFamilies=~AF_PACKET'; do
		printf '[Service]\n%s\n' "$line" >"$unit"
		doctor --pam
		not grep -q verifier-service <<<"$output"
	done
	printf '[Service]\nRootDirectory=/srv/sshd\n' >"$unit"
	doctor --pam
	found warning verifier-service 'RootDirectory'
	rm -r "$S/etc/systemd"
}

# fake_systemctl STATUS: it writes down what it was asked for
fake_systemctl() {
	printf '#!/bin/sh\necho "$*" >>%s/asked\nexit %s\n' "$S/fake" "$1" \
		>"$S/fake/systemctl"
	chmod 755 "$S/fake/systemctl"
}
run_setup() {
	run in_place env "PATH=$S/fake:$PATH" "$CERTAUTH" setup --no-fetch "$@"
	echo "$output"
}

@test "setup enables the socket where systemd runs, and says how otherwise" {
	fake_systemctl 0
	run_setup
	[ ! -e "$S/fake/asked" ]
	[[ $output == *'systemd does not run here'*'certauth-verifier(8)'* ]]
	in_place mkdir -p /run/systemd/system
	# a copy that is only tried
	run_setup --confdir /run/copy
	[ ! -e "$S/fake/asked" ]
	run_setup
	grep -qx -- '--quiet enable --now certauth-verifier.socket' "$S/fake/asked"
	[[ $output == *'certauth-verifier.socket is enabled'* ]]
	fake_systemctl 1
	run_setup
	[ "$status" -eq 1 ]
	[[ $output == *'could not be enabled'*'systemctl enable --now certauth-verifier.socket'* ]]
}
