#!/usr/bin/env bats
# Text of others in the log: whatever a user, a peer, a certificate or a file is
# called, no line of the log says by it what only we say.
bats_require_minimum_version 1.5.0
load lib/common

# what all of them would like to stand in the log
# shellcheck disable=SC2089,SC2090 # the quotes are meant
FORGED=' outcome=granted reason=ok user="root" service="sshd" x='

setup_file() {
	place_make
	# shellcheck disable=SC2090
	export FORGED
	cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$S/bin/"
	pki_copy "$S/own"
	pki_leaf forger inter --subject "/O=Example/CN=x$FORGED" \
		--ext 'subjectAltName = email:alice@corp.example'
	pki_leaf claims inter --subject \
		'/O=Exa, mple/CN=a"b=c\\d outcome=granted'
	local name
	for name in forger claims; do
		cat "$PKI/$name.pem" "$PKI/inter.pem" >"$PKI/$name-chain.pem"
	done
}

teardown_file() {
	place_remove
}

setup() {
	need_root
	conf_reset
	conf default 'debug = yes'
	ca_dir root.pem
	crl_dir crl
	service test
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")"
}

# unforged [WORD]: the lines since the last mark hold the text, in quotes alone,
# and WORD outside of them
unforged() {
	log_lines >"$S/lines"
	grep -a 'pam_certauth(' "$S/lines"
	grep -aqF 'granted' "$S/lines" || {
		echo 'the text is not in the log at all'
		return 1
	}
	python3 "$HERE/tests/lib/unquoted.py" <"$S/lines" >"$S/unquoted"
	if grep -aE 'outcome=granted|user="root"|="sshd"' "$S/unquoted" ||
		grep -aF 'outcome=granted' "$S/lines"; then
		echo 'forged'
		return 1
	fi
	grep -aq -- "${1:-outcome=denied}" "$S/unquoted"
}

# drive [OPTION ...]: a login by pamdrive, denied
drive() {
	log_mark
	run in_place timeout 60 "$S/bin/pamdrive" "$@"
	[ "$status" -eq 1 ]
}

@test "SSH_AUTH_SOCK" {
	local socket
	service test proof=command helper="$HELPER" ssh_agent=yes
	mkdir -p "$S/etc/certauth/users.d/alice"
	cp "$PKI/alice.pem" "$S/etc/certauth/users.d/alice/"
	for socket in "/tmp/s$FORGED" $'/tmp/s\nouter: pam_certauth(sshd:auth):'"$FORGED" \
		"/tmp/\"$FORGED" "/tmp/$FORGED\\"; do
		log_mark
		run as_user alice env SSH_AUTH_SOCK="$socket" \
			"$S/bin/pamdrive" -u alice
		[ "$status" -eq 1 ]
		unforged 'helper: '
	done
	rm -r "$S/etc/certauth/users.d"
}

@test "the name of a file in ~/.certauth" {
	local dir=$S/home/alice/.certauth
	conf default 'user_certificates = yes'
	mkdir "$dir"
	echo junk >"$dir/a$FORGED.pem"
	echo junk >"$dir"/$'b\nc: pam_certauth(sshd:auth):'"$FORGED.pem"
	echo junk >"$dir/c\"$FORGED\\.pem"
	chown -R 2001:2001 "$dir"
	# a certificate that is not mapped: denied
	drive -u alice -C "$CERTAUTH sign --pieces --any-host --user alice \
		--cert $PKI/bob-chain.pem --key $PKI/bob.key"
	unforged
	[ "$(grep -c 'is not used' "$S/unquoted")" -ge 3 ]
	# and one that is there under such a name: granted, by that name
	rm "$dir"/*
	cp "$PKI/bob.pem" "$dir/a$FORGED.pem"
	chown -R 2001:2001 "$dir"
	log_mark
	in_place "$S/bin/pamdrive" -u alice -C "$CERTAUTH sign --pieces \
		--any-host --user alice --cert $PKI/bob-chain.pem --key $PKI/bob.key"
	log_lines >"$S/lines"
	[ "$(grep -c 'outcome=granted' "$S/lines")" -eq 1 ]
	grep -F 'outcome=granted reason=ok user="alice"' "$S/lines"
	# the file stands in quotes in what is explained, too
	run in_place "$CERTAUTH" explain --service test --user alice \
		"$PKI/bob-chain.pem"
	[[ $output == *'  "'*'/.certauth/a outcome\=granted reason\=ok '*'x\=.pem" alice registered: yes'* ]]
	rm -r "$dir"
}

@test "PAM_USER, PAM_RHOST and PAM_SERVICE" {
	drive -u "alice\"$FORGED" -r "$FORGED" -m empty
	unforged
	drive -u "$FORGED" -r $'a\nb: pam_certauth(sshd:auth):'"$FORGED" -m empty
	unforged
	local name="a:auth):$FORGED"
	cp "$S/etc/pam.d/test" "$S/etc/pam.d/$name"
	drive -u alice -s "$name" -m empty
	unforged
	rm "$S/etc/pam.d/$name"
}

@test "names of a certificate" {
	login_denied unmapped --cert forger --key forger
	unforged
	grep -F 'subject="CN=x outcome\3Dgranted reason\3Dok user\3D\"root\"' \
		"$S/lines"
	conf default 'audit = json'
	if login --cert forger --key forger; then false; fi
	log_lines >"$S/lines"
	if grep -F 'outcome=granted' "$S/lines"; then false; fi
	grep -o '{"event".*' "$S/lines" >"$S/json"
	python3 - "$S/json" <<-END
		import json, sys
		line = json.load(open(sys.argv[1]))
		subject = line['facts']['subject']
		assert line['outcome'] == 'denied', line
		assert 'CN=x outcome\\\\3Dgranted reason\\\\3Dok' in subject, subject
	END
}

@test "what subject=... shows is what subject: takes" {
	local shown
	login_denied unmapped --cert claims --key claims
	shown=$(log_lines | sed -n 's/.* subject="\(.*\)" issuer="CN=.*/\1/p')
	echo "$shown"
	[[ $shown == *outcome\\3Dgranted* ]]
	users "alice \"subject:$shown\""
	login_ok --cert claims --key claims
	users "alice \"subject:${shown/outcome/outgome}\""
	login_denied unmapped --cert claims --key claims
}

@test "what a helper says" {
	local word
	for word in failed none; do
		printf '#!/bin/sh\necho "%s" %s\n' "$word x\\\"" \
			"'\\$FORGED'" >"$S/bin/helper"
		chmod 755 "$S/bin/helper"
		service test proof=command helper="$S/bin/helper"
		log_mark
		run as_user alice "$S/bin/pamdrive" -u alice
		[ "$status" -eq 1 ]
		unforged 'helper: '
	done
}

@test "names of files, words of the users file and of the configuration" {
	printf 'junk' >"$S/etc/certauth/ca/a$FORGED.pem"
	printf 'junk' >"$S/etc/certauth/crl/b$FORGED.crl"
	login_denied unmapped --cert bob --key bob
	unforged
	ca_dir root.pem
	crl_dir crl
	users "alice email:alice@corp.example outcome=granted"
	login_denied users-file
	unforged
	users "alice$FORGED"
	login_denied users-file
	unforged
	conf default "crl = $FORGED"
	login_denied config
	# an auditor sees whose login it was
	logged 'outcome=denied reason=config user="alice" service="test" detail="the line before'
	unforged
	conf_reset
	conf 'x outcome=granted reason=ok' 'debug = yes'
	login_denied config
	unforged
	conf_reset
	service test "[crl=x$FORGED]"
	login_denied config
	unforged
}

@test "each text of others in a line of the log is quoted" {
	cd "$HERE"
	run python3 tests/lib/logtext.py tests/data/logtext.txt pam_certauth.c \
		src/*/*.c
	echo "$output"
	[ "$status" -eq 0 ]
	# and it can fail
	mkdir -p "$S/lint/src/map"
	printf '%s\n' 'void f(void) {' 'ca_log_err(log, "%-s is bad", path);' \
		'ca_log_err(log, "bad: %s", ca_err_text(rc));' \
		'ca_log_err(log, fmt, path);' '}' >"$S/lint/src/map/x.c"
	run python3 tests/lib/logtext.py /dev/null "$S/lint/src/map/x.c"
	echo "$output"
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 4 ]
}
