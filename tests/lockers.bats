#!/usr/bin/env bats
# Real screen lockers, each on a screen of its own, unlocked by a card: granted,
# refused, and with the card pulled.
# shellcheck disable=SC2030,SC2031,SC2154 # variables are those of the test
bats_require_minimum_version 1.5.0
load lib/common
load lib/cards
load lib/desktop

# a plain ! would not fail a test
not() { ! "$@"; }

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	desktop_place
}
teardown_file() { desktop_leave; }

setup() {
	need_root
	cards_need pcscd opensc
	cards_modules opensc
	chmod -R a+rX "$CARDS/modules"
	crl_dir crl
	chmod -R a+rX "$S/etc/certauth"
	log_mark
}

teardown() {
	screen_stop
	[ ! -e "${CARDS:-}/card/pid" ] || card_stop card
}

# locker NAME: its stack is that of the example, with a password that is right for
# nobody
locker() {
	sed "s|pam_certauth.so proof=command|$MODULE ${CERTAUTH_VERIFIER:-verifier=spawn} proof=command helper=$HELPER pkcs11=yes|
		/proof=/!s|pam_certauth.so|$MODULE|" "$HERE/etc/pam.d/screen-locker" >"$S/etc/pam.d/$1"
}

# refused REASON: the module has refused it, and the locker is still there
refused_now() { log_lines | grep -qE "outcome=denied reason=$1"; }
refused() {
	until_true refused_now "$1" || {
		log_lines
		return 1
	}
	locked
	not_logged outcome=granted
}

# said_nothing FILE: no part of a request, not even the word, was shown
said_nothing() { not grep -q certauth1 "$S/$1"; }

# shown COUNT TEXT: before long the locker has written that so often
shown_now() { [ "$(grep -cF -- "$2" "$S/started.out")" -ge "$1" ]; }
shown() { until_true shown_now "$@" || { cat "$S/started.out"; return 1; }; }

# ---- i3lock: a ring, and no text of the module ----

i3lock_ready() {
	presses ctrl+u
	grep -q 'C-u pressed' "$S/started.out"
}

i3lock_start() {
	need_programs i3lock Xvfb xdotool import
	locker i3lock
	display_start
	start i3lock --nofork --debug --color 336699
	until_true i3lock_ready
}

@test "i3lock: the PIN unlocks it" {
	card_piv card 9a=p256
	i3lock_start
	types 123456
	ended 0
	logged 'pam_certauth\(i3lock:auth\): outcome=granted'
	said_nothing started.out
}

@test "i3lock: a wrong PIN costs one try, although i3lock repeats it" {
	card_piv card 9a=p256 tries=3
	i3lock_start
	card_mark card
	types 999999
	refused helper
	picture i3lock-wrong
	[ "$(card_log card | grep -c '^verify ')" -eq 1 ]
	logged 'The same wrong PIN for .*was entered again'
	# the next PIN is another attempt
	until_true i3lock_ready
	types 123456
	ended 0
}

@test "i3lock: a revoked certificate leaves it locked" {
	card_piv card 9a=p256
	cp -a "$PKI/." "$S/revoke/" 2>/dev/null || { mkdir "$S/revoke"; cp -a "$PKI/." "$S/revoke/"; }
	pki_use "$S/revoke"
	pki_revoke inter p256
	pki_crl inter
	pki_use "$PKI"
	cp "$S/revoke/inter.crl" "$S/etc/certauth/crl/now.crl"
	chmod -R a+rX "$S/etc/certauth"
	i3lock_start
	types 123456
	refused revoked
}

@test "i3lock: without the card the password is asked, and refused" {
	card_piv card 9a=p256
	i3lock_start
	card_pull card
	types 123456
	refused no-credential
	logged 'password check failed for user \(alice\)'
	card_insert card
	until_true i3lock_ready
	types 123456
	ended 0
}

# ---- swaylock: the same on Wayland ----

# its colour is on the screen: it has the keyboard, too
swaylock_shows() {
	picture now
	[ "$(convert "$S/now.png" -format '%[hex:p{5,5}]' info: | cut -c1-6)" = 336699 ]
}

swaylock_start() {
	need_programs sway swaylock wtype grim convert
	WAYLAND=1
	locker swaylock
	compositor_start
	start swaylock --color 336699
	until_true swaylock_shows
}

# swaylock_done N: it has ended N attempts, and takes the next one
swaylock_done() { shown "$1" 'pam_authenticate failed'; }

@test "swaylock: the PIN unlocks it; a wrong one does not, and costs one try" {
	card_piv card 9a=p256 tries=3
	swaylock_start
	card_mark card
	w_types 999999
	refused helper
	swaylock_done 1
	picture swaylock-wrong
	[ "$(card_log card | grep -c '^verify ')" -eq 1 ]
	log_mark
	w_types 123456
	ended 0
	logged 'pam_certauth\(swaylock:auth\): outcome=granted'
	said_nothing started.out
}

@test "swaylock: an unmapped certificate, and a card that was pulled, leave it locked" {
	users 'bob email:nobody@corp.example'
	card_piv card 9a=p256
	swaylock_start
	w_types 123456
	refused unmapped
	swaylock_done 1
	map p256 rsa2048
	card_pull card
	log_mark
	w_types 123456
	refused no-credential
	swaylock_done 2
	logged 'password check failed for user \(alice\)'
	card_insert card
	log_mark
	w_types 123456
	ended 0
}

# ---- xscreensaver: each prompt beside its field, each message on a page ----

XSS=/usr/libexec/xscreensaver/xscreensaver-auth

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
	said_nothing started.out
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
	said_nothing started.out
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
	said_nothing started.out
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
