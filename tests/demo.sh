#!/bin/bash
# A login over ssh with a certificate, and the same login refused after the
# certificate was revoked: `make demo`.  Everything is real (sshd, OpenSSH's
# client, PAM, the module).  All files are in a scratch folder, which is removed
# at the end.
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
steps=$(grep -c "^step ['\"]" tests/demo.sh)
step() { n=$((n + 1)); printf '%d/%d %s\n' $n "$steps" "$*"; }
more() { printf '%s\n' "$*" | sed 's/^/    /'; }

# wrap N: lines of 72 characters, what is cut off N columns further right
wrap() {
	awk -v n="$1" '{
		out = $0
		while (length(out) > 72) {
			at = 72
			while (at > n + 1 && substr(out, at, 1) != " ")
				at--
			if (at == n + 1)
				break
			print substr(out, 1, at - 1)
			out = sprintf("%*s%s", n, "", substr(out, at + 1))
		}
		print out }'
}

# the module's verdict about the last login, without the names and numbers
verdict() {
	log_lines | grep -o 'pam_certauth(sshd:auth).*outcome=.*' | tail -n 1 |
		sed -E 's/ (issuer|serial|sha256|scheme|not_after|anchor|rule|rhost|service)=("[^"]*"|[^ ]*)//g' |
		sed -E 's/.*(outcome=.*)/The log says: \1/' | wrap 4
}

# Record what ssh asks and what is answered, for the picture: certauth runs this
# "ssh", which puts a recorder between the real ssh and its askpass.  The
# recorder is also named ssh, because askpass answers no other program.
record_make() {
	mkdir "$S/rec" "$S/bin/copyist"
	chmod 777 "$S/rec"
	cat >"$S/bin/ssh" <<-'END'
		#!/bin/sh
		export ASKPASS="$SSH_ASKPASS" SSH_ASKPASS="${0%ssh}copyist/ssh"
		exec ssh "$@"
	END
	cat >"$S/bin/copyist/ssh" <<-'END'
		#!/bin/sh
		rec=${0%bin/copyist/ssh}rec; n=$(ls "$rec" | grep -c prompt)
		printf %s "$1" >"$rec/prompt.$n"
		answer=$("$ASKPASS" "$1") || exit
		printf %s "$answer" >"$rec/answer.$n"
		echo "$answer"
	END
	chmod 755 "$S/bin/ssh" "$S/bin/copyist/ssh"
}

# field MESSAGE NAME: what `certauth inspect` says of what was recorded
field() {
	local text n
	case $1 in
	request) text=$(cat "$S/rec/prompt.0") ;;
	response)	# the pieces without their marks of more (+) and end (.)
		for ((n = 0; n < pieces; n++)); do
			text=${text:-}$(sed 's/[+.]$//' "$S/rec/answer.$n")
		done ;;
	esac
	"$CERTAUTH" inspect "--$1" "$text" | sed -nE "s/^ *$2 +//p" | head -n 1
}

# The first login, message by message, from what went over ssh.
picture() {
	local n pieces request response signature next
	pieces=$(find "$S/rec" -name 'answer.*' | wc -l)
	request=$(field request 'request,')
	response=$(field response 'response,')
	signature=$(($(field response signature | tr -dc 0-9) + 8))
	echo "    certauth ssh web1 $(printf %31s '')   sshd, pam_certauth.so"
	for ((n = 0; n < pieces; n++)); do
		next=$(grep -o 'next=[0-9]*' "$S/rec/prompt.$n")
		row "<---  prompt, $(wc -c <"$S/rec/prompt.$n") characters, $next"
		[ $n -ne 0 ] || row "        CertificateRequest, $request:" \
			"          for $(field request user) at $(field request host)," \
			"          by a CA named $(field request CA)"
		row "      piece $((n + 1)) of the answer, $(wc -c <"$S/rec/answer.$n") characters  --->"
	done
	row "        Certificate, $((${response% bytes} - signature)) bytes: $(field response subject)" \
		"        CertificateVerify, $signature bytes:" \
		"          $(field response scheme)"
	row '<---  a session'
}
row() { printf '      |  %-60s  |\n' "$@"; }

login_as_alice() {
	# the session runs `id -un` on the other side
	CLIENT_ENV=CERTAUTH_SSH=$S/bin/ssh client "$CERTAUTH" ssh web1 id -un \
		</dev/null 2>"$S/ssh.err"
}

CLIENT=alice
place_dir demo
echo "The demo has $steps steps and takes about 10 seconds."
step "All files are in $S, which is removed at the end."
pki_new "$S/pki"
pki_ca root --subject '/O=Demo/CN=Demo CA'
pki_leaf alice root --subject '/O=Demo/CN=Alice'
pki_crl root
cp "$PKI/alice.pem" "$PKI/alice-chain.pem"
step 'The demo creates a CA, a certificate for Alice, and an empty CRL.'
place_enter
ca_dir root.pem
crl_dir root.crl
printf '[default]\nhost_names = web1.example web1\n' \
	>"$S/etc/certauth/certauth.conf"
users 'alice subject:CN=Alice,O=Demo'
# shellcheck disable=SC2119 # no further lines for its configuration
sshd_start
client_make alice
record_make
step "sshd with pam_certauth.so listens on 127.0.0.1:$PORT; its users file says:"
more "$(cat "$S/etc/certauth/users")"

step 'Alice logs in with the real OpenSSH client:  certauth ssh web1 id -un'
log_mark
if who=$(login_as_alice) && [ "$who" = alice ]; then
	more "ACCEPTED; the session says: $who"
	more "$(verdict)"
	picture >"$S/picture"
else
	more 'REFUSED, which is wrong.  The log says:'
	cat "$S/ssh.err"
	log_lines
	exit 1
fi

pki_revoke root alice
pki_crl root
crl_dir root.crl
step 'The CA revokes the certificate of Alice. The host gets the new CRL.'
step 'Alice tries the same login again:  certauth ssh web1 id -un'
log_mark
if who=$(login_as_alice); then
	more "ACCEPTED ($who), which is wrong.  The log says:"
	log_lines
	exit 1
fi
if ! log_lines | grep -q 'outcome=denied reason=revoked'; then
	more 'REFUSED, but not because the certificate is revoked.  The log says:'
	cat "$S/ssh.err"
	log_lines
	exit 1
fi
more 'REFUSED'
more "$(verdict)"
step 'The messages of the first login:'
cat "$S/picture"
step 'The reason why the certificate is refused now:  certauth explain alice.pem'
in_place "$CERTAUTH" explain --service sshd --user alice "$PKI/alice.pem" |
	sed -n '/^checks/,/^certification path/s/^  *//p' | wrap 12 |
	sed 's/^/    /'
step 'Nothing outside the folder has changed. The folder is removed now.'
