#!/usr/bin/env bats
# certauth doctor: greeters and screen lockers, which show one field.
# shellcheck disable=SC2030,SC2031 # output is that of the test
bats_require_minimum_version 1.5.0
load lib/common

# a plain ! would not fail a test
not() { ! "$@"; }

setup_file() { place_make; }
teardown_file() { place_remove; }

setup() {
	rm -rf "$S/etc/pam.d/"*
	printf 'auth required pam_deny.so\n' >"$S/etc/pam.d/other"
	conf_reset
}

# stack NAME [ARG ...]: that service, with the arguments in the module's line
stack() {
	local name=$1
	shift
	printf '%s\n' 'auth requisite pam_nologin.so' "auth sufficient $MODULE $*" \
		'auth required pam_unix.so' "account required $MODULE" >"$S/etc/pam.d/$name"
}

doctor() {
	run --separate-stderr in_place "$CERTAUTH" doctor --skip clock --skip files \
		--skip users --skip sshd --skip host --skip crl --skip ca \
		--skip timer --skip verifier
	echo "$output"
}

# finds TEXT: doctor reports that, with why and mend
finds() {
	doctor
	[ "$status" -ne 0 ]
	grep -F 'warning desk-conversation: ' <<<"$output" | grep -qF -- "$1"
	grep -A2 -F 'warning desk-conversation: ' <<<"$output" | grep -q '^    why:  ...'
}
mend() {
	grep -A2 '^[a-z]* desk-conversation: ' <<<"$output" | sed -n 's/^    mend: //p'
}
finds_no() {
	doctor
	not grep -q ' desk-conversation: ' <<<"$output"
	grep -q '^note libcrypto: ' <<<"$output"
}

@test "a conversation where there is one field: each greeter and locker of the table" {
	local name
	for name in gdm-password gdm-smartcard lightdm sddm greetd lxdm xdm ly; do
		stack "$name"
		finds "/etc/pam.d/$name:2: the greeter $name shows one field, and proof is conversation"
		[ "$(mend)" = "set proof = command in section [$name] of /etc/certauth/certauth.conf" ]
		rm "$S/etc/pam.d/$name"
	done
	for name in i3lock swaylock xscreensaver xsecurelock kde kscreenlocker \
		light-locker screen-locker xfce4-screensaver hyprlock; do
		stack "$name"
		finds "/etc/pam.d/$name:2: the screen locker $name shows one field, and proof is conversation"
		[ "$(mend)" = "set proof = command in section [$name] of /etc/certauth/certauth.conf" ]
		rm "$S/etc/pam.d/$name"
	done
}

@test "its advice removes it: in the section, or in the line" {
	stack i3lock
	finds 'proof is conversation'
	conf i3lock 'proof = command'
	finds_no
	# also after the command
	conf_reset
	conf default 'proof = command, conversation'
	finds 'the screen locker i3lock shows one field, and proof has conversation after command'
	conf_reset
	# the line outdoes the section
	conf i3lock 'proof = command'
	stack i3lock proof=conversation
	finds 'proof is conversation'
	[ "$(mend)" = 'write proof=command in the line /etc/pam.d/i3lock:2' ]
	stack i3lock proof=command
	finds_no
}

@test "a line that several services share: each has its section" {
	stack login proof=conversation
	echo 'auth include login' >"$S/etc/pam.d/i3lock"
	finds '/etc/pam.d/login:2: the screen locker i3lock shows one field'
	[[ "$(mend)" == 'remove the argument proof= from the line /etc/pam.d/login:2, set proof in the sections of its services in /etc/certauth/certauth.conf, and there proof = command in section [i3lock]' ]]
	stack login
	conf i3lock 'proof = command'
	finds_no
}

@test "a console, a shell and a locker on a terminal may have a conversation" {
	local name
	for name in login su sudo sshd vlock physlock cockpit gdmx i3lock-other; do
		stack "$name"
	done
	finds_no
}
