#!/usr/bin/env bats
# What a worker can do that was taken over: the verifier here has a worker that tries
# it, when a certificate tells it to (tests/takeover/hook.c), with the confinement
# that is installed.
load lib/common

setup_file() {
	place_make
	cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$S/bin/"
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

# ends NAME: the module ended the login
ends() {
	local done=0
	attack "$1" || done=1
	[ "$status" -ne 0 ]
	# to send a message is no attack: what comes of it is
	[ "$done" -eq 0 ] || grep -q "takeover $1: done" "$S/lines"
	grep -q 'outcome=denied reason=internal' "$S/lines"
	! grep -qi 'outcome=granted\|"granted"' "$S/lines" || return 1
}

@test "no line that reads like an outcome" {
	local name
	for name in say-granted say-later say-json deny-granted deny-both deny-more; do
		ends "$name"
	done
	ends deny-other
	! grep -q 'outcome=.*bob' "$S/lines" || return 1
}

@test "the home of PAM_USER alone, if user_certificates says so, four times" {
	mkdir -p "$S/home/alice/.certauth/directory.pem"
	echo secret >"$S/home/alice/.certauth/secret"
	echo secret >"$S/home/alice/.certauth/root.pem"
	chown -R 2001:2001 "$S/home/alice/.certauth"
	chown 0:0 "$S/home/alice/.certauth/root.pem"
	ends home-own
	grep -q 'asked for the home of alice, which this login does not need' "$S/lines"
	conf default 'user_certificates = yes'
	ends home-other
	grep -q 'asked for the home of bob, which this login does not need' "$S/lines"
	ends home-often
	ends home-file
	grep -q 'secret, which its configuration does not name' "$S/lines"
	refused home-root 'Key was rejected'
	grep -q 'root.pem is not used: the user must own it' "$S/lines"
	rm -r "$S/home/alice/.certauth"
	conf_reset
}

@test "the host's key: not in a judgement, by no name" {
	cp "$PKI/alice.pem" "$S/etc/certauth/host.pem"
	cp "$PKI/alice.key" "$S/etc/certauth/ca/host.key"
	chmod 600 "$S/etc/certauth/ca/host.key"
	ln "$S/etc/certauth/ca/host.key" "$S/etc/certauth/ca/hard.pem"
	ln -s host.key "$S/etc/certauth/ca/soft.pem"
	ln -s ca/host.key "$S/etc/certauth/host.key"
	conf default 'host_proof = off' 'host_cert = /etc/certauth/host.pem' \
		'host_key = /etc/certauth/host.key'
	refused ask-key 'Permission denied'
	rm "$S/etc/certauth/host.key" "$S/etc/certauth/ca/host.key" \
		"$S/etc/certauth/ca/hard.pem" "$S/etc/certauth/ca/soft.pem"
	conf_reset
}

@test "a worker that calls without end, or says something all the time" {
	ends accounts
	ends drip
}

@test "settings that come after a client's bytes, in either operation" {
	ends ready-again
	log_mark
	status=0
	login -- -I rhost=takeover-ready-again || status=$?
	[ "$status" -ne 0 ]
	logged 'takeover ready-again: begins'
	logged 'outcome=denied reason=internal'
	not_logged 'outcome=granted'
}

# any_user NAME: that attack in a login without PAM_USER
any_user() {
	pki_leaf "$1" inter --subject "/O=Example/OU=takeover-$1/CN=alice"
	cat "$PKI/$1.pem" "$PKI/inter.pem" >"$PKI/$1-chain.pem"
	map "$1" alice
	log_mark
	in_place "$S/bin/pamdrive" -C "$CERTAUTH sign --pieces --any-host --yes \
		--cert $PKI/$1-chain.pem --key $PKI/$1.key" >"$S/seen" 2>&1 || :
	cat "$S/seen"
	logged "takeover $1: begins"
	! grep -q '^authenticate PAM_SUCCESS' "$S/seen" || return 1
	logged 'outcome=denied reason=internal'
	not_logged 'outcome=granted'
}

@test "a grant for root that nobody named, for a name without an account, or under another name" {
	any_user grant-root
	logged 'login root is not granted: its uid 0 is root.s or outside of min_uid to max_uid, and no line of the users file names it'
	any_user grant-nobody
	logged 'login virtual has no account on this host'
	any_user grant-other
}

# ---- the same in a resident verifier, whose parent goes on ----

# children COUNT: has the parent that many?
children() {
	[ "$(pgrep -c -P "$RESIDENT")" -eq "$1" ]
}

descriptors() {
	find "/proc/$RESIDENT/fd" -type l | wc -l
}

# quiet: the spares are there, and nothing else; with as many descriptors as before
quiet() {
	until_true children 4 && [ "$(descriptors)" -eq "$1" ]
}

resident_begin() {
	export CERTAUTH_VERIFIER=verifier=resident
	service test
	resident_start
	login_ok
	until_true children 4
	held=$(descriptors)
}

# the parent is the same, and holds what it held
resident_unharmed() {
	until_true quiet "$held"
	kill -0 "$RESIDENT"
	[ "$RESIDENT" = "$(cat "$S/resident.pid")" ]
}

gone() { [ ! -e "/proc/$1/exe" ]; }

resident_end() {
	local pid hands
	mapfile -t hands < <(pgrep -P "$RESIDENT")
	resident_stop
	for pid in "${hands[@]}"; do
		until_true gone "$pid"
	done
	if [[ $way != *resident* ]]; then
		CERTAUTH_VERIFIER=$way service test
	else
		resident_start
	fi
}

@test "a resident verifier: a worker that spins, allocates, or crashes" {
	local way=${CERTAUTH_VERIFIER:-} held
	resident_begin
	killed spin
	grep -q '(resident): .*; run: certauth doctor' "$S/lines"
	resident_unharmed
	refused allocate 'Cannot allocate'
	resident_unharmed
	killed crash
	resident_unharmed
	grep -q 'was ended by signal' "$S/resident.log"
	resident_end
}

@test "a resident verifier: answers that are none, half, two, or another's" {
	local way=${CERTAUTH_VERIFIER:-} held name
	resident_begin
	for name in answer-half answer-other answer-short answer-junk; do
		ends "$name"
		resident_unharmed
	done
	# the first is the verdict
	attack answer-twice || grep -q 'takeover answer-twice: done' "$S/lines"
	[ "$status" -ne 0 ]
	grep -q 'outcome=denied reason=nonce' "$S/lines"
	! grep -q 'outcome=granted' "$S/lines" || return 1
	login_ok
	resident_unharmed
	resident_end
}

later_than() { [ "$(date +%s)" -gt "$1" ]; }

# password RHOST: alice's login with a new signed password
password() {
	local text
	text=$(python3 "$HERE/tests/password/password.py" --key "$PKI/alice.key" \
		--cert "$PKI/alice-chain.pem" --host host.example --service test \
		--user alice --send)
	log_mark
	status=0
	in_place "$S/bin/pamdrive" -q -s test -u alice -r "$1" -C "echo $text" \
		>"$S/seen" 2>&1 || status=$?
	log_lines | tee "$S/lines"
}

@test "a resident verifier: a worker claims one use of a fixed length, and reads none" {
	local way=${CERTAUTH_VERIFIER:-} held name now
	map alice
	resident_begin
	conf default 'password_skew = 0s'
	conf test 'proof = password' 'password_names = host.example'
	now=$(date +%s)
	until_true later_than "$now"
	for name in claim-short claim-long claim-twice claim-read claim-file; do
		password "takeover-$name"
		# of the judgement, which has the socket
		[ "$(grep -c "takeover $name: begins" "$S/lines")" -eq 2 ]
		! grep -q "takeover $name: done" "$S/lines" || return 1
		case $name in
		claim-read | claim-file)
			[ "$status" -eq 0 ]
			grep -q outcome=granted "$S/lines"
			;;
		*)
			# the worker's own claim comes too late
			[ "$status" -ne 0 ]
			grep -q 'outcome=denied reason=internal' "$S/lines"
			! grep -q outcome=granted "$S/lines" || return 1
			;;
		esac
		[ $name != claim-twice ] || grep -q 'takeover: one was claimed' "$S/lines"
		resident_unharmed
		password 192.0.2.1
		[ "$status" -eq 0 ]
		grep -q outcome=granted "$S/lines"
	done
	conf_reset
	resident_end
}

# at_work: the child that has a client's bytes; spares are not confined yet, and one
# that ended may not have been waited for yet
at_work() {
	local pid
	for pid in $(pgrep -r R,S,D -P "$RESIDENT"); do
		! grep -q '^Seccomp:.*2' "/proc/$pid/status" || echo "$pid"
	done
}

@test "a resident verifier: a worker that hangs, or is stopped, is given up and killed" {
	local way=${CERTAUTH_VERIFIER:-} held stopper pid
	resident_begin
	attack hang
	[ "$status" -ne 0 ]
	grep -q 'gave no verdict in time' "$S/lines"
	grep -q 'outcome=denied reason=internal' "$S/lines"
	resident_unharmed
	grep -q 'did not end, and is killed' "$S/resident.log"
	: >"$S/resident.log"
	log_mark
	(
		until_true logged 'takeover hang: begins'
		pid=$(at_work)
		kill -STOP "$pid"
		until_true grep -q '^State:.*stopped' "/proc/$pid/status"
		echo "$pid" >"$S/stopped"
	) &
	stopper=$!
	attack hang
	wait "$stopper"
	[ -s "$S/stopped" ]
	[ "$status" -ne 0 ]
	grep -q 'gave no verdict in time' "$S/lines"
	grep -q 'outcome=denied reason=internal' "$S/lines"
	resident_unharmed
	grep -q 'did not end, and is killed' "$S/resident.log"
	resident_end
}
