#!/bin/bash
# A login over ssh with a certificate, and the same login refused after the
# certificate was revoked: `make demo`.  Everything is real (sshd, OpenSSH's
# client, PAM, the module), and everything stands in a scratch folder that is
# removed at the end.
# usage: tests/demo.sh [BUILD]
set -eu
cd "$(dirname "$0")/.."
if [ "$(id -u)" -ne 0 ]; then
	echo 'Please run "make demo" as root: it starts an sshd that logs users in.' >&2
	echo 'It does so in a private mount namespace, with a copy of /etc.' >&2
	exit 1
fi
CERTAUTH_BUILD=$(cd "${1:-build}" && pwd)
export CERTAUTH_BUILD
# shellcheck source=tests/lib/common.bash
. tests/lib/common.bash
# shellcheck source=tests/lib/sshd.bash
. tests/lib/sshd.bash

finish() {
	sshd_stop
	place_remove
}
trap finish EXIT
trap 'exit 1' INT TERM

n=0
step() { n=$((n + 1)); printf '%2d. %s\n' $n "$*"; }
more() { printf '%s\n' "$*" | sed 's/^/    /'; }

# the module's verdict about the last login, without the names and numbers
verdict() {
	log_lines | grep -o 'pam_certauth(sshd:auth).*outcome=.*' | tail -n 1 |
		sed -E 's/ (issuer|serial|sha256|scheme|not_after|anchor|rule|rhost|service)=("[^"]*"|[^ ]*)//g' |
		sed -E 's/.*(outcome=.*)/The log says: \1/' | fold -s -w 72
}

login_as_alice() {
	# the session runs `id -un` on the other side
	client "$CERTAUTH" ssh web1 id -un </dev/null 2>"$S/ssh.err"
}

CLIENT=alice
place_dir demo
step "Everything happens in $S, and is removed at the end."
pki_new "$S/pki"
pki_ca root --subject '/O=Demo/CN=Demo CA'
pki_leaf alice root --subject '/O=Demo/CN=Alice'
pki_crl root
cp "$PKI/alice.pem" "$PKI/alice-chain.pem"
step 'A certificate authority, a certificate for Alice, and an empty CRL are made.'
place_enter
ca_dir root.pem
crl_dir root.crl
printf '[default]\nhost_names = web1.example web1\n' \
	>"$S/etc/certauth/certauth.conf"
users 'alice subject:CN=Alice,O=Demo'
# shellcheck disable=SC2119 # no further lines for its configuration
sshd_start
client_make alice
step "An sshd with pam_certauth.so listens on 127.0.0.1, port $PORT; its users file says:"
more "$(cat "$S/etc/certauth/users")"

step 'Alice logs in with the real OpenSSH client:  certauth ssh web1 id -un'
log_mark
if who=$(login_as_alice) && [ "$who" = alice ]; then
	more "ACCEPTED; the session says: $who"
	more "$(verdict)"
else
	more 'Refused, which is wrong.  The log says:'
	cat "$S/ssh.err"
	log_lines
	exit 1
fi

pki_revoke root alice
pki_crl root
crl_dir root.crl
step 'The CA revokes her certificate; the new CRL is put in place.'
step 'Alice tries the same again:  certauth ssh web1 id -un'
log_mark
if who=$(login_as_alice); then
	more "Accepted ($who), which is wrong.  The log says:"
	log_lines
	exit 1
fi
if ! log_lines | grep -q 'outcome=denied reason=revoked'; then
	more 'Refused, but not because it is revoked.  The log says:'
	cat "$S/ssh.err"
	log_lines
	exit 1
fi
more 'REFUSED'
more "$(verdict)"
step 'That was all.  Nothing outside the folder has changed, and it is removed now.'
