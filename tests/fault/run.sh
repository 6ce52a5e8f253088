#!/bin/bash
# Fault injection: logins of several kinds, in which every call that can fail
# fails in turn.  See tests/fault/fault.c for what is looked at, and points.txt
# for the calls.
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
	for n in alice revoked stranger-leaf expired server; do
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
ls "$D/crl-indexed" >"$D/indexed.ls"

alice=(-u alice -c "$PKI/alice-chain.pem" -k "$PKI/alice.key")
as() { # NAME [KEY]: alice tries with another certificate
	printf '%s\n' -u alice -c "$PKI/$1-chain.pem" -k "$PKI/${2:-$1}.key"
}

# scene NAME OPTION ...: one run of fault in the background
ran=''
scene() {
	local name=$1
	shift
	if [ -n "$chosen" ] && [[ " $chosen " != *" $name "* ]]; then return; fi
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
	ran="$ran $name"
	(
		timeout 1500 "$fault" -s "$stride" "$@" >"$D/$name.out" 2>&1
		echo $? >"$D/$name.rc"
	) &
}
chosen=$*
conf=config=$D/conf
echo "alice sha256:$(pki_sha256 "$PKI/rsa2048.pem")" >"$D/users-rsa"
mapfile -t revoked < <(as revoked)
mapfile -t stranger < <(as stranger-leaf)
mapfile -t expired < <(as expired)
mapfile -t server < <(as server)
mapfile -t bob < <(as bob)
mapfile -t wrong_key < <(as alice bob)

# logins that are good
scene stream -e granted "${alice[@]}" "$conf"
scene index -e granted "${alice[@]}" "$conf" "crl_dir=$D/crl-indexed"
scene openssl -e granted "${alice[@]}" "$conf" crl_engine=openssl
scene no-user -e granted -c "$PKI/alice-chain.pem" -k "$PKI/alice.key" "$conf"
scene host-proof -e granted "${alice[@]}" "$conf" host_proof=require \
	"host_cert=$PKI/server-chain.pem" "host_key=$PKI/server.key"
scene rsa-pss -e granted -u alice -c "$PKI/rsa2048-chain.pem" \
	-k "$PKI/rsa2048.key" "$conf" rsa_pkcs1=no users="$D/users-rsa"
scene from-on -f -e granted "${alice[@]}" "$conf"
# and those that must be refused, whatever fails
scene revoked -e denied "${revoked[@]}" "$conf"
scene revoked-index -e denied "${revoked[@]}" "$conf" \
	"crl_dir=$D/crl-indexed"
scene revoked-openssl -e denied "${revoked[@]}" "$conf" crl_engine=openssl
scene revoked-prefer -e denied "${revoked[@]}" "$conf" crl=prefer
scene stranger -e denied "${stranger[@]}" "$conf" crl=prefer
scene expired -e denied "${expired[@]}" "$conf"
scene purpose -e denied "${server[@]}" "$conf"
scene other-user -e denied "${bob[@]}" "$conf"
scene wrong-key -e denied "${wrong_key[@]}" "$conf"
wait

total=0 failed=0
for n in $ran; do
	printf '%-16s %s\n' "$n" "$(tail -n 1 "$D/$n.out")"
	if [ "$(cat "$D/$n.rc")" -ne 0 ]; then
		failed=$((failed + 1))
		head -n "${SHOW:-40}" "$D/$n.out"
	fi
	total=$((total + $(sed -n 's/^tried \([0-9]*\) .*/\1/p' "$D/$n.out")))
done
if ! ls "$D/crl-indexed" | cmp -s - "$D/indexed.ls"; then
	echo 'a login left a file beside the CRLs'
	failed=$((failed + 1))
fi
echo "tried $total points of failure in $(echo "$ran" | wc -w) kinds of login"
[ "$failed" -eq 0 ]
