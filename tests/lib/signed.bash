# shellcheck shell=bash
# Signed passwords for a service that is not root, in the place of common.bash.
#
#   signed_make SERVICE HOST   /etc/certauth for signed passwords of SERVICE at HOST,
#                          and alice's and bob's registered certificates
#   signed_reset           the basic configuration again; words for [SERVICE] follow
#   signed_ready           the resident verifier has begun to remember, and what is
#                          signed from now on is not of before its start
#   signed_restart         another verifier, which remembers nothing
#   signed [OPTION ...]    a text for alice; options of password.py
#   signed_stack BEHIND    SERVICE's PAM stack: the example, with pam_behind after
#                          the module (BEHIND = after) or nothing (example)
#                          (file $S/behind, a line for each login)
#   client_home EXAMPLE    alice's client: her key, and that example of services.md
#   granted COMMAND ..., refused REASON COMMAND ...   run it, and look at its exit
#                          status and at the log
#   how_often REGEX        how many lines of the log match, since it began

signed_make() {
	export SIGNED_SERVICE=$1 SIGNED_HOST=$2
	local login
	for login in alice bob; do
		mkdir -p "$S/etc/certauth/users.d/$login" &&
			cp "$PKI/$login-chain.pem" \
				"$S/etc/certauth/users.d/$login/cert.pem" || return
	done
	cp "$CERTAUTH_BUILD/tests/password/pam_behind.so" "$S/bin/"
	: >"$S/behind"
	chmod 666 "$S/behind"
	signed_reset
}

# shellcheck disable=SC2120 # tests give the words
signed_reset() {
	conf_reset
	# nothing waits for a clock in tests
	conf default 'password_skew = 0s'
	conf "$SIGNED_SERVICE" 'proof = password' "password_names = $SIGNED_HOST" "$@"
}

signed_ready() {
	local now
	# another test may have started one, or have failed without
	[ -e "$S/resident.pid" ] || resident_start || return
	! cmp -s "$S/ready" "$S/resident.pid" || return 0
	in_place python3 -c 'import socket
s = socket.socket(socket.AF_UNIX)
s.connect("/run/certauth/verifier.1.sock")
assert s.recv(1) == b"\1"' || return
	now=$(date +%s)
	until_true later_than "$now" && cp "$S/resident.pid" "$S/ready"
}

# a new one, that remembers nothing
signed_restart() {
	resident_start && signed_ready
}

later_than() { [ "$(date +%s)" -gt "$1" ]; }

signed() {
	local name=alice user=alice service=$SIGNED_SERVICE host=$SIGNED_HOST opts=()
	while [ $# -gt 0 ]; do
		case $1 in
		--cert) name=$2; shift 2 ;;
		--user) user=$2; shift 2 ;;
		--service) service=$2; shift 2 ;;
		--host) host=$2; shift 2 ;;
		*) opts+=("$1"); shift ;;
		esac
	done
	python3 "$HERE/tests/password/password.py" --key "$PKI/$name.key" \
		--cert "$PKI/$name-chain.pem" --host "$host" --service "$service" \
		--user "$user" "${opts[@]}"
}

signed_stack() {
	cp "$HERE/etc/pam.d/$SIGNED_SERVICE" "$S/etc/pam.d/"
	[ "$1" = after ] || return 0
	# also where the module has refused: it ends the example's stack
	printf '%s\n' 'auth required pam_certauth.so' \
		"auth required $S/bin/pam_behind.so $S/behind" \
		'account required pam_certauth.so' >"$S/etc/pam.d/$SIGNED_SERVICE"
}

# refused REASON COMMAND ...: a login that is refused for that reason
# shellcheck disable=SC2154 # run of bats sets status and output
refused() {
	local reason=$1
	shift
	log_mark
	run "$@"
	echo "$output"
	[ "$status" -ne 0 ] || return
	logged "pam_certauth\\($SIGNED_SERVICE:auth\\): event=login proof=password outcome=denied reason=$reason " || return
	not_logged 'outcome=granted'
}

# shellcheck disable=SC2154 # the same
granted() {
	log_mark
	run "$@"
	echo "$output"
	[ "$status" -eq 0 ] || {
		log_lines
		return 1
	}
	logged "pam_certauth\\($SIGNED_SERVICE:auth\\): event=login proof=password outcome=granted "
}

# how_often REGEX: lines of the log since the mark
how_often() {
	log_lines >"$S/lines"
	grep -cE -- "$1" "$S/lines" || :
}

client_home() {
	local home=$S/home/alice
	mkdir -p "$home/.config/certauth"
	cp "$PKI/alice-chain.pem" "$home/.config/certauth/me.pem"
	cp "$PKI/alice.key" "$home/.config/certauth/me.key"
	{
		printf '[default]\ncert = ~/.config/certauth/me.pem\n'
		printf 'key = ~/.config/certauth/me.key\n'
		doc services.md "$1"
	} >"$home/.config/certauth/config"
	chmod 600 "$home/.config/certauth/me.key"
	chown -R 2001:2001 "$home"
}
