#!/bin/bash
# Fault injection: logins of several kinds, in which every call that can fail
# fails in turn.  tests/fault/fault.c says what is checked, points.txt lists the
# calls.
# usage: tests/fault/run.sh BUILD STRIDE [SCENE ...]
# STRIDE: 1 tries every call; n every n-th.
set -u
cd "$(dirname "$0")/../.." || exit 2
export CERTAUTH_BUILD=$1
stride=$2
shift 2
# shellcheck source=tests/lib/pki.sh
. tests/lib/pki.sh
D=$(mktemp -d "${TMPDIR:-/tmp}/certauth-fault.XXXXXX") || exit 2
trap 'rm -rf "$D"' EXIT
umask 022
chmod 755 "$D"
pki_shared "$D/pki" || exit 2
fault=$CERTAUTH_BUILD/tests/fault/fault
certauth=$CERTAUTH_BUILD/certauth

# what all logins share: a mapping of each kind, and a file of configuration
mkdir "$D/users.d" "$D/users.d/alice"
cp "$PKI/alice.pem" "$D/users.d/alice/"
{
	echo '# users'
	for n in alice revoked direct stranger-leaf expired server; do
		echo "alice sha256:$(pki_sha256 "$PKI/$n.pem")"
	done
	echo "bob sha256:$(pki_sha256 "$PKI/bob.pem")"
	echo 'alice email:alice@corp.example service=test'
	echo "alice upn:alice@corp.example issuer=\"CN=Test inter,O=Example\""
} >"$D/users"
cat >"$D/conf" <<-END
	[default]
	ca_dir = $PKI/ca
	crl_dir = $PKI/crl
	users = $D/users
	users_dir = $D/users.d
	host_names = host.example
	[test]
	warn_expiry = 60d
	debug = yes
END

# the same with indexes
cp -a "$PKI/crl" "$D/crl-indexed"
"$certauth" crl compile --config "$D/conf" --ca-dir "$PKI/ca-all" \
	--crl-dir "$D/crl-indexed" >"$D/compile.out" 2>&1
[ "$(grep -c ": indexed" "$D/compile.out")" -eq 2 ] ||
	{ cat "$D/compile.out"; exit 2; }
find "$D/crl-indexed" | sort >"$D/indexed.ls"

# another current CRL of the CA, which lists nobody: it must not vouch where the
# one that revokes could not be read
cp -a "$PKI/crl" "$D/crl-two"
cp "$PKI/inter-clean.crl" "$D/crl-two/"

alice=(-u alice -c "$PKI/alice-chain.pem" -k "$PKI/alice.key")
as() { # NAME: alice tries with another certificate
	printf '%s\n' -u alice -c "$PKI/$1-chain.pem" -k "$PKI/$1.key"
}

# OCSP responses, by the issuer and by its responder: alice is good, the others are
# revoked
mkdir "$D/ocsp"
pki_leaf responder root --eku OCSPSigning --ext 'noCheck = yes' || exit 2
pki_revoke root direct || exit 2
respond() { # NAME ISSUER SIGNER
	openssl ocsp -issuer "$PKI/$2.pem" -cert "$PKI/$1.pem" -no_nonce \
		-reqout "$D/request" &&
		openssl ocsp -index "$PKI/$2.db/index" -CA "$PKI/$2.pem" \
			-rsigner "$PKI/$3.pem" -rkey "$PKI/$3.key" -ndays 1 \
			-reqin "$D/request" -respout \
			"$D/ocsp/$(pki_sha256 "$PKI/$1.pem").ocsp" >/dev/null
}
respond alice inter inter && respond inter root root && respond revoked inter inter &&
	respond direct root responder || exit 2
ocsp=("crl_dir=$PKI/crl-clean" "ocsp_dir=$D/ocsp")

# scene NAME OPTION ...: one run of fault in the background, by the command under
ran=''
scene() {
	local name=$1
	shift
	if [ -n "$chosen" ] && [[ " $chosen " != *" $name "* ]]; then return; fi
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
	ran="$ran $name"
	(
		timeout 1500 "${under[@]}" "$fault" -s "$stride" "$@" >"$D/$name.out" 2>&1
		echo $? >"$D/$name.rc"
	) &
}
chosen=$*
conf=config=$D/conf
echo "alice sha256:$(pki_sha256 "$PKI/rsa2048.pem")" >"$D/users-rsa"
: >"$D/users-none"
echo '* email:*@corp.example ignorecase' >"$D/users-json"
mapfile -t revoked < <(as revoked)
mapfile -t stranger < <(as stranger-leaf)
mapfile -t expired < <(as expired)
mapfile -t server < <(as server)
mapfile -t bob < <(as bob)
mapfile -t wrong_key < <(as bob)
wrong_key+=(-i "$PKI/alice-chain.pem")

# accounts of alice and of the verifier, and no socket of this host
under=()
if [ "$(id -u)" -eq 0 ]; then
	grep -vE '^(_certauth|alice):' /etc/passwd >"$D/passwd"
	echo '_certauth:x:2990:2990::/nonexistent:/usr/sbin/nologin' >>"$D/passwd"
	echo 'alice:x:2001:2001::/nonexistent:/bin/sh' >>"$D/passwd"
	# shellcheck disable=SC2016 # for the shell there
	under=(unshare -m --propagation private sh -c
		'mount --bind "$0" /etc/passwd && mount -t tmpfs -o mode=755 none /run &&
		exec "$@"' "$D/passwd")
fi

# logins that are good
scene stream -e granted "${alice[@]}" "$conf"
scene index -e granted "${alice[@]}" "$conf" "crl_dir=$D/crl-indexed"
[ "$(id -u)" -ne 0 ] || scene no-user -e granted -c "$PKI/alice-chain.pem" -k "$PKI/alice.key" "$conf"
scene host-proof -e granted "${alice[@]}" "$conf" host_proof=require \
	"host_cert=$PKI/server-chain.pem" "host_key=$PKI/server.key"
scene rsa-pss -e granted -u alice -c "$PKI/rsa2048-chain.pem" \
	-k "$PKI/rsa2048.key" "$conf" rsa_pkcs1=no users="$D/users-rsa"
scene json -e granted "${alice[@]}" "$conf" audit=json users="$D/users-json"
scene registered -r -e granted "${alice[@]}" "$conf" users="$D/users-none" \
	"intermediates_dir=$PKI/ca-all"
# signed passwords, which are good for an hour; the parent of the worker remembers none
password=("$conf" proof=password password_names=host.example password_lifetime=3600s
	"intermediates_dir=$PKI/ca-all")
for n in alice revoked; do
	python3 tests/password/password.py --key "$PKI/$n.key" \
		--cert "$PKI/$n-chain.pem" --host host.example --service test \
		--user alice >"$D/$n.password" || exit 2
	python3 tests/password/password.py --key "$PKI/$n.key" \
		--cert "$PKI/$n-chain.pem" --host host.example --service test \
		--user alice --send >"$D/$n.password-sent" || exit 2
done
scene password -e granted -u alice -S "$D/alice.password" "${password[@]}"
scene password-sent -e granted -u alice -S "$D/alice.password-sent" "${password[@]}"
scene password-memory -m -e granted -u alice -S "$D/alice.password" "${password[@]}"
scene password-replayed -R -e denied -u alice -S "$D/alice.password" "${password[@]}"
scene password-revoked -e denied -u alice -S "$D/revoked.password-sent" "${password[@]}"
scene password-spawned -l -V "$CERTAUTH_BUILD/certauth-verifier" -e denied -u alice \
	-S "$D/alice.password" "${password[@]}" verifier=spawn
scene memory -m -e granted "${alice[@]}" "$conf"
scene memory-from-on -m -f -e granted "${alice[@]}" "$conf" \
	"crl_dir=$D/crl-indexed"
scene from-on -f -e granted "${alice[@]}" "$conf"
# the helper runs as root here, who is everywhere
mkdir "$D/bin" && cp "$certauth-sign" "$certauth-confine" "$D/bin/"
{
	cat "$PKI/alice-chain.pem"
	openssl pkcs8 -topk8 -in "$PKI/alice.key" -iter 100 -passout pass:secret
} >"$D/alice-all.pem"
chmod 600 "$D/alice-all.pem"
{ cat "$D/users"; echo "root sha256:$(pki_sha256 "$PKI/alice.pem")"; } \
	>"$D/users-root"
command=(-u root "$conf" proof=command "helper=$D/bin/certauth-sign"
	users="$D/users-root" "users_dir=$D/users.d")
[ "$(id -u)" -ne 0 ] || scene command -l -C "$D/bin/certauth-confine" \
	-e granted "${command[@]}" \
	"key_file=$D/alice-all.pem"
# the same with a list to choose from, which a script adds to what the helper asks
cat >"$D/bin/lister" <<-END
	#!/bin/sh
	while read -r line && opening="\$opening\$line
	" && [ "\$line" != go ]; do :; done
	printf 'item A\nitem B\nchoose Which?\n'
	read -r line
	[ "\$line" = 'answer Mg' ] || { echo "failed \$line"; exit 1; }
	{ printf %s "\$opening"; exec cat; } | exec "$D/bin/certauth-sign"
END
chmod 755 "$D/bin/lister"
[ "$(id -u)" -ne 0 ] || scene choices -G -l -e granted \
	"${command[@]/%certauth-sign/lister}" helper_confine=no "key_file=$D/alice-all.pem"
# a verifier that the module starts, and that works: what starts it fails
cp "$CERTAUTH_BUILD/certauth-verifier" "$D/bin/"
scene spawned -l -V "$D/bin/certauth-verifier" -e granted "${alice[@]}" \
	"$conf" verifier=spawn
scene spawned-revoked -l -V "$D/bin/certauth-verifier" -e denied \
	"${revoked[@]}" "$conf" verifier=spawn
# a resident verifier: its parent's calls fail
if [ "$(id -u)" -eq 0 ]; then
	scene listen -l -L own -e granted "${alice[@]}" "$conf" verifier=resident
	scene listen-passed -l -L passed -e granted "${alice[@]}" "$conf" \
		verifier=resident
	scene listen-revoked -l -L passed -e denied "${revoked[@]}" "$conf" \
		verifier=resident
fi
scene clock -s 1 -p time -e granted "${alice[@]}" "$conf"
# the login and its session are recorded; /run is this scene's own
if [ "$(id -u)" -eq 0 ]; then
	for how in own forked; do
		scene session-$how -l -O $how -e granted "${alice[@]}" "$conf" sessions=yes
		scene session-$how-memory -m -O $how -e granted "${alice[@]}" "$conf" sessions=yes
	done
	scene session-revoked -l -O own -e denied "${revoked[@]}" "$conf" sessions=yes
fi
# and those that must be refused, whatever fails
scene revoked -e denied "${revoked[@]}" "$conf"
scene revoked-index -e denied "${revoked[@]}" "$conf" \
	"crl_dir=$D/crl-indexed"
# (a file that is not there is a reason to grant, with `prefer')
scene revoked-two -e denied "${revoked[@]}" "$conf" "crl_dir=$D/crl-two"
scene memory-revoked-two -m -e denied "${revoked[@]}" "$conf" \
	"crl_dir=$D/crl-two"
scene revoked-prefer -a -e denied "${revoked[@]}" "$conf" crl=prefer
# by OCSP, beside CRLs that list nobody: what is lost must not be the revocation
scene ocsp -e granted "${alice[@]}" "$conf" "${ocsp[@]}" revocation=ocsp
scene ocsp-revoked -a -e denied "${revoked[@]}" "$conf" "${ocsp[@]}" revocation=any
scene ocsp-delegated -a -e denied -u alice -c "$PKI/direct-chain.pem" \
	-k "$PKI/direct.key" "$conf" "${ocsp[@]}" revocation=any
scene memory-ocsp-revoked -m -e denied "${revoked[@]}" "$conf" "${ocsp[@]}" \
	revocation=any
scene stranger -e denied "${stranger[@]}" "$conf" crl=prefer
scene expired -e denied "${expired[@]}" "$conf"
scene purpose -e denied "${server[@]}" "$conf"
scene other-user -e denied "${bob[@]}" "$conf"
scene wrong-key -e denied "${wrong_key[@]}" "$conf"
scene wrong-registered -r -e denied "${bob[@]}" "$conf" \
	users="$D/users-none" "intermediates_dir=$PKI/ca-all"
scene clock-revoked -s 1 -p time -e denied "${revoked[@]}" "$conf"
scene memory-revoked -m -e denied "${revoked[@]}" "$conf"
scene memory-stranger -m -e denied "${stranger[@]}" "$conf" crl=off
scene memory-wrong-key -m -e denied "${wrong_key[@]}" "$conf"
# an index is made, or it is not, and nothing else happens to its folder
for n in users users-memory crl crl-memory; do mkdir -p "$D/make/$n"; done
{
	cat "$D/users-json" "$D/users"
	for i in $(seq 60); do echo "u$i cn:\"User $i\""; done
} | tee "$D/make/users/f" >"$D/make/users-memory/f"
tee "$D/make/crl/f" <"$PKI/inter.crl" >"$D/make/crl-memory/f"
cat "$PKI"/ca-all/*.pem >"$D/make/cas.pem"
scene make-users -x users -e granted "$D/make/users/f"
scene make-users-memory -m -x users -e granted "$D/make/users-memory/f"
# (the date of a revocation is for people, and may be unknown)
scene make-crl -n timegm -x crl -e granted "$D/make/crl/f" "$D/make/cas.pem"
scene make-crl-memory -m -x crl -e granted "$D/make/crl-memory/f" \
	"$D/make/cas.pem"
wait

total=0 failed=0
for n in $ran; do
	printf '%-16s %s\n' "$n" "$(tail -n 1 "$D/$n.out")"
	if [ "$(cat "$D/$n.rc")" -ne 0 ]; then
		failed=$((failed + 1))
		head -n "${SHOW:-40}" "$D/$n.out"
	fi
	tried=$(sed -n 's/^tried \([0-9]*\) .*/\1/p' "$D/$n.out")
	total=$((total + ${tried:-0}))
done
if ! find "$D/crl-indexed" | sort | cmp -s - "$D/indexed.ls"; then
	echo 'a login left a file beside the CRLs'
	failed=$((failed + 1))
fi
echo "tried $total points of failure in $(echo "$ran" | wc -w) kinds of login"
[ "$failed" -eq 0 ]
