#!/usr/bin/env bats
# `certauth users update' from a real slapd, and logins by what it took.
load lib/common
load lib/netplace
load lib/directory

not() { ! "$@"; }

setup_file() {
	need_directory
	place_make && directory_root elsewhere.example.com || return
	cp "$CERTAUTH_BUILD/certauth-ldap" "$S/bin/"
	tls
	kdc_start admin ldap/ldap.example.com host/client.example.com
	slapd_ldif alice 2001 "$(der alice)" >"$S/first.ldif"
	slapd_ldif bob 2002 >>"$S/first.ldif"
	slapd_load <"$S/first.ldif"
	secure_start
}

setup() {
	need_directory
	conf_reset
	users '# none'
	directory_conf
	log_mark
}

teardown_file() {
	directory_remove
	place_remove
}

# der NAME: the certificate of PKI as DER; its file
der() {
	openssl x509 -in "$PKI/$1.pem" -outform DER -out "$S/$1.der"
	echo "$S/$1.der"
}

# a CA, the server's certificate and one for SASL EXTERNAL
tls() {
	local name
	mkdir "$S/tls"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
		-subj '/CN=TLS CA' -keyout "$S/tls/ca.key" -out "$S/tls/ca.pem" 2>/dev/null
	cp "$S/tls/ca.pem" "$S/tls/other.pem"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
		-subj '/CN=TLS CA' -keyout "$S/tls/x.key" -out "$S/tls/other.pem" 2>/dev/null
	for name in ldap.example.com client; do
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
			-subj "/CN=$name" -keyout "$S/tls/$name.key" \
			-out "$S/tls/$name.csr" 2>/dev/null
		openssl x509 -req -in "$S/tls/$name.csr" -CA "$S/tls/ca.pem" \
			-CAkey "$S/tls/ca.key" -days 20 -out "$S/tls/$name.pem" \
			-extfile <(echo "subjectAltName=DNS:$name") 2>/dev/null
	done
	chmod 644 "$S/tls/ldap.example.com.key"
	chmod 600 "$S/tls/client.key"
	printf 'secret\n' >"$S/tls/password"
	chmod 600 "$S/tls/password"
}

# secure_start [LINE ...]: slapd with TLS and SASL, whose data only those may read who
# have bound
secure_start() {
	export KRB5_KTNAME=$S/ldap-ldap.example.com.keytab
	export SLAPD_URLS='ldaps://127.0.0.1'
	chmod 644 "$KRB5_KTNAME"
	slapd_conf "TLSCACertificateFile $S/tls/ca.pem" \
		"TLSCertificateFile $S/tls/ldap.example.com.pem" \
		"TLSCertificateKeyFile $S/tls/ldap.example.com.key" \
		'TLSVerifyClient try' 'sasl-host ldap.example.com' 'sasl-realm EXAMPLE.COM' \
		"authz-regexp \"^cn=client\$\" \"cn=client,$BASE\"" \
		"authz-regexp \"^uid=host/client.example.com,.*\" \"cn=client,$BASE\"" \
		"$@" && slapd_top || return
	net_daemon slapd slapd -d 0 -f /etc/ldap/slapd.conf \
		-h "ldap://0.0.0.0 ldapi://%2Frun%2Fslapd%2Fldapi $SLAPD_URLS"
	until_true net_listens 636
}

# directory_conf [KEY=VALUE ...]: those of a simple bind over ldaps
directory_conf() {
	conf default 'directory = ldap' 'directory_uri = ldaps://ldap.example.com' \
		"directory_base = $BASE" "directory_ca = $S/tls/ca.pem" "$@"
}

simple() {
	directory_conf "directory_bind_dn = cn=admin,$BASE" \
		"directory_password_file = $S/tls/password" "$@"
}

# the cost of 20,000 accounts is in sums.bats; here a run and what it says
update() {
	run in_place "$CERTAUTH" users update "$@"
	echo "$output"
}

@test "a simple bind over ldaps; a login by userCertificate, with the rule in the log" {
	simple
	update
	[ "$status" -eq 0 ]
	[[ $output == *'1 certificates and names of 1 accounts, from 2 entries'* ]]
	login_ok
	logged 'rule="ldap uid=alice"'
	login_denied unmapped --user bob
}
