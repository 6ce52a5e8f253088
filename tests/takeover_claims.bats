#!/usr/bin/env bats
# What a worker of signed passwords can do that was taken over, to the memory of their
# uses: as in takeover.bats, when PAM_RHOST tells it to.
load lib/common
load lib/signed

# a plain ! would not fail a test
not() { ! "$@"; }

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # see setup
	place_make
	resident_stop
	cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$S/bin/"
	in_place install -m 755 "$CERTAUTH_BUILD/tests/takeover/certauth-verifier" \
		/run/certauth-test/certauth-verifier
	export CERTAUTH_VERIFIER=verifier=resident
	service test
	signed_make test host.example
}
teardown_file() { place_remove; }

setup() {
	need_root
	signed_reset
	signed_ready
}

# children COUNT: has the parent that many?
children() { [ "$(pgrep -c -P "$(cat "$S/resident.pid")")" -eq "$1" ]; }
descriptors() { find "/proc/$(cat "$S/resident.pid")/fd" -type l | wc -l; }
quiet() { until_true children 4 && [ "$(descriptors)" -eq "$1" ]; }

# password RHOST: alice's login with a new signed password
password() {
	local text
	text=$(signed)
	log_mark
	status=0
	in_place "$S/bin/pamdrive" -q -s test -u alice -r "$1" -C "echo $text" \
		>"$S/seen" 2>&1 || status=$?
	log_lines | tee "$S/lines"
}

# attack NAME: it is tried by the worker of the judgement, which has the socket, and is
# not done; the next login is granted, and the parent holds what it held
attack() {
	local held
	until_true children 4
	held=$(descriptors)
	password "takeover-$1"
	cp "$S/lines" "$S/attack"
	[ "$(grep -c "takeover $1: begins" "$S/attack")" -eq 2 ] || return
	not grep -q "takeover $1: done" "$S/attack" || return
	[ "$(grep -c "takeover $1: failed" "$S/attack")" -eq 2 ] || return
	until_true quiet "$held" || return
	password 192.0.2.1
	grep -q outcome=granted "$S/lines"
}

@test "a claim of another length is not answered" {
	local name
	for name in claim-short claim-long; do
		attack "$name"
		# nor is the worker's own after it
		grep -q 'outcome=denied reason=verifier-restarted' "$S/attack"
		not grep -q outcome=granted "$S/attack"
	done
}

@test "a worker has one claim" {
	attack claim-twice
	grep -q 'takeover: one was claimed' "$S/attack"
	grep -q 'outcome=denied reason=verifier-restarted' "$S/attack"
	not grep -q outcome=granted "$S/attack"
}

@test "a worker reads nothing of the uses, and has no descriptor of them" {
	local name
	for name in claim-read claim-file; do
		attack "$name"
		grep -q outcome=granted "$S/attack"
	done
}
