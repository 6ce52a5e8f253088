#!/usr/bin/env bats
# Signed passwords with a real PostgreSQL, psql and pg_dump.  The module runs as user
# postgres in each connection's own process.
load lib/common
load lib/netplace
load lib/postgresql
load lib/signed

setup_file() {
	[ "$(id -u)" -eq 0 ] && [ -n "$PGBIN" ] || return 0 # see setup
	export CERTAUTH_VERIFIER=verifier=resident
	place_make
	net_make db.example.com
	module_install
	net_tls db.example.com
	signed_make postgresql db.example.com
	# as the machine's own CA, for the page
	cat "$S/web/ca.pem" >>"$S/etc/ssl/certs/ca-certificates.crt"
	pwdfile /etc/postgresql/pam_passwd postgres
	signed_stack example
	pg_make
}
teardown_file() {
	net_remove
	place_remove
}

setup() {
	need_root
	[ -n "$PGBIN" ] || skip 'no PostgreSQL here (postgresql)'
	need_pwdfile
	signed_reset
	signed_stack example
	pg_hba 'hostssl all all 127.0.0.1/32 pam' 'local all all pam'
	signed_ready
}

# pgpass TEXT: alice's PGPASSFILE, for the network and for the socket
pgpass() {
	local file=$S/home/alice/pgpass
	printf '%s\n' "*:*:*:*:$1" >"$file"
	chown alice: "$file" 2>/dev/null || chown 2001:2001 "$file"
	chmod 600 "$file"
}

# pg [OPTION ...]: psql as alice; with TEXT, it is alice's password
TLS='host=db.example.com sslmode=verify-full sslrootcert=/etc/ssl/certs/web-ca.pem'
pg_env() {
	AS_USER_ENV="PGPASSFILE=$S/home/alice/pgpass PGCONNECT_TIMEOUT=20" \
		as_user alice "$@"
}
pg() { pg_env psql -XAtw -d "$TLS dbname=shop" -c 'SELECT current_user' "$@"; }
pg_socket() {
	pg_env psql -XAtw -d 'host=/run/postgresql dbname=shop' \
		-c 'SELECT current_user' "$@"
}

@test "psql with a PGPASSFILE goes in, once" {
	pgpass "$(signed)"
	granted pg
	[ "$output" = alice ]
	logged 'outcome=granted .*user="alice" service="postgresql" rhost="127.0.0.1"'
	logged 'pam_certauth\(postgresql:account\): event=account outcome=accepted'
	refused replayed pg
	pgpass "$(signed)"
	granted pg
}

@test "the unix socket: no PAM_RHOST" {
	pgpass "$(signed)"
	granted pg_socket
	[ "$output" = alice ]
	logged 'outcome=granted .*service="postgresql" subject='
	not_logged 'rhost='
	refused replayed pg_socket
	refused replayed pg
	# so a window is good for whoever has the text on this machine
	signed_reset 'password_use = window'
	pgpass "$(signed)"
	granted pg_socket
	install -m 600 -o 2002 -g 2002 "$S/home/alice/pgpass" "$S/home/bob/pgpass"
	AS_USER_ENV="PGPASSFILE=$S/home/bob/pgpass" granted as_user bob \
		psql -XAtw -h /run/postgresql -U alice shop -c 'SELECT current_user'
	[ "$output" = alice ]
	refused replayed pg
}

@test "pg_hba: host lines, a service of another name, and the remote host's name" {
	# without TLS nothing differs for the module
	pg_hba 'host all all 127.0.0.1/32 pam'
	pgpass "$(signed)"
	granted pg_env psql -XAtw -d 'host=db.example.com sslmode=disable dbname=shop' \
		-c 'SELECT current_user'
	logged 'outcome=granted .*rhost="127.0.0.1"'
	# the text is for PAM_SERVICE
	cp "$S/etc/pam.d/postgresql" "$S/etc/pam.d/shop"
	conf shop 'proof = password' 'password_names = db.example.com'
	pg_hba 'hostssl all all 127.0.0.1/32 pam pamservice=shop'
	pgpass "$(signed)"
	log_mark
	run pg
	[ "$status" -ne 0 ]
	logged 'pam_certauth\(shop:auth\): .*outcome=denied reason=signature'
	pgpass "$(signed --service shop)"
	run pg
	[ "$output" = alice ]
	rm "$S/etc/pam.d/shop"
	# whatever reverse DNS says
	pg_hba 'hostssl all all 127.0.0.1/32 pam pam_use_hostname=1'
	pgpass "$(signed)"
	granted pg
	logged 'outcome=granted .*rhost="localhost"'
}

@test "refused: another host, service, user; expired, of the future, revoked" {
	pgpass "$(signed --host db2.example.com)"
	refused other-host pg
	pgpass "$(signed --service psql)"
	refused signature pg
	pgpass "$(signed --user bob)"
	refused signature pg
	pgpass "$(signed --cert bob)"
	refused signature pg
	pgpass "$(signed --cert bob --send)"
	refused other-user pg
	pgpass "$(signed --ago 121)"
	refused password-expired pg
	pgpass "$(signed --ago -20)"
	refused password-expired pg
	pgpass "$(signed --cert revoked --send)"
	refused revoked pg
	pgpass "$(signed | cut -c -100)"
	refused answer-cut pg
	# none of them has used up anything
	pgpass "$(signed --send)"
	granted pg
}

@test "revoked between two uses of a window" {
	signed_reset 'password_use = window'
	pgpass "$(signed)"
	granted pg
	granted pg
	mkdir "$S/revoke" && cp -a "$PKI/." "$S/revoke/"
	local pki=$PKI
	pki_use "$S/revoke"
	pki_revoke inter alice
	pki_crl inter
	cp inter.crl "$S/etc/certauth/crl/" 2>/dev/null ||
		cp "$S/revoke/inter.crl" "$S/etc/certauth/crl/alice.crl"
	pki_use "$pki"
	refused revoked pg
	crl_dir crl
	granted pg
}

@test "unknown users" {
	# mallory has no rule and no certificate, as in PostgreSQL
	pgpass "$(signed --user mallory)"
	refused no-registered pg -U mallory
	pgpass "$(signed --user mallory --send)"
	refused other-user pg -U mallory
	pgpass wonderland
	log_mark
	run pg -U mallory
	[ "$status" -ne 0 ]
	not_logged 'pam_certauth'
}

@test "a verifier that has been restarted refuses what it may have seen" {
	pgpass "$(signed)"
	granted pg
	signed_restart
	refused verifier-restarted pg
	pgpass "$(signed)"
	granted pg
}

@test "without a resident verifier: refused, and a plain password is not" {
	resident_stop
	in_place rm -f /run/certauth/verifier.1.sock
	pgpass "$(signed)"
	refused no-resident pg
	pgpass wonderland
	run pg
	echo "$output"
	[ "$status" -eq 0 ]
	resident_start
}

@test "a plain password: the module behind decides, and nothing is logged" {
	pgpass wonderland
	log_mark
	run pg
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = alice ]
	pgpass wrong
	run pg
	[ "$status" -ne 0 ]
	not_logged 'pam_certauth'
	logged 'pam_pwdfile'
}

@test "pam_unix cannot be behind: postgres cannot verify alice's password" {
	local hash
	hash=$(openssl passwd -6 -salt certauth wonderland)
	sed -i "s|^alice:[^:]*:|alice:$hash:|" "$S/etc/shadow"
	sed -i 's/pam_pwdfile.so .*/pam_unix.so/' "$S/etc/pam.d/postgresql"
	pgpass wonderland
	log_mark
	run pg
	[ "$status" -ne 0 ]
	logged 'unix_chkpwd.*check pass; user unknown'
	# the same stack and password, as root
	run in_place sh -c 'echo wonderland | pamtester postgresql alice authenticate'
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "no text is ever left in PAM_AUTHTOK" {
	local text
	signed_stack after
	: >"$S/behind"
	text=$(signed)
	pgpass "$text"
	granted pg
	refused replayed pg
	pgpass "$(signed --host db2.example.com)"
	refused other-host pg
	pgpass "${text%?????.}"
	refused answer-cut pg
	[ "$(grep -cx 'postgresql alice 127.0.0.1 -' "$S/behind")" -eq 4 ]
	pgpass "$(signed)"
	granted pg_socket
	[ "$(grep -cx 'postgresql alice - -' "$S/behind")" -eq 1 ]
	# what is not ours is there
	pgpass wonderland
	run pg
	[ "$(tail -n 1 "$S/behind")" = 'postgresql alice 127.0.0.1 wonderland' ]
	[ "$(wc -l <"$S/behind")" -eq 6 ]
}

@test "a password that an earlier module got: a text is taken, and taken out" {
	local how
	for how in use_first_pass try_first_pass ''; do
		printf '%s\n' "auth optional pam_pwdfile.so pwdfile=/etc/postgresql/pam_passwd" \
			"auth required pam_certauth.so $how" \
			"auth required $S/bin/pam_behind.so $S/behind" \
			'account required pam_certauth.so' >"$S/etc/pam.d/postgresql"
		: >"$S/behind"
		pgpass "$(signed)"
		granted pg
		refused replayed pg
		[ "$(grep -cx 'postgresql alice 127.0.0.1 -' "$S/behind")" -eq 2 ]
		[ "$(wc -l <"$S/behind")" -eq 2 ]
	done
	# nobody got one before
	sed -i '/pam_pwdfile/d' "$S/etc/pam.d/postgresql"
	sed -i '/^auth/s/pam_certauth.so.*/pam_certauth.so use_first_pass/' "$S/etc/pam.d/postgresql"
	pgpass "$(signed)"
	log_mark
	run pg
	[ "$status" -ne 0 ]
	not_logged 'event=login'
}

@test "an interactive psql: the call without an answer is no attempt" {
	rm -f "$S/home/alice/pgpass"
	log_mark
	# -w: psql gives none, and does not ask
	run pg
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *'no password supplied'* ]]
	not_logged 'pam_certauth'
	not_logged 'pam_pwdfile'
	signed >"$S/text"
	run as_user alice timeout 60 expect -c "
		set timeout 20
		spawn -noecho psql -XAt -P pager=off -d {$TLS dbname=shop} \
			-c {SELECT current_user || '-is-in'}
		expect {Password for user alice:}
		send {$(cat "$S/text")}
		send \r
		expect eof
		exit [lindex [wait] 3]"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *alice-is-in* ]]
	[ "$(how_often 'pam_certauth\(postgresql:auth\)')" -eq 1 ]
	logged 'event=login proof=password outcome=granted'
}

@test "\\c and pg_dump -j3 connect again: refused once, granted in a window" {
	local text
	text=$(signed)
	pgpass "$text"
	log_mark
	run pg -c '\c second' -c 'SELECT current_database()'
	echo "$output"
	[[ $output != *second* ]]
	logged 'outcome=granted'
	logged 'outcome=denied reason=replayed'
	pgpass "$(signed)"
	refused 'replayed' pg_env pg_dump -w -j3 -Fd -f "$S/home/alice/dump1" \
		-d "$TLS dbname=shop" || logged 'outcome=granted'
	signed_reset 'password_use = window' 'password_window = 60s'
	pgpass "$(signed)"
	granted pg -c '\c second' -c 'SELECT current_database()'
	[[ $output == *second* ]]
	[ "$(how_often 'outcome=granted')" -eq 2 ]
	pgpass "$(signed)"
	granted pg_env pg_dump -w -j3 -Fd -f "$S/home/alice/dump2" -d "$TLS dbname=shop"
	# one connection that leads, and three
	[ "$(how_often 'outcome=granted')" -eq 4 ]
	not_logged 'outcome=denied'
	[ -s "$S/home/alice/dump2/toc.dat" ]
	# not from elsewhere: the socket has no PAM_RHOST
	refused replayed pg_socket
}

@test "a window ends" {
	signed_reset 'password_use = window' 'password_window = 1s'
	pgpass "$(signed)"
	granted pg
	sleep 2.5
	refused replayed pg
}

@test "files that not everybody may read are not there for a peer that is not root" {
	local f
	pgpass "$(signed)"
	for f in users users.d/alice/cert.pem; do
		chmod 640 "$S/etc/certauth/$f"
		refused users-file pg
		logged "cannot read /etc/certauth/$f: Permission denied"
		# the text is not sent on to the module behind
		not_logged pam_pwdfile
		chmod 644 "$S/etc/certauth/$f"
	done
	chmod 640 "$S/etc/certauth/crl/"*
	refused crl-dir pg
	not_logged pam_pwdfile
	crl_dir crl
	chmod 700 "$S/etc/certauth/ca"
	refused ca-dir pg
	not_logged pam_pwdfile
	chmod 755 "$S/etc/certauth/ca"
	# nothing was used up
	granted pg
}

# as_page: the sections of docs/services.md as they stand there
as_page() {
	local lines
	conf_reset
	# a client's clock is the host's
	conf default 'password_skew = 0s'
	doc services.md 'postgresql certauth.conf' >>"$S/conf.sections"
	conf default
	grep -q 'proof = password' "$S/etc/certauth/certauth.conf"
	mapfile -t lines < <(doc services.md 'pg_hba.conf')
	[ ${#lines[@]} -eq 2 ]
	pg_hba "${lines[@]}"
	client_home 'postgresql client'
}

@test "docs/services.md: psql and pg_dump" {
	as_page
	granted as_user alice timeout 60 bash -ec "$(doc services.md psql)"
	[[ $output == *alice* ]]
	[ "$(stat -c %a "$S/home/alice/.pgpass")" = 600 ]
	granted as_user alice timeout 60 bash -ec "$(doc services.md pg_dump)"
	[ "$(how_often 'auth\): event=login .*outcome=granted')" -eq 4 ]
	[ -s "$S/home/alice/shop.dump/toc.dat" ]
	rm -f "$S/home/alice/.pgpass"
}
