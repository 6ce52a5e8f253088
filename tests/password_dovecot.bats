#!/usr/bin/env bats
# Signed passwords with a real Dovecot, mbsync and curl.
load lib/common
load lib/netplace
load lib/signed
load lib/services

DOVECOT=$(command -v dovecot || ls /usr/sbin/dovecot 2>/dev/null) || :

setup_file() {
	[ "$(id -u)" -eq 0 ] && [ -n "$DOVECOT" ] || return 0 # see setup
	export CERTAUTH_VERIFIER=verifier=resident
	place_make
	net_make mail.example.com
	module_install
	net_tls mail.example.com
	signed_make dovecot mail.example.com
	# a password for alice: "wonderland"
	sed -i "s|^alice:[^:]*:|alice:$(openssl passwd -6 -salt certauth wonderland):|" \
		"$S/etc/shadow"
	client_make
	dovecot_conf
	dovecot_start
}
teardown_file() {
	net_remove
	place_remove
}

setup() {
	need_root
	[ -n "$DOVECOT" ] || skip 'no Dovecot here (dovecot-imapd)'
	signed_reset
	signed_stack example
	signed_ready
}

dovecot_24() { dovecot --version | grep -q '^2\.[4-9]'; }

# dovecot_conf [LINE ...]: the packaged configuration, with a place for mail
dovecot_conf() {
	{
		printf '%s\n' 'listen = 127.0.0.1' 'log_path = /dev/stderr' 'ssl = required'
		# an address that guesses has to wait: not here, where all refusals come from one
		printf '%s\n' 'auth_failure_delay = 0s' 'service anvil {' \
			'  unix_listener anvil-auth-penalty {' '    mode = 0' '  }' '}'
		if dovecot_24; then
			printf '%s\n' "ssl_server_cert_file = $S/web/mail.example.com.pem" \
				"ssl_server_key_file = $S/web/mail.example.com.key" \
				'mail_driver = maildir' 'mail_path = ~/Maildir' \
				'mail_inbox_path ='
		else
			printf '%s\n' "ssl_cert = <$S/web/mail.example.com.pem" \
				"ssl_key = <$S/web/mail.example.com.key" \
				'mail_location = maildir:~/Maildir'
		fi
		printf '%s\n' "$@"
	} >"$S/etc/dovecot/local.conf"
}

dovecot_start() {
	net_daemon dovecot "$DOVECOT" -F
	until_true net_listens 993 || {
		cat "$S/dovecot.out"
		return 1
	}
}

# dovecot_again [LINE ...]: with these further settings
dovecot_again() {
	dovecot_conf "$@"
	in_place doveadm reload
}

# alice's client
client_make() {
	local home=$S/home/alice
	mkdir -p "$home/.config/certauth" "$home/Mail"
	cp "$PKI/alice.key" "$PKI/alice-chain.pem" "$home/.config/certauth/"
	{
		printf '[default]\ncert = ~/.config/certauth/alice-chain.pem\n'
		printf 'key = ~/.config/certauth/alice.key\n'
		printf '[service mail]\nservice = dovecot\nhost = mail.example.com\n'
		printf 'user = alice\nregistered = yes\n'
	} >"$home/.config/certauth/config"
	doc services.md mbsync >"$home/.mbsyncrc"
	mbsync --version 2>/dev/null | grep -q 'isync 1\.[0-4]' ||
		sed -i 's/^SSLType/TLSType/' "$home/.mbsyncrc"
	sed -i '/^AuthMechs/a CertificateFile /etc/ssl/certs/web-ca.pem' "$home/.mbsyncrc"
	chmod 600 "$home/.config/certauth/alice.key"
	chown -R 2001:2001 "$home"
}

# imap TEXT [USER]: one connection
imap() {
	printf 'user = "%s:%s"\n' "${2:-alice}" "$1" |
		in_place curl -sS --max-time 30 --cacert /etc/ssl/certs/web-ca.pem -K - \
			imaps://mail.example.com/
}

@test "mbsync goes in, with a fresh line each time" {
	doc services.md 'dovecot certauth.conf' >"$S/section"
	grep -q 'proof = password' "$S/section"
	conf_reset
	conf default 'password_skew = 0s'
	cat "$S/section" >>"$S/etc/certauth/certauth.conf"
	granted as_user alice mbsync -q mail
	logged 'outcome=granted .*user="alice" service="dovecot" rhost="127.0.0.1"'
	logged 'pam_certauth\(dovecot:account\): event=account outcome=accepted'
	granted as_user alice mbsync -q mail
	[ -d "$S/home/alice/Mail/INBOX" ]
}

@test "curl: once" {
	local text
	text=$(signed)
	granted imap "$text"
	refused replayed imap "$text"
	granted imap "$(signed --send)"
}

@test "five connections with one text: one, or all within a window" { five_connections imap 5m; }

@test "five connections with Dovecot's cache: the module is asked once" {
	local text i n=0
	# 2.4 has a key of its own
	dovecot_24 || sed -i 's/^  driver = pam/&\n  args = cache_key=%u%s dovecot/' \
		"$S/etc/dovecot/conf.d/auth-system.conf.ext"
	dovecot_again 'auth_cache_size = 1M' 'auth_cache_ttl = 60s'
	text=$(signed)
	log_mark
	for i in 1 2 3 4 5; do imap "$text" && n=$((n + 1)); done
	sed -i '/cache_key=/d' "$S/etc/dovecot/conf.d/auth-system.conf.ext"
	dovecot_again
	[ "$n" -eq 5 ]
	[ "$(how_often 'event=login proof=password outcome=granted')" -eq 1 ]
	not_logged 'outcome=denied'
}

@test "refused: another host, service, user; expired, of the future, revoked, cut" {
	refused other-host imap "$(signed --host imap.example.com)"
	refused signature imap "$(signed --service imap)"
	refused signature imap "$(signed --user bob)"
	refused signature imap "$(signed --cert bob)"
	refused other-user imap "$(signed --cert bob --send)"
	refused password-expired imap "$(signed --ago 121)"
	refused password-expired imap "$(signed --ago -20)"
	refused revoked imap "$(signed --cert revoked --send)"
	refused answer-cut imap "$(signed | cut -c -100)"
	refused answer-malformed imap "$(signed | sed 's/^ca1\./ca1.+/')"
	# none of them has used up anything
	granted imap "$(signed --send)"
}

@test "unknown users" {
	refused no-registered imap "$(signed --user mallory)" mallory
	refused other-user imap "$(signed --user mallory --send)" mallory
}

@test "a plain password: pam_unix takes it, and the module says nothing" { plain_password imap; }

@test "no module behind gets a text of ours" { behind_gets_none imap; }

@test "a verifier that has been restarted refuses what it may have seen" { restarted imap; }

@test "without a resident verifier" { no_resident imap; }

@test "64 connections at once with one text: one is granted" {
	local text i pids=()
	text=$(signed)
	log_mark
	for i in $(seq 64); do
		imap "$text" >"$S/imap.$i" 2>&1 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i" || :; done
	[ "$(how_often 'event=login proof=password outcome=granted')" -eq 1 ]
	[ "$(how_often 'outcome=denied reason=replayed')" -ge 40 ]
}
