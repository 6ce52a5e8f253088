#!/usr/bin/env bats
# What an attempt may cost, counted: signature verifications (docs/limits.md).
# More of it in tests/unit/test_limits.c.
bats_require_minimum_version 1.5.0
load lib/common

setup_file() {
	place_make
	spawn_only # whose calls and instructions are counted
	cp "$CERTAUTH_BUILD/tests/limits/count.so" "$S/bin/count.so"
}
teardown_file() { place_remove; }

# verify OPTION ...: sets output, status, and count
verify() {
	rm -f "$S/count"
	: >"$S/empty.conf"
	run env CERTAUTH_COUNT="$S/count" LD_PRELOAD="$S/bin/count.so" \
		"$CERTAUTH" verify --config "$S/empty.conf" "$@"
	count=$(counted)
}

counted() { od -An -tu8 "$S/count" | tr -d ' '; }

# of a login: counted is then the count of the verifier's processes
# shellcheck disable=SC2119,SC2120 # login's arguments
counted_login() {
	local status=0
	rm -f "$S/count"
	verifier_is "$(command -v env)" LD_PRELOAD="$S/bin/count.so" \
		CERTAUTH_COUNT="$S/count" "$S/bin/certauth-verifier"
	login "$@" || status=$?
	verifier_reset
	return $status
}

@test "the counter counts" {
	verify --ca-dir "$PKI/ca" --no-crl "$PKI/alice-chain.pem"
	echo "$output, $count"
	[ "$status" -eq 0 ]
	[ "$count" -eq 2 ] # root signed inter, and inter alice
	# shellcheck disable=SC2119
	counted_login
	counted
	# the client's signature, the chain's two, and each CA's CRL
	[ "$(counted)" -ge 5 ]
	[ "$(counted)" -le 8 ]
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
	[ "$(counted)" -eq 1 ]
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
	counted
	# bob's seven are one
	[ "$(counted)" -le 8 ]
}

# slow_pem: the certificate whose key is slow to decode
slow_pem() {
	echo '-----BEGIN CERTIFICATE-----'
	base64 "$HERE/tests/data/slow-key.der"
	echo '-----END CERTIFICATE-----'
}

# instructions OPTION ...: sets n to those of the workers of the verifier, which
# make the request and judge the response, in a login that is refused
instructions() {
	local status=0 f workers=0
	rm -f "$S"/calls.*
	verifier_is "$(command -v valgrind)" --tool=callgrind \
		--callgrind-out-file=/dev/null --log-file="$S/calls.%p" \
		"$S/bin/unconfined"
	login --raw "$@" || status=$?
	verifier_reset
	[ "$status" -ne 0 ] && logged 'outcome=denied' || return
	n=0
	for f in $(verifier_logs "$S"/calls.*); do
		n=$((n + $(sed -n 's/.*Collected : //p' "$f")))
		workers=$((workers + 1))
	done
	[ "$workers" -eq 2 ]
}

# how a response by that certificate is signed: sets how
signed_for() {
	local name=$1 bits
	case $name in
	rsa[0-9]*)
		bits=${name#rsa}
		how=(--key "$PKI/rsa2048.key" --scheme rsa_pkcs1_sha256
			--junk-bytes "$((${bits%%-*} / 8))")
		;;
	rsa*) how=(--key "$PKI/rsa2048.key" --scheme rsa_pkcs1_sha256) ;;
	p384*) how=(--key "$PKI/p384.key" --how flip-signature) ;;
	*) how=(--key "$PKI/alice.key" --scheme ecdsa_secp256r1_sha256) ;;
	esac
}

@test "instructions before the signature: four failed logins, at most" {
	local d=$BATS_TEST_TMPDIR f name normal most=0 rows=0 how n
	openssl pkey -in "$PKI/p384.key" -pubout -outform DER -out "$d/spki"
	mkdir "$d/certs"
	python3 "$HERE/tests/limits/hostile.py" "$d/certs" \
		"$HERE/tests/data/slow-key.der" "$d/spki"
	for n in $(seq 16); do cat "$d/certs/slow.pem"; done \
		>"$d/certs/slow-sixteen.pem"
	instructions --cert "$PKI/alice-chain.pem" --key "$PKI/alice.key" \
		--how flip-signature
	logged 'reason=signature'
	normal=$n
	for f in "$d"/certs/*.pem; do
		name=$(basename "$f" .pem)
		signed_for "$name"
		instructions --cert "$f" "${how[@]}"
		echo "$name: $((n / 1000)) thousand, of a normal $((normal / 1000))"
		# it was this certificate that was judged
		logged 'reason=(signature|key-weak|unsupported|cert-malformed|scheme)( |$)'
		case $name in
		# decoding it would take random attempts, so a random count
		compressed-refused) logged 'reason=key-weak' ;;
		# a curve of no scheme is known when the key is decoded
		compressed*) logged 'reason=scheme' ;;
		slow*|rsa3072*|rsa16384-[de]*|rsa-long|dsa)
			logged 'reason=key-weak' ;;
		unknown) logged 'reason=unsupported' ;;
		p384*|p256-worst|rsa*) logged 'reason=signature' ;;
		esac
		[ "$n" -le $((4 * normal)) ]
		[ "$n" -le "$most" ] || most=$n
		rows=$((rows + 1))
	done
	echo "at most $most, $rows rows"
	[ "$rows" -ge 20 ]
}

@test "an empty list: what is registered in a home has a budget" {
	need_root
	local i home=$S/home/alice/.certauth
	rm -rf "$S/etc/certauth/users.d/alice" "$home"
	mkdir -p "$home"
	conf default 'user_certificates = yes'
	ca_dir root.pem inter.pem
	slow_pem >"$home/00.pem"
	for i in 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16; do
		cp "$home/00.pem" "$home/$i.pem"
	done
	cp "$PKI/alice.pem" "$home/20.pem"
	chown -R 2001:2001 "$home"
	# the slow ones keep nobody out, and cost nothing
	login_ok --raw --cert - --key "$PKI/alice.key"
	logged "00.pem: a certificate in it is not used: its key is on an elliptic"
	instructions --cert "$PKI/alice-chain.pem" --key "$PKI/alice.key" \
		--how flip-signature
	local normal=$n
	instructions --cert - --key "$PKI/alice.key" --how flip-signature
	logged 'reason=signature'
	echo "$n, of a normal $normal"
	[ "$n" -le $((3 * normal)) ]
	# sixty-four files of as many bytes as may be: read in part
	rm -f "$home"/*
	{ cat "$PKI/alice.pem"; head -c 60000 /dev/zero | tr '\0' '\n'; } \
		>"$home/00.pem"
	for i in $(seq 10 60); do cp "$home/00.pem" "$home/$i.pem"; done
	chown -R 2001:2001 "$home"
	instructions --cert - --key "$PKI/bob.key"
	logged 'reason=signature'
	logged 'and the files after it are not used'
	echo "$n, of a normal $normal"
	[ "$n" -le $((12 * normal)) ]
	rm -rf "$home"
}

@test "an empty list: keys that take long to verify by have a budget" {
	need_root
	local i d=$S/etc/certauth/users.d/alice
	rm -rf "$d"
	mkdir -p "$d"
	# to verify by each takes 60 units of 320, to decode it 3
	for i in 1 2 3 4 5 6 7 8; do
		python3 "$HERE/tests/limits/hostile.py" --rsa 16384 >"$d/$i.pem"
	done
	conf default 'user_certificates = no'
	instructions --cert - --key "$PKI/rsa2048.key" \
		--scheme rsa_pkcs1_sha256 --junk-bytes 2048
	logged 'reason=signature'
	logged 'registered certificate 5 of 8 for user alice is not tried'
	not_logged 'registered certificate 4 of 8'
	rm -f "$S/count"
	run counted_login --raw --cert - --key "$PKI/rsa2048.key" \
		--scheme rsa_pkcs1_sha256 --junk-bytes 2048
	counted
	[ "$(counted)" -eq 4 ]
	rm -rf "$d"
}

@test "a slow key in ca_dir, users.d and a response keeps nobody out" {
	local d=$S/etc/certauth n normal
	conf default 'user_certificates = no'
	ca_dir root.pem inter.pem
	mkdir -p "$d/users.d/alice"
	instructions --cert "$PKI/alice-chain.pem" --key "$PKI/bob.key"
	normal=$n
	# beside others: in a file of its own, in one with the CA, under its hash
	slow_pem >"$d/ca/slow.pem"
	slow_pem | cat "$d/ca/slow.pem" "$PKI/root.pem" >"$d/ca/00-both.pem"
	slow_pem >"$d/ca/$(openssl x509 -in "$PKI/root.pem" -noout -hash).1"
	slow_pem >"$d/users.d/alice/00.pem"
	cp "$PKI/alice.pem" "$d/users.d/alice/10.pem"
	{ cat "$PKI/alice-chain.pem"; slow_pem; } >"$S/with-slow.pem"
	login_ok --raw --cert "$S/with-slow.pem" --key "$PKI/alice.key"
	logged 'certificate 3 of the response is not used: its key is on an elliptic'
	login_ok --raw --cert - --key "$PKI/alice.key"
	logged 'users.d/alice/00.pem: a certificate in it is not used: its key'
	# nobody's CA: all files are read, and the reason is the file
	instructions --cert "$PKI/stranger-leaf-chain.pem" \
		--key "$PKI/stranger-leaf.key"
	logged 'ca/slow.pem contains a certificate that is not used because its key is on'
	logged 'reason=ca-dir'
	echo "$n, of a normal $normal"
	[ "$n" -le $((3 * normal)) ]
	run in_place "$CERTAUTH" doctor
	echo "$output"
	[[ $output == *'/etc/certauth/ca/slow.pem contains a certificate that is not used because its key is on an'* ]]
	[[ $output == *'/00.pem is not used: its key is on an elliptic curve'* ]]
	run "$CERTAUTH" verify --config "$S/etc/certauth/certauth.conf" \
		--ca-dir "$PKI/ca" --no-crl "$d/ca/slow.pem"
	[ "$status" -eq 1 ]
	[[ $output == *'explicit'* ]]
	[[ $output == *weak* ]]
	rm -rf "$d/users.d/alice"
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
	[[ $output == *'exceeds the limit of files'* ]]
}
