#!/usr/bin/env bats
# A resident and a spawned verifier say the same, to the letter: tables of logins,
# and random configurations, are tried both ways, and what the user sees, the
# environment, the results and each line of the log are compared.
# WAYS: how many random configurations (default 20); WAYS_SEED repeats a run, which
# prints its seed if it fails.
load lib/common

setup_file() {
	place_make
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$S/bin/"
	cp -a "$PKI" "$S/etc/pki"
	chmod -R a+rX "$S/etc/certauth"
	resident_start
}
teardown_file() { place_remove; }

not() { ! "$@"; }

setup() {
	need_root
	conf_reset
	ca_dir root.pem
	crl_dir crl
	map alice revoked expired p256 p384 p521 ed25519 ed448 rsa2048 rsa4096 \
		rsa1024 direct future server no-eku stranger-leaf under-leaf \
		too-deep misnamed well-named weak-digest under-gone under-sha1
	echo "bob sha256:$(pki_sha256 "$PKI/bob.pem")" >>"$S/etc/certauth/users"
	rm -rf "$S/home/alice/.certauth"
	COMPARED=0
}

# signer NAME [OPTION ...]: what answers for pamdrive with that certificate, for the
# login FOR (alice; empty: the certificate chooses it)
signer() {
	local name=$1 user=${FOR-alice}
	shift
	echo "$CERTAUTH sign --pieces --any-host --yes ${user:+--user $user} $*" \
		"--cert $PKI/$name-chain.pem --key $PKI/$name.key"
}

# said WAY 'ARG ...' PAMDRIVE-OPTION ...: one login, into $S/said.WAY.  What differs
# between any two logins is left out: times, process ids, nonces.
said() {
	local way=$1 args=$2
	shift 2
	printf '%s\n' "auth required $MODULE verifier=$way $args" \
		"account required $MODULE verifier=$way $args" \
		'account required pam_permit.so' >"$S/etc/pam.d/test"
	log_mark
	# in a chroot the client's shell would complain of its directory
	# shellcheck disable=SC2086 # two words, or none
	in_place env -C / "$S/bin/pamdrive" -s test ${RHOST--r client.example} -x -a "$@" \
		>"$S/seen" 2>&1 </dev/null || :
	{
		sed -E 's/(certauth1 )[A-Za-z0-9_-]+( next)/\1REQUEST\2/' "$S/seen"
		log_lines | grep pam_certauth |
			sed -E 's/^(<[0-9]+>)[A-Z][a-z]+ +[0-9]+ [0-9:]+ /\1/
				s/(the time of this check is )[0-9TZ:-]+/\1NOW/'
	} >"$S/said.$way"
}

# alike GREP 'ARG ...' PAMDRIVE-OPTION ...: both ways say the same, and that
alike() {
	local want=$1
	shift
	said spawn "$@"
	said resident "$@"
	if ! diff "$S/said.spawn" "$S/said.resident"; then
		echo "spawned (<) and resident (>) differ: $*"
		cat "$S/said.spawn"
		return 1
	fi
	# a verifier that nobody reached says the same both ways, too
	if not grep -qE -- "$want" "$S/said.spawn" ||
		grep -q 'certauth-verifier (spawned|resident)' "$S/said.spawn"; then
		echo "without $want: $*"
		cat "$S/said.spawn"
		return 1
	fi
	COMPARED=$((COMPARED + 1))
}

@test "granted: each kind of key, certificates that chose the login, account and environment" {
	local n
	for n in p256 p384 p521 ed25519 ed448 rsa2048 rsa4096 direct no-eku well-named; do
		alike 'outcome=granted' '' -u alice -C "$(signer $n)"
	done
	grep -q '^env CERTAUTH_SHA256=' "$S/said.resident"
	grep -q '^account PAM_SUCCESS' "$S/said.resident"
	alike 'outcome=granted.*user="alice"' '' -C "$(FOR='' signer alice)"
	alike 'outcome=granted' debug -u alice -C "$(signer alice)"
	alike '"outcome":"granted"' audit=json -u alice -C "$(signer alice)"
	alike 'outcome=granted' warn_expiry=60d -u alice -C "$(signer alice)"
	grep -q '^info ' "$S/said.resident"
	alike 'account .*outcome=rejected|reason=other-user' '' -u alice \
		-C "$(signer alice)" -U bob
	alike 'PAM_SUCCESS' '' -u alice -C "$(signer alice)" -A empty
	[ "$COMPARED" -ge 16 ]
}

@test "refused: each reason of certificates, CRLs, users and answers" {
	local n line
	while read -r n line; do
		alike "outcome=denied reason=$line" '' -u alice -C "$(signer "$n")"
		alike "\"outcome\":\"denied\"" 'audit=json debug' -u alice -C "$(signer "$n")"
	done <<-END
		revoked revoked
		expired expired
		future not-yet-valid
		server purpose
		stranger-leaf unknown-ca
		under-leaf (not-a-ca|chain|unknown-ca)
		too-deep path-length
		misnamed name-constraints
		weak-digest weak
		under-gone revoked
		under-sha1 weak
		rsa1024 [a-z]
		bob other-user
	END
	for n in missing expired future forged; do
		crl_dir crl-$n
		alike 'outcome=denied reason=crl-' '' -u alice -C "$(signer alice)"
		alike 'outcome=' crl=prefer -u alice -C "$(signer alice)"
	done
	alike 'outcome=granted' crl_grace=1d -u alice -C "$(signer direct)"
	crl_dir crl
	alike 'outcome=granted' crl=off -u alice -C "$(signer revoked)"
	for n in null noarray empty error again junk big endless repeat cut foreign binary; do
		alike 'outcome=denied' '' -u alice -m $n
		alike 'outcome=denied' '' -u alice -C "$(signer alice)" -m $n -f 1
	done
	alike 'reason=nonce' '' -u alice -C "$(signer alice)" -P bob
	for n in nobody-such carol root _certauth $'a\e[2J' 'a b' '*'; do
		alike 'outcome=denied' '' -u "$n" -C "$(signer alice)"
	done
	alike 'user alice' '' -u '' -C "$(FOR='' signer alice)"
	for n in nobody-such carol root _certauth; do
		alike 'outcome=denied' '' -u "$n" -C "$(FOR=$n signer alice)"
	done
	[ "$COMPARED" -ge 64 ]
}

@test "mistakes of the configuration, and files that cannot be used" {
	local e=$S/etc/certauth line
	while read -r line; do
		alike 'outcome=denied' "$line" -u alice -C "$(signer alice)"
	done <<-END
		nonsense
		crl=never
		lifetime=1s
		ca_dir=relative
		ca_dir=/nonexistent
		ca_dir=/etc/certauth/users
		crl_dir=/nonexistent
		users=/nonexistent
		users=/etc/certauth
		config=/nonexistent
		config=/etc/certauth
		config=/etc/shadow
		host_proof=require
		host_proof=require host_cert=/nonexistent host_key=/nonexistent
		host_proof=require host_cert=/etc/pki/server.pem host_key=/etc/pki/alice.key
		proof=command helper=/nonexistent
		proof=command helper=/bin/false
		policy=1.2.3.4 explicit_policy=yes
		profile=strict max_depth=0
		intermediates_dir=/nonexistent crl_dir=/nonexistent
		rsa_pkcs1=maybe
	END
	alike 'mode=audit outcome=denied' 'mode=audit users=/nonexistent' -u alice -C "$(signer alice)"
	alike 'PAM_' 'mode=audit' -u alice -C "$(signer revoked)"
	alike 'PAM_' 'mode=audit audit=json' -u alice -m empty
	alike 'PAM_' 'require_account=yes' -u alice -m empty
	alike 'outcome=granted' 'require_account=yes' -u alice -C "$(signer alice)"
	alike 'outcome=granted' "host_proof=require host_cert=/etc/pki/server-chain.pem host_key=/etc/pki/server.key" \
		-u alice -C "$(signer alice)"
	# files
	conf default 'no such key'
	alike 'certauth.conf:.*' '' -u alice -C "$(signer alice)"
	conf_reset
	conf test 'debug = yes' 'crl = prefer'
	alike 'outcome=granted' '' -u alice -C "$(signer alice)"
	conf_reset
	echo 'alice no-such-selector:x' >>"$e/users"
	alike 'users:[0-9]+' '' -u alice -C "$(signer alice)"
	map alice
	chown 2001 "$e/users"
	alike 'outcome=denied reason=users-file' '' -u alice -C "$(signer alice)"
	chown 0 "$e/users"
	chmod 666 "$e/users"
	alike 'outcome=denied reason=users-file' '' -u alice -C "$(signer alice)"
	rm "$e/users"
	alike 'outcome=denied' '' -u alice -C "$(signer alice)"
	map alice
	cp "$PKI/alice.key" "$e/ca/junk.pem"
	echo junk >"$e/crl/junk.crl"
	alike 'outcome=granted' debug -u alice -C "$(signer alice)"
	ln -s /nonexistent "$e/ca/dangling.pem"
	chmod 666 "$e/ca/root.pem"
	alike 'outcome=denied' debug -u alice -C "$(signer alice)"
	chmod 644 "$e/ca/root.pem"
	# what root alone may read: the module opens it
	rm -f "$e/ca/dangling.pem"
	chmod 600 "$e/users" "$e/certauth.conf"
	alike 'outcome=granted' debug -u alice -C "$(signer alice)"
	alike 'outcome=denied reason=revoked' debug -u alice -C "$(signer revoked)"
	[ "$COMPARED" -ge 35 ]
}

@test "certificates in users_dir and in the user's home, indexes" {
	local e=$S/etc/certauth
	: >"$e/users"
	mkdir -p "$e/users.d/alice" "$S/home/alice/.certauth"
	cp "$PKI/alice.pem" "$e/users.d/alice/"
	cp "$PKI/direct.pem" "$S/home/alice/.certauth/"
	chown -R 2001:2001 "$S/home/alice"
	alike 'outcome=granted' '' -u alice -C "$(signer alice)"
	alike 'outcome=denied' '' -u alice -C "$(signer direct)"
	alike 'outcome=granted' user_certificates=yes -u alice -C "$(signer direct)"
	alike 'outcome=denied' user_certificates=yes -u bob -C "$(FOR=bob signer direct)"
	chmod 777 "$S/home/alice/.certauth"
	alike 'outcome=denied' user_certificates=yes -u alice -C "$(signer direct)"
	rm -r "$S/home/alice/.certauth"
	ln -s /etc/pki "$S/home/alice/.certauth"
	alike 'outcome=denied' user_certificates=yes -u alice -C "$(signer direct)"
	rm -r "$e/users.d" "$S/home/alice/.certauth"
	map alice
	in_place "$CERTAUTH" users compile --config /etc/certauth/certauth.conf
	in_place "$CERTAUTH" crl compile --config /etc/certauth/certauth.conf \
		--ca-dir "$PKI/ca-all" || :
	[ -e "$e/users.cdb" ]
	compgen -G "$e/crl/.*.idx" || compgen -G "$e/crl/*.idx"
	alike 'outcome=granted' debug -u alice -C "$(signer alice)"
	map alice revoked # the index is older than the file
	alike 'reason=revoked' debug -u alice -C "$(signer revoked)"
	rm -f "$e"/users.*
	[ "$COMPARED" -ge 8 ]
}

@test "the helper of proof = command" {
	local line pin RHOST=
	{
		cat "$PKI/alice-chain.pem"
		openssl pkcs8 -topk8 -in "$PKI/alice.key" -iter 100 -passout pass:secret
	} >"$S/home/alice/key.pem"
	chmod 600 "$S/home/alice/key.pem"
	chown 2001:2001 "$S/home/alice/key.pem"
	while read -r line; do
		for pin in secret wrong; do
			alike 'outcome"?[=:]' "proof=command helper=$HELPER $line" \
				-u alice -C "while read x; do echo $pin; done"
		done
	done <<-END
		key_file=%h/key.pem
		key_file=%h/none.pem
		key_file=%h/key.pem audit=json debug
		key_file=%h/key.pem users=/nonexistent
		key_file=%h/key.pem mode=audit
		helper_timeout=1s
		proof=command,conversation
	END
	alike 'outcome=granted' "proof=command helper=$HELPER key_file=%h/key.pem" \
		-u alice -C 'while read x; do echo secret; done'
	[ "$COMPARED" -eq 15 ]
}

# each is chosen by chance
keys='debug|mode=audit|audit=json|ca_dir=/etc/certauth/ca|ca_dir=/etc/pki/ca-all
intermediates_dir=/etc/pki/ca-all|profile=strict|purpose=any|purpose=sslserver
policy=2.5.29.32.0|explicit_policy=yes|inhibit_any=yes|inhibit_map=yes|max_depth=0
max_depth=1|crl_dir=/etc/pki/crl-clean|crl_dir=/etc/pki/crl-expired|crl_dir=/etc/pki/crl-missing
crl=prefer|crl=off|crl_check=leaf|crl_engine=stream|crl_engine=openssl|crl_grace=30d
crl_short_lived=31d|user_certificates=yes|min_uid=2002|max_uid=2000|rsa_pkcs1=no
max_answer=64|max_answer=32768|host_names=a.example|host_proof=require|require_account=yes
warn_expiry=0s|warn_expiry=90d|proof=command,conversation|lifetime=10s|confine=require
host_cert=/etc/pki/server-chain.pem|host_key=/etc/pki/server.key|users=/etc/certauth/users'

@test "random configurations and certificates" {
	local all certs n i j args cert user
	[ -z "${WAYS_SEED:-}" ] || RANDOM=$WAYS_SEED
	local seed=${WAYS_SEED:-$RANDOM}
	RANDOM=$seed
	echo "WAYS_SEED=$seed"
	mapfile -t all < <(tr '|' '\n' <<<"$keys")
	certs=(alice alice alice revoked expired future server stranger-leaf under-leaf
		too-deep misnamed well-named weak-digest under-gone under-sha1 rsa2048
		rsa1024 ed25519 bob direct)
	n=${WAYS:-20}
	for ((i = 0; i < n; i++)); do
		args=
		for ((j = RANDOM % 4; j >= 0; j--)); do
			args="$args ${all[RANDOM % ${#all[@]}]}"
		done
		cert=${certs[RANDOM % ${#certs[@]}]}
		user=()
		FOR=
		[ $((RANDOM % 5)) -eq 0 ] || { FOR=alice; user=(-u alice); }
		alike '^authenticate PAM_' "${args# }" "${user[@]}" -C "$(signer "$cert")"
	done
	[ "$COMPARED" -eq "$n" ]
}
