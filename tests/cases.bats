#!/usr/bin/env bats
# Small inputs that were once judged wrongly, each for its whole kind:
# tests/data/cases/verify/NAME/ has a command line (cmd), to be run in that
# folder, and the reason that must be among the findings (expected), or
# `accepted`.

setup_file() {
	HERE=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
	export HERE
	export CERTAUTH=${CERTAUTH_BUILD:-$HERE/build}/certauth
	export CASES=$HERE/tests/data/cases
	# a copy that nobody else may write to, whatever the checkout's modes
	umask 022
	cp -r "$CASES/verify" "$BATS_FILE_TMPDIR/verify"
	find "$BATS_FILE_TMPDIR/verify" -type d -exec chmod 755 {} +
	find "$BATS_FILE_TMPDIR/verify" -type f -exec chmod 644 {} +
}

# judged [WORD ...]: the case of the test's name, as its cmd has it; further
# words are put before the last one
judged() {
	local case=$BATS_TEST_DESCRIPTION status=0 out expected
	local -a words
	case=${case%%:*}
	cd "$BATS_FILE_TMPDIR/verify/$case" || return
	read -r -a words <cmd
	[ "${words[0]}" = certauth ] || return
	expected=$(cat expected)
	out=$("$CERTAUTH" "${words[@]:1:${#words[@]}-2}" "$@" \
		"${words[-1]}" 2>&1 </dev/null) || status=$?
	echo "expected $expected, exit status $status"
	echo "$out"
	if [ "$expected" = accepted ]; then
		[ "$status" -eq 0 ] && [[ $out == accepted* ]]
	else
		[ "$status" -eq 1 ] && [[ $out == rejected* ]] &&
			grep -qw -e "$expected" <<<"$out"
	fi
}

# However CRLs are read.
each_engine() {
	judged --crl-engine auto && judged --crl-engine stream
}

@test "crl-delta-no-freshest: a delta revokes, whoever names it" {
	each_engine
}

@test "crl-dp-reasons: one full CRL serves each distribution point" {
	each_engine
}

@test "crl-dp-same-moment: a CRL of another scope and the same moment revokes" {
	each_engine
}

@test "crl-indirect-dp: an indirect CRL revokes beside one of the CA" {
	each_engine
}

@test "crl-indirect-prefer: crl = prefer does not weaken that" {
	each_engine
}

@test "crl-order-a: the order of names decides nothing" {
	each_engine
}

@test "crl-serial-twice: of two entries for one serial each counts" {
	each_engine
}

@test "nc-cn: a common name is no DNS name" {
	judged
}

@test "nc-dns-wildcard: a wildcard that stands for an excluded name" {
	judged
}

@test "nc-mail-empty: an empty excluded subtree excludes every mailbox" {
	judged
}

@test "nc-uri-smuggle: a host that only a sloppy parser finds" {
	judged
}

@test "nc-uri-userinfo: a host in front of the @ is none" {
	judged
}

@test "no case is forgotten" {
	local name
	for name in "$CASES"/verify/*/; do
		grep -q "^@test \"$(basename "$name"): " \
			"$BATS_TEST_DIRNAME/cases.bats" || {
			echo "$name has no test"
			return 1
		}
	done
}

# instructions COMMAND ...: how many it takes, by callgrind
instructions() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 |
		sed -n 's/^==[0-9]*== Collected : *//p'
}

# A key with its parameters written out costs 2,400 million instructions where
# it is decoded: that is done neither for a file beside the CAs nor for one
# that was sent along, and the certificate at hand is accepted all the same.
@test "slow-key.der: it is not decoded, and no other's trouble" {
	local d=$BATS_TEST_TMPDIR none beside along
	local -a good=(--no-crl --profile basic
		--time 2026-11-27T12:00:00Z leaf.pem)
	cd "$BATS_FILE_TMPDIR/verify/crl-order-a" || return
	cp -r ca "$d/ca"
	cp "$CASES/slow-key.der" "$d/ca/slow.der"
	chmod 644 "$d/ca/slow.der"
	{
		cat inter.pem
		openssl base64 -in "$CASES/slow-key.der" |
			sed '1i -----BEGIN CERTIFICATE-----
				$a -----END CERTIFICATE-----'
	} >"$d/inter.pem"
	"$CERTAUTH" verify --ca-dir "$d/ca" --intermediates "$d/inter.pem" \
		"${good[@]}"
	none=$(instructions "$CERTAUTH" verify --ca-dir ca \
		--intermediates inter.pem "${good[@]}")
	beside=$(instructions "$CERTAUTH" verify --ca-dir "$d/ca" \
		--intermediates inter.pem "${good[@]}")
	along=$(instructions "$CERTAUTH" verify --ca-dir ca \
		--intermediates "$d/inter.pem" "${good[@]}")
	echo "without $none, beside the CAs $beside, sent along $along"
	[ "$none" -gt 0 ]
	[ "$beside" -lt $((none * 2)) ]
	[ "$along" -lt $((none * 2)) ]
}
