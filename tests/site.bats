#!/usr/bin/env bats
# certauth-tests, which an administrator runs on the set-up of a site.
bats_require_minimum_version 1.5.0
load lib/common

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	place_make
	# a resident verifier does not see the files of certauth-tests; one test
	# here has one
	resident_stop
	spawn_only
}
teardown_file() { place_remove; }

setup() {
	need_root
	conf_reset
	ca_dir root.pem
	crl_dir crl
	service test
	export TMPDIR=$BATS_TEST_TMPDIR
	chmod 755 "$TMPDIR"
}

site() {
	run in_place env PATH="$S/bin:$PATH" TMPDIR="$TMPDIR" python3 \
		"$HERE/tests/site/certauth-tests" --service test --user alice "$@"
	echo "$output"
}

@test "a good set-up: thirteen rows, all as expected, and nothing remains" {
	local before after
	before=$(find "$S/etc" -printf '%p %s %T@ %m\n' | sort)
	log_mark
	site
	[ "$status" -eq 0 ]
	[ "$(grep -c ' ok ' <<<"$output")" -eq 13 ]
	[[ $output == *'13 of 13 results are as expected'* ]]
	grep -qE '^revoked +refused: revoked +ok +refused: revoked$' <<<"$output"
	after=$(find "$S/etc" -printf '%p %s %T@ %m\n' | sort)
	[ "$before" = "$after" ]
	# nothing was written to the host's log, and the scratch folder is gone
	not_logged outcome=
	[ -z "$(ls "$TMPDIR")" ]
	# and the test CA is not trusted outside
	login_ok
}

@test "a resident verifier of the host does not judge the test's certificates" {
	resident_start
	printf 'auth required %s\naccount required pam_permit.so\n' "$MODULE" \
		>"$S/etc/pam.d/test"
	site
	[ "$status" -eq 0 ]
	[[ $output == *'13 of 13 results are as expected'* ]]
	in_place test -S /run/certauth/verifier.1.sock
	printf 'auth required %s verifier=resident\n' "$MODULE" >"$S/etc/pam.d/test"
	site
	[ "$status" -eq 2 ]
	[[ $output == *'verifier=resident'*'remove the argument'* ]]
	resident_stop
	in_place rm -r /run/certauth
}

@test "a service that includes another, with arguments and a section" {
	printf '@include test\n' >"$S/etc/pam.d/outer"
	service test "purpose=any debug"
	conf outer 'crl = prefer'
	run in_place env PATH="$S/bin:$PATH" python3 \
		"$HERE/tests/site/certauth-tests" --service outer --user alice
	echo "$output"
	# both settings are weaker than expected, and the table shows it
	[ "$status" -eq 1 ]
	grep -qE '^issued by a CA without a CRL .*WRONG GRANTED' <<<"$output"
	grep -qE '^not for client authentication .*WRONG GRANTED' <<<"$output"
	[[ $output == *'11 of 13 results are as expected'* ]]
}

@test "revocation turned off is found" {
	conf default 'crl = off'
	site
	[ "$status" -eq 1 ]
	grep -qE '^revoked .*WRONG GRANTED' <<<"$output"
}

@test "a stack that grants what the module refuses is found" {
	printf 'auth sufficient %s\nauth required pam_permit.so\n' "$MODULE" \
		>"$S/etc/pam.d/test"
	echo 'account required pam_permit.so' >>"$S/etc/pam.d/test"
	site
	[ "$status" -eq 1 ]
	grep -qE '^expired .*WRONG refused: expired, but GRANTED' <<<"$output"
}

@test "a fallback to passwords is not a grant, and the table shows it" {
	printf 'auth sufficient %s\nauth required pam_unix.so\n' "$MODULE" \
		>"$S/etc/pam.d/test"
	echo 'account required pam_permit.so' >>"$S/etc/pam.d/test"
	site
	[ "$status" -eq 0 ]
	grep -qE '^expired .* ok .*then the stack asked "Password' <<<"$output"
}

@test "the table shows mode = audit" {
	conf default 'mode = audit'
	printf 'auth optional %s\nauth required pam_deny.so\n' "$MODULE" \
		>"$S/etc/pam.d/test"
	site
	[ "$status" -eq 0 ]
	[[ $output == *'would be granted without mode = audit'* ]]
}

@test "if the test cannot run, a message says what to do" {
	site --nonsense
	[ "$status" -eq 2 ]
	run in_place python3 "$HERE/tests/site/certauth-tests" --service other \
		--user alice
	[ "$status" -eq 2 ]
	[[ $output == *'/etc/pam.d/other names pam_certauth.so'* ]]
	run in_place python3 "$HERE/tests/site/certauth-tests" --service nowhere \
		--user alice
	[ "$status" -eq 2 ]
	[[ $output == *'/etc/pam.d/nowhere does not exist'* ]]
	run in_place python3 "$HERE/tests/site/certauth-tests" --service test \
		--user nosuchuser
	[ "$status" -eq 2 ]
	[[ $output == *'no account nosuchuser'* ]]
	# a configuration with a mistake: the module logs no outcome
	echo 'nonsense' >>"$S/etc/certauth/certauth.conf"
	site
	[ "$status" -eq 1 ]
	[[ $output == *'a good certificate'*WRONG* ]]
}
