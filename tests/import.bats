#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031 # run sets status and output for its test
# certauth import: what other modules' configurations come to.  What it prints
# is read by our own parsers in every test.
bats_require_minimum_version 1.5.0
load lib/common

setup_file() {
	D=$(mktemp -d "${TMPDIR:-/tmp}/certauth-import.XXXXXX")
	export D
	pki_shared "$D/pki"
}

teardown_file() {
	rm -rf "$D"
}

# import KIND FILE [ARGUMENT ...]: both parts, and each for itself; the status
# in $status, the parts in $D/conf and $D/users, what was said in $D/err
import() {
	local kind=$1
	shift
	status=0
	"$CERTAUTH_BUILD/certauth" import --conf "$kind" "$@" >"$D/conf" \
		2>"$D/err" || status=$?
	"$CERTAUTH_BUILD/certauth" import --users "$kind" "$@" >"$D/users" \
		2>/dev/null || :
	cat "$D/conf" "$D/users" "$D/err"
	if [ "$status" -lt 2 ]; then parses; fi
}

# our own parsers take it
parses() {
	local rc=0
	# 1: it has no line; 2: one that does not parse
	"$CERTAUTH_BUILD/certauth" users list --file "$D/users" >/dev/null ||
		rc=$?
	[ "$rc" -lt 2 ] || return 1
	rc=0
	"$CERTAUTH_BUILD/certauth" verify --config "$D/conf" \
		"$PKI/alice.pem" >"$D/verify" 2>&1 || rc=$?
	if grep -E "$D/conf:[0-9]+" "$D/verify"; then return 1; fi
}

has() { # FILE TEXT
	grep -qF -- "$2" "$D/$1" || { echo "not in $1: $2"; return 1; }
}

hasnt() {
	! grep -qF -- "$2" "$D/$1"
}

# live FILE: without comments
live() {
	grep -v '^#' "$D/$1" || :
}

# sample PACKAGE FILE: the path of a sample of a Debian package
sample() {
	local path=$CERTAUTH_BUILD/samples/$1/$2
	[ -e "$path" ] || {
		echo "# no sample of $1: tests/lib/samples.sh $CERTAUTH_BUILD gets it"
		return 1
	}
	echo "$path"
}

@test "pam_pkcs11: the sample that Debian ships" {
	local sample module
	sample=$(sample libpam-pkcs11 pam_pkcs11.conf.example) || skip "$sample"
	# the module of OpenSC has another folder in each release
	module=$(sed -n '/pkcs11_module opensc/,/}/s/^ *module *= *\(.*\);.*/\1/p' \
		"$sample")
	[[ $module == /*/opensc-pkcs11.so ]]
	import pam_pkcs11 "$sample"
	[ "$status" -eq 1 ]
	has conf 'proof = command, conversation'
	has conf 'ca_dir = /etc/pam_pkcs11/cacerts'
	has conf 'crl_dir = /etc/pam_pkcs11/crls'
	has conf "token_uri = pkcs11:?module-path=$module"
	has conf 'crl = prefer'
	has conf 'debug = yes'
	has err 'nullok = true'
	has err 'screen_savers = xfce4-screensaver, mate-screensaver'
	has err 'mapper = cn'
	has err 'mapper = pwent'
	has err 'mapper = uid'
	# not in use: said, and not counted
	hasnt err ldap
	has users 'mapper ldap is not in use'
	[ -z "$(live users)" ]
}

@test "pam_pkcs11: the mappings that Debian ships, with their lines in use" {
	local f sample
	for f in subject mail digest; do
		sample=$(sample libpam-pkcs11 ${f}_mapping.example) ||
			skip "$sample"
		sed 's/^#\(.* -> \)/\1/' "$sample" >"$D/$f"
	done
	cat >"$D/p.conf" <<-END
		pam_pkcs11 {
			use_mappers = subject, mail, digest;
			mapper subject { mapfile = file://$D/subject; }
			mapper mail { mapfile = file://$D/mail; ignorecase = true; }
			mapper digest { algorithm = sha1; mapfile = "file://$D/digest"; }
		}
	END
	import pam_pkcs11 "$D/p.conf"
	[ "$status" -eq 1 ]
	has users 'jantonio "email:jantonio@dit.upm.es" ignorecase'
	has users 'pjpg "email:pjpg@dit.upm.es" ignorecase'
	# a digest other than SHA-256, and a byte that is no UTF-8
	has err 'a digest other than SHA-256'
	has err 'subject:'
}

@test "pam_pkcs11: map files" {
	cat >"$D/subj" <<-'END'
		# comment
		/C=DE/O=Corp, Inc/CN=Alice -> alice
		/C=DE/O=Corp/CN=B\xC3\xB6b->bob
		no arrow
		/CN=x -> ../x
		^/CN=carol$ -> carol
		^/CN=.*$ -> dave
	END
	printf '%s\n' 'Ann Other -> ann' '* -> root' 'a"b -> ann' >"$D/cn"
	echo "$(pki_sha256 "$PKI/alice.pem" | sed 's/../&:/g; s/:$//') -> alice" \
		>"$D/dig"
	cat >"$D/p.conf" <<-END
		pam_pkcs11 {
			use_pkcs11_module = x;
			pkcs11_module x { cert_policy = ca, crl_offline, signature; }
			use_mappers = subject, cn, digest, generic;
			mapper subject { mapfile = file://$D/subj; }
			mapper cn { mapfile = "$D/cn"; ignorecase = true; }
			mapper digest { algorithm = "sha256"; mapfile = file://$D/dig; }
			mapper generic { cert_item = upn; mapfile = file:///nowhere; }
		}
	END
	import pam_pkcs11 "$D/p.conf"
	[ "$status" -eq 1 ]
	has conf 'crl = require'
	has users 'alice "subject:CN=Alice,O=Corp\, Inc,C=DE"'
	has users 'bob "subject:CN=B\C3\B6b,O=Corp,C=DE"'
	has users 'carol "subject:CN=carol"'
	has users 'ann "cn:Ann Other" ignorecase'
	# a star there was a star, and not a pattern
	has users 'root "cn:\*" ignorecase'
	has users 'ann "cn:a\"b" ignorecase'
	has users "alice \"sha256:$(pki_sha256 "$PKI/alice.pem")\""
	has err "$D/subj:4: line: not carried over: the line has no"
	has err "$D/subj:5: line"
	has err 'there are no regular expressions'
	has err 'mapfile = file:///nowhere: not carried over: the file does not exist'
	# and they map
	status=0
	"$CERTAUTH_BUILD/certauth" users test "$PKI/alice.pem" --user alice \
		--file "$D/users" | grep -q matches
}

@test "pam_pkcs11: what was the certificate's own text is no login" {
	local m
	for m in subject cn uid mail krb digest generic pwent; do
		printf 'pam_pkcs11 { use_mappers = %s; mapper %s { module = internal; } }\n' \
			$m $m >"$D/p.conf"
		import pam_pkcs11 "$D/p.conf"
		[ "$status" -eq 1 ]
		has err "mapper = $m"
		[ -z "$(live users)" ]
	done
	printf 'pam_pkcs11 { use_mappers = ms; mapper ms { domainname = "corp.example"; } }' \
		>"$D/p.conf"
	import pam_pkcs11 "$D/p.conf"
	has users '* "upn:*@corp.example"'
	printf 'pam_pkcs11 { use_mappers = ms; mapper ms { domainname = "corp.example"; ignoredomain = true; domainnickname = "C"; } }' \
		>"$D/p.conf"
	import pam_pkcs11 "$D/p.conf"
	[ -z "$(live users)" ]
	has err domainnickname
	printf 'pam_pkcs11 { use_mappers = null; mapper null { default_match = true; default_user = nobody; } }' \
		>"$D/p.conf"
	import pam_pkcs11 "$D/p.conf"
	has err 'default_match = true'
	has err 'default_user = nobody'
	[ -z "$(live users)" ]
}

@test "pam_pkcs11: every name is known" {
	local n
	cat >"$D/p.conf" <<-END
		pam_pkcs11 {
			nullok = true; debug = true; quiet = true;
			use_first_pass = true; try_first_pass = true;
			use_authtok = true; use_authok = true;
			card_only = true; wait_for_card = true;
			screen_savers = a, b; err_display_time = 3;
			use_pkcs11_module = m; mapper_search_path = /x;
			use_mappers = subject, cn, uid, krb, pwent, mail, ms,
				digest, generic, openssh, opensc, null, ldap;
			pkcs11_module m {
				module = /usr/lib/m.so; description = "d";
				slot_description = "a b"; slot_num = 2;
				support_threads = true; ca_dir = /ca;
				crl_dir = /crl; nss_dir = /nss; crl_policy = none;
				cert_policy = none, ca, crl_online, crl_offline,
					crl_auto, ocsp_on, signature, no_signature;
				token_type = "t";
			}
			mapper openssh { debug = false; module = internal; keyfile = /k; }
			mapper opensc { debug = false; module = /x/y.so; }
			mapper ldap {
				ldaphost = h; ldapport = 1; uri = u; scope = 1;
				binddn = b; passwd = hidden; base = x;
				attribute = a; uid_attribute = ua;
				attribute_map = am; filter = f; ignorecase = true;
				searchtimeout = 3; ssl = on; tls_randfile = r;
				tls_cacertfile = c; tls_cacertdir = d;
				tls_checkpeer = 1; tls_ciphers = e; tls_cert = g;
				tls_key = k;
			}
		}
	END
	import pam_pkcs11 "$D/p.conf" debug nodebug quiet nullok \
		try_first_pass use_first_pass card_only wait_for_card \
		dont_wait_for_card config_file=/x pkcs11_module=m \
		slot_description=s slot_num=1 ca_dir=/ca crl_dir=/crl \
		nss_dir=/n cert_policy=ca token_type=t
	[ "$status" -eq 1 ]
	hasnt err 'has no such'
	for n in nullok quiet use_first_pass try_first_pass use_authtok \
		use_authok screen_savers err_display_time mapper_search_path \
		description slot_num support_threads nss_dir crl_policy \
		token_type keyfile scope attribute attribute_map filter \
		ignorecase tls_randfile tls_cacertdir tls_ciphers tls_cert \
		tls_key; do
		grep -qE "^([^:]*:[0-9]+: )?$n( =|:)" "$D/err" ||
			{ echo "not named: $n"; return 1; }
	done
	has conf 'cert_policy ocsp_on'
	for n in none no_signature; do
		has err "cert_policy = $n"
	done
	# the password of the directory is shown nowhere
	run ! grep -r hidden "$D/conf" "$D/users" "$D/err"
	has conf 'token_uri = pkcs11:slot-description=a%20b?module-path=/usr/lib/m.so'
	has conf 'wait_for_token = 60s'
	has conf 'crl = require'
	# and one that is not
	printf 'pam_pkcs11 { surprise = 1; }' >"$D/p.conf"
	import pam_pkcs11 "$D/p.conf"
	has err 'surprise = 1: not carried over: pam_pkcs11 has no such setting'
}

@test "pam_pkcs11: all of it has a counterpart" {
	echo 'Ann -> ann' >"$D/cn"
	cat >"$D/p.conf" <<-END
		pam_pkcs11 {
			nullok = false;
			use_pkcs11_module = x;
			pkcs11_module x {
				module = /usr/lib/x.so
				ca_dir = /etc/certauth/ca;
				cert_policy = ca,crl_offline;
			}
			use_mappers = cn, null;
			mapper cn { mapfile = file://$D/cn; }
			mapper null { default_match = false; }
		}
	END
	import pam_pkcs11 "$D/p.conf"
	[ "$status" -eq 0 ]
	[ ! -s "$D/err" ]
	[ "$(live users)" = 'ann "cn:Ann"' ]
}

@test "pam_pkcs11: files that do not parse are a mistake, with the line" {
	local t
	for t in 'x' 'pam_pkcs11 {' 'pam_pkcs11 { a = "b' 'pam_pkcs11 { } }' \
		'pam_pkcs11 { a = b c }' 'other { }' 'pam_pkcs11 { a b c { } }' \
		'pam_pkcs11 { = }' ''; do
		printf '%s' "$t" >"$D/p.conf"
		import pam_pkcs11 "$D/p.conf"
		echo "# $t"
		[ "$status" -eq 2 ]
		has err 'p.conf:1: '
	done
	import pam_pkcs11 "$D/absent"
	[ "$status" -eq 2 ]
	import nonsense "$D/p.conf"
	[ "$status" -eq 2 ]
	import pam_pkcs11
	[ "$status" -eq 2 ]
}

@test "sssd: the sample that Debian ships" {
	local sample
	sample=$(sample sssd-common sssd-example.conf) || skip "$sample"
	import sssd "$sample"
	[ "$status" -eq 0 ]
	has conf 'ca_dir = /etc/certauth/ca'
	has conf 'revocation = any'
	has conf 'crl = require'
	[ -z "$(live users)" ]
}

@test "sssd: OCSP is asked for unless it says no_ocsp, and required unless soft_ocsp" {
	local words revocation crl
	while read -r words revocation crl; do
		printf '[sssd]\ncertificate_verification = %s\n' "$words" >"$D/s.conf"
		import sssd "$D/s.conf"
		echo "# $words"
		[ "$status" -eq 0 ]
		has conf "crl = $crl"
		if [ "$revocation" = any ]; then
			grep -qx 'revocation = any' "$D/conf"
		else
			run ! grep -qx 'revocation = any' "$D/conf"
		fi
	done <<-'END'
		partial_chain any require
		ocsp_dgst=sha256 any require
		soft_ocsp any prefer
		no_ocsp crl prefer
		crl_file=/x crl require
		crl_file=/x,no_ocsp crl require
		crl_file=/x,soft_crl crl prefer
	END
}

@test "sssd: verification, [pam] and pam_sss, every name" {
	local n
	cat >"$D/s.conf" <<-'END'
		[sssd]
		certificate_verification = no_ocsp, soft_ocsp,
		  ocsp_dgst=sha256, no_verification, partial_chain,
		  ocsp_default_responder=http://x/,
		  ocsp_default_responder_signing_cert=/y,
		  crl_file=/etc/a.pem, crl_file=/etc/b.pem
		[pam]
		pam_cert_auth = True
		pam_cert_verification = soft_crl
		pam_cert_db_path = /etc/ca.pem
		p11_child_timeout = 10
		p11_wait_for_card_timeout = 60
		pam_p11_allowed_services = +a, -b
		p11_uri = pkcs11:token=x
		[domain/d]
		local_auth_policy = only
	END
	import sssd "$D/s.conf" allow_missing_name try_cert_auth \
		require_cert_auth prompt_always
	[ "$status" -eq 1 ]
	for n in no_verification ocsp_default_responder \
		ocsp_default_responder_signing_cert pam_p11_allowed_services \
		local_auth_policy try_cert_auth require_cert_auth \
		prompt_always; do
		grep -qE "^([^:]*:[0-9]+: )?$n( =|:)" "$D/err" ||
			{ echo "not named: $n"; return 1; }
	done
	hasnt err 'no such'
	has conf 'crl = prefer'
	has conf 'helper_timeout = 10s'
	has conf 'wait_for_token = 60s'
	has conf 'token_uri = pkcs11:token=x'
	has conf '/etc/a.pem'
	has conf '/etc/b.pem'
	has conf '/etc/ca.pem'
	printf '[sssd]\ncertificate_verification = crl_file=/x\n' >"$D/s.conf"
	import sssd "$D/s.conf"
	[ "$status" -eq 0 ]
	has conf 'crl = require'
}

# rule MATCHRULE MAPRULE [DOMAIN]: an empty one is left out
rule() {
	{
		echo "[certmap/${3:-corp}/r1]"
		[ -z "$1" ] || echo "matchrule = $1"
		[ -z "$2" ] || echo "maprule = $2"
	} >"$D/s.conf"
	import sssd "$D/s.conf"
}

@test "sssd: rules that come over as they are" {
	if ! with_certmap; then
		# said, and not written as a line that denies everybody
		rule '<SUBJECT>^CN=ann,O=x\.y$' '' implicit_files
		[ "$status" -eq 1 ]
		has err 'match: needs libsss_certmap, and certauth was built without it'
		[ -z "$(live users)" ]
		return
	fi
	rule '<SUBJECT>^CN=ann,O=x\.y$' '' implicit_files
	[ "$status" -eq 0 ]
	[ "$(live users)" = 'r1 "match:<SUBJECT>^CN=ann,O=x\.y$"' ]
	rule 'KRB5:&&<KU>digitalSignature<SAN:dNSName>x' 'LDAP:(uid=ann)'
	[ "$status" -eq 0 ]
	[ "$(live users)" = 'ann "match:&&<KU>digitalSignature<SAN:dNSName>x"' ]
	rule '' '(ann)' implicit_files
	[ "$(live users)" = 'ann "match:<KU>digitalSignature<EKU>clientAuth"' ]
}

@test "sssd: rules that come over as patterns" {
	rule '<ISSUER>^CN=CA,O=Corp$<EKU>clientAuth<SAN:Principal>^.*@corp\.example$' \
		'LDAPU1:(sAMAccountName={subject_principal.short_name})'
	[ "$status" -eq 0 ]
	[ "$(live users)" = '* "upn:*@corp.example" issuer="CN=CA,O=Corp"' ]
	rule '<SAN:rfc822Name>.*@corp\.example$' \
		'({subject_rfc822_name.short_name})'
	# .* begins at the beginning, anchored or not
	[ "$(live users)" = '* "email:*@corp.example"' ]
}

# left_to_sssd: no line, and SSSD is asked
left_to_sssd() {
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$(live users)" ]
	has conf 'SSSD goes on to apply this rule'
	grep -qx 'directory = sss' "$D/conf"
}

@test "sssd: rules that do not, and why; SSSD goes on to apply those of a domain" {
	local t
	# fewer conditions than it had: none of these
	rule '<SUBJECT>OU=Admins<SAN:Principal>^.*@corp\.example$' \
		'(uid={subject_principal.short_name})' implicit_files
	[ "$status" -eq 1 ]
	[ -z "$(live users)" ]
	has err 'has others'
	rule '||<SAN:Principal>^.*@a$<SAN:Principal>^.*@b$' \
		'(uid={subject_principal.short_name})' implicit_files
	[ -z "$(live users)" ]
	has err 'cannot say'
	rule '' '(uid={subject_principal.short_name})' implicit_files
	[ -z "$(live users)" ]
	has err 'does not fix the domain'
	rule '<SUBJECT>OU=Admins<SAN:Principal>^.*@corp\.example$' \
		'(uid={subject_principal.short_name})'
	left_to_sssd
	rule '' '(uid={subject_principal.short_name})'
	left_to_sssd
	rule '<SAN:Principal>corp' '(uid={subject_principal.short_name})'
	left_to_sssd
	rule '<SUBJECT>x' ''
	left_to_sssd
	# what SSSD skips is not left to it
	rule '<NONSENSE>x' '(ann)'
	[ "$status" -eq 1 ]
	[ -z "$(live users)" ]
	has err 'SSSD does not accept this matchrule'
	hasnt conf 'directory = sss'
	rule '<NONSENSE>x' ''
	has err 'SSSD does not accept this matchrule'
	rule '<SUBJECT>x' '(uid=../x)'
	[ -z "$(live users)" ]
	rule '' '(attr={nonsense})'
	[ "$status" -eq 1 ]
	has err 'SSSD has no such template'
	hasnt conf 'directory = sss'
	# every template, by name
	for t in issuer_dn!nss_x500 issuer_dn subject_dn!ad_x500 cert!bin \
		cert!base64 subject_principal subject_pkinit_principal \
		subject_nt_principal subject_rfc822_name subject_dns_name \
		subject_uri subject_ip_address subject_x400_address \
		subject_directory_name subject_ediparty_name \
		subject_registered_id 'serial_number!hex_ucr' \
		'subject_key_id!hex_ucr' 'cert!sha512_ucr' \
		'subject_dn_component.cn' 'issuer_dn_component.o' sid.rid; do
		echo "# $t"
		rule '' "LDAP:(attr={$t})"
		left_to_sssd
		rule '' "LDAP:(attr={$t})" implicit_files
		[ "$status" -eq 1 ]
		[ -z "$(live users)" ]
		has err 'a search in a directory'
	done
	printf '%s\n' '[certmap/implicit_files/r]' 'priority = 1' 'domains = a, b' \
		'other = 1' >"$D/s.conf"
	import sssd "$D/s.conf"
	has err 'priority = 1'
	has err 'domains = a, b'
	has err 'other = 1'
}

@test "sssd: a domain with a server is asked, also without a rule" {
	local t
	for t in ldap ipa AD; do
		printf '%s\n' '[domain/corp]' "id_provider = $t" >"$D/s.conf"
		import sssd "$D/s.conf"
		[ "$status" -eq 0 ]
		grep -qx 'directory = sss' "$D/conf"
	done
	for t in files proxy; do
		printf '%s\n' '[domain/corp]' "id_provider = $t" >"$D/s.conf"
		import sssd "$D/s.conf"
		hasnt conf 'directory = sss'
	done
}

@test "pam_pkcs11: the mapper ldap becomes the directory that users update asks" {
	# mapper LINE ...: the settings of the block
	mapper() {
		{
			echo 'pam_pkcs11 { use_pkcs11_module = m; use_mappers = ldap;'
			echo 'pkcs11_module m { module = /usr/lib/m.so; cert_policy = ca, crl_offline; }'
			echo 'mapper ldap {'
			printf '%s;\n' "$@"
			echo '} }'
		} >"$D/p.conf"
		import pam_pkcs11 "$D/p.conf"
		cat "$D/err"
	}
	mapper 'URI = "ldap://a.example ldap://b.example:3890"' 'ssl = tls' \
		'scope = 2' 'binddn = "cn=pam,o=example"' 'passwd = "hidden"' \
		'base = "ou=People,o=example"' 'attribute = "userCertificate;binary"' \
		'uid_attribute = sAMAccountName' \
		'filter = "(&(objectClass=posixAccount)(uid=%s))"' \
		'tls_cacertfile = /etc/ssl/ca.pem' 'tls_checkpeer = 1'
	[ "$status" -eq 0 ]
	diff - <(live conf | grep '^directory') <<-'END'
		directory = ldap
		directory_uri = ldap://a.example, ldap://b.example:3890
		directory_bind_dn = cn=pam,o=example
		directory_password_file = /etc/certauth/directory.password
		directory_base = ou=People,o=example
		directory_filter = (&(objectClass=posixAccount)(uid=*))
		directory_login = sAMAccountName
		directory_ca = /etc/ssl/ca.pem
	END
	has conf 'certauth users update'
	run ! grep -r hidden "$D/conf" "$D/users" "$D/err"
	# TLS from the beginning, a client certificate, one host
	mapper 'ldaphost = c.example' 'ldapport = 6360' 'ssl = on' 'scope = 2' \
		'tls_cert = /etc/host.pem' 'tls_key = /etc/host.key' 'base = "o=x"' \
		'tls_cacertfile = /etc/ssl/ca.pem'
	[ "$status" -eq 0 ]
	grep -qx 'directory_uri = ldaps://c.example:6360' "$D/conf"
	grep -qx 'directory_cert = /etc/host.pem' "$D/conf"
	grep -qx 'directory_key = /etc/host.key' "$D/conf"
	mapper 'URI = "ldap://d.example"' 'ssl = ssl' 'scope = 2'
	grep -qx 'directory_uri = ldaps://d.example' "$D/conf"
	# without a CA nothing would be asked: no CA is made up, and it is said
	mapper 'URI = "ldap://d.example"' 'ssl = off' 'scope = 2' 'base = "o=x"'
	[ "$status" -eq 1 ]
	has err 'mapper = ldap: not carried over: it names no CA of the servers: set directory_ca'
	has conf 'ssl = off: here ldap:// to another machine begins with StartTLS'
	run ! grep -q 'directory_ca =' "$D/conf"
	mapper 'ldaphost = localhost' 'scope = 2' 'base = "o=x"'
	[ "$status" -eq 1 ]
	has err 'it names no CA of the servers'
	mapper 'ldaphost = 127.0.0.1' 'ssl = off' 'scope = 2' 'base = "o=x"'
	[ "$status" -eq 0 ]
	has conf 'ssl = off: a server on this machine is asked without TLS'
	mapper 'URI = "ldap://d.example"' 'ssl = off' 'scope = 2' 'base = "o=x"' \
		'tls_cacertfile = /etc/ssl/ca.pem'
	[ "$status" -eq 0 ]
	grep -qx 'directory_ca = /etc/ssl/ca.pem' "$D/conf"
	# nor with keys that disagree
	mapper 'ldaphost = 127.0.0.1' 'scope = 2'
	[ "$status" -eq 1 ]
	has err 'directory_base does not name the entry'
	mapper 'ldaphost = h' 'scope = 2' 'base = "o=x"' 'tls_cert = /c' 'tls_cacertfile = /ca'
	[ "$status" -eq 1 ]
	has err 'directory_cert and directory_key need each other; set both, or neither'
	# what has no counterpart is said, and changes nothing else
	mapper 'URI = "ldap://a"' 'scope = 1' 'filter = "(uid=x%su%s)"' \
		'attribute = cert' 'attribute_map = "upn=x"' 'ignorecase = true' \
		'tls_cacertdir = /x' 'tls_ciphers = y'
	[ "$status" -eq 1 ]
	for n in scope filter attribute attribute_map ignorecase tls_cacertdir \
		tls_ciphers; do
		grep -qE "^[^:]*:[0-9]+: $n = " "$D/err" || { echo "not named: $n"; return 1; }
	done
	run ! grep -q '^directory_filter' "$D/conf"
	mapper 'URI = "ldap://127.0.0.1"' 'scope = 2' 'base = "o=x"' 'filter = "(|(uid=%s)(cn=%s))"'
	[ "$status" -eq 1 ]
	run ! grep -q '^directory_filter' "$D/conf"
	mapper 'scope = 2'
	[ "$status" -eq 1 ]
	has err 'directory_uri'
}

@test "sssd: files that do not parse" {
	local t
	for t in '[sssd' 'key = 1' '  goes on' $'[a]\nno equals sign'; do
		printf '%s\n' "$t" >"$D/s.conf"
		import sssd "$D/s.conf"
		[ "$status" -eq 2 ]
		grep -qE 's.conf:[12]: ' "$D/err"
	done
}

@test "pam_p11: a user's authorized_certificates" {
	cat "$PKI/alice.pem" "$PKI/bob.pem" >"$D/authorized_certificates"
	import pam_p11 "$D/authorized_certificates" alice
	[ "$status" -eq 0 ]
	has users "alice \"sha256:$(pki_sha256 "$PKI/alice.pem")\""
	has users "alice \"sha256:$(pki_sha256 "$PKI/bob.pem")\""
	import pam_p11 "$D/authorized_certificates"
	[ "$status" -eq 2 ]
	: >"$D/empty"
	import pam_p11 "$D/empty" alice
	[ "$status" -eq 2 ]
}
