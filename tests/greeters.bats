#!/usr/bin/env bats
# A real greeter, lightdm with its GTK greeter, on a screen of its own: a login by a
# card, refused ones, and the card pulled.  lightdm runs as root in the place; it finds
# a bus and a logind there that are the test's.
# shellcheck disable=SC2030,SC2031,SC2154 # variables are those of the test
bats_require_minimum_version 1.5.0
load lib/common
load lib/cards
load lib/desktop
load lib/logind

GREETER_DEBS=${GREETER_DEBS:-$HERE/build/deps/greeter}

setup_file() {
	[ "$(id -u)" -eq 0 ] && [ -e "$GREETER_DEBS/complete" ] || return 0 # see setup
	desktop_place
	[ -z "$(cards_has pcscd)$(cards_has opensc)" ] || return 0
	lightdm_place
}
teardown_file() { desktop_leave; }

setup() {
	need_root
	[ -e "$GREETER_DEBS/complete" ] || skip 'no lightdm here (make check SERVICES=yes)'
	cards_need pcscd opensc
	need_programs Xvfb xdotool import
	need_logind
	cards_modules opensc
	chmod -R a+rX "$CARDS/modules"
	map p256 rsa2048
	rm -rf "$S/home/alice/session" "$L/log" "$L/run"
	mkdir -p "$L/log" "$L/run"
	log_mark
}

teardown() {
	screen_stop
	[ ! -e "${S:-}/bus.pid" ] || logind_stop
	[ ! -e "${CARDS:-}/card/pid" ] || card_stop card
}

# lightdm_place: lightdm, unpacked, and what it reads
lightdm_place() {
	local deb dir
	export L=$S/lightdm
	mkdir -p "$L"/{cache,sessions,greeters,root} "$S/home/lightdm/.cache/lightdm-gtk-greeter"
	for deb in "$GREETER_DEBS"/*.deb; do
		dpkg-deb -x "$deb" "$L/root" || return
	done
	# what a lightdm of the machine has stays as it is
	for dir in /var/lib/lightdm /var/lib/lightdm-data /var/cache/lightdm; do
		[ ! -d "$dir" ] || in_place mount -t tmpfs none "$dir" || return
	done
	sed -i '/^lightdm:/d' "$S/etc/passwd" "$S/etc/group" "$S/etc/shadow"
	echo "lightdm:x:2970:2970::$S/home/lightdm:/bin/false" >>"$S/etc/passwd"
	echo 'lightdm:x:2970:' >>"$S/etc/group"
	echo 'lightdm:*:19000:0:99999:7:::' >>"$S/etc/shadow"
	# the greeter begins with this user, as with the last one that logged in
	printf '[greeter]\nlast-user=alice\nlast-session=test\n' \
		>"$S/home/lightdm/.cache/lightdm-gtk-greeter/state"
	chown -R 2970:2970 "$S/home/lightdm" "$L/cache"
	rm -rf "$S/etc/lightdm"
	cp -r "$L/root/etc/lightdm" "$S/etc/"
	rm -rf "$S/etc/lightdm/lightdm.conf.d"
	cat >"$S/etc/lightdm/lightdm.conf" <<-END
		[LightDM]
		start-default-seat=true
		greeter-user=lightdm
		minimum-display-number=5
		log-directory=$L/log
		run-directory=$L/run
		cache-directory=$L/cache
		sessions-directory=$L/sessions
		greeters-directory=$L/greeters
		backup-logs=false
		[Seat:*]
		type=local
		xserver-command=$L/x
		greeter-session=gtk
		user-session=test
		session-wrapper=/usr/bin/env
		allow-guest=false
	END
	cat >"$L/x" <<-'END'
		#!/bin/sh
		exec Xvfb "$1" -screen 0 800x600x24 -nolisten tcp -nolisten local -nolock -ac
	END
	cat >"$L/greeter" <<-END
		#!/bin/sh
		LD_LIBRARY_PATH=$(echo "$L"/root/usr/lib/*-linux-gnu*) NO_AT_BRIDGE=1 \\
			exec $L/root/usr/sbin/lightdm-gtk-greeter
	END
	cat >"$L/session" <<-'END'
		#!/bin/sh
		env >"$HOME/session"
		exec sleep 600
	END
	chmod 755 "$L/x" "$L/greeter" "$L/session"
	printf '[Desktop Entry]\nName=Test\nExec=%s\nType=Application\n' "$L/session" \
		>"$L/sessions/test.desktop"
	printf '[Desktop Entry]\nName=GTK\nExec=%s\nType=Application\n' "$L/greeter" \
		>"$L/greeters/gtk.desktop"
	# the example; no real logind is there to open a session
	sed "/pam_systemd/d; /proof=/s|pam_certauth.so|$MODULE ${CERTAUTH_VERIFIER:-verifier=spawn} helper=$HELPER pkcs11=yes|
		/proof=/!s|pam_certauth.so|$MODULE|" "$HERE/etc/pam.d/greeter" >"$S/etc/pam.d/lightdm"
	printf '%s required pam_permit.so\n' auth account session >"$S/etc/pam.d/lightdm-greeter"
}

# said N TEXT: before long lightdm has logged that N times
said_now() { grep -E -- "$2" "$L/log/lightdm.log" 2>/dev/null | sed -n "$1p" | grep -q .; }
said() { until_true said_now "$@" || { tail -n 40 "$L/log/lightdm.log"; return 1; }; }

greeter_start() {
	logind_start
	background lightdm in_place env PATH="$L/root/usr/sbin:$PATH" lightdm --debug \
		--config /etc/lightdm/lightdm.conf
	export DISPLAY_NUMBER=:5
	said 1 'Greeter start authentication for alice'
	said 1 'Prompt greeter with 1 message'
	until_true greeter_shows
}

greeter_shows() {
	on_display xdotool search --onlyvisible --class lightdm-gtk-greeter >"$S/windows" 2>&1
}

no_session() { [ ! -e "$S/home/alice/session" ]; }

@test "lightdm: the PIN opens a session" {
	card_piv card 9a=p256
	greeter_start
	asks
	picture lightdm-pin
	types 123456
	said 1 'Authenticate result for user alice: Success'
	until_true test -s "$S/home/alice/session" || {
		tail -n 40 "$L/log/lightdm.log"
		return 1
	}
	logged 'pam_certauth\(lightdm:auth\): outcome=granted'
	grep -q '^CERTAUTH_SUBJECT=' "$S/home/alice/session"
	grep -q '^USER=alice$' "$S/home/alice/session"
}

@test "lightdm: a wrong PIN is said and asked for again; another certificate stays out" {
	card_piv card 9a=p256
	users 'bob email:nobody@corp.example'
	greeter_start
	asks
	card_mark card
	types 999999
	# the message and the next question
	said 3 'Prompt greeter with 1 message'
	asks
	picture lightdm-wrong
	[ "$(card_log card | grep -c '^verify ')" -eq 1 ]
	types 123456
	# then the stack asks for the password
	said 4 'Prompt greeter with 1 message'
	picture lightdm-password
	logged 'pam_certauth\(lightdm:auth\): outcome=denied reason=unmapped'
	types wrong
	said 1 'Authenticate result for user alice: Authentication failure'
	no_session
	not_logged outcome=granted
}

@test "lightdm: without the card, the password; pulled while its PIN is asked, the same" {
	card_piv card 9a=p256
	card_pull card
	greeter_start
	logged 'pam_certauth\(lightdm:auth\): outcome=denied reason=no-credential'
	card_insert card
	types wrong
	said 1 'Authenticate result for user alice: Authentication failure'
	asks
	card_pull card
	types 123456
	until_true helper_was_lost
	no_session
	not_logged outcome=granted
}

helper_was_lost() { log_lines | grep -q 'outcome=denied reason=helper'; }
