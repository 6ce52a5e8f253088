#!/usr/bin/env bats
# What a user, or a host in trouble, does so that a session outlives a revocation, or so
# that a session ends which should not.
load lib/common
load lib/sshd
load lib/logind
load lib/sessions

setup_file() {
	logind_there || return 0 # every test is skipped, see setup
	sessions_place
	cp "$S/etc/passwd" "$S/passwd.saved"
}
teardown_file() {
	logind_there || return 0
	sessions_leave
}

setup() {
	need_root
	need_logind
	conf_reset
	conf default 'host_names = web1.example web1' 'sessions = yes' 'on_revoked = end'
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" \
		"bob sha256:$(pki_sha256 "$PKI/bob.pem")"
	log_mark
	: >"$S/stay"
	STAY="while [ -e '$S/stay' ]; do sleep 0.1; done"
}
teardown() {
	logind_there || return 0
	rm -f "$S/stay"
	[ ! -e "$S/stopped" ] || kill -CONT "$(cat "$S/stopped")" 2>/dev/null || :
	rm -f "$S/stopped"
	resident_stop
	in_place rm -f /run/certauth/verifier.1.sock
	sed -i 's/verifier=resident/verifier=spawn/' "$S"/etc/pam.d/*
	[ ! -e "$S/home/alice.away" ] || mv "$S/home/alice.away" "$S/home/alice"
	rm -rf "$S/home/alice/.certauth" "$S/home/alice/.pam_environment"
	cp "$S/passwd.saved" "$S/etc/passwd"
	in_place mkdir -p /run/systemd/system
	sessions_service sshd su sudo
	sessions_forget
	crl_dir crl
	logind_knows
}

# CERT COMMAND: alice, at a terminal, answers with that certificate
alice_runs() {
	: >"$S/alice.out"
	as_user alice python3 "$S/bin/login.py" --pty --cert "$1-chain.pem" --key "$1.key" \
		-- bash -c "$2" >"$S/alice.out" 2>&1 3>&- 4>&- </dev/null &
}

is_in() { grep -q 'uid=' "$S/alice.out"; }

child_of() { pgrep -P "$1" | head -n 1; }

state_of() { session_field "$1" "$2" state; }

@test "limits of the user's own: no login goes on unrecorded" {
	# a file of no bytes, and the signal about it ignored
	local kib
	for kib in 0 1 2 3 100; do
		log_mark
		alice_runs bob "trap '' XFSZ; ulimit -f $kib; su bob -c id"
		wait $! || :
		cat "$S/alice.out"
		logged 'the login is not recorded.*File too large'
		! is_in || return 1
	done
	log_mark
	alice_runs alice "trap '' XFSZ; ulimit -f 0; sudo -k; sudo id"
	wait $! || :
	logged 'the login is not recorded.*File too large'
	! is_in
}

@test "few descriptors, and a resident verifier: a login is recorded, or refused" {
	local n
	resident_start
	sed -i 's/verifier=spawn/verifier=resident/' "$S/etc/pam.d/su"
	for n in 4 5 6 7 8 10 12 16; do
		log_mark
		alice_runs bob "ulimit -n $n; su bob -c \"id; sleep 0.3\""
		wait $! || :
		log_lines | grep 'not recorded' && {
			! is_in || return 1
		}
	done
	is_in
}

@test "the process of su is stopped by the user who started it: it ends all the same" {
	local pid
	alice_runs bob "su bob -c \"$STAY\"; true"
	recorded 1
	pid=$(session_pid bob su)
	echo "$pid" >"$S/stopped"
	as_user alice kill -STOP "$pid"
	revoke_now bob
	run sessions check
	echo "$output"
	[ "$status" -eq 0 ]
	gone "$pid"
}

@test "the process of su is killed by the user who started it: that is not silent" {
	local pid child
	alice_runs bob "su bob -c \"$STAY\"; true"
	recorded 1
	pid=$(session_pid bob su)
	until_true child_of "$pid"
	child=$(child_of "$pid")
	as_user alice kill -KILL "$pid"
	gone "$pid"
	kill -0 "$child"
	revoke_now bob
	run sessions check
	echo "$output"
	# the shell of bob goes on, so that somebody must be told
	logged 'event=session .*user="bob" service="su"'
}

@test "what was told to end and runs on is not logged as ended" {
	local pid
	alice_runs alice "sudo sh -c \"trap : HUP TERM; id; $STAY\"; true"
	until_true is_in
	pid=$(session_pid alice sudo)
	revoke_now alice
	run sessions check
	echo "$output"
	[ "$status" -eq 1 ]
	kill -0 "$pid"
	not_logged 'outcome=ended'
}

@test "who cannot be ended is not told that the session ends now" {
	alice_runs bob "exec su bob -c \"id; $STAY\""
	recorded 1
	revoke_now bob
	run sessions check
	echo "$output"
	[ "$status" -eq 1 ]
	until_true grep -q 'certauth: warning' "$S/alice.out"
	run grep -c 'ends now' "$S/alice.out"
	[ "$output" = 0 ]
}

@test "a session of logind that ends meanwhile hides no other one" {
	local pid
	ssh_as alice alice "$STAY"
	recorded 1
	pid=$(session_pid alice sshd)
	logind_knows 1 2003 carol 1
	logind_knows 5 2003 gone 1
	logind_knows 7 2002 bob "$pid"
	revoke_now alice
	run sessions check
	echo "$output"
	# it leads a session of bob's
	kill -0 "$pid"
	[ "$status" -eq 1 ]
	logged 'outcome=warned reason=revoked user="alice"'
}

@test "a host without logind: a session id of the user's own does not save" {
	local pid
	printf '%s\n' "auth required $MODULE verifier=spawn" 'account required pam_permit.so' \
		'session required pam_env.so user_readenv=1' "session optional $MODULE" \
		'session required pam_permit.so' >"$S/etc/pam.d/sshd"
	echo 'XDG_SESSION_ID DEFAULT=1' >"$S/home/alice/.pam_environment"
	chown 2001 "$S/home/alice/.pam_environment"
	in_place rmdir /run/systemd/system
	ssh_as alice alice "$STAY"
	recorded 1
	pid=$(session_pid alice sshd)
	revoke_now alice
	run sessions check
	echo "$output"
	[ "$status" -eq 0 ]
	gone "$pid"
}

@test "a home that is not mounted, a name service that is down, no users_dir: not unmapped" {
	local seen=
	conf default 'user_certificates = yes'
	users "bob sha256:$(pki_sha256 "$PKI/bob.pem")"
	mkdir "$S/home/alice/.certauth"
	cp "$PKI/alice.pem" "$S/home/alice/.certauth/a.pem"
	chown -R 2001:2001 "$S/home/alice/.certauth"
	ssh_as alice alice "$STAY"
	recorded 1
	[ "$(state_of alice sshd)" = ok ]
	mv "$S/home/alice" "$S/home/alice.away"
	seen+=" home $(state_of alice sshd)"
	mv "$S/home/alice.away" "$S/home/alice"
	sed -i '/^alice:/d' "$S/etc/passwd"
	seen+=" account $(state_of alice sshd)"
	cp "$S/passwd.saved" "$S/etc/passwd"
	sessions_forget
	conf default 'user_certificates = no' 'users_dir = /etc/certauth/users.d'
	mkdir -p "$S/etc/certauth/users.d/alice"
	cp "$PKI/alice.pem" "$S/etc/certauth/users.d/alice/"
	ssh_as alice alice "$STAY"
	recorded 1
	[ "$(state_of alice sshd)" = ok ]
	mv "$S/etc/certauth/users.d" "$S/users.d"
	seen+=" users_dir $(state_of alice sshd)"
	mkdir "$S/etc/certauth/users.d"
	seen+=" empty $(state_of alice sshd)"
	# another user's is there: alice's was taken back
	mkdir "$S/etc/certauth/users.d/bob"
	[ "$(state_of alice sshd)" = unmapped ]
	rm -r "$S/etc/certauth/users.d" "$S/users.d"
	echo "$seen"
	[[ $seen != *unmapped* ]]
}

@test "records of old logins go, however many new ones there are" {
	local dir=/run/certauth/logins
	sessions_service test
	in_place sh -ec "mkdir -p -m 700 $dir; cd $dir
		for i in \$(seq 100); do f=\$(printf %032x \$i); : >\$f; touch -d '1 hour ago' \$f; done
		for i in \$(seq 1000 1100); do f=\$(printf %032x \$i); : >\$f; done"
	login_ok
	login_ok
	# no session was ever recorded here
	run sessions check
	[ "$status" -eq 0 ]
	[ "$(in_place find $dir -type f -mmin +30 | wc -l)" -eq 0 ]
}
