#!/usr/bin/env bats
# Every selector of the users file with a certificate that openssl made: one
# line that maps and one that does not; names that are hard; logins that are
# no login names.
bats_require_minimum_version 1.5.0
load lib/common

# patch NAME FROM TO: the same certificate with bytes (printf's way, of one
# length) replaced in it, signed anew by inter, as NAME-chain.pem
patch() {
	python3 - "$PKI/$1.pem" "$2" "$3" "$PKI/inter.key" "$PKI/$1-chain.pem" \
		"$PKI/inter.pem" <<-'END'
		import base64, subprocess, sys
		pem, old, new, key, out, inter = sys.argv[1:]
		old, new = (s.encode().decode("unicode_escape").encode("latin-1") for s in (old, new))
		text = open(pem).read()
		der = base64.b64decode("".join(text.split("-----BEGIN CERTIFICATE-----")[1].split("-----END")[0].split()))
		def item(b, i):
		    n, h = b[i + 1], 2
		    if n & 0x80:
		        h += n & 0x7f
		        n = int.from_bytes(b[i + 2:i + h], "big")
		    return i + h, i + h + n
		def wrap(tag, body):
		    n = len(body)
		    l = bytes([n]) if n < 128 else bytes([0x80 | (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8, "big")
		    return bytes([tag]) + l + body
		start, _ = item(der, 0)
		_, tbs_end = item(der, start)
		_, alg_end = item(der, tbs_end)
		tbs, alg = der[start:tbs_end], der[tbs_end:alg_end]
		assert len(old) == len(new) and old in tbs
		tbs = tbs.replace(old, new)
		sig = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=tbs, stdout=subprocess.PIPE, check=True).stdout
		der = wrap(0x30, tbs + alg + wrap(3, b"\0" + sig))
		open(out, "w").write("-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der).decode() + "-----END CERTIFICATE-----\n" + open(inter).read())
	END
}

setup_file() {
	place_make
	pki_leaf full inter \
		--subject '/DC=example/O=Example, Inc.+OU=Zo\C3\AB/UID=alice1/CN=Alice "A" <Example>' \
		--san 'email:Alice@corp.example,email:a@home.example,DNS:pc1.corp.example,DNS:pc2.corp.example,URI:urn:uuid:1-2,otherName:msUPN;UTF8:alice@corp.example,otherName:1.3.6.1.5.2.2;SEQUENCE:krb' \
		--ext '1.3.6.1.4.1.311.25.2 = ASN1:SEQUENCE:sid
[sid]
a = IMP:0,SEQUENCE:sid1
[sid1]
oid = OID:1.3.6.1.4.1.311.25.2.1
v = EXP:0,FORMAT:ASCII,OCTETSTRING:S-1-5-21-1-2-3-1001
[krb]
realm = EXP:0,GeneralString:CORP.EXAMPLE
principal = EXP:1,SEQUENCE:princ
[princ]
type = EXP:0,INTEGER:1
name = EXP:1,SEQUENCE:names
[names]
n = GeneralString:alice'
	cat "$PKI/full.pem" "$PKI/inter.pem" >"$PKI/full-chain.pem"
	pki_leaf nul-cn inter --subject '/O=Example/CN=alice!evil' \
		--san email:alice@corp.example
	pki_leaf nul-email inter --san 'email:alice@corp.example!.evil.example'
	pki_leaf nul-dns inter --san 'email:alice@corp.example,DNS:pc1!evil.example'
	patch nul-cn 'alice!evil' 'alice\x00evil'
	patch nul-email 'example!.evil' 'example\x00.evil'
	patch nul-dns 'pc1!evil' 'pc1\x00evil'
	sed -i.bak 's/utf8only/MASK:0x800/' "$PKI/openssl.cnf"
	pki_leaf bmp inter --subject '/O=Example/CN=Zoë'
	mv "$PKI/openssl.cnf.bak" "$PKI/openssl.cnf"
	cat "$PKI/bmp.pem" "$PKI/inter.pem" >"$PKI/bmp-chain.pem"
	for name in 'bad1:../x' 'bad2:-rf' 'bad4:root' 'bad5:daemon' 'bad6:12345' \
		'bad7:a b' 'good:alice'; do
		pki_leaf "${name%%:*}" inter --subject "/O=Example/UID=${name#*:}/CN=x"
		cat "$PKI/${name%%:*}.pem" "$PKI/inter.pem" \
			>"$PKI/${name%%:*}-chain.pem"
	done
	pki_leaf bad3 inter --san "email:$(printf 'a%.0s' {1..300})@corp.example"
	cat "$PKI/bad3.pem" "$PKI/inter.pem" >"$PKI/bad3-chain.pem"
	pki_leaf bad9 inter --san email:nobody@corp.example
	cat "$PKI/bad9.pem" "$PKI/inter.pem" >"$PKI/bad9-chain.pem"
	pki_leaf bad8 inter --subject '/O=Example/UID=alice!x/CN=x'
	patch bad8 'alice!x' 'alice\nx'
	crl_dir crl
}
teardown_file() { place_remove; }

setup() {
	conf_reset
	service test
}

# explain NAME [OPTION ...]
explain() {
	local name=$1
	shift
	run in_place "$CERTAUTH" explain --service test "$@" "$PKI/$name-chain.pem"
}

maps() {
	users "alice $1"
	explain "${2:-full}" --user alice
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	# the confined worker of a login finds the same
	login_ok --cert "${2:-full}" --key "${2:-full}"
}

maps_not() {
	users "alice $1"
	explain "${2:-full}" --user alice
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"(${3:-unmapped})"* ]]
}

@test "sha256: and key:" {
	maps "sha256:$(pki_sha256 "$PKI/full.pem")"
	maps_not "sha256:$(pki_sha256 "$PKI/alice.pem")"
	maps "key:$(pki_key_sha256 "$PKI/full.pem")"
	maps_not "key:$(pki_key_sha256 "$PKI/alice.pem")"
	login_denied unmapped --cert full --key full
	users "alice key:$(pki_key_sha256 "$PKI/full.pem")"
	login_ok --cert full --key full
}

@test "issuer-serial:, neither byte order guessed" {
	local s
	s=$(openssl x509 -in "$PKI/full.pem" -noout -serial | cut -d= -f2)
	maps "\"issuer-serial:CN=Test inter,O=Example;$s\""
	maps "\"issuer-serial:CN=Test inter,O=Example;${s,,}\""
	maps_not "\"issuer-serial:CN=Test root,O=Example;$s\""
	maps_not "\"issuer-serial:CN=Test inter,O=Example;$(fold -w2 <<<"$s" | tac | tr -d '\n')\""
}

@test "ski: and sid:" {
	maps "ski:$(_pki_ski "$PKI/full.pem")"
	maps_not "ski:$(_pki_ski "$PKI/alice.pem")"
	maps sid:S-1-5-21-1-2-3-1001
	maps_not sid:S-1-5-21-1-2-3-100
	maps_not sid:S-1-5-21-1-2-3-1001 alice
}

@test "subject: with escapes, UTF-8 and a multi-valued RDN" {
	local s
	explain full
	s=$(sed -n 's/^  subject     //p' <<<"$output")
	[[ $s == *'\"A\"'* || $s == *'\22A\22'* ]]
	# in the file a quote inside quotes is written by its number
	maps "\"subject:${s//\\\"/\\22}\""
	s=${s//\\\"/\\22}
	maps_not "\"subject:${s/Zo/ZO}\""
	maps_not '"subject:CN=Alice,UID=alice1,DC=example"'
	maps '"subject:CN=alice,O=Example"' alice
	maps '"subject:cn=#0c05616c696365, o=Example"' alice
	maps_not '"subject:O=Example,CN=alice"' alice
}

@test "issuer-subject: and issuer=" {
	maps '"issuer-subject:CN=Test inter,O=Example;CN=alice,O=Example"' alice
	maps_not '"issuer-subject:CN=Test root,O=Example;CN=alice,O=Example"' alice
	maps 'cn:alice "issuer=CN=Test inter,O=Example"' alice
	maps_not 'cn:alice "issuer=CN=Test root,O=Example"' alice
}

@test "email:, upn:, krb:, dns:, uri: with several of each" {
	maps email:Alice@CORP.example
	maps email:a@home.example
	maps_not email:alice@corp.example
	maps upn:ALICE@Corp.Example
	maps_not upn:a@home.example
	maps krb:alice@CORP.EXAMPLE
	maps_not krb:alice@corp.example
	maps dns:pc1.corp.example
	maps dns:pc2.corp.example
	maps_not dns:pc3.corp.example
	maps uri:urn:uuid:1-2
	maps_not uri:urn:uuid:1-3
}

@test "cn: and uid:" {
	maps uid:alice1
	maps_not uid:Alice1
	maps cn:alice alice
	maps_not cn:Alice alice
	maps 'cn:Alice ignorecase' alice
}

@test "match: as sss-certmap has it" {
	with_certmap || skip 'built without libsss_certmap'
	maps '"match:<ISSUER>CN=Test inter<EKU>clientAuth"' alice
	maps_not '"match:<ISSUER>^CN=Nobody$"' alice
}

@test "match: in a login, where the verifier can load no library" {
	with_certmap || skip 'built without libsss_certmap'
	local way
	for way in spawn resident; do
		[ "$way" = spawn ] || resident_start
		CERTAUTH_VERIFIER=verifier=$way service test
		users 'alice "match:<ISSUER>CN=Test inter<EKU>clientAuth"'
		login_ok
		users 'alice "match:<ISSUER>^CN=Nobody$"'
		login_denied unmapped
	done
}

@test "BMPString compares as the text that it is" {
	openssl x509 -in "$PKI/bmp.pem" -outform DER | openssl asn1parse -inform DER |
		grep -q BMPSTRING
	maps cn:Zoë bmp
	maps_not cn:Zoe bmp
}

@test "a NUL in CN, e-mail or another SAN: no rule matches, also not others" {
	local name
	for name in nul-cn nul-email nul-dns; do
		users "alice email:alice@corp.example" 'alice cn:alice' \
			"alice cn:$name" "alice sha256:$(pki_sha256 "$PKI/$name-chain.pem")"
		explain $name --user alice
		[ "$status" -eq 1 ]
		[[ $output == *'mapping     fail, name-malformed'* ]]
		[[ $output != *'yes, matches'* ]]
		login_denied '(profile|name-malformed)' \
			--cert $name --key $name
	done
}

@test "from=, service=, until=" {
	maps 'cn:alice service=sshd,test until=2099-12-31 from=local' alice
	maps_not 'cn:alice service=sshd' alice
	maps_not 'cn:alice until=2020-12-31' alice
	maps_not 'cn:alice from=10.0.0.0/8' alice
}

@test "a pattern makes an ordinary account only; logins by it" {
	users '* email:*@corp.example'
	login_ok --cert alice --key alice
	explain alice
	[ "$status" -eq 0 ]
	[[ $output == *'yes, matches: alice'* ]]
	LOGIN=bob login_denied other-user --cert alice --key alice
	conf default 'min_uid = 3000'
	login_denied login-invalid --cert alice --key alice
}

@test "patterns: nobody, and uids that are reserved" {
	local uid name
	users '* email:*@corp.example'
	# an account of this name, with one uid after the other
	cp "$S/etc/passwd" "$S/passwd.before"
	sed -i '/^nobody:/d' "$S/etc/passwd"
	for uid in 65534 61184 65519 65535 4294967294; do
		sed -i '/^nobody:/d' "$S/etc/passwd"
		echo "nobody:x:$uid:65534::/nonexistent:/bin/sh" >>"$S/etc/passwd"
		LOGIN=nobody login_denied login-invalid --cert bad9 --key bad9
		logged 'detail="[^"]*users:1 [^"]*a pattern or a directory never gives the account nobody'
		explain bad9
		[ "$status" -eq 1 ]
		[[ $output == *'(login-invalid)'* ]]
		[[ $output == *'a pattern or a directory never gives the account nobody'* ]]
	done
	for uid in 61183 65536 200000; do
		sed -i '/^nobody:/d' "$S/etc/passwd"
		echo "nobody:x:$uid:65534::/nonexistent:/bin/sh" >>"$S/etc/passwd"
		LOGIN=nobody login_ok --cert bad9 --key bad9
	done
	conf default 'max_uid = 199999'
	LOGIN=nobody login_denied login-invalid --cert bad9 --key bad9
	logged 'never gives an account above max_uid'
	# a line that names it is root's own choice
	cp "$S/passwd.before" "$S/etc/passwd"
	users 'nobody email:nobody@corp.example'
	LOGIN=nobody login_ok --cert bad9 --key bad9
}

@test "keep-domain: the login is the name with its domain" {
	users '* upn:*@corp.example keep-domain'
	LOGIN=alice@corp.example login_denied login-invalid --cert full --key full
	logged 'users:1 [^"]*is not an account'
	cp "$S/etc/passwd" "$S/passwd.before"
	echo 'alice@corp.example:x:2101:2101::/nonexistent:/bin/sh' \
		>>"$S/etc/passwd"
	LOGIN=alice@corp.example login_ok --cert full --key full
	login_denied other-user --cert full --key full
	# PAM names nobody
	LOGIN='' login_ok --cert full --key full
	logged 'outcome=granted.* user="alice@corp.example"'
	run in_place "$CERTAUTH" users test "$PKI/full-chain.pem" \
		--user alice@corp.example --service test
	echo "$output"
	[ "$status" -eq 0 ]
	# a system account of a domain, and no domain of the certificate's choice
	sed -i 's/^\(alice@corp.example:x\):2101/\1:101/' "$S/etc/passwd"
	LOGIN=alice@corp.example login_denied login-invalid --cert full --key full
	users '* upn:*@other.example keep-domain'
	LOGIN=alice@corp.example login_denied unmapped --cert full --key full
	cp "$S/passwd.before" "$S/etc/passwd"
}

@test "a name service that ignores case: the account's own name counts" {
	local n
	cp "$CERTAUTH_BUILD/tests/nss/blind.so" "$S/bin/libnss_blind.so.2"
	users 'alice cn:alice'
	cp "$S/etc/nsswitch.conf" "$S/nsswitch.before"
	for n in Alice ALICE 'CORP\alice'; do
		LOGIN=$n login_denied other-user --cert alice --key alice
	done
	sed -i 's/^passwd:.*/passwd: files blind/' "$S/etc/nsswitch.conf"
	export LD_LIBRARY_PATH=$S/bin
	for n in Alice ALICE 'CORP\alice'; do
		LOGIN=$n login_ok --cert alice --key alice
		# PAM_USER is what the application has asked for
		logged "outcome=granted.* user=\"${n/\\/\\\\\\\\}\""
		LOGIN=$n login_denied unmapped --cert bob --key bob
	done
	# an account of a domain is not the local one, although its pw_name is
	LOGIN='LAB\alice' login_denied other-user --cert alice --key alice
	# registered certificates are in the account's directory
	users 'bob cn:bob'
	mkdir -p "$S/etc/certauth/users.d/alice"
	cp "$PKI/alice.pem" "$S/etc/certauth/users.d/alice/"
	LOGIN=Alice login_ok --cert alice --key alice
	LOGIN='LAB\alice' login_denied unmapped --cert alice --key alice
	LOGIN=Bob login_denied unmapped --cert alice --key alice
	unset LD_LIBRARY_PATH
	rm -r "$S/etc/certauth/users.d/alice"
	mv "$S/nsswitch.before" "$S/etc/nsswitch.conf"
}

@test "a login with a blank: its line is ignored, the others are used" {
	users '"jane doe" cn:alice' 'alice cn:alice'
	login_ok --cert alice --key alice
	logged 'users:1: a login name with a blank is not supported'
	run in_place "$CERTAUTH" users compile
	[ "$status" -eq 0 ]
	login_ok --cert alice --key alice
	rm -f "$S/etc/certauth/users.cdb"
	run in_place "$CERTAUTH" users add "jane doe" --cert "$PKI/alice.pem"
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *'with a blank'* ]]
	run in_place "$CERTAUTH" doctor
	echo "$output"
	[[ $output == *'warning users-mistake: '*'users:1: a login name with a blank'* ]]
}

@test "a line that matches but for an option: the log names it" {
	users '# x' 'alice cn:alice until=2026-01-31'
	login_denied unmapped --cert alice --key alice
	logged 'detail="/etc/certauth/users:2 cn:alice: the date of until..? has passed \(2026-01-31T23:59:59Z\)"'
	users 'alice cn:alice from=192.0.2.0/24'
	login_denied unmapped --cert alice --key alice
	logged 'detail="/etc/certauth/users:1 cn:alice: the remote host is not one of from..?"'
	# the user is not told
	! grep -q 'until\|from=' "$S/seen" || false
}

@test "a line with two options that do not match: the date is not that of the other" {
	users 'alice cn:alice until=2026-01-31 service=other'
	login_denied unmapped
	logged 'users:1 cn:alice: the service is not one of service'
	not_logged '2026-01-31'
}

@test "a chain that fails is not mapped" {
	users 'alice cn:alice this is no rule'
	conf default 'debug = yes'
	login_denied unknown-ca --cert stranger-leaf --key stranger-leaf
	logged '  mapping +not-run'
	not_logged 'users:1'
	# who explains is told what is in the users file, and what the module says
	run in_place "$CERTAUTH" explain --service test --user alice \
		"$PKI/stranger-leaf.pem"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'PAM code: PAM_AUTH_ERR'* ]]
	[[ $output == *'users:1'* ]]
	login_denied users-file --cert alice --key alice
}

@test "patterns: what is no login name, root, a system account: nobody" {
	local n
	for n in bad1 bad2 bad4 bad5 bad6 bad7 bad8; do
		printf '* "subject:CN=x,UID=*,O=Example"\n' >"$S/etc/certauth/users"
		explain $n
		[ "$status" -ne 0 ]
		[[ $output != *'yes, matches'* ]]
	done
	users '* email:*@corp.example'
	explain bad3
	[ "$status" -eq 1 ]
	[[ $output == *'(login-invalid)'* ]]
}

@test "PAM_USER that is no login name: asked alike, and denied" {
	local u
	cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$S/bin/"
	users 'alice cn:alice' '* email:*@corp.example'
	for u in '../x' -rf "$(printf 'a%.0s' {1..300})" $'alice\nroot' $'alice\n' ' alice'; do
		log_mark
		run in_place "$S/bin/pamdrive" -u "$u" -C "$CERTAUTH sign --pieces \
			--any-host --yes --user '?' --cert $PKI/alice-chain.pem \
			--key $PKI/alice.key"
		[ "$status" -eq 1 ]
		[[ $output != *PAM_SUCCESS* ]]
		not_logged outcome=granted
		logged outcome=denied
		[ "$(log_lines | grep -c outcome=)" -eq 1 ]
	done
}

@test "users file: logins that are none do not parse" {
	local u
	for u in '../x' -rf "$(printf 'a%.0s' {1..300})" 'a/b' '~x'; do
		users "$u cn:alice"
		explain alice --user alice
		[ "$status" -eq 2 ]
		[[ $output == *'(users-file)'* ]]
	done
}
