# shellcheck shell=bash
# CAs as people set them up, each by the quick start of its own tool.
# Source this file and tests/lib/pki.sh; it defines functions and does nothing
# else.
#
# catool_NAME works in the current directory, which is empty, and leaves
#   root.pem inter.pem      the CAs; inter.pem is absent if the tool makes none
#   alice.pem alice.key     a client certificate and its key
#   gone.pem gone.key       another one, which is revoked; absent if the tool
#                           cannot revoke
#   *.crl                   the CRLs, PEM or DER as the tool writes them

# ---- OpenSSL ----

# catool_crl CERT KEY FILE [SERIAL]: a CRL by `openssl ca`, for tools that make
# none; with SERIAL revoked, and the extensions $CRL_EXT
catool_crl() {
	mkdir crl.db
	: >crl.db/index
	echo 01 >crl.db/number
	[ $# -lt 4 ] || printf 'R\t400101000000Z\t%s\t%s\tunknown\t/CN=gone\n' \
		"$(date -u +%y%m%d%H%M%SZ)" "$4" >crl.db/index
	{
		printf '[ca]\ndefault_ca = it\n[it]\n'
		printf 'database = crl.db/index\ndefault_md = sha256\n'
		[ -z "${CRL_EXT:-}" ] || printf '%s\n' \
			'crlnumber = crl.db/number' 'crl_extensions = ext' \
			'[ext]' "$CRL_EXT"
	} >crl.db/cnf
	openssl ca -config crl.db/cnf -gencrl -cert "$1" -keyfile "$2" \
		-crldays 30 -out "$3"
	rm -r crl.db
}

catool_serial() {
	openssl x509 -in "$1" -noout -serial | cut -d= -f2
}

catool_decimal() {
	catool_serial "$1" | python3 -c 'print(int(input(), 16))'
}

# `openssl ca`, with the configuration that comes with OpenSSL
catool_openssl_ca() {
	local ca n
	for ca in root inter; do
		mkdir -p $ca/newcerts
		: >$ca/index.txt
		echo 01 >$ca/serial
		echo 01 >$ca/crlnumber
		sed "s,^dir[	 ]*= ./demoCA.*,dir = $ca," \
			"$(openssl version -d | cut -d'"' -f2)/openssl.cnf" >$ca.cnf
	done
	openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem \
		-subj '/C=DE/ST=Bavaria/O=Corp/CN=Root' -days 90
	for n in inter alice gone; do
		openssl req -newkey rsa:2048 -nodes -keyout $n.key -out $n.csr \
			-subj "/C=DE/ST=Bavaria/O=Corp/CN=$n"
	done
	openssl ca -batch -config root.cnf -keyfile root.key -cert root.pem \
		-extensions v3_ca -in inter.csr -out inter.pem -notext
	for n in alice gone; do
		openssl ca -batch -config inter.cnf -keyfile inter.key \
			-cert inter.pem -in $n.csr -out $n.pem -notext
	done
	openssl ca -config inter.cnf -keyfile inter.key -cert inter.pem \
		-revoke gone.pem
	openssl ca -config inter.cnf -keyfile inter.key -cert inter.pem \
		-gencrl -out inter.crl
	openssl ca -config root.cnf -keyfile root.key -cert root.pem \
		-gencrl -out root.crl
}

# `openssl x509 -req`, with no extensions for clients
catool_openssl_x509() {
	local n
	openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem \
		-subj /CN=Root -days 90
	for n in alice gone; do
		openssl req -newkey rsa:2048 -nodes -keyout $n.key -out $n.csr \
			-subj /CN=$n
		openssl x509 -req -in $n.csr -CA root.pem -CAkey root.key \
			-CAcreateserial -days 30 -out $n.pem
	done
	catool_crl root.pem root.key root.crl "$(catool_serial gone.pem)"
}

# the same for the root itself: version 1 everywhere
catool_openssl_x509_v1() {
	local n
	for n in root alice gone; do
		openssl req -newkey rsa:2048 -nodes -keyout $n.key -out $n.csr \
			-subj /CN=$n
	done
	pki_x509 root.csr '' -key root.key -days 90 -out root.pem
	for n in alice gone; do
		pki_x509 $n.csr '' -CA root.pem -CAkey root.key -days 30 \
			-out $n.pem
	done
	catool_crl root.pem root.key root.crl "$(catool_serial gone.pem)"
}

# ---- tools of Debian ----

catool_easyrsa() {
	local n er=/usr/share/easy-rsa/easyrsa top=$PWD
	export EASYRSA_BATCH=1
	for n in root sub; do
		export EASYRSA_PKI=$top/$n
		$er init-pki
		if [ $n = root ]; then
			EASYRSA_REQ_CN=Root $er build-ca nopass
			continue
		fi
		EASYRSA_REQ_CN=Sub $er build-ca nopass subca
		EASYRSA_PKI=$top/root $er import-req "$top/sub/reqs/ca.req" sub
		EASYRSA_PKI=$top/root $er sign-req ca sub
		cp root/issued/sub.crt sub/ca.crt
	done
	$er build-client-full alice nopass
	$er build-client-full gone nopass
	cp sub/private/alice.key sub/private/gone.key .
	for n in alice gone; do
		openssl x509 -in sub/issued/$n.crt -out $n.pem
	done
	$er revoke gone # and moves its files away
	$er gen-crl
	EASYRSA_PKI=$top/root $er gen-crl
	openssl x509 -in root/ca.crt -out root.pem
	openssl x509 -in sub/ca.crt -out inter.pem
	cp root/crl.pem root.crl
	cp sub/crl.pem sub.crl
}

catool_nss() {
	local n
	mkdir db
	head -c 64 /dev/urandom >noise
	certutil -N -d db --empty-password
	# -2: basicConstraints; "is this a CA", no path length, not critical
	printf 'y\n-1\nn\n' | certutil -S -d db -n root -s CN=Root,O=Corp -x \
		-t CT,C,C -m 1 -v 12 -z noise -2
	printf 'y\n-1\nn\n' | certutil -S -d db -n inter -s CN=Inter,O=Corp \
		-c root -t CT,C,C -m 2 -v 12 -z noise -2
	certutil -S -d db -n alice -s CN=alice,O=Corp -c inter -t u,u,u -m 3 \
		-v 6 -z noise
	certutil -S -d db -n gone -s CN=gone,O=Corp -c inter -t u,u,u -m 4 \
		-v 6 -z noise
	{
		echo "update=$(date -u +%Y%m%d%H%M%SZ)"
		echo "nextupdate=$(date -u -d '30 days' +%Y%m%d%H%M%SZ)"
	} >dates
	cp dates root.script
	{
		cat dates
		echo "addcert 4 $(date -u +%Y%m%d%H%M%SZ)"
	} >inter.script
	for n in root inter; do
		crlutil -G -d db -n $n -c $n.script -o $n.crl -B
		certutil -L -d db -n $n -a >$n.pem
	done
	for n in alice gone; do
		certutil -L -d db -n $n -a >$n.pem
		pk12util -o $n.p12 -n $n -d db -W secret
		openssl pkcs12 -in $n.p12 -passin pass:secret -nodes -nocerts \
			-out $n.key
	done
}

catool_certtool() {
	local n
	for n in root inter alice gone; do
		certtool --generate-privkey --key-type rsa --bits 2048 \
			--outfile $n.key
		echo "cn = \"$n\"" >$n.tmpl
		echo 'expiration_days = 90' >>$n.tmpl
	done
	printf 'ca\ncert_signing_key\ncrl_signing_key\n' | tee -a root.tmpl \
		>>inter.tmpl
	printf 'signing_key\ntls_www_client\n' | tee -a alice.tmpl >>gone.tmpl
	printf 'crl_next_update = 30\ncrl_number = 1\n' >crl.tmpl
	certtool --generate-self-signed --load-privkey root.key \
		--template root.tmpl --outfile root.pem
	certtool --generate-certificate --load-privkey inter.key \
		--load-ca-certificate root.pem --load-ca-privkey root.key \
		--template inter.tmpl --outfile inter.pem
	for n in alice gone; do
		certtool --generate-certificate --load-privkey $n.key \
			--load-ca-certificate inter.pem \
			--load-ca-privkey inter.key --template $n.tmpl \
			--outfile $n.pem
	done
	certtool --generate-crl --load-ca-privkey root.key \
		--load-ca-certificate root.pem --template crl.tmpl \
		--outfile root.crl
	certtool --generate-crl --load-ca-privkey inter.key \
		--load-ca-certificate inter.pem --template crl.tmpl \
		--load-certificate gone.pem --outfile inter.crl
}

catool_keytool() {
	local n kt='keytool -storepass secret1 -keystore store.p12 -storetype PKCS12'
	$kt -genkeypair -alias root -dname CN=Root -keyalg RSA -keysize 2048 \
		-ext bc:c
	for n in inter alice gone; do
		$kt -genkeypair -alias $n -dname CN=$n -keyalg RSA -keysize 2048
	done
	$kt -exportcert -rfc -alias root -file root.pem
	$kt -certreq -alias inter | $kt -gencert -rfc -alias root -ext bc=0 \
		-outfile inter.pem
	$kt -importcert -noprompt -alias inter -file inter.pem
	for n in alice gone; do
		$kt -certreq -alias $n | $kt -gencert -rfc -alias inter \
			-ext ku:c=dig -ext eku=clientAuth -outfile $n.pem
		$kt -importkeystore -srcalias $n -destkeystore $n.p12 \
			-deststoretype PKCS12 -deststorepass secret1 \
			-srckeystore store.p12 -srcstorepass secret1
		openssl pkcs12 -in $n.p12 -passin pass:secret1 -nodes \
			-nocerts -out $n.key
	done
	$kt -gencrl -alias root -id 1 -file root.crl -rfc
	$kt -gencrl -alias inter -id "$(catool_decimal gone.pem)" \
		-file inter.crl
}

catool_cfssl() {
	local n
	cat >config.json <<-'JSON'
	{"signing": {"default": {"expiry": "720h"}, "profiles": {
	  "client": {"usages": ["signing", "digital signature",
	    "key encipherment", "client auth"], "expiry": "720h"},
	  "intermediate": {"usages": ["cert sign", "crl sign"],
	    "expiry": "1440h", "ca_constraint": {"is_ca": true}}}}}
	JSON
	for n in root inter alice gone; do
		printf '{"CN": "%s", "key": {"algo": "ecdsa", "size": 256}}\n' \
			$n >$n.json
	done
	cfssl gencert -initca root.json | cfssljson -bare root
	cfssl gencert -ca root.pem -ca-key root-key.pem -config config.json \
		-profile intermediate inter.json | cfssljson -bare inter
	for n in alice gone; do
		cfssl gencert -ca inter.pem -ca-key inter-key.pem \
			-config config.json -profile client $n.json |
			cfssljson -bare $n
		mv $n-key.pem $n.key
	done
	: >none
	catool_decimal gone.pem >serials
	cfssl gencrl none root.pem root-key.pem | base64 -d >root.crl
	cfssl gencrl serials inter.pem inter-key.pem | base64 -d >inter.crl
}

catool_strongswan() {
	local n
	for n in root inter alice gone; do
		pki --gen --type rsa --size 2048 --outform pem >$n.key
	done
	pki --self --ca --lifetime 90 --in root.key --type rsa \
		--dn 'C=CH, O=strongSwan, CN=Root' --outform pem >root.pem
	pki --issue --ca --lifetime 90 --in inter.key --type priv \
		--cacert root.pem --cakey root.key \
		--dn 'C=CH, O=strongSwan, CN=Inter' --outform pem >inter.pem
	for n in alice gone; do
		pki --issue --lifetime 30 --in $n.key --type priv \
			--cacert inter.pem --cakey inter.key \
			--dn "C=CH, O=strongSwan, CN=$n" --san $n@corp.example \
			--outform pem >$n.pem
	done
	pki --signcrl --cacert root.pem --cakey root.key --lifetime 15 >root.crl
	pki --signcrl --cacert inter.pem --cakey inter.key --lifetime 15 \
		--reason superseded --cert gone.pem >inter.crl
}

# minica and mkcert make neither intermediates nor CRLs, and the keyUsage of their
# CAs does not let them sign any.
catool_minica() {
	minica -type client alice
	openssl x509 -in alice.crt -out alice.pem
	cp cacert.crt root.pem
}

catool_mkcert() {
	export CAROOT=$PWD/ca
	mkdir ca
	mkcert -client -cert-file alice.pem -key-file alice.key alice@corp.example
	cp ca/rootCA.pem root.pem
}

# gpgsm makes no CRLs.
catool_gpgsm() {
	local n grip
	export GNUPGHOME=$PWD/home
	mkdir -m 700 home
	catool_gpgsm_cert root cert
	grip=$(gpgsm --with-keygrip --with-colons -k |
		awk -F: '$1 == "grp" { print $10; exit }')
	catool_gpgsm_cert alice sign "$grip"
	catool_gpgsm_cert gone sign "$grip"
	catool_crl root.pem root.key root.crl "$(catool_serial gone.pem)"
	gpgconf --kill all
}

catool_gpgsm_cert() {
	printf '%s\n' 'Key-Type: RSA' 'Key-Length: 2048' "Key-Usage: $2" \
		'Serial: random' 'Hash-Algo: SHA256' "Name-DN: CN=$1" >$1.p
	[ $# -lt 3 ] || printf '%s\n' 'Issuer-DN: CN=root' "Signing-Key: $3" \
		"Name-Email: $1@corp.example" >>$1.p
	gpgsm --batch --pinentry-mode loopback --passphrase-fd 0 --armor \
		--gen-key -o $1.pem $1.p </dev/null
	gpgsm --batch --import $1.pem
	# not as PKCS#12: some of those that gpgsm 2.2.40 writes cannot be decrypted,
	# by any password
	gpgsm --batch --pinentry-mode loopback --passphrase-fd 3 --armor \
		--export-secret-key-raw -o $1.key \
		"&$(gpgsm --with-keygrip --with-colons -k "CN=$1" |
			awk -F: '$1 == "grp" { print $10; exit }')" 3<<<secret
}

# ---- the shapes of tools that Debian does not have ----

# shape_cert NAME ISSUER SUBJECT EXTENSIONS: EXTENSIONS as a configuration of
# OpenSSL, further sections behind; `v1': none, and version 1.  MD: the digest;
# SERIAL: the serial number.
shape_cert() {
	local by=(-CA "$2.pem" -CAkey "$2.key") ext=$4
	[ "$1" != "$2" ] || by=(-key "$1.key")
	openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
	openssl req -new -key "$1.key" -subj "$3" -out "$1.csr" -utf8
	[ "$ext" != v1 ] || ext=
	pki_x509 "$1.csr" "$ext" "${by[@]}" -days 60 \
		-set_serial "${SERIAL:-0x$(openssl rand -hex 15)}" \
		"-${MD:-sha256}" -out "$1.pem"
}

# shape ROOT INTER LEAF: extensions of each; INTER `none': there is none.  The
# subjects are /$DN/CN=...
shape() {
	local n ca=root
	shape_cert root root "${DN:-}/CN=Root CA" "$1"
	if [ "$2" != none ]; then
		shape_cert inter root "${DN:-}/CN=Issuing CA" "$2"
		ca=inter
		catool_crl root.pem root.key root.crl
	fi
	for n in alice gone; do
		[ -z "${SERIAL:-}" ] || SERIAL=$((SERIAL + 1))
		shape_cert $n $ca "${DN:-}/CN=$n" "$3"
	done
	catool_crl $ca.pem $ca.key $ca.crl "$(catool_serial gone.pem)"
}

AKI='authorityKeyIdentifier = keyid'
SKI='subjectKeyIdentifier = hash'

# 1.1.1 adds no key identifiers by itself
catool_openssl_1_1_1() {
	local none=$'subjectKeyIdentifier = none\nauthorityKeyIdentifier = none'
	shape "$SKI
authorityKeyIdentifier = keyid:always
basicConstraints = critical, CA:TRUE" "$none
basicConstraints = CA:TRUE" "$none
basicConstraints = CA:FALSE
keyUsage = digitalSignature
extendedKeyUsage = clientAuth"
}

catool_adcs() {
	local CRL_EXT=$'authorityKeyIdentifier = keyid\n1.3.6.1.4.1.311.21.1 = DER:020100'
	CRL_EXT+=$'\n1.3.6.1.4.1.311.21.4 = DER:170d3330303130313030303030305a'
	CRL_EXT+=$'\nfreshestCRL = URI:http://pki.corp.example/delta.crl'
	local DN=/DC=example/DC=corp ms=1.3.6.1.4.1.311
	shape "keyUsage = digitalSignature, keyCertSign, cRLSign
basicConstraints = critical, CA:TRUE
$SKI
authorityKeyIdentifier = none
$ms.21.1 = DER:020100" "$ms.21.1 = DER:020100
$SKI
$ms.20.2 = DER:1e0a00530075006200430041
keyUsage = digitalSignature, keyCertSign, cRLSign
basicConstraints = critical, CA:TRUE
$AKI
crlDistributionPoints = URI:ldap:///CN=Root?certificateRevocationList,URI:http://pki.corp.example/root.crl
authorityInfoAccess = caIssuers;URI:http://pki.corp.example/root.crt" "$SKI
$AKI
$ms.21.7 = DER:302e06262b060104018237150884cad74e83e2f01883d999068695bf0282e4d7518172848ff04686fe8a6c020164020108
extendedKeyUsage = clientAuth, emailProtection, $ms.10.3.4
keyUsage = critical, digitalSignature, keyEncipherment
$ms.21.10 = DER:300c300a06082b06010505070302
subjectAltName = otherName:$ms.20.2.3;UTF8:alice@corp.example
$ms.25.2 = DER:3025a023060a2b060104018237190201a0150413532d312d352d32312d312d322d332d31313034
crlDistributionPoints = URI:ldap:///CN=Sub?certificateRevocationList,URI:http://pki.corp.example/sub.crl"
}

# the distribution point names a cRLIssuer that signs no CRL
catool_freeipa() {
	local CRL_EXT=$AKI DN=/O=CORP.EXAMPLE
	shape "$AKI
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, nonRepudiation, keyCertSign, cRLSign
$SKI
authorityInfoAccess = OCSP;URI:http://ipa-ca.corp.example/ca/ocsp" none "$AKI
authorityInfoAccess = OCSP;URI:http://ipa-ca.corp.example/ca/ocsp
keyUsage = critical, digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment
extendedKeyUsage = serverAuth, clientAuth
crlDistributionPoints = dp
$SKI
[dp]
fullname = URI:http://ipa-ca.corp.example/ipa/crl/MasterCRL.bin
CRLissuer = dirName:ipaca
[ipaca]
O = ipaca
CN = Certificate Authority"
}

catool_vault() {
	local CRL_EXT=$AKI
	local ca=$'keyUsage = critical, keyCertSign, cRLSign\nbasicConstraints = critical, CA:TRUE'
	shape "$ca
$SKI
$AKI" "$ca
$SKI
$AKI
authorityInfoAccess = caIssuers;URI:http://vault.example/v1/pki/ca
crlDistributionPoints = URI:http://vault.example/v1/pki/crl" "keyUsage = critical, digitalSignature, keyEncipherment, keyAgreement
extendedKeyUsage = serverAuth, clientAuth
$SKI
$AKI
subjectAltName = DNS:alice.corp.example"
}

catool_step() {
	local CRL_EXT=$AKI
	local ku='keyUsage = critical, keyCertSign, cRLSign'
	shape "$ku
basicConstraints = critical, CA:TRUE, pathlen:1
$SKI
authorityKeyIdentifier = none" "$ku
basicConstraints = critical, CA:TRUE, pathlen:0
$SKI
$AKI" "keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
$SKI
$AKI
subjectAltName = email:alice@corp.example
1.3.6.1.4.1.37476.9000.64.1 = DER:3010020101040561646d696e04046b696431"
}

# ESTEID-SK 2015 under the EE Certification Centre Root CA: name constraints that
# are not critical and exclude every host, and a root with extendedKeyUsage
catool_esteid_2015() {
	local CRL_EXT=$AKI
	DN='/C=EE/O=AS Sertifitseerimiskeskus' shape "basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
$SKI
authorityKeyIdentifier = none
extendedKeyUsage = clientAuth, serverAuth, codeSigning, emailProtection, timeStamping, OCSPSigning" "basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
$SKI
$AKI
nameConstraints = DER:3036a13430028200300a87080000000000000000302287200000000000000000000000000000000000000000000000000000000000000000
certificatePolicies = 1.3.6.1.4.1.10015.1.1
authorityInfoAccess = OCSP;URI:http://ocsp.sk.example/CA" "basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment, dataEncipherment
certificatePolicies = 1.3.6.1.4.1.10015.1.1, 0.4.0.2042.1.2
subjectAltName = email:mari-liis.mannik@eesti.ee
extendedKeyUsage = clientAuth, emailProtection
1.3.6.1.5.5.7.1.3 = DER:300c300a06082b06010505070b02
$SKI
$AKI"
}

catool_piv() {
	local CRL_EXT=$AKI
	DN='/C=US/O=U.S. Government' shape "$SKI
authorityKeyIdentifier = none
keyUsage = critical, digitalSignature, keyCertSign, cRLSign
basicConstraints = critical, CA:TRUE" "$AKI
$SKI
keyUsage = critical, digitalSignature, keyCertSign, cRLSign
certificatePolicies = 2.16.840.1.101.3.2.1.3.13, 2.16.840.1.101.2.1.11.42
basicConstraints = critical, CA:TRUE, pathlen:0
policyConstraints = critical, requireExplicitPolicy:0
crlDistributionPoints = URI:http://crl.disa.example/DODROOTCA3.crl" "$AKI
$SKI
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth, 1.3.6.1.4.1.311.20.2.2, 1.3.6.1.5.2.3.4
certificatePolicies = 2.16.840.1.101.3.2.1.3.13
subjectAltName = @names
2.16.840.1.101.3.6.9.1 = DER:0101ff
crlDistributionPoints = URI:http://crl.disa.example/DODIDCA_59.crl
authorityInfoAccess = OCSP;URI:http://ocsp.disa.example
[names]
otherName.0 = 1.3.6.1.4.1.311.20.2.3;UTF8:1234567890@mil
otherName.1 = 2.16.840.1.101.3.6.6;FORMAT:HEX,OCT:d13810d828ab6c10c339e5a16885a10d
URI = urn:uuid:9f4d7c30-8f3b-4b4e-9f0f-1e1b3c1d2e3f"
}

# BouncyCastle's examples begin with a root of version 1.
catool_bouncycastle() {
	shape v1 "$SKI
authorityKeyIdentifier = none
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, digitalSignature, keyCertSign, cRLSign" "$AKI
$SKI
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment"
}

catool_wolfssl() {
	local all='authorityKeyIdentifier = keyid, issuer:always'
	DN=/C=US/ST=Montana/L=Bozeman/O=Sawtooth shape "$SKI
$all
basicConstraints = CA:TRUE
subjectAltName = DNS:example.com, IP:127.0.0.1
extendedKeyUsage = serverAuth, clientAuth" none "$SKI
$all
basicConstraints = CA:TRUE
subjectAltName = DNS:example.com, IP:127.0.0.1
extendedKeyUsage = serverAuth, clientAuth"
}

# the extensions of its README; that gives the serial number 01 to each
catool_node_forge() {
	local SERIAL=1 sub='subjectAltName = URI:http://example.org/webid#me, IP:127.0.0.1'
	shape "$SKI
authorityKeyIdentifier = none
basicConstraints = CA:TRUE
keyUsage = keyCertSign, digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment, cRLSign
extendedKeyUsage = serverAuth, clientAuth, codeSigning, emailProtection, timeStamping
nsCertType = client, server, email, objsign, sslCA, emailCA, objCA
$sub" none "$SKI
authorityKeyIdentifier = none
keyUsage = digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment
extendedKeyUsage = serverAuth, clientAuth, codeSigning, emailProtection, timeStamping
nsCertType = client, server, email, objsign
$sub"
}

# its cert.sign() without a digest means SHA-1
catool_node_forge_sha1() {
	local MD=sha1
	catool_node_forge
}

catool_sssd() {
	local all='authorityKeyIdentifier = keyid:always, issuer:always'
	DN='/O=SSSD/OU=SSSD test' shape "$SKI
$all
basicConstraints = CA:TRUE
keyUsage = critical, digitalSignature, cRLSign, keyCertSign" "$SKI
$all
basicConstraints = CA:TRUE
keyUsage = critical, digitalSignature, cRLSign, keyCertSign" "basicConstraints = CA:FALSE
nsComment = SSSD test Certificate
$SKI
authorityKeyIdentifier = keyid, issuer
keyUsage = critical, nonRepudiation, digitalSignature, keyEncipherment
extendedKeyUsage = clientAuth, emailProtection
subjectAltName = email:sssd-devel@lists.example, URI:https://github.example/SSSD/"
}

# the default templates of XCA
catool_xca() {
	local CRL_EXT=$AKI
	local ca="basicConstraints = critical, CA:TRUE
$SKI
authorityKeyIdentifier = none
keyUsage = keyCertSign, cRLSign
nsCertType = sslCA, emailCA, objCA
nsComment = xca certificate"
	shape "$ca" "$ca" "basicConstraints = critical, CA:FALSE
$SKI
authorityKeyIdentifier = none
keyUsage = digitalSignature, keyEncipherment, dataEncipherment, keyAgreement
extendedKeyUsage = clientAuth
nsCertType = client, email, objsign
nsComment = xca certificate"
}

# a root as RFC 5280 section 6.1.1 (d) has it: a name and a key
catool_bare_root() {
	shape "subjectKeyIdentifier = hash
authorityKeyIdentifier = none" none "$AKI
extendedKeyUsage = clientAuth"
}

catool_root_key_usage() {
	shape "keyUsage = keyCertSign, cRLSign
authorityKeyIdentifier = none" none "$AKI
extendedKeyUsage = clientAuth"
}
