#!/usr/bin/env bats
# What a refusal says: each text names the file, the certificate or the rule at
# fault and what to do next.  The texts are compared with the files in
# tests/data/messages (EXPLAIN_UPDATE=1 replaces them).
# shellcheck disable=SC2016 # texts with backquotes
bats_require_minimum_version 1.5.0
load lib/common

setup_file() {
	pki_shared "$BATS_FILE_TMPDIR/pki"
	export CERTAUTH=$CERTAUTH_BUILD/certauth
	export CONF=$BATS_FILE_TMPDIR/certauth.conf
	: >"$CONF"
}

setup() {
	D=$BATS_TEST_TMPDIR
	pki_copy "$D/pki"
	rm -rf "$PKI/ca"
}

# Replace what differs from run to run: folders, times, keys and hashes.
normal() {
	sed -E -e "s#$D/pki#PKI#g" \
		-e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z/TIME/g' \
		-e 's/[0-9a-f]{64}/SHA256/g' -e 's/[0-9a-f]{40}/KEYID/g'
}

# held NAME: output is that of the golden file
held() {
	local file=$HERE/tests/data/messages/$1.txt
	echo "$output" | normal >"$D/now"
	[ -z "${EXPLAIN_UPDATE:-}" ] || cp "$D/now" "$file"
	diff -u "$file" "$D/now"
}

# cas FILE ...: the trust anchors
cas() { pki_dir "$PKI/ca" "$@"; }

# refused NAME [OPTION ...] CERT: `certauth verify' refuses, and says that
refused() {
	local name=$1
	shift
	run "$CERTAUTH" verify --config "$CONF" --ca-dir "$PKI/ca" --no-crl "$@"
	[ "$status" -eq 1 ] || { echo "$output"; return 1; }
	# only what failed
	output=$(grep -E '^(rejected|  [a-z]+ +fail)' <<<"$output")
	held "$name"
}

# ---- no certification path ----

@test "the root is missing: the issuer of the intermediate is named" {
	cas stranger.pem
	refused root-missing "$PKI/alice-chain.pem"
	[[ $output == *'the issuer of CN=Test inter,O=Example (sent with the certificate) is missing'* ]]
	[[ $output == *'CN=Test root,O=Example with the key identifier'* ]]
}

@test "the root is missing: the intermediate is in intermediates_dir" {
	cas stranger.pem
	pki_dir "$PKI/helpers" inter.pem
	refused root-missing-dir --intermediates-dir "$PKI/helpers" \
		"$PKI/alice.pem"
	[[ $output == *'(inter.pem)) is missing'* ]]
}

@test "the root is missing: it was sent" {
	cas stranger.pem
	cat "$PKI/alice-chain.pem" "$PKI/root.pem" >"$PKI/all.pem"
	refused root-sent "$PKI/all.pem"
	[[ $output == *'CN=Test root,O=Example (sent with the certificate) is self-signed'* ]]
}

@test "the root is in intermediates_dir" {
	cas stranger.pem
	pki_dir "$PKI/helpers" root.pem inter.pem
	refused root-in-intermediates-dir \
		--intermediates-dir "$PKI/helpers" "$PKI/alice.pem"
	[[ $output == *'root.pem)) is self-signed and is not in ca_dir'* ]]
}

@test "the intermediate is missing, and the client sent none" {
	cas root.pem
	refused intermediate-missing "$PKI/alice.pem"
	[[ $output == *'the issuer of CN=alice,O=Example is missing'* ]]
	[[ $output == *'no CA certificate was sent with the certificate'* ]]
}

@test "the intermediate is missing, and the client sent another" {
	cas root.pem
	refused intermediate-other --intermediates "$PKI/named.pem" \
		"$PKI/alice.pem"
	[[ $output == *'or among the CA certificates sent'* ]]
}

@test "a second intermediate is missing" {
	cas root.pem
	refused intermediate-second --intermediates "$PKI/below-short.pem" \
		"$PKI/too-deep.pem"
	[[ $output == *'the issuer of CN=Test below-short,O=Example'* ]]
}

@test "a self-signed certificate" {
	cas root.pem
	refused self-signed "$PKI/stranger.pem"
}

@test "an intermediate that somebody else made is not followed" {
	cas root.pem
	# the name of inter, another key, another issuer
	pki_ca imposter --issuer stranger --subject '/O=Example/CN=Test inter' \
		--ext 'subjectKeyIdentifier = none'
	refused imposter --intermediates "$PKI/imposter.pem" "$PKI/alice.pem"
	[[ $output == *'the issuer of CN=alice,O=Example is missing'* ]]
	[[ $output != *stranger* ]]
}

# again NAME [OPTION ...]: the CA NAME, created again with another key
again() {
	local name=$1
	shift
	pki_ca again --subject "/O=Example/CN=Test $name" "$@"
}

@test "a root that was created again under its name" {
	again root
	cas again.pem
	refused root-again "$PKI/alice-chain.pem"
	[[ $output == *'a CA of that name is there, with another key: '*'again.pem)'* ]]
}

@test "an intermediate that was created again under its name" {
	again inter --issuer root
	cas root.pem
	pki_dir "$PKI/helpers" again.pem
	refused intermediate-again --intermediates-dir "$PKI/helpers" \
		"$PKI/alice.pem"
	[[ $output == *'a CA of that name is there, with another key: '*'again.pem)'* ]]
}

# old_ca NAME CN, old_leaf NAME CA: without any extension, as by hand
old_ca() {
	pki_key "$1" p256
	openssl req -x509 -new -key "$PKI/$1.key" -subj "/CN=$2" -days 30 \
		-out "$PKI/$1.pem"
}
old_leaf() {
	pki_key "$1" p256
	openssl req -new -key "$PKI/$1.key" -subj "/CN=$1" -out "$D/csr"
	pki_x509 "$D/csr" "${3:-}" -CA "$PKI/$2.pem" -CAkey "$PKI/$2.key" \
		-set_serial 0x1001 -days 10 -out "$PKI/$1.pem"
}

@test "a root that was created again, without key identifiers" {
	old_ca old Old
	old_leaf leaf old 'authorityKeyIdentifier = none'
	old_ca again Old
	cas again.pem
	refused root-again-plain --profile basic "$PKI/leaf.pem"
	[[ $output == *'(chain-signature)'*'again.pem)) has not made its signature'* ]]
}

@test "a certificate that was changed" {
	cas root.pem
	openssl x509 -in "$PKI/direct.pem" -outform DER >"$D/der"
	python3 - "$D/der" <<-'END'
		import sys
		d = bytearray(open(sys.argv[1], "rb").read())
		d[d.rindex(b"direct")] ^= 1
		open(sys.argv[1], "wb").write(d)
	END
	openssl x509 -inform DER -in "$D/der" -out "$D/changed.pem"
	refused changed "$D/changed.pem"
	[[ $output == *'both name the key'* ]]
}

@test "two roots of one name, neither of them the right one" {
	again root
	cp "$PKI/again.pem" "$PKI/first.pem"
	again root
	cas again.pem first.pem
	refused roots-two "$PKI/alice-chain.pem"
}

@test "an issuer that is no CA" {
	cas root.pem
	refused not-a-ca "$PKI/under-leaf-chain.pem"
}

# ---- purpose ----

@test "purpose: the extendedKeyUsage of an intermediate" {
	pki_ca mail --issuer root --ext 'extendedKeyUsage = emailProtection'
	pki_leaf leaf mail
	cas root.pem
	refused purpose-ca --intermediates "$PKI/mail.pem" "$PKI/leaf.pem"
	[[ $output == *'the CA CN=Test mail,O=Example (depth 1) has extendedKeyUsage emailProtection'* ]]
	[[ $output != *'CN=leaf'* ]]
}

@test "purpose: the extendedKeyUsage of a root" {
	pki_ca tls --ext 'extendedKeyUsage = serverAuth'
	pki_leaf leaf tls
	cas tls.pem
	refused purpose-root "$PKI/leaf.pem"
	[[ $output == *'the CA CN=Test tls,O=Example (depth 1)'* ]]
}

@test "purpose: the signing certificate of a card" {
	pki_leaf leaf root --ku nonRepudiation
	cas root.pem
	refused purpose-signing "$PKI/leaf.pem"
	[[ $output == *'the one for authentication'* ]]
}

@test "purpose: a certificate for encryption" {
	pki_leaf leaf root --ku keyEncipherment
	cas root.pem
	refused purpose-encryption "$PKI/leaf.pem"
	pki_leaf agree root --ku keyAgreement
	refused purpose-agreement "$PKI/agree.pem"
}

@test "purpose: nsCertType" {
	pki_leaf leaf root --eku none --ext 'nsCertType = server'
	cas root.pem
	refused purpose-ns "$PKI/leaf.pem"
	[[ $output == *'nsCertType server'* ]]
}

@test "purpose: smart card logon only" {
	pki_leaf leaf root --eku msSmartcardLogin
	cas root.pem
	refused purpose-card "$PKI/leaf.pem"
	[[ $output == *'`purpose = 1.3.6.1.4.1.311.20.2.2` accepts it'* ]]
	"$CERTAUTH" verify --config "$CONF" --ca-dir "$PKI/ca" --no-crl \
		--purpose 1.3.6.1.4.1.311.20.2.2 "$PKI/leaf.pem"
}

@test "purpose: an OID of the site" {
	pki_leaf leaf root --eku 1.3.6.1.4.1.99999.7
	cas root.pem
	refused purpose-site "$PKI/leaf.pem"
	[[ $output == *'`purpose = 1.3.6.1.4.1.99999.7` accepts it'* ]]
	# not if a CA of the path forbids it
	pki_ca tls --issuer root --ext 'extendedKeyUsage = clientAuth'
	pki_leaf leaf tls --eku 1.3.6.1.4.1.99999.7
	refused purpose-site-ca --intermediates "$PKI/tls.pem" "$PKI/leaf.pem"
	[[ $output != *accepts* ]]
}

@test "purpose: anyExtendedKeyUsage alone, a server, a CA" {
	pki_leaf leaf root --eku anyExtendedKeyUsage
	cas root.pem
	refused purpose-any "$PKI/leaf.pem"
	refused purpose-server --intermediates "$PKI/inter.pem" "$PKI/server.pem"
	refused purpose-of-ca "$PKI/inter.pem"
}

@test "purpose: several are configured, none is, and an OID is absent" {
	cas root.pem
	refused purpose-several --purpose 'sslserver, 1.2.3.4' \
		"$PKI/direct.pem"
	pki_leaf leaf root --eku none
	refused purpose-absent --purpose 1.2.3.4 "$PKI/leaf.pem"
}

# ---- policies ----

@test "policy: a certificate without one, and who requires it" {
	pki_ca pol --issuer root --ext 'certificatePolicies = 1.2.3.4'
	pki_leaf leaf pol
	cas root.pem
	refused policy-none --explicit-policy --intermediates "$PKI/pol.pem" \
		"$PKI/leaf.pem"
	[[ $output == *'none is left at CN=leaf,O=Example (depth 0)'* ]]
	refused policy-ca-none --explicit-policy \
		--intermediates "$PKI/inter.pem" "$PKI/alice.pem"
	[[ $output == *'none is left at CN=Test inter,O=Example (depth 1)'* ]]
}

@test "policy: requireExplicitPolicy of a CA" {
	pki_ca pol --issuer root --ext 'certificatePolicies = 1.2.3.4
policyConstraints = critical, requireExplicitPolicy:0'
	pki_leaf leaf pol --ext 'certificatePolicies = 1.2.3.5'
	cas root.pem
	refused policy-demanded --intermediates "$PKI/pol.pem" "$PKI/leaf.pem"
	[[ $output == *'policyConstraints of CN=Test pol,O=Example (depth 1) require an acceptable'* ]]
	[[ $output == *'policies 1.2.3.5'* ]]
}

@test "policy: another one is configured" {
	pki_ca pol --issuer root --ext 'certificatePolicies = 1.2.3.4, 1.2.3.5'
	pki_leaf leaf pol --ext 'certificatePolicies = 1.2.3.4'
	cas root.pem
	refused policy-other --explicit-policy --policy 1.2.3.9 \
		--intermediates "$PKI/pol.pem" "$PKI/leaf.pem"
	[[ $output == *'policy = 1.2.3.9'*'the key policy'* ]]
}

@test "policy: inhibitAnyPolicy, and a mapping" {
	pki_ca pol --issuer root --ext 'certificatePolicies = 1.2.3.4
inhibitAnyPolicy = critical, 0'
	pki_leaf leaf pol --ext 'certificatePolicies = 2.5.29.32.0'
	cas root.pem
	refused policy-any --explicit-policy --intermediates "$PKI/pol.pem" \
		"$PKI/leaf.pem"
	[[ $output == *'inhibitAnyPolicy 0'* ]]
	pki_ca map --issuer root --ext 'certificatePolicies = 1.2.3.4
policyMappings = critical, 1.2.3.4:1.2.3.5
policyConstraints = critical, inhibitPolicyMapping:0'
	pki_leaf mapped map --ext 'certificatePolicies = 1.2.3.4'
	refused policy-mapping --explicit-policy --intermediates "$PKI/map.pem" \
		"$PKI/mapped.pem"
	[[ $output == *'maps 1.2.3.4 to 1.2.3.5'* ]]
}

# ---- the rest of the path ----

@test "path length" {
	cas root.pem
	refused path-length "$PKI/too-deep-chain.pem"
	[[ $output == *'CN=Test short,O=Example (depth 2'*'allows 0 intermediates'*'CN=Test below-short'* ]]
	refused max-depth --max-depth 0 "$PKI/alice-chain.pem"
}

@test "name constraints" {
	cas root.pem
	refused names "$PKI/misnamed-chain.pem"
}

@test "weak keys and digests, once" {
	cas root.pem
	refused weak-key "$PKI/rsa1024-chain.pem"
	refused weak-digest "$PKI/weak-digest-chain.pem"
	refused weak-ca "$PKI/under-sha1-chain.pem"
	[[ $output == *'CN=Test sha1,O=Example'* ]]
}

@test "dates: of the leaf, of a CA" {
	pki_ca late --issuer root --from -20d --to -2d
	pki_leaf leaf late
	pki_ca soon --issuer root --from +2d
	pki_leaf early soon
	cas root.pem
	refused expired "$PKI/expired-chain.pem"
	refused expired-ca --intermediates "$PKI/late.pem" "$PKI/leaf.pem"
	[[ $output == *'CN=Test late,O=Example (depth 1, sent with'* ]]
	refused future "$PKI/future-chain.pem"
	refused future-ca --intermediates "$PKI/soon.pem" "$PKI/early.pem"
}

@test "an unknown critical extension" {
	pki_leaf leaf root --ext '1.2.3.4.5 = critical, ASN1:NULL'
	cas root.pem
	refused critical "$PKI/leaf.pem"
	[[ $output == *'extension 1.2.3.4.5'* ]]
}

# ---- CRLs ----

@test "the CRL of a CA that was created again: both keys are named" {
	again inter --issuer root
	pki_crl again
	cas root.pem
	pki_dir "$PKI/crls" root.crl again.crl
	run "$CERTAUTH" verify --config "$CONF" --ca-dir "$PKI/ca" \
		--crl-dir "$PKI/crls" "$PKI/alice-chain.pem"
	[ "$status" -eq 1 ]
	output=$(grep -E '^(rejected|  [a-z]+ +fail)' <<<"$output")
	held crl-again
	[[ $output == *'/88e20b8e.r0 has a wrong signature'*'the CRL names the key '*', the CA has the key '* ]]
}

# ---- the profile ----

@test "profile: each finding once" {
	pki_leaf leaf root --ext 'authorityKeyIdentifier = none'
	cas root.pem
	refused profile --profile strict "$PKI/leaf.pem"
	[ "$(grep -ioE 'authority ?key ?identifier' <<<"$output" | wc -l)" -eq 1 ]
}

# ---- profile = basic accepts that ----

# flawed_ca NAME EXTENSIONS [OPTION of pki_x509 ...], flawed_leaf the same
# under the CA $CA: with exactly these extensions
flawed_ca() {
	local name=$1 ext=$2
	shift 2
	cp "$D/ca.key" "$D/$name.key"
	openssl req -new -key "$D/$name.key" -subj "/CN=CA $name" -out "$D/csr"
	pki_x509 "$D/csr" "$ext" -key "$D/$name.key" -days 20 \
		-out "$D/$name.pem" "$@"
}
flawed_leaf() {
	local name=$1 ext=$2
	shift 2
	pki_x509 "$D/leaf.csr" "$ext" -CA "$D/$CA.pem" -CAkey "$D/$CA.key" \
		-days 10 -out "$D/$name.pem" "$@"
}

# verdicts [OPTION ...] CERT: sets strict, basic (accepted, rejected) and told
verdicts() {
	local p
	for p in basic strict; do
		run "$CERTAUTH" verify --config "$CONF" --profile $p "$@"
		[ "$status" -le 1 ] || { echo "$output"; return 1; }
		declare -g "$p=${output%%[:;]*}"
	done
	told=no
	[[ $output != *'profile = basic accepts this certificate'* ]] ||
		told=yes
}

@test "profile = basic accepts: said where it is true, and only there" {
	local leaf n=0 yes=0 no=0 wrong=0
	local -A cas=(
		[v1]='' [plain]='basicConstraints = CA:TRUE'
		[none]='subjectKeyIdentifier = hash'
		[usage]='keyUsage = critical, keyCertSign, cRLSign'
		[good]='basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
keyUsage = critical, keyCertSign, cRLSign'
		[nosign]='basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
keyUsage = critical, cRLSign'
		[server]='basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
extendedKeyUsage = serverAuth'
		[notca]='basicConstraints = critical, CA:FALSE
subjectKeyIdentifier = hash'
		[names]='basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
nameConstraints = permitted;dirName:section'
		[length]='basicConstraints = CA:TRUE, pathlen:0
keyUsage = digitalSignature'
	)
	local -A leaves=(
		[lv1]='' [lplain]='extendedKeyUsage = clientAuth'
		[lnoaki]='authorityKeyIdentifier = none
extendedKeyUsage = clientAuth'
		[lserver]='authorityKeyIdentifier = none
extendedKeyUsage = serverAuth'
		[lca]='basicConstraints = CA:FALSE
keyUsage = keyCertSign, digitalSignature
authorityKeyIdentifier = none'
		[lku]='keyUsage = nonRepudiation
authorityKeyIdentifier = none'
		[lcrit]='authorityKeyIdentifier = none
1.2.3.4 = critical, ASN1:NULL'
		[lsan]='subjectAltName = email:a@b.example
authorityKeyIdentifier = none'
		[lgood]='basicConstraints = critical, CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid, issuer
extendedKeyUsage = clientAuth'
		[lname]='nameConstraints = critical, permitted;DNS:x.example
authorityKeyIdentifier = none'
	)
	openssl ecparam -name prime256v1 -genkey -noout -out "$D/ca.key"
	openssl ecparam -name prime256v1 -genkey -noout -out "$D/leaf.key"
	openssl req -new -key "$D/leaf.key" -subj /CN=leaf -out "$D/leaf.csr"
	for CA in "${!cas[@]}"; do
		local ext=${cas[$CA]}
		[[ $ext != *section* ]] || ext="$ext
[section]
CN = other"
		flawed_ca "$CA" "$ext" 2>"$D/err" || { cat "$D/err"; false; }
		rm -rf "$D/cas"
		mkdir "$D/cas"
		cp "$D/$CA.pem" "$D/cas/"
		for leaf in "${!leaves[@]}" lzero lsha1 lpast; do
			local more=()
			case $leaf in
			lzero) more=(-set_serial 0) ;;
			lsha1) more=(-sha1) ;;
			esac
			flawed_leaf "$leaf" "${leaves[$leaf]-authorityKeyIdentifier = none}" \
				"${more[@]}" 2>"$D/err" || { cat "$D/err"; false; }
			[ "$leaf" != lpast ] || more=(--time 2099-01-01T00:00:00Z)
			[ "$leaf" = lpast ] || more=()
			verdicts --ca-dir "$D/cas" --no-crl "${more[@]}" \
				"$D/$leaf.pem"
			n=$((n + 1))
			if [ "$strict/$basic" = rejected/accepted ]; then
				[ "$told" = yes ] || { echo "$output"; wrong=$((wrong + 1)); }
				yes=$((yes + 1))
			else
				[ "$told" = no ] || { echo "$output"; wrong=$((wrong + 1)); }
				no=$((no + 1))
			fi
		done
	done
	echo "$n certificates: $yes by basic alone, $no otherwise, $wrong wrong"
	[ "$wrong" -eq 0 ]
	[ "$yes" -ge 10 ]
	[ "$no" -ge 10 ]
}

@test "profile = basic accepts: not said if a CRL refuses" {
	pki_leaf flawed inter --ext 'authorityKeyIdentifier = none'
	cas root.pem
	local args=(--ca-dir "$PKI/ca" --intermediates "$PKI/inter.pem")
	verdicts "${args[@]}" --crl-dir "$PKI/crl" "$PKI/flawed.pem"
	[ "$strict/$basic/$told" = rejected/accepted/yes ]
	verdicts "${args[@]}" --crl-dir "$PKI/crl-missing" "$PKI/flawed.pem"
	[ "$strict/$basic/$told" = rejected/rejected/no ]
	pki_revoke inter flawed
	pki_crl inter
	pki_dir "$D/revoked" inter.crl root.crl
	verdicts "${args[@]}" --crl-dir "$D/revoked" "$PKI/flawed.pem"
	[ "$strict/$basic/$told" = rejected/rejected/no ]
}

@test "profile = basic accepts: one of two paths" {
	# two certificates of one CA: an expired one, and one that lacks the
	# authorityKeyIdentifier; basic accepts the second
	pki_ca two --issuer root --from -9d --to -2d
	cp "$PKI/two.pem" "$PKI/two-old.pem"
	pki_leaf leaf two
	openssl req -new -key "$PKI/two.key" -subj '/O=Example/CN=Test two' \
		-out "$D/csr"
	printf '%s\n' 'basicConstraints = critical, CA:TRUE' \
		'subjectKeyIdentifier = hash' \
		'keyUsage = critical, keyCertSign' \
		'authorityKeyIdentifier = none' >"$D/ext"
	openssl x509 -req -in "$D/csr" -CA "$PKI/root.pem" \
		-CAkey "$PKI/root.key" -days 10 -set_serial 77 \
		-extfile "$D/ext" -out "$PKI/two-new.pem"
	# the order of the names in the issuer's subject
	cat "$PKI/two-old.pem" "$PKI/two-new.pem" >"$PKI/both.pem"
	cas root.pem
	verdicts --ca-dir "$PKI/ca" --no-crl --intermediates "$PKI/both.pem" \
		"$PKI/leaf.pem"
	echo "$output"
	[ "$strict/$basic/$told" = rejected/accepted/yes ]
}
