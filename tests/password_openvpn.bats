#!/usr/bin/env bats
# Signed passwords with a real OpenVPN: two processes, and the plugin
# openvpn-plugin-auth-pam.so.
# shellcheck disable=SC2119,SC2120 # options that one test gives
load lib/common
load lib/netplace
load lib/signed
load lib/services

OPENVPN=$(command -v openvpn || ls /usr/sbin/openvpn 2>/dev/null) || :

setup_file() {
	[ "$(id -u)" -eq 0 ] && [ -n "$OPENVPN" ] || return 0 # see setup
	export CERTAUTH_VERIFIER=verifier=resident
	place_make
	net_make vpn.example.com
	in_place ip tuntap add mode tun dev probe 2>"$S/tun" || return 0
	in_place ip link del probe
	module_install
	net_tls vpn.example.com
	cp "$S/web/vpn.example.com.pem" "$S/etc/ssl/certs/"
	cp "$S/web/vpn.example.com.key" "$S/etc/ssl/private/"
	unix_password
	signed_make openvpn vpn.example.com
	client_section vpn 127
	mkdir -p "$S/etc/sudoers.d"
	printf 'alice ALL=(root) NOPASSWD: /usr/sbin/openvpn\n' \
		>"$S/etc/sudoers.d/vpn"
	printf '%s required pam_permit.so\n' auth account session >"$S/etc/pam.d/sudo"
	mkdir -p "$S/etc/openvpn/client" "$S/etc/openvpn/server"
	doc services.md 'openvpn client' >"$S/etc/openvpn/client/vpn.conf"
	doc services.md 'openvpn server' >"$S/etc/openvpn/server/vpn.conf"
	grep -q '^plugin ' "$S/etc/openvpn/server/vpn.conf"
	grep -q '^remote-cert-tls ' "$S/etc/openvpn/client/vpn.conf"
	server_start
}
teardown_file() {
	net_remove
	place_remove
}
setup() {
	need_root
	[ -n "$OPENVPN" ] || skip 'no OpenVPN here'
	[ ! -s "$S/tun" ] || skip "no tun device here: $(head -n 1 "$S/tun")"
	serves openvpn vpn.example.com
}
teardown() { client_stop; }

# server_start [OPTION ...]: that of the document; its --auth-gen-token may be undone
server_start() {
	net_stop openvpn
	net_daemon openvpn "$OPENVPN" --config /etc/openvpn/server/vpn.conf "$@"
	until_true grep -q 'Initialization Sequence Completed' "$S/openvpn.out" || {
		cat "$S/openvpn.out"
		return 1
	}
}

# client_ends TEXT: it has ended, or its output has TEXT
client_ends() {
	grep -qE "$1" "$S/client.out" || [ ! -e "/proc/$CLIENT/exe" ]
}
client_is() {
	until_true client_ends "$1"
	grep -qE "$1" "$S/client.out"
}
client_stop() {
	[ -e "$S/client.number" ] || return 0
	CLIENT=$(cat "$S/client.number")
	rm "$S/client.number"
	kill "$CLIENT" 2>/dev/null || return 0
	# a signal that comes while it sets up its device is lost
	local i
	for ((i = 0; i < 250; i++)); do
		[ -e "/proc/$CLIENT/exe" ] || return 0
		sleep 0.02
	done
	kill -KILL "$CLIENT" 2>/dev/null || return 0
	until_true test ! -e "/proc/$CLIENT/exe"
}
# client_start TEXT USER [OPTION ...]: the client of the document
client_start() {
	client_stop
	printf '%s\n%s\n' "$2" "$1" >"$S/upw"
	chmod 600 "$S/upw"
	# the child would empty it later than it is looked at
	: >"$S/client.out"
	EXEC='exec' in_place "$OPENVPN" --config /etc/openvpn/client/vpn.conf \
		--auth-user-pass "$S/upw" "${@:3}" >"$S/client.out" 2>&1 </dev/null 3>&- 4>&- &
	CLIENT=$!
	echo "$CLIENT" >"$S/client.number"
}
# vpn TEXT [USER]: a connection, which is ended
vpn() {
	local rc=0
	client_start "$1" "${2:-alice}"
	client_is 'Initialization Sequence Completed' || rc=$?
	client_stop
	cat "$S/client.out"
	[ $rc -eq 0 ]
}

@test "openvpn: once" { goes_in_once vpn; }
@test "openvpn: refused for what is wrong" { refusals vpn; }
@test "openvpn: a plain password goes to pam_unix" { plain_password vpn; }
@test "openvpn: no module behind gets a text of ours" { behind_gets_none vpn; }
@test "openvpn: a restarted verifier" { restarted vpn; }
@test "openvpn: no resident verifier" { no_resident vpn; }
@test "openvpn: a window" { window vpn; }

@test "openvpn: unknown users" {
	refused no-registered vpn "$(signed --user mallory)" mallory
	log_mark
	run vpn wonderland mallory
	[ "$status" -ne 0 ]
	not_logged pam_certauth
}

@test "openvpn: the client of the document goes in" {
	# to end it
	echo 'writepid /run/vpn-client' >>"$S/etc/openvpn/client/vpn.conf"
	: >"$S/doc.out"
	log_mark
	as_user alice bash -c "$(doc services.md 'openvpn start')" \
		>"$S/doc.out" 2>&1 3>&- 4>&- &
	until_true grep -qE 'Initialization Sequence Completed|AUTH_FAILED' "$S/doc.out" || :
	kill "$(in_place cat /run/vpn-client)"
	wait $! || :
	sed -i '/^writepid/d' "$S/etc/openvpn/client/vpn.conf"
	cat "$S/doc.out"
	grep -q 'Initialization Sequence Completed' "$S/doc.out"
	logged 'outcome=granted .*user="alice" service="openvpn" rhost="127.0.0.1"'
}

@test "openvpn: 127 characters; more are cut" {
	signed_stack after
	: >"$S/behind"
	run vpn "$(filled 127)"
	received 127
	run vpn "$(filled 128)"
	received 127
	signed_stack example
	refused answer-cut vpn "$(signed --send)"
	# the client of the document does not print as many
	run as_user alice "$CERTAUTH" password --service openvpn --host vpn.example.com \
		--max 127
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *registered* ]]
}

# handshakes N: that many have been since the start of the client
handshakes() {
	[ "$(grep -c 'Control Channel: TLS' "$S/client.out")" -ge "$1" ]
}

@test "openvpn: auth-gen-token: a renegotiation and another connection need no text" {
	log_mark
	client_start "$(signed)" alice --reneg-sec 2 --verb 3
	client_is 'Initialization Sequence Completed'
	until_true handshakes 3
	# a new connection of the same client, as after a time without network
	kill -USR1 "$CLIENT"
	until_true again_completed
	until_true handshakes 5
	! grep AUTH_FAILED "$S/client.out" || false
	[ "$(how_often 'pam_certauth\(openvpn:auth\)')" -eq 1 ]
	logged 'outcome=granted'
}
again_completed() {
	[ "$(grep -c 'Initialization Sequence Completed' "$S/client.out")" -eq 2 ]
}

@test "openvpn: without a token a renegotiation sends the text again" {
	sed -i '/^auth-gen-token/d' "$S/etc/openvpn/server/vpn.conf"
	server_start
	log_mark
	client_start "$(signed)" alice --reneg-sec 2 --verb 3
	client_is 'Initialization Sequence Completed'
	until_true has_logged 'outcome=denied reason=replayed'
	client_is AUTH_FAILED
	client_stop
	# a window serves it until its end
	signed_reset 'password_use = window' 'password_window = 10m'
	log_mark
	client_start "$(signed)" alice --reneg-sec 2 --verb 3
	client_is 'Initialization Sequence Completed'
	until_true handshakes 3
	client_stop
	[ "$(how_often 'outcome=granted')" -ge 3 ]
	not_logged 'outcome=denied'
	doc services.md 'openvpn server' >"$S/etc/openvpn/server/vpn.conf"
	server_start
}
has_logged() { log_lines | grep -qE -- "$1"; }
