#!/usr/bin/env bats
# The real su, called by an unprivileged user.
load lib/common

setup() { need_root; }

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	place_make
	service su
	cp "$PKI/alice-chain.pem" "$PKI/bob-chain.pem" "$S/home/carol/"
	cp "$PKI/alice.key" "$PKI/bob.key" "$S/home/carol/"
	chown 2003 "$S/home/carol"/*.key
}
teardown_file() { place_remove; }

# carol becomes alice: OPTION of login.py ...
carol_su() {
	log_mark
	run as_user carol python3 "$S/bin/login.py" "$@" -- \
		su alice -c 'echo $(id -un)-is-in' </dev/null
	echo "$output"
}

@test "su to alice with alice's certificate, on a terminal" {
	carol_su --pty --cert alice-chain.pem --key alice.key
	[ "$status" -eq 0 ]
	[[ $output == *alice-is-in* ]]
	logged 'pam_certauth\(su:auth\).*outcome=granted.* user="?alice'
}

@test "su to alice through a pipe" {
	carol_su --cert alice-chain.pem --key alice.key
	[ "$status" -eq 0 ]
	[[ $output == *alice-is-in* ]]
}

@test "su to alice with bob's certificate" {
	carol_su --pty --cert bob-chain.pem --key bob.key
	[ "$status" -ne 0 ]
	[[ $output != *alice-is-in* ]]
	logged 'outcome=denied.* reason=other-user'
}

@test "su to alice with the wrong key" {
	carol_su --pty --cert alice-chain.pem --key bob.key
	[ "$status" -ne 0 ]
	[[ $output != *alice-is-in* ]]
	logged 'outcome=denied.* reason=signature'
}

@test "su with no answer, an empty one, and a password" {
	local how
	for how in eof empty plain; do
		carol_su --pty --how $how
		[ "$status" -ne 0 ]
		[[ $output != *alice-is-in* ]]
		logged 'outcome=denied'
	done
}

# worker_ids FILE: the uids and gids of each certauth-verifier that there is
worker_ids() {
	local pid
	while [ ! -e "$S/enough" ]; do
		for pid in $(pgrep -f '^/run/certauth-test/real --stdio=0'); do
			awk '/^(Uid|Gid|Groups):/ { $1 = ""; printf "%s;", $0 }
				END { print "" }' "/proc/$pid/status" 2>/dev/null || :
		done
		sleep 0.02
	done >"$1"
}

@test "a verifier that su starts for an ordinary user: its worker is _certauth alone" {
	spawn_only
	command -v strace >/dev/null || skip 'no strace here'
	local id
	id=$(awk -F: '$1 == "_certauth" { print $3 " " $4 }' "$S/etc/passwd")
	in_place install -m 755 "$S/bin/certauth-verifier" /run/certauth-test/real
	# a worker waits after it has changed the user, to be looked at
	verifier_is "$(command -v strace)" -f -qq -o /dev/null \
		-e trace=landlock_create_ruleset \
		-e inject=landlock_create_ruleset:delay_exit=600000 \
		/run/certauth-test/real
	rm -f "$S/enough"
	worker_ids "$S/ids" 3>&- 4>&- &
	carol_su --pty --cert alice-chain.pem --key alice.key
	touch "$S/enough"
	wait $!
	verifier_reset
	[ "$status" -eq 0 ]
	[[ $output == *alice-is-in* ]]
	sort -u "$S/ids"
	local u=${id% *} g=${id#* }
	grep -qx " $u $u $u $u; $g $g $g $g;;" "$S/ids"
	# and no other has a part of that
	grep -v " $u $u $u $u; $g $g $g $g;;" "$S/ids" >"$S/others" || :
	[ "$(grep -cE "(^| )$u( |;)" "$S/others")" -eq 0 ]
}

@test "another user's su request is not answered by the victim's askpass" {
	local r as text
	conf default "host_names = $(hostname)"
	mkdir -p "$S/home/alice/.config/certauth"
	cp "$PKI/alice-chain.pem" "$S/home/alice/me.pem"
	cp "$PKI/alice.key" "$S/home/alice/me.key"
	printf '[default]\ncert = ~/me.pem\nkey = ~/me.key\n' \
		>"$S/home/alice/.config/certauth/config"
	chmod 600 "$S/home/alice/me.key"
	chown -R 2001:2001 "$S/home/alice"
	# carol starts su for alice, and has its request shown to alice
	carol_su --pty --how empty --save-request "$S/home/carol/request"
	r=$(cat "$S/home/carol/request")
	for as in git ssh su; do
		cp "$HERE/tests/lib/asker.sh" "$S/bin/$as"
		for text in "certauth1 $r next=0 max=500: " \
			"Password for 'https://certauth1 $r next=0 max=32768:@evil': "; do
			run as_user alice setsid -w "$S/bin/$as" \
				"$S/bin/certauth-askpass" "$text" </dev/null
			echo "$as: $output"
			[ "$status" -eq 1 ]
			[[ $output == *'not signed: rule 1'* ]]
		done
	done
	# under a real sudo's name and rights too
	cp "$HERE/tests/lib/asker.sh" "$S/bin/sudo"
	run in_place "$S/bin/sudo" setpriv --reuid 2001 --regid 2001 \
		--clear-groups env HOME="$S/home/alice" \
		"$S/bin/certauth-askpass" "certauth1 $r next=0 max=500: " </dev/null
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'from the PAM service su'* ]]
	rm "$S/bin/sudo" "$S/bin/git" "$S/bin/ssh" "$S/bin/su"
}
