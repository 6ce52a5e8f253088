#!/usr/bin/env bats
# Signed passwords with real FTP servers, vsftpd and ProFTPD, and curl.
load lib/common
load lib/netplace
load lib/signed
load lib/services

VSFTPD=$(command -v vsftpd || ls /usr/sbin/vsftpd 2>/dev/null) || :

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # see setup
	export CERTAUTH_VERIFIER=verifier=resident
	place_make
	net_make ftp.example.com
	module_install
	net_tls ftp.example.com
	cp "$S/web/ftp.example.com.pem" "$S/etc/ssl/certs/"
	cp "$S/web/ftp.example.com.key" "$S/etc/ssl/private/"
	unix_password
	signed_make vsftpd ftp.example.com
	client_section ftp 128
	SIGNED_SERVICE=proftpd client_section proftpd 512
	[ -z "$VSFTPD" ] || vsftpd_start
	proftpd_unpack && proftpd_start
}
teardown_file() {
	net_remove
	place_remove
}
setup() {
	need_root
	case $BATS_TEST_DESCRIPTION in
	vsftpd*)
		[ -n "$VSFTPD" ] || skip 'no vsftpd here'
		serves vsftpd ftp.example.com
		;;
	*)
		[ -n "${PROFTPD:-}" ] || skip 'no ProFTPD here (make check SERVICES=yes)'
		serves proftpd ftp.example.com
		;;
	esac
}

vsftpd_start() {
	in_place mkdir -p /run/vsftpd/empty
	doc services.md vsftpd.conf >"$S/vsftpd.lines"
	grep -q '^force_local_logins_ssl=YES' "$S/vsftpd.lines"
	cat "$S/vsftpd.lines" >>"$S/etc/vsftpd.conf"
	# a test has no time to wait after a refusal
	echo delay_failed_login=0 >>"$S/etc/vsftpd.conf"
	net_daemon vsftpd "$VSFTPD" /etc/vsftpd.conf
	until_true net_listens 21
}

# Debian does not install vsftpd and ProFTPD together: ProFTPD runs from where
# tests/lib/deps.sh has put its packages
proftpd_unpack() {
	local deb
	for deb in "$HERE"/build/deps/proftpd-core_*.deb \
		"$HERE"/build/deps/proftpd-mod-crypto_*.deb; do
		[ -e "$deb" ] || return 0
		dpkg-deb -x "$deb" "$S/proftpd"
	done
	export PROFTPD=$S/proftpd/usr/sbin/proftpd
}

proftpd_start() {
	[ -n "${PROFTPD:-}" ] || return 0
	local from=$S/proftpd/usr/share/proftpd/templates
	mkdir -p "$S/etc/proftpd/conf.d"
	# what its installation does
	cp "$from"/{proftpd,modules,tls}.conf "$S/etc/proftpd/"
	echo 'proftpd:x:2991:65534::/run/proftpd:/usr/sbin/nologin' >>"$S/etc/passwd"
	in_place mkdir -p /run/proftpd /var/log/proftpd
	sed -i -e "s|^ModulePath .*|ModulePath $S/proftpd/usr/lib/proftpd|" \
		-e 's|^#\(LoadModule mod_tls.c\)|\1|' "$S/etc/proftpd/modules.conf"
	sed -i -e 's/^Port.*/Port 2121/' -e 's|^#Include /etc/proftpd/tls.conf|Include /etc/proftpd/tls.conf|' \
		"$S/etc/proftpd/proftpd.conf"
	doc services.md proftpd >"$S/etc/proftpd/conf.d/tls.conf"
	grep -q '^TLSRequired *on' "$S/etc/proftpd/conf.d/tls.conf"
	net_daemon proftpd "$PROFTPD" -n
	until_true net_listens 2121
}

# ftp PORT TEXT [USER]: the list of the home directory
ftp() {
	printf 'user = "%s:%s"\n' "${3:-alice}" "$2" |
		in_place curl -sS --max-time 30 --cacert /etc/ssl/certs/web-ca.pem \
			--ssl-reqd -K - "ftp://ftp.example.com:$1/"
}
vs() { ftp 21 "$@"; }
pro() { ftp 2121 "$@"; }

# doc_client NAME: the command of the document, as alice
doc_client() { as_user alice bash -c "$(doc services.md "$1")"; }

@test "vsftpd: the client of the document goes in" {
	touch "$S/home/alice/report"
	granted doc_client 'ftp curl'
	[[ $output == *report* ]]
	# the server of the document listens for IPv6
	logged 'outcome=granted .*user="alice" service="vsftpd" rhost="::ffff:127.0.0.1"'
	granted doc_client 'ftp curl'
}

@test "vsftpd: once" { goes_in_once vs; }
@test "vsftpd: refused for what is wrong" { refusals vs; }
@test "vsftpd: a plain password goes to pam_unix" { plain_password vs; }
@test "vsftpd: no module behind gets a text of ours" { behind_gets_none vs; }
@test "vsftpd: a restarted verifier" { restarted vs; }
@test "vsftpd: no resident verifier" { no_resident vs; }
@test "vsftpd: a window" { window vs; }

@test "vsftpd: unknown and forbidden users use up nothing" {
	local text
	log_mark
	run vs "$(signed --user mallory)" mallory
	[ "$status" -ne 0 ]
	not_logged 'pam_certauth'
	echo alice >>"$S/etc/ftpusers"
	text=$(signed)
	run vs "$text"
	sed -i '/^alice$/d' "$S/etc/ftpusers"
	[ "$status" -ne 0 ]
	not_logged 'pam_certauth'
	granted vs "$text"
}

@test "vsftpd: 128 characters; more are refused" {
	signed_stack after
	: >"$S/behind"
	run vs "$(filled 128)"
	received 128
	: >"$S/behind"
	log_mark
	run vs "$(filled 129)"
	[ "$status" -ne 0 ]
	[ ! -s "$S/behind" ]
	run vs "$(signed --send)"
	[ "$status" -ne 0 ]
	[ ! -s "$S/behind" ]
	not_logged 'pam_certauth'
}

# the command of the other server, at this one's section and port
proftpd_client() {
	local command
	command=$(doc services.md 'ftp curl')
	command=${command/password ftp/password proftpd}
	as_user alice bash -c "${command/example.com\//example.com:2121/}"
}

@test "proftpd: the client of the document goes in" {
	touch "$S/home/alice/report"
	granted proftpd_client
	[[ $output == *report* ]]
	logged 'outcome=granted .*user="alice" service="proftpd" rhost="127.0.0.1"'
	granted proftpd_client
}

@test "proftpd: once" { goes_in_once pro; }
@test "proftpd: refused for what is wrong" { refusals pro; }
@test "proftpd: a plain password goes to pam_unix" { plain_password pro; }
@test "proftpd: no module behind gets a text of ours" { behind_gets_none pro; }
@test "proftpd: a restarted verifier" { restarted pro; }
@test "proftpd: no resident verifier" { no_resident pro; }
@test "proftpd: a window" { window pro; }

@test "proftpd: unknown and forbidden users use up nothing" {
	local text
	log_mark
	run pro "$(signed --user mallory)" mallory
	[ "$status" -ne 0 ]
	not_logged 'pam_certauth.*granted'
	echo alice >>"$S/etc/ftpusers"
	text=$(signed)
	run pro "$text"
	sed -i '/^alice$/d' "$S/etc/ftpusers"
	[ "$status" -ne 0 ]
	not_logged 'pam_certauth'
	granted pro "$text"
}

@test "proftpd: 512 characters; more are cut" {
	signed_stack after
	: >"$S/behind"
	run pro "$(filled 512)"
	received 512
	run pro "$(filled 513)"
	received 512
	signed_stack example
	refused answer-cut pro "$(signed --send)"
}
