#!/usr/bin/env bats
# What follows a login: the account check, warnings, the audit; and the stacks
# that pam_certauth(8) shows.
bats_require_minimum_version 1.5.0
load lib/common

setup_file() {
	place_make
	cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$S/bin/"
	echo 'wheel:x:3000:alice' >>"$S/etc/group"
	sed -i -E "s#^(alice|bob):[^:]*:#\1:$(openssl passwd -6 secret):#" \
		"$S/etc/shadow"
	pki_leaf soon inter --to +5d
	pki_ca soon-ca --issuer root --to +3d
	pki_crl soon-ca
	pki_leaf under-soon soon-ca --to +2d
	pki_crl inter --from -20d --to +1d --out "$PKI/inter-due.crl"
	cat "$PKI/soon.pem" "$PKI/inter.pem" >"$PKI/soon-chain.pem"
	cat "$PKI/under-soon.pem" "$PKI/soon-ca.pem" >"$PKI/under-soon-chain.pem"
	# answers our prompts with a certificate, others with a password
	cat >"$S/bin/mixed" <<-'END'
		#!/bin/bash
		if [ -n "$CERT" ]; then
			coproc C { exec $CLIENT; }
		fi
		while IFS= read -r line; do
			case $line in
			*certauth1*)
				if [ -z "$CERT" ]; then echo; continue; fi
				printf '%s\n' "$line" >&"${C[1]}"
				IFS= read -r answer <&"${C[0]}"
				printf '%s\n' "$answer" ;;
			*) printf '%s\n' "$PASSWORD" ;;
			esac
		done
	END
	chmod 755 "$S/bin/mixed"
}
teardown_file() { place_remove; }

setup() {
	conf_reset
	ca_dir root.pem
	crl_dir root.crl inter.crl soon-ca.crl
	map alice soon under-soon revoked
	echo "bob sha256:$(pki_sha256 "$PKI/bob.pem")" >>"$S/etc/certauth/users"
	service test
	sed -i "s|^account .*|account required $MODULE|" "$S/etc/pam.d/test"
}

# drive USER CERT PASSWORD [PAMDRIVE-OPTION ...]: CERT "" for none
drive() {
	local user=$1 cert=$2 password=$3
	shift 3
	log_mark
	run in_place env CERT="$cert" PASSWORD="$password" CLIENT="$CERTAUTH \
		sign --pieces --any-host --yes --user $user \
		--cert $PKI/$cert-chain.pem --key $PKI/$cert.key" \
		"$S/bin/pamdrive" -u "$user" -C "$S/bin/mixed" -a "$@"
	echo "$output"
}

yes() { [ "$status" -eq 0 ]; }
no() { [ "$status" -eq 1 ] && [[ $output != *'account PAM_SUCCESS'* ]]; }

# stack N: example number N of pam_certauth(8), with the module's path
stack() {
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh DIAG/p' "$HERE/src/man/pam_certauth.8" |
		awk -v n="$1" '/^\.Bd/ {i++; on = 1; next} /^\.Ed/ {on = 0}
			on && i == n' |
		sed -e "s|pam_certauth.so|$MODULE|" -e 's/\\e$/\\/' \
			>"$S/etc/pam.d/test"
	cat "$S/etc/pam.d/test"
	grep -q "$MODULE" "$S/etc/pam.d/test"
}

@test "stack: a second factor behind the password" {
	stack 1
	drive alice alice secret
	yes
	drive alice alice wrong
	no
	drive alice revoked secret
	no
	drive alice '' secret
	no
}

@test "stack: the certificate, or else the password" {
	stack 2
	drive alice alice wrong
	yes
	[[ $output != *Password* ]]
	drive alice '' secret
	yes
	drive alice revoked secret
	yes
	drive alice '' wrong
	no
	drive alice revoked wrong
	no
}

@test "stack: the certificate alone" {
	stack 3
	drive alice alice ''
	yes
	drive alice '' secret
	no
	drive alice revoked secret
	no
	[[ $output != *Password* ]]
}

@test "stack: required for group wheel only" {
	stack 4
	drive alice alice wrong
	yes
	drive alice '' secret
	no
	drive bob '' secret
	yes
	[[ $output != *certauth1* ]]
	drive bob '' wrong
	no
}

@test "stack: a first look that grants nothing" {
	stack 6
	echo 'account required pam_unix.so' >>"$S/etc/pam.d/test"
	drive alice alice wrong
	no
	logged 'mode=audit outcome=granted'
	drive alice revoked secret
	yes
	logged 'mode=audit outcome=denied reason=revoked'
	[[ $output != *'env CERTAUTH'* ]]
}

@test "account: the CA was taken away; the configuration broke" {
	local what i
	for what in 'rm -rf /etc/certauth/ca/*' \
		'echo nonsense = 1 >>/etc/certauth/certauth.conf'; do
		conf_reset
		ca_dir root.pem
		: >"$S/hold"
		(
			for ((i = 0; i < 2000; i++)); do
				grep -q '^waiting' "$S/seen" 2>/dev/null && break
				sleep 0.02
			done
			in_place sh -c "$what"
			rm "$S/hold"
		) 3>&- &
		log_mark
		in_place "$S/bin/pamdrive" -u alice -C "$CERTAUTH sign --pieces \
			--any-host --user alice --cert $PKI/alice-chain.pem \
			--key $PKI/alice.key" -a -w "$S/hold" >"$S/seen" || :
		wait $!
		grep -x 'authenticate PAM_SUCCESS' "$S/seen"
		grep -E '^account PAM_(PERM_DENIED|SERVICE_ERR)$' "$S/seen"
		rm "$S/seen"
	done
}

@test "the user is told of a certificate that ends soon, after success" {
	drive alice soon ''
	yes
	[[ $output == *'info Your certificate expires in 4 days: CN=soon,O=Example'* ]]
	drive alice alice ''
	[[ $output != *'info '* ]]
	conf default 'warn_expiry = 60d'
	drive alice alice ''
	[[ $output == *'info Your certificate expires in 29 days'* ]]
	conf default 'warn_expiry = 0'
	drive alice soon ''
	[[ $output != *'info '* ]]
	conf default 'warn_expiry = 14d'
	drive bob soon ''
	no
	[[ $output != *'info '* ]]
	drive alice soon '' -F 0x8000
	yes
	[[ $output != *'info '* ]]
}

@test "the log is told of a CA and of a CRL that end soon" {
	drive alice under-soon ''
	yes
	logged 'the CA certificate "CN=Test soon-ca,O=Example" expires in 2 days'
	crl_dir root.crl inter-due.crl
	drive alice alice ''
	yes
	logged 'the CRL [0-9a-f]*\.r0 expires in 23 hours.*certauth crl update'
	conf default 'warn_expiry = 0'
	drive alice alice ''
	not_logged 'expires in'
	conf_reset
	crl_dir root.crl inter.crl
	drive alice alice ''
	not_logged 'expires in'
}

@test "audit = json: what the manual says, and nothing else" {
	local cert
	conf default 'audit = json'
	for cert in alice revoked bob; do
		drive alice $cert ''
		log_lines | sed -n 's/.*pam_certauth([^)]*): //p'
	done >"$S/json"
	log_mark
	in_place "$S/bin/pamdrive" -u $'x"\e\\' -m foreign >/dev/null || :
	log_lines | sed -n 's/.*pam_certauth([^)]*): //p' >>"$S/json"
	conf default 'mode = audit'
	drive alice alice ''
	log_lines | sed -n 's/.*pam_certauth([^)]*): //p' >>"$S/json"
	grep '^{' "$S/json" | python3 -c '
import json, re, sys
man = open(sys.argv[1]).read().split(".Ss Structured audit")[1].split(".Sh ")[0]
words = set(re.findall(r"[a-z0-9_-]+", " ".join(
    l[4:] for l in man.splitlines() if re.match(r"\.(Cm|It Cm) ", l))) +
    re.findall(r"[a-z0-9_-]+", " ".join(
    l[6:] for l in man.splitlines() if l.startswith(".It Cm "))))
checks = {"signature", "chain", "validity", "purpose", "revocation", "mapping"}
objects = [json.loads(l) for l in sys.stdin]
assert len(objects) == 6, len(objects)
for o in objects:
    assert {"event", "mode", "outcome", "reason", "text", "checks", "facts"} <= set(o)
    keys = set(o) | set(o["checks"]) | set(o["facts"])
    for c in o["checks"].values():
        assert c["verdict"] in ("not-run", "pass", "fail", "waived")
        keys |= set(c)
    assert keys <= words, keys - words
    assert set(o["checks"]) == (checks if o["event"] == "login" else checks - {"signature", "mapping"})
    assert all(isinstance(v, str) for v in o["facts"].values())
got = [(o["event"], o["mode"], o["outcome"], o["reason"]) for o in objects]
assert got == [
    ("login", "enforce", "granted", "ok"),
    ("account", "enforce", "accepted", "ok"),
    ("login", "enforce", "denied", "revoked"),
    ("login", "enforce", "denied", "other-user"),
    ("login", "enforce", "denied", "answer-malformed"),
    ("login", "audit", "granted", "ok")], got
assert objects[4]["facts"]["user"] == "x\"\x1b\\", objects[4]["facts"]
' "$HERE/src/man/pam_certauth.8"
}
