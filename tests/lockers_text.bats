#!/usr/bin/env bats
# Screen lockers that show the questions of the module, each on a screen of its own,
# unlocked by a card: granted, refused, and with the card pulled.
# shellcheck disable=SC2030,SC2031,SC2154 # variables are those of the test
bats_require_minimum_version 1.5.0
load lib/common
load lib/cards
load lib/desktop

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	desktop_place
}
teardown_file() { desktop_leave; }

setup() { desktop_begin; }
teardown() { desktop_end; }

# ---- xscreensaver: each prompt beside its field, each message on a page ----

xscreensaver_asks() {
	presses Shift_L
	shown_now 1 'ECHO_OFF="'
}

xscreensaver_start() {
	need_programs xscreensaver xscreensaver-command Xvfb xdotool import
	locker xscreensaver
	printf 'mode:\tblank\nlock:\tTrue\nsplash:\tFalse\nverbose:\tTrue\nfade:\tFalse\n' \
		>"$S/home/alice/.xscreensaver"
	chown 2001 "$S/home/alice/.xscreensaver"
	display_start
	start xscreensaver --no-splash
	until_true as_alice xscreensaver-command -time
	as_alice xscreensaver-command -lock
	until_true xscreensaver_is locked
	until_true xscreensaver_asks
}

xscreensaver_is() { as_alice xscreensaver-command -time | grep -qE "screen $1 since"; }
xscreensaver_stop() {
	as_alice xscreensaver-command -exit
	until_true has_ended
}

@test "xscreensaver: \"PIN for TOKEN\" beside the field, and the PIN unlocks it" {
	card_piv card 9a=p256
	xscreensaver_start
	shown 1 'ECHO_OFF="PIN for p256: "'
	picture xscreensaver-pin
	types 123456
	until_true xscreensaver_is non-blanked
	logged 'pam_certauth\(xscreensaver:auth\): outcome=granted'
	said_nothing
	xscreensaver_stop
}

@test "xscreensaver: a wrong PIN is said, and asked for again; another certificate stays out" {
	card_piv card 9a=p256
	users 'bob email:nobody@corp.example'
	xscreensaver_start
	shown 1 'ECHO_OFF="PIN for p256: "'
	types 999999
	shown 1 'ERROR_MSG="Wrong PIN for "p256"."'
	picture xscreensaver-wrong
	presses Return
	shown 2 'ECHO_OFF="PIN for p256: "'
	types 123456
	refused unmapped
	xscreensaver_is locked
	map p256 rsa2048
	said_nothing
}

@test "xscreensaver: a pulled card: the password's field, and no request" {
	card_piv card 9a=p256
	card_pull card
	xscreensaver_start
	shown 1 'ECHO_OFF="Password: "'
	picture xscreensaver-password
	logged 'outcome=denied reason=no-credential'
	# the card leaves while its PIN is asked for
	types wrong
	card_insert card
	shown 1 'ECHO_OFF="PIN for p256: "' || presses Shift_L
	shown 1 'ECHO_OFF="PIN for p256: "'
	card_pull card
	types 123456
	shown 1 'was removed'
	xscreensaver_is locked
	not_logged outcome=granted
	said_nothing
}

# ---- xsecurelock: the prompt above the field ----

xsecurelock_start() {
	need_programs xsecurelock Xvfb xdotool import
	locker xsecurelock
	display_start
	rm -f "$S/tmp/ready"
	DESKTOP_ENV="$DESKTOP_ENV XSECURELOCK_PAM_SERVICE=xsecurelock
		XSECURELOCK_NO_COMPOSITE=1"
	start xsecurelock -- touch /tmp/ready
	until_true in_place test -e /tmp/ready
	presses Shift_L
}

@test "xsecurelock: the prompt is above the field, and the PIN unlocks it" {
	card_piv card 9a=p256
	xsecurelock_start
	asks
	picture xsecurelock-pin
	types 123456
	ended 0
	logged 'pam_certauth\(xsecurelock:auth\): outcome=granted'
}

@test "xsecurelock: a wrong PIN, then a pulled card, leave it locked" {
	card_piv card 9a=p256
	xsecurelock_start
	asks
	card_mark card
	types 999999
	until_true eval "card_log card | grep -q '^verify '"
	asks
	picture xsecurelock-wrong
	locked
	card_pull card
	presses Return
	presses Escape
	locked
	not_logged outcome=granted
}
