#!/usr/bin/env bats
# Each example of etc/pam.d, run as it stands: real PAM, real pam_unix.
bats_require_minimum_version 1.5.0
load lib/common

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	place_make
	# a password for alice: "wonderland"
	local hash
	hash=$(openssl passwd -6 -salt certauth wonderland)
	sed -i "s|^alice:[^:]*:|alice:$hash:|" "$S/etc/shadow"
	# an example names the module without a path: it lies where PAM looks
	MODDIR=$(dirname "$(find /lib /usr/lib -name pam_unix.so 2>/dev/null |
		head -n 1)")
	export MODDIR
	cp -a "$MODDIR" "$S/security"
	cp "$MODULE" "$S/security/pam_certauth.so"
	in_place mount --bind "$S/security" "$MODDIR"
	# the helper too, where the module looks for it
	in_place mount -t tmpfs -o mode=755 tmpfs /usr/local
	in_place mkdir -p /usr/local/bin /usr/local/libexec/certauth
	in_place mount --bind "$S/bin" /usr/local/bin
	in_place install -m 755 "$CERTAUTH_BUILD/certauth-sign" \
		/usr/local/libexec/certauth/
	cp "$HERE"/etc/pam.d/* "$S/etc/pam.d/"
}
teardown_file() { place_remove; }
setup() {
	need_root
	conf_reset
	crl_dir crl
}

# try SERVICE HOW...: authenticate and account
try() {
	local service=$1
	shift
	log_mark
	# a password that is asked for is not given: that ends it
	run in_place timeout 15 python3 "$S/bin/login.py" "$@" -- \
		pamtester "$service" alice authenticate acct_mgmt </dev/null
	echo "$output"
}
by_cert() { try "$1" --cert "$PKI/$2-chain.pem" --key "$PKI/$2.key"; }

# by_password SERVICE PASSWORD: what the module asks is answered emptily
by_password() {
	log_mark
	run in_place expect -c "
		set timeout 20; match_max 40000
		log_user 1
		spawn -noecho pamtester $1 alice authenticate acct_mgmt
		expect {
			-re {certauth1 .*: } { send \"\r\"; exp_continue }
			-re {assword: } { send \"$2\r\"; exp_continue }
			timeout { exit 99 }
			eof
		}
		catch wait result
		exit [lindex \$result 3]"
	echo "$output"
}

# by_service FILE: an example for signed passwords, whose service needs no prompt; the
# file of tests about that service runs it as it stands
by_service() {
	grep -q '^auth .*authinfo_unavail=ignore default=die\] pam_certauth.so' "$1"
}

@test "every example is tested here" {
	local f n=0
	for f in "$HERE"/etc/pam.d/*; do
		grep -q '^auth .*pam_certauth.so' "$f"
		if by_service "$f"; then
			grep -qE "(signed_make|serves|for s in|web) .*\b${f##*/}\b" \
				"$HERE"/tests/password_*.bats
			continue
		fi
		grep -q "${f##*/}" <<<'sshd sudo su login polkit-1 screen-locker
			fallback two-factors greeter cockpit-second-factor gdm-smartcard'
		n=$((n + 1))
	done
	[ "$n" -eq 12 ]
}

@test "sshd: the certificate alone; a password is not asked for" {
	by_cert sshd alice
	[ "$status" -eq 0 ]
	by_cert sshd revoked
	[ "$status" -ne 0 ]
	by_password sshd wonderland
	[ "$status" -ne 0 ]
	[[ $output != *assword* ]]
}

@test "sudo, login, polkit-1, fallback: the certificate, or the password" {
	local s
	for s in sudo login polkit-1 fallback; do
		echo "== $s"
		by_cert "$s" alice
		[ "$status" -eq 0 ]
		logged "pam_certauth\\($s:auth\\).*outcome=granted"
		by_password "$s" wonderland
		[ "$status" -eq 0 ]
		[[ $output == *assword* ]]
		by_password "$s" wrong
		[ "$status" -ne 0 ] && [ "$status" -ne 99 ]
	done
}

@test "su: root needs nothing, others what the example says" {
	in_place pamtester su alice authenticate acct_mgmt
	# pam_rootok goes by the real uid; without it, as carol would see it
	sed -i '/pam_rootok/d' "$S/etc/pam.d/su"
	by_cert su alice
	[ "$status" -eq 0 ]
	by_password su wrong
	[ "$status" -ne 0 ] && [ "$status" -ne 99 ]
	by_password su wonderland
	[ "$status" -eq 0 ]
}

@test "a screen locker: one prompt, the password where there is no key" {
	by_password screen-locker wonderland
	[ "$status" -eq 0 ]
	[[ $output != *certauth1* ]]
	by_password screen-locker wrong
	[ "$status" -ne 0 ] && [ "$status" -ne 99 ]
}

@test "a greeter: the login name is known before a certificate is asked for" {
	by_password greeter wonderland
	[ "$status" -eq 0 ]
	by_password greeter wrong
	[ "$status" -ne 0 ] && [ "$status" -ne 99 ]
	# lightdm starts without a name: pam_nologin asks, and a refusal has one
	run in_place "$CERTAUTH_BUILD/tests/lib/pamdrive" -s greeter \
		-C 'read -r ask; echo alice; read -r ask; echo wrong' </dev/null
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'prompt login:'* ]]
	[[ $output == *'user alice'* ]]
	# without pam_nologin there is none, where the module prompts
	sed -i '/pam_nologin/d; s/proof=command//; s/sufficient/required/
		/^auth.*pam_unix/d' "$S/etc/pam.d/greeter"
	run in_place "$CERTAUTH_BUILD/tests/lib/pamdrive" -s greeter -m empty \
		</dev/null
	cp "$HERE/etc/pam.d/greeter" "$S/etc/pam.d/"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output != *'user alice'* ]]
	[[ $output != *'login:'* ]]
}

@test "gdm-smartcard: the certificate alone, and the login name is asked before" {
	by_password gdm-smartcard wonderland
	[ "$status" -ne 0 ] && [ "$status" -ne 99 ]
	[[ $output != *assword* ]]
	[[ $output != *certauth1* ]]
	logged 'reason=no-credential'
	run in_place "$CERTAUTH_BUILD/tests/lib/gdmworker" -l alice </dev/null
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'question Username:'* ]]
	[[ $output == *'user alice'* ]]
}

# cockpit_login SERVICE CERT: cockpit answers the first prompt with the password of its
# page, whatever it asks for, and shows the others to the user.  cockpit.bats has cockpit
# itself.
cockpit_login() {
	log_mark
	run in_place python3 "$S/bin/login.py" --cert "$PKI/$2-chain.pem" \
		--key "$PKI/$2.key" --first "${3-wonderland}" -- \
		pamtester "$1" alice authenticate acct_mgmt </dev/null
	echo "$output"
}

@test "cockpit: the password of its page is discarded, the certificate logs in" {
	local first
	for first in wonderland wrong ''; do
		cockpit_login cockpit alice "$first"
		[ "$status" -eq 0 ]
		logged 'pam_certauth\(cockpit:auth\).*outcome=granted'
	done
	cockpit_login cockpit revoked
	[ "$status" -ne 0 ]
	logged 'reason=revoked'
	by_password cockpit wonderland
	[ "$status" -ne 0 ] && [ "$status" -ne 99 ]
	# without the argument the password is the answer
	sed -i 's/first_answer=ignore //' "$S/etc/pam.d/cockpit"
	cockpit_login cockpit alice
	cp "$HERE/etc/pam.d/cockpit" "$S/etc/pam.d/"
	[ "$status" -ne 0 ]
	logged 'outcome=denied reason=answer-cut'
}

@test "cockpit, second factor: the password of its page first, then the certificate" {
	cockpit_login cockpit-second-factor alice
	[ "$status" -eq 0 ]
	logged 'pam_certauth\(cockpit-second-factor:auth\).*outcome=granted'
	cockpit_login cockpit-second-factor revoked
	[ "$status" -ne 0 ]
	logged 'reason=revoked'
	by_password cockpit-second-factor wrong
	[ "$status" -ne 0 ] && [ "$status" -ne 99 ]
	[[ $output != *certauth1* ]]
}

@test "two factors: neither is enough" {
	by_password two-factors wonderland
	[ "$status" -ne 0 ] && [ "$status" -ne 99 ]
	[[ $output == *certauth1* ]]
	logged 'outcome=denied'
	by_cert two-factors alice
	[ "$status" -ne 0 ]
	# both: the same stack with the password already given
	sed -i 's/^auth .*pam_unix.so/auth required pam_permit.so/' \
		"$S/etc/pam.d/two-factors"
	by_cert two-factors alice
	[ "$status" -eq 0 ]
}

@test "the session line: last, behind pam_systemd, and it stops no session" {
	local f s n=0
	for f in "$HERE"/etc/pam.d/*; do
		s=${f##*/}
		grep -q '^session .*pam_certauth' "$f" || continue
		echo "== $s"
		[ "$(tail -n 1 "$f")" = 'session  optional   pam_certauth.so' ]
		# in su and sudo the session of logind is the one outside
		[[ $s == su* ]] || tail -n 2 "$f" | head -n 1 |
			grep -qx -- '-session optional   pam_systemd.so'
		# this host's logind is not asked
		sed '/pam_systemd/d' "$f" >"$S/etc/pam.d/$s"
		run -0 in_place pamtester "$s" alice open_session close_session </dev/null
		n=$((n + 1))
	done
	cp "$HERE"/etc/pam.d/* "$S/etc/pam.d/"
	[ "$n" -eq 11 ]
}
