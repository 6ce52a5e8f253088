#!/usr/bin/env bats
# Signed passwords (proof = password): the module and a resident verifier, by an
# application that answers one prompt.  The texts are by another hand than src/wire
# (tests/password/password.py).
# shellcheck disable=SC2030,SC2031 # output is that of the test
bats_require_minimum_version 1.5.0
load lib/common
load lib/signed

# a plain ! would not fail a test
not() { ! "$@"; }

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # see setup
	export CERTAUTH_VERIFIER=verifier=resident
	place_make
	cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$S/bin/"
	signed_make test host.example
}
teardown_file() {
	[ -z "${S:-}" ] || supervised_end
	place_remove
}

CONTROL='[success=done authinfo_unavail=ignore default=die]'
RHOST=192.0.2.7
LOG='pam_certauth\(test:auth\): '

setup() {
	need_root
	signed_reset
	crl_dir crl
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" \
		"bob sha256:$(pki_sha256 "$PKI/bob.pem")"
	verifier_reset
	stack
	: >"$S/behind"
	signed_ready
	RESIDENT=$(cat "$S/resident.pid")
	log_mark
}
teardown() { [ -z "${S:-}" ] || supervised_end; }

# stack [ARG ...]: as in the examples, with a line behind that says what it finds
stack() {
	printf '%s\n' "auth $CONTROL $MODULE verifier=resident $*" \
		"auth required $S/bin/pam_behind.so $S/behind" \
		'auth required pam_deny.so' \
		"account required $MODULE verifier=resident" >"$S/etc/pam.d/test"
}

# send TEXT [OPTION ...]: alice's login with that password; options of pamdrive
send() {
	local text=$1
	shift
	printf '%s\n' "$text" >"$S/text"
	in_place "$S/bin/pamdrive" -q -s test -u alice -r "$RHOST" -C "cat $S/text" "$@"
}

# code CODE: what pam_authenticate returned in the last run
code() { grep -qx "authenticate $1" <<<"$output"; }

# is_refused REASON TEXT [OPTION ...]: it is, and PAM_AUTHTOK is not left
is_refused() {
	refused "$@"
	code PAM_AUTH_ERR
	[ ! -s "$S/behind" ]
}
r() {
	local reason=$1
	shift
	is_refused "$reason" send "$@"
}
edit() { python3 "$HERE/tests/password/edit.py" "$1"; }

@test "granted, once; the line of the log" {
	local text
	text=$(signed)
	[ "${#text}" -eq 125 ]
	granted send "$text"
	code PAM_SUCCESS
	logged "${LOG}event=login proof=password outcome=granted reason=ok user=\"alice\" service=\"test\" rhost=\"$RHOST\""
	[ "$(how_often outcome=)" -eq 1 ]
	[ ! -s "$S/behind" ]
	r replayed "$text"
	r replayed "$text" -r 192.0.2.8
	# with the certificates inside
	granted send "$(signed --send)"
}

@test "the client's own text; a short one needs the registered certificate" {
	local text
	text=$(in_place "$CERTAUTH" password --service test --host host.example \
		--user alice --cert "$PKI/alice-chain.pem" --key "$PKI/alice.key" \
		--registered --max 127)
	[ "${#text}" -eq 125 ]
	granted send "$text"
	r replayed "$text"
	mv "$S/etc/certauth/users.d/alice" "$S/alice-away"
	r no-registered "$(signed)"
	mv "$S/alice-away" "$S/etc/certauth/users.d/alice"
}

@test "another host, service, user, key, time, salt: none is granted, none claims" {
	local text
	r other-host "$(signed --host other.example)"
	logged 'password_names are host.example'
	r signature "$(signed --service other)"
	r signature "$(signed --user bob)"
	text=$(signed)
	r other-host "$(edit host <<<"$text")"
	r signature "$(edit salt <<<"$text")"
	r signature "$(edit time <<<"$text")"
	r signature "$(edit zeros <<<"$text")"
	r signature "$(edit half <<<"$text")"
	# the hint at the certificate, and the scheme
	run send "$(edit key <<<"$text")"
	code PAM_AUTH_ERR
	run send "$(edit scheme <<<"$text")"
	code PAM_AUTH_ERR
	[ ! -s "$S/behind" ]
	granted send "$text"
}

@test "two signatures of one text are one use" {
	local text other
	text=$(signed)
	other=$(edit other-s <<<"$text")
	[ "$text" != "$other" ]
	granted send "$other"
	r replayed "$text"
}

@test "too old, of the future, revoked, of an unknown CA, of another user: nothing is claimed" {
	local text
	r password-expired "$(signed --ago 122)"
	logged 'made 12[0-9] s ago'
	granted send "$(signed)"
	r password-expired "$(signed --ago -5)"
	conf default 'password_skew = 30s'
	text=$(signed --ago -600)
	r password-expired "$text"
	conf default 'password_skew = 0s'
	r revoked "$(signed --cert revoked --send)"
	r unknown-ca "$(signed --cert stranger-leaf --send)"
	r other-user "$(signed --cert bob --send)"
	r expired "$(signed --cert expired --send)"
	text=$(signed)
	users 'bob email:nobody@corp.example'
	mv "$S/etc/certauth/users.d/alice" "$S/alice-away"
	run send "$text"
	code PAM_AUTH_ERR
	mv "$S/alice-away" "$S/etc/certauth/users.d/alice"
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")"
	granted send "$text"
}

@test "texts that are none: cut, malformed, empty, too long" {
	local text how
	text=$(signed)
	for how in cut no-end; do
		r answer-cut "$(edit $how <<<"$text")"
	done
	logged 'certauth password --max 124'
	for how in two-ends pad sign letter empty blank trailing short long-signature bits; do
		r answer-malformed "$(edit $how <<<"$text")"
	done
	r answer-cut ca1.
	r answer-malformed "ca1.$(head -c 32768 /dev/zero | tr '\0' A)."
	r answer-limit "ca1.$(head -c 32769 /dev/zero | tr '\0' A)."
	[ ! -s "$S/behind" ]
	granted send "$text"
}

@test "a plain password: PAM_AUTHTOK for the module behind, and nothing in the log" {
	run send wonderland
	[ "$status" -ne 0 ]
	[ "$(cat "$S/behind")" = "test alice $RHOST wonderland" ]
	: >"$S/behind"
	# what almost begins as ours
	run send ca1
	run send CA1.x
	run send ' ca1.x.'
	[ "$(wc -l <"$S/behind")" -eq 3 ]
	# the code of the module alone
	printf 'auth required %s verifier=resident\n' "$MODULE" >"$S/etc/pam.d/test"
	run send wonderland
	code PAM_AUTHINFO_UNAVAIL
	# an empty one is one that the user has
	run send ''
	not code PAM_SUCCESS
	not_logged pam_certauth
	# and one more line grants it: that of the module behind
	printf '%s\n' "auth $CONTROL $MODULE verifier=resident" \
		'auth required pam_permit.so' >"$S/etc/pam.d/test"
	run send wonderland
	code PAM_SUCCESS
	not_logged pam_certauth
}

@test "no answer at all: nothing is logged, and it is no attempt" {
	local mode
	printf 'auth required %s verifier=resident\n' "$MODULE" >"$S/etc/pam.d/test"
	for mode in null noarray error again; do
		run send x -m $mode
		echo "$mode: $output"
		code PAM_CONV_ERR
	done
	not_logged pam_certauth
}

@test "PAM_AUTHTOK of an earlier module: use_first_pass, try_first_pass, and it is not left" {
	local arg text
	for arg in use_first_pass try_first_pass ''; do
		# pam_unix asks, and leaves what it got
		printf '%s\n' 'auth optional pam_unix.so nodelay' \
			"auth required $MODULE verifier=resident $arg" \
			"auth required $S/bin/pam_behind.so $S/behind" \
			>"$S/etc/pam.d/test"
		: >"$S/behind"
		text=$(signed)
		log_mark
		run in_place "$S/bin/pamdrive" -s test -u alice -r "$RHOST" \
			-C "echo $text"
		echo "$output"
		[ "$status" -eq 0 ]
		[ "$(grep -c '^prompt' <<<"$output")" -eq 1 ]
		logged "${LOG}event=login proof=password outcome=granted"
		run send "$text"
		[ "$status" -ne 0 ]
		logged 'outcome=denied reason=replayed'
		[ "$(grep -cx "test alice $RHOST -" "$S/behind")" -eq 2 ]
		run send wonderland
		[ "$(tail -n 1 "$S/behind")" = "test alice $RHOST wonderland" ]
	done
	# there is none, and no prompt: that is not this module's affair
	printf 'auth required %s verifier=resident use_first_pass\n' "$MODULE" \
		>"$S/etc/pam.d/test"
	log_mark
	run in_place "$S/bin/pamdrive" -s test -u alice -C "echo $(signed)"
	echo "$output"
	code PAM_AUTHINFO_UNAVAIL
	not grep -q '^prompt' <<<"$output"
	not_logged pam_certauth
}

@test "a spawned verifier remembers nothing: no-resident; auto has one only if nobody answers" {
	local text
	text=$(signed)
	sed -i 's/verifier=resident/verifier=spawn/' "$S/etc/pam.d/test"
	r no-resident "$text"
	logged 'systemctl enable --now certauth-verifier'
	run send wonderland
	[ "$(cat "$S/behind")" = "test alice $RHOST wonderland" ]
	sed -i 's/verifier=spawn/verifier=auto/' "$S/etc/pam.d/test"
	: >"$S/behind"
	granted send "$text"
	r replayed "$text"
	resident_stop
	in_place rm -f /run/certauth/verifier.1.sock
	r no-resident "$(signed)"
	# nobody answers, and none is started
	sed -i 's/verifier=auto/verifier=resident/' "$S/etc/pam.d/test"
	run send "$(signed)"
	[ "$status" -ne 0 ]
	[ ! -s "$S/behind" ]
	signed_restart
}

@test "64 connections with one text at once: exactly one is granted" {
	local i pids=()
	printf '%s\n' "$(signed)" >"$S/text"
	for ((i = 0; i < 64; i++)); do
		in_place "$S/bin/pamdrive" -q -s test -u alice -r "$RHOST" \
			-C "cat $S/text" >"$S/out.$i" 2>&1 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || :
	done
	[ "$(cat "$S"/out.* | grep -c '^authenticate ')" -eq 64 ]
	[ "$(cat "$S"/out.* | grep -c '^authenticate PAM_SUCCESS')" -eq 1 ]
	[ "$(how_often 'event=login proof=password outcome=granted')" -eq 1 ]
	# on a busy machine, one may be given up before its turn
	[ "$(how_often 'event=login proof=password outcome=denied')" -eq 63 ]
	[ "$(how_often 'event=login proof=password outcome=denied reason=replayed')" -ge 32 ]
}

@test "a window: the same user and rhost, for its time; a recheck of the certificate at each use" {
	local text
	signed_reset 'password_use = window' 'password_window = 3600s'
	text=$(signed)
	granted send "$text"
	granted send "$text"
	r replayed "$text" -r 192.0.2.8
	r signature "$text" -u bob
	crl_dir # none
	run send "$text"
	code PAM_AUTH_ERR
	crl_dir crl
	granted send "$text"
	# by a service that takes it once
	signed_reset
	r replayed "$text"
	# a window that has ended
	signed_reset 'password_use = window' 'password_window = 1s'
	text=$(signed)
	granted send "$text"
	sleep 2.1
	r replayed "$text"
	# without PAM_RHOST it is for all that have none
	signed_reset 'password_use = window'
	text=$(signed)
	granted send "$text" -r ''
	granted send "$text" -r ''
	r replayed "$text"
}

@test "SIGHUP and a replaced program keep the uses" {
	local first second pid=$RESIDENT
	first=$(signed)
	second=$(signed)
	granted send "$first"
	kill -HUP "$RESIDENT"
	r replayed "$first"
	granted send "$second"
	in_place install -m 755 "$S/bin/certauth-verifier" /run/certauth-test/new
	in_place touch -d '-1 hour' /run/certauth-test/new
	in_place mv /run/certauth-test/new /run/certauth-test/certauth-verifier
	readlink "/proc/$RESIDENT/exe" | grep -q deleted
	sleep 3
	r replayed "$first"
	r replayed "$second"
	not grep -q deleted <(readlink "/proc/$RESIDENT/exe")
	[ "$pid" -eq "$RESIDENT" ]
	granted send "$(signed)"
}

@test "killed, and started anew: what was issued before is refused" {
	local text
	text=$(signed)
	granted send "$text"
	kill -KILL "$RESIDENT"
	until_true test ! -e "/proc/$RESIDENT/exe"
	signed_restart
	r verifier-restarted "$text"
	granted send "$(signed)"
	# with the skew of the clocks
	conf default 'password_skew = 300s'
	r verifier-restarted "$(signed)"
	granted send "$(signed --ago -300)"
}

# ---- a supervisor that keeps descriptors ----

supervised_start() {
	resident_stop
	rm -f "$S/ready"
	in_place mkdir -p /run/certauth
	in_place rm -f /run/certauth/verifier.1.sock /run/notify /run/orders
	in_place mkfifo /run/orders
	# shellcheck disable=SC2016 # awk
	EXEC='exec' in_place python3 "$HERE/tests/password/supervisor.py" \
		/run/certauth/verifier.1.sock /run/orders /run/notify \
		"$(awk -F: '$1 == "_certauth" { print $3 }' "$S/etc/passwd")" \
		/run/certauth-test/certauth-verifier --listen \
		>"$S/supervisor" 2>"$S/supervisor.err" </dev/null 3>&- 4>&- &
	SUPERVISOR=$!
	until_true lines_of "$S/supervisor" 1
}
lines_of() { [ "$(wc -l <"$1")" -ge "$2" ]; }
order() {
	local n
	n=$(wc -l <"$S/supervisor")
	in_place sh -c "echo $1 >/run/orders"
	until_true lines_of "$S/supervisor" $((n + 1))
}
supervised_end() {
	[ -n "${SUPERVISOR:-}" ] || return 0
	in_place timeout 10 sh -c 'echo end >/run/orders' || kill "$SUPERVISOR" || :
	wait "$SUPERVISOR" || :
	SUPERVISOR=
	in_place rm -f /run/certauth/verifier.1.sock
}
# stored N: the supervisor has N descriptors of the last program
stored() { tail -n 1 "$S/supervisor" | grep -qx "done [0-9]* $1"; }

@test "a supervisor keeps the uses over a restart and over a crash" {
	local first second now
	supervised_start
	stored 1
	now=$(date +%s)
	until_true later_than "$now"
	first=$(signed)
	second=$(signed)
	granted send "$first"
	order restart
	stored 1
	r replayed "$first"
	# what was issued before the restart is good
	granted send "$second"
	order crash
	r replayed "$first"
	r replayed "$second"
	# SIGHUP in between: the same memory
	kill -HUP "$(tail -n 1 "$S/supervisor" | cut -d ' ' -f 2)"
	first=$(signed)
	granted send "$first"
	order restart
	r replayed "$first"
	[ ! -s "$S/supervisor.err" ] || cat "$S/supervisor.err"
	supervised_end
}

@test "a supervisor that forgets, and a memory that is damaged" {
	local text now
	supervised_start
	now=$(date +%s)
	until_true later_than "$now"
	text=$(signed)
	granted send "$text"
	order forget
	order restart
	r verifier-restarted "$text"
	stored 1
	now=$(date +%s)
	until_true later_than "$now"
	text=$(signed)
	granted send "$text"
	order damage
	order crash
	r verifier-restarted "$text"
	# another memory stands in the place of the damaged one
	stored 1
	now=$(date +%s)
	until_true later_than "$now"
	text=$(signed)
	granted send "$text"
	order restart
	stored 1
	r replayed "$text"
	# the same for a program that is executed again
	order damage
	kill -HUP "$(tail -n 1 "$S/supervisor" | cut -d ' ' -f 2)"
	sleep 2
	r verifier-restarted "$text"
	order look
	stored 1
	text=$(signed)
	granted send "$text"
	order restart
	r replayed "$text"
	supervised_end
}

@test "mode = audit: logged, and nothing comes of it" {
	local text
	stack mode=audit
	text=$(signed)
	run send "$text"
	[ "$status" -ne 0 ]
	log_lines
	logged "${LOG}event=login proof=password mode=audit outcome=granted"
	not grep -q ca1 "$S/behind"
	stack
}

@test "audit = json" {
	conf default 'audit = json'
	run send "$(signed)"
	code PAM_SUCCESS
	log_lines | grep -o '{.*}' >"$S/json"
	python3 - "$S/json" <<-'PYTHON'
		import json, sys
		lines = [json.loads(l) for l in open(sys.argv[1])]
		assert len(lines) == 1, lines
		assert lines[0]['event'] == 'login' and lines[0]['proof'] == 'password'
		assert lines[0]['outcome'] == 'granted'
		assert 'ca1.' not in json.dumps(lines[0])
	PYTHON
	log_mark
	run send "$(signed --host other.example)"
	code PAM_AUTH_ERR
	log_lines | grep -o '{.*}' | python3 -c 'import json, sys
line = json.loads(sys.stdin.read())
assert (line["outcome"], line["reason"]) == ("denied", "other-host"), line'
}

@test "the account phase: the same certificate, by the CRLs of then" {
	log_mark
	run send "$(signed)" -a
	[ "$status" -eq 0 ]
	grep -qx 'account PAM_SUCCESS' <<<"$output"
	logged 'pam_certauth\(test:account\): event=account outcome=accepted'
	: >"$S/wait"
	log_mark
	send "$(signed)" -a -w "$S/wait" >"$S/out" 2>&1 3>&- &
	local pid=$!
	until_true grep -qs waiting "$S/out"
	crl_dir # none
	rm "$S/wait"
	wait "$pid" && return 1
	cat "$S/out"
	grep -qx 'authenticate PAM_SUCCESS' "$S/out"
	not grep -qx 'account PAM_SUCCESS' "$S/out"
	logged 'pam_certauth\(test:account\): event=account outcome=rejected reason=crl-missing'
}

@test "certauth log shows them" {
	local text
	text=$(signed)
	granted send "$text"
	log_lines >"$S/lines"
	refused replayed send "$text"
	log_lines >>"$S/lines"
	refused other-host send "$(signed --host other.example)"
	log_lines >>"$S/lines"
	# as rsyslog writes a file
	sed -i 's/^<[0-9]*>\(.\{15\}\) /\1 host /' "$S/lines"
	run --separate-stderr in_place "$CERTAUTH" log --file "$S/lines" --json
	echo "$output"
	[ "$(wc -l <<<"$output")" -eq 3 ]
	[ "$(grep -c '"outcome":"granted"' <<<"$output")" -eq 1 ]
	grep -q '"reason":"replayed"' <<<"$output"
	grep -q '"reason":"other-host"' <<<"$output"
	[ "$(grep -c '"proof":"password"' <<<"$output")" -eq 3 ]
	# explain does not see it again
	not grep -q '"explain"' <<<"$output"
	run --separate-stderr in_place "$CERTAUTH" log --file "$S/lines" --reason replayed
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *replayed* ]]
	[[ $output == *'1 attempt: 0 granted, 1 refused'* ]]
}

@test "what the application changes while it asks" {
	# PAM_USER and PAM_SERVICE of the verdict are those of then
	run send "$(signed)" -P bob
	not code PAM_SUCCESS
	logged 'outcome=denied reason=signature'
	run send "$(signed --user bob)" -P bob
	not_logged 'outcome=granted.*user="alice"'
}
