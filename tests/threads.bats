#!/usr/bin/env bats
# A table of logins in a host with threads, by each way to the verifier.  In a build
# for a sanitizer nothing of the module, of the verifier's parent or of its workers is
# reported: `make check-sanitizers` runs it so, with a verifier that is not
# confined.
bats_require_minimum_version 1.5.0
load lib/common

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	place_make
	spawn_only # each test chooses the way
	cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$S/bin/"
	mkdir -m 1777 "$S/san"
	if sanitized; then
		# the environment of a verifier is empty, and nobody reads what
		# it says
		export SAN="log_path=$S/san/verifier exitcode=99"
		verifier_is env "ASAN_OPTIONS=${SAN// /:}:detect_leaks=0" \
			"TSAN_OPTIONS=$SAN suppressions=$HERE/tests/data/tsan.supp" \
			"UBSAN_OPTIONS=log_path=$S/san/verifier:print_stacktrace=1" \
			"$S/bin/unconfined"
	fi
	chmod -R a+rX "$S/etc/certauth"
	mkdir "$S/keys"
	cp "$PKI"/{alice,revoked,bob,expired,stranger-leaf}{-chain.pem,.key} "$S/keys/"
	chmod 600 "$S"/keys/*.key
}
teardown_file() { place_remove; }

setup() {
	need_root
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" \
		"alice sha256:$(pki_sha256 "$PKI/revoked.pem")" \
		"alice sha256:$(pki_sha256 "$PKI/expired.pem")" \
		"alice sha256:$(pki_sha256 "$PKI/stranger-leaf.pem")" \
		"bob sha256:$(pki_sha256 "$PKI/bob.pem")"
}

# way WORD: by verifier=WORD, with the account phase
way() {
	CERTAUTH_VERIFIER=verifier=$1 service test
	printf 'account required %s verifier=%s\n' "$MODULE" "$1" \
		>>"$S/etc/pam.d/test"
}

# threads OUTCOME CERT [OPTION ...]: four threads, each with two logins as alice
threads() {
	local outcome=$1 cert=$2 all=0 rc=0
	shift 2
	[ "$outcome" = granted ] || all=8
	log_mark
	in_place "$S/bin/pamdrive" -q -x -a -u alice -t 4 -n 2 \
		-C "$CERTAUTH sign --pieces --any-host --yes --user alice \
		--cert $S/keys/$cert-chain.pem --key $S/keys/$cert.key" "$@" \
		>"$S/seen" 2>&1 || rc=$?
	cat "$S/seen"
	grep "^failed $all of 8\$" "$S/seen" || {
		log_lines
		cat "$S"/san/* "$S/resident.log"
		return 1
	}
	grep '^children none$' "$S/seen"
	[ "$rc" -eq $((all > 0)) ]
	if [ "$outcome" = granted ]; then
		[ "$(log_lines | grep -c 'pam_certauth.*: outcome=granted')" -eq 8 ]
		[ "$(log_lines | grep -c 'event=account outcome=accepted')" -eq 8 ]
	else
		[ "$(log_lines | grep -c "outcome=denied reason=$outcome ")" -eq 8 ] ||
			{ log_lines; return 1; }
	fi
	nothing_reported
}

nothing_reported() {
	run ! grep -rE 'Sanitizer|runtime error' "$S/san" "$S/seen"
}

table() {
	threads granted alice
	threads revoked revoked
	threads other-user bob
	threads expired expired
	threads unknown-ca stranger-leaf
	threads answer-empty alice -m empty
	threads answer-cut alice -m cut
	threads conversation alice -m error
}

@test "spawned: a table of logins in four threads" {
	way spawn
	table
}

@test "resident: a table of logins in four threads" {
	way resident
	resident_start
	table
	resident_stop
	# the parent came to its end
	nothing_reported
	[ ! -e "$S/resident.log" ] || ! grep -E 'Sanitizer|error' "$S/resident.log" ||
		return 1
}

@test "auto: the parent is killed and started again between logins" {
	way auto
	resident_start
	threads granted alice
	kill -KILL "$RESIDENT"
	threads granted alice
	threads revoked revoked
	resident_start
	threads granted alice
	resident_stop
	nothing_reported
}
