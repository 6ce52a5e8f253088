#!/usr/bin/env bats
# certauth-sessions.service: the rights that it leaves suffice for what a check does.
bats_require_minimum_version 1.5.0
load lib/common
load lib/sshd
load lib/sessions

UNIT=$HERE/packaging/systemd/certauth-sessions.service

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	place_make
	# the check starts a verifier of its own
	resident_stop
	spawn_only
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")"
	sshd_start
	sessions_service sshd
	CLIENT=carol client_make
	cp "$PKI/alice-chain.pem" "$S/home/carol/.config/certauth/me.pem"
	cp "$PKI/alice.key" "$S/home/carol/.config/certauth/me.key"
	chown 2003 "$S/home/carol/.config/certauth/me.key"
}
teardown_file() {
	sshd_stop
	place_remove
}

setup() {
	need_root
	conf_reset
	conf default 'host_names = web1.example web1' 'sessions = yes' 'on_revoked = end'
	# no logind here: the recorded process is signalled
	in_place rm -rf /run/systemd
	# sudo's ticket of an earlier login
	in_place mkdir -p -m 711 /run/sudo
	in_place mkdir -p -m 700 /run/sudo/ts
	in_place touch /run/sudo/ts/alice
	: >"$S/stay"
	log_mark
	CLIENT=carol client "$CERTAUTH" ssh -o User=alice web1 \
		"while [ -e '$S/stay' ]; do sleep 0.1; done" \
		>"$S/ssh" 2>&1 3>&- 4>&- </dev/null &
	SSH_CLIENT=$!
	recorded 1
	LEADER=$(session_pid alice sshd)
}
teardown() {
	rm -f "$S/stay"
	wait "${SSH_CLIENT:-}" 2>/dev/null || :
	sessions_forget
	crl_dir crl
}

# rights [-NAME]: the options of setpriv for the capabilities of the unit, without one
rights() {
	local names
	names=$(sed -n 's/^CapabilityBoundingSet=//p' "$UNIT" | tr 'A-Z ' 'a-z\n' |
		sed 's/^cap_/+/' | grep -vx -- "+${1:-none}" | paste -sd,)
	echo "--bounding-set=-all,$names --inh-caps=-all --no-new-privs"
}

# check COMMAND ...: what the unit runs, as COMMAND is told
check() {
	local command
	command=$(sed -n 's|^ExecStart=/usr/bin/certauth ||p' "$UNIT")
	[ "$command" = 'sessions check --quiet' ]
	# shellcheck disable=SC2086 # words
	in_place "$@" "$CERTAUTH" $command
}

@test "its capabilities suffice to end a session, by a verifier that the check starts" {
	# the others of a login are not needed
	[ "$(rights | tr ',' '\n' | grep -c '^+')" -eq 4 ]
	revoke_now alice
	# shellcheck disable=SC2046 # words
	run -0 check setpriv $(rights)
	echo "$output"
	# a timer does not fill the journal; revoke_now gives its CRL no hashed name
	[ -z "$(grep -v 'now.crl .* has no hashed name' <<<"$output")" ]
	gone "$LEADER"
	recorded 0
	run in_place test -e /run/sudo/ts/alice
	[ "$status" -eq 1 ]
	logged 'event=session outcome=ended reason=revoked user="alice"'
}

@test "without CAP_SETUID no verifier can be started, and nothing ends" {
	revoke_now alice
	# shellcheck disable=SC2046 # words
	run check setpriv $(rights setuid)
	echo "$output"
	[ -n "$output" ]
	kill -0 "$LEADER"
	not_logged 'outcome=ended'
	# with it, it does
	# shellcheck disable=SC2046 # words
	run -0 check setpriv $(rights)
	gone "$LEADER"
}

@test "its filter has every system call of a check, of loginctl and of a verifier" {
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze here'
	command -v strace >/dev/null || skip 'no strace here'
	sanitized && skip 'a sanitizer makes calls of its own'
	revoke_now alice
	# sd_booted(3): loginctl is asked, and nobody answers
	in_place mkdir -p /run/systemd/system
	run check strace -f -o "$S/trace" 2>"$S/err"
	in_place rm -r /run/systemd
	grep -q '/usr/bin/loginctl' "$S/trace"
	run -0 check strace -f -o "$S/trace.2" 2>"$S/err"
	cat "$S/trace.2" >>"$S/trace"
	gone "$LEADER"
	grep -q 'pidfd_send_signal(' "$S/trace"
	grep -qE 'landlock_restrict_self\(|seccomp\(' "$S/trace"
	python3 "$HERE/tests/lib/unitcalls.py" "$UNIT" "$S/trace"
}
