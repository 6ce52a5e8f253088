# shellcheck shell=bash
# Signed passwords that a client makes, used at service `mail' in the place of
# common.bash; signed.bash comes before.
#
#   client_host_make      the service, for mail.example.com
#   registered NAME ...   alice's certificates there, of the PKI
#   used TEXT             one login of alice with that password: the status of pamdrive
#   used_ok TEXT, used_denied REASON TEXT   the same, and look at the log

client_host_make() {
	cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$S/bin/" &&
		signed_make mail mail.example.com || return
	service mail
	registered alice
}

registered() {
	local name
	rm -f "$S/etc/certauth/users.d/alice/"*
	for name; do
		cp "$PKI/$name-chain.pem" "$S/etc/certauth/users.d/alice/$name.pem"
	done
}

used() {
	printf '%s\n' "$1" >"$S/text"
	log_mark
	in_place "$S/bin/pamdrive" -s mail -u alice -a -C "cat $S/text" >"$S/seen" 2>&1
}

used_ok() {
	used "$1" || {
		cat "$S/seen"
		log_lines
		return 1
	}
	logged 'pam_certauth\(mail:auth\): event=login proof=password outcome=granted '
}

used_denied() {
	local reason=$1
	! used "$2" || return
	cat "$S/seen"
	grep -q '^authenticate PAM_AUTH_ERR$' "$S/seen" &&
		logged "event=login proof=password outcome=denied reason=$reason "
}
