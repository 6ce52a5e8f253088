#!/usr/bin/env bats
# Signed passwords with a real Postfix, saslauthd and msmtp.
load lib/common
load lib/netplace
load lib/signed
load lib/services

export PATH=$PATH:/usr/sbin
MISSING=
for program in postfix saslauthd msmtp curl; do
	command -v $program >/dev/null || MISSING="$MISSING $program"
done

setup_file() {
	[ "$(id -u)" -eq 0 ] && [ -z "$MISSING" ] || return 0 # see setup
	export CERTAUTH_VERIFIER=verifier=resident
	place_make
	net_make mail.example.com
	module_install
	net_tls mail.example.com
	signed_make smtp mail.example.com
	unix_password
	client_make
	saslauthd_start
	postfix_make
	net_daemon postfix postfix start-fg
	until_true net_listens 465 || {
		cat "$S/postfix.out" "$S/log"
		return 1
	}
}
teardown_file() {
	if [ -e "${S:-/nonexistent}/postfix.pid" ]; then
		# what start-fg has started has a session of its own
		in_place postfix stop >/dev/null 2>&1
		saslauthd_stop
	fi
	net_remove
	place_remove
}

setup() {
	need_root
	[ -z "$MISSING" ] || skip "not installed:$MISSING"
	serves smtp mail.example.com
	[ -e "$S/saslauthd.pid" ] || saslauthd_again
}
teardown() { [ -z "${AGAIN:-}" ] || saslauthd_stop; }

# saslauthd_start [OPTIONS]: by the page's /etc/default/saslauthd, or with these OPTIONS
saslauthd_start() {
	doc services.md saslauthd >"$S/etc/default/saslauthd"
	grep -q '^MECHANISMS="pam"' "$S/etc/default/saslauthd" || return
	[ $# -eq 0 ] || echo "OPTIONS=\"$1\"" >>"$S/etc/default/saslauthd"
	in_place rm -rf /run/saslauthd
	in_place install -d -o root -g sasl -m 710 /run/saslauthd
	# as its unit does, and -d: in the foreground
	# shellcheck disable=SC2016 # for the shell there
	net_daemon saslauthd setsid sh -c '. /etc/default/saslauthd
		exec saslauthd -d -a $MECHANISMS $MECH_OPTIONS $OPTIONS -n $THREADS'
	until_true test -S "$(saslauthd_run)/mux"
}
saslauthd_run() { echo "/proc/$PLACE_PID/root/run/saslauthd"; }

# its processes are one group
saslauthd_stop() {
	local group
	[ -e "$S/saslauthd.pid" ] || return 0
	group=$(cat "$S/saslauthd.pid")
	rm "$S/saslauthd.pid"
	kill -- "-$group" || return 0
	# one that waits for the lock of another, which has ended, does not end by itself
	local i
	for ((i = 0; i < 250; i++)); do
		! group_ended "$group" || return 0
		sleep 0.02
	done
	kill -KILL -- "-$group" || return 0
	until_true group_ended "$group"
}
group_ended() { ! kill -0 -- "-$1" 2>/dev/null; }

# saslauthd_again [OPTIONS]: until the test ends, because a server ends with the process
# that started it
saslauthd_again() {
	AGAIN=1
	saslauthd_stop && saslauthd_start "$@"
}

postfix_make() {
	local dir
	for dir in /var/spool/postfix /var/lib/postfix; do
		in_place mount -t tmpfs -o mode=755 tmpfs "$dir" || return
	done
	in_place chown postfix /var/lib/postfix
	rm -f "$S/etc/postfix/main.cf"
	cp "$S/etc/postfix/master.cf.proto" "$S/etc/postfix/master.cf"
	# the part of a mail server that every site has
	# shellcheck disable=SC2016 # Postfix's own variable
	printf '%s\n' 'compatibility_level = 3.6' \
		'myhostname = mail.example.com' \
		'mydestination = $myhostname, example.com, localhost' \
		'inet_interfaces = 127.0.0.1' 'inet_protocols = ipv4' \
		'alias_maps =' 'home_mailbox = Maildir/' \
		"smtpd_tls_chain_files = $S/web/mail.example.com.key, $S/web/mail.example.com.pem" \
		'smtpd_tls_security_level = may' >"$S/etc/postfix/main.cf"
	doc services.md smtpd.conf >"$S/etc/postfix/sasl/smtpd.conf"
	doc services.md postfix >"$S/commands"
	grep -q '^postconf -M' "$S/commands" && in_place sh -e "$S/commands"
}

# alice's client, and a letter to bob
client_make() {
	client_section unused 256
	doc services.md 'submission client' >>"$S/home/alice/.config/certauth/config"
	{
		# the tests' CA in place of the machine's
		printf 'defaults\ntls_trust_file /etc/ssl/certs/web-ca.pem\n'
		doc services.md msmtp
	} >"$S/home/alice/.msmtprc"
	printf 'From: alice@example.com\nTo: bob@example.com\nSubject: hello\n\nDear Bob\n' \
		>"$S/home/alice/letter"
	chown -R 2001:2001 "$S/home/alice"
	chmod 600 "$S/home/alice/.msmtprc"
}

send() { as_user alice msmtp bob@example.com <"$S/home/alice/letter"; }

# smtp TEXT [USER]: a letter with that password
smtp() {
	printf 'user = "%s:%s"\n' "${2:-alice}" "$1" |
		in_place curl -sS --max-time 60 --cacert /etc/ssl/certs/web-ca.pem -K - \
			--mail-from alice@example.com --mail-rcpt bob@example.com \
			-T "$S/home/alice/letter" smtps://mail.example.com/
}

letters() { find "$S/home/bob/Maildir/new" -type f 2>/dev/null | wc -l; }
letters_are() { [ "$(letters)" -eq "$1" ]; }

@test "msmtp sends, with a fresh line for each letter" {
	local before
	before=$(letters)
	conf_reset
	conf default 'password_skew = 0s'
	doc services.md 'smtp certauth.conf' >"$S/section"
	grep -q 'proof = password' "$S/section"
	cat "$S/section" >>"$S/etc/certauth/certauth.conf"
	granted send
	logged 'outcome=granted .*user="alice" service="smtp" subject='
	logged 'pam_certauth\(smtp:account\): event=account outcome=accepted'
	logged 'sasl_method=PLAIN, sasl_username=alice'
	not_logged 'rhost='
	granted send
	until_true letters_are $((before + 2))
}

@test "curl: once" { goes_in_once smtp; }

@test "five connections: one, or all within a window" { five_connections smtp 60s; }

@test "five connections with saslauthd's cache: the module is asked once" {
	local text i options
	# shellcheck disable=SC2016 # the page's marks
	options=$(sed -n 's/^`OPTIONS="\(-c .*\)"`\. .*/\1/p' "$HERE/docs/services.md")
	[ "$options" = '-c -t 60 -m /var/run/saslauthd' ]
	saslauthd_again "$options"
	text=$(signed)
	log_mark
	for i in 1 2 3 4 5; do smtp "$text"; done
	[ "$(how_often 'event=login proof=password outcome=granted')" -eq 1 ]
	# the cache knows nothing of revocation, and the module is not asked
	mv "$S/etc/certauth/users.d/alice" "$S/etc/certauth/users.d/none"
	run smtp "$text"
	mv "$S/etc/certauth/users.d/none" "$S/etc/certauth/users.d/alice"
	[ "$status" -eq 0 ]
	[ "$(how_often 'event=login')" -eq 1 ]
	# what has been refused is not kept
	refused signature smtp "$(signed --user bob)"
	saslauthd_again
	refused replayed smtp "$text"
}

@test "saslauthd's cache lasts as long as -t says" {
	local text
	saslauthd_again '-c -t 1 -m /var/run/saslauthd'
	text=$(signed)
	granted smtp "$text"
	sleep 2.5
	refused replayed smtp "$text"
}

@test "a window: revoked within it, and its end" { window smtp; }

@test "refused for what is wrong" { refusals smtp; }

@test "unknown users" {
	refused no-registered smtp "$(signed --user mallory)" mallory
	log_mark
	run smtp wonderland mallory
	[ "$status" -ne 0 ]
	not_logged 'pam_certauth'
}

@test "a plain password: pam_unix takes it, and the module says nothing" {
	plain_password smtp
}

@test "no module behind gets a text of ours" { behind_gets_none smtp; }

@test "a verifier that has been restarted refuses what it may have seen" {
	restarted smtp
}

@test "without a resident verifier" { no_resident smtp; }

@test "256 characters arrive; one more never reaches PAM" {
	signed_stack after
	: >"$S/behind"
	run smtp "$(filled 256)"
	received 256
	run smtp "$(filled 257)"
	[ "$status" -ne 0 ]
	received 256
	# so does a text with its certificates
	log_mark
	run smtp "$(signed --send)"
	[ "$status" -ne 0 ]
	not_logged 'pam_certauth'
	# the client says so before
	sed -i 's/^registered = yes/registered = no/' "$S/home/alice/.config/certauth/config"
	run as_user alice certauth password submission
	sed -i 's/^registered = no/registered = yes/' "$S/home/alice/.config/certauth/config"
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *256* ]]
	[[ $output != *ca1.* ]]
}

@test "64 letters at once with one text: one is sent" {
	local text i pids=()
	text=$(signed)
	log_mark
	for i in $(seq 64); do
		smtp "$text" >"$S/smtp.$i" 2>&1 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i" || :; done
	[ "$(how_often 'event=login proof=password outcome=granted')" -eq 1 ]
	[ "$(how_often 'outcome=denied reason=replayed')" -eq 63 ]
}

@test "no login without TLS" {
	run in_place python3 -c 'import smtplib
s = smtplib.SMTP("mail.example.com", 25)
s.ehlo()
assert s.has_extn("pipelining") and not s.has_extn("auth")
# port 465 does not greet a connection without TLS
try:
	smtplib.SMTP("mail.example.com", 465, timeout=3)
	raise SystemExit("greeted")
except (smtplib.SMTPServerDisconnected, TimeoutError):
	pass'
	echo "$output"
	[ "$status" -eq 0 ]
}
