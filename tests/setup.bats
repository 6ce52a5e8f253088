#!/usr/bin/env bats
# certauth setup: from an empty folder to a login.
load lib/common

setup_file() { place_make; }
teardown_file() { place_remove; }

setup() {
	rm -rf "$S/etc/certauth"
	service test
	C=$S/etc/certauth
}

run_setup() {
	run in_place "$CERTAUTH" setup "$@"
	echo "$output"
}

@test "CA, intermediates, CRLs and a user: and alice logs in" {
	cat "$PKI/root.pem" "$PKI/inter.pem" >"$S/both.pem"
	umask 077
	run_setup --ca "$S/both.pem" --crl "$PKI/root.crl" \
		--crl "$PKI/inter.crl" --no-fetch \
		--user alice --cert "$PKI/alice.pem" --service test
	[[ $output == *'/alice.pem would be accepted'* ]]
	[[ $output == *'top of /etc/pam.d/test'*'auth sufficient pam_certauth.so'* ]]
	echo 'host_names = host.example' >>"$C/certauth.conf"
	login_ok
	# the intermediate is no anchor, and need not be sent
	login_ok --raw --cert "$PKI/alice.pem" --key "$PKI/alice.key"
	run in_place "$CERTAUTH" verify --quiet "$PKI/alice.pem"
	[ "$status" -eq 0 ]
	[ "$(find "$C/ca" -type f | wc -l)" -eq 1 ]
	[ "$(find "$C/intermediates" -type f | wc -l)" -eq 1 ]
	[ "$(find "$C" -type d ! -perm 755 | wc -l)" -eq 0 ]
	[ "$(find "$C" -type f -perm /022 | wc -l)" -eq 0 ]
	# links as openssl rehash makes them
	for d in ca intermediates; do
		cp -a "$C/$d" "$S/$d-again"
		find "$S/$d-again" -type l -delete
		openssl rehash "$S/$d-again"
		diff <(cd "$C/$d" && find . -type l -printf '%p %l\n' | sort) \
			<(cd "$S/$d-again" && find . -type l -printf '%p %l\n' | sort)
	done
	# PAM's files are as they were
	grep -c . "$S/etc/pam.d/test" | grep -qx 3
}

@test "again: nothing twice" {
	run_setup --ca "$PKI/root.pem" --crl "$PKI/root.crl" --no-fetch \
		--user alice --selector cn:alice
	find "$C" ! -type d -printf '%p %l\n' | sort >"$BATS_TEST_TMPDIR/one"
	cp "$C/users" "$BATS_TEST_TMPDIR/users"
	run_setup --ca "$PKI/root.pem" --crl "$PKI/root.crl" --no-fetch \
		--user alice --selector cn:alice
	find "$C" ! -type d -printf '%p %l\n' | sort >"$BATS_TEST_TMPDIR/two"
	diff "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
	cmp "$C/users" "$BATS_TEST_TMPDIR/users"
}

@test "PKCS#7, in PEM and DER, with all its certificates" {
	openssl crl2pkcs7 -nocrl -certfile "$PKI/root.pem" -certfile \
		"$PKI/inter.pem" -certfile "$PKI/stranger.pem" -out "$S/p7.pem"
	openssl pkcs7 -in "$S/p7.pem" -outform DER -out "$S/p7.der"
	for f in p7.pem p7.der; do
		rm -rf "$C"
		run_setup --ca "$S/$f" --no-fetch
		[ "$(find "$C/ca" -type f | wc -l)" -eq 2 ]
		[ "$(find "$C/intermediates" -type f | wc -l)" -eq 1 ]
	done
}

# files N-OF-ANCHORS N-OF-INTERMEDIATES
files() {
	[ "$(find "$C/ca" -type f | wc -l)" -eq "$1" ] &&
		[ "$(find "$C/intermediates" -type f | wc -l)" -eq "$2" ]
}

@test "root and intermediate in files of their own: the intermediate is no anchor" {
	local order
	pki_copy "$S/again"
	pki_revoke root inter
	pki_crl root
	for order in 'root inter' 'inter root'; do
		rm -rf "$C"
		# shellcheck disable=SC2086
		set -- $order
		run_setup --ca "$PKI/$1.pem" --ca "$PKI/$2.pem" \
			--crl "$PKI/root.crl" --crl "$PKI/inter.crl" --no-fetch
		[ "$status" -eq 1 ] || [ "$status" -eq 0 ]
		files 1 1
		[[ $output == *'intermediates/Test_inter'*'(not self-signed: an intermediate)'* ]]
		[[ $output != *'No trust anchor was added'* ]]
		# so that its revocation is seen
		run in_place "$CERTAUTH" verify "$PKI/alice.pem"
		echo "$output"
		[ "$status" -eq 1 ]
		[[ $output == *revoked* ]]
	done
	pki_use "$S/pki"
}

@test "an intermediate alone: said, and trusted by --anchor only" {
	run_setup --ca "$PKI/inter.pem" --crl "$PKI/inter.crl" --no-fetch
	[ "$status" -eq 1 ]
	files 0 1
	[[ $output == *'with --anchor'* ]]
	[[ $output == *'error ca-none'* ]]
	run_setup --anchor "$PKI/inter.pem" --crl "$PKI/inter.crl" --no-fetch \
		--user alice --cert "$PKI/alice.pem"
	files 1 1
	[[ $output == *'ca/Test_inter'*'(a trust anchor that is not self-signed)'* ]]
	[[ $output == *'/alice.pem would be accepted'* ]]
	# a person's certificate is no anchor that way either
	run_setup --anchor "$PKI/alice.pem" --no-fetch
	[ "$status" -eq 1 ]
	files 1 1
}

@test "self-signed is who signed it, not what it is called" {
	# the same name with another key, signed by the first; and one that
	# claims to be the root's and is signed by a stranger
	pki_new "$S/decoy"
	pki_ca one --subject /CN=Decoy
	pki_ca two --issuer one --subject /CN=Decoy
	pki_ca stranger
	pki_ca three --issuer stranger --subject /CN=Three
	run_setup --ca "$PKI/one.pem" --ca "$PKI/two.pem" --no-fetch
	files 1 1
	cmp <(openssl x509 -in "$C"/ca/*.pem -outform DER) \
		<(openssl x509 -in "$PKI/one.pem" -outform DER)
	rm -rf "$C"
	cat "$PKI/two.pem" "$PKI/three.pem" "$PKI/one.pem" >"$S/all.pem"
	run_setup --ca "$S/all.pem" --no-fetch
	files 1 2
	# a self-signed one whose signature was changed is none
	rm -rf "$C"
	openssl x509 -in "$PKI/one.pem" -outform DER -out "$S/bad.der"
	python3 - "$S/bad.der" <<-'END'
		import sys
		b = bytearray(open(sys.argv[1], 'rb').read())
		b[-1] ^= 1
		open(sys.argv[1], 'wb').write(b)
	END
	run_setup --ca "$S/bad.der" --no-fetch
	[ "$status" -eq 1 ]
	files 0 1
	pki_use "$S/pki"
}

@test "no place for an intermediate in an older configuration: said, with the line" {
	mkdir -p "$C"
	printf '[default]\nca_dir = %s/ca\n' /etc/certauth >"$C/certauth.conf"
	run_setup --ca "$PKI/root.pem" --ca "$PKI/inter.pem" --no-fetch
	[ "$status" -eq 1 ]
	[[ $output == *'add `intermediates_dir = /etc/certauth/intermediates'* ]]
	[ "$(find "$C/ca" -type f | wc -l)" -eq 1 ]
	echo 'intermediates_dir = /etc/certauth/intermediates' \
		>>"$C/certauth.conf"
	run_setup --ca "$PKI/root.pem" --ca "$PKI/inter.pem" --no-fetch
	files 1 1
}

@test "two CAs of one name get two links" {
	pki_new "$S/twins"
	pki_ca one --subject /CN=Twin
	pki_ca two --subject /CN=Twin
	run_setup --ca "$PKI/one.pem" --ca "$PKI/two.pem" --no-fetch
	[ "$(find "$C/ca" -type l | wc -l)" -eq 2 ]
	pki_use "$S/pki"
}

@test "what is no CA, no CRL, or of another CA is refused, and said" {
	run_setup --ca "$PKI/alice.pem" --no-fetch
	[ "$status" -eq 1 ]
	[[ $output == *'it is not a CA certificate'* ]]
	[ -z "$(find "$C/ca" -type f)" ]
	run_setup --ca "$PKI/root.crl" --no-fetch
	[ "$status" -eq 1 ]
	run_setup --ca "$PKI/root.pem" --crl "$PKI/inter.crl" \
		--crl "$PKI/alice.pem" --no-fetch
	[ "$status" -eq 1 ]
	[ "$(grep -c 'was not imported' <<<"$output")" -eq 2 ]
	[ -z "$(find "$C/crl" -name '*.crl')" ]
	run_setup --ca /nonexistent --no-fetch
	[ "$status" -eq 1 ]
	[[ $output == *'/nonexistent: No such file'* ]]
	run_setup --user alice
	[ "$status" -eq 2 ]
	# a certificate that would be refused
	run_setup --ca "$PKI/root.pem" --crl "$PKI/root.crl" --no-fetch \
		--user alice --cert "$PKI/stranger-leaf.pem"
	[ "$status" -eq 1 ]
	[[ $output == *'would be refused; to see why, run: certauth explain'* ]]
}

@test "another folder, and directories that others could write to" {
	mkdir "$S/elsewhere"
	mkdir -m 777 "$S/elsewhere/ca"
	run_setup --confdir "$S/elsewhere" --ca "$PKI/root.pem" \
		--crl "$PKI/root.crl" --no-fetch --user alice --selector cn:x
	[[ $output == *"config=$S/elsewhere/certauth.conf"* ]]
	[ "$(stat -c %a "$S/elsewhere/ca")" = 755 ]
	grep -q '^alice cn:x$' "$S/elsewhere/users"
	[ ! -e "$C" ]
}

@test "CRLs that a CA names are fetched" {
	run_setup --ca "$PKI/root.pem"
	[[ $output == *'no CRL was fetched, because no address is known'* ]]
}
