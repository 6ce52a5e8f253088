#!/usr/bin/env bats
# The addresses of CRLs: a root and an issuing CA whose CRL address stands only
# in the certificates that it issued.
bats_require_minimum_version 1.5.0
load lib/common

# a plain ! would not fail a test
not() { ! "$@"; }

setup_file() {
	place_make
	cp "$CERTAUTH_BUILD/certauth-fetch" "$S/bin/"
	mkdir "$S/www"
	python3 - "$S" >"$S/port" 2>"$S/server.err" 3>&- <<-'END' &
		import http.server, os, sys
		os.chdir(sys.argv[1] + '/www')
		log = open('../requests', 'a', buffering=1)
		class H(http.server.SimpleHTTPRequestHandler):
		    def log_message(self, *a): log.write(self.path + '\n')
		s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), H)
		s.daemon_threads = True
		print(s.server_address[1], flush=True)
		s.serve_forever()
	END
	echo $! >"$S/pid"
	for _ in $(seq 100); do [ -s "$S/port" ] && break; sleep 0.1; done
	URL=http://127.0.0.1:$(cat "$S/port")
	export URL
	pki_new "$S/two"
	local points=crlDistributionPoints
	pki_ca top
	pki_ca issuing --issuer top --ext "$points = URI:$URL/top.crl"
	pki_leaf ann issuing --ext "$points = URI:$URL/issuing.crl"
	pki_leaf plain issuing
	pki_leaf ldap issuing --ext "$points = URI:ldap:///CN=issuing"
	pki_leaf local issuing --ext "$points = URI:file:///etc/passwd"
	pki_leaf both issuing --ext "$points = URI:ldap:///CN=issuing,URI:$URL/issuing.crl"
	pki_leaf fresh issuing --ext "$points = URI:$URL/issuing.crl
freshestCRL = URI:$URL/delta.crl"
	pki_leaf onlyfresh issuing --ext "freshestCRL = URI:$URL/delta.crl"
	pki_leaf moved issuing --ext "$points = URI:$URL/gone.crl"
	cat "$PKI/ann.pem" "$PKI/issuing.pem" >"$PKI/ann-chain.pem"
	# another CA, and one that only claims the issuing CA's name
	pki_ca stranger
	pki_leaf other stranger --ext "$points = URI:$URL/other.crl"
	pki_ca impostor --subject '/O=Example/CN=Test issuing'
	pki_leaf forged impostor --ext "$points = URI:$URL/forged.crl"
	pki_crl top --from -2h --out "$S/www/top.crl"
	pki_crl issuing --from -2h --out "$S/www/issuing.crl"
}
teardown_file() {
	[ -s "$S/pid" ] && kill "$(cat "$S/pid")"
	place_remove
}

setup() {
	pki_use "$S/two"
	C=$S/etc/certauth
	BOOK=$C/crl/.certauth-crl.addresses
	rm -rf "$C"
	service test
	: >"$S/requests"
	mkdir -p "$C/ca" "$C/intermediates" "$C/crl" "$C/users.d"
	cp "$PKI/top.pem" "$C/ca/"
	cp "$PKI/issuing.pem" "$C/intermediates/"
	printf '[default]\nhost_names = host.example\nintermediates_dir = /etc/certauth/intermediates\n' >"$C/certauth.conf"
}

# crl EXPECTED-STATUS COMMAND [OPTION ...]
crl() {
	local want=$1
	shift
	run in_place "$CERTAUTH" crl "$@"
	echo "$output"
	[ "$status" -eq "$want" ]
}

says() {
	[[ $output == *"$1"* ]] && return
	echo "not said: $1"
	return 1
}

fetched() { grep -qx "/$1" "$S/requests"; }

@test "two tiers: the issuing CA is named with exit 1, --from learns, and ann logs in" {
	rm -rf "$C"
	run in_place "$CERTAUTH" setup --ca "$PKI/top.pem" \
		--ca "$PKI/issuing.pem" --user alice --selector cn:ann
	echo "$output"
	[ "$status" -eq 1 ]
	says 'the address of the CRL of CN=Test issuing,O=Example is not known'
	not [ -e "$BOOK" ]
	echo 'host_names = host.example' >>"$C/certauth.conf"
	crl 1 update
	says 'the address of the CRL of CN=Test issuing,O=Example is not known; the address stands in the certificates that this CA issued (cRLDistributionPoints); with one of them in the file CERT, run: certauth crl update --from CERT'
	not says 'CRL of CN=Test top,O=Example is not known'
	fetched top.crl
	not fetched issuing.crl
	run in_place "$CERTAUTH" doctor --skip timer
	says 'and the address of its CRL is not known'
	says 'certauth crl update --from CERT'
	login_denied crl-missing --cert ann
	# the certificate that a client sent at a login teaches nothing
	not [ -e "$BOOK" ]
	crl 1 update
	not fetched issuing.crl
	crl 0 update --from "$PKI/ann.pem"
	says "$URL/issuing.crl: updated"
	[ "$(ls "$C"/crl/*.crl | wc -l)" -eq 2 ]
	[ "$(stat -c '%u %a' "$BOOK")" = "$(id -u) 644" ]
	login_ok --cert ann
	# remembered
	crl 0 update
	says "$URL/issuing.crl: not modified"
	crl 0 update --quiet
	[ -z "$output" ]
	run in_place "$CERTAUTH" doctor --skip timer
	not says 'not known'
	not says crl-missing
}

@test "addresses are learnt from users_dir, chains included, and are remembered" {
	mkdir "$C/users.d/ann"
	cp "$PKI/ann.pem" "$C/users.d/ann/"
	run in_place "$CERTAUTH" doctor --skip timer
	says 'mend: certauth crl update'
	not says 'not known'
	crl 0 update
	fetched issuing.crl
	rm -r "$C/users.d/ann"
	crl 0 update
	grep -q "$URL/issuing.crl.*users.d/ann/ann.pem" "$BOOK"
	# without issuing.pem on the host: only the root's is to be known, and
	# stands in the chain
	rm -rf "$C/crl" "$C/intermediates/issuing.pem"
	mkdir "$C/crl" "$C/users.d/ann"
	crl 1 update
	says 'CRL of CN=Test top,O=Example is not known'
	cp "$PKI/ann-chain.pem" "$C/users.d/ann/"
	crl 0 update
	grep -q "$URL/top.crl" "$BOOK"
}

@test "addresses are learnt from setup --cert and --ca, also with --no-fetch" {
	run in_place "$CERTAUTH" setup --cert "$PKI/ann.pem" --no-fetch
	echo "$output"
	grep -q "$URL/issuing.crl" "$BOOK"
	not fetched issuing.crl
	crl 0 update
	rm -rf "$C"
	cat "$PKI/top.pem" "$PKI/issuing.pem" "$PKI/ann.pem" >"$S/bundle.pem"
	run in_place "$CERTAUTH" setup --ca "$S/bundle.pem"
	echo "$output"
	fetched issuing.crl
	not says 'not known'
	rm -rf "$C"
	run in_place "$CERTAUTH" setup --ca "$PKI/top.pem" \
		--ca "$PKI/issuing.pem" --user alice --cert "$PKI/ann.pem"
	echo "$output"
	[ "$status" -eq 0 ]
	says '/ann.pem would be accepted'
	rm -rf "$C"
	# the rule by the selector, the address by the certificate
	run in_place "$CERTAUTH" setup --ca "$PKI/top.pem" --ca \
		"$PKI/issuing.pem" --user alice --selector cn:ann --cert "$PKI/ann.pem"
	echo "$output"
	[ "$status" -eq 0 ]
	grep -q '^alice cn:ann$' "$C/users"
	not grep -q sha256 "$C/users"
}

@test "only the signature of a CA of the host makes an address known" {
	crl 1 update --from "$PKI/other.pem"
	says 'no CA of ca_dir or intermediates_dir signed this certificate; its issuer is CN=Test stranger,O=Example'
	crl 1 update --from "$PKI/forged.pem"
	says 'no CA of ca_dir or intermediates_dir signed this certificate; its issuer is CN=Test issuing,O=Example, and the CA of that name here has another key'
	mkdir "$C/users.d/ann"
	cp "$PKI/forged.pem" "$PKI/other.pem" "$C/users.d/ann/"
	crl 1 update
	not fetched forged.crl
	not fetched other.crl
	not [ -e "$BOOK" ]
	# a signature that was changed
	openssl x509 -in "$PKI/ann.pem" -outform DER -out "$S/bad.der"
	printf '\0' | dd of="$S/bad.der" bs=1 conv=notrunc status=none \
		seek=$(($(stat -c %s "$S/bad.der") - 2))
	crl 1 update --from "$S/bad.der"
	not [ -e "$BOOK" ]
	# a CA that is no longer on the host
	crl 0 update --from "$PKI/ann.pem"
	rm "$C/intermediates/issuing.pem" "$C"/crl/*issuing* "$C"/crl/*.r0
	: >"$S/requests"
	# the address of the root's stood in it; the CRL is current
	crl 0 update
	not fetched issuing.crl
	crl 0 addresses
	says 'not used, because this CA is not in ca_dir or intermediates_dir'
}

@test "an address that cannot be fetched is named: ldap, file, none, a delta alone" {
	crl 1 update --from "$PKI/ldap.pem"
	says "the address of the CRL of CN=Test issuing,O=Example is ldap:///CN=issuing, which cannot be fetched"
	crl 1 update
	says 'the only known address of the CRL of CN=Test issuing,O=Example is ldap:///CN=issuing, which cannot be fetched; ask the CA for an http address'
	run in_place "$CERTAUTH" doctor --skip timer
	says 'ldap:///CN=issuing'
	rm "$BOOK"
	crl 1 update --from "$PKI/local.pem"
	says 'is file:///etc/passwd, which cannot be fetched'
	not says 'not fetched'
	rm "$BOOK"
	crl 1 update --from "$PKI/plain.pem"
	says 'the certificate contains no address of a CRL'
	crl 1 update --from "$PKI/onlyfresh.pem"
	rm -f "$BOOK"
	crl 1 update --from /nonexistent
	says /nonexistent
	crl 1 update --from "$PKI/top.crl"
	# the other address of the same certificate
	crl 0 update --from "$PKI/both.pem"
}

@test "a delta CRL of freshestCRL is fetched too" {
	cp "$S/www/issuing.crl" "$S/www/delta.crl"
	crl 0 update --from "$PKI/fresh.pem"
	fetched delta.crl
	crl 0 addresses
	says "$URL/delta.crl (learnt from $PKI/fresh.pem, delta CRL)"
	rm "$S/www/delta.crl"
}

@test "addresses: listed, forgotten, and one that fails says how" {
	crl 0 update --from "$PKI/ann.pem"
	crl 1 update --from "$PKI/moved.pem"
	says "$URL/gone.crl: not fetched"
	says "certauth crl addresses --forget $URL/gone.crl"
	crl 0 addresses
	says "CN=Test issuing,O=Example: $URL/issuing.crl (learnt from $PKI/ann.pem)"
	says "CN=Test top,O=Example: $URL/top.crl (the certificate of CN=Test issuing,O=Example)"
	crl 1 addresses --forget "$URL/nothing.crl"
	says 'is not remembered'
	crl 0 addresses --forget "$URL/gone.crl"
	crl 0 update
	# a login does not read the whole directory because of that file
	before=$(stat -c %Y "$C/crl/.certauth-crl.linked")
	crl 0 addresses --forget "$URL/issuing.crl"
	[ "$(stat -c %Y "$C/crl/.certauth-crl.linked")" -ge "$before" ]
	crl 0 addresses
	says 'is current until'
	crl 0 update --dry-run --from "$PKI/ann.pem"
	not grep -q issuing.crl "$BOOK"
	crl 2 list --from "$PKI/ann.pem"
	crl 2 update --forget x
}

@test "at most 200 addresses of one CA are remembered; others find room" {
	pki_copy "$S/many"
	pki_leaf many issuing --ext "crlDistributionPoints = $(
		printf 'URI:http://crl.example/%04d,' $(seq 1100) | sed 's/,$//')"
	pki_ca partner
	pki_leaf zoe partner --ext "crlDistributionPoints = URI:$URL/zoe.crl"
	cp "$PKI/partner.pem" "$C/ca/"
	crl 1 addresses --from "$PKI/many.pem"
	says 'no more addresses can be remembered'
	[ "$(grep -c crl.example "$BOOK")" -eq 200 ]
	# of users_dir, in the order of names
	rm "$BOOK"
	mkdir -p "$C/users.d/ann" "$C/users.d/zoe"
	cp "$PKI/many.pem" "$C/users.d/ann/"
	cp "$PKI/zoe.pem" "$C/users.d/zoe/"
	crl 1 addresses
	says 'users.d/ann/many.pem: not all addresses of CRLs in it are remembered'
	says "$URL/zoe.crl (learnt from"
	[ "$(grep -c crl.example "$BOOK")" -eq 200 ]
	crl 0 addresses --forget http://crl.example/0001
}

@test "the command that forgets an address quotes it: a CA has chosen it" {
	local word cert=$'od\ed\e[2J.pem'
	pki_copy "$S/odd"
	pki_leaf odd issuing --ext 'crlDistributionPoints = @p
[p]
URI.1 = "'"$URL"'/$(touch${IFS}/x)'"'"';a&b"'
	cp "$PKI/odd.pem" "$S/$cert"
	crl 1 update --from "$S/$cert"
	word=$(sed -n 's/.*--forget //p' <<<"$output")
	[ "$(sh -c "printf %s $word")" = "$URL/"'$(touch${IFS}/x)'"';a&b" ]
	not grep -q $'\e' <<<"$output"
}

@test "a damaged or hostile file of addresses" {
	crl 0 update --from "$PKI/ann.pem"
	cp "$BOOK" "$S/book"
	head -c 100 /dev/urandom >>"$BOOK"
	crl 0 update
	for line in 'complete' 'complete	x	y	http://x/	z' \
		"complete	$(printf '0%.0s' $(seq 64))	AAAA	$URL/x.crl	z" \
		"complete	$(printf '0%.0s' $(seq 64))	MAA	$URL/x.crl	z	more"; do
		{ cat "$S/book"; printf '%s\n' "$line"; } >"$BOOK"
		crl 0 update
	done
	not fetched x.crl
	chmod 666 "$BOOK"
	crl 2 update
	chmod 644 "$BOOK"
	: >"$BOOK"
	crl 0 update
	says 'is current until'
}

@test "a CA's renewed certificate keeps its address; a new key may use it" {
	pki_copy "$S/renewed"
	pki_ca issuing2 --issuer top --key-of issuing \
		--subject '/O=Example/CN=Test issuing' \
		--ext "crlDistributionPoints = URI:$URL/top.crl"
	pki_ca issuing3 --issuer top --subject '/O=Example/CN=Test issuing' \
		--ext "crlDistributionPoints = URI:$URL/top.crl"
	crl 0 update --from "$PKI/ann.pem"
	cp "$PKI/issuing2.pem" "$C/intermediates/issuing.pem"
	crl 0 update
	crl 0 addresses
	# another key: its CRL is not there; the address is tried for it
	cp "$PKI/issuing3.pem" "$C/intermediates/issuing.pem"
	rm "$C"/crl/issuing*
	crl 1 update
	says 'CRL of CN=Test issuing,O=Example is not known'
	cp "$S/www/issuing.crl" "$S/kept"
	pki_crl issuing3 --out "$S/www/issuing.crl"
	touch -d '+1 hour' "$S/www/issuing.crl"
	crl 0 update
	cp "$S/kept" "$S/www/issuing.crl"
	touch -d '+2 hours' "$S/www/issuing.crl"
}

@test "a CRL installed by hand: named, exit 1 only if it is about to expire" {
	crl 1 update
	cp "$S/www/issuing.crl" "$C/crl/hand.crl"
	crl 0 update
	says "/etc/certauth/crl/hand.crl is current until"
	crl 0 update --quiet
	[ -z "$output" ]
	run in_place "$CERTAUTH" doctor --skip timer
	says crl-address
	pki_crl issuing --from -9d --to +1d --out "$C/crl/hand.crl"
	crl 1 update --quiet
	says 'is not known'
	pki_crl issuing --from -9d --to -1d --out "$C/crl/hand.crl"
	crl 1 update
}

@test "what needs no CRL needs no address: crl = off, crl_exempt, an expired CA, a CA below none" {
	echo 'crl = off' >>"$C/certauth.conf"
	crl 0 update
	not says 'not known'
	sed -i '/^crl = /d' "$C/certauth.conf"
	# what the issuing CA issues needs none
	echo "crl_exempt = $(pki_sha256 "$PKI/issuing.pem")" >>"$C/certauth.conf"
	crl 0 update
	not says 'not known'
	crl 0 addresses
	sed -i '/^crl_exempt/d' "$C/certauth.conf"
	crl 1 update
	# a CA of short-lived certificates may publish none; it is named
	echo 'crl_short_lived = 25h' >>"$C/certauth.conf"
	crl 0 update
	says 'CRL of CN=Test issuing,O=Example is not known'
	sed -i '/^crl_short/d' "$C/certauth.conf"
	crl 1 update
	pki_ca past --from -20d --to -1d
	cp "$PKI/past.pem" "$C/ca/"
	pki_ca lost --issuer stranger --ext "crlDistributionPoints = URI:$URL/lost.crl"
	cp "$PKI/lost.pem" "$C/intermediates/"
	crl 0 update --from "$PKI/ann.pem"
	not fetched lost.crl
}

@test "crl_url counts for the CA whose CRL it serves; another CA's CRL does not" {
	echo "crl_url = $URL/issuing.crl" >>"$C/certauth.conf"
	crl 0 update
	run in_place "$CERTAUTH" doctor --skip timer
	not says crl-address
	rm -rf "$C/crl"
	mkdir "$C/crl"
	sed -i "s|^crl_url.*|crl_url = $URL/top.crl|" "$C/certauth.conf"
	crl 1 update
	says 'CRL of CN=Test issuing,O=Example is not known'
	# an address that serves the CRL of another CA
	sed -i '/^crl_url/d' "$C/certauth.conf"
	cp "$S/www/top.crl" "$S/www/gone.crl"
	crl 1 update --from "$PKI/moved.pem"
	says "contains no CRL of CN=Test issuing,O=Example: its address gave none: $URL/gone.crl"
	rm "$S/www/gone.crl"
}

@test "crl-missing: the next step is one that the certificate allows" {
	cp "$S/www/top.crl" "$C/crl/"
	run in_place "$CERTAUTH" verify "$PKI/ann.pem"
	echo "$output"
	[ "$status" -eq 1 ]
	says '`certauth crl update --from CERT` with this certificate'
	run in_place "$CERTAUTH" verify "$PKI/plain.pem"
	echo "$output"
	[ "$status" -eq 1 ]
	says 'this certificate names no address'
	not says '--from'
	# and that step helps
	run in_place "$CERTAUTH" setup --no-fetch --crl "$S/www/issuing.crl"
	run in_place "$CERTAUTH" verify "$PKI/plain.pem"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "a CA without cRLSign is named as that, not as an unsigned CRL" {
	pki_copy "$S/nosign"
	pki_ca mute --ext 'keyUsage = critical, keyCertSign'
	pki_crl mute
	cp "$PKI/mute.pem" "$C/ca/"
	cp "$PKI/mute.crl" "$C/crl/"
	crl 1 list
	says "mute.crl: CN=Test mute,O=Example, signed by a CA whose keyUsage lacks cRLSign"
	crl 1 compile
	says 'mute.crl is not indexed, because the keyUsage of the CA that signed it lacks cRLSign'
	crl 1 update --from "$PKI/ann.pem"
	says 'the CRLs of CN=Test mute,O=Example are ignored, because the keyUsage of its certificate lacks cRLSign'
	cp "$PKI/mute.crl" "$S/www/mute.crl"
	crl 1 update --url "$URL/mute.crl"
	says 'mute.crl: refused, because the fetched file is signed by a CA whose keyUsage lacks cRLSign'
	run in_place "$CERTAUTH" setup --crl "$PKI/mute.crl" --no-fetch
	says 'signed by a CA whose keyUsage lacks cRLSign'
}

@test "messages repeat --config and the other options" {
	crl 1 update --config /etc/certauth/certauth.conf
	says 'run: certauth crl update --config /etc/certauth/certauth.conf --from CERT'
	crl 1 update --config /etc/certauth/certauth.conf --from "$PKI/other.pem"
	says 'certauth setup --confdir /etc/certauth --ca FILE'
	mv "$C/certauth.conf" "$C/else.conf"
	crl 1 update --config /etc/certauth/else.conf --from "$PKI/other.pem"
	says 'cp FILE /etc/certauth/ca; openssl rehash /etc/certauth/ca'
}
