#!/usr/bin/env bats
# certauth doctor: signed passwords.  A set-up without faults has no finding, and each
# fault that a test makes is found.
# shellcheck disable=SC2030,SC2031 # output is that of the test
bats_require_minimum_version 1.5.0
load lib/common

# a plain ! would not fail a test
not() { ! "$@"; }

setup_file() {
	place_make
	resident_stop
	spawn_only
	pki_leaf rsa inter --key rsa2048 --subject '/O=Example/CN=alice'
	# two names with one identifier in a signed password: the first 2 bytes of SHA-256
	python3 - >"$S/twins" <<-'PYTHON'
		import hashlib
		seen = {}
		for i in range(10000):
		    name = 'host%d.example.com' % i
		    key = hashlib.sha256(name.encode()).digest()[:2]
		    if key in seen:
		        print(seen[key], name)
		        break
		    seen[key] = name
	PYTHON
}
teardown_file() { place_remove; }

SOCKET=/run/certauth/verifier.1.sock

setup() {
	need_root
	rm -rf "$S/etc/pam.d/"* "$S/etc/dovecot" "$S/etc/apache2" \
		"$S/etc/default/saslauthd"* "$S/etc/postgresql" "$S/etc/postfix" \
		"$S/etc/vsftpd.conf" "$S/etc/certauth/users.d" "$S/etc/nginx" \
		"$S/etc/openvpn" "$S/etc/proftpd"
	printf 'auth required pam_deny.so\n' >"$S/etc/pam.d/other"
	conf_reset
	conf default 'proof = password' 'password_names = mail.example.com'
	# a socket, at which nobody answers
	in_place rm -rf /run/certauth
	in_place mkdir -p /run/certauth
	in_place python3 -c 'import socket
socket.socket(socket.AF_UNIX).bind("'$SOCKET'")'
	register alice
}

register() {
	mkdir -p "$S/etc/certauth/users.d/$1"
	cp "$PKI/$1-chain.pem" "$S/etc/certauth/users.d/$1/cert.pem" 2>/dev/null ||
		cp "$PKI/$1.pem" "$S/etc/certauth/users.d/$1/cert.pem"
}

# stack NAME [CONTROL [ARG ...]]: the stack of the examples
stack() {
	local name=$1 control=${2:-[success=done authinfo_unavail=ignore default=die]}
	shift
	[ $# -eq 0 ] || shift
	printf '%s\n' "auth $control $MODULE $*" 'auth required pam_unix.so' \
		"account required $MODULE" 'account required pam_unix.so' \
		>"$S/etc/pam.d/$name"
}

doctor() {
	run --separate-stderr in_place "$CERTAUTH" doctor --skip clock --skip files \
		--skip users --skip sshd --skip host --skip crl --skip ca \
		--skip timer --skip verifier
	echo "$output"
}

# finds LEVEL CODE TEXT: doctor reports that with why and mend
finds() {
	doctor
	grep -F "$1 $2: " <<<"$output" | grep -qF -- "$3"
	grep -A2 -F "$1 $2: " <<<"$output" | grep -q '^    why:  ...'
	grep -A2 -F "$1 $2: " <<<"$output" | grep -q '^    mend: ...'
}
mend() { grep -A2 "^[a-z]* $1: " <<<"$output" | sed -n 's/^    mend: //p' | head -n1; }
finds_no() {
	doctor
	not grep -q " $1: " <<<"$output"
}

# clean: neither warnings nor errors
clean() {
	doctor
	[ "$status" -eq 0 ]
	not grep -qE '^(error|warning)' <<<"$output"
}

@test "a set-up without faults" {
	local name
	for name in openvpn vsftpd dovecot postgresql xrdp-sesman proftpd radiusd; do
		stack "$name"
		clean
		rm "$S/etc/pam.d/$name"
	done
	# of an include
	stack common
	printf '@include common\n' >"$S/etc/pam.d/dovecot"
	clean
}

@test "a service that takes one password, without proof = password" {
	local name
	conf_reset
	for name in openvpn vsftpd radiusd cups smtp smtps submission imap proftpd \
		xrdp-sesman dovecot nginx apache2 httpd postgresql; do
		stack "$name"
		finds error password-proof "the service $name ("
		[ "$(mend password-proof)" = "set proof = password in section [$name] of /etc/certauth/certauth.conf" ]
		[ "$status" -eq 2 ]
		rm "$S/etc/pam.d/$name"
	done
	stack openvpn
	conf openvpn 'proof = password'
	finds_no password-proof
	conf_reset
	stack openvpn '' proof=password
	finds_no password-proof
	# sudo has a conversation
	rm "$S/etc/pam.d/openvpn"
	stack sudo
	doctor
	not grep -q ' password-' <<<"$output"
}

@test "a service that the program's configuration has named" {
	local file line name n=0
	conf_reset
	while read -r name file line; do
		stack chosen
		mkdir -p "$(dirname "$S/etc/$file")"
		finds_no password-proof
		printf '%s\n' "$line" >"$S/etc/$file"
		finds error password-proof "the service chosen ($name)"
		# another name is none
		sed -i 's/chosen/chosenother/' "$S/etc/$file"
		finds_no password-proof
		rm "$S/etc/$file"
		n=$((n + 1))
	done <<-'END'
		nginx nginx/conf.d/a.conf   auth_pam_service_name "chosen";
		Apache apache2/apache2.conf AuthPAMService chosen
		OpenVPN openvpn/server/a.conf plugin /usr/lib/openvpn/openvpn-plugin-auth-pam.so chosen
		OpenVPN openvpn/a.conf plugin /usr/lib/openvpn/openvpn-plugin-auth-pam.so "chosen login USERNAME"
		vsftpd vsftpd.conf pam_service_name=chosen
		ProFTPD proftpd/proftpd.conf AuthPAMConfig chosen
		PostgreSQL postgresql/15/main/pg_hba.conf hostssl all all 0.0.0.0/0 pam pamservice=chosen
		Dovecot dovecot/dovecot.conf args = session=yes chosen
	END
	[ "$n" -eq 8 ]
}

@test "use_first_pass and try_first_pass are arguments of the module" {
	stack dovecot '' use_first_pass verifier=resident
	clean
	stack dovecot '' try_first_pass
	clean
	stack dovecot '' use_authtok
	finds error pam-argument use_authtok
}

@test "the control: a refused text goes on, or nothing goes on" {
	stack dovecot sufficient
	finds warning password-control 'the control sufficient calls the next module after a signed password was refused'
	[[ $(mend password-control) == *'[success=done ignore=ignore authinfo_unavail=ignore default=die]' ]]
	stack dovecot required
	finds warning password-control 'the control required calls'
	stack dovecot requisite
	finds warning password-control 'requisite refuses every password that is no signed password'
	stack dovecot '[success=done default=ignore]'
	finds warning password-control 'calls the next module'
	# nobody is behind
	stack dovecot required
	sed -i '/pam_unix/d' "$S/etc/pam.d/dovecot"
	finds_no password-control
	# a line that ignores it, and permits what comes
	stack dovecot
	sed -i 's/^auth required pam_unix.so/auth required pam_permit.so/' \
		"$S/etc/pam.d/dovecot"
	finds error pam-open "/etc/pam.d/dovecot:2 (pam_permit.so) grants the login after the line /etc/pam.d/dovecot:1 had no answer"
}

@test "no resident verifier" {
	in_place rm "$SOCKET"
	stack dovecot
	finds error password-resident "there is no socket $SOCKET"
	in_place touch "$SOCKET"
	finds error password-resident "there is no socket $SOCKET"
	in_place rm "$SOCKET"
	rm "$S/etc/pam.d/dovecot"
	stack sudo '' proof=conversation
	finds_no password-resident
	stack dovecot '' verifier=spawn
	finds error password-resident '/etc/pam.d/dovecot:1: verifier=spawn with proof = password'
}

@test "names: short, localhost, none, two with one identifier" {
	local one two
	stack postgresql
	conf default 'password_names = mail'
	finds warning password-names 'password_names has mail, which other hosts are called too'
	[[ $(mend password-names) == *'[default] of /etc/certauth/certauth.conf'* ]]
	conf default 'password_names = localhost'
	finds error config-mistake 'localhost" is a name that every host has'
	conf default 'password_names = mail.example.com Mail.example.com'
	finds error password-names 'password_names has mail.example.com and mail.example.com'
	read -r one two <"$S/twins"
	[ -n "$two" ]
	conf default "password_names = $one mail.example.com $two"
	finds error password-names "the names $one and $two of password_names have the same identifier"
	[[ $(mend password-names) == "remove $two from password_names"* ]]
	# the default: the full name
	conf_reset
	conf default 'proof = password' 'host_names = short'
	finds error password-names 'this host has no full name, and password_names is not set'
	conf default 'host_names = short mail.example.com'
	finds_no password-names
}

@test "keys: what fits, and what is registered and does not" {
	stack openvpn
	clean
	finds note password-length 'OpenVPN carries 127 characters: P-256 and Ed25519 fit, with a registered certificate'
	[ "$(mend password-length)" = 'clients run certauth password --service openvpn --registered --max 127' ]
	register rsa
	finds warning password-length "/etc/certauth/users.d/rsa/cert.pem: a signed password with this key has 381 characters, and OpenVPN carries 127"
	stack cups
	rm "$S/etc/pam.d/openvpn"
	finds warning password-length 'has 381 characters, and CUPS carries 249'
	rm "$S/etc/pam.d/cups"
	stack proftpd
	doctor
	not grep -q '^warning password-length' <<<"$output"
	rm -r "$S/etc/certauth/users.d"
	finds error password-registered 'ProFTPD carries 512 characters, which have no room for a certificate, and no certificate is registered'
	[ "$(mend password-registered)" = 'install -D -m 644 CERT.pem /etc/certauth/users.d/LOGIN/cert.pem, for each login' ]
	stack dovecot
	finds warning password-registered 'Dovecot carries 1024 characters'
	rm "$S/etc/pam.d/"{proftpd,dovecot}
	stack postgresql
	finds_no password-registered
}

@test "the length is that of certauth password" {
	local length
	length=$("$CERTAUTH" password --service openvpn --host mail.example.com \
		--user alice --cert "$PKI/rsa.pem" --key "$PKI/rsa.key" --registered --max 381 |
		tr -d '\n' | wc -c)
	[ "$length" -eq 381 ]
	length=$("$CERTAUTH" password --service openvpn --host mail.example.com \
		--user alice --cert "$PKI/alice.pem" --key "$PKI/alice.key" \
		--registered --max 127 | tr -d '\n' | wc -c)
	[ "$length" -eq 125 ]
}

@test "once, where one text is sent many times; a window without PAM_RHOST" {
	local name
	for name in nginx apache2 cups; do
		stack "$name"
		finds warning password-again 'send the same password with each request'
		conf default 'password_use = window'
		finds_no password-again
		conf default 'password_use = once'
		rm "$S/etc/pam.d/$name"
	done
	stack dovecot
	finds note password-again 'Dovecot send the same password with each connection'
	[ "$status" -eq 0 ]
	rm "$S/etc/pam.d/dovecot"
	conf default 'password_use = window' 'password_window = 40s'
	for name in radiusd smtp xrdp-sesman; do
		stack "$name"
		finds warning password-window 'does not set PAM_RHOST, and password_use is window (40 seconds)'
		rm "$S/etc/pam.d/$name"
	done
	stack cups
	finds note password-window 'CUPS sets PAM_RHOST to localhost for every client'
	rm "$S/etc/pam.d/cups"
	stack vsftpd
	finds_no password-window
}

@test "dovecot: its cache, and logins without TLS" {
	stack dovecot
	mkdir -p "$S/etc/dovecot/conf.d"
	cat >"$S/etc/dovecot/dovecot.conf" <<-'EOF2'
		protocols = imap
		!include conf.d/*.conf
		!include_try local.conf
	EOF2
	cat >"$S/etc/dovecot/conf.d/10-auth.conf" <<-'EOF2'
		#auth_cache_size = 10M
		auth_cache_size = 10M
		passdb {
		  driver = pam
		  args = dovecot
		}
	EOF2
	# without cache_key, nothing of PAM is cached
	finds_no password-cache
	sed -i 's/args = dovecot/args = cache_key=%u%s dovecot/' \
		"$S/etc/dovecot/conf.d/10-auth.conf"
	# which Dovecot 2.4, whose configuration says its version, does not need
	sed -i 's/cache_key=%u%s //; 1i dovecot_config_version = 2.4.0' \
		"$S/etc/dovecot/conf.d/10-auth.conf"
	finds warning password-cache 'Dovecot remembers accepted passwords for 3600 seconds'
	sed -i '1d; s/args = dovecot/args = cache_key=%u%s dovecot/' \
		"$S/etc/dovecot/conf.d/10-auth.conf"
	finds warning password-cache '/etc/dovecot/conf.d/10-auth.conf:2: Dovecot remembers accepted passwords for 3600 seconds, and password_use is once'
	[ "$(mend password-cache)" = 'turn the cache of Dovecot off, or set auth_cache_ttl = 60 and password_use = window in [default] of /etc/certauth/certauth.conf' ]
	conf dovecot 'password_use = window'
	finds warning password-cache 'for 3600 seconds, and password_window is 60 seconds'
	[ "$(mend password-cache)" = 'turn the cache of Dovecot off, or set auth_cache_ttl = 60 there' ]
	echo 'auth_cache_ttl = 2 mins' >"$S/etc/dovecot/local.conf"
	finds warning password-cache 'for 120 seconds'
	echo 'auth_cache_ttl = 1 min # short' >"$S/etc/dovecot/local.conf"
	finds_no password-cache
	finds_no password-plain
	echo 'disable_plaintext_auth = no' >>"$S/etc/dovecot/local.conf"
	finds warning password-plain '/etc/dovecot/local.conf:2: Dovecot accepts logins without TLS'
	echo 'disable_plaintext_auth = yes' >>"$S/etc/dovecot/local.conf"
	finds_no password-plain
	echo 'auth_allow_cleartext = yes' >>"$S/etc/dovecot/local.conf"
	finds warning password-plain '/etc/dovecot/local.conf:4'
}

@test "apache: mod_authn_socache" {
	stack apache2
	conf default 'password_use = window'
	mkdir -p "$S/etc/apache2/sites-enabled"
	echo 'IncludeOptional sites-enabled/*.conf' >"$S/etc/apache2/apache2.conf"
	printf '%s\n' '<Location />' '  AuthBasicProvider socache PAM' \
		'  AuthnCacheProvideFor file' '</Location>' \
		>"$S/etc/apache2/sites-enabled/a.conf"
	finds_no password-cache
	sed -i 's/For file/For PAM/' "$S/etc/apache2/sites-enabled/a.conf"
	finds warning password-cache '/etc/apache2/sites-enabled/a.conf:3: Apache remembers accepted passwords for 300 seconds, and password_window is 60 seconds'
	echo 'AuthnCacheTimeout 60' >>"$S/etc/apache2/apache2.conf"
	finds_no password-cache
	echo 'AuthnCacheTimeout 61' >"$S/etc/apache2/sites-enabled/b.conf"
	finds warning password-cache 'for 61 seconds'
}

@test "saslauthd's cache, and postfix without TLS" {
	stack smtp
	mkdir -p "$S/etc/default" "$S/etc/postfix"
	echo 'OPTIONS="-m /run/cache -n 5"' >"$S/etc/default/saslauthd"
	finds_no password-cache
	echo 'OPTIONS="-c -m /var/run/saslauthd"' >"$S/etc/default/saslauthd"
	finds warning password-cache '/etc/default/saslauthd:1: saslauthd remembers accepted passwords for 28800 seconds, and password_use is once'
	conf default 'password_use = window'
	for options in '-c -t 61' '-ct61' '-n 2 -t 61 -c'; do
		echo "OPTIONS='$options'" >"$S/etc/default/saslauthd"
		finds warning password-cache 'for 61 seconds, and password_window is 60 seconds'
	done
	echo 'OPTIONS="-ct60"' >"$S/etc/default/saslauthd"
	finds_no password-cache
	echo 'smtpd_sasl_auth_enable = yes' >"$S/etc/postfix/main.cf"
	finds warning password-plain '/etc/postfix/main.cf:1: Postfix accepts logins without TLS'
	echo 'smtpd_tls_auth_only = yes' >>"$S/etc/postfix/main.cf"
	finds_no password-plain
}

@test "postgresql: host, and the socket with a window" {
	local hba=$S/etc/postgresql/15/main/pg_hba.conf
	stack postgresql
	mkdir -p "$(dirname "$hba")"
	printf '%s\n' 'local all all pam' 'hostssl all all 0.0.0.0/0 pam' \
		'host all all 127.0.0.1/32 pam' 'host all all ::1/128 pam' \
		'host all all 10.0.0.0/8 scram-sha-256' >"$hba"
	finds_no password-plain
	finds_no password-window
	printf 'host\tall\tall\t0.0.0.0/0\tpam pamservice=postgresql\n' >>"$hba"
	finds warning password-plain '/etc/postgresql/15/main/pg_hba.conf:6: PostgreSQL accepts connections without TLS'
	conf default 'password_use = window'
	finds warning password-window '/etc/postgresql/15/main/pg_hba.conf:1: PostgreSQL sets no PAM_RHOST on the unix socket'
}

@test "vsftpd without TLS" {
	stack vsftpd
	echo 'local_enable=YES' >"$S/etc/vsftpd.conf"
	finds warning password-plain '/etc/vsftpd.conf: vsftpd accepts logins without TLS'
	echo 'ssl_enable=YES' >>"$S/etc/vsftpd.conf"
	finds_no password-plain
	echo 'force_local_logins_ssl=NO' >>"$S/etc/vsftpd.conf"
	finds warning password-plain vsftpd
}

@test "the clock, if it is not synchronised" {
	stack dovecot
	run --separate-stderr in_place "$CERTAUTH" doctor
	echo "$output"
	# the machine decides which of the two it is
	if grep -q '^warning clock: the kernel reports' <<<"$output"; then
		grep -qF 'warning password-clock: signed passwords are judged by a clock that is not synchronised' <<<"$output"
		conf_reset
		run --separate-stderr in_place "$CERTAUTH" doctor
		grep -q '^warning clock: the kernel reports' <<<"$output"
		not grep -q password-clock <<<"$output"
	else
		not grep -q password-clock <<<"$output"
	fi
}

@test "the check can be skipped, and --json has it" {
	stack dovecot '' verifier=spawn
	run --separate-stderr in_place "$CERTAUTH" doctor --skip clock --json
	[[ $output == *'"check":"password","code":"password-resident","level":"error"'* ]]
	run --separate-stderr in_place "$CERTAUTH" doctor --skip clock --skip password
	not grep -q ' password-' <<<"$output"
}
