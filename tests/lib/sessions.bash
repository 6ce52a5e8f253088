# shellcheck shell=bash
# Open sessions in the place of common.bash.
#
#   sessions_place              with sshd.bash and logind.bash: sshd, su and sudo with
#                               session lines, logind, and clients; sessions_leave
#   sessions_service NAME ...   PAM services with a session line of the module
#   sessions ARG ...            certauth sessions, as root
#   recorded N                  before long, so many sessions are recorded
#   session_id USER SERVICE     the id of that user's only session there
#   session_pid USER SERVICE    its process
#   gone PID ...                before long, none of the processes is there
#   revoke_now NAME ...         their certificates are revoked, by a new CRL; it is in
#                               use until `crl_dir crl'
#   later_check ID              a check before found it long ago: move it back 61 s
#   sessions_forget             end what is open, and remove the records
#   ssh_as CERT USER COMMAND    with sshd.bash: a session that stays, of carol's client
#                               with that certificate; its output is in $S/ssh.CERT

sessions_service() {
	local name
	for name; do
		service "$name"
		echo "session optional $MODULE" >>"$S/etc/pam.d/$name"
	done
}

sessions() { in_place "$CERTAUTH" sessions "$@"; }

count_is() {
	[ "$(in_place sh -c 'ls /run/certauth/sessions 2>/dev/null' | grep -c '^[0-9a-f]*$')" -eq "$1" ]
}

recorded() { until_true count_is "$1"; }

# of the JSON: USER SERVICE FIELD
session_field() {
	sessions --json | python3 -c '
import json, sys
found = [s for s in json.load(sys.stdin)["sessions"]
         if s["user"] == sys.argv[1] and s["service"] == sys.argv[2]]
assert len(found) == 1, found
print(found[0].get(sys.argv[3], "-"))' "$@"
}
session_id() { session_field "$1" "$2" id; }
session_pid() { session_field "$1" "$2" pid; }

none_is_there() {
	local pid
	for pid; do
		! kill -0 "$pid" 2>/dev/null || return
	done
}
gone() { until_true none_is_there "$@"; }

revoke_now() {
	local pki=$PKI name rc=0
	rm -rf "$S/revoke"
	mkdir "$S/revoke" && cp -a "$PKI/." "$S/revoke/" || return
	pki_use "$S/revoke"
	for name; do
		pki_revoke inter "$name" || rc=$?
	done
	pki_crl inter || rc=$?
	pki_use "$pki"
	[ $rc -eq 0 ] || return
	cp "$S/revoke/inter.crl" "$S/etc/certauth/crl/now.crl"
}

later_check() {
	in_place sh -ec 'f=/run/certauth/sessions/$1.state
		read -r reason done since <"$f"
		echo "$reason $done $((since - 61))" >"$f"' - "$1"
}

sessions_forget() {
	local pid
	for pid in $(sessions --json | grep -o '"pid":[0-9]*' | cut -d: -f2); do
		kill "$pid" 2>/dev/null || :
	done
	in_place rm -rf /run/certauth/sessions /run/certauth/logins
}

ssh_as() {
	local cert=$1 user=$2
	shift 2
	cp "$PKI/$cert-chain.pem" "$S/home/carol/.config/certauth/me.pem"
	cp "$PKI/$cert.key" "$S/home/carol/.config/certauth/me.key"
	chown 2003 "$S/home/carol/.config/certauth/me.key"
	# not what a client before it has written
	: >"$S/ssh.$cert"
	client "$CERTAUTH" ssh -o User="$user" web1 "$@" \
		>"$S/ssh.$cert" 2>&1 3>&- 4>&- </dev/null &
	export SSH_CLIENT=$!
}

sessions_place() {
	local login
	place_make
	sshd_start
	sessions_service sshd su sudo
	printf 'alice ALL=(ALL) ALL\nDefaults !lecture\n' >"$S/etc/sudoers"
	chmod 440 "$S/etc/sudoers"
	logind_start
	for login in alice bob carol; do
		CLIENT=$login client_make
	done
	cp "$PKI/bob-chain.pem" "$PKI/alice-chain.pem" "$S/home/alice/"
	cp "$PKI/bob.key" "$PKI/alice.key" "$S/home/alice/"
	chown 2001 "$S"/home/alice/*.key
}

sessions_leave() {
	sshd_stop
	logind_stop
	place_remove
}
