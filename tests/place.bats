#!/usr/bin/env bats
# The tests' own ground: what it promises, it keeps.
load lib/common

setup_file() { place_make; }
teardown_file() { place_remove; }

@test "a service of the place is what pamtester finds" {
	printf 'auth required pam_permit.so\n' >"$S/etc/pam.d/allow"
	printf 'auth required pam_deny.so\n' >"$S/etc/pam.d/refuse"
	in_place pamtester allow alice authenticate
	run in_place pamtester refuse alice authenticate
	[ "$status" -ne 0 ]
	[ ! -e /etc/pam.d/refuse ]
}

@test "the log of the place has what is sent to syslog in it, at once" {
	log_mark
	in_place logger -p authpriv.notice -t here "a line of $$"
	logged "here: a line of $$"
	not_logged "a line of others"
}

@test "a user's process runs as that user" {
	need_root
	run as_user alice id -un
	[ "$output" = alice ]
	run as_user alice pwd
	[ "$output" = "$S/home/alice" ]
}

@test "every certificate of the shared PKI is what its name says" {
	local n expected
	while read -r n expected; do
		run openssl verify -purpose sslclient -crl_check_all \
			-CApath "$PKI/ca" -untrusted "$PKI/$n-chain.pem" \
			-CRLfile <(cat "$PKI"/crl/*.crl) "$PKI/$n.pem"
		echo "$n: $output"
		[[ $output =~ $expected ]]
	done <<-END
		alice OK$
		direct OK$
		no-eku OK$
		well-named OK$
		expired error.10
		future error.9
		revoked error.23.at.0
		under-gone error.23.at.1
		server error.26.at.0
		stranger-leaf error.20
		under-leaf error.79
		too-deep error.25
		misnamed error.47
	END
}
