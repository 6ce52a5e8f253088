#!/usr/bin/env bats
# What an attempt may cost, counted: signature verifications (docs/limits.md).
# More of it in tests/unit/test_limits.c.
bats_require_minimum_version 1.5.0
load lib/common

setup_file() {
	place_make
	cp "$CERTAUTH_BUILD/tests/limits/count.so" "$S/bin/count.so"
}
teardown_file() { place_remove; }

# verify OPTION ...: sets output, status, and count
verify() {
	rm -f "$S/count"
	: >"$S/empty.conf"
	run env CERTAUTH_COUNT="$S/count" LD_PRELOAD="$S/bin/count.so" \
		"$CERTAUTH" verify --config "$S/empty.conf" "$@"
	count=$(cat "$S/count")
}

# of a login: in $S/count is the count of pamtester's process
# shellcheck disable=SC2119,SC2120 # login's arguments
counted_login() {
	rm -f "$S/count"
	CERTAUTH_COUNT=$S/count CERTAUTH_PRELOAD=$S/bin/count.so login "$@"
}

@test "the counter counts" {
	verify --ca-dir "$PKI/ca" --no-crl "$PKI/alice-chain.pem"
	echo "$output, $count"
	[ "$status" -eq 0 ]
	[ "$count" -eq 2 ] # root signed inter, and inter alice
	# shellcheck disable=SC2119
	counted_login
	cat "$S/count"
	# the client's signature, the chain's two, and each CA's CRL
	[ "$(cat "$S/count")" -ge 5 ]
	[ "$(cat "$S/count")" -le 8 ]
}

@test "pathological cases of x509-limbo stay within the bounds" {
	local c d n=0 suite=$HERE/../shared/conformance/limbo-client/cases
	[ -d "$suite" ] || skip 'x509-limbo is not here'
	for c in "$suite"/pathological__*; do
		d=$BATS_TEST_TMPDIR/$((n += 1))
		mkdir -p "$d"
		cp "$c"/trusted-*.pem "$d"
		openssl rehash "$d" >"$S/rehash" 2>&1
		local help=()
		[ ! -e "$c/intermediates.pem" ] ||
			help=(--intermediates "$c/intermediates.pem")
		verify --ca-dir "$d" --no-crl --purpose sslclient \
			--max-depth 32 "${help[@]}" "$c/leaf.pem"
		echo "$(basename "$c"): status $status, $count verifications"
		# one is a good chain, as its name says
		if [[ $c == *multiple-chains-expired* ]]; then
			[ "$status" -eq 0 ]
		else
			[ "$status" -eq 1 ]
		fi
		[ "$count" -le 320 ]
	done
	[ "$n" -ge 7 ]
}

@test "a wrong signature costs one verification" {
	run counted_login --how flip-signature
	[ "$status" -ne 0 ]
	logged 'reason=signature'
	[ "$(cat "$S/count")" -eq 1 ]
}

@test "of registered certificates eight are tried" {
	local i dir=$S/etc/certauth/users.d/alice
	mkdir -p "$dir"
	ca_dir root.pem inter.pem
	for i in 1 2 3 4 5 6 7; do
		cp "$PKI/bob.pem" "$dir/$i.pem"
	done
	cp "$PKI/alice.pem" "$dir/8.pem"
	login_ok --raw --cert - --key "$PKI/alice.key"
	mv "$dir/8.pem" "$dir/9.pem"
	cp "$PKI/rsa2048.pem" "$dir/8.pem"
	run counted_login --raw --cert - --key "$PKI/alice.key"
	echo "$output"
	log_lines
	[ "$status" -ne 0 ]
	logged 'outcome=denied.* reason=signature'
	cat "$S/count"
	# bob's seven are one
	[ "$(cat "$S/count")" -le 8 ]
}

@test "a CRL of more than 256 MiB is not read as a whole" {
	local d=$BATS_TEST_TMPDIR/crl f reads
	cp -rL "$PKI/crl" "$d"
	for f in "$d"/*; do
		openssl crl -in "$f" -outform DER -out "$f"
		truncate -s $((256 * 1024 * 1024 + 1)) "$f"
	done
	: >"$S/empty.conf"
	run strace -f -e trace=read,pread64 -o "$S/trace" "$CERTAUTH" verify \
		--config "$S/empty.conf" --ca-dir "$PKI/ca" --crl-dir "$d" \
		--crl-engine openssl "$PKI/alice-chain.pem"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'88e20b8e.r0 cannot be read: limit exceeded'* ]]
	[[ $output == *'(crl-dir)'* ]]
	reads=$(grep -c '= 16384$' "$S/trace" || true)
	echo "$reads blocks"
	[ "$reads" -lt 100 ]
}

@test "of files without hashed names ten thousand are read" {
	local d=$BATS_TEST_TMPDIR/ca
	mkdir "$d"
	(cd "$d" && seq -f 'a%05.0f.pem' 1 9999 | xargs touch)
	cp "$PKI/root.pem" "$d/zz.pem"
	: >"$S/empty.conf"
	"$CERTAUTH" verify --config "$S/empty.conf" --ca-dir "$d" --no-crl \
		--quiet "$PKI/alice-chain.pem" 2>"$S/said"
	touch "$d/a10000.pem"
	run ! "$CERTAUTH" verify --config "$S/empty.conf" --ca-dir "$d" \
		--no-crl --quiet "$PKI/alice-chain.pem" 2>"$S/said"
	[[ $output == *'one file too many'* ]]
}
