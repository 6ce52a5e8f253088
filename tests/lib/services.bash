# shellcheck shell=bash
# What each service with signed passwords must do, by a COMMAND that logs in there:
# COMMAND TEXT [USER], by the password TEXT as USER (default: alice).
#
#   serves SERVICE HOST    the tests that follow are about SERVICE at HOST, with the
#                          example of etc/pam.d and the configuration of signed_reset
#   unix_password          alice's password is wonderland
#   client_section NAME MAX    alice's client, with a section NAME for that service
#   goes_in_once COMMAND, refusals COMMAND, plain_password COMMAND,
#   behind_gets_none COMMAND, restarted COMMAND, no_resident COMMAND, window COMMAND
#                          they need signed.bash
#   received N             pam_behind has got a password of N characters, the last one
#   filled N               a plain password of N characters
#
# shellcheck disable=SC2154 # bats sets output and status

serves() {
	export SIGNED_SERVICE=$1 SIGNED_HOST=$2
	signed_reset
	signed_stack example
	signed_ready
}

unix_password() {
	sed -i "s|^alice:[^:]*:|alice:$(openssl passwd -6 -salt certauth wonderland):|" \
		"$S/etc/shadow"
}

client_section() {
	local dir=$S/home/alice/.config/certauth
	if [ ! -e "$dir/config" ]; then
		mkdir -p "$dir" && cp "$PKI/alice.key" "$PKI/alice-chain.pem" "$dir/" &&
			chmod 600 "$dir/alice.key" || return
		printf '[default]\ncert = ~/.config/certauth/alice-chain.pem\nkey = ~/.config/certauth/alice.key\n' \
			>"$dir/config"
	fi
	printf '[service %s]\nservice = %s\nhost = %s\nuser = alice\nmax = %s\nregistered = yes\n' \
		"$1" "$SIGNED_SERVICE" "$SIGNED_HOST" "$2" >>"$dir/config"
	chown -R 2001:2001 "$S/home/alice"
}

goes_in_once() {
	local text
	text=$(signed)
	granted "$1" "$text"
	logged "pam_certauth\\($SIGNED_SERVICE:account\\): event=account outcome=accepted"
	refused replayed "$1" "$text"
	granted "$1" "$(signed)"
}

refusals() {
	local text
	text=$(signed)
	refused other-host "$1" "$(signed --host other.example.com)"
	refused signature "$1" "$(signed --service other)"
	refused signature "$1" "$(signed --user bob)"
	refused signature "$1" "$(signed --cert bob)"
	refused password-expired "$1" "$(signed --ago 121)"
	refused password-expired "$1" "$(signed --ago -20)"
	refused answer-cut "$1" "$(signed | cut -c -100)"
	refused answer-malformed "$1" "$(signed | sed 's/^ca1\./ca1.+/')"
	revoked_now "$1" || return
	# none of them has used up anything
	granted "$1" "$text"
}

# revoked_now COMMAND [TEXT]: alice's certificate is revoked, for one login
revoked_now() {
	local pki=$PKI rc=0
	rm -rf "$S/revoke"
	mkdir "$S/revoke" && cp -a "$PKI/." "$S/revoke/" || return
	pki_use "$S/revoke"
	pki_revoke inter alice && pki_crl inter || rc=$?
	pki_use "$pki"
	[ $rc -eq 0 ] || return
	cp "$S/revoke/inter.crl" "$S/etc/certauth/crl/alice.crl"
	refused revoked "$1" "${2:-$(signed)}" || rc=$?
	crl_dir crl
	return $rc
}

plain_password() {
	log_mark
	run "$1" wonderland
	echo "$output"
	[ "$status" -eq 0 ] || return
	not_logged 'pam_certauth\([^)]*:auth' || return
	log_mark
	run "$1" jabberwocky
	[ "$status" -ne 0 ] || return
	not_logged 'pam_certauth' || return
	logged "${2:-pam_unix\\($SIGNED_SERVICE:auth\\): authentication failure}"
}

behind_gets_none() {
	local text
	signed_stack after
	echo 'session required pam_permit.so' >>"$S/etc/pam.d/$SIGNED_SERVICE"
	: >"$S/behind"
	text=$(signed)
	granted "$1" "$text"
	refused replayed "$1" "$text"
	refused other-host "$1" "$(signed --host other.example.com)"
	refused answer-cut "$1" "$(signed | cut -c -50)"
	[ "$(grep -c "^$SIGNED_SERVICE alice [^ ]* -$" "$S/behind")" -eq 4 ] || {
		cat "$S/behind"
		return 1
	}
	run "$1" wonderland
	tail -n 1 "$S/behind" | grep -qx "$SIGNED_SERVICE alice [^ ]* wonderland" || {
		cat "$S/behind"
		return 1
	}
	signed_stack example
}

restarted() {
	local text
	text=$(signed)
	granted "$1" "$text"
	signed_restart
	refused verifier-restarted "$1" "$text"
	granted "$1" "$(signed)"
}

no_resident() {
	resident_stop
	in_place rm -f /run/certauth/verifier.1.sock
	refused no-resident "$1" "$(signed)"
	run "$1" wonderland
	echo "$output"
	[ "$status" -eq 0 ] || return
	signed_restart
}

window() {
	local text
	signed_reset 'password_use = window' 'password_window = 5m'
	text=$(signed)
	for _ in 1 2 3; do granted "$1" "$text"; done
	revoked_now "$1" "$text" || return
	signed_reset 'password_use = window' 'password_window = 1s'
	text=$(signed)
	granted "$1" "$text"
	sleep 2.5
	refused replayed "$1" "$text"
}

# five_connections COMMAND WINDOW: one text, for one connection, or for all within WINDOW
five_connections() {
	local text n=0
	text=$(signed)
	log_mark
	for _ in 1 2 3 4 5; do "$1" "$text" && n=$((n + 1)); done
	[ "$n" -eq 1 ] || return
	[ "$(how_often 'outcome=granted')" -eq 1 ] || return
	[ "$(how_often 'reason=replayed')" -eq 4 ] || return
	signed_reset 'password_use = window' "password_window = $2"
	text=$(signed)
	log_mark
	for _ in 1 2 3 4 5; do "$1" "$text" || return; done
	[ "$(how_often 'event=login proof=password outcome=granted')" -eq 5 ]
}

filled() { printf "%0$1d" 0 | tr 0 x; }

received() {
	local last
	last=$(tail -n 1 "$S/behind")
	last=${last##* }
	echo "${#last} characters"
	[ "${#last}" -eq "$1" ]
}
