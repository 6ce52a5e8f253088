#!/usr/bin/env bats
# What a worker can do that was taken over: the verifier here has a worker that tries
# it, when a certificate tells it to (tests/takeover/hook.c), with the confinement
# that is installed.
load lib/common

setup_file() {
	place_make
	in_place install -m 755 "$CERTAUTH_BUILD/tests/takeover/certauth-verifier" \
		/run/certauth-test/certauth-verifier
	pki_use "$PKI"
}
teardown_file() { place_remove; }

setup() {
	need_root
	log_mark
}

# attack NAME: alice logs in with a certificate that makes the worker try NAME
attack() {
	[ -e "$PKI/$1.pem" ] || {
		pki_leaf "$1" inter --subject "/O=Example/OU=takeover-$1/CN=alice"
		cat "$PKI/$1.pem" "$PKI/inter.pem" >"$PKI/$1-chain.pem"
	}
	map "$1" alice
	status=0
	login --cert "$1" --key "$1" || status=$?
	log_lines | tee "$S/lines"
	# the attack was tried, and it was not done
	grep -q "takeover $1: begins" "$S/lines"
	if grep -q "takeover $1: done" "$S/lines"; then
		echo "$1 could be done"
		return 1
	fi
	# and the next login is unharmed
	cp "$S/lines" "$S/attack"
	login_ok
	cp "$S/attack" "$S/lines"
}

# killed: the worker was killed, and the login denied
killed() {
	attack "$1"
	[ "$status" -ne 0 ]
	grep -q 'outcome=denied reason=internal' "$S/lines"
	grep -qE 'certauth-verifier \((spawned|resident)\): .*; run: certauth doctor' "$S/lines"
	! grep -q "takeover $1: failed\|outcome=granted" "$S/lines" || return 1
}

# refused: the call failed, and the rest of the login is as ever
refused() {
	attack "$1"
	grep -qE "takeover $1: failed, .*($2)" "$S/lines"
	grep -q outcome=granted "$S/lines"
	[ "$status" -eq 0 ]
}

@test "files: none is written, none but those of the configuration is read" {
	killed open-write
	killed open-create
	[ ! -e /tmp/takeover ]
	refused read-shadow 'Permission denied'
	refused read-passwd 'Permission denied'
	refused read-environ 'Permission denied'
}

@test "the module opens nothing for it that the configuration does not name" {
	local name
	for name in ask-shadow ask-above; do
		attack "$name"
		[ "$status" -ne 0 ]
		grep -q 'which its configuration does not name' "$S/lines"
		grep -q 'outcome=denied reason=internal' "$S/lines"
	done
	attack ask-sign
	[ "$status" -ne 0 ]
	grep -q 'outcome=denied reason=internal' "$S/lines"
}

@test "no network, no other process, no program" {
	local name
	for name in connect-tcp connect-log fork exec signal-parent \
		signal-thread trace-parent send-other become-root; do
		killed "$name"
	done
	refused write-other 'not implemented|Bad file'
	refused more-time 'not implemented'
	refused exec-memory 'not permitted|Permission|not implemented'
}

@test "no more than its time and its memory" {
	killed spin
	refused allocate 'Cannot allocate'
	killed crash
}

@test "a worker that hangs is given up" {
	attack hang
	[ "$status" -ne 0 ]
	grep -q 'gave no verdict in time' "$S/lines"
	grep -q 'outcome=denied reason=internal' "$S/lines"
}

@test "answers that are none" {
	local name
	for name in answer-half answer-other answer-short answer-junk; do
		attack "$name" || {
			# to send it is no attack: what comes of it is
			grep -q "takeover $name: done" "$S/lines"
		}
		! grep -q 'outcome=granted' "$S/lines" || return 1
		grep -q 'outcome=denied reason=internal' "$S/lines"
	done
}

@test "a line with control characters is not logged" {
	attack say-control || grep -q 'takeover say-control: done' "$S/lines"
	! grep -q 'two' "$S/lines" || return 1
	grep -q 'outcome=denied reason=internal' "$S/lines"
}
