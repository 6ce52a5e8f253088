#!/usr/bin/env bats
# What a person reads of tokens: each text names the token or the module at fault,
# and the next command.  The texts are compared with the files in tests/data/tokens
# (EXPLAIN_UPDATE=1 replaces them).  tests/key/hostile_p11.c plays the tokens.
bats_require_minimum_version 1.5.0
load lib/token

setup_file() {
	token_make
	export CERTAUTH=$CERTAUTH_BUILD/certauth
	export XDG_CONFIG_HOME=$T/config
	token_init 'Card A'
	token_load 'Card A' 01 rsa2048
	token_load 'Card A' 02 p256
	token_load 'Card A' 03 expired
	token_cert 'Card A' 10 inter
	token_cert 'Card A' 11 bob
}

teardown_file() {
	token_remove
}

setup() {
	modules soft
	export HOSTILE_PIN=1234
	unset HOSTILE
}

# Replace what differs from run to run and from machine to machine.
normal() {
	sed -E -e "s#$T#SCRATCH#g" -e "s#$P11_MODULES#MODULES#g" \
		-e 's/[0-9]+ ms/N ms/; s/"milliseconds":[0-9]+/"milliseconds":N/g' \
		-e 's/20[0-9]{2}-[0-9]{2}-[0-9]{2}/DATE/g' \
		-e 's/(slot|slot ID) (0x)?[0-9a-f]+/\1 N/g; s/"id":[0-9]+/"id":N/g' \
		-e 's/serial number [0-9a-f]{16}/serial number SERIAL/g' \
		-e 's/"serial":"[0-9a-f]{16}"/"serial":"SERIAL"/g' \
		-e 's/serial=[0-9a-f]{16}/serial=SERIAL/g' \
		-e 's/(mechanisms that can be used: ).*ECDSA.*/\1...ECDSA.../' \
		-e 's/(PKCS11|SoftHSM v?)2?( )?2\.[0-9]/\1\2VERSION/g' \
		-e 's/(why: |could log in: |token[^:]*: |; )((the smart card service|no smart card reader|reader|the card in reader)[^;]*;( run: [^;]*;)? )+/\1/g'
}

# held NAME: output is that of the golden file
held() {
	local file=$HERE/tests/data/tokens/$1.txt
	normal <<<"$output" >"$T/now"
	[ -z "${EXPLAIN_UPDATE:-}" ] || cp "$T/now" "$file"
	diff -u "$file" "$T/now"
}

# tool ANSWERS ARG ...: keytool, its answers separated by commas
tool() {
	token_tool with_modules "$@"
	output=$(grep -v '^log 4:' <<<"$output")
}

P256='pkcs11:token=Card%20A;object=p256'

# says NAME HOSTILE ANSWERS [URI]
says() {
	modules hostile
	HOSTILE=$2 tool "$3" p11 "${4:-$P256}" any
	held "$1"
}

@test "a PIN: wrong, of another length, the last try, locked" {
	says wrong countdown 1,2,y,3,4
	says same countdown 1,1
	says length pin-length 1,1234
	says last last n
	says locked locked 1234
	says tpm locked,tpm 1234
	says openpgp pin-openpgp 4321,1234
	says pinpad pinpad ''
	says no-pin '' "''"
}

@test "a token that was removed, that fails, that refuses each mechanism" {
	says pulled pulled-after-wrong 4321
	says lost removed 1234
	says fails sign-fail 1234
	says mechanisms no-mechanism 1234 'pkcs11:token=Card%20A;object=rsa2048'
	says junk sig-junk 1234
}

@test "a module that hangs, and one that cannot be initialised" {
	says hangs init-hang ''
	says broken init-fail ''
}

@test "nothing is found: the URI, the module, the PIN" {
	tool '' p11 'pkcs11:token=Card%20X'
	held no-token
	tool '' p11 'pkcs11:tokn=Card%20A'
	held typo
	tool '' p11 'pkcs11:module-name=soft'
	held misplaced
	tool '' p11 'pkcs11:token=Card%20A;object=nothing'
	held no-object
	tool 1234 p11 'pkcs11:token=Card A'
	held blank
	says private private 4321 'pkcs11:token=Card%20A'
	modules none
	tool '' p11 -
	held no-module
	echo 'module: /nonexistent/libcard.so' >"$T/modules/gone.module"
	tool '' p11 -
	held unloadable
}

@test "a module that was taken out of use is not loaded to say so" {
	printf 'module: %s\nenable-in: other\n' "$T/hostile_p11.so" \
		>"$T/modules/out.module"
	run with_modules env LD_DEBUG=files "$CERTAUTH" tokens
	[[ $output == *'file=libcrypto'* ]]
	[[ $output == *'is not loaded: its file leaves this program out (enable-in, disable-in)'* ]]
	[[ $output != *"file=$T/hostile_p11.so"* ]]
}

@test "a module that hangs with a stream in its hands does not keep the program" {
	modules hostile soft
	export HOSTILE=init-stdin
	run with_modules timeout 30 "$CERTAUTH" tokens
	[ "$status" -eq 0 ]
	[[ $output == *'not used: does not answer'* ]]
	[[ $output == *'token "Card A"'* ]]
}

# tokens [ARG ...]: certauth tokens
tokens() {
	run with_modules "$CERTAUTH" tokens "$@"
}

@test "certauth tokens: modules, tokens, certificates, and what would be taken" {
	echo 'module: /nonexistent/libcard.so' >"$T/modules/gone.module"
	tokens
	[ "$status" -eq 0 ]
	# in an order of its own, SoftHSM lists objects
	output=$(sort <<<"$output" | uniq)
	held list
	tokens --json
	[ "$status" -eq 0 ]
	python3 - "$output" <<-'END'
		import json, sys
		m = {m["name"]: m for m in json.loads(sys.argv[1])["modules"]}
		assert "/nonexistent/libcard.so" in m["gone"]["problem"], m["gone"]
		assert m["soft"]["milliseconds"] >= 0 and m["soft"]["file"]
		slots = [s for s in m["soft"]["slots"] if "token" in s]
		assert len(slots) == 1 and slots[0]["token"]["pin"].startswith("set")
		certs = {c["label"]: c for c in slots[0]["token"]["certificates"]}
		assert certs["p256"]["taken"] and certs["p256"]["scheme"] == "ecdsa_secp256r1_sha256"
		assert "digitalSignature" in certs["p256"]["uses"]
		assert not certs["expired"]["taken"] and "expired" in certs["expired"]["why"]
		assert not certs["inter"]["taken"] and "CA certificate" in certs["inter"]["why"]
		print(certs["p256"]["uri"])
	END
}

@test "certauth tokens: the URI of a certificate names it alone" {
	local uri
	tokens --json
	uri=$(python3 -c 'import json, sys
for m in json.loads(sys.argv[1])["modules"]:
    for s in m["slots"]:
        for c in s.get("token", {}).get("certificates", []):
            if c["label"] == "p256": print(c["uri"])' "$output")
	tool 1234 p11 "$uri" any
	[ "$status" -eq 0 ]
	[ "$(grep -c '^identity: Card A: p256' <<<"$output")" -eq 1 ]
	[ "$(grep -c '^identity:' <<<"$output")" -eq 1 ]
}

@test "certauth tokens: no PIN, no signature; nothing is found, exit 1; a wrong URI, 2" {
	modules hostile
	: >"$T/.hostile-calls"
	HOME=$T tokens
	[ "$status" -eq 0 ]
	[ ! -s "$T/.hostile-calls" ]
	tokens 'pkcs11:token=Card%20X'
	[ "$status" -eq 1 ]
	[[ $output == *'not used: the URI names another token'* ]]
	[[ $output == *'No certificate could log in: no token has the label "Card X" of the URI'* ]]
	tokens 'pkcs11:tokn=x'
	[ "$status" -eq 2 ]
	tokens nothing
	[ "$status" -eq 2 ]
	tokens --what
	[ "$status" -eq 2 ]
	HOSTILE=init-hang tokens
	[ "$status" -eq 1 ]
	[[ $output == *'not used: does not answer'* ]]
}
