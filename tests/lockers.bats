#!/usr/bin/env bats
# Screen lockers that show a ring and no text, each on a screen of its own, unlocked by a
# card: granted, refused, and with the card pulled.
# shellcheck disable=SC2030,SC2031,SC2154 # variables are those of the test
bats_require_minimum_version 1.5.0
load lib/common
load lib/cards
load lib/desktop
load lib/sessions

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	desktop_place
}
teardown_file() { desktop_leave; }

setup() { desktop_begin; }
teardown() { desktop_end; }

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
	said_nothing
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

@test "i3lock: the last try of a PIN is left, because i3lock cannot say yes" {
	card_piv card 9a=p256 tries=1
	i3lock_start
	card_mark card
	types 123456
	refused helper
	[ "$(card_log card | grep -c '^verify ')" -eq 0 ]
	logged 'it would have been the last try'
	said_nothing
}

@test "i3lock: a revoked certificate leaves it locked" {
	card_piv card 9a=p256
	revoke_now p256
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
	export WAYLAND=1
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
	said_nothing
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
