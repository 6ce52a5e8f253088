#!/usr/bin/env bats
# Name constraints, and the selectors that they protect.  The forms of names are
# tested in test_nameconstraints*.c and test_names_property.c.
bats_require_minimum_version 1.5.0
load lib/common

setup_file() {
	place_make
	pki_ca corp --issuer root --ext \
		'nameConstraints = critical, permitted;email:corp.example, permitted;URI:corp.example, permitted;DNS:corp.example'
	pki_leaf within corp \
		--san 'email:alice@corp.example,URI:https://u@corp.example:443/alice,otherName:msUPN;UTF8:alice@other.example'
	pki_leaf smuggled corp \
		--san 'URI:https://corp.example:443@evil.example/alice'
	pki_leaf urn corp --san URI:urn:user:alice
	pki_leaf quoted corp --san 'email:"alice@evil.example"@corp.example'
	# an address in the subject, with a subjectAltName that has none
	pki_leaf insubject corp --san DNS:a.corp.example \
		--subject '/O=Example/CN=insubject/emailAddress=alice@evil.example'
	pki_leaf named-only corp --subject /O=Example/CN=john.smith \
		--san email:alice@corp.example
	local n
	for n in within smuggled urn quoted insubject named-only; do
		cat "$PKI/$n.pem" "$PKI/corp.pem" >"$PKI/$n-chain.pem"
	done
	pki_crl corp
	cp "$PKI/corp.crl" "$S/etc/certauth/crl/"
}
teardown_file() { place_remove; }

@test "each of the cases that went wrong: its reason, or accepted" {
	local dir want cmd n=0 wrong=0
	for dir in "$BATS_TEST_DIRNAME"/data/cases/verify/nc-*; do
		n=$((n + 1))
		want=$(cat "$dir/expected")
		read -r cmd <"$dir/cmd"
		run bash -c 'cd "$1" && PATH=$2:$PATH && exec $3' _ "$dir" \
			"$CERTAUTH_BUILD" "$cmd"
		if [ "$want" = accepted ]; then
			[ "$status" -eq 0 ] && continue
		else
			[ "$status" -eq 1 ] && [[ $output == *"($want)"* ]] &&
				continue
		fi
		wrong=$((wrong + 1))
		echo "$dir: not $want: $output"
	done
	[ "$n" -ge 5 ]
	[ "$wrong" -eq 0 ]
}


@test "names within the constraints map" {
	local line
	for line in 'alice email:alice@corp.example' \
	    'alice "uri:https://u@corp.example:443/alice"' \
	    'alice upn:alice@other.example'; do
		printf '%s\n' "$line" >"$S/etc/certauth/users"
		login_ok --cert within
	done
}

@test "a URI that names another host as its userinfo does not" {
	printf '%s\n' 'alice "uri:https://corp.example:443@evil.example/alice"' \
		>"$S/etc/certauth/users"
	login_denied name-constraints --cert smuggled
	logged 'evil.example.* is not in a permitted subtree of CN=.*corp'
}

@test "a URI without a host does not" {
	printf '%s\n' 'alice uri:urn:user:alice' >"$S/etc/certauth/users"
	login_denied name-constraints --cert urn
}

@test "a quoted address does not" {
	printf '%s\n' 'alice "email:\"alice@evil.example\"@corp.example"' \
		'alice cn:quoted' >"$S/etc/certauth/users"
	login_denied name-constraints --cert quoted
}

@test "an address of the subject does not, whatever the subjectAltName" {
	printf '%s\n' 'alice email:alice@evil.example' \
		>"$S/etc/certauth/users"
	login_denied name-constraints --cert insubject
}

@test "a commonName is no DNS name" {
	printf '%s\n' 'alice cn:john.smith' >"$S/etc/certauth/users"
	login_ok --cert named-only
}
