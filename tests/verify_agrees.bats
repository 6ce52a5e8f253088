#!/usr/bin/env bats
# `certauth verify` and `openssl verify` agree about every certificate of the
# tests' PKI under every set of CRLs.
load lib/common

setup_file() {
	pki_shared "$BATS_FILE_TMPDIR/pki"
	export CERTAUTH=$CERTAUTH_BUILD/certauth
}

# says NAME CRLS: what openssl has to say; policy is as strict as ours
openssl_says() {
	openssl verify -auth_level 2 -purpose sslclient \
		-crl_check_all -CApath "$PKI/ca" \
		-untrusted "$PKI/$1-chain.pem" \
		-CRLfile <(cat "$PKI/$2"/*.crl) "$PKI/$1.pem" \
		>"$BATS_TEST_TMPDIR/openssl" 2>&1 </dev/null && echo accepted ||
		echo rejected
}

certauth_says() {
	local rc=0
	"$CERTAUTH" verify --ca-dir "$PKI/ca" --crl-dir "$PKI/$2" \
		--intermediates "$PKI/$1-chain.pem" "$PKI/$1.pem" \
		>"$BATS_TEST_TMPDIR/certauth" 2>&1 </dev/null || rc=$?
	case $rc in
	0) echo accepted ;;
	1) echo rejected ;;
	*) echo "exit status $rc" ;;
	esac
}

@test "every certificate, every set of CRLs" {
	local crls name a b wrong=0 accepted=0
	for crls in crl crl-clean crl-missing crl-expired crl-future \
	    crl-forged; do
		for name in "$PKI"/*-chain.pem; do
			name=$(basename "$name" -chain.pem)
			a=$(openssl_says "$name" $crls)
			b=$(certauth_says "$name" $crls)
			[ "$a" = accepted ] && accepted=$((accepted + 1))
			[ "$a" = "$b" ] && continue
			wrong=$((wrong + 1))
			echo "$name with $crls: openssl $a, certauth $b"
			[ "$wrong" -gt 3 ] || cat "$BATS_TEST_TMPDIR/openssl" \
				"$BATS_TEST_TMPDIR/certauth"
		done
	done
	[ "$wrong" -eq 0 ]
	# or it would have compared refusals only
	[ "$accepted" -gt 20 ]
}

@test "at another time, by another purpose, without CRLs" {
	local day
	day=$(date -u -d '10 days ago' +%Y-%m-%dT%H:%M:%SZ)
	"$CERTAUTH" verify --ca-dir "$PKI/ca" --no-crl --time "$day" \
		--intermediates "$PKI/inter.pem" "$PKI/expired.pem" && false
	# its CA is younger than that: everything at a time it all was valid
	day=$(date -u -d '36 hours ago' +%Y-%m-%dT%H:%M:%SZ)
	"$CERTAUTH" verify --ca-dir "$PKI/ca" --no-crl --time "$day" \
		--intermediates "$PKI/inter.pem" "$PKI/expired.pem"
	run "$CERTAUTH" verify --ca-dir "$PKI/ca" --no-crl \
		--intermediates "$PKI/inter.pem" "$PKI/server.pem"
	[ "$status" -eq 1 ]
	[[ $output == *purpose* ]]
	"$CERTAUTH" verify --ca-dir "$PKI/ca" --no-crl --purpose any \
		--intermediates "$PKI/inter.pem" "$PKI/server.pem"
	"$CERTAUTH" verify --ca-dir "$PKI/ca" --no-crl \
		--purpose 1.3.6.1.5.5.7.3.1 \
		--intermediates "$PKI/inter.pem" "$PKI/server.pem"
	"$CERTAUTH" verify --ca-dir "$PKI/ca" --no-crl \
		--intermediates "$PKI/inter.pem" "$PKI/revoked.pem"
}

@test "usage and configuration errors are 2, never 1" {
	run "$CERTAUTH" verify
	[ "$status" -eq 2 ]
	run "$CERTAUTH" verify --ca-dir "$PKI/ca" --no-crl /nowhere.pem
	[ "$status" -eq 2 ]
	run "$CERTAUTH" verify --bad-option "$PKI/alice.pem"
	[ "$status" -eq 2 ]
	run "$CERTAUTH" verify --ca-dir "$PKI/ca" --time yesterday "$PKI/alice.pem"
	[ "$status" -eq 2 ]
}
