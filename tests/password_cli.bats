#!/usr/bin/env bats
# certauth password and certauth credential: a key from each source, sections of the
# client's configuration, lengths, refusals; git itself asks for a password.  What they
# print is used at the module.
bats_require_minimum_version 1.5.0
load lib/common
load lib/signed
load lib/passwordclient

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	export CERTAUTH_VERIFIER=verifier=resident
	place_make
	client_host_make
	registered alice rsa2048 ed25519 p384
	export C=$S/home/carol/.config/certauth
	mkdir -p "$C"
	local name
	for name in alice rsa2048 ed25519 p384; do
		cp "$PKI/$name-chain.pem" "$C/$name.pem"
		install -m 600 "$PKI/$name.key" "$C/$name.key"
	done
	openssl pkcs12 -export -in "$PKI/alice-chain.pem" -inkey "$PKI/alice.key" \
		-passout pass: -keypbe NONE -certpbe NONE -nomac -out "$C/alice.p12"
	chmod 600 "$C/alice.p12"
	owned
}

teardown_file() {
	place_remove
}

setup() {
	need_root
	signed_reset
	map alice alice ed25519 rsa2048
	signed_ready
	configure
}

teardown() {
	[ -z "${AGENT:-}" ] || kill "$AGENT"
}

owned() { chown -R 2003:2003 "$S/home/carol/.config"; }

# configure LINE ...: carol's configuration, after a certificate and its key
configure() {
	printf '%s\n' '[default]' 'cert = ~/.config/certauth/alice.pem' \
		'key = ~/.config/certauth/alice.key' "$@" >"$C/config"
	owned
}

# password [WORD ...]: carol's certauth password, without a terminal
password() { as_user carol setsid -w "$CERTAUTH" password "$@" </dev/null; }
to_mail() { password --service mail --host mail.example.com --user alice "$@"; }

# credential PROTOCOL HOST [USERNAME]: what git's credential helpers answer; one that
# follows ours answers as well
credential() {
	# shellcheck disable=SC2016 # $@ is that of the other helper
	printf '%s\n' "protocol=$1" "host=$2" ${3:+"username=$3"} '' |
		AS_USER_ENV='GIT_TERMINAL_PROMPT=0 GIT_CONFIG_NOSYSTEM=1' as_user carol \
			setsid -w git -c "credential.helper=!$CERTAUTH credential" \
			-c 'credential.helper=!echo username=other; echo password=else; :' \
			credential fill
}

@test "one line, for one use" {
	local text
	to_mail --registered >"$BATS_TEST_TMPDIR/out"
	[ "$(wc -lc <"$BATS_TEST_TMPDIR/out" | tr -s ' ')" = ' 1 126' ]
	text=$(cat "$BATS_TEST_TMPDIR/out")
	[[ $text =~ ^ca1\.[A-Za-z0-9_-]{120}\.$ ]]
	used_ok "$text"
	used_denied replayed "$text"
	# two texts of one second differ
	[ "$(to_mail --registered)" != "$(to_mail --registered)" ]
}

@test "keys of each type" {
	local name
	for name in rsa2048 ed25519 p384; do
		used_ok "$(to_mail --registered --cert "$C/$name.pem" --key "$C/$name.key")"
	done
}

@test "the certificates go inside where the host does not know them" {
	local text
	text=$(to_mail --cert "$C/ed25519.pem" --key "$C/ed25519.key")
	[ "${#text}" -gt 1000 ]
	rm "$S/etc/certauth/users.d/alice/"*
	used_ok "$text"
	used_denied no-registered "$(to_mail --registered)"
	registered alice rsa2048 ed25519 p384
}

@test "PKCS#12" {
	used_ok "$(to_mail --registered --p12 "$C/alice.p12")"
	printf '%s\n' '[default]' 'p12 = ~/.config/certauth/alice.p12' \
		'registered = yes' >"$C/config"
	used_ok "$(to_mail)"
}

@test "the ssh-agent, also by RSA, which it signs without PSS" {
	local socket=$S/home/carol/agent name text
	agent_run carol "$socket" ssh-agent -D -a "$socket"
	export AS_USER_ENV="SSH_AUTH_SOCK=$socket"
	for name in alice rsa2048; do
		as_user carol ssh-add -q "$C/$name.key"
		text=$(to_mail --registered --cert "$C/$name.pem" --key agent)
		used_ok "$text"
	done
	# rsa_pkcs1_sha256, or another hash of it
	[[ $(base64 -d <<<"${text:4:4}" | od -An -tx1) =~ ^\ 0[456]\ 01 ]]
	run -1 to_mail --registered --cert "$C/p384.pem" --key agent
	[[ $output == *'none of the 2 keys in the ssh-agent'* ]]
}

@test "a section, and options over it" {
	configure '[service post]' 'service = mail' 'host = Mail.Example.com.' \
		'user = alice' 'max = 127' 'registered = yes' \
		'[service web]' 'service = nginx' 'host = web.example.com'
	used_ok "$(password post)"
	used_denied signature "$(password post --user bob)"
	used_denied signature "$(password post --service imap)"
	used_denied other-host "$(password post --host web.example.com)"
	used_denied other-host "$(password web)"
	run -2 password none
	[[ $output == *'there is no section [service none] in '* ]]
	run -2 password post web
}

@test "a section that is a pattern applies to the host of the service" {
	configure '[*.example.com]' 'cert = ~/.config/certauth/p384.pem' \
		'key = ~/.config/certauth/p384.key' 'registered = yes' \
		'[service post]' 'service = mail' 'host = mail.example.com' 'user = alice' \
		'[service other]' 'service = mail' 'host = mail.example.net' 'user = alice'
	[ "$(password post | wc -c)" -eq 169 ]
	used_ok "$(password post)"
	[ "$(password other | wc -c)" -gt 1000 ]
	# and a section of a service applies to nothing else
	configure '[service post]' 'service = mail' 'host = mail.example.com' \
		'registered = yes'
	[ "$(to_mail | wc -c)" -gt 1000 ]
}

@test "mistakes in a section name their line" {
	local line
	for line in 'max = 63' 'max = 32774' 'max = many' 'max ='; do
		configure '[service post]' 'service = mail' "$line"
		run -2 password post --host mail.example.com
		echo "$output"
		[[ $output == *"/config:6: "* && $output != *ca1.* ]]
	done
	configure 'host = mail.example.com'
	run -2 to_mail
	[[ $output == *'/config:4: the key stands in a section [service NAME] only'* ]]
}

@test "no text is longer than the service carries" {
	local text
	run -1 to_mail --max 127
	echo "$output"
	[[ $output =~ 'has '[0-9]{4}' characters, and service mail carries 127;' ]]
	[[ $output == *'users_dir), and use --registered; P-256 and Ed25519 keys need 125'* ]]
	[[ $output != *ca1.* ]]
	run -1 to_mail --registered --max 380 --cert "$C/rsa2048.pem" --key "$C/rsa2048.key"
	[[ $output == *'has 381 characters, and service mail carries 380; use a key of another type'* ]]
	used_ok "$(to_mail --registered --max 381 --cert "$C/rsa2048.pem" --key "$C/rsa2048.key")"
	used_ok "$(to_mail --registered --max 125)"
	run -1 to_mail --registered --max 124
	# nobody enters the password of a key for a text that is too long
	openssl pkcs8 -topk8 -in "$PKI/alice.key" -iter 100 -passout pass:secret \
		-out "$C/locked.key"
	owned
	run -1 to_mail --max 127 --cert "$C/alice.pem" --key "$C/locked.key"
	[[ $output == *' characters, and service mail carries 127;'* ]]
}

@test "host names: lower case, A-label, no final dot" {
	used_ok "$(password --registered --service mail --user alice --host MAIL.example.COM.)"
	SIGNED_HOST=xn--mller-kva.example signed_reset
	used_ok "$(AS_USER_ENV=LC_ALL=C.UTF-8 password --registered --service mail \
		--user alice --host 'Müller.example')"
}

@test "what is missing or wrong is said, and nothing is printed" {
	run -2 password --host mail.example.com
	[[ $output == *'the PAM service is not known; give --service and --host'* ]]
	run -2 password --service mail
	[[ $output == *'the host is not known; give --service and --host'* ]]
	local name
	for name in 'two words' '' . .example a/b 'a..b'; do
		run -2 password --service mail --host "$name"
		echo "$output"
		[[ $output == *' is not a host name'* && $output != *ca1.* ]]
	done
	run -2 to_mail --max 12
	[[ $output == *'--max 12 is no number from 64 to 32773'* ]]
	run -2 to_mail --wrong
	run -1 to_mail --user "$(printf '%0256d' 0)"
	[[ $output == *'1 to 255 bytes'* ]]
	run -1 to_mail --cert "$C/none.pem"
	[[ $output == *none.pem* && $output != *ca1.* ]]
	run -1 to_mail --cert "$C/alice.pem" --key "$C/rsa2048.key"
	[[ $output == *rsa2048.key* && $output != *ca1.* ]]
	# the standard output cannot be written
	to_mail --registered >/dev/full 2>"$BATS_TEST_TMPDIR/said" || status=$?
	[ "$status" -eq 2 ]
	grep -q 'the password cannot be written' "$BATS_TEST_TMPDIR/said"
}

@test "confirm = yes asks before each text" {
	configure 'confirm = yes'
	run -1 to_mail --registered
	[[ $output != *ca1.* ]]
	used_ok "$(to_mail --registered --yes)"
}

@test "the login is one's own where nothing says another" {
	local text
	text=$(password --registered --service mail --host mail.example.com)
	used_denied signature "$text"
	configure 'user = alice'
	used_ok "$(password --registered --service mail --host mail.example.com)"
}

@test "git: the host of the request chooses the section" {
	configure '[service other]' 'service = nginx' 'host = git.example.net' \
		'[service git]' 'service = mail' 'host = Mail.example.com' \
		'user = alice' 'registered = yes'
	run -0 credential https mail.example.com
	[[ ${lines[*]} == *'username=alice password=ca1.'* ]]
	used_ok "${output#*password=}"
	# git adds a port that is not the usual one
	run -0 credential https mail.example.com:8443 alice
	used_ok "${output#*password=}"
	local protocol
	for protocol in http smtp; do
		run -0 --separate-stderr credential "$protocol" mail.example.com
		[[ $output == *'password=else'* && $output != *ca1.* ]]
		# shellcheck disable=SC2154 # of bats
		[[ $stderr == *'no password for mail.example.com: git would send it without encryption'* ]]
	done
}

@test "git: two sections of one host: the helper names one" {
	configure '[service imap]' 'service = dovecot' 'host = mail.example.com' \
		'registered = yes' '[service git]' 'service = mail' \
		'host = mail.example.com' 'user = alice' 'registered = yes'
	run -0 credential https mail.example.com
	[[ $output == *'password=else'* ]]
	[[ $output == *'host mail.example.com is in [service imap] and [service git]; name one'* ]]
	run -0 as_user carol "$CERTAUTH" credential git get \
		<<<$'protocol=https\nhost=mail.example.com\n'
	used_ok "${output#*password=}"
	run -0 as_user carol "$CERTAUTH" credential nothing get \
		<<<$'protocol=https\nhost=mail.example.com\n'
	[ -z "$output" ]
}

@test "git: an address with its port" {
	configure '[service git]' 'service = mail' 'host = 2001:db8::1' 'registered = yes'
	run -0 as_user carol "$CERTAUTH" credential get \
		<<<$'protocol=https\nhost=[2001:db8::1]:8443\n'
	[[ $output == *'password=ca1.'* ]]
}

@test "git asks elsewhere where no section is of its host or login" {
	configure '[service git]' 'service = mail' 'host = mail.example.com' 'user = alice' \
		'registered = yes'
	local args
	for args in 'https mail.example.org' 'https mail.example.com bob' 'https mail.example'; do
		# shellcheck disable=SC2086 # words
		run -0 credential $args
		echo "$output"
		[[ $output == *'password=else'* && $output != *certauth* ]]
	done
	rm "$C/config"
	run -0 credential https mail.example.com
	[[ $output == *'password=else'* ]]
}

@test "certauth credential alone: store and erase do nothing, others are mistakes" {
	local word
	configure '[service git]' 'service = mail' 'host = mail.example.com' 'registered = yes'
	for word in store erase; do
		run -0 as_user carol "$CERTAUTH" credential "$word" \
			<<<$'protocol=https\nhost=mail.example.com\nusername=a\npassword=b\n'
		[ -z "$output" ]
	done
	run -2 as_user carol "$CERTAUTH" credential </dev/null
	run -0 as_user carol "$CERTAUTH" credential get </dev/null
	[ -z "$output" ]
	# a key that cannot be used is an error, not a question to the next helper alone
	configure '[service git]' 'service = mail' 'host = mail.example.com' 'max = 64'
	run -1 as_user carol "$CERTAUTH" credential get \
		<<<$'protocol=https\nhost=mail.example.com\n'
	[[ $output == *' characters, and service mail carries 64;'* ]]
}
