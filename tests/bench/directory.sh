#!/bin/bash
# `certauth users update' from a real slapd with many accounts: its time and memory, and
# the instructions of a mapping by the index of it, as ratios to ten accounts.
# usage: [ACCOUNTS=N] tests/bench/directory.sh [BUILD]
# It needs root, the packages of a directory (make check SERVICES=yes), 4 GiB of memory
# for a million accounts, and GNU time.
set -eu
cd "$(dirname "$0")/../.."
B=${1:-build}
case $B in /*) ;; *) B=$PWD/$B ;; esac
export CERTAUTH_BUILD=$B
ACCOUNTS=${ACCOUNTS:-1000000}
# shellcheck source=tests/lib/common.bash
. tests/lib/common.bash
# shellcheck source=tests/lib/netplace.bash
. tests/lib/netplace.bash
# shellcheck source=tests/lib/directory.bash
. tests/lib/directory.bash

say() { echo "directory: $*" >&2; }
skip() { say "$*"; exit 1; }
finish() {
	directory_remove
	place_remove
}
need_directory
trap finish EXIT
trap 'exit 1' INT TERM
export CERTAUTH_VERIFIER=verifier=spawn
place_make
directory_root
cp "$B/certauth-ldap" "$S/bin/"
openssl x509 -in "$PKI/alice.pem" -outform DER -out "$S/alice.der"

# accounts N: alice and N - 1 others, each with a certificate of its own
accounts() {
	slapd_ldif alice 2001 "$S/alice.der"
	python3 - "$1" "$S/alice.der" "$BASE" <<-'END'
		import base64, sys
		der = open(sys.argv[2], "rb").read()
		for i in range(int(sys.argv[1]) - 1):
		    b = der[:-4] + i.to_bytes(4, "big")
		    print("dn: uid=u%d,ou=people,%s\nobjectClass: inetOrgPerson\n"
		        "objectClass: posixAccount\nuid: u%d\ncn: u\nsn: u\n"
		        "uidNumber: %d\ngidNumber: 1\nhomeDirectory: /\n"
		        "userCertificate;binary:: %s\n" % (i, sys.argv[3], i,
		        10000 + i, base64.b64encode(b).decode()))
	END
}

# instructions WHAT: of the checks of a login that the directory grants, or of the
# mapping alone
instructions() {
	local command=("$CERTAUTH" explain --service test --user alice "$PKI/alice-chain.pem")
	[ "$1" = login ] ||
		command=("$CERTAUTH" users test --user alice "$PKI/alice.pem")
	in_place valgrind --tool=callgrind --callgrind-out-file=/dev/null \
		"${command[@]}" >"$S/cost" 2>&1 || {
		cat "$S/cost" >&2
		return 1
	}
	grep -qE 'ldap uid=alice|userCertificate: yes, matches: alice' "$S/cost" || return
	sed -n 's/.*Collected : //p' "$S/cost" | grep .
}

# ratio WHAT: to ten accounts, in hundredths
ratio() {
	echo $(($(cat "$S/$1.$ACCOUNTS") * 100 / $(cat "$S/$1.10")))
}

conf default 'directory = ldap' 'directory_uri = ldap://127.0.0.1' \
	"directory_base = $BASE"
users '# none'
for n in 10 "$ACCOUNTS"; do
	say "slapd with $n accounts"
	net_stop slapd
	in_place sh -c 'rm -f /var/lib/slapd/*'
	accounts "$n" | slapd_load
	slapd_start 'sizelimit unlimited'
	in_place /usr/bin/time -f '%e %M' -o "$S/time.$n" \
		"$CERTAUTH" users update --force >&2
	login_ok
	instructions login >"$S/login.$n"
	instructions mapping >"$S/mapping.$n"
done
read -r seconds kib <"$S/time.$ACCOUNTS"
printf '| accounts | update | memory | index | instructions of a login | of the mapping |\n'
printf '|---|---|---|---|---|---|\n'
printf '| %s | %s s | %d MiB | %d MiB | %d %% of those with ten | %d %% |\n' \
	"$ACCOUNTS" "$seconds" "$((kib / 1024))" \
	"$(in_place stat -c %s /var/lib/certauth/users.cdb | awk '{ print int($1 / 1048576) }')" \
	"$(ratio login)" "$(ratio mapping)"
