#!/usr/bin/env bats
# Files of keys and certificates as people have them: what can be read is read,
# and of the rest the message names the file, what it is and the next command.
# The texts are compared with the files in tests/data/keyfiles
# (EXPLAIN_UPDATE=1 writes them again).
bats_require_minimum_version 1.5.0
load lib/common

setup_file() {
	export F V CA_BIN
	F=$(mktemp -d "${TMPDIR:-/tmp}/certauth-keyfiles.XXXXXX")
	V=$F/v
	CA_BIN=$CERTAUTH_BUILD
	mkdir "$V"
	cp "$HERE"/tests/data/vectors/*.pem "$HERE"/tests/data/vectors/*.key "$V/"
	chmod 600 "$V"/*.key
	# an askpass program that says what it was asked; the answers are lines
	cat >"$F/askpass" <<-'END'
		#!/bin/sh
		echo "$1" >>"$F/asked"
		head -n 1 "$F/answers"
		sed -i 1d "$F/answers"
	END
	chmod 755 "$F/askpass"
	mkdir "$F/kinds"
	(cd "$F/kinds" && kinds)
}

teardown_file() { rm -rf "$F"; }

setup() {
	export HOME=$F/home XDG_RUNTIME_DIR=$F/run XDG_CONFIG_HOME=$F/config
	D=$BATS_TEST_TMPDIR
	rm -rf "$HOME" "$XDG_RUNTIME_DIR" "$XDG_CONFIG_HOME" "$F/asked" \
		"$F/answers"
	mkdir -m 700 "$HOME" "$XDG_RUNTIME_DIR"
	unset SSH_ASKPASS SSH_ASKPASS_REQUIRE CERTAUTH_ASKPASS SSH_AUTH_SOCK \
		DISPLAY WAYLAND_DISPLAY OPENSSL_MODULES
}

pem() { # LABEL: standard input as one block
	printf -- '-----BEGIN %s-----\n' "$1"
	base64
	printf -- '-----END %s-----\n' "$1"
}

# One file of each kind that is no certificate.
kinds() {
	local key=$V/p256.key cert=$V/p256.pem
	openssl pkcs12 -export -inkey "$key" -in "$cert" -passout pass:x -out p12
	pem PKCS12 <p12 >p12-pem
	openssl crl2pkcs7 -nocrl -certfile "$cert" -out p7b
	openssl crl2pkcs7 -nocrl -certfile "$cert" -outform DER -out p7b-der
	openssl req -new -key "$key" -subj /CN=x -out csr
	openssl req -in csr -outform DER -out csr-der
	sed 's/CERTIFICATE REQ/NEW CERTIFICATE REQ/' csr >csr-new
	cp "$key" key
	openssl pkey -in "$key" -outform DER -out key-der
	openssl pkcs8 -topk8 -in "$key" -passout pass:x -out key-enc
	openssl pkcs8 -topk8 -in "$key" -passout pass:x -outform DER \
		-out key-enc-der
	openssl ec -aes128 -in "$key" -passout pass:x -out key-trad 2>/dev/null
	ssh-keygen -q -t ed25519 -N '' -C x -f openssh
	mv openssh.pub ssh-pub
	ssh-keygen -q -t rsa -N '' -C x -f ca
	ssh-keygen -q -s ca -I x ssh-pub && mv ssh-pub-cert.pub ssh-cert
	rm ca ca.pub
	printf 'PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\n' >ppk
	echo tpm | pem 'TSS2 PRIVATE KEY' >tss2
	openssl x509 -trustout -in "$cert" -addtrust clientAuth -out trusted
	openssl pkey -in "$key" -pubout -out pub
	openssl pkey -in "$key" -pubout -outform DER -out pub-der
	openssl ecparam -name prime256v1 -out params
	printf '\376\355\376\355\0\0\0\2' >jks
	echo x | pem 'PGP PRIVATE KEY BLOCK' >pgp
	: >empty
	openssl req -x509 -new -nodes -newkey ec -pkeyopt \
		ec_paramgen_curve:P-256 -keyout "$F/ca.key" -out "$F/ca.pem" \
		-subj '/CN=Keyfiles CA' 2>/dev/null
	cat >"$F/ca.cnf" <<-END
		[ca]
		default_ca = d
		[d]
		database = /dev/null
		default_md = sha256
		default_crl_days = 30
	END
	openssl ca -config "$F/ca.cnf" -gencrl -keyfile "$F/ca.key" \
		-cert "$F/ca.pem" -out crl 2>/dev/null
	openssl crl -in crl -outform DER -out crl-der
	printf 'neither\n' >text
}

host() { python3 "$HERE/tests/lib/host.py" "$@"; }
sign() {
	setsid -w "$CA_BIN/certauth" sign --host web1 --user alice "$@" \
		</dev/null
}

# with_askpass ANSWER ... -- OPTION ...: sign without a terminal
with_askpass() {
	: >"$F/answers"
	while [ "$1" != -- ]; do
		echo "$1" >>"$F/answers"
		shift
	done
	shift
	run env SSH_ASKPASS="$F/askpass" SSH_ASKPASS_REQUIRE=force \
		setsid -w "$CA_BIN/certauth" sign --host web1 --user alice \
		"$@" </dev/null
}

# good KEY REQUEST: output ends with a response by it
good() {
	echo "$output"
	[ "$status" -eq 0 ]
	host check "$2" "$(tail -n 1 <<<"$output")" "$V/$1.pem"
}

# held NAME: standard input is that of the golden file
held() {
	local file=$HERE/tests/data/keyfiles/$1.txt
	sed -E -e "s#$F/#@/#g" -e "s#$D/#@/#g" >"$D/now"
	[ -z "${EXPLAIN_UPDATE:-}" ] || cp "$D/now" "$file"
	diff -u "$file" "$D/now"
}

# of_each STATUS COMMAND ...: run it with each kind of file
of_each() {
	local want=$1 f
	shift
	for f in "$F"/kinds/*; do
		run "$@" "$f"
		echo "$output"
		[ "$status" -eq "$want" ] || [ -n "${OTHERS:-}" ] || {
			echo "$f: status $status"
			return 1
		}
	done
}

@test "verify, inspect, explain and users say what a file is, and what takes it" {
	of_each 2 "$CA_BIN/certauth" verify --ca-dir "$F" --no-crl | held show
	of_each 1 "$CA_BIN/certauth" inspect | held show
	of_each 2 "$CA_BIN/certauth" explain --config /dev/null | held show
	of_each 2 "$CA_BIN/certauth" users test --file /dev/null | held show
}

@test "--cert, --key and --p12 say what a file is, and what takes it" {
	local request
	request=$(host request)
	as_cert() {
		sign "$request" --key "$V/p256.key" --cert "$1"
	}
	as_key() {
		sign "$request" --cert "$V/p256.pem" --key "$1"
	}
	as_p12() {
		sign "$request" --p12 "$1"
	}
	of_each 1 as_cert | held cert
	OTHERS=1 of_each 1 as_key | grep -v '^[A-Za-z0-9_-]*$' | held key
	of_each 1 as_p12 | held p12
}

@test "a configuration that names a PKCS#12 file by cert" {
	mkdir -p "$XDG_CONFIG_HOME/certauth"
	printf '[default]\ncert = %s\n' "$F/kinds/p12" \
		>"$XDG_CONFIG_HOME/certauth/config"
	run sign "$(host request)"
	[ "$status" -eq 1 ]
	[[ $output == *"$F/kinds/p12 is a PKCS#12 file (.p12, .pfx); use --p12 FILE (\`p12 =' in the configuration)"* ]]
}

@test "--key without --cert: the file may have both, or is named for what it is" {
	local request
	request=$(host request)
	cat "$V/p256.key" "$V/p256.pem" >"$D/both"
	chmod 600 "$D/both"
	run sign "$request" --key "$D/both"
	good p256 "$request"
	run sign "$request" --key "$F/kinds/p12"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"$F/kinds/p12 is a PKCS#12 file (.p12, .pfx); use --p12 FILE"* ]]
	run sign "$request" --key "$V/p256.key"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"$V/p256.key is a private key; use --key FILE for it, and --cert for its certificate"* ]]
}

@test "a key in a TPM: tpm2_ptool and PKCS#11 are named" {
	local request
	request=$(host request)
	{
		sign "$request" --cert "$V/p256.pem" --key handle:0x81000001 || :
		mkdir -p "$XDG_CONFIG_HOME/certauth"
		printf '[default]\ncert = %s\nkey = handle:0x81000001\n' \
			"$V/p256.pem" >"$XDG_CONFIG_HOME/certauth/config"
		sign "$request" || :
	} 2>&1 | sed "s#$XDG_CONFIG_HOME#CONFIG#" | held tpm
	run sign "$request"
	[ "$status" -ne 0 ]
}

# ---- what can be read ----

# Print the lines of the arguments, which are words, in every order.
orders() {
	python3 -c 'import itertools, sys
for p in itertools.permutations(sys.argv[1:]):
	print(*p)' "$@"
}

# output ends with a response whose first certificate is alice's
of_alice() {
	[ "$status" -eq 0 ]
	"$CA_BIN/certauth" inspect --response "$(tail -n 1 <<<"$output")" |
		sed -n '/subject/{p;q}' | grep -q 'CN=alice p256,'
}

@test "the certificate of the key, wherever it stands: every order" {
	local request order name n=0
	request=$(host request)
	openssl pkcs8 -topk8 -in "$V/p256.key" -passout pass:secret \
		-out "$D/enc.key"
	# server and p384 are end-entity certificates of others
	while read -r order; do
		: >"$D/all.pem"
		for name in $order; do
			cat "$V/$name.pem" >>"$D/all.pem"
		done
		run sign "$request" --cert "$D/all.pem" --key "$V/p256.key"
		of_alice
		cat "$V/p256.key" >>"$D/all.pem"
		chmod 600 "$D/all.pem"
		run sign "$request" --cert "$D/all.pem"
		of_alice
		with_askpass secret -- "$request" --cert "$D/all.pem" \
			--key "$D/enc.key"
		of_alice
		n=$((n + 1))
	done < <(orders p256 intermediate root p384)
	[ "$n" -eq 24 ]
	good p256 "$request"
}

@test "a CA before the leaf: nothing is asked before a rule refuses" {
	local request
	openssl pkcs8 -topk8 -in "$V/p256.key" -passout pass:secret \
		-out "$D/enc.key"
	cat "$V/root.pem" "$V/intermediate.pem" "$V/p256.pem" >"$D/ca-first.pem"
	with_askpass secret -- "$(host request --host other)" \
		--cert "$D/ca-first.pem" --key "$D/enc.key"
	[ "$status" -eq 1 ]
	[ ! -e "$F/asked" ]
	request=$(host request)
	with_askpass wrong secret -- "$request" --cert "$D/ca-first.pem" \
		--key "$D/enc.key"
	good p256 "$request"
	[ "$(wc -l <"$F/asked")" -eq 2 ]
}

@test "no certificate of the file is the key's" {
	openssl pkcs8 -topk8 -in "$V/p384.key" -passout pass:secret \
		-out "$D/enc.key"
	with_askpass secret -- "$(host request)" --cert "$V/p256.pem" \
		--key "$D/enc.key"
	[ "$status" -eq 1 ]
	[[ $output == *"$D/enc.key: the key does not belong to the certificate"* ]]
	cat "$V/root.pem" "$V/p256.pem" >"$D/two.pem"
	run sign "$(host request)" --cert "$D/two.pem" --key "$V/p384.key"
	[ "$status" -eq 1 ]
	[[ $output == *"$V/p384.key: the key belongs to none of the 2 certificates"* ]]
}

@test "the key is in the agent: the certificate is found wherever it stands" {
	local request agent
	request=$(host request)
	# in its own folder: ssh-agent prefers the home since 10.1
	eval "$(ssh-agent -s -a "$D/agent")" >/dev/null
	agent=$SSH_AGENT_PID
	ssh-add -q "$V/rsa2048.key"
	cat "$V/root.pem" "$V/p256.pem" "$V/intermediate.pem" "$V/rsa2048.pem" \
		>"$D/all.pem"
	run sign "$request" --cert "$D/all.pem" --key agent
	good rsa2048 "$request"
	ssh-add -q -D
	run sign "$request" --cert "$D/all.pem" --key agent
	kill "$agent"
	[ "$status" -eq 1 ]
	[[ $output == *"cannot sign with $D/all.pem"* ]]
}

@test "glued blocks, byte order mark, CRLF, text, bag attributes, one line" {
	local request shape
	request=$(host request)
	glue() { cat "$@" | sed -z 's/\n$//;s/-----\n-----BEGIN/----------BEGIN/g'; }
	mkdir "$D/shapes"
	glue "$V/p256.pem" "$V/intermediate.pem" "$V/p256.key" >"$D/shapes/glued"
	grep -q -- '-----END CERTIFICATE----------BEGIN CERTIFICATE-----' \
		"$D/shapes/glued"
	{
		printf '\357\273\277'
		cat "$V/p256.pem" "$V/p256.key"
	} >"$D/shapes/bom"
	sed 's/$/\r/' "$V/p256.pem" "$V/p256.key" >"$D/shapes/crlf"
	{
		printf 'issued by us:\n\n'
		openssl x509 -in "$V/p256.pem" -text
		printf 'and the key\n'
		cat "$V/p256.key"
		printf 'end'
	} >"$D/shapes/text"
	openssl pkcs12 -in "$F/kinds/p12" -passin pass:x -nodes \
		-out "$D/shapes/bags"
	grep -q 'Bag Attributes' "$D/shapes/bags"
	{
		sed -z 's/\n/ /g' "$V/p256.pem"
		echo
		sed -z 's/\n//g' "$V/p256.key"
	} >"$D/shapes/lines"
	sed 's/^/    /' "$V/p256.pem" "$V/p256.key" >"$D/shapes/indented"
	chmod 600 "$D"/shapes/*
	for shape in "$D"/shapes/*; do
		echo "$shape"
		run sign "$request" --cert "$shape"
		good p256 "$request"
		run "$CA_BIN/certauth" inspect "$shape"
		[ "$status" -eq 0 ]
		[[ $output == *'CN=alice p256'* ]]
		mkdir -p "$D/ca"
		cp "$V/root.pem" "$V/intermediate.pem" "$D/ca/"
		run "$CA_BIN/certauth" verify --ca-dir "$D/ca" --no-crl "$shape"
		[ "$status" -eq 0 ]
	done
	# and as trust anchors
	glue "$V/intermediate.pem" "$V/root.pem" >"$D/ca/all.pem"
	rm "$D/ca/root.pem" "$D/ca/intermediate.pem"
	run "$CA_BIN/certauth" verify --ca-dir "$D/ca" --no-crl "$V/p256.pem"
	[ "$status" -eq 0 ]
}

@test "a key in DER" {
	local request
	request=$(host request)
	openssl pkey -in "$V/rsa2048.key" -traditional -outform DER \
		-out "$D/rsa.der"
	openssl pkey -in "$V/rsa2048.key" -outform DER -out "$D/p8.der"
	chmod 600 "$D"/*.der
	for f in rsa.der p8.der; do
		run sign "$request" --cert "$V/rsa2048.pem" --key "$D/$f"
		good rsa2048 "$request"
	done
	printf '\060\006\002\001\000\002\001\005' >"$D/bad.der"
	run sign "$request" --cert "$V/rsa2048.pem" --key "$D/bad.der"
	[ "$status" -eq 1 ]
	[[ $output == *"$D/bad.der: its private key is damaged"* ]]
}

# ---- passphrases ----

# old NAME: a key that only the legacy provider can decrypt
old() {
	local legacy=(-provider legacy -provider default)
	case $1 in
	des) openssl rsa "${legacy[@]}" -in "$V/rsa2048.key" -des -traditional \
		-passout pass:secret -out "$D/old.key" ;;
	pbes2-*) openssl pkcs8 "${legacy[@]}" -topk8 -in "$V/rsa2048.key" \
		-passout pass:secret -v2 "${1#pbes2-}" -out "$D/old.key" ;;
	*) openssl pkcs8 "${legacy[@]}" -topk8 -in "$V/rsa2048.key" \
		-passout pass:secret -v1 "$1" -out "$D/old.key" ;;
	esac 2>"$D/error" || { cat "$D/error"; return 1; }
}

@test "keys under DES and RC2: read, warned of, and the right passphrase is not called wrong" {
	local request by
	request=$(host request)
	for by in PBE-MD5-DES PBE-SHA1-DES PBE-SHA1-RC2-40 PBE-SHA1-RC4-128 \
		pbes2-des pbes2-rc2-cbc des; do
		echo "$by"
		old "$by"
		with_askpass wrong secret -- "$request" \
			--cert "$V/rsa2048.pem" --key "$D/old.key"
		good rsa2048 "$request"
		[[ $output == *"$D/old.key is encrypted by a weak algorithm ("* ]]
		[[ $output == *'openssl pkcs8 -provider legacy -provider default -topk8'* ]]
		[ "$(grep -c 'passphrase is wrong' <<<"$output")" -eq 1 ]
		rm "$F/asked"
		# without the provider, the algorithm is named at once
		OPENSSL_MODULES=$D/none with_askpass secret -- "$request" \
			--cert "$V/rsa2048.pem" --key "$D/old.key"
		[ "$status" -eq 1 ]
		[ ! -e "$F/asked" ]
		printf '%s\n' "$output"
	done | tee "$D/out"
	grep "legacy provider, and" "$D/out" | held legacy
	[ "$(grep -c "legacy provider, and" "$D/out")" -eq 7 ]
}

@test "encryption that nobody has, too much work, and damage" {
	local request
	request=$(host request)
	openssl pkcs8 -topk8 -in "$V/p256.key" -passout pass:secret \
		-outform DER -out "$D/enc.der"
	# the cipher AES-256-CBC becomes an OID that is none
	patched() {
		python3 - "$D/enc.der" "$1" "$2" <<-'END' |
			import sys
			d = open(sys.argv[1], 'rb').read()
			a, b = bytes.fromhex(sys.argv[2]), bytes.fromhex(sys.argv[3])
			assert d.count(a) == 1, d.hex()
			sys.stdout.buffer.write(d.replace(a, b))
		END
		pem 'ENCRYPTED PRIVATE KEY' >"$D/$3.key"
		with_askpass secret -- "$request" --cert "$V/p256.pem" \
			--key "$D/$3.key"
		[ "$status" -eq 1 ]
		[ ! -e "$F/asked" ]
		echo "$output"
	}
	{
		patched 60864801650304012a 60864801650304017a cipher
		patched 2a864886f70d01050d 2a864886f70d01057d scheme
		# 2048 rounds become 2^31 - 1, of the same length as a number
		openssl pkcs8 -topk8 -in "$V/p256.key" -passout pass:secret \
			-iter 8388608 -outform DER -out "$D/enc.der" 
		patched 020400800000 02047fffffff rounds
		head -n 3 "$V/p256.key" >"$D/cut.key"
		sign "$request" --cert "$V/p256.pem" --key "$D/cut.key" || :
	} >"$D/out" 2>&1
	held encrypted <"$D/out"
}

# ---- kinds of keys ----

@test "a key that fits no scheme is named by its kind, with what the host accepts" {
	local request name
	request=$(host request)
	cert_for() { # NAME OPTION ...: a certificate of the root for a new key
		local name=$1
		shift
		openssl genpkey "$@" -out "$D/$name.key" 2>/dev/null
		openssl pkey -in "$D/$name.key" -pubout -out "$D/$name.pub"
		openssl x509 -new -CA "$F/ca.pem" -CAkey "$F/ca.key" \
			-force_pubkey "$D/$name.pub" -subj "/CN=$name" \
			-days 30 -out "$D/$name.pem" 2>/dev/null
	}
	cert_for brainpool -algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1
	cert_for secp256k1 -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1
	cert_for x25519 -algorithm X25519
	cert_for x448 -algorithm X448
	openssl genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:2048 \
		-out "$D/dsa.param" 2>/dev/null
	cert_for dsa -paramfile "$D/dsa.param"
	cert_for exponent -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
		-pkeyopt rsa_keygen_pubexp:340282366920938463463374607431768211507
	cp "$V/rsa1024.pem" "$V/rsa1024.key" "$V/ed25519.pem" \
		"$V/ed25519.key" "$D/"
	{
		for name in brainpool secp256k1 x25519 x448 dsa exponent \
			rsa1024; do
			sign "$request" --cert "$D/$name.pem" \
				--key "$D/$name.key" || :
		done
		sign "$(host request --schemes 0403,0804,0401,0809)" \
			--cert "$D/ed25519.pem" --key "$D/ed25519.key" || :
		sign "$(host request --schemes 0905)" \
			--cert "$D/ed25519.pem" --key "$D/ed25519.key" || :
	} >"$D/out" 2>&1
	held schemes <"$D/out"
}

# ---- who is asked ----

# asked VARIABLE=VALUE ...: without a terminal, who is asked for the passphrase
asked() {
	rm -f "$F/asked"
	echo secret >"$F/answers"
	run env "$@" setsid -w "$CA_BIN/certauth" sign --host web1 --user alice \
		--cert "$V/p256.pem" --key "$F/enc.key" "$REQUEST" </dev/null
	if [ -e "$F/asked" ]; then
		[ "$status" -eq 0 ] || { echo "$output"; return 1; }
		cat "$F/asked"
	elif [[ $output == *'there is no terminal and no working askpass program'*'Passphrase'* ]]; then
		echo nobody
	else
		echo "$output"
	fi
}

# on_terminal VARIABLE=VALUE ...: the same, with a terminal
on_terminal() {
	rm -f "$F/asked"
	echo secret >"$F/answers"
	run env "$@" expect -c '
		set timeout 20
		log_user 0
		spawn -noecho env REQUEST=$env(REQUEST) $env(CA_BIN)/certauth \
			sign --host web1 --user alice --cert $env(V)/p256.pem \
			--key $env(F)/enc.key $env(REQUEST)
		expect {
			"Passphrase" { send "secret\r"; puts terminal; exp_continue }
			eof
		}'
	[ ! -e "$F/asked" ] || echo program
	grep -x terminal <<<"$output" || :
}

@test "SSH_ASKPASS, DISPLAY and SSH_ASKPASS_REQUIRE mean what they mean to ssh" {
	export REQUEST
	local program="Passphrase for enc.key: " a=SSH_ASKPASS=$F/askpass
	local require=SSH_ASKPASS_REQUIRE
	REQUEST=$(host request)
	openssl pkcs8 -topk8 -in "$V/p256.key" -passout pass:secret \
		-out "$F/enc.key"
	[ "$(asked A=b)" = nobody ]
	[ "$(asked "$a")" = nobody ]
	[ "$(asked "$a" DISPLAY=)" = nobody ]
	[ "$(asked "$a" DISPLAY=:0)" = "$program" ]
	[ "$(asked "$a" WAYLAND_DISPLAY=wayland-0)" = "$program" ]
	[ "$(asked "$a" $require=force)" = "$program" ]
	[ "$(asked "$a" $require=prefer)" = nobody ]
	[ "$(asked "$a" $require=prefer DISPLAY=:0)" = "$program" ]
	[ "$(asked "$a" $require=never DISPLAY=:0)" = nobody ]
	[ "$(asked SSH_ASKPASS= DISPLAY=:0)" = nobody ]
	# it answers hosts alone
	ln -sf "$F/askpass" "$F/certauth-askpass"
	[ "$(asked SSH_ASKPASS="$F/certauth-askpass" DISPLAY=:0)" = nobody ]
	[ "$(on_terminal "$a" DISPLAY=:0)" = terminal ]
	[ "$(on_terminal "$a" DISPLAY=:0 $require=prefer)" = program ]
	[ "$(on_terminal "$a" $require=prefer)" = terminal ]
	[ "$(on_terminal "$a" $require=force)" = program ]
	[ "$(on_terminal "$a" DISPLAY=:0 $require=never)" = terminal ]
	# the configured program needs no display, and is the second choice
	mkdir -p "$XDG_CONFIG_HOME/certauth"
	printf '[default]\naskpass = %s\n' "$F/askpass" \
		>"$XDG_CONFIG_HOME/certauth/config"
	[ "$(asked A=b)" = "$program" ]
	[ "$(asked SSH_ASKPASS=/bin/false)" = "$program" ]
	[ "$(asked $require=never)" = nobody ]
	run asked SSH_ASKPASS=/bin/false DISPLAY=:0
	[[ $output != *"$program"* ]]
}
