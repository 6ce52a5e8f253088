#!/usr/bin/env bats
# Signed passwords with the real CUPS, FreeRADIUS and xrdp-sesman.
load lib/common
load lib/netplace
load lib/signed
load lib/services

CUPSD=$(command -v cupsd || ls /usr/sbin/cupsd 2>/dev/null) || :
FREERADIUS=$(command -v freeradius || ls /usr/sbin/freeradius 2>/dev/null) || :
SESMAN=$(command -v xrdp-sesman || ls /usr/sbin/xrdp-sesman 2>/dev/null) || :

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # see setup
	export CERTAUTH_VERIFIER=verifier=resident
	place_make
	net_make radius.example.com desk.example.com
	# from 127.0.0.1, CUPS answers to the name localhost alone
	in_place ip address add 192.0.2.1/32 dev lo
	echo '192.0.2.1 print.example.com' >>"$S/etc/hosts"
	module_install
	net_tls print.example.com
	unix_password
	signed_make cups print.example.com
	client_section printer 249
	SIGNED_SERVICE=radiusd SIGNED_HOST=radius.example.com client_section radius 128
	SIGNED_SERVICE=xrdp-sesman SIGNED_HOST=desk.example.com client_section desk 512
	[ -z "$CUPSD" ] || cups_start
	[ -z "$FREERADIUS" ] || radius_start
	[ -z "$SESMAN" ] || sesman_start
}
teardown_file() {
	net_remove
	place_remove
}
setup() {
	need_root
	case $BATS_TEST_DESCRIPTION in
	cups*)
		[ -n "$CUPSD" ] || skip 'no CUPS here'
		serves cups print.example.com
		;;
	radius*)
		[ -n "$FREERADIUS" ] || skip 'no FreeRADIUS here'
		serves radiusd radius.example.com
		;;
	xrdp*)
		[ -n "$SESMAN" ] || skip 'no xrdp here'
		! in_place test -S /run/xrdp/sockdir/sesman.socket ||
			skip 'xrdp-sesrun of xrdp 0.10 needs an X server, which is not here'
		[ ! -s "$S/no-ipv6" ] || skip "xrdp-sesrun needs IPv6: $(cat "$S/no-ipv6")"
		serves xrdp-sesman desk.example.com
		;;
	esac
}

# ---- CUPS ----

cups_start() {
	local dir
	# where cupsd writes
	for dir in /var/spool/cups /var/cache/cups; do
		in_place mount -t tmpfs -o mode=755 tmpfs "$dir"
	done
	in_place mkdir -p /run/cups /var/log/cups
	sed -i 's/^lpadmin:[^:]*:[^:]*:.*/&alice/' "$S/etc/group"
	cp "$S/web/print.example.com.pem" "$S/etc/cups/ssl/print.example.com.crt"
	cp "$S/web/print.example.com.key" "$S/etc/cups/ssl/"
	doc services.md cupsd.conf >"$S/cups.lines"
	grep -q '^DefaultEncryption Required' "$S/cups.lines"
	# "in place of"
	sed -i -e '/^Listen localhost:631/d' -e '/^<Location/,/^<\/Location>/d' \
		"$S/etc/cups/cupsd.conf"
	cat "$S/cups.lines" >>"$S/etc/cups/cupsd.conf"
	doc services.md 'cups client.conf' >"$S/etc/cups/client.conf"
	grep -q '^AllowAnyRoot No' "$S/etc/cups/client.conf"
	cat "$S/web/ca.pem" >>"$S/etc/ssl/certs/ca-certificates.crt"
	net_daemon cups "$CUPSD" -f
	until_true net_listens 631
}

# cups TEXT [USER [URL ...]]: the configuration, by the web interface
CONF=https://print.example.com:631/admin/conf/cupsd.conf
cups() {
	local url urls=()
	for url in "${@:3}"; do urls+=(-o /dev/null "$url"); done
	printf 'user = "%s:%s"\n' "${2:-alice}" "$1" |
		in_place curl -sS -f --max-time 30 --cacert /etc/ssl/certs/web-ca.pem -K - \
			-o /dev/null "$CONF" "${urls[@]}"
}

# lpadmin_asks TEXT: the document's command, and TEXT where it asks
lpadmin_asks() {
	as_user alice timeout 60 expect -c "
		set timeout 20
		spawn -noecho $(doc services.md lpadmin)
		expect timeout { exit 98 } {Password for alice on print.example.com?}
		send {$1}
		send \r
		# it asks again where it is refused
		expect timeout { exit 97 } {*Password for*} { exit 96 } eof
		exit [lindex [wait] 3]"
}

@test "cups: the client of the document goes in" {
	local text
	granted as_user alice bash -c "$(doc services.md 'cups curl')"
	[[ $output == *DefaultAuthType* ]]
	logged 'outcome=granted .*user="alice" service="cups" rhost="192.0.2.1"'
	granted lpadmin_asks "$(signed)"
	run in_place lpstat -h print.example.com:631 -v
	[[ $output == *office*192.0.2.9* ]]
	text=$(signed)
	granted lpadmin_asks "$text"
	refused replayed lpadmin_asks "$text"
}

@test "cups: from this host, PAM_RHOST is localhost" {
	log_mark
	printf 'user = "alice:%s"\n' "$(signed)" |
		in_place curl -sS -f --max-time 30 -K - -o /dev/null \
			http://localhost:631/admin/conf/cupsd.conf
	logged 'outcome=granted .*user="alice" service="cups" rhost="localhost"'
}

@test "cups: each request is an attempt" {
	log_mark
	run cups "$(signed)" alice "$CONF" "$CONF"
	[ "$(how_often 'outcome=granted')" -eq 1 ]
	[ "$(how_often 'reason=replayed')" -ge 1 ]
	signed_reset 'password_use = window'
	granted cups "$(signed)" alice "$CONF" "$CONF"
	[ "$(how_often 'event=login proof=password outcome=granted')" -eq 3 ]
	not_logged 'outcome=denied'
}

@test "cups: once" { goes_in_once cups; }
@test "cups: refused for what is wrong" { refusals cups; }
@test "cups: a plain password goes to pam_unix" { plain_password cups; }
@test "cups: no module behind gets a text of ours" { behind_gets_none cups; }
@test "cups: a restarted verifier" { restarted cups; }
@test "cups: no resident verifier" { no_resident cups; }
@test "cups: a window" { window cups; }

@test "cups: unknown users" {
	refused no-registered cups "$(signed --user mallory)" mallory
}

@test "cups: login and password have 254 characters; more are cut" {
	signed_stack after
	: >"$S/behind"
	run cups "$(filled 249)"
	received 249
	run cups "$(filled 250)"
	received 249
	run cups "$(filled 251)" bob
	received 251
	run cups "$(filled 252)" bob
	received 251
	signed_stack example
	refused answer-cut cups "$(signed --send)"
}

# ---- FreeRADIUS ----

radius_start() {
	local dir=$S/etc/freeradius/3.0
	doc services.md 'freeradius site' >"$dir/sites-available/certauth"
	grep -q 'Auth-Type := PAM' "$dir/sites-available/certauth"
	in_place install -d -o freerad -g freerad -m 755 /run/freeradius \
		/var/log/freeradius
	in_place sh -ec "$(doc services.md 'freeradius enable')"
	printf testing123 >"$S/home/alice/secret"
	net_daemon radius "$FREERADIUS" -f -l stdout
	until_true grep -q 'Ready to process requests' "$S/radius.out" || {
		cat "$S/radius.out"
		return 1
	}
}

radius() {
	in_place python3 "$HERE/tests/password/radius.py" radius.example.com testing123 \
		"${2:-alice}" "$1"
}

@test "radius: the client of the document goes in" {
	granted as_user alice bash -c "$(doc services.md 'radius client')"
	[[ $output == *Access-Accept* ]]
	logged 'outcome=granted .*user="alice" service="radiusd" subject='
	not_logged 'rhost='
}

@test "radius: a peer that is not root" {
	[ "$(awk '/^Uid:/ { print $2 $3 $4 }' "/proc/$(cat "$S/radius.pid")/status")" = \
		"$(printf '%s%s%s' "$(id -u freerad)" "$(id -u freerad)" "$(id -u freerad)")" ]
	granted radius "$(signed)"
	# files that freerad cannot read
	chmod 640 "$S/etc/certauth/users"
	refused users-file radius "$(signed)"
	chmod 644 "$S/etc/certauth/users"
}

@test "radius: a packet that is sent again is no second attempt" {
	log_mark
	in_place python3 "$HERE/tests/password/radius.py" radius.example.com testing123 \
		alice "$(signed)" 2
	[ "$(how_often 'outcome=granted')" -eq 1 ]
	not_logged 'outcome=denied'
}

@test "radius: once" { goes_in_once radius; }
@test "radius: refused for what is wrong" { refusals radius; }
@test "radius: a plain password goes to pam_unix" { plain_password radius; }
@test "radius: no module behind gets a text of ours" { behind_gets_none radius; }
@test "radius: a restarted verifier" { restarted radius; }
@test "radius: no resident verifier" { no_resident radius; }
@test "radius: a window" { window radius; }

@test "radius: unknown users" {
	refused no-registered radius "$(signed --user mallory)" mallory
}

@test "radius: 128 characters, and more" {
	signed_stack after
	: >"$S/behind"
	run radius "$(filled 128)"
	received 128
	# the server of Debian 12 takes 128
	run radius "$(filled 129)"
	received 128 || received 129
	signed_stack example
	refused answer-cut radius "$(signed --send | cut -c -240)"
}

# ---- xrdp ----

sesman_start() {
	# xrdp-sesrun looks for localhost by IPv6, where some interface has an address
	in_place ip -6 address add 2001:db8::1/128 dev lo nodad 2>"$S/no-ipv6" || return 0
	sed -i '1i ::1 localhost' "$S/etc/hosts"
	in_place mkdir -p /run/xrdp/sockdir
	net_daemon sesman "$SESMAN" -n
	until_true sesman_listens || {
		cat "$S/sesman.out" "$S/log"
		return 1
	}
}
sesman_listens() {
	net_listens 3350 || in_place test -S /run/xrdp/sesman.socket ||
		in_place test -S /run/xrdp/sockdir/sesman.socket
}

# desk TEXT [USER]: the session that is started has no X server
desk() {
	printf %s "$1" |
		in_place timeout 30 xrdp-sesrun -F 0 -t Xvnc "${2:-alice}" >"$S/desk.out" 2>&1
	cat "$S/desk.out"
	grep -q '^ok ' "$S/desk.out"
}

@test "xrdp: the client of the document goes in" {
	# only root may reach sesman's socket since Debian 13, and a configuration must be
	# of the user who runs
	cp -r "$S/home/alice" "$S/desk-home"
	chown -R root "$S/desk-home"
	granted in_place bash -c "HOME=$S/desk-home; $(doc services.md xrdp-sesrun)"
	logged 'outcome=granted .*user="alice" service="xrdp-sesman" subject='
	not_logged 'rhost='
}

@test "xrdp: once" { goes_in_once desk; }
@test "xrdp: refused for what is wrong" { refusals desk; }
@test "xrdp: a plain password goes to pam_unix" { plain_password desk; }
@test "xrdp: no module behind gets a text of ours" { behind_gets_none desk; }
@test "xrdp: a restarted verifier" { restarted desk; }
@test "xrdp: no resident verifier" { no_resident desk; }
@test "xrdp: a window" { window desk; }

@test "xrdp: unknown users" {
	refused no-registered desk "$(signed --user mallory)" mallory
}

@test "xrdp: 512 characters; more are cut" {
	signed_stack after
	: >"$S/behind"
	run desk "$(filled 511)"
	received 511
	run desk "$(filled 512)"
	received 512
	run desk "$(filled 513)"
	received 512
	signed_stack example
	refused answer-cut desk "$(signed --send)"
}
