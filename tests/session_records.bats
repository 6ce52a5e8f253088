#!/usr/bin/env bats
# Records of logins and sessions: which are used, and what goes with them.  pamtester
# makes the login in one process and the session in another, as sshd does.
load lib/common
load lib/sessions

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	place_make
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" \
		"bob sha256:$(pki_sha256 "$PKI/bob.pem")"
	sessions_service test other
	RECORD=/run/certauth/sessions LOGIN_RECORD=/run/certauth/logins
	export RECORD LOGIN_RECORD
}
teardown_file() {
	place_remove
}

setup() {
	need_root
	conf_reset
	conf default 'sessions = yes' 'on_revoked = end' 'end_services = test'
	log_mark
	STAYING=
}
teardown() {
	[ -z "${STAYING:-}" ] || kill "$STAYING" 2>/dev/null || :
	[ -z "${S:-}" ] || {
		in_place rm -rf /run/certauth /run/sudo/ts
		crl_dir crl
	}
}

# a login, whose record is LOGIN_ID and can be put back
login_recorded() {
	login_ok
	LOGIN_ID=$(in_place ls "$LOGIN_RECORD")
	[ "${#LOGIN_ID}" -eq 32 ] || return
	in_place cp "$LOGIN_RECORD/$LOGIN_ID" "$S/login.saved"
}
tester() {
	in_place env ${CERTAUTH_PRELOAD:+LD_PRELOAD="$CERTAUTH_PRELOAD"} pamtester "$@"
}
again() { in_place install -m 600 "$S/login.saved" "$LOGIN_RECORD/$LOGIN_ID"; }
change() { # FILE NAME=VALUE ...
	in_place python3 "$HERE/tests/lib/sessionrecord.py" "$@"
}
# with_id ID: a session of alice's by that id
with_id() {
	log_mark
	tester -E "CERTAUTH_LOGIN_ID=$1" test alice open_session
}
refused() {
	with_id "$1"
	logged 'the session is not recorded'
	[ -z "$(in_place sh -c "ls $RECORD 2>/dev/null")" ]
}

# a session of alice's, of a process that stays: ID is its record, STAYING its process
session_recorded() {
	login_recorded
	with_id "$LOGIN_ID"
	ID=$(in_place ls "$RECORD")
	[ "${#ID}" -eq 32 ] || return
	sleep 600 3>&- 4>&- &
	STAYING=$!
	change "$RECORD/$ID" "pid=$STAYING" \
		"start=$(awk '{ print $22 }' "/proc/$STAYING/stat")"
}

@test "a login of more than ten minutes ago has no session" {
	local up
	up=$(cut -d. -f1 /proc/uptime)
	[ "$up" -gt 700 ] || skip 'this machine began less than 700 s ago'
	login_recorded
	change "$LOGIN_RECORD/$LOGIN_ID" "uptime=$((up - 601))"
	refused "$LOGIN_ID"
	again
	change "$LOGIN_RECORD/$LOGIN_ID" "uptime=$((up + 1000))"
	refused "$LOGIN_ID"
	again
	change "$LOGIN_RECORD/$LOGIN_ID" "uptime=$((up - 500))"
	with_id "$LOGIN_ID"
	recorded 1
}

@test "an id is no path" {
	login_recorded
	in_place install -m 600 "$S/login.saved" /run/certauth/x
	refused ../x
	in_place test -e /run/certauth/x
	refused "./$LOGIN_ID"
	refused "${LOGIN_ID}0"
	in_place test -e "$LOGIN_RECORD/$LOGIN_ID"
}

@test "a record of a login that cannot be removed is not used" {
	login_recorded
	in_place sh -ec "mount --bind $LOGIN_RECORD $LOGIN_RECORD
		mount -o remount,bind,ro $LOGIN_RECORD"
	refused "$LOGIN_ID"
	in_place umount "$LOGIN_RECORD"
	with_id "$LOGIN_ID"
	recorded 1
}

@test "a record of a login is for its service and user, and a file of root's alone" {
	login_recorded
	tester -E "CERTAUTH_LOGIN_ID=$LOGIN_ID" other alice open_session
	[ -z "$(in_place ls "$LOGIN_RECORD")" ]
	again
	tester -E "CERTAUTH_LOGIN_ID=$LOGIN_ID" test bob open_session
	again
	in_place chmod 604 "$LOGIN_RECORD/$LOGIN_ID"
	refused "$LOGIN_ID"
	again
	in_place chown 2001 "$LOGIN_RECORD/$LOGIN_ID"
	refused "$LOGIN_ID"
	in_place install -m 600 "$S/login.saved" /run/certauth/x
	in_place ln -s /run/certauth/x "$LOGIN_RECORD/$LOGIN_ID"
	refused "$LOGIN_ID"
	again
	with_id "$LOGIN_ID"
	recorded 1
	# and for one session
	in_place rm -r "$RECORD"
	refused "$LOGIN_ID"
}

@test "a folder that is a link, another user's or open to others is not used" {
	local make
	for make in "mkdir -m 700 elsewhere; ln -s elsewhere logins" \
		'mkdir -m 700 logins; chown 2001 logins' 'mkdir -m 750 logins' \
		'mkdir -m 701 logins' ': >logins' 'mkdir -m 700 logins; chmod 775 .' \
		'mkdir -m 700 logins; chown 2001 .'; do
		in_place sh -ec "mkdir -m 755 /run/certauth; cd /run/certauth; $make"
		login_ok
		logged 'the login is not recorded'
		[ "$(in_place sh -c 'ls /run/certauth/logins/ /run/certauth/elsewhere/ 2>/dev/null |
			grep -c "^[0-9a-f]\{32\}"')" -eq 0 ]
		in_place rm -r /run/certauth
	done
	login_recorded
}

@test "a later attempt of a transaction takes the record of its login away" {
	# the person answers once: the second one is refused
	run in_place python3 "$S/bin/login.py" --cert "$PKI/alice-chain.pem" \
		--key "$PKI/alice.key" -- \
		env ${CERTAUTH_PRELOAD:+LD_PRELOAD="$CERTAUTH_PRELOAD"} pamtester test alice authenticate authenticate
	[ "$status" -ne 0 ]
	logged 'outcome=granted'
	logged 'outcome=denied'
	[ -z "$(in_place ls "$LOGIN_RECORD")" ]
}

@test "a session that is closed has no record" {
	in_place python3 "$S/bin/login.py" --cert "$PKI/alice-chain.pem" --key "$PKI/alice.key" -- \
		env ${CERTAUTH_PRELOAD:+LD_PRELOAD="$CERTAUTH_PRELOAD"} pamtester test alice authenticate open_session close_session
	logged 'outcome=granted'
	not_logged 'not recorded|cannot be removed'
	[ "$(in_place ls "$LOGIN_RECORD" "$RECORD" | grep -c '^[0-9a-f]\{32\}')" -eq 0 ]
	in_place test -d "$RECORD"
}

@test "the id of a login stays in no environment" {
	# what the lines behind the module's hand to the session
	echo 'session optional pam_exec.so stdout /usr/bin/env' >>"$S/etc/pam.d/test"
	run in_place python3 "$S/bin/login.py" --cert "$PKI/alice-chain.pem" --key "$PKI/alice.key" -- \
		env ${CERTAUTH_PRELOAD:+LD_PRELOAD="$CERTAUTH_PRELOAD"} pamtester test alice authenticate open_session
	sessions_service test
	echo "$output"
	[ "$status" -eq 0 ]
	grep -q '^CERTAUTH_SHA256=' <<<"$output"
	[ "$(grep -c '^CERTAUTH_LOGIN_ID=' <<<"$output")" -eq 0 ]
	recorded 1
}

@test "a process that is not root's looks at no record" {
	local id=0123456789abcdef0123456789abcdef
	login_recorded
	log_mark
	as_user alice env ${CERTAUTH_PRELOAD:+LD_PRELOAD="$CERTAUTH_PRELOAD"} pamtester -E "CERTAUTH_LOGIN_ID=$id" test alice open_session
	not_logged 'not recorded'
	# and root's process does
	with_id "$id"
	logged 'the session is not recorded: CERTAUTH_LOGIN_ID names no login'
}

@test "old logins and what was not finished go, sessions do not" {
	local old=1123456789abcdef0123456789abcdef new=2123456789abcdef0123456789abcdef
	local later=3123456789abcdef0123456789abcdef
	session_recorded
	in_place sh -ec "touch -d '1 hour ago' $RECORD/$ID
		cd $LOGIN_RECORD; touch -d '1 hour ago' $old $old.new ../sessions/$old.new notes
		touch -d '1 hour' $later; : >$new; : >$new.new; : >../sessions/$new.new"
	run sessions
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *' alice '*' test '* ]]
	[ "$(in_place ls "$RECORD")" = "$new.new"$'\n'"$ID" ] ||
		[ "$(in_place ls "$RECORD")" = "$ID"$'\n'"$new.new" ]
	[ "$(in_place ls "$LOGIN_RECORD")" = "$new"$'\n'"$new.new"$'\n'notes ]
	# a login does it, too
	in_place touch -d '1 hour ago' "$LOGIN_RECORD/$old"
	login_ok
	in_place test ! -e "$LOGIN_RECORD/$old"
	in_place test -e "$LOGIN_RECORD/$new"
	kill -0 "$STAYING"
}

@test "another process, another boot, and a process that has ended: no session" {
	session_recorded
	in_place cp "$RECORD/$ID" "$S/session.saved"
	back() { in_place install -m 600 "$S/session.saved" "$RECORD/$ID"; }
	for what in "start=1" "boot=00000000-0000-0000-0000-000000000000" "pid=4194305"; do
		back
		change "$RECORD/$ID" "$what"
		run sessions
		echo "$what: $output"
		[ "$status" -eq 0 ]
		[[ $output == 'No session'* ]]
		[ -z "$(in_place ls "$RECORD")" ]
	done
	# of another namespace: what can be known of it is in its record
	back
	change "$RECORD/$ID" ns_ino=7 pid=4194305
	run sessions
	[[ $output == *' alice '* ]]
	run sessions end "$ID"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'another pid namespace'* ]]
	kill -0 "$STAYING"
	back
	run sessions end "$ID"
	echo "$output"
	[ "$status" -eq 0 ]
	gone "$STAYING"
}

@test "the timestamps of sudo of the user who logged in go, and no other file" {
	session_recorded
	in_place cp "$RECORD/$ID" "$S/session.saved"
	timestamps() {
		in_place sh -ec 'rm -rf /run/sudo; mkdir -p -m 711 /run/sudo; mkdir -m 700 /run/sudo/ts
			cd /run/sudo/ts; touch alice 2001 bob 2002 0 ../victim .hidden
			mkdir folder'
	}
	left() { in_place ls -A /run/sudo/ts | tr '\n' ' '; }
	end_it() { # NAME=VALUE ...
		in_place install -m 600 "$S/session.saved" "$RECORD/$ID"
		sleep 600 3>&- 4>&- &
		STAYING=$!
		change "$RECORD/$ID" "pid=$STAYING" \
			"start=$(awk '{ print $22 }' "/proc/$STAYING/stat")" "$@"
		run sessions end "$ID"
		echo "$output"
		[ "$status" -eq 0 ] || return
		gone "$STAYING"
	}
	kill "$STAYING"
	# a sudo of alice's, whose session is root's
	timestamps
	end_it account=root uid=0
	[ "$(left)" = '.hidden 0 2002 bob folder ' ]
	timestamps
	end_it user=../victim
	in_place test -e /run/sudo/victim
	end_it user=folder/../../victim
	in_place test -e /run/sudo/victim
	end_it user=.hidden
	end_it user=
	[ "$(left)" = '.hidden 0 2001 2002 alice bob folder ' ]
	in_place chown 2001 /run/sudo/ts
	end_it
	[ "$(left)" = '.hidden 0 2001 2002 alice bob folder ' ]
	in_place sh -ec 'cd /run/sudo; mv ts elsewhere; chown 0 elsewhere; ln -s elsewhere ts'
	end_it
	[ "$(in_place ls -A /run/sudo/elsewhere | tr '\n' ' ')" = '.hidden 0 2001 2002 alice bob folder ' ]
}

@test "end: a choice that is not exact ends nobody" {
	local print other
	session_recorded
	print=$(sessions --json | python3 -c 'import json, sys
print(json.load(sys.stdin)["sessions"][0]["sha256"])')
	[ "${#print}" -eq 64 ]
	other=${ID:0:8}0123456789abcdef01234567
	in_place cp "$RECORD/$ID" "$RECORD/$other"
	for choice in "${ID:0:8}" "--sha256=${print:0:62}" "--sha256=${print}00" --user=alic \
		--user=alicex "--sha256=${print:0:2}"; do
		run sessions end "$choice"
		echo "$choice: $output"
		[ "$status" -eq 2 ]
	done
	kill -0 "$STAYING"
	run sessions end "$ID"
	[ "$status" -eq 0 ]
	gone "$STAYING"
}

@test "check: by the files of now, once or twice" {
	session_recorded
	conf default 'on_unmapped = end'
	cp "$S/etc/certauth/users" "$S/users.saved"
	revoke_now bob
	run sessions check
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	# a users file that is half there, and is whole again
	: >"$S/etc/certauth/users"
	run sessions check
	cp "$S/users.saved" "$S/etc/certauth/users"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'looked at again in a minute'* ]]
	in_place test -e "$RECORD/$ID.state"
	run sessions check
	[ -z "$output" ]
	in_place test ! -e "$RECORD/$ID.state"
	# none at all
	rm "$S/etc/certauth/users"
	run sessions check
	cp "$S/users.saved" "$S/etc/certauth/users"
	[[ $output == *'cannot be judged'* ]]
	kill -0 "$STAYING"
	revoke_now alice
	run sessions check
	crl_dir crl
	echo "$output"
	[ "$status" -eq 0 ]
	gone "$STAYING"
	logged 'event=session outcome=ended reason=revoked user="alice" service="test"'
	# the next look clears what it left
	sessions check
	[ -z "$(in_place ls "$RECORD")" ]
}
