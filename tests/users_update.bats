#!/usr/bin/env bats
# `certauth users update' from a real slapd, and logins by what it took.
load lib/common
load lib/netplace
load lib/directory

not() { ! "$@"; }

setup_file() {
	[ -e "$DIRECTORY_DEBS/complete" ] && [ "$(id -u)" -eq 0 ] || return 0 # see setup
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
	[ -n "${S:-}" ] || return 0
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

# secure_start: slapd with TLS and SASL, whose data only those may read who
# have bound
secure_start() {
	export KRB5_KTNAME=$S/ldap-ldap.example.com.keytab
	export SLAPD_URLS='ldaps://127.0.0.1'
	chmod 644 "$KRB5_KTNAME"
	slapd_conf "TLSCACertificateFile $S/tls/ca.pem" \
		"TLSCertificateFile $S/tls/ldap.example.com.pem" \
		"TLSCertificateKeyFile $S/tls/ldap.example.com.key" \
		'TLSVerifyClient try' 'require authc' 'sasl-host ldap.example.com' 'sasl-realm EXAMPLE.COM' \
		"authz-regexp \"^cn=client\$\" \"cn=client,$BASE\"" \
		"authz-regexp \"^uid=host/client.example.com,.*\" \"cn=client,$BASE\"" &&
		slapd_top || return
	net_daemon slapd slapd -d 0 -f /etc/ldap/slapd.conf \
		-h "ldap://0.0.0.0 ldapi://%2Frun%2Fslapd%2Fldapi $SLAPD_URLS"
	until_true net_listens 636
}

# directory_conf [KEY=VALUE ...]: those of a simple bind over ldaps
directory_conf() {
	conf_reset
	conf default 'directory = ldap' 'directory_uri = ldaps://ldap.example.com' \
		"directory_base = $BASE" "directory_ca = $S/tls/ca.pem" "$@"
}

simple() {
	directory_conf "directory_bind_dn = cn=admin,$BASE" \
		"directory_password_file = $S/tls/password" "$@"
}

# cost: instructions of the checks of a login, `certauth explain', which must grant it by
# the directory; of the mapping alone, `certauth users test'
cost() {
	local command=("$CERTAUTH" explain --service test --user alice "$PKI/alice-chain.pem")
	[ "$1" = login ] ||
		command=("$CERTAUTH" users test --user alice "$PKI/alice.pem")
	in_place valgrind --tool=callgrind --callgrind-out-file=/dev/null \
		"${command[@]}" >"$S/cost" 2>&1 || {
		cat "$S/cost" >&2
		return 1
	}
	grep -qE 'ldap uid=alice|userCertificate: yes, matches: alice' "$S/cost" || return
	sed -n 's/.*Collected : //p' "$S/cost"
}

update() {
	run in_place "$CERTAUTH" users update "$@"
	echo "$output"
}

updated() {
	update "$@"
	[ "$status" -eq 0 ]
}

# refused PATTERN: the update fails with this in its output, and the index is as before
refused() {
	local before
	before=$(in_place sha256sum /var/lib/certauth/users.cdb 2>&1) || :
	update
	[ "$status" -eq 1 ] || [ "$status" -eq 2 ] || return
	[[ $output == *$1* ]] || return
	[ "$before" = "$(in_place sha256sum /var/lib/certauth/users.cdb 2>&1)" ]
}

# bad HOW [N]: the other server, at port 3890
bad() {
	net_stop bad
	net_daemon bad python3 "$HERE/tests/lib/ldapd.py" 3890 "$@"
	until_true net_listens 3890
	directory_conf 'directory_uri = ldap://127.0.0.1:3890'
}

# directory <LDIF: slapd with this alone
directory() {
	cat >"$S/now.ldif"
	net_stop slapd
	in_place sh -c 'rm -f /var/lib/slapd/*'
	slapd_load <"$S/now.ldif"
	secure_start
}

@test "a simple bind over ldaps; a login by userCertificate, with the rule in the log" {
	directory <"$S/first.ldif"
	simple
	updated
	[[ $output == *'1 certificate or name of 1 account, from 2 entries'* ]]
	login_ok
	logged 'rule="ldap uid=alice"'
	LOGIN=bob login_denied other-user
	login_denied unmapped --cert bob --key bob
	# what can be done about it: the index, its age, and what makes it anew
	logged 'the index /var/lib/certauth/users.cdb, made 20[0-9T:-]*Z \([0-9]+ minutes? ago\), has no account'
	logged 'then run `certauth users update`'
	not_logged 'users add'
}

@test "StartTLS; the password is never sent without it" {
	simple 'directory_uri = ldap://ldap.example.com'
	updated
	conf default "directory_ca = $S/tls/other.pem"
	refused 'ldap://ldap.example.com: '
	# a server without TLS gets nothing, not even the bind
	bad notls
	simple 'directory_uri = ldap://ldap.example.com:3890'
	refused 'no TLS here'
	net_stop bad
}

@test "errors of the server name the key at fault and the next step" {
	local said
	# RFC 4511 appendix A: of the search
	while IFS='|' read -r code said; do
		bad result "$code"
		refused "ldap://127.0.0.1:3890: $said"
		[[ $output == *'so it is'* ]]
	done <<-'END'
		3|the server has a limit of time
		4|the server has a limit of entries
		8|the server demands another bind, or TLS
		11|the server has a limit of entries
		18|directory_filter is not accepted: (objectClass=posixAccount)
		32|the server does not have directory_base, dc=example,dc=com
		50|the account of the bind may not search
		51|the server is busy or not available
		53|the server is unwilling
		80|the server gives no complete answer
	END
	bad result 50
	refused 'below directory_base, dc=example,dc=com, or check directory_bind_dn, directory_cert and directory_keytab, of which none is set; try: ldapsearch -H ldap://127.0.0.1:3890 -x -b '
	# of the bind
	while IFS='|' read -r code said; do
		bad bind "$code"
		simple 'directory_uri = ldap://127.0.0.1:3890'
		refused "ldap://127.0.0.1:3890: $said"
	done <<-'END'
		7|the server does not offer this way to bind
		8|the server demands another bind, or TLS
		13|the server demands another bind, or TLS
		32|the server refuses the bind
		48|the server refuses the bind
		49|the server refuses the bind
		53|the server is unwilling
	END
	bad bind 49
	simple 'directory_uri = ldap://127.0.0.1:3890'
	refused 'check directory_bind_dn and directory_password_file; try: '
	# only a server that cannot answer now is replaced by the next one
	simple 'directory_uri = ldap://127.0.0.1:3890 ldaps://ldap.example.com'
	refused 'the server refuses the bind'
	bad bind 51
	simple 'directory_uri = ldap://127.0.0.1:3890 ldaps://ldap.example.com'
	updated
	bad result 51
	simple 'directory_uri = ldap://127.0.0.1:3890 ldaps://ldap.example.com'
	refused 'the server is busy or not available'
	net_stop bad
}

# wrong_file KEY CONTENT-FILE TEXT: that content for a key is refused before any server
# is asked
wrong_file() {
	cp "$2" "$S/tls/wrong"
	chmod 600 "$S/tls/wrong"
	conf default "$1 = $S/tls/wrong"
	update
	[ "$status" -eq 2 ]
	[[ $output == *"$S/tls/wrong of $1 cannot be used: it is $3"* ]]
	run in_place "$CERTAUTH" doctor
	[[ $output == *"error ldap-file: $S/tls/wrong of $1 cannot be used: it is $3"* ]]
}

# absent KEY ... -- LINE ...: doctor names the file for each key
absent() {
	local keys=() key
	while [ "$1" != -- ]; do
		keys+=("$1")
		shift
	done
	shift
	directory_conf "directory_ca = $S/tls/wrong" "$@"
	run in_place "$CERTAUTH" doctor
	echo "$output"
	for key in "${keys[@]}"; do
		[[ $output == *"error ldap-file: $S/tls/wrong of directory_$key cannot be used: it does not exist"* ]]
	done
}

@test "a file of another kind than its key wants, or none: named, before any server is asked" {
	openssl x509 -in "$S/tls/ca.pem" -outform DER -out "$S/ca.der"
	sed 's/^M/!/' "$S/tls/ca.pem" >"$S/damaged.pem"
	openssl pkcs8 -topk8 -in "$S/tls/client.key" -out "$S/sealed.key" \
		-passout pass:x
	: >"$S/empty"
	simple
	wrong_file directory_ca "$S/ca.der" 'not PEM'
	wrong_file directory_ca "$S/damaged.pem" 'without a certificate in PEM, or damaged'
	wrong_file directory_ca "$S/tls/client.key" 'a private key'
	wrong_file directory_ca "$S/empty" 'empty'
	simple
	wrong_file directory_password_file "$S/empty" 'empty'
	echo >"$S/empty"
	wrong_file directory_password_file "$S/empty" 'without a password in its first line'
	directory_conf "directory_cert = $S/tls/client.pem" "directory_key = $S/tls/client.key"
	wrong_file directory_key "$S/sealed.key" 'a private key with a passphrase'
	wrong_file directory_key "$S/tls/ca.pem" 'without a private key in PEM'
	directory_conf "directory_cert = $S/tls/client.pem" "directory_key = $S/tls/client.key"
	wrong_file directory_cert "$S/tls/client.key" 'a private key'
	directory_conf
	wrong_file directory_keytab "$S/tls/client.key" 'not a keytab'
	# a file that is not there, each; only one of them binds at a time
	rm "$S/tls/wrong"
	absent ca cert key -- "directory_cert = $S/tls/wrong" "directory_key = $S/tls/wrong"
	absent ca keytab -- "directory_keytab = $S/tls/wrong"
	absent ca password_file -- 'directory_bind_dn = cn=x' \
		"directory_password_file = $S/tls/wrong"
	simple "directory_ca = $S/tls/wrong"
	refused "$S/tls/wrong of directory_ca cannot be used: it does not exist"
	[ "$status" -eq 2 ]
}

@test "a certificate of the server that has expired" {
	# `openssl x509' of 3.5 makes none that has expired
	printf '%s\n' '[ca]' 'default_ca = x' '[x]' "database = $S/tls/db" "new_certs_dir = $S/tls" \
		'rand_serial = yes' 'policy = p' '[p]' 'commonName = supplied' '[e]' \
		'subjectAltName = DNS:ldap.example.com' >"$S/tls/ca.cnf"
	: >"$S/tls/db"
	openssl ca -batch -notext -config "$S/tls/ca.cnf" -extensions e -md sha256 \
		-cert "$S/tls/ca.pem" -keyfile "$S/tls/ca.key" \
		-startdate 20200101000000Z -enddate 20200201000000Z \
		-in "$S/tls/ldap.example.com.csr" -out "$S/tls/old.pem" 2>/dev/null
	net_daemon old openssl s_server -accept 3892 -quiet \
		-cert "$S/tls/old.pem" -key "$S/tls/ldap.example.com.key"
	until_true net_listens 3892
	simple 'directory_uri = ldaps://ldap.example.com:3892'
	refused 'ldaps://ldap.example.com:3892: the certificate of the server is not valid now ("its notAfter is past")'
	net_stop old
}

@test "the server must be the one of the address, and its CA the one of directory_ca" {
	local scheme
	for scheme in ldap ldaps; do
		simple "directory_uri = $scheme://elsewhere.example.com"
		refused "$scheme://elsewhere.example.com: the certificate of the server is for another name (\"it has ldap.example.com\")"
		simple "directory_uri = $scheme://ldap.example.com" \
			"directory_ca = $S/tls/other.pem"
		refused "$scheme://ldap.example.com: directory_ca does not verify the certificate of the server"
		# the other CA has the same name
		[[ $output == *'no certificate in it has the key of the issuer, CN=TLS CA'* ]]
		[[ $output == *"add the certificate of its CA to $S/tls/other.pem; "*'openssl s_client '* ]]
		simple "directory_uri = $scheme://ldap.example.com" \
			"directory_ca = $PKI/root.pem"
		refused 'no certificate in it has the name of the issuer, CN=TLS CA'
	done
	simple 'directory_uri = ldaps://nowhere.example.com'
	refused 'ldaps://nowhere.example.com: the name of the server cannot be looked up'
	[[ $output == *'try: getent hosts nowhere.example.com'* ]]
	simple
	conf default 'directory_ca ='
	refused 'directory_ca is necessary'
	directory_conf 'directory_uri = ldap://localhost' 'directory_ca ='
	refused 'directory_ca is necessary: only ldap://127.0.0.1'
}

# impostor HOW: a server whose certificate is for another name; what it saw
impostor() {
	net_stop bad
	net_daemon bad python3 "$HERE/tests/lib/ldapd.py" 3890 "$1" \
		"$S/tls/ldap.example.com.pem" "$S/tls/ldap.example.com.key"
	until_true net_listens 3890
	simple 'directory_uri = ldap://elsewhere.example.com:3890'
	refused "ldap://elsewhere.example.com:3890: $2"
	cat "$S/bad.out"
}

@test "the connection that explains a failure of TLS sends no bind, and follows nothing" {
	impostor impostor 'the certificate of the server is for another name'
	# two connections: the second one accepts the certificate, to show it
	[ "$(grep -c '^connection' "$S/bad.out")" -eq 2 ]
	until_true grep -q '^operation 42' "$S/bad.out" # unbind
	[ "$(grep '^operation' "$S/bad.out" | sort -u | xargs)" = 'operation 42 operation 77' ]
	# a referral in the answer to StartTLS
	net_daemon other python3 "$HERE/tests/lib/ldapd.py" 3891 good
	until_true net_listens 3891
	impostor bounce 'TLS failed'
	[ "$(grep -c '^connection' "$S/bad.out")" -eq 2 ]
	cat "$S/other.out"
	[ ! -s "$S/other.out" ]
	net_stop other
	# an answer of any length
	impostor flood 'TLS failed'
	until_true grep -q '^taken: ' "$S/bad.out"
	grep -qx 'taken: a part' "$S/bad.out"
	net_stop bad
}

@test "an update leaves the index and its lock, and a purge of the package nothing" {
	simple
	updated
	run in_place find /var/lib/certauth -name 'users.cdb?*'
	echo "$output"
	[ "$output" = /var/lib/certauth/users.cdb.lock ]
	# of an update that was killed
	in_place touch /var/lib/certauth/users.cdb.new /var/lib/certauth/users.cdb.stage
	updated
	run in_place find /var/lib/certauth -name 'users.cdb?*'
	echo "$output"
	[ "$output" = /var/lib/certauth/users.cdb.lock ]
	in_place touch /var/lib/certauth/users.cdb.new /var/lib/certauth/users.cdb.stage
	in_place sh "$HERE/packaging/debian/certauth.postrm" purge
	in_place test ! -e /var/lib/certauth
}

@test "SASL EXTERNAL by a client certificate" {
	directory_conf
	refused 'authentication required'
	directory_conf "directory_cert = $S/tls/client.pem" \
		"directory_key = $S/tls/client.key"
	updated
}

# traced: an update under strace; its unit must allow every call of it
traced() {
	in_place strace -f -o "$S/trace" "$CERTAUTH" users update
	# the trace has the child that gives up its rights
	grep -q 'capset(' "$S/trace"
	python3 "$HERE/tests/lib/unitcalls.py" \
		"$HERE/packaging/systemd/certauth-users-update.service" "$S/trace"
}

@test "the unit allows every system call of an update: ldaps, StartTLS, GSSAPI" {
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze here'
	command -v strace >/dev/null || skip 'no strace here'
	sanitized && skip 'a sanitizer makes calls of its own'
	simple
	traced
	simple 'directory_uri = ldap://ldap.example.com'
	traced
	chmod 600 "$S/host-client.example.com.keytab"
	directory_conf "directory_keytab = $S/host-client.example.com.keytab"
	traced
}

@test "GSSAPI by a keytab, which nobody but root can read" {
	chmod 600 "$S/host-client.example.com.keytab"
	directory_conf "directory_keytab = $S/host-client.example.com.keytab"
	updated
}

@test "a wrong password, an empty one, one that others can write" {
	printf 'wrong\n' >"$S/tls/wrong"
	simple "directory_password_file = $S/tls/wrong"
	refused 'Invalid credentials'
	printf '\n' >"$S/tls/wrong"
	refused 'without a password in its first line'
	printf 'secret\n' >"$S/tls/wrong"
	chmod 666 "$S/tls/wrong"
	refused "$S/tls/wrong"
}

@test "the first server that can be reached is asked" {
	simple 'directory_uri = ldaps://ldap.example.com:1 ldaps://ldap.example.com'
	updated
	[[ $output == *'ldaps://ldap.example.com:1: no connection to the server ("Connection refused")'* ]]
	[[ $output == *'the next server is asked'* ]]
	# a server that is not asked is no entry of the directory
	[[ $output != *refused$'\n'* ]]
	login_ok
}

@test "a server that accepts and says nothing is given up, and the next one is asked" {
	local uri
	cp "$CERTAUTH_BUILD/tests/relay/faster.so" "$S/bin/"
	bad mute
	# TLS from the beginning, StartTLS, the bind
	for uri in ldaps://ldap.example.com:3890 ldap://ldap.example.com:3890 \
		ldap://127.0.0.1:3890; do
		simple "directory_uri = $uri ldaps://ldap.example.com"
		run in_place env LD_PRELOAD="$S/bin/faster.so" FASTER=4 \
			"$CERTAUTH" users update
		echo "$output"
		[ "$status" -eq 0 ]
		[[ $output == *"$uri: the server did not complete the "*' in 20 seconds; '* ]]
		[[ $output == *'the next server is asked'* ]]
	done
	[[ $output == *'did not complete the bind'* ]]
	# the last one fails the update; the message has the next command
	simple 'directory_uri = ldap://ldap.example.com:1 ldaps://ldap.example.com:3890'
	run in_place env LD_PRELOAD="$S/bin/faster.so" FASTER=4 "$CERTAUTH" users update
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'did not complete the TLS handshake in 20 seconds'* ]]
	[[ $output == *"openssl s_client -connect ldap.example.com:3890 -CAfile $S/tls/ca.pem"* ]]
	net_stop bad
}

@test "strong mappings: issuer and serial reversed, SKI, SHA-1, SID" {
	local issuer serial ski sha1
	issuer=$(openssl x509 -in "$PKI/alice.pem" -noout -issuer -nameopt RFC2253,-dn_rev |
		sed 's/^issuer= *//')
	serial=$(openssl x509 -in "$PKI/alice.pem" -noout -serial | sed 's/.*=//' |
		sed 's/../&\n/g' | tac | tr -d '\n')
	ski=$(openssl x509 -in "$PKI/alice.pem" -noout -ext subjectKeyIdentifier |
		sed -n 2p | tr -d ' :')
	sha1=$(openssl x509 -in "$PKI/alice.pem" -noout -fingerprint -sha1 |
		sed 's/.*=//; s/://g')
	for value in "X509:<I>$issuer<SR>$serial" "X509:<SKI>$ski" \
		"X509:<SHA1-PUKEY>$sha1"; do
		{
			slapd_ldif alice 2001 | sed '$d'
			echo "altSecurityIdentities: $value"
		} | directory
		simple
		updated
		login_ok
		# the same bytes in another order are another serial number
		login_denied unmapped --cert bob --key bob
	done
}

@test "weak mappings are counted, and taken only with directory_weak" {
	local issuer subject
	issuer=$(openssl x509 -in "$PKI/alice.pem" -noout -issuer -nameopt RFC2253,-dn_rev |
		sed 's/^issuer= *//')
	subject=$(openssl x509 -in "$PKI/alice.pem" -noout -subject \
		-nameopt RFC2253,-dn_rev | sed 's/^subject= *//')
	{
		cat "$S/first.ldif"
		slapd_ldif carol 2003 | sed '$d'
		echo "ipaCertMapData: X509:<I>$issuer<S>$subject"
	} | sed '/^userCertificate/d' | directory
	simple
	refused 'gives 0 accounts with a certificate, and gave 1 at the last update; '
	updated --force
	[[ $output == *'1 mapping by names alone is not used'* ]]
	LOGIN=carol login_denied unmapped
	conf default 'directory_weak = yes'
	# the index is of another source now
	LOGIN=carol login_denied directory
	logged 'run: certauth users update'
	updated
	LOGIN=carol login_ok
	directory <"$S/first.ldif"
}

@test "without the index, or with a damaged one, a login is denied; a line still grants" {
	simple
	updated
	in_place mv /var/lib/certauth/users.cdb /var/lib/certauth/kept
	login_denied directory
	logged 'users.cdb: does not exist; run: certauth users update'
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")"
	login_ok
	not_logged 'rule="ldap'
	users '# none'
	in_place sh -c 'head -c 2200 /var/lib/certauth/kept >/var/lib/certauth/users.cdb'
	login_denied directory
	in_place sh -c 'cp /var/lib/certauth/kept /var/lib/certauth/users.cdb &&
		chmod 666 /var/lib/certauth/users.cdb'
	login_denied directory
	in_place mv /var/lib/certauth/kept /var/lib/certauth/users.cdb
	login_ok
	# a line refuses what the directory grants
	users "! sha256:$(pki_sha256 "$PKI/alice.pem")"
	login_denied refused
}

# tested TEXT: users test and explain say this of the index, and it maps nobody
tested() {
	run in_place "$CERTAUTH" users test --user alice "$PKI/alice.pem"
	echo "$output"
	[ "$status" -eq 2 ] && [[ $output == *"/var/lib/certauth/users.cdb: "*"$1"* ]] || return
	run in_place "$CERTAUTH" explain --user alice "$PKI/alice-chain.pem"
	[ "$status" -ne 0 ] && [[ $output == *"/var/lib/certauth/users.cdb: "*"$1"* ]] && return
	echo "$output"
	return 1
}

@test "users test and explain say why the index cannot be used, and what makes it anew" {
	local index=/var/lib/certauth/users.cdb
	directory <"$S/first.ldif"
	simple
	updated
	in_place mv "$index" "$index.kept"
	tested 'does not exist; run: certauth users update'
	in_place sh -c ": >$index"
	tested '; run: certauth users update'
	in_place sh -c "head -c 2200 $index.kept >$index"
	tested '; run: certauth users update'
	in_place sh -c "cp $index.kept $index && chmod 666 $index"
	tested ''
	in_place mv "$index.kept" "$index"
	conf default 'directory_weak = yes'
	tested 'was made of another directory than the configuration names; run: certauth users update'
	conf default 'directory_weak = no'
	in_place "$CERTAUTH" users test --user alice "$PKI/alice.pem"
}

# of_directory VALUE [ACCOUNTS]: certauth metrics says this of the index
of_directory() {
	in_place env ${LATER:+LD_PRELOAD="$S/bin/later.so" LATER="$LATER"} \
		"$CERTAUTH" metrics --state "$S/metrics" >"$S/metrics.out" 2>&1 || :
	[ "$(sed -n 's/^certauth_users_index_accounts //p' "$S/metrics.out")" = "${2-0}" ] ||
		return
	[ "$(sed -n 's/^certauth_users_index_timestamp_seconds{source="directory"} //p' \
		"$S/metrics.out")" = "$1" ]
}

@test "certauth metrics: the index that the configuration names says when it was made" {
	local now made
	simple 'directory_index = /var/lib/certauth/other.cdb'
	now=$(date +%s)
	updated
	in_place touch -d @1700000000 /var/lib/certauth/other.cdb
	in_place "$CERTAUTH" metrics --state "$S/metrics" >"$S/metrics.out" 2>&1 || :
	made=$(sed -n 's/^certauth_users_index_timestamp_seconds{source="directory"} //p' \
		"$S/metrics.out")
	[ "$made" -ge "$now" ]
	[ "$made" -le "$(date +%s)" ]
	of_directory "$made" 1
	# of another source
	conf default 'directory_weak = yes'
	of_directory 0
	conf default 'directory_weak = no'
	# too old for a login
	cp "$CERTAUTH_BUILD/tests/relay/later.so" "$S/bin/"
	conf default 'directory_max_age = 2h'
	LATER=7000 of_directory "$made" 1
	LATER=7300 of_directory 0
	# empty, cut, and writable by others
	in_place mv /var/lib/certauth/other.cdb /var/lib/certauth/away.cdb
	of_directory 0
	in_place sh -c ': >/var/lib/certauth/other.cdb'
	of_directory 0
	in_place sh -c 'head -c 2200 /var/lib/certauth/away.cdb >/var/lib/certauth/other.cdb'
	of_directory 0
	in_place sh -c 'cd /var/lib/certauth && cp away.cdb other.cdb && chmod 666 other.cdb'
	of_directory 0
	in_place rm /var/lib/certauth/other.cdb
	conf default 'directory = none'
	of_directory '' ''
	in_place rm /var/lib/certauth/away.cdb
	# of a clock that was days ahead: it would be current for ever
	simple 'directory_index = /var/lib/certauth/other.cdb'
	in_place env LD_PRELOAD="$S/bin/later.so" LATER=200000 "$CERTAUTH" users update
	of_directory 0
	in_place rm /var/lib/certauth/other.cdb
}

@test "an account of the directory is a person's: not root, not below min_uid" {
	{
		slapd_ldif root 0 "$(der alice)"
		slapd_ldif alice 2001 "$S/alice.der"
		slapd_ldif ghost 2999 "$(der bob)"
	} | directory
	simple
	updated
	LOGIN=root login_denied login-invalid
	logged 'a directory never gives root'
	login_ok
	conf default 'min_uid = 2002'
	login_denied login-invalid
	logged 'ldap uid=alice: a pattern or a directory never gives an account below min_uid'
	LOGIN=ghost login_denied login-invalid --cert bob --key bob
	directory <"$S/first.ldif"
}

@test "the name service says how an account is spelled" {
	{
		slapd_ldif ALICE 2001 "$(der alice)"
	} | directory
	simple
	updated
	# the name service of this place knows alice alone
	login_denied unmapped
	run in_place "$CERTAUTH" users test --user alice "$PKI/alice.pem"
	[[ $output == *'ALICE userCertificate: no, the login of the directory is not an account of this host: `getent passwd LOGIN` must find it'* ]]
	directory <"$S/first.ldif"
}

@test "two accounts with one login, in any case: neither has it" {
	bad twice
	updated
	[[ $output == *lice*'two accounts of the directory have this login'* ]]
	[[ $output == *'of 3 accounts'* ]]
	net_stop bad
}

@test "only an answer that is complete replaces the index" {
	bad good
	updated
	[[ $output == *'of 4 accounts, from 4 entries'* ]]
	bad cut
	refused 'ldap://127.0.0.1:3890: the connection to the server is lost'
	bad nopages
	refused 'does not answer in pages'
	bad limit
	refused 'Size limit exceeded (500 entries)'
	bad cookie
	refused 'too many pages'
	bad huge
	refused 'ldap://127.0.0.1:3890: the connection to the server is lost'
	bad garbage
	refused 'ldap://127.0.0.1:3890: the connection to the server is lost'
	# the entry that is too big has no name yet; the one before it has
	bad bigentry
	refused 'after uid=alice,dc=example,dc=com'
	net_stop bad
	refused '127.0.0.1:3890: '
}

@test "referrals are not followed" {
	net_stop other
	net_daemon other python3 "$HERE/tests/lib/ldapd.py" 3891 hostile
	until_true net_listens 3891
	bad referral
	refused 'Referral'
	bad reference
	updated
	[[ $output == *'1 reference to another server is not followed'* ]]
	[[ $output == *'of 4 accounts, from 4 entries'* ]]
	net_stop other
	net_stop bad
}

@test "hostile logins and values are refused one by one, and named" {
	bad hostile
	updated --force
	[[ $output == *'1 certificate or name of 1 account, from 16 entries'* ]]
	[[ $output == *'1 entry has no uid'* ]]
	[[ $output == *'not used: "cn=bad login: the login is not a login name'* ]]
	[[ $output == *'cn=two logins: the attribute of directory_login has not exactly one'* ]]
	[[ $output == *'uid=alice: a value of userCertificate is longer than'* ]]
	[[ $output == *'values or entries were refused'* ]]
	[[ $output != *$'\nb'* ]]
	net_stop bad
}

@test "a certificate whose key would take seconds to decode is hashed like any other" {
	{
		slapd_ldif alice 2001 "$(der alice)"
		slapd_ldif bob 2002 "$HERE/tests/data/cases/slow-key.der"
	} | directory
	simple
	updated
	[[ $output == *'2 certificates and names of 2 accounts'* ]]
	login_ok
	directory <"$S/first.ldif"
}

@test "a server that is killed in the middle; a server that drips" {
	bad silent
	EXEC='exec' in_place "$CERTAUTH" users update >"$S/silent" 2>&1 3>&- 4>&- &
	local pid=$!
	until_true pgrep -P "$pid" -x certauth-ldap
	sleep 0.5
	net_stop bad -KILL
	run wait "$pid"
	cat "$S/silent"
	grep -q 'the connection to the server is lost' "$S/silent"
	# SIGTERM ends an update, and what it started
	bad drip
	EXEC='exec' in_place "$CERTAUTH" users update >"$S/silent" 2>&1 3>&- 4>&- &
	pid=$!
	until_true pgrep -P "$pid" -x certauth-ldap
	local child
	child=$(pgrep -P "$pid" -x certauth-ldap)
	update
	[[ $output == *'is running'* ]]
	kill "$pid"
	until_true test ! -e "/proc/$child/exe"
	net_stop bad
}

@test "certauth-ldap is nobody, writes nothing, and is not run by hand" {
	bad silent
	EXEC='exec' in_place "$CERTAUTH" users update >"$S/silent" 2>&1 3>&- 4>&- &
	local pid=$! child
	until_true pgrep -P "$pid" -x certauth-ldap
	child=$(pgrep -P "$pid" -x certauth-ldap)
	until_true grep -q '^NoNewPrivs:.*1' "/proc/$child/status"
	grep -q "^Uid:.*65534.*65534.*65534" "/proc/$child/status"
	grep -q '^CapEff:.*0000000000000000' "/proc/$child/status"
	until_true grep -qE '^Max file size +0 +0' "/proc/$child/limits"
	grep -qE '^Max address space +536870912' "/proc/$child/limits"
	kill "$pid"
	net_stop bad
	run in_place "$S/bin/certauth-ldap" x
	[ "$status" -eq 2 ]
	[[ $output == *'cannot be run by hand'* ]]
}

@test "nobody can look into certauth-ldap, nor start one that can be read" {
	bad silent
	EXEC='exec' in_place "$CERTAUTH" users update >"$S/silent" 2>&1 3>&- 4>&- &
	local pid=$! child name
	until_true pgrep -P "$pid" -x certauth-ldap
	child=$(pgrep -P "$pid" -x certauth-ldap)
	for name in mem fd/0 environ; do
		run setpriv --reuid 65534 --regid 65534 --clear-groups \
			head -c 1 "/proc/$child/$name"
		[[ $output == *'Permission denied'* ]]
	done
	kill "$pid"
	net_stop bad
	chmod 755 "$S/bin/certauth-ldap"
	refused 'certauth-ldap can be read by other users'
	[[ $output == *'run: chmod 0711 '*/certauth-ldap* ]]
	chmod 711 "$S/bin/certauth-ldap"
}

# frames FRAME ...: an order, each frame as its type and its text
frames() {
	python3 -c 'import sys
for f in sys.argv[1:] + ["Z"]:
    v = f[1:].encode()
    sys.stdout.buffer.write(f[:1].encode() + len(v).to_bytes(3, "big") + v)' "$@"
}

@test "a name without a password, or with an empty one, is never sent" {
	local password
	bad good
	local order=(Uldap://127.0.0.1:3890 Bdc=example "F(a=b)" Luid)
	frames "${order[@]}" Dcn=x Psecret >"$S/order"
	in_place "$S/bin/certauth-ldap" <"$S/order" | grep -q alice
	for password in '' P; do
		# shellcheck disable=SC2086 # no frame at all
		frames "${order[@]}" Dcn=x $password >"$S/order"
		in_place "$S/bin/certauth-ldap" <"$S/order" >"$S/answer" 2>&1 || :
		not grep -q alice "$S/answer"
		grep -q '^certauth-ldap: ' "$S/answer"
	done
	net_stop bad
}

@test "a server that drips is given up after the time of an update" {
	bad drip
	cp "$CERTAUTH_BUILD/tests/relay/faster.so" "$S/bin/"
	# 50 seconds go by each time that the clock is read
	run in_place env LD_PRELOAD="$S/bin/faster.so" FASTER=50 \
		FASTER_WHEN="$S/bad.out" "$CERTAUTH" users update
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'the server did not complete the search in 300 seconds'* ]]
	net_stop bad
}

@test "directory_issuer: another CA's certificates are not looked for" {
	local issuer
	issuer=$(openssl x509 -in "$PKI/alice.pem" -noout -issuer -nameopt RFC2253 |
		sed 's/^issuer= *//')
	directory <"$S/first.ldif"
	simple 'directory_issuer = CN=Other'
	updated
	login_denied unmapped
	logged 'the issuer of the certificate is none of directory_issuer'
	run in_place "$CERTAUTH" users test --user alice "$PKI/alice.pem"
	echo "$output"
	[[ $output == *'the issuer of the certificate is none of directory_issuer'* ]]
	simple "directory_issuer = CN=Other; $issuer"
	login_ok
	simple 'directory_issuer = nonsense'
	login_denied directory
	logged 'directory_issuer has a malformed name'
	refused 'directory_issuer has a malformed name'
	run in_place "$CERTAUTH" doctor
	[[ $output == *'error ldap-issuer: directory_issuer has a malformed name'* ]]
}

@test "an index that is older than directory_max_age maps nothing, and doctor says so" {
	cp "$CERTAUTH_BUILD/tests/relay/later.so" "$S/bin/"
	simple 'directory_max_age = 2h'
	updated
	run in_place env LD_PRELOAD="$S/bin/later.so" LATER=7000 "$CERTAUTH" doctor
	[[ $output != *ldap-index* ]]
	run in_place env LD_PRELOAD="$S/bin/later.so" LATER=7300 "$CERTAUTH" doctor
	echo "$output"
	[[ $output == *'error ldap-index: '*'it is older than directory_max_age'* ]]
	run in_place env LD_PRELOAD="$S/bin/later.so" LATER=7300 \
		"$CERTAUTH" users test --user alice "$PKI/alice.pem"
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *'is older than directory_max_age; run: certauth users update'* ]]
}

# tries ENTRIES: the command that the message advises finds so many entries
tries() {
	local command=${output#*; try: }
	command=${command%%; if the number is right*}
	in_place sh -c "${command/ -W / -w secret }" >"$S/tried"
	[ "$(grep -c '^dn: ' "$S/tried")" -eq "$1" ]
}

@test "a filter, a base or a login attribute that gives nothing: one message, with the command to try" {
	directory <"$S/first.ldif"
	simple
	updated
	simple 'directory_filter = (uid=alicf)'
	refused 'ldaps://ldap.example.com gives 0 accounts with a certificate; '
	[[ $output == *"; directory_filter (uid=alicf) below directory_base $BASE matches 0 entries; "* ]]
	[[ $output == *'run: certauth users update --force'* ]]
	tries 0
	simple 'directory_login = sAMAccountName' 'directory_filter = (uid=alice)'
	refused 'ldaps://ldap.example.com gives 0 accounts with a certificate; '
	[[ $output == *'matches 1 entry, of which 1 has no attribute sAMAccountName; '* ]]
	[[ $output == *'directory_login (sAMAccountName)'* ]]
	[[ $output == *'run: certauth users update --force'* ]]
	tries 1
	simple 'directory_uri = ldap://ldap.example.com' 'directory_filter = (uid=bob)' \
		"directory_base = ou=people,$BASE"
	updated --force
	run in_place "$CERTAUTH" doctor
	[[ $output == *'error ldap-index: the index /var/lib/certauth/users.cdb has no account'* ]]
	# a base that does not exist is an error of the server
	simple "directory_base = ou=peeple,$BASE"
	refused "ldaps://ldap.example.com: the server does not have directory_base, ou=peeple,$BASE"
	[[ $output == *'No such object'*'correct directory_base; '*'namingContexts'* ]]
}

@test "a tenth of the accounts is not believed without --force" {
	local i
	for i in $(seq 20); do
		slapd_ldif "user$i" $((3000 + i)) | sed '$d'
		printf 'altSecurityIdentities: X509:<SKI>%040d\n\n' "$i"
	done >"$S/twenty.ldif"
	directory <"$S/twenty.ldif"
	simple
	updated
	{
		head -n 13 "$S/twenty.ldif"
		slapd_ldif alice 2001 "$(der alice)"
	} | directory
	refused 'gives 2 accounts with a certificate, and gave 20 at the last update'
	updated --force
	login_ok
	# from 2 to 1 is not a tenth
	slapd_ldif alice 2001 "$(der alice)" | directory
	updated
	directory <"$S/first.ldif"
}

@test "the configuration: each way to bind alone, and complete" {
	conf_reset
	updated
	[[ $output == *'there is nothing to update'* ]]
	simple "directory_keytab = $S/admin.keytab"
	refused 'set only one of directory_bind_dn, directory_cert and directory_keytab'
	directory_conf "directory_bind_dn = cn=admin,$BASE"
	refused 'need each other'
	refused '/etc/certauth/certauth.conf:'
	[[ $output == *'(directory_bind_dn is in [default], line '*'; directory_password_file is not set)'* ]]
	directory_conf "directory_cert = $S/tls/client.pem"
	refused 'directory_cert and directory_key need each other'
	# a login says the same
	login_denied config
	logged 'certauth.conf:[0-9]+: directory_cert and directory_key need each other.* \(directory_cert is in \[default\], line [0-9]+; directory_key is not set\)'
	directory_conf 'directory_base ='
	refused 'directory_base does not name the entry'
	conf_reset
	conf default 'directory = ldap' "directory_base = $BASE"
	refused 'directory_uri names no server (directory is in '
	directory_conf 'directory_uri = http://ldap.example.com'
	refused 'does not begin with ldaps://'
	directory_conf 'directory_uri = ldaps://ldap.example.com/dc=x'
	refused 'nothing more'
	directory_conf 'directory_login = ui(d'
	refused 'is not the name of an attribute'
}

@test "users test and explain show what the directory gives" {
	slapd_ldif alice 2001 "$(der alice)" | directory
	simple
	updated
	run in_place "$CERTAUTH" users test --user alice "$PKI/alice.pem"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'/var/lib/certauth/users.cdb: alice userCertificate: yes, matches: alice'* ]]
	run in_place "$CERTAUTH" explain --service test --user alice "$PKI/alice-chain.pem"
	echo "$output"
	[[ $output == *'ldap uid=alice'* ]]
}

@test "doctor: the index that is missing, or of another directory; a password for all" {
	simple
	updated
	run in_place "$CERTAUTH" doctor
	[[ $output != *ldap-index* ]]
	[[ $output != *ldap-secret* ]]
	[[ $output != *users-empty* ]]
	[[ $output != *ldap-issuer* ]]
	cp "$S/tls/ca.pem" "$S/etc/certauth/ca/tls.pem"
	openssl rehash "$S/etc/certauth/ca"
	run in_place "$CERTAUTH" doctor
	[[ $output == *'warning ldap-issuer: directory_issuer is not set, and this host trusts 2 CAs'* ]]
	conf default 'directory_issuer = CN=Other'
	run in_place "$CERTAUTH" doctor
	ca_dir root.pem
	[[ $output != *ldap-issuer* ]]
	conf default 'directory_filter = (uid=*)'
	run in_place "$CERTAUTH" doctor
	echo "$output"
	[[ $output == *'error ldap-index: '*'was made of another directory'* ]]
	[[ $output == *'users update'* ]]
	in_place rm /var/lib/certauth/users.cdb
	run in_place "$CERTAUTH" doctor
	[[ $output == *'error ldap-index: '*'it does not exist'* ]]
	chmod 644 "$S/tls/password"
	run in_place "$CERTAUTH" doctor
	chmod 600 "$S/tls/password"
	[[ $output == *'error ldap-secret: '*'tls/password can be read by other users'* ]]
}

@test "20,000 accounts from slapd, and a login costs what it costs with ten" {
	local n what ten many
	simple
	for n in 10 20000; do
		{
			slapd_ldif alice 2001 "$(der alice)"
			python3 - "$n" "$S/alice.der" "$BASE" <<-'END'
				import base64, sys
				der = open(sys.argv[2], "rb").read()
				# bytes of the key: each certificate is another one
				for i in range(int(sys.argv[1]) - 1):
				    b = der[:-4] + i.to_bytes(4, "big")
				    print("dn: uid=u%d,ou=people,%s\nobjectClass: inetOrgPerson\n"
				        "objectClass: posixAccount\nuid: u%d\ncn: u\nsn: u\n"
				        "uidNumber: %d\ngidNumber: 1\nhomeDirectory: /\n"
				        "userCertificate;binary:: %s\n" % (i, sys.argv[3], i,
				        10000 + i, base64.b64encode(b).decode()))
			END
		} | directory
		updated --force
		[[ $output == *"of $n accounts"* ]]
		login_ok
		for what in login mapping; do
			cost "$what" >"$S/$what.$n"
			[ -s "$S/$what.$n" ]
		done
	done
	for what in login mapping; do
		ten=$(cat "$S/$what.10") many=$(cat "$S/$what.20000")
		echo "instructions of a $what: $ten with ten accounts, $many with 20,000"
		[ "$((many * 100))" -lt "$((ten * 105))" ]
	done
	directory <"$S/first.ldif"
}
