# shellcheck shell=bash
# A public key infrastructure for tests, made with the openssl command alone.
# Source this file; it defines functions and does nothing else.
#
#   pki_new DIR            start an empty PKI in DIR (sets PKI=DIR)
#   pki_use DIR            work on the PKI in DIR (sets PKI=DIR)
#   pki_ca NAME [OPTION ...]            make a CA
#   pki_leaf NAME ISSUER [OPTION ...]   make a client certificate
#   pki_revoke CA NAME [REASON]         mark NAME as revoked in CA's register
#   pki_crl CA [OPTION ...]             issue CA's CRL from its register
#   pki_dir DIR FILE ...   copy files of PKI into DIR and `openssl rehash` it
#   pki_standard DIR       the PKI that most tests share, see below
#   pki_shared DIR         a copy in DIR of the same, built once per build
#                          folder (sets PKI=DIR)
#   pki_copy DIR           a copy in DIR of PKI (sets PKI=DIR)
#   pki_x509 CSR EXTENSIONS OPTION ...   `openssl x509 -req' as OpenSSL 3.0 has it
#   pki_sha256 FILE        SHA-256 of a certificate, as 64 lowercase hex digits
#   pki_key_sha256 FILE    SHA-256 of its SubjectPublicKeyInfo, the same
#
# NAME means the files NAME.key (PKCS#8, unencrypted), NAME.pem and, for a
# CA, NAME.crl and the register NAME.db/ in $PKI.  Dates are "now", "+30d",
# "-2d", "+1h" and so on, or YYYYMMDDHHMMSSZ.
#
# Everything is P-256 and SHA-256 unless an option says otherwise.

# pki_new DIR
pki_new() {
	mkdir -p "$1" || return
	PKI=$(cd "$1" && pwd) || return
	export PKI
	cat >"$PKI/openssl.cnf" <<-'END'
		[ca]
		default_ca = any
		[any]
		dir = $ENV::PKI
		database = $ENV::PKI/$ENV::PKI_CA.db/index
		crlnumber = $ENV::PKI/$ENV::PKI_CA.db/crlnumber
		new_certs_dir = $ENV::PKI/$ENV::PKI_CA.db
		rand_serial = yes
		default_md = default
		default_days = 30
		default_crl_days = 30
		policy = anything
		unique_subject = no
		copy_extensions = none
		crl_extensions = crl
		email_in_dn = yes
		string_mask = utf8only
		utf8 = yes
		[anything]
		domainComponent = optional
		countryName = optional
		organizationName = optional
		organizationalUnitName = optional
		commonName = optional
		UID = optional
		emailAddress = optional
		[crl]
		authorityKeyIdentifier = keyid
		[req]
		distinguished_name = dn
		string_mask = utf8only
		utf8 = yes
		[dn]
	END
}

# pki_use DIR
pki_use() {
	PKI=$(cd "$1" && pwd) || return
	export PKI
	[ -e "$PKI/openssl.cnf" ]
}

# _pki_run COMMAND ...: quiet unless it fails
_pki_run() {
	local out
	out=$("$@" 2>&1 </dev/null) || {
		printf 'pki.sh: %s\n%s\n' "$*" "$out" >&2
		return 1
	}
}

# _pki_date WHEN: as openssl ca takes it
_pki_date() {
	local n
	case $1 in
	[0-9]*Z) echo "$1"; return ;;
	now) n=0 ;;
	*s) n=${1%s} ;;
	*m) n=$((${1%m} * 60)) ;;
	*h) n=$((${1%h} * 3600)) ;;
	*d) n=$((${1%d} * 86400)) ;;
	*) echo "pki.sh: bad date $1" >&2; return 1 ;;
	esac
	date -u -d "@$(($(date +%s) + n))" +%Y%m%d%H%M%SZ
}

# pki_key NAME TYPE: make $PKI/NAME.key.  TYPE: p256 p384 p521 ed25519 ed448
# rsa1024 rsa2048 rsa3072 rsa4096 rsapss rsapss-sha256 rsapss-sha384 rsapss-sha512
# mldsa44 mldsa65 mldsa87 (see pki_has_mldsa)
pki_key() {
	local a
	case $2 in
	p256) a='-algorithm EC -pkeyopt ec_paramgen_curve:P-256' ;;
	p384) a='-algorithm EC -pkeyopt ec_paramgen_curve:P-384' ;;
	p521) a='-algorithm EC -pkeyopt ec_paramgen_curve:P-521' ;;
	ed25519) a='-algorithm ED25519' ;;
	ed448) a='-algorithm ED448' ;;
	mldsa*) a="-algorithm ML-DSA-${2#mldsa}" ;;
	rsapss) a='-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048' ;;
	# rsapss-HASH: for that hash alone, MGF1 by it, a salt as long
	rsapss-*)
		a="-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048"
		a="$a -pkeyopt rsa_pss_keygen_md:${2#rsapss-}"
		a="$a -pkeyopt rsa_pss_keygen_mgf1_md:${2#rsapss-}"
		a="$a -pkeyopt rsa_pss_keygen_saltlen:$((${2#rsapss-sha} / 8))"
		;;
	rsa*) a="-algorithm RSA -pkeyopt rsa_keygen_bits:${2#rsa}" ;;
	*) echo "pki.sh: no key type $2" >&2; return 1 ;;
	esac
	# shellcheck disable=SC2086 # a list of options
	_pki_run openssl genpkey $a -out "$PKI/$1.key" || return
	chmod 600 "$PKI/$1.key"
}

# pki_has_mldsa: does this OpenSSL have ML-DSA?  (3.5 and later do.)
pki_has_mldsa() {
	openssl list -signature-algorithms 2>/dev/null | grep -q 'ML-DSA-65'
}

# _pki_register NAME: the register of what NAME issued
_pki_register() {
	[ -d "$PKI/$1.db" ] && return
	mkdir "$PKI/$1.db" || return
	: >"$PKI/$1.db/index"
	echo 01 >"$PKI/$1.db/crlnumber"
}

# _pki_issue NAME ISSUER EXTENSIONS [OPTION ...], the options of pki_leaf
_pki_issue() {
	local name=$1 issuer=$2 ext=$3 key=p256 subject='' from=-1d to=+30d md=''
	local more='' keyfile='' self=''
	shift 3
	while [ $# -gt 0 ]; do
		case $1 in
		--key) key=$2 ;;
		--key-of) keyfile=$PKI/$2.key ;;
		--subject) subject=$2 ;;
		--from) from=$2 ;;
		--to) to=$2 ;;
		--md) md=$2 ;;
		--ext) more="$more
$2" ;;
		*) echo "pki.sh: no option $1" >&2; return 1 ;;
		esac
		shift 2
	done
	[ -n "$subject" ] || subject="/O=Example/CN=$name"
	if [ -n "$keyfile" ]; then
		cp "$keyfile" "$PKI/$name.key" || return
	else
		pki_key "$name" "$key" || return
	fi
	[ "$issuer" = "$name" ] && self=-selfsign
	_pki_register "$issuer" || return
	# an empty certificate request, then the CA says the rest
	PKI_CA=$issuer _pki_run openssl req -new -config "$PKI/openssl.cnf" \
		-key "$PKI/$name.key" -subj / -out "$PKI/$name.csr" || return
	printf '[ext]\nsubjectKeyIdentifier = hash\n%s\n%s\n' "$ext" "$more" \
		>"$PKI/$name.ext"
	# the issuer's own certificate is needed, and does not exist when it
	# signs itself
	set -- -cert "$PKI/$issuer.pem"
	[ -n "$self" ] && set --
	PKI_CA=$issuer _pki_run openssl ca -batch -notext -utf8 -multivalue-rdn \
		-config "$PKI/openssl.cnf" $self "$@" \
		-keyfile "$PKI/$issuer.key" ${md:+-md "$md"} \
		-in "$PKI/$name.csr" -subj "$subject" \
		-startdate "$(_pki_date "$from")" -enddate "$(_pki_date "$to")" \
		-extfile "$PKI/$name.ext" -extensions ext \
		-out "$PKI/$name.pem" || return
	rm -f "$PKI/$name.csr" "$PKI/$name.ext"
}

# pki_ca NAME [--issuer CA] [--path-length N] [OPTION of pki_leaf ...]
# Self-signed without --issuer.  Valid from 2 days ago for 300 days.
pki_ca() {
	local name=$1 issuer=$1 pathlen='' arg=()
	shift
	while [ $# -gt 0 ]; do
		case $1 in
		--issuer) issuer=$2 ;;
		--path-length) pathlen=", pathlen:$2" ;;
		*) arg+=("$1" "$2") ;;
		esac
		shift 2
	done
	local aki=
	[ "$issuer" = "$name" ] || aki='authorityKeyIdentifier = keyid'
	_pki_issue "$name" "$issuer" "basicConstraints = critical, CA:TRUE$pathlen
keyUsage = critical, keyCertSign, cRLSign
$aki" --subject "/O=Example/CN=Test $name" --from -2d --to +300d \
		"${arg[@]}" || return
	_pki_register "$name"
}

# pki_leaf NAME ISSUER [OPTION ...]
#   --key TYPE         p256 (default), p384, ..., see pki_key
#   --key-of OTHER     the key of another certificate
#   --subject /O=..    default /O=Example/CN=NAME
#   --from, --to DATE  default -1d, +30d
#   --md sha1          the digest of the signature
#   --eku LIST         extendedKeyUsage, default clientAuth; none: without
#   --ku LIST          keyUsage (critical), default digitalSignature
#   --san LIST         subjectAltName, as in email:a@b.example,DNS:x or
#                      'otherName:msUPN;UTF8:alice@corp.example'
#   --ext LINE         one more extension, as in openssl's x509v3_config
pki_leaf() {
	local name=$1 issuer=$2 eku=clientAuth ku=digitalSignature san='' arg=()
	shift 2
	while [ $# -gt 0 ]; do
		case $1 in
		--eku) eku=$2 ;;
		--ku) ku=$2 ;;
		--san) san=$2 ;;
		*) arg+=("$1" "$2") ;;
		esac
		shift 2
	done
	local ext="basicConstraints = critical, CA:FALSE
keyUsage = critical, $ku
authorityKeyIdentifier = keyid"
	[ "$eku" = none ] || ext="$ext
extendedKeyUsage = $eku"
	[ -z "$san" ] || ext="$ext
subjectAltName = $san"
	_pki_issue "$name" "$issuer" "$ext" "${arg[@]}"
}

# pki_revoke CA NAME [REASON]   (keyCompromise unless given)
pki_revoke() {
	PKI_CA=$1 _pki_run openssl ca -config "$PKI/openssl.cnf" \
		-cert "$PKI/$1.pem" -keyfile "$PKI/$1.key" \
		-revoke "$PKI/$2.pem" -crl_reason "${3:-keyCompromise}"
}

# _pki_subject FILE: as openssl req -subj takes it
_pki_subject() {
	openssl x509 -in "$1" -noout -subject -nameopt compat |
		sed 's/^subject= *//'
}

# _pki_ski FILE: subjectKeyIdentifier in hex
_pki_ski() {
	openssl x509 -in "$1" -noout -ext subjectKeyIdentifier |
		sed -n '2s/[ :]//gp'
}

# pki_crl CA [--from DATE] [--to DATE] [--out FILE] [--key-of OTHER]
# By default from -1h to +30d, into $PKI/CA.crl, signed by the CA's own key.
pki_crl() {
	local ca=$1 from=-1h to=+30d out=$PKI/$1.crl key=$1
	shift
	while [ $# -gt 0 ]; do
		case $1 in
		--from) from=$2 ;;
		--to) to=$2 ;;
		--out) out=$2 ;;
		--key-of) key=$2 ;;
		*) echo "pki.sh: no option $1" >&2; return 1 ;;
		esac
		shift 2
	done
	local cert=$PKI/$ca.pem
	if [ "$key" != "$ca" ]; then
		# openssl ca insists that key and certificate match: for a CRL
		# by the wrong key, lend the other key the CA's name and its
		# key identifier, so that the signature alone is wrong
		cert=$PKI/$ca.by-$key.pem
		PKI_CA=$ca _pki_run openssl req -x509 -new -key "$PKI/$key.key" \
			-config "$PKI/openssl.cnf" -out "$cert" \
			-subj "$(_pki_subject "$PKI/$ca.pem")" -addext \
			"subjectKeyIdentifier=$(_pki_ski "$PKI/$ca.pem")" ||
			return
	fi
	PKI_CA=$ca _pki_run openssl ca -gencrl -config "$PKI/openssl.cnf" \
		-cert "$cert" -keyfile "$PKI/$key.key" \
		-crl_lastupdate "$(_pki_date "$from")" \
		-crl_nextupdate "$(_pki_date "$to")" -out "$out"
}

# pki_dir DIR FILE ...: FILE is relative to $PKI, or a path with a slash at
# its beginning
pki_dir() {
	local dir=$1 f
	shift
	mkdir -p "$dir" || return
	for f; do
		case $f in
		/*) cp "$f" "$dir/" || return ;;
		*) cp "$PKI/$f" "$dir/" || return ;;
		esac
	done
	_pki_run openssl rehash "$dir"
}

# pki_x509 CSR EXTENSIONS OPTION ...: `openssl x509 -req -in CSR OPTION ...' with
# these lines of an extension file; a certificate without any extension has
# version 1.  Newer versions of that command make version 3 with key identifiers
# in any case, but have `openssl req -x509v1' instead.
pki_x509() {
	local csr=$1 ext=$2
	shift 2
	if grep -qEv '= *none$|^$' <<<"$ext"; then
		openssl x509 -req -in "$csr" -extfile <(echo "$ext") "$@"
	elif openssl req -help 2>&1 | grep -q -e -x509v1; then
		openssl req -config /dev/null -x509v1 -in "$csr" "$@"
	else
		openssl x509 -req -in "$csr" "$@"
	fi
}

# pki_sha256 FILE
pki_sha256() {
	openssl x509 -in "$1" -outform DER | sha256sum | cut -d' ' -f1
}

# pki_key_sha256 FILE
pki_key_sha256() {
	openssl x509 -in "$1" -noout -pubkey |
		openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1
}

# pki_standard DIR: what most tests need.
#
#   CAs        root; inter (under root); stranger (another root, in no
#              directory); short (under root, path length 0) and below-short
#              (a CA under it, one too many); named (under root, may issue for
#              e-mail addresses at corp.example only); gone (under root, but
#              revoked by it); sha1 (under root, signed with SHA-1)
#   alice      P-256 under inter; email:alice@corp.example, UPN the same
#   p256 p384 p521 ed25519 ed448 rsa2048 rsa4096
#              a leaf of each key type under inter
#   direct     under root itself
#   bob        under inter, another person's
#   bad leaves, each under inter unless said otherwise: expired, future,
#              revoked, server (serverAuth only), no-eku (good), stranger-leaf
#              (under stranger), under-leaf (issued by alice, who is no CA),
#              too-deep (under below-short), misnamed (under named, e-mail at
#              evil.example), well-named (under named, good), weak-digest
#              (SHA-1), rsa1024, under-gone (under gone), under-sha1
#   NAME-chain.pem    NAME with the intermediates that its login needs
#   ca/        root alone, rehashed; ca-all/ root and inter
#   crl/       current CRLs of every CA but stranger (revoked and gone are on
#              them); and the same but for inter's: crl-missing/ (none),
#              crl-expired/, crl-future/, crl-forged/ (by bob's key)
#              crl-clean/: nothing of inter's revoked
pki_standard() {
	local n ca crls
	pki_new "$1" || return
	pki_ca root || return
	for n in inter gone; do
		pki_ca $n --issuer root || return
	done
	pki_ca stranger || return
	pki_ca short --issuer root --path-length 0 || return
	pki_ca below-short --issuer short || return
	pki_ca named --issuer root --ext \
		'nameConstraints = critical, permitted;email:corp.example' ||
		return
	pki_ca sha1 --issuer root --md sha1 || return

	pki_leaf alice inter --san 'email:alice@corp.example,otherName:msUPN;UTF8:alice@corp.example' || return
	for n in p256 p384 p521 ed25519 ed448 rsa2048 rsa4096 rsa1024; do
		pki_leaf $n inter --key $n || return
	done
	pki_leaf direct root || return
	pki_leaf bob inter || return
	pki_leaf expired inter --from -20d --to -1d || return
	pki_leaf future inter --from +1d --to +20d || return
	pki_leaf revoked inter || return
	pki_leaf server inter --eku serverAuth || return
	pki_leaf no-eku inter --eku none || return
	pki_leaf stranger-leaf stranger || return
	pki_leaf under-leaf alice || return
	pki_leaf too-deep below-short || return
	pki_leaf misnamed named --san email:alice@evil.example || return
	pki_leaf well-named named --san email:alice@corp.example || return
	pki_leaf weak-digest inter --md sha1 || return
	pki_leaf under-gone gone || return
	pki_leaf under-sha1 sha1 || return

	for n in alice p256 p384 p521 ed25519 ed448 rsa2048 rsa4096 rsa1024 \
	    bob expired future revoked server no-eku weak-digest; do
		cat "$PKI/$n.pem" "$PKI/inter.pem" >"$PKI/$n-chain.pem"
	done
	(
		cd "$PKI" || exit
		cp direct.pem direct-chain.pem
		cat stranger-leaf.pem >stranger-leaf-chain.pem
		cat under-leaf.pem alice.pem inter.pem >under-leaf-chain.pem
		cat too-deep.pem below-short.pem short.pem >too-deep-chain.pem
		cat misnamed.pem named.pem >misnamed-chain.pem
		cat well-named.pem named.pem >well-named-chain.pem
		cat under-gone.pem gone.pem >under-gone-chain.pem
		cat under-sha1.pem sha1.pem >under-sha1-chain.pem
	) || return

	pki_crl inter --out "$PKI/inter-clean.crl" || return
	pki_revoke inter revoked || return
	pki_revoke root gone cACompromise || return
	for ca in root inter gone short below-short named sha1; do
		pki_crl $ca || return
	done
	crls='root.crl gone.crl short.crl below-short.crl named.crl sha1.crl'
	pki_crl inter --from -9d --to -1h --out "$PKI/inter-expired.crl" ||
		return
	pki_crl inter --from +2d --to +9d --out "$PKI/inter-future.crl" ||
		return
	pki_crl inter --key-of bob --out "$PKI/inter-forged.crl" || return
	# shellcheck disable=SC2086 # a list of names
	for n in clean expired future forged; do
		pki_dir "$PKI/crl-$n" $crls inter-$n.crl || return
	done
	# shellcheck disable=SC2086
	pki_dir "$PKI/crl-missing" $crls || return
	# shellcheck disable=SC2086
	pki_dir "$PKI/crl" $crls inter.crl || return
	pki_dir "$PKI/ca" root.pem || return
	pki_dir "$PKI/ca-all" root.pem inter.pem
}

# pki_shared DIR: the original is made by whoever comes first, and anew when it
# is half an hour old (some of its CRLs expired an hour before it was made) or
# when this file changes.
pki_shared() {
	local base=${CERTAUTH_BUILD:-build} self=${BASH_SOURCE[0]} fresh
	mkdir -p "$base" "$1" || return
	base=$(cd "$base" && pwd) || return
	(
		flock 7 || exit
		fresh=$(find "$base/pki/done" -newer "$self" -mmin -30 \
			2>/dev/null)
		if [ -z "$fresh" ]; then
			rm -rf "$base/pki" || exit
			pki_standard "$base/pki" || exit
			: >"$base/pki/done"
		fi
		cp -a "$base/pki/." "$1/"
	) 7>"$base/pki.lock" || return
	pki_use "$1"
}

# pki_copy DIR
pki_copy() {
	mkdir -p "$1" && cp -a "$PKI/." "$1/" && pki_use "$1"
}
