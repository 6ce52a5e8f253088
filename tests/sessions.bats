#!/usr/bin/env bats
# Open sessions: a real sshd, su and sudo, and a logind on a bus of the place.
load lib/common
load lib/sshd
load lib/logind
load lib/sessions

setup_file() {
	logind_there || return 0 # every test is skipped, see setup
	sessions_place
}
teardown_file() {
	logind_there || return 0
	sessions_leave
}

setup() {
	need_root
	need_logind
	conf_reset
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" \
		"alice sha256:$(pki_sha256 "$PKI/rsa4096.pem")" \
		"bob sha256:$(pki_sha256 "$PKI/bob.pem")"
	conf default 'host_names = web1.example web1' 'sessions = yes' 'on_revoked = end'
	log_mark
	: >"$S/stay"
	# it ends with its test: what has no terminal outlives its sshd
	STAY="while [ -e '$S/stay' ]; do sleep 0.1; done"
}
teardown() {
	logind_there || return 0
	rm -f "$S/stay"
	sessions_forget
	crl_dir crl
	logind_knows
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
	local alice bob
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

# a shell of alice's on a terminal, in which she becomes bob; both sessions are recorded
ssh_with_su() {
	ssh_as alice alice "python3 '$S/bin/login.py' --pty --cert ~/bob-chain.pem --key ~/bob.key -- bash -c '${1:-} su bob -c \"$STAY\"; true'; $STAY"
	recorded 2
}

@test "su in an ssh session: only the inner one ends" {
	local outer inner
	ssh_with_su
	outer=$(session_pid alice sshd)
	inner=$(session_pid bob su)
	logind_knows 1 2001 alice "$outer"
	revoke_now bob
	run sessions check
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$(logind_calls)" ]
	gone "$inner"
	recorded 1
	kill -0 "$outer"
	[ "$(session_pid alice sshd)" = "$outer" ]
	logged 'outcome=ended reason=revoked user="bob" service="su"'
	not_logged 'event=session.*user="alice"'
}

@test "a leader of another user's session of logind is never ended" {
	local pid
	ssh_as alice alice "$STAY"
	recorded 1
	pid=$(session_pid alice sshd)
	logind_knows 7 2002 bob "$pid"
	revoke_now alice
	run sessions check
	echo "$output"
	[ "$status" -eq 1 ]
	[ -z "$(logind_calls)" ]
	kill -0 "$pid"
	logged 'outcome=warned reason=revoked .*another user'
}

@test "su that leads a terminal is warned: its end would hang up others" {
	local inner
	ssh_with_su exec
	inner=$(session_pid bob su)
	revoke_now bob
	run sessions check
	echo "$output"
	[ "$status" -eq 1 ]
	kill -0 "$inner"
	logged 'outcome=warned reason=revoked user="bob" service="su".*leads the session of a terminal'
}

@test "a host without logind: sshd, su and sudo end by signals" {
	logind_stop
	in_place rmdir /run/systemd/system
	local pid pids=()
	ssh_with_su
	pids+=("$(session_pid bob su)" "$(session_pid alice sshd)")
	revoke_now alice bob
	run sessions check
	echo "$output"
	logind_start
	[ "$status" -eq 0 ]
	gone "${pids[@]}"
	recorded 0
}

@test "logind does not answer: nothing of it is ended" {
	local pid
	ssh_as alice alice "$STAY"
	recorded 1
	pid=$(session_pid alice sshd)
	logind_knows 1 2001 alice "$pid"
	revoke_now alice
	logind_stop
	run sessions check
	echo "$output"
	logind_start
	[ "$status" -eq 1 ]
	[[ $output == *'systemd-logind does not answer'* ]]
	kill -0 "$pid"
}

@test "sudo: the session of another account ends, and the timestamp goes" {
	local pid
	ssh_as alice alice "python3 '$S/bin/login.py' --pty --cert ~/alice-chain.pem --key ~/alice.key -- bash -c 'sudo sh -c \"$STAY\"; true'; $STAY"
	recorded 2
	pid=$(session_pid alice sudo)
	[ "$(session_field alice sudo account)" = root ]
	in_place sh -c 'ls /run/sudo/ts' | grep -Eqx 'alice|2001'
	run sessions
	echo "$output"
	[[ $output == *'alice as root'* ]]
	run sessions end "$(session_id alice sudo)"
	echo "$output"
	[ "$status" -eq 0 ]
	gone "$pid"
	recorded 1
	[ -z "$(in_place ls /run/sudo/ts)" ]
	logged 'outcome=ended reason=administrator user="alice" service="sudo"'
}

@test "sudo by a timestamp has no login, and no session is recorded" {
	ssh_as alice alice "python3 '$S/bin/login.py' --pty --cert ~/alice-chain.pem --key ~/alice.key -- bash -c 'sudo true && sudo -n sh -c \"echo second; $STAY\"; true'; $STAY"
	until_true grep -q second "$S/ssh.alice"
	recorded 1
	[ "$(session_field alice sshd user)" = alice ]
}

@test "a pid that is used again, another boot and another pid namespace" {
	local file pid start
	ssh_as alice alice "$STAY"
	recorded 1
	file=$(session_id alice sshd)
	pid=$(session_pid alice sshd)
	change() { in_place python3 "$HERE/tests/lib/sessionrecord.py" "/run/certauth/sessions/$file" "$@"; }
	revoke_now alice
	# of another namespace: it is there, and only warned
	change ns_ino=7
	run sessions check
	echo "$output"
	[ "$status" -eq 1 ]
	kill -0 "$pid"
	recorded 1
	logged 'outcome=warned reason=revoked .*another pid namespace'
	change "ns_ino=$(stat -Lc %i /proc/self/ns/pid)"
	# another process has its number: the record goes, the process stays
	start=$(awk '{ print $22 }' "/proc/$pid/stat")
	in_place cp "/run/certauth/sessions/$file" "$S/record"
	change "start=$((start - 1))"
	run sessions check
	[ "$status" -eq 0 ]
	recorded 0
	kill -0 "$pid"
	in_place cp "$S/record" "/run/certauth/sessions/$file"
	change boot=00000000-0000-0000-0000-000000000000
	run sessions check
	[ "$status" -eq 0 ]
	recorded 0
	kill -0 "$pid"
}

@test "files that cannot be used end no session" {
	local pid what
	conf default 'on_unmapped = end' 'on_expired = end'
	ssh_as alice alice "$STAY"
	recorded 1
	pid=$(session_pid alice sshd)
	logind_knows 1 2001 alice "$pid"
	mkdir -p "$S/saved"
	for what in no-crls garbage-crl stale-crl no-ca users-garbage no-users users-writable \
		users-directory no-crl-dir; do
		rm -rf "$S/saved/certauth"
		cp -a "$S/etc/certauth" "$S/saved/"
		case $what in
		no-crls) rm -f "$S"/etc/certauth/crl/* ;;
		garbage-crl) for f in "$S"/etc/certauth/crl/*; do echo x >"$f"; done ;;
		stale-crl) crl_dir crl-expired ;;
		no-ca) rm -f "$S"/etc/certauth/ca/* ;;
		users-garbage) echo 'alice sha256:' >"$S/etc/certauth/users" ;;
		no-users) rm "$S/etc/certauth/users" ;;
		users-writable) chmod 666 "$S/etc/certauth/users" ;;
		users-directory) rm "$S/etc/certauth/users"; mkdir "$S/etc/certauth/users" ;;
		no-crl-dir) rm -rf "$S/etc/certauth/crl" ;;
		esac
		for _ in 1 2; do
			run sessions check
			echo "$what: $output"
			[[ $output == *'cannot be judged'* ]]
			[ "$status" -eq 0 ]
			[ ! -e "$S/etc/../run/certauth/sessions/$(session_id alice sshd).state" ]
		done
		rm -rf "$S/etc/certauth"/*
		cp -a "$S/saved/certauth/." "$S/etc/certauth/"
	done
	# a configuration with a mistake, and no verifier
	conf default 'max_depth = many'
	run sessions check
	echo "$output"
	[[ $output == *'cannot be judged'* ]]
	conf default 'max_depth = 10'
	verifier_is false
	run sessions check
	verifier_reset
	echo "$output"
	[[ $output == *'cannot be judged'* ]]
	kill -0 "$pid"
	[ -z "$(logind_calls)" ]
	run sessions
	[[ $output == *' ok '* ]]
}

@test "no rule any more: only a second check, a minute later, acts" {
	local pid id
	conf default 'on_unmapped = end'
	cp "$S/etc/certauth/users" "$S/users.saved"
	ssh_as alice alice "$STAY"
	recorded 1
	pid=$(session_pid alice sshd)
	id=$(session_id alice sshd)
	logind_knows 1 2001 alice "$pid"
	# half of the file, as an editor leaves it for a moment
	: >"$S/etc/certauth/users"
	for _ in 1 2; do
		run sessions check
		echo "$output"
		[ "$status" -eq 0 ]
		[[ $output == *'looked at again'* ]]
	done
	not_logged 'event=session'
	run sessions
	[[ $output == *' unmapped '* ]]
	# whole again: nothing is left of it
	later_check "$id"
	cp "$S/users.saved" "$S/etc/certauth/users"
	sessions check
	: >"$S/etc/certauth/users"
	run sessions check
	[ -z "$(logind_calls)" ]
	later_check "$id"
	run sessions check
	cp "$S/users.saved" "$S/etc/certauth/users"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(logind_calls)" = 'terminate 1' ]
	gone "$pid"
	logged 'outcome=ended reason=unmapped user="alice"'
}

@test "end_max: more than that, and all are warned, but for --force" {
	local id
	conf default 'on_unmapped = end' 'end_max = 1'
	cp "$S/etc/certauth/users" "$S/users.saved"
	ssh_as alice alice "$STAY"
	recorded 1
	ssh_as rsa4096 alice "$STAY"
	recorded 2
	sessions --json | python3 -c 'import json, sys
for s in json.load(sys.stdin)["sessions"]: print(s["id"], s["pid"])' >"$S/both"
	while read -r id pid; do logind_knows "$((++n))" 2001 alice "$pid"; done <"$S/both"
	echo "bob sha256:$(pki_sha256 "$PKI/bob.pem")" >"$S/etc/certauth/users"
	sessions check
	while read -r id _; do later_check "$id"; done <"$S/both"
	run sessions check
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'2 sessions would be ended'*'end_max allows 1'*'certauth sessions check --force'* ]]
	[ -z "$(logind_calls)" ]
	[ "$(log_lines | grep -c 'outcome=warned reason=unmapped')" -eq 2 ]
	# said once
	run sessions check
	[ "$(log_lines | grep -c 'outcome=warned reason=unmapped')" -eq 2 ]
	run sessions check --force
	cp "$S/users.saved" "$S/etc/certauth/users"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(logind_calls | sort)" = $'terminate 1\nterminate 2' ]
	recorded 0
}

@test "warn, lock and log; each is said once" {
	local pid id
	conf default 'on_revoked = warn'
	ssh_as alice alice "python3 -c 'import pty; pty.spawn([\"sh\", \"-c\", \"$STAY\"])'; $STAY"
	recorded 1
	pid=$(session_pid alice sshd)
	logind_knows 3 2001 alice "$pid"
	revoke_now alice
	until_true grep -q . <(pgrep -f 'stay.*sleep' || :)
	run sessions check
	echo "$output"
	[ "$status" -eq 0 ]
	run sessions
	echo "$output"
	[[ $output == *'a certificate is revoked: '*20[0-9][0-9]-[01][0-9]-* ]]
	logged 'outcome=warned reason=revoked user="alice"'
	until_true grep -q 'certauth: warning: a certificate is revoked; session of alice by sshd' "$S/ssh.alice"
	sessions check
	[ "$(log_lines | grep -c 'outcome=warned')" -eq 1 ]
	[ "$(grep -c 'certauth: warning' "$S/ssh.alice")" -eq 1 ]
	conf default 'on_revoked = lock'
	sessions check
	sessions check
	[ "$(logind_calls)" = 'lock 3' ]
	logged 'outcome=locked reason=revoked user="alice"'
	# a trial has no effect on anybody
	conf default 'on_revoked = end' 'mode = audit'
	run sessions check
	echo "$output"
	[ "$(logind_calls)" = 'lock 3' ]
	kill -0 "$pid"
}

@test "a session that is no logind's cannot be locked: it is warned" {
	conf default 'on_revoked = lock'
	ssh_with_su
	logind_knows 1 2001 alice "$(session_pid alice sshd)"
	revoke_now bob
	run sessions check
	echo "$output"
	[ "$status" -eq 1 ]
	[ -z "$(logind_calls)" ]
	logged 'outcome=warned reason=revoked user="bob" service="su"'
}

@test "a service that end_services does not name is warned" {
	local inner
	conf default 'end_services = sshd'
	ssh_with_su
	inner=$(session_pid bob su)
	revoke_now bob
	run sessions check
	echo "$output"
	[ "$status" -eq 1 ]
	logged 'outcome=warned reason=revoked user="bob" .*end_services'
	kill -0 "$inner"
	run sessions end "$(session_id bob su)"
	echo "$output"
	[ "$status" -eq 1 ]
	run sessions end --force "$(session_id bob su)"
	echo "$output"
	[ "$status" -eq 0 ]
	gone "$inner"
}

@test "end: by id, by user, by certificate; what it refuses" {
	local alice id
	ssh_as alice alice "$STAY"
	recorded 1
	alice=$(session_pid alice sshd)
	id=$(session_id alice sshd)
	ssh_as bob bob "$STAY"
	recorded 2
	logind_knows 1 2001 alice "$alice"
	logind_knows 2 2002 bob "$(session_pid bob sshd)"
	for bad in 'end' 'end abc' "end ../$id" "end $id --user bob" 'end --user' 'list --force' \
		'stop' 'check --json' 'end --sha256='; do
		# shellcheck disable=SC2086 # words
		run sessions $bad
		echo "$bad: $output"
		[ "$status" -eq 2 ]
	done
	run sessions end --user carol
	[ "$status" -eq 2 ]
	[[ $output == *'no such session'* ]]
	run as_user alice "$CERTAUTH" sessions
	[ "$status" -eq 2 ]
	[[ $output == *'only root'* ]]
	[ -z "$(logind_calls)" ]
	run sessions end "${id:0:12}"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(logind_calls)" = 'terminate 1' ]
	gone "$alice"
	recorded 1
	run sessions end --sha256 "$(pki_sha256 "$PKI/bob.pem" | tr a-f A-F | sed 's/../&:/g; s/:$//')"
	echo "$output"
	[ "$status" -eq 0 ]
	recorded 0
	ssh_as bob bob "$STAY"
	recorded 1
	logind_knows
	logind_knows 4 2002 bob "$(session_pid bob sshd)"
	run sessions end --user bob
	echo "$output"
	[ "$status" -eq 0 ]
	recorded 0
	logged 'outcome=ended reason=administrator user="bob"'
}

# what alice's pam_env puts in front of the session line of sshd
plant() {
	printf '%s\n' "auth required $MODULE verifier=spawn" 'account required pam_permit.so' \
		'session required pam_env.so user_readenv=1' "session optional $MODULE" \
		'session required pam_permit.so' >"$S/etc/pam.d/sshd"
	printf 'CERTAUTH_LOGIN_ID DEFAULT=%s\n' "$1" >"$S/home/alice/.pam_environment"
	chown 2001 "$S/home/alice/.pam_environment"
}

@test "a variable that the user plants hides no login from its session" {
	local id
	for id in 0123456789abcdef0123456789abcdef ../sessions/x x; do
		plant "$id"
		ssh_as alice alice "env; $STAY"
		until_true grep -q '^USER=alice' "$S/ssh.alice"
		recorded 1
		run grep CERTAUTH_LOGIN_ID "$S/ssh.alice"
		[ "$status" -eq 1 ]
		rm -f "$S/stay"
		wait "$SSH_CLIENT"
		recorded 0
		: >"$S/stay"
	done
	rm -f "$S/home/alice/.pam_environment"
	sessions_service sshd
}

@test "a variable that the user plants names no login" {
	# alice came in by another way: nothing of hers was recorded
	local id
	conf default 'sessions = no'
	for id in 0123456789abcdef0123456789abcdef ../sessions/x x; do
		plant "$id"
		log_mark
		ssh_as alice alice "env; $STAY"
		until_true grep -q '^USER=alice' "$S/ssh.alice"
		run grep CERTAUTH_LOGIN_ID "$S/ssh.alice"
		[ "$status" -eq 1 ]
		logged 'pam_certauth\(sshd:session\): the session is not recorded: CERTAUTH_LOGIN_ID names no login'
		recorded 0
		rm -f "$S/stay"
		wait "$SSH_CLIENT"
		: >"$S/stay"
	done
	rm -f "$S/home/alice/.pam_environment"
	sessions_service sshd
}

@test "in one process, what a user plants does not hide the login" {
	printf '%s\n' "auth required $MODULE verifier=spawn" 'account required pam_permit.so' \
		'session required pam_env.so user_readenv=1' "session optional $MODULE" \
		'session required pam_permit.so' >"$S/etc/pam.d/su"
	printf 'CERTAUTH_LOGIN_ID DEFAULT=0123456789abcdef0123456789abcdef\n' \
		>"$S/home/bob/.pam_environment"
	chown 2002 "$S/home/bob/.pam_environment"
	ssh_with_su
	rm -f "$S/home/bob/.pam_environment"
	sessions_service su
	[ "$(session_field bob su account)" = bob ]
}

@test "the record of a login is for its service and user, and for one session" {
	# pamtester makes the login in one process and the session in another, as sshd does
	local id
	sessions_service test other
	login_ok -- -E X=1
	id=$(in_place ls /run/certauth/logins)
	[ "${#id}" -eq 32 ]
	with_id() { in_place pamtester -E "CERTAUTH_LOGIN_ID=$id" "$@" open_session; }
	keep() { in_place cp "/run/certauth/logins/$id" "$S/login.saved"; }
	again() { in_place install -m 600 "$S/login.saved" "/run/certauth/logins/$id"; }
	keep
	with_id other alice
	with_id test bob
	recorded 0
	# each look used it up
	again
	with_id other alice
	[ ! -e "$S/never" ]
	[ -z "$(in_place ls /run/certauth/logins)" ]
	with_id test alice
	recorded 0
	again
	with_id test alice
	recorded 1
	# its process has ended: the next look clears it
	run sessions
	[[ $output == *'No session'* ]]
	recorded 0
	# not a file of root's alone
	again
	in_place chmod 644 "/run/certauth/logins/$id"
	with_id test alice
	recorded 0
	again
	in_place chown 2001 "/run/certauth/logins/$id"
	with_id test alice
	recorded 0
}

@test "folders that are not root's alone are not used" {
	sessions_service test
	in_place sh -ec 'mkdir -p /run/certauth; rm -rf /run/certauth/logins
		mkdir -m 777 /run/certauth/logins'
	login_ok
	logged 'the login is not recorded'
	[ -z "$(in_place ls /run/certauth/logins)" ]
	in_place sh -ec 'rm -rf /run/certauth/logins; mkdir -m 700 /run/certauth/logins
		chown 2001 /run/certauth/logins'
	login_ok
	logged 'the login is not recorded'
	in_place sh -ec 'rm -rf /run/certauth/logins; ln -s /tmp /run/certauth/logins'
	login_ok
	logged 'the login is not recorded'
	in_place rm -rf /run/certauth/logins
	in_place chmod 777 /run/certauth
	login_ok
	logged 'the login is not recorded'
	in_place chmod 755 /run/certauth
}

@test "a full /run: the login goes on, unrecorded, and nothing half written is left" {
	sessions_service test sshd
	in_place sh -ec 'rm -rf /run/certauth/logins; mkdir -p -m 700 /run/certauth/logins
		mount -t tmpfs -o size=4k,mode=700 tmpfs /run/certauth/logins
		dd if=/dev/zero of=/run/certauth/logins/full bs=4k count=1 2>/dev/null'
	login_ok
	logged 'the login is not recorded.*No space left'
	[ "$(in_place ls /run/certauth/logins)" = full ]
	in_place umount /run/certauth/logins
	in_place sh -ec 'rm -rf /run/certauth/sessions; mkdir -p -m 700 /run/certauth/sessions
		mount -t tmpfs -o size=4k,mode=700 tmpfs /run/certauth/sessions
		dd if=/dev/zero of=/run/certauth/sessions/full bs=4k count=1 2>/dev/null'
	log_mark
	ssh_as alice alice "env; $STAY"
	until_true grep -q '^USER=alice' "$S/ssh.alice"
	logged 'the session is not recorded.*No space left'
	[ "$(in_place ls /run/certauth/sessions)" = full ]
	in_place umount /run/certauth/sessions
}

@test "what a killed host or program leaves is cleared" {
	local pid id
	ssh_as alice alice "$STAY"
	recorded 1
	pid=$(session_pid alice sshd)
	id=$(session_id alice sshd)
	revoke_now alice
	conf default 'on_revoked = log'
	sessions check
	in_place test -e "/run/certauth/sessions/$id.state"
	kill -KILL "$pid"
	gone "$pid"
	in_place sh -ec 'touch -d "1 hour ago" /run/certauth/logins/0123456789abcdef0123456789abcdef \
		/run/certauth/logins/0123456789abcdef0123456789abcdef.new \
		/run/certauth/sessions/0123456789abcdef0123456789abcdef.new
		touch /run/certauth/logins/1123456789abcdef0123456789abcdef'
	run sessions check
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$(in_place ls /run/certauth/sessions)" ]
	[ "$(in_place ls /run/certauth/logins)" = 1123456789abcdef0123456789abcdef ]
	# damaged records, and names that are none
	in_place sh -ec 'cd /run/certauth/sessions
		printf "certauth session 1\n" >2123456789abcdef0123456789abcdef
		chmod 600 2*; ln -s /etc/passwd 3123456789abcdef0123456789abcdef; : >notes'
	run sessions check
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'2123456789abcdef0123456789abcdef: '*'remove it'* ]]
	in_place test -e /run/certauth/sessions/notes
}

@test "sessions = no, and a login by another module, record nothing" {
	conf default 'sessions = no'
	ssh_as alice alice "env; $STAY"
	until_true grep -q '^USER=alice' "$S/ssh.alice"
	recorded 0
	run in_place ls /run/certauth/logins
	[ "$status" -ne 0 ]
	run sessions check
	[ "$status" -eq 0 ]
	run sessions
	[ "$output" = 'No session by certificate is open.' ]
	not_logged 'session is not recorded'
}

@test "a service that is not root records nothing" {
	sessions_service test
	conf default 'proof = conversation'
	cp "$PKI/alice-chain.pem" "$PKI/alice.key" "$S/home/alice/"
	chown 2001 "$S/home/alice/alice.key"
	log_mark
	run as_user alice python3 "$S/bin/login.py" --cert alice-chain.pem --key alice.key -- \
		pamtester test alice authenticate open_session
	echo "$output"
	[ "$status" -eq 0 ]
	logged 'outcome=granted'
	not_logged 'not recorded'
	run in_place sh -c 'ls /run/certauth/logins /run/certauth/sessions 2>/dev/null | grep -c "^[0-9a-f]\{32\}"'
	[ "$output" = 0 ]
}

@test "expired: on_expired, and the list says since when" {
	local pki=$PKI pid
	cp -a "$PKI" "$S/soon"
	pki_use "$S/soon"
	pki_leaf soon inter --to +12s
	cat "$PKI/soon.pem" "$PKI/inter.pem" >"$PKI/soon-chain.pem"
	users "alice sha256:$(pki_sha256 "$PKI/soon.pem")"
	ssh_as soon alice "$STAY"
	pki_use "$pki"
	recorded 1
	pid=$(session_pid alice sshd)
	logind_knows 1 2001 alice "$pid"
	has_expired() { sessions | grep -q ' expired '; }
	until_true has_expired
	run sessions
	echo "$output"
	[[ $output == *'a certificate has expired: '*20[0-9][0-9]-[01][0-9]-* ]]
	run sessions check
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$(logind_calls)" ]
	logged 'outcome=noted reason=expired user="alice"'
	conf default 'on_expired = end'
	run sessions check
	echo "$output"
	[ "$(logind_calls)" = 'terminate 1' ]
	gone "$pid"
}

@test "sudo's timestamps of an ended user go, by name and by uid, and no other's" {
	ssh_as alice alice "$STAY"
	recorded 1
	logind_knows 1 2001 alice "$(session_pid alice sshd)"
	in_place sh -ec 'mkdir -p -m 700 /run/sudo/ts; cd /run/sudo/ts
		touch alice 2001 bob 2002 root 0 alicex'
	revoke_now alice
	sessions check
	[ "$(in_place ls -x /run/sudo/ts | xargs)" = '0 2002 alicex bob root' ]
	in_place rm -rf /run/sudo/ts
	recorded 0
}

@test "a resident verifier judges each certificate once" {
	local id i
	spawn_only
	ssh_as alice alice "$STAY"
	recorded 1
	ssh_as bob bob "$STAY"
	recorded 2
	id=$(session_id alice sshd)
	for i in 1 2 3 4 5; do
		in_place cp -p "/run/certauth/sessions/$id" \
			"/run/certauth/sessions/${i}0000000000000000000000000000000"
	done
	resident_start
	run in_place strace -f -e trace=connect -o "$S/connects" "$CERTAUTH" sessions check
	resident_stop
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c 'verifier\.1\.sock' "$S/connects")" -eq 2 ]
	run sessions
	[ "$(grep -c ' alice .* ok ' <<<"$output")" -eq 6 ]
	# another host is another question: a line may say from where (certauth-users(5))
	in_place python3 "$HERE/tests/lib/sessionrecord.py" "/run/certauth/sessions/$id" rhost=192.0.2.9
	resident_start
	run in_place strace -f -e trace=connect -o "$S/connects" "$CERTAUTH" sessions check
	resident_stop
	[ "$(grep -c 'verifier\.1\.sock' "$S/connects")" -eq 3 ]
}

@test "a resident verifier judges no session for a user" {
	resident_start
	run as_user alice python3 - <<-'END'
		import socket, os
		def field(tag, value): return bytes([tag]) + len(value).to_bytes(3, 'big') + value
		def number(n): return n.to_bytes(8, 'big')
		s = socket.socket(socket.AF_UNIX)
		s.connect('/run/certauth/verifier.1.sock')
		assert s.recv(1) == b'\1'
		args = field(1, number(5)) + field(2, os.urandom(16)) + field(3, b'sshd\0')
		s.sendall(bytes([1, 0]) + len(args).to_bytes(3, 'big') + args)
		seen = b''
		while True:
		    part = s.recv(4096)
		    if not part: break
		    seen += part
		# a line of the log, and no READY
		assert b'open sessions for root' in seen, seen
		assert seen[0] == 5
		print('refused')
	END
	resident_stop
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = refused ]
}

@test "the other ways out: a CA of the chain, a line that refuses, another login, another service" {
	local pki=$PKI print
	print=sha256:$(pki_sha256 "$PKI/alice.pem")
	ssh_as alice alice "$STAY"
	recorded 1
	state() { session_field alice sshd state; }
	[ "$(state)" = ok ]
	users "! $print" "alice $print"
	[ "$(state)" = refused ]
	users "bob $print"
	[ "$(state)" = other-user ]
	users "alice $print service=su"
	[ "$(state)" = unmapped ]
	users "alice $print from=192.0.2.0/24"
	[ "$(state)" = unmapped ]
	users "alice $print service=sshd from=127.0.0.0/8"
	[ "$(state)" = ok ]
	rm -rf "$S/revoke"
	mkdir "$S/revoke" && cp -a "$PKI/." "$S/revoke/"
	pki_use "$S/revoke"
	pki_revoke root inter
	pki_crl root
	pki_use "$pki"
	cp "$S/revoke/root.crl" "$S/etc/certauth/crl/now.crl"
	logind_knows 1 2001 alice "$(session_pid alice sshd)"
	[ "$(state)" = revoked ]
	run sessions check
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(logind_calls)" = 'terminate 1' ]
	recorded 0
}
