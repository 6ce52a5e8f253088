#!/usr/bin/env bats
# directory = sss: the login by a real SSSD and a real slapd, through the module.
load lib/common
load lib/netplace
load lib/directory

setup_file() {
	[ -e "$DIRECTORY_DEBS/complete" ] && [ "$(id -u)" -eq 0 ] || return 0 # see setup
	place_make
	directory_root
	ca_dir root.pem
	local name
	for name in alice bob direct revoked future; do
		openssl x509 -in "$PKI/$name.pem" -outform DER -out "$S/$name.der"
	done
	{
		slapd_ldif erin 3001 "$S/alice.der"
		slapd_ldif frank 3002 "$S/bob.der"
		slapd_ldif grace 3003 "$S/bob.der"
		# the place has an alice of its own, whose uid is 2001
		slapd_ldif alice 3004 "$S/direct.der"
		slapd_ldif low 500 "$S/future.der"
		slapd_ldif henry 3005 "$S/revoked.der"
	} | slapd_load
	slapd_start
	# two ways: each test takes the one that WAY names
	CERTAUTH_VERIFIER=verifier=spawn service spawn
	CERTAUTH_VERIFIER=verifier=resident service resident
	resident_start
}
teardown_file() {
	[ -n "${S:-}" ] || return 0
	directory_remove
	place_remove
}

setup() {
	need_directory
	conf_reset
	conf default 'directory = sss'
	crl_dir crl
	users '# nobody'
	net_runs slapd || slapd_start
}

# sssd LINE ...: SSSD with these lines for its domain, afresh
sssd() {
	sssd_stop
	sssd_conf "$@"
	sssd_start
}

# ways COMMAND ...: by a verifier that the module starts, and by the resident one
ways() {
	SERVICE=spawn "$@" && SERVICE=resident "$@"
}

@test "the account that SSSD maps the certificate to logs in, and no other" {
	sssd
	LOGIN=erin ways login_ok
	logged 'user="erin" .*rule="sss erin@example.com"'
	LOGIN=grace ways login_denied other-user
	logged 'it maps to erin@example.com'
	LOGIN=erin ways login_denied unmapped --cert no-eku
	not_logged 'rule='
	logged 'SSSD has no account for it'
	logged 'sss_cache -E'
	not_logged 'users add'
	# without the key it is none
	conf default 'directory = none'
	LOGIN=erin ways login_denied unmapped
}

@test "nobody asked for a login: the account's own name, or ambiguous" {
	sssd
	LOGIN='' ways login_ok
	logged 'user="erin" .*rule="sss erin@example.com"'
	LOGIN='' ways login_denied ambiguous --cert bob
	logged 'logins: (frank, grace|grace, frank)'
	LOGIN=frank ways login_ok --cert bob
	LOGIN=grace ways login_ok --cert bob
}

@test "a local account of the same short name is another person" {
	sssd
	LOGIN=alice ways login_denied other-user --cert direct
	logged 'it maps to alice@example.com'
	# by its full name it is the account of the domain
	LOGIN=alice@example.com ways login_ok --cert direct
	LOGIN='' ways login_denied login-invalid --cert direct
	logged 'its name is that of another account of this host'
	# and a line of the users file is about the local one
	map direct
	LOGIN=alice ways login_ok --cert direct
	not_logged 'rule="sss'
}

@test "full names, and names in another case, are compared by uid" {
	sssd 'use_fully_qualified_names = True'
	LOGIN=erin@example.com ways login_ok
	LOGIN=erin ways login_denied other-user
	LOGIN='' ways login_ok
	logged 'user="erin@example.com" .*rule="sss erin@example.com"'
	sssd 'case_sensitive = False'
	LOGIN=ERIN ways login_ok
	logged 'user="ERIN" .*rule="sss erin@example.com"'
}

@test "an account outside of min_uid and max_uid gets nothing" {
	sssd
	conf default 'crl_check = leaf'
	in_place getent passwd low
	# its certificate is not valid yet, so only the mapping is looked at
	run in_place "$CERTAUTH" users test --user low "$PKI/future.pem"
	[ "$status" -eq 1 ]
	[[ $output == *'sss low@example.com: a pattern or a directory never gives an account below min_uid'* ]]
	conf default 'max_uid = 3000'
	LOGIN=erin ways login_denied login-invalid
	logged 'sss erin@example.com: a pattern or a directory never gives an account above max_uid'
	conf default 'max_uid = 3001'
	LOGIN=erin ways login_ok
}

@test "lines of the users file come first, and refuse" {
	sssd
	users "! sha256:$(pki_sha256 "$PKI/alice.pem")"
	LOGIN=erin ways login_denied refused
	logged 'users:1 sha256:.*: the line refuses the certificate'
	LOGIN='' ways login_denied refused
	LOGIN=frank ways login_ok --cert bob
	# a line for that login that has ended is not replaced
	users "erin sha256:$(pki_sha256 "$PKI/alice.pem") until=2001-01-01"
	LOGIN=erin ways login_denied unmapped
	users "erin sha256:$(pki_sha256 "$PKI/alice.pem") service=other"
	LOGIN=erin ways login_denied unmapped
	# one for somebody else says nothing about erin
	users "bob sha256:$(pki_sha256 "$PKI/alice.pem")"
	LOGIN=erin ways login_ok
	LOGIN=bob ways login_ok
	logged 'rule="/etc/certauth/users:1'
	# without a login the line decides
	LOGIN='' ways login_ok
	logged 'user="bob" '
	# a file that cannot be used is no reason to ask another
	users 'not a line'
	LOGIN=erin ways login_denied users-file
}

@test "a refusing line refuses what other lines and registered certificates grant" {
	conf default 'directory = none'
	map alice
	LOGIN=alice ways login_ok
	echo "! cn:alice" >>"$S/etc/certauth/users"
	LOGIN=alice ways login_denied refused
	in_place "$CERTAUTH" users compile
	LOGIN=alice ways login_denied refused
	in_place rm "$S/etc/certauth/users.cdb"
	users "! cn:alice until=2001-01-01" "alice sha256:$(pki_sha256 "$PKI/alice.pem")"
	LOGIN=alice ways login_ok
}

@test "SSSD replaces neither the chain nor the CRL" {
	sssd
	LOGIN=henry ways login_denied revoked --cert revoked
	ca_dir stranger.pem
	LOGIN=erin ways login_denied unknown-ca
	ca_dir root.pem
}

@test "without its server SSSD answers from its cache" {
	sssd
	LOGIN=erin ways login_ok
	slapd_stop KILL
	LOGIN=erin ways login_ok
	logged 'rule="sss erin@example.com"'
	LOGIN='' ways login_ok
	slapd_start
}

@test "SSSD's cache in memory, which its library maps, can be read" {
	SSSD_MEMCACHE=300 sssd
	LOGIN=erin ways login_ok
	in_place test -s /var/lib/sss/mc/passwd
	LOGIN=erin ways login_ok
	logged 'rule="sss erin@example.com"'
}

@test "SSSD is stopped, or hangs: the reason is the directory, and lines still work" {
	sssd
	LOGIN=erin ways login_ok
	sssd_stop
	LOGIN=erin ways login_denied directory
	logged 'SSSD does not answer: Connection refused; `certauth doctor` and `systemctl status sssd` say why'
	users "bob sha256:$(pki_sha256 "$PKI/alice.pem")"
	LOGIN=bob ways login_ok
	# with its socket left over
	sssd_start
	local nss
	nss=$(sssd_child nss)
	kill -STOP "$nss"
	# the module waits 5 s for a verdict; its own reason is another one
	LOGIN=bob ways login_ok
	users '# nobody'
	LOGIN=bob ways login_denied directory
	logged 'SSSD does not answer: no answer came in time'
	kill -CONT "$nss"
	LOGIN=erin ways login_ok
}

@test "the server hangs: what the cache has is granted, the rest is no verdict" {
	sssd
	LOGIN=erin ways login_ok
	kill -STOP "$(sssd_child be)"
	LOGIN=erin ways login_ok
	LOGIN=bob ways login_denied directory --cert bob
	logged 'SSSD does not answer: no answer came in time'
	kill -CONT "$(sssd_child be)"
}

@test "the library is absent: the reason says which" {
	sssd
	local lib
	lib=$(in_place sh -c 'ls /usr/lib/*/libsss_nss_idmap.so.0.*')
	in_place mount --bind /dev/null "$lib"
	LOGIN=erin ways login_denied directory
	logged 'directory = sss needs libsss_nss_idmap.so.0, which is not installed'
	run in_place "$CERTAUTH" users test --user erin "$PKI/alice.pem"
	[[ $output == *'needs libsss_nss_idmap.so.0'* ]]
	in_place umount "$lib"
	LOGIN=erin ways login_ok
}

@test "the process that asks SSSD dies: this login is denied, and the next one is not" {
	sssd
	local nss worker broker i
	nss=$(sssd_child nss)
	kill -STOP "$nss"
	SERVICE=resident LOGIN=erin login >"$S/bg" 2>&1 3>&- &
	local bg=$!
	for ((i = 0; i < 500; i++)); do
		for worker in $(pgrep -P "$RESIDENT"); do
			broker=$(pgrep -P "$worker") && break 2
		done
		sleep 0.02
	done
	kill -KILL "$broker"
	! wait "$bg" || false
	logged 'outcome=denied.* reason=directory '
	logged 'the process that asks SSSD ended, or did not answer'
	kill -CONT "$nss"
	LOGIN=erin ways login_ok
	# none is left over
	until_true sh -c "! pgrep -P $RESIDENT | xargs -r -n 1 pgrep -P"
}

@test "a certificate that is too long for SSSD is named so" {
	sssd
	local pki=$PKI
	cp -r "$PKI" "$S/long"
	pki_use "$S/long"
	pki_leaf long inter --ext "nsComment = $(printf 'x%.0s' {1..7500})"
	pki_use "$pki"
	[ "$(openssl x509 -in "$S/long/long.pem" -outform DER | wc -c)" -gt 7680 ]
	conf default 'max_answer = 2000'
	cat "$S/long/long.pem" "$S/long/inter.pem" >"$S/long/long-chain.pem"
	PKI=$S/long LOGIN=erin ways login_denied directory --cert long --key long
	logged 'the certificate has more than 7,680 bytes'
}

@test "explain and users test show what SSSD answers" {
	sssd
	run in_place "$CERTAUTH" explain --user erin "$PKI/alice-chain.pem"
	[ "$status" -eq 0 ]
	[[ $output == *'SSSD erin@example.com directory = sss: yes, matches: erin'* ]]
	run in_place "$CERTAUTH" users test --user frank "$PKI/alice.pem"
	[ "$status" -eq 1 ]
	[[ $output == *'SSSD: erin@example.com directory = sss: no, the login is another account: its uid is another one'* ]]
	run in_place "$CERTAUTH" users test "$PKI/direct.pem"
	[ "$status" -eq 1 ]
	[[ $output == *'its name is that of another account of this host'* ]]
	run in_place "$CERTAUTH" users test "$PKI/no-eku.pem"
	[[ $output == *'SSSD maps the certificate to no account'* ]]
	sssd_stop
	run in_place "$CERTAUTH" explain --user erin "$PKI/alice-chain.pem"
	[ "$status" -ne 0 ]
	[[ $output == *'SSSD does not answer'* ]]
}

# doctor_says [CODE TEXT]: what the check of the directory finds; nothing without CODE
doctor_says() {
	# a look-up of an account that waits for SSSD waits for minutes
	run in_place timeout 100 "$CERTAUTH" doctor --skip files --skip host --skip crl --skip timer \
		--skip registered --skip pam --skip password --skip sshd \
		--skip verifier --skip clock --skip libcrypto
	if [ $# -eq 0 ] && [[ $output != *" directory"* ]]; then return; fi
	if [ $# -eq 2 ] && [[ $output == *"$1"* && $output == *"$2"* ]]; then return; fi
	echo "$output"
	return 1
}

@test "doctor: SSSD does not answer, is not installed, or is not asked for accounts" {
	sssd
	doctor_says
	sssd_stop
	doctor_says directory 'directory = sss is set, but SSSD does not answer: its socket /var/lib/sss/pipes/nss does not exist'
	[[ $output == *'mend: systemctl enable --now sssd'* ]]
	sed -i 's/^services = .*/services = pam, nssx/' "$S/etc/sssd/sssd.conf"
	doctor_says directory 'services = pam, nssx in [sssd] of its configuration lacks nss'
	[[ $output == *'add nss to services = in /etc/sssd/sssd.conf, then run: systemctl restart sssd'* ]]
	# it is asked only where the key is set, and an empty users file is none then
	run in_place "$CERTAUTH" doctor --skip pam --skip verifier
	[[ $output != *users-empty* ]]
	conf default 'directory = none'
	run in_place "$CERTAUTH" doctor --skip pam --skip verifier
	[[ $output == *users-empty* ]]
	doctor_says
	conf default 'directory = sss'
	sssd
	doctor_says
	sed -i 's/^passwd:.*/passwd: files\n#passwd: sss/' "$S/etc/nsswitch.conf"
	doctor_says directory '/etc/nsswitch.conf does not name sss for passwd'
	# what a login says then
	LOGIN=erin ways login_denied login-invalid
	logged 'sss erin@example.com: the name service does not find it.* passwd: of /etc/nsswitch.conf must name sss'
	LOGIN='' ways login_denied login-invalid
	logged 'passwd: of /etc/nsswitch.conf must name sss'
	# a local account is not blamed on it
	LOGIN=bob ways login_denied other-user
	local line
	for line in 'passwd: files [NOTFOUND=continue] sss' ' passwd: files[SUCCESS=return]sss' \
	    'passwd: files # sss'; do
		sed -i "s/^ *passwd:.*/$line/" "$S/etc/nsswitch.conf"
		doctor_says
		LOGIN=erin ways login_ok
	done
	sed -i 's/^ *passwd:.*/passwd: files [sss=return] asss/' "$S/etc/nsswitch.conf"
	doctor_says directory '/etc/nsswitch.conf does not name sss for passwd'
	sed -i 's/^passwd:.*/passwd: files sss/' "$S/etc/nsswitch.conf"
	local lib
	lib=$(in_place sh -c 'ls /usr/lib/*/libsss_nss_idmap.so.0.*')
	in_place mount --bind /dev/null "$lib"
	doctor_says directory 'libsss_nss_idmap.so.0 is not installed'
	in_place umount "$lib"
}

@test "doctor: SSSD hangs, is gone from its socket, or has read another configuration" {
	local nss
	sssd
	nss=$(sssd_child nss)
	kill -STOP "$nss"
	# the name service would wait for minutes for this account
	users 'nosuchlogin cn:alice'
	doctor_says directory 'SSSD does not answer: it was asked for the account root by /var/lib/sss/pipes/nss, and no answer came in time'
	[[ $output == *'mend: systemctl restart sssd; journalctl'* ]]
	kill -CONT "$nss"
	sssd
	doctor_says users-no-account nosuchlogin
	users '# nobody'
	doctor_says
	# a socket without anybody
	net_stop sssd -KILL
	kill -KILL "$nss" 2>/dev/null || :
	sssd_stop
	in_place python3 -c 'import socket
socket.socket(socket.AF_UNIX).bind("/var/lib/sss/pipes/nss")'
	doctor_says directory 'by /var/lib/sss/pipes/nss, and nobody listens there'
	[[ $output == *'mend: systemctl restart sssd; journalctl'* ]]
	in_place rm /var/lib/sss/pipes/nss
	sssd
	touch -d '1 minute' "$S/etc/sssd/sssd.conf"
	doctor_says directory-stale '/etc/sssd/sssd.conf was changed after SSSD had started'
	# systemd made the socket, and starts the responder by it
	sed -i 's/^services = .*/services =/' "$S/etc/sssd/sssd.conf"
	touch -d '1 minute' "$S/etc/sssd/sssd.conf"
	doctor_says
}

@test "doctor: rules of SSSD that find nobody, or another person" {
	with_certmap || skip 'this certauth has no libsss_certmap'
	SSSD_MAPRULE='LDAP:(userCertificate:certificateExactMatch:={serial_number!dec})' sssd
	doctor_says directory-rule '[certmap/example.com/rule] has a rule that SSSD cannot parse'
	# as it says: SSSD then uses its default rule, which finds nothing here
	LOGIN=erin ways login_denied unmapped
	sed -i '/^\[certmap/,$d' "$S/etc/sssd/sssd.conf"
	doctor_says directory-rule 'the domain example.com has no rule for certificates'
	# the rule that doctor names finds it
	local rule
	rule=$(sed -n 's/.*\(LDAPU1:.*}})\).*/\1/p' <<<"$output")
	SSSD_MAPRULE=$rule sssd
	doctor_says
	LOGIN=erin ways login_ok
	# one in a further file counts
	sed -i '/^\[certmap/,$d' "$S/etc/sssd/sssd.conf"
	mkdir -p "$S/etc/sssd/conf.d"
	printf '[certmap/example.com/more]\nmaprule = %s\n' "$rule" >"$S/etc/sssd/conf.d/a.conf"
	chmod 600 "$S/etc/sssd/conf.d/a.conf"
	touch -d '1 hour ago' "$S"/etc/sssd/{sssd.conf,conf.d/a.conf}
	doctor_says
	touch -d '1 minute' "$S/etc/sssd/conf.d/a.conf"
	doctor_says directory-stale '/etc/sssd/conf.d/a.conf was changed after'
	rm "$S/etc/sssd/conf.d/a.conf"
	# two CAs of one name and two keys
	SSSD_MAPRULE=$rule sssd
	local pki=$PKI
	cp -r "$PKI" "$S/twin"
	pki_use "$S/twin"
	pki_ca twin --subject '/O=Example/CN=Test root'
	pki_use "$pki"
	ca_dir root.pem "$S/twin/twin.pem"
	doctor_says directory-rule 'are CAs of one name'
	ca_dir root.pem
	cp "$PKI/root.pem" "$S/etc/certauth/ca/again.pem"
	doctor_says
	ca_dir root.pem
}
