#!/usr/bin/env bats
# The rules of revocation (RFC 5280 section 6.3, and crl*, of
# certauth.conf(5)), by `certauth verify`.  Every case is judged four times:
# streaming, through an index, by OpenSSL's own X509_CRL, and streaming from
# PEM or DER, whichever the case did not use; all must say the same.
load lib/common

# a plain ! would not fail a test
not() { ! "$@"; }

setup_file() {
	umask 022
	S=$(mktemp -d "${TMPDIR:-/tmp}/certauth-crl.XXXXXX")
	chmod 755 "$S"
	export S CERTAUTH=$CERTAUTH_BUILD/certauth
	pki_new "$S/pki"
	pki_ca root
	pki_ca inter --issuer root
	pki_leaf alice inter
	pki_leaf mallory inter
	pki_leaf direct root
	# a CA that may not sign CRLs
	pki_ca mute
	pki_leaf under-mute mute
	_pki_issue nosign root 'basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
authorityKeyIdentifier = keyid' --subject '/O=Example/CN=Test nosign' \
		--from -2d --to +300d
	_pki_register nosign
	pki_leaf under-nosign nosign
	# split by distribution point and by reason; indirect; delta
	pki_ca split --issuer root
	pki_leaf in-a split --ext 'crlDistributionPoints = URI:http://x.example/a'
	pki_leaf in-b split --ext 'crlDistributionPoints = URI:http://x.example/b'
	pki_leaf plain split
	_pki_issue keeper root 'basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
authorityKeyIdentifier = keyid' --subject '/O=Example/CN=Test keeper' \
		--from -2d --to +300d
	_pki_register keeper
	cat >"$S/dp" <<-'END'
		crlDistributionPoints = dp1
		[dp1]
		fullname = URI:http://x.example/k
		CRLissuer = dirName:keeper
		[keeper]
		O = Example
		CN = Test keeper
	END
	pki_leaf by-keeper split --ext "$(cat "$S/dp")"
	pki_leaf fresh inter --ext 'freshestCRL = URI:http://x.example/d'
	# a CA with a second key under its name
	pki_key second p256
	pki_leaf cross root --key-of second --subject '/O=Example/CN=Test inter' \
		--eku none --ext 'basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign' 2>/dev/null ||
		_pki_issue cross root 'basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
authorityKeyIdentifier = keyid' --key-of second \
			--subject '/O=Example/CN=Test inter' --from -2d --to +300d
	mkdir "$S/ca"
	cp "$PKI/root.pem" "$PKI/mute.pem" "$S/ca/"
	openssl rehash "$S/ca"
	cat "$PKI"/{inter,nosign,split,keeper,cross}.pem >"$S/inter.pem"
	mkdir "$S/made"
	crl root root
}
teardown_file() { [ -n "$S" ] && rm -rf "$S"; }

setup() {
	PKI=$S/pki
	rm -rf "$S/crl"
	mkdir "$S/crl"
	OPTS=(--intermediates "$S/inter.pem")
	use root
}

# crl NAME CA [--from D] [--to D] [--key K] [--cert C] [--no-akid]
#	[EXTENSION ...]
# into $S/made/NAME.crl
crl() {
	local name=$1 ca=$2 from=-1h to=+30d key=$2 cert=$2 akid=yes e
	shift 2
	while [ $# -gt 0 ]; do
		case $1 in
		--from) from=$2; shift 2 ;;
		--to) to=$2; shift 2 ;;
		--key) key=$2; shift 2 ;;
		--cert) cert=$2; shift 2 ;;
		--no-akid) akid=; shift ;;
		*) break ;;
		esac
	done
	{
		cat "$PKI/openssl.cnf"
		printf '\n[these]\n'
		[ -n "$akid" ] && printf 'authorityKeyIdentifier = keyid\n'
		# a section must not be empty
		printf '1.2.3.4.5 = DER:05:00\n'
		for e; do printf '%s\n' "$e"; done
	} >"$S/crl.cnf"
	PKI_CA=$ca _pki_run openssl ca -gencrl -config "$S/crl.cnf" \
		-crlexts these -cert "$PKI/$cert.pem" -keyfile "$PKI/$key.key" \
		-crl_lastupdate "$(_pki_date "$from")" \
		-crl_nextupdate "$(_pki_date "$to")" -out "$S/made/$name.crl"
}

# break_signature NAME: the last bytes of the signature become others
break_signature() {
	local der=$S/broken.der n
	openssl crl -in "$S/made/$1.crl" -outform DER -out "$der"
	n=$(($(stat -c %s "$der") - 4))
	head -c $n "$der" >"$der.new"
	tail -c 4 "$der" | tr '\000-\377' '\001-\377\000' >>"$der.new"
	openssl crl -inform DER -in "$der.new" -out "$S/made/$1.crl"
}

# revoke CA NAME REASON, into a register that begins empty
register() { : >"$PKI/$1.db/index"; }
revoke() { pki_revoke "$@"; }

use() {
	local f
	for f; do cp "$S/made/$f.crl" "$S/crl/$f.crl"; done
}

verdict() { # DIR ENGINE CERT: exit status and reason
	local out rc=0
	out=$("$CERTAUTH" verify --purpose any --ca-dir "$S/ca" \
		--crl-dir "$1" --crl-engine "$2" "${OPTS[@]}" --debug \
		"$PKI/$3.pem" 2>"$S/err") || rc=$?
	printf '%s %s\n' "$rc" \
		"$(sed -n 's/^  revocation *\(fail, \|waived, \|\)\([a-z-]*\).*/\2/p' <<<"$out")"
}

# judge CERT: the same by each engine; sets VERDICT ("0 pass", "1 revoked")
judge() {
	local one dir=$S/other f
	VERDICT=$(verdict "$S/crl" stream "$1")
	# the other form of each file
	rm -rf "$dir"
	mkdir "$dir"
	for f in "$S"/crl/*.crl; do
		openssl crl -in "$f" -outform DER -out "$dir/$(basename "$f")" || return
	done
	one=$(verdict "$dir" stream "$1")
	[ "$one" = "$VERDICT" ] || { echo "stream: $VERDICT, DER: $one"; return 1; }
	cp "$S"/inter.pem "$S/icas/" 2>/dev/null ||
		{ mkdir -p "$S/icas" && cp "$S/inter.pem" "$S/icas/"; }
	"$CERTAUTH" crl compile --quiet --ca-dir "$S/ca" \
		--intermediates-dir "$S/icas" --crl-dir "$dir" 2>/dev/null || :
	one=$(verdict "$dir" auto "$1")
	[ "$one" = "$VERDICT" ] || { echo "stream: $VERDICT, index: $one"; return 1; }
	INDEXED=$(grep -c '(index)' "$S/err") || :
}

is() { # CERT 'STATUS REASON'
	judge "$1" || return
	[ "$VERDICT" = "$2" ] || { echo "$1: $VERDICT, not $2"; cat "$S/err"; return 1; }
}

@test "current CRLs for the whole path: passed, and the index is what answers" {
	register inter
	crl inter inter
	use inter
	is alice '0 pass'
	[ "$INDEXED" -ge 2 ]
}

@test "no CRL for an issuer: crl-missing, whichever it is" {
	is alice '1 crl-missing'
	rm "$S/crl/root.crl"
	crl inter inter
	use inter
	is alice '1 crl-missing'
}

@test "crl = prefer waives a missing CRL, and believes one that revokes" {
	OPTS+=(--crl prefer)
	is alice '0 crl-absent'
	register inter
	revoke inter alice
	crl inter inter
	use inter
	is alice '1 revoked'
	rm "$S/crl/root.crl"
	is alice '1 revoked'
}

@test "crl = prefer does not waive a CRL that is there and cannot be used" {
	OPTS+=(--crl prefer)
	register inter
	crl inter inter
	break_signature inter
	use inter
	is alice '1 crl-signature'
	crl inter inter --from -3d --to -1d
	use inter
	is alice '1 crl-expired'
	printf 'no CRL' >"$S/crl/inter.crl"
	[ "$(verdict "$S/crl" stream alice)" = '1 crl-malformed' ]
}

@test "revoked leaf, revoked intermediate; crl_check = leaf" {
	register inter
	revoke inter mallory keyCompromise
	crl inter inter
	use inter
	is mallory '1 revoked'
	is alice '0 pass'
	register root
	revoke root inter
	crl root root
	use root
	register root
	crl root root
	is alice '1 revoked'
	printf '[default]\ncrl_check = leaf\n' >"$S/conf"
	OPTS+=(--config "$S/conf")
	is alice '0 pass'
}

@test "expired; within crl_grace it is stale; what it revokes counts for ever" {
	register inter
	revoke inter mallory
	crl inter inter --from -9d --to -1d
	use inter
	is alice '1 crl-expired'
	is mallory '1 revoked'
	printf '[default]\ncrl_grace = 2d\n' >"$S/conf"
	OPTS+=(--config "$S/conf")
	is alice '0 crl-stale'
	is mallory '1 revoked'
	printf '[default]\ncrl_grace = 1h\n' >"$S/conf"
	is alice '1 crl-expired'
}

@test "thisUpdate in the future: no CRL" {
	register inter
	crl inter inter --from +1d --to +9d
	use inter
	is alice '1 crl-future'
}

@test "signed by another key: no CRL, and none in the light of a good one" {
	register inter
	revoke inter alice
	crl inter inter
	cp "$S/made/inter.crl" "$S/made/revoking.crl"
	register inter
	crl inter inter
	break_signature revoking
	use revoking
	is alice '1 crl-signature'
	use inter
	is alice '0 pass'
}

@test "unknown critical extension of the CRL: no CRL" {
	register inter
	crl inter inter '1.2.3.4 = critical, DER:05:00'
	use inter
	is alice '1 crl-extension'
	crl inter inter '1.2.3.4 = DER:05:00'
	use inter
	is alice '0 pass'
}

@test "a CA without cRLSign: no CRL" {
	crl nosign nosign
	use nosign
	is under-nosign '1 crl-issuer'
}

@test "delta CRL: revokes, and takes back" {
	register inter
	crl inter inter 'crlNumber = DER:02:01:05' \
		'freshestCRL = URI:http://x.example/d' 2>/dev/null ||
		crl inter inter '2.5.29.20 = DER:02:01:05'
	use inter
	is fresh '0 pass'
	revoke inter fresh
	crl delta inter '2.5.29.20 = DER:02:01:06' \
		'2.5.29.27 = critical, DER:02:01:05'
	use delta
	is fresh '1 revoked'
	is alice '0 pass'
}

@test "indirect CRL, found by the cRLIssuer of the distribution point" {
	register keeper
	is by-keeper '1 crl-missing'
	printf '%s\n' 'issuingDistributionPoint = critical, @idp' '[idp]' \
		'fullname = URI:http://x.example/k' 'indirectCRL = TRUE' >"$S/idp"
	crl keeper keeper "$(cat "$S/idp")"
	crl split split
	use keeper
	is by-keeper '0 pass'
}

@test "indirect CRL: an entry revokes for the issuer that it or one before it names" {
	register keeper
	printf '%s\n' 'issuingDistributionPoint = critical, @idp' '[idp]' \
		'fullname = URI:http://x.example/k' 'indirectCRL = TRUE' >"$S/idp"
	crl keeper keeper "$(cat "$S/idp")"
	openssl crl -in "$S/made/keeper.crl" -outform DER -out "$S/keeper.der"
	for c in by-keeper alice; do
		openssl x509 -in "$PKI/$c.pem" -outform DER -out "$S/$c.der"
	done
	entries() {
		python3 "$BATS_TEST_DIRNAME/lib/indirect.py" "$S/keeper.der" \
			"$PKI/keeper.key" "$S/by-keeper.der" "$S/ind.der" "$@"
		openssl crl -inform DER -in "$S/ind.der" -out "$S/made/ind.crl"
		use ind
	}
	entries "cert@$S/by-keeper.der"
	is by-keeper '1 revoked'
	[ "$INDEXED" -ge 1 ]
	# the entry before names the issuer, which holds until another is named
	entries "11@$S/by-keeper.der" cert
	is by-keeper '1 revoked'
	# the same number of the CRL's own issuer, and of another CA
	entries cert
	is by-keeper '0 pass'
	entries "cert@$S/alice.der"
	is by-keeper '0 pass'
	entries "11@$S/by-keeper.der" "cert@$S/alice.der"
	is by-keeper '0 pass'
	[ "$INDEXED" -ge 1 ]
}

@test "split by distribution point" {
	register split
	revoke split in-b
	for p in a b; do
		printf '%s\n' 'issuingDistributionPoint = critical, @idp' '[idp]' \
			"fullname = URI:http://x.example/$p" >"$S/idp"
		crl split-$p split "$(cat "$S/idp")"
	done
	use split-a
	is in-a '0 pass'
	is in-b '1 crl-scope'
	is plain '1 crl-scope'
	use split-b
	is in-a '0 pass'
	is in-b '1 revoked'
}

@test "split by reason: all reasons must be covered" {
	register split
	printf '%s\n' 'issuingDistributionPoint = critical, @idp' '[idp]' \
		'onlysomereasons = keyCompromise, CACompromise' >"$S/idp"
	crl some split "$(cat "$S/idp")"
	printf '%s\n' 'issuingDistributionPoint = critical, @idp' '[idp]' \
		'onlysomereasons = affiliationChanged, superseded, cessationOfOperation, certificateHold, privilegeWithdrawn, AACompromise' >"$S/idp"
	crl rest split "$(cat "$S/idp")"
	use some
	is plain '1 crl-missing'
	use rest
	is plain '0 pass'
	revoke split plain superseded
	crl rest split "$(cat "$S/idp")"
	use rest
	is plain '1 revoked'
}

@test "key rollover: two CRLs of one name and two keys, and either may revoke" {
	register inter
	crl inter inter
	revoke inter alice
	crl other inter --key second --cert cross
	register inter
	use inter other
	# issuer name and serial number are one certificate (RFC 5280 section
	# 4.1.2.2), whichever key of the CA signs the list: neither list is
	# outvoted by the other
	is alice '1 revoked'
	rm "$S/crl/inter.crl"
	is alice '1 revoked'
	# and each may speak for both
	register inter
	crl other inter --key second --cert cross
	use other
	is alice '0 pass'
}

@test "key rollover without authorityKeyIdentifier: the same" {
	# RFC 5280 section 5.2.1 demands the extension; without it the
	# signatures tell whose the CRLs are
	register inter
	crl inter inter --no-akid
	crl other inter --key second --cert cross --no-akid
	revoke inter alice
	crl inter-r inter --no-akid
	crl other-r inter --key second --cert cross --no-akid
	register inter
	not grep -q 'Authority Key' <<<"$(openssl crl -in "$S/made/other.crl" -noout -text)"
	use inter other
	is alice '0 pass'
	use other-r
	is alice '1 revoked'
	rm "$S"/crl/*.crl
	use root inter-r other
	is alice '1 revoked'
	# alone, each key's CRL serves
	rm "$S/crl/inter-r.crl"
	is alice '0 pass'
	rm "$S/crl/other.crl"
	use other-r
	is alice '1 revoked'
	# whose certificate the second key has issued, it serves
	if [ ! -e "$PKI/carol.pem" ]; then
		_pki_issue carol cross 'extendedKeyUsage = clientAuth
authorityKeyIdentifier = keyid' --subject '/O=Example/CN=carol' \
			--from -1d --to +90d
	fi
	rm "$S/crl/other-r.crl"
	use other
	is carol '0 pass'
	use inter
	is carol '0 pass'
	rm "$S/crl/other.crl"
	is carol '0 pass'
}

@test "a CRL replaced under another name: one link to each file, and no gap" {
	local i n
	register inter
	for i in 1 2 3; do
		crl "inter$i" inter
		rm -f "$S"/crl/inter*.crl
		use "inter$i"
		[ "$i" -ne 2 ] || echo 'no CRL' >"$S/crl/README"
		compile || :
		for n in "$S"/crl/*.r*; do readlink "$n"; done | sort |
			uniq -d >"$S/twice"
		not grep . "$S/twice"
		# each hash begins at 0
		for n in "$S"/crl/*.r*; do [ -e "${n%.r*}.r0" ]; done
	done
	rm "$S/crl/README"
	is alice '0 pass'
}

@test "several CRLs in one PEM file" {
	register inter
	revoke inter mallory
	crl inter inter
	register inter
	cat "$S/made/root.crl" "$S/made/inter.crl" >"$S/crl/root.crl"
	for e in stream auto; do
		[ "$(verdict "$S/crl" $e alice)" = '0 pass' ]
		[ "$(verdict "$S/crl" $e mallory)" = '1 revoked' ]
	done
	mkdir -p "$S/icas"
	cp "$S/inter.pem" "$S/icas/"
	"$CERTAUTH" crl compile --ca-dir "$S/ca" --intermediates-dir "$S/icas" \
		--crl-dir "$S/crl"
	[ "$(verdict "$S/crl" auto mallory)" = '1 revoked' ]
	[ "$(verdict "$S/crl" auto alice)" = '0 pass' ]
	grep -q '(index)' "$S/err"
}

@test "an index of an older file, of another key, cut or altered: streamed" {
	register inter
	crl inter inter
	use inter
	mkdir -p "$S/icas"
	cp "$S/inter.pem" "$S/icas/"
	"$CERTAUTH" crl compile --quiet --ca-dir "$S/ca" \
		--intermediates-dir "$S/icas" --crl-dir "$S/crl"
	[ "$(verdict "$S/crl" auto alice)" = '0 pass' ]
	cp "$S/crl/inter.crl.idx" "$S/idx"
	# the CRL changes: the old index must not answer
	revoke inter alice
	crl inter inter
	use inter
	[ "$(verdict "$S/crl" auto alice)" = '1 revoked' ]
	grep -q 'earlier state of the file' "$S/err"
	"$CERTAUTH" crl compile --quiet --ca-dir "$S/ca" \
		--intermediates-dir "$S/icas" --crl-dir "$S/crl"
	[ "$(verdict "$S/crl" auto alice)" = '1 revoked' ]
	not grep -q 'so the file is read' "$S/err"
	cp "$S/crl/inter.crl.idx" "$S/idx"
	for n in 0 100 2048 2100; do
		head -c $n "$S/idx" >"$S/crl/inter.crl.idx"
		[ "$(verdict "$S/crl" auto alice)" = '1 revoked' ]
		grep -q damaged "$S/err"
	done
	cp "$S/idx" "$S/crl/inter.crl.idx"
	chmod g+w "$S/crl/inter.crl.idx"
	[ "$(verdict "$S/crl" auto alice)" = '1 revoked' ]
	grep -q 'writable by group or others' "$S/err"
	register inter
}

@test "a CRL that others may write, or a folder that they may: crl-dir" {
	register inter
	crl inter inter
	use inter
	chmod g+w "$S/crl/inter.crl"
	for e in stream auto; do
		[ "$(verdict "$S/crl" $e alice)" = '1 crl-dir' ]
	done
	chmod g-w "$S/crl/inter.crl"
	chmod o+w "$S/crl"
	[ "$(verdict "$S/crl" auto alice)" = '1 crl-dir' ]
}

# many N: CRLs of N other names, whose signatures nobody will ask for
many() {
	openssl crl -in "$S/made/root.crl" -outform DER -out "$S/root.der"
	python3 - "$S/root.der" "$S/crl" "$1" <<-'END'
		import sys
		der = open(sys.argv[1], 'rb').read()
		assert der.count(b'Test root') == 1
		for i in range(int(sys.argv[3])):
		    with open('%s/more-%04d.crl' % (sys.argv[2], i), 'wb') as f:
		        f.write(der.replace(b'Test root', b'Test %04d' % i))
	END
}

# counted: which files of crl_dir a verification opens, besides those two
opened() {
	strace -f -o "$S/trace" -e trace=openat "$CERTAUTH" verify --quiet \
		--purpose any --ca-dir "$S/ca" --crl-dir "$S/crl" "${OPTS[@]}" \
		"$PKI/alice.pem" || :
	grep -c 'more-\|inter.crl\|root.crl\|\.r0"' "$S/trace"
}

compile() {
	mkdir -p "$S/icas"
	cp "$S/inter.pem" "$S/icas/"
	"$CERTAUTH" crl compile --quiet --ca-dir "$S/ca" \
		--intermediates-dir "$S/icas" --crl-dir "$S/crl" 2>/dev/null
}

@test "of a thousand files the two that are needed are opened" {
	register inter
	crl inter inter
	use inter
	many 1000
	compile || :	# nobody has signed the thousand
	[ "$(ls "$S"/crl/*.r0 | wc -l)" -eq 1002 ]
	[ "$(verdict "$S/crl" stream alice)" = '0 pass' ]
	not grep -q 'no hashed name' "$S/err"
	command -v strace >/dev/null || skip 'no strace to count with'
	# a CRL and its index each
	n=$(opened)
	echo "$n files opened"
	[ "$n" -ge 2 ]
	[ "$n" -le 4 ]
	# without the stamp names and links are read, still no more files
	rm "$S/crl/.certauth-crl.linked"
	[ "$(opened)" = "$n" ]
}

@test "a CRL put beside those that are linked counts at once" {
	register inter
	crl inter inter --from -2h
	use inter
	revoke inter alice
	crl newer inter
	register inter
	for by in compile rehash; do
		rm -f "$S"/crl/*.idx "$S"/crl/*.r? "$S"/crl/newer.crl \
			"$S/crl/.certauth-crl.linked"
		if [ $by = compile ]; then compile; else openssl rehash "$S/crl"; fi
		[ "$(verdict "$S/crl" auto alice)" = '0 pass' ]
		use newer
		[ "$(verdict "$S/crl" auto alice)" = '1 revoked' ]
		grep -q 'newer.crl in crl_dir has no hashed name' "$S/err"
		# one that cannot be trusted is not as if it were absent
		chmod g+w "$S/crl/newer.crl"
		[ "$(verdict "$S/crl" auto alice)" = '1 crl-dir' ]
		chmod g-w "$S/crl/newer.crl"
		if [ $by = compile ]; then compile; else openssl rehash "$S/crl"; fi
		[ "$(verdict "$S/crl" auto alice)" = '1 revoked' ]
		not grep -q 'no hashed name' "$S/err"
	done
}

@test "a hashed name behind a gap counts" {
	register inter
	crl inter inter --from -2h
	use inter
	compile
	revoke inter alice
	crl newer inter
	register inter
	hash=$(openssl crl -in "$S/made/inter.crl" -noout -hash)
	cp "$S/made/newer.crl" "$S/crl/$hash.r2"
	[ "$(verdict "$S/crl" auto alice)" = '1 revoked' ]
	# and when it is a link
	mv "$S/crl/$hash.r2" "$S/crl/newer.crl"
	ln -s newer.crl "$S/crl/$hash.r2"
	[ "$(verdict "$S/crl" auto alice)" = '1 revoked' ]
}

@test "the stamp holds for this directory as it is, and no longer" {
	register inter
	crl inter inter
	use inter
	compile
	[ -s "$S/crl/.certauth-crl.linked" ]
	command -v strace >/dev/null || skip 'no strace to look with'
	reads_names() {
		strace -f -o "$S/trace" -e trace=getdents64 "$CERTAUTH" verify \
			--quiet --purpose any --ca-dir "$S/ca" --crl-dir "$1" \
			"${OPTS[@]}" "$PKI/alice.pem"
		grep -q getdents64 "$S/trace"
	}
	not reads_names "$S/crl"
	rm -rf "$S/copy"
	cp -a "$S/crl" "$S/copy"
	reads_names "$S/copy"
	chmod o+w "$S/crl/.certauth-crl.linked"
	reads_names "$S/crl"
	chmod o-w "$S/crl/.certauth-crl.linked"
	not reads_names "$S/crl"
	# a file that cannot be linked must be seen by every login
	echo 'no CRL' >"$S/crl/notes"
	compile || :
	reads_names "$S/crl"
	rm "$S/crl/notes"
	compile
	not reads_names "$S/crl"
}

@test "a made-up certificate does not have a large CRL read" {
	# a revoked serial for each of 3000 that never were
	register inter
	for i in $(seq 3000); do
		printf 'R\t301231235959Z\t251231235959Z\tC0FFEE%06X\tunknown\t/CN=x\n' "$i"
	done >"$PKI/inter.db/index"
	crl inter inter
	register inter
	use inter
	[ "$(stat -c %s "$S/crl/inter.crl")" -gt 65536 ]
	# the name of the CA, and nothing else of it
	pki_key forger p256
	_pki_run openssl req -x509 -new -key "$PKI/forger.key" -days 30 \
		-subj '/O=Example/CN=Test inter' -out "$S/forger.pem"
	_pki_run openssl req -new -key "$PKI/forger.key" \
		-subj '/O=Example/CN=alice' -out "$S/forged.csr"
	printf 'extendedKeyUsage = clientAuth\nkeyUsage = digitalSignature\n' \
		>"$S/forged.ext"
	_pki_run openssl x509 -req -in "$S/forged.csr" -CA "$S/forger.pem" \
		-CAkey "$PKI/forger.key" -set_serial 77 -days 20 \
		-extfile "$S/forged.ext" -out "$PKI/forged.pem"
	for e in stream auto; do
		[ "$(verdict "$S/crl" $e alice)" = '0 pass' ]
		[[ $(verdict "$S/crl" $e forged) == '1 '* ]]
		if command -v strace >/dev/null; then
			read_of "$e" alice
			[ "$(cat "$S/bytes")" -gt 65536 ]
			read_of "$e" forged
			[ "$(cat "$S/bytes")" -lt 32769 ]
		fi
	done
}

# bytes of the CRL inter.crl that a verification reads, into $S/bytes
read_of() { # ENGINE CERT
	strace -y -f -o "$S/trace" -e trace=read,pread64 "$CERTAUTH" verify \
		--quiet --purpose any --ca-dir "$S/ca" --crl-dir "$S/crl" \
		--crl-engine "$1" "${OPTS[@]}" "$PKI/$2.pem" || :
	sed -n 's/.*inter\.crl>.* = \([0-9]*\)$/\1/p' "$S/trace" |
		awk '{ n += $1 } END { print n + 0 }' >"$S/bytes"
}

@test "SHA-1 and MD5 signatures are refused" {
	register inter
	sed -i 's/^default_md = .*/default_md = sha1/' "$PKI/openssl.cnf"
	crl inter inter
	sed -i 's/^default_md = .*/default_md = default/' "$PKI/openssl.cnf"
	use inter
	is alice '1 weak'
}

@test "what is no file in crl_dir; links to nothing" {
	register inter
	crl inter inter
	use inter
	mkdir "$S/crl/lost+found"
	mkfifo "$S/crl/pipe"
	ln -s /dev/null "$S/crl/null"
	ln -s .. "$S/crl/up"
	timeout 60 "$CERTAUTH" verify --quiet --purpose any --ca-dir "$S/ca" \
		--crl-dir "$S/crl" "${OPTS[@]}" "$PKI/alice.pem"
	for engine in auto stream; do
		run verdict "$S/crl" $engine alice
		[ "$output" = '0 pass' ]
	done
	# under a hashed name too, before one that revokes
	revoke inter alice
	crl inter inter
	hash=$(openssl crl -in "$S/made/inter.crl" -noout -hash)
	rm "$S/crl/inter.crl"
	mkfifo "$S/crl/$hash.r0"
	cp "$S/made/inter.crl" "$S/crl/$hash.r1"
	run verdict "$S/crl" auto alice
	[ "$output" = '1 revoked' ]
	rm "$S/crl/$hash".r?
	register inter
	crl inter inter
	use inter
	ln -s gone "$S/crl/notes"
	run verdict "$S/crl" auto alice
	[ "$output" = '1 crl-dir' ]
	mv "$S/crl/notes" "$S/crl/$hash.r0"
	run verdict "$S/crl" auto alice
	[ "$output" = '1 crl-dir' ]
	rm -rf "$S/crl"
}

# dressed NAME HOW: $S/made/NAME.crl, as some programs write it
dressed() {
	local f=$S/made/$1.crl
	case $2 in
	bom) sed -i '1s/^/\xef\xbb\xbf/' "$f" ;;
	crlf) sed -i 's/$/\r/' "$f" ;;
	text) openssl crl -in "$f" -text -out "$f.new" && mv "$f.new" "$f" ;;
	zero) { echo '0 s:/O=Example/CN=Test inter'; openssl crl -in "$f" \
		-text; } >"$f.new" && mv "$f.new" "$f" ;;
	blocks) cat "$PKI/root.pem" "$PKI/root.key" "$f" >"$f.new" &&
		mv "$f.new" "$f" ;;
	esac
}

@test "PEM with a byte order mark, CRLF, text and other blocks before it" {
	for how in bom crlf text zero blocks; do
		register inter
		crl inter inter
		dressed inter $how
		use inter
		is alice '0 pass'
		revoke inter alice
		crl inter inter
		dressed inter $how
		use inter
		echo $how
		is alice '1 revoked'
		[ $how != bom ] || continue
		dressed inter bom
		use inter
		is alice '1 revoked'
	done
}

@test "every kind of CRL signature: RSA, RSA-PSS, ECDSA, Ed25519, Ed448" {
	for kind in rsa2048 p384 p521 ed25519 ed448 pss; do
		key=$kind
		opts=()
		[ $kind = pss ] && key=rsa2048 && opts=(-sigopt
			rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -md sha256)
		if [ ! -e "$PKI/ca-$kind.pem" ]; then
			pki_ca "ca-$kind" --key $key
			pki_leaf "of-$kind" "ca-$kind"
			pki_leaf "gone-$kind" "ca-$kind"
		fi
		cp "$PKI/ca-$kind.pem" "$S/ca/"
		pki_revoke "ca-$kind" "gone-$kind"
		PKI_CA=ca-$kind _pki_run openssl ca -gencrl \
			-config "$PKI/openssl.cnf" -cert "$PKI/ca-$kind.pem" \
			-keyfile "$PKI/ca-$kind.key" "${opts[@]}" \
			-out "$S/made/$kind.crl"
		rm -f "$S"/crl/*
		use $kind
		is of-$kind '0 pass'
		[ "$INDEXED" -ge 1 ]
		is gone-$kind '1 revoked'
		break_signature $kind
		use $kind
		is of-$kind '1 crl-signature'
	done
}
