#!/usr/bin/env bats
# certauth doctor: are open sessions recorded, and looked at again?
# shellcheck disable=SC2030,SC2031 # output is that of the test
bats_require_minimum_version 1.5.0
load lib/common

# a plain ! would not fail a test
not() { ! "$@"; }

setup_file() {
	place_make
	resident_stop
	spawn_only
}
teardown_file() { place_remove; }

LINE='session optional pam_certauth.so'

setup() {
	need_root
	rm -rf "$S/etc/pam.d/"* "$S/etc/pam.conf" "$S/fake"
	mkdir -p "$S/etc/pam.d" "$S/fake"
	printf 'auth required pam_deny.so\n' >"$S/etc/pam.d/other"
	conf_reset
	conf default 'sessions = yes'
	in_place rm -rf /run/systemd /run/certauth
	stack sshd "$(systemd)" "$(ours)"
}

systemd() { echo '-session optional pam_systemd.so'; }
ours() { echo "session optional $MODULE"; }

# stack NAME LINE ...: a service with a login by certificate, and these lines
stack() {
	local name=$1
	shift
	printf '%s\n' "auth required $MODULE" "account required $MODULE" \
		'session required pam_unix.so' "$@" >"$S/etc/pam.d/$name"
}

# doctor [OPTION ...]: what concerns services and their sessions
doctor() {
	run --separate-stderr in_place env "PATH=$S/fake:$PATH" "$CERTAUTH" doctor \
		--skip files --skip host --skip ca --skip crl --skip timer --skip ocsp \
		--skip directory --skip users --skip ldap --skip registered \
		--skip password --skip sshd --skip verifier --skip clock "$@"
	echo "$output"
}

# finds LEVEL CODE TEXT: with why and mend, and doctor finds nothing else
finds() {
	local want=0
	[ "$1" != warning ] || want=1
	[ "$1" != error ] || want=2
	doctor
	grep -F "$1 $2: " <<<"$output" | grep -qF -- "$3"
	grep -A2 "^$1 $2: " <<<"$output" | grep -q '^    why:  ...'
	grep -A2 "^$1 $2: " <<<"$output" | grep -q '^    mend: ...'
	[ "$status" -eq "$want" ]
	not grep -qvE "^ |^note libcrypto|^$1 $2: |^[0-9]+ error" <<<"$output"
}
mend() { grep -A2 "^[a-z]* $1: " <<<"$output" | sed -n 's/^    mend: //p' | head -n1; }

# none: doctor finds nothing
none() {
	doctor
	[ "$status" -eq 0 ]
	not grep -qvE '^ |^note libcrypto|^0 errors, 0 warnings$' <<<"$output"
}

@test "a set-up without faults: no finding" {
	none
	# su and sudo run in the session outside
	stack su "$(ours)"
	stack sudo-i "$(ours)"
	none
	doctor --json
	python3 -c 'import json, sys
assert "sessions" not in {f["check"] for f in json.load(sys.stdin)["findings"]}' <<<"$output"
}

@test "no session line: the file is named, and the line to add" {
	stack sshd "$(systemd)"
	finds warning sessions-line '/etc/pam.d/sshd has an auth line of pam_certauth.so with sessions = yes, but no session line of it'
	[ "$(mend sessions-line)" = "add the line \`$LINE' behind the other session lines of /etc/pam.d/sshd" ]
	doctor --json
	[[ $output == *'"check":"sessions","code":"sessions-line","level":"warning"'* ]]
	# what the mend says
	ours >>"$S/etc/pam.d/sshd"
	none
	# without pam_systemd, if it is one of end_services
	stack sshd
	finds warning sessions-line /etc/pam.d/sshd
	conf default 'sessions = yes' 'end_services = login'
	none
	# a greeter, which nobody has to name
	stack lightdm "$(systemd)"
	sed -i '1s/$/ proof=password/; 1i auth requisite pam_nologin.so' "$S/etc/pam.d/lightdm"
	finds warning sessions-line /etc/pam.d/lightdm
	doctor --skip sessions
	[ "$status" -eq 0 ]
	not grep -q sessions-line <<<"$output"
}

@test "a service that records nothing needs no session line" {
	local name
	conf_reset
	conf sshd 'sessions = yes'
	stack login "$(systemd)"
	none
	conf login 'sessions = yes'
	finds warning sessions-line /etc/pam.d/login
	# an argument of the auth line
	conf_reset
	stack login "$(systemd)"
	sed -i '1s/$/ sessions=yes/' "$S/etc/pam.d/login"
	rm "$S/etc/pam.d/sshd"
	finds warning sessions-line /etc/pam.d/login
	# that of the session line has no effect
	sed -i '1s/ sessions=yes//' "$S/etc/pam.d/login"
	echo "$(ours) sessions=yes" >>"$S/etc/pam.d/login"
	finds note pam-session '/etc/pam.d/login:5: pam_certauth.so is in a session stack, but no service with that line has sessions = yes'
	# an audit grants no login
	stack login "$(systemd)"
	sed -i '1s/$/ sessions=yes mode=audit/; 1s/required/optional/' "$S/etc/pam.d/login"
	doctor
	not grep -q 'sessions-' <<<"$output"
	rm "$S/etc/pam.d/login"
	# programs that include common-session, and in which nobody works
	conf default 'sessions = yes'
	stack sshd "$(ours)"
	for name in polkit-1 cups chfn chsh; do
		stack "$name" "$(systemd)"
	done
	# nobody's session: a screen locker, a mail server
	stack swaylock
	sed -i '1s/$/ proof=password/' "$S/etc/pam.d/swaylock"
	stack dovecot
	none
}

@test "the session line stands before pam_systemd, also in an included file" {
	stack sshd "$(ours)" 'session optional pam_motd.so' "$(systemd)"
	finds warning sessions-order '/etc/pam.d/sshd:4: the session line of pam_certauth.so stands before that of pam_systemd.so, /etc/pam.d/sshd:6'
	[ "$(mend sessions-order)" = 'move the line /etc/pam.d/sshd:4 behind the line /etc/pam.d/sshd:6' ]
	# the first of two lines takes the login
	stack sshd "$(ours)" "$(systemd)" "$(ours)"
	finds warning sessions-order '/etc/pam.d/sshd:4: '
	{ systemd; echo 'session required pam_unix.so'; } >"$S/etc/pam.d/common-session"
	stack sshd "$(ours)" '@include common-session'
	finds warning sessions-order '/etc/pam.d/sshd:4: the session line of pam_certauth.so stands before that of pam_systemd.so, /etc/pam.d/common-session:1'
	stack sshd '@include common-session' "$(ours)"
	none
	stack sshd 'session substack common-session' "$(ours)"
	none
	stack sshd "$(ours)" 'session include common-session'
	finds warning sessions-order '/etc/pam.d/common-session:1'
	# once, for a file that several services have
	ours >"$S/etc/pam.d/common-session"
	systemd >>"$S/etc/pam.d/common-session"
	stack sshd '@include common-session'
	stack login '@include common-session'
	finds warning sessions-order '/etc/pam.d/common-session:1: '
	[ "$(grep -c sessions-order <<<"$output")" -eq 1 ]
	# a service that records nothing
	conf_reset
	finds note pam-session /etc/pam.d/common-session:1
}

@test "pam-auth-update's files: its profile is named" {
	printf 'auth [success=1 default=ignore] %s\nauth requisite pam_deny.so\nauth required pam_permit.so\n' \
		"$MODULE" >"$S/etc/pam.d/common-auth"
	systemd >"$S/etc/pam.d/common-session"
	printf '@include common-auth\naccount required %s\n@include common-session\n' \
		"$MODULE" >"$S/etc/pam.d/sshd"
	finds warning sessions-line '/etc/pam.d/sshd has an auth line'
	[[ "$(mend sessions-line)" == "run \`pam-auth-update --enable certauth-sessions', or add the line"* ]]
	[ -s "$HERE/packaging/pam-configs/certauth-sessions" ]
	ours >>"$S/etc/pam.d/common-session"
	none
}

@test "pam.conf, if there is no pam.d" {
	mv "$S/etc/pam.d" "$S/etc/pam.off"
	printf '%s\n' "su auth required $MODULE" "su account required $MODULE" \
		'su session required pam_unix.so' >"$S/etc/pam.conf"
	doctor
	mv "$S/etc/pam.off" "$S/etc/pam.d"
	[ "$status" -eq 1 ]
	grep -qF 'warning sessions-line: /etc/pam.conf (su) has an auth line' <<<"$output"
}

@test "a session line in vain is a note" {
	local name
	conf_reset
	finds note pam-session '/etc/pam.d/sshd:5: pam_certauth.so is in a session stack'
	[[ "$(mend pam-session)" == 'set sessions = yes in certauth.conf, or remove the line /etc/pam.d/sshd:5' ]]
	# one file of many services: one of them records
	conf sshd 'sessions = yes'
	ours >"$S/etc/pam.d/common-session-noninteractive"
	stack sshd "$(systemd)" '@include common-session-noninteractive'
	for name in cron xdm; do # before and behind it
		printf '%s\n' 'auth required pam_unix.so' \
			'@include common-session-noninteractive' >"$S/etc/pam.d/$name"
	done
	none
}

# units UNIT ...: systemd runs, and these are active
units() {
	in_place mkdir -p /run/systemd/system
	{
		echo '#!/bin/sh'
		echo "echo \"\$*\" >>$S/fake/asked"
		printf '[ "$*" != "is-active --quiet %s" ] || exit 0\n' "$@"
		echo 'exit 3'
	} >"$S/fake/systemctl"
	chmod 755 "$S/fake/systemctl"
}

@test "the units that check open sessions are not active" {
	units certauth-other.path
	finds warning sessions-path-off 'sessions are recorded, but certauth-sessions.path and certauth-sessions.timer are not active'
	[ "$(mend sessions-path-off)" = 'systemctl enable --now certauth-sessions.path certauth-sessions.timer' ]
	units certauth-sessions.timer
	finds warning sessions-path-off 'but certauth-sessions.path is not active'
	units certauth-sessions.path
	finds warning sessions-path-off 'but certauth-sessions.timer is not active'
	units certauth-sessions.path certauth-sessions.timer
	none
	# the units of the names that are asked about are installed
	[ -s "$HERE/packaging/systemd/certauth-sessions.path" ]
	[ -s "$HERE/packaging/systemd/certauth-sessions.timer" ]
	# where nothing is recorded, nobody asks
	units certauth-other.path
	conf_reset
	rm "$S/fake/asked"
	stack sshd "$(systemd)"
	none
	[ ! -e "$S/fake/asked" ]
	# without PAM's configuration, certauth.conf decides
	doctor --skip pam
	[ "$status" -eq 0 ]
	conf sshd 'sessions = yes'
	doctor --skip pam
	[ "$status" -eq 1 ]
	grep -q '^warning sessions-path-off' <<<"$output"
}

@test "the folders of the records are not root's alone" {
	local dir
	in_place mkdir -p -m 755 /run/certauth
	none
	in_place mkdir -m 700 /run/certauth/logins /run/certauth/sessions
	none
	for dir in logins sessions; do
		in_place chmod 750 /run/certauth/$dir
		finds error sessions-folder "/run/certauth/$dir gives rights to other users"
		[ "$(mend sessions-folder)" = "chown root /run/certauth/$dir; chmod 700 /run/certauth/$dir" ]
		in_place sh -c "$(mend sessions-folder)"
		none
		in_place chown 2001 /run/certauth/$dir
		finds error sessions-folder "/run/certauth/$dir does not belong to root"
		in_place sh -c "$(mend sessions-folder)"
		none
		in_place rmdir /run/certauth/$dir
		in_place ln -s /tmp /run/certauth/$dir
		finds error sessions-folder "/run/certauth/$dir is not a directory"
		[ "$(mend sessions-folder)" = "remove /run/certauth/$dir; the next login makes the directory" ]
		in_place rm /run/certauth/$dir
	done
	in_place chmod 775 /run/certauth
	finds error sessions-folder '/run/certauth can be changed by other users'
	in_place sh -c "$(mend sessions-folder)"
	none
	# without records, their folders do not matter
	in_place mkdir -m 755 /run/certauth/sessions
	conf_reset
	stack sshd "$(systemd)"
	none
}
