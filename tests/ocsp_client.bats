#!/usr/bin/env bats
# A client that staples OCSP responses: real responders of the openssl command, in a
# network of their own.
load lib/common
load lib/netplace
load lib/ocsp

# a plain ! would not fail a test
not() { ! "$@"; }

# answers are given by a user of the place
need_root_file() { [ "$(id -u)" -eq 0 ]; }

setup_file() {
	need_root_file || return 0
	place_make
	net_make
	cp "$CERTAUTH_BUILD/certauth-fetch" "$S/bin/"
	ocsp_pki alice=sub revoked=sub hang=hang slow=slow garbage=garbage \
		empty=empty huge=huge gone=gone moved=moved local=local \
		tofile=tofile
	pki_leaf plain sub
	# its response fits into one answer of an askpass program
	pki_leaf short root --ext 'authorityInfoAccess = OCSP;URI:http://127.0.0.1:8080/root'
	cat "$PKI/short.pem" "$PKI/root.pem" >"$PKI/short-chain.pem"
	pki_leaf both sub --ext 'authorityInfoAccess = OCSP;URI:http://127.0.0.1:8080/gone, OCSP;URI:http://127.0.0.1:8080/sub'
	pki_leaf late sub --ext 'authorityInfoAccess = OCSP;URI:http://127.0.0.1:8080/hang, OCSP;URI:http://127.0.0.1:8080/sub'
	cat "$PKI/plain.pem" "$PKI/sub.pem" "$PKI/root.pem" >"$PKI/plain-chain.pem"
	ocsp_keys
	pki_revoke sub revoked
	ocsp_start -nmin 60
	CACHE=$S/home/alice/.cache/certauth/ocsp
	export CACHE
}

teardown_file() {
	need_root_file || return 0
	net_remove
	place_remove
}

setup() {
	need_root
	PKI=$S/ocsppki
	rm -rf "$S/home/alice/.cache" "$S/home/alice/.config" "$S/out"
	mkdir "$S/out"
	net_runs ocsp-sub || ocsp_start -nmin 60
	ocsp_forget
}

host() { python3 "$HERE/tests/lib/host.py" "$@"; }

# conf LINE ...: of alice's client
client_conf() {
	in_place install -d -o alice -m 700 "$S/home/alice/.config" \
		"$S/home/alice/.config/certauth"
	printf '%s\n' '[default]' "$@" >"$S/home/alice/.config/certauth/config"
}

# answer NAME [OPTION of host.py ...]: sign by NAME's certificate, and print the
# numbers of the certificates that have a staple, on one line
answer() {
	local name=$1 request
	shift
	request=$(host request --ocsp yes "$@")
	as_user alice setsid -w timeout 60 "$CERTAUTH" sign --host web1.example.com \
		--cert "$PKI/$name-chain.pem" --key "$PKI/$name.key" "$request" \
		</dev/null >"$S/response" 2>"$S/said" || {
		cat "$S/said" >&2
		return 1
	}
	cat "$S/said" >&2
	host check "$request" "$(cat "$S/response")" "$PKI/$name.pem" >/dev/null
	rm -f "$S"/out/*
	host staples "$(cat "$S/response")" "$S/out" | paste -sd' '
}

# none NAME [OPTION ...]: the answer has no staple
none() {
	local staples
	staples=$(answer "$@") && [ -z "$staples" ]
}

# status N NAME CA: what the response N says of NAME, by the openssl command
status() {
	openssl ocsp -respin "$S/out/$1.ocsp" -issuer "$PKI/$3.pem" -no_nonce \
		-cert "$PKI/$2.pem" -CAfile "$PKI/root.pem" -verify_other \
		"$PKI/$3.pem" 2>&1 | tee "$S/status"
	grep -q '^Response verify OK' "$S/status"
}

@test "asked for: a response for the leaf and for its CA, good by openssl" {
	[ "$(answer alice)" = '0 1' ]
	[ "$(ocsp_requests)" = "/root
/sub" ]
	status 0 alice sub | grep -q 'alice.pem: good'
	status 1 sub root | grep -q 'sub.pem: good'
}

@test "askpass: a response of several pieces has the staples too" {
	local request
	client_conf "cert = $PKI/alice-chain.pem" "key = $PKI/alice.key"
	mkdir -p "$S/as"
	cp "$HERE/tests/lib/asker.sh" "$S/as/ssh"
	printf '#!/bin/sh\nexec %s %s "(alice@web1) $1"\n' "$S/as/ssh" \
		"$S/bin/certauth-askpass" >"$S/as/prompt"
	chmod 755 "$S/as" "$S/as/ssh" "$S/as/prompt"
	request=$(host request --ocsp yes)
	echo "$request" | as_user alice setsid -w timeout 60 \
		python3 "$HERE/tests/lib/host.py" join 500 "$S/as/prompt" \
		>"$S/response"
	host check "$request" "$(cat "$S/response")" "$PKI/alice.pem"
	[ "$(host staples "$(cat "$S/response")" "$S/out" | paste -sd' ')" = '0 1' ]
	[ "$(ocsp_requests)" = "/root
/sub" ]
}

@test "askpass: without a directory, staples that do not fit into one piece are left out" {
	local request
	client_conf "cert = $PKI/short-chain.pem" "key = $PKI/short.key"
	mkdir -p "$S/as"
	cp "$HERE/tests/lib/asker.sh" "$S/as/ssh"
	printf '#!/bin/sh\nexec %s %s "(alice@web1) $1"\n' "$S/as/ssh" \
		"$S/bin/certauth-askpass" >"$S/as/prompt"
	chmod 755 "$S/as" "$S/as/ssh" "$S/as/prompt"
	joined() {
		as_user alice setsid -w timeout 60 \
			python3 "$HERE/tests/lib/host.py" join 1023 \
			"$S/as/prompt" >"$S/response" 2>"$S/said"
	}
	# no directory can be made
	in_place install -d -o alice -m 500 "$S/home/alice/.cache"
	request=$(host request --ocsp yes)
	joined <<<"$request" || { cat "$S/said"; false; }
	host check "$request" "$(cat "$S/response")" "$PKI/short.pem"
	[ -z "$(host staples "$(cat "$S/response")" "$S/out")" ]
	grep -q 'no OCSP response is sent, because the response would need' "$S/said"
	# with a directory
	chmod 700 "$S/home/alice/.cache"
	joined <<<"$request"
	[ "$(host staples "$(cat "$S/response")" "$S/out")" = 0 ]
}

@test "not asked for: none, and no responder learns of the login" {
	none alice --ocsp ''
	[ -z "$(ocsp_requests)" ]
	not test -e "$CACHE"
}

@test "the user does not confirm the login: no responder learns of it" {
	client_conf 'confirm = yes'
	not answer alice
	grep -q 'not signed' "$S/said"
	[ -z "$(ocsp_requests)" ]
}

@test "ocsp_timeout = 0: none, also if the cache has them" {
	[ "$(answer alice)" = '0 1' ]
	ocsp_forget
	client_conf 'ocsp_timeout = 0'
	none alice
	[ -z "$(ocsp_requests)" ]
}

@test "a certificate without a responder has none, its CA has one" {
	[ "$(answer plain)" = 1 ]
	[ "$(ocsp_requests)" = /root ]
	grep -q 'no OCSP response is sent for "CN=plain,O=Example", .*: the certificate names no OCSP responder; ask its CA' "$S/said"
	# the user wants no message, or the host no response
	none plain --ocsp ''
	[ ! -s "$S/said" ]
	client_conf 'ocsp_timeout = 0'
	none plain
	[ ! -s "$S/said" ]
}

@test "a CA that names no responder is no reason for a message at each login" {
	pki_ca quiet --issuer root
	pki_leaf below quiet --ext 'authorityInfoAccess = OCSP;URI:http://127.0.0.1:8080/gone'
	ocsp_keys
	cat "$PKI/below.pem" "$PKI/quiet.pem" >"$PKI/below-chain.pem"
	none below
	grep -q 'for "CN=below' "$S/said"
	[ "$(wc -l <"$S/said")" -eq 1 ]
}

@test "a registered certificate is not sent, and nothing is fetched" {
	local request
	request=$(host request --ocsp yes)
	as_user alice setsid -w "$CERTAUTH" sign --host web1.example.com \
		--registered --cert "$PKI/alice-chain.pem" \
		--key "$PKI/alice.key" "$request" </dev/null >"$S/response"
	[ -z "$(ocsp_requests)" ]
	[ -z "$(host staples "$(cat "$S/response")" "$S/out")" ]
}

@test "the issuer is not in the file: none" {
	cp "$PKI/alice.pem" "$PKI/lone-chain.pem"
	cp "$PKI/alice.pem" "$PKI/lone.pem"
	cp "$PKI/alice.key" "$PKI/lone.key"
	ocsp_keys
	none lone
	[ -z "$(ocsp_requests)" ]
	grep -q "no OCSP response is sent for \"CN=alice,O=Example\", .*: the certificate of its issuer, \"CN=Test sub,O=Example\", is not in $PKI/lone-chain.pem; add it there" "$S/said"
	# of the CA, which is a root
	cat "$PKI/alice.pem" "$PKI/sub.pem" >"$PKI/lone-chain.pem"
	[ "$(answer lone)" = 0 ]
	grep -q "no OCSP response is sent for \"CN=Test sub,O=Example\", .*: the certificate of its issuer, \"CN=Test root,O=Example\", is not in $PKI/lone-chain.pem" "$S/said"
	[ "$(answer alice)" = '0 1' ]
	[ ! -s "$S/said" ]
}

@test "cached: the second login asks nobody, and has the same responses" {
	[ "$(answer alice)" = '0 1' ]
	cp "$S/out/0.ocsp" "$S/first.ocsp"
	ocsp_forget
	ocsp_stop
	[ "$(answer alice)" = '0 1' ]
	[ -z "$(ocsp_requests)" ]
	cmp "$S/out/0.ocsp" "$S/first.ocsp"
	[ "$(stat -c '%a' "$CACHE" "$CACHE"/*.ocsp | sort -u)" = "600
700" ]
}

@test "cached for half of the life, and for a day at most" {
	local file due now
	ocsp_start -nmin 5
	[ "$(answer alice)" = '0 1' ]
	file=$CACHE/$(pki_sha256 "$PKI/alice.pem").ocsp
	due=$(stat -c %Y "$file") now=$(date +%s)
	[ "$due" -le $((now + 150)) ]
	[ "$due" -gt "$now" ]
	rm -rf "$CACHE"
	ocsp_start -ndays 30
	[ "$(answer alice)" = '0 1' ]
	due=$(stat -c %Y "$file") now=$(date +%s)
	[ "$due" -le $((now + 86400)) ]
	[ "$due" -gt $((now + 80000)) ]
	ocsp_stop
}

@test "the next responder is asked if the first has no answer, within ocsp_timeout" {
	cat "$PKI/both.pem" "$PKI/sub.pem" "$PKI/root.pem" >"$PKI/both-chain.pem"
	[ "$(answer both)" = '0 1' ]
	[ "$(ocsp_requests)" = "/gone
/root
/sub" ]
	not grep -q 'no OCSP response' "$S/said"
	# the first hangs: there is no time for another
	cat "$PKI/late.pem" "$PKI/sub.pem" "$PKI/root.pem" >"$PKI/late-chain.pem"
	client_conf 'ocsp_timeout = 1'
	ocsp_forget
	[ "$(answer late)" = 1 ]
	not grep -q /sub "$S/requests"
	grep -q 'http://127.0.0.1:8080/hang: .*not fetched' "$S/said"
}

@test "what is due is fetched again; if that fails, the cached one is sent" {
	[ "$(answer alice)" = '0 1' ]
	ocsp_forget
	touch -d '1 hour ago' "$CACHE"/*.ocsp
	[ "$(answer alice)" = '0 1' ]
	[ "$(ocsp_requests)" = "/root
/sub" ]
	touch -d '1 hour ago' "$CACHE"/*.ocsp
	ocsp_stop
	ocsp_forget
	[ "$(answer alice)" = '0 1' ]
	[ "$(ocsp_requests | wc -l)" -eq 2 ]
	# not again for five minutes
	ocsp_forget
	[ "$(answer alice)" = '0 1' ]
	[ -z "$(ocsp_requests)" ]
	# a time in a far future is no reason to believe
	touch -d '+3 days' "$CACHE"/*.ocsp
	[ "$(answer alice)" = '0 1' ]
	[ "$(ocsp_requests | wc -l)" -eq 2 ]
}

@test "revoked: the response is sent, for the host's log, and not kept" {
	[ "$(answer revoked)" = '0 1' ]
	status 0 revoked sub | grep -q 'revoked.pem: revoked'
	not test -e "$CACHE/$(pki_sha256 "$PKI/revoked.pem").ocsp"
	[ "$(answer revoked)" = '0 1' ]
	[ "$(ocsp_requests | grep -c /sub)" -eq 2 ]
}

@test "unknown: no answer" {
	cp "$PKI/sub.db/index" "$S/index"
	: >"$PKI/sub.db/index"
	ocsp_start -nmin 60
	answer alice >"$S/sent"
	cp "$S/index" "$PKI/sub.db/index"
	ocsp_stop
	[ "$(cat "$S/sent")" = 1 ]
	grep -q 'http://127.0.0.1:8080/sub: .*does not know' "$S/said"
}

@test "signed by another CA: no answer" {
	ocsp_stop
	net_daemon ocsp-sub openssl ocsp -port 8002 -ignore_err \
		-index "$PKI/sub.db/index" -CA "$PKI/sub.pem" \
		-rsigner "$PKI/root.pem" -rkey "$PKI/root.key" -nmin 60
	until_true net_listens 8002
	none alice
	ocsp_stop
}

@test "garbage, nothing, too much, 404: no staple, the login goes on" {
	local name
	for name in garbage empty huge gone; do
		[ "$(answer $name)" = 1 ]
		grep -q "no OCSP response is sent for \"CN=$name,O=Example\".*http://127.0.0.1:8080/$name" "$S/said"
		# not again for five minutes
		[ "$(stat -c %s \
			"$CACHE/$(pki_sha256 "$PKI/$name.pem").ocsp")" -eq 0 ]
		[ "$(answer $name)" = 1 ]
		grep -qE "no OCSP response is sent for \"CN=$name,O=Example\", .*: http://127.0.0.1:8080/$name had no answer at a login before; try again in (2[0-9][0-9]|300) seconds" "$S/said"
	done
	[ "$(ocsp_requests | grep -cv /root)" -eq 4 ]
	rm -rf "$CACHE"
	answer huge
	grep -q 'Maximum file size exceeded' "$S/said"
}

@test "a responder that hangs or drips: the login waits for ocsp_timeout" {
	local name
	client_conf 'ocsp_timeout = 1'
	for name in hang slow; do
		[ "$(answer $name)" = 1 ]
		grep -q "http://127.0.0.1:8080/$name.*not fetched" "$S/said"
	done
	# no process is left
	not pgrep -f "$S/bin/certauth-fetch"
}

@test "a redirect of the responder is followed, but not to a local address or a file" {
	[ "$(answer moved)" = '0 1' ]
	[ "$(ocsp_requests)" = "/moved
/root
/sub" ]
	[ "$(answer local)" = 1 ]
	grep -q 'link-local address, which is not allowed' "$S/said"
	[ "$(answer tofile)" = 1 ]
	grep -q 'neither http nor https' "$S/said"
}

@test "no certauth-fetch: no staple, the login goes on" {
	mv "$S/bin/certauth-fetch" "$S/bin/elsewhere"
	none alice || { mv "$S/bin/elsewhere" "$S/bin/certauth-fetch"; false; }
	mv "$S/bin/elsewhere" "$S/bin/certauth-fetch"
	grep -q 'certauth-fetch is not installed' "$S/said"
}

@test "a cached file that another user can write, or a link, is not used" {
	local file
	[ "$(answer alice)" = '0 1' ]
	file=$CACHE/$(pki_sha256 "$PKI/alice.pem").ocsp
	cp -p "$file" "$S/good"
	for how in mode owner link fifo; do
		ocsp_forget
		rm -f "$file"
		case $how in
		mode) cp -p "$S/good" "$file"; chmod 620 "$file" ;;
		owner) cp -p "$S/good" "$file"; in_place chown bob "$file" ;;
		link) ln -s "$S/good" "$file" ;;
		fifo) mkfifo -m 600 "$file"; in_place chown alice "$file" ;;
		esac
		[ "$(answer alice)" = '0 1' ]
		[ "$(ocsp_requests)" = /sub ]
		[ "$(stat -c '%F %u %a' "$file")" = 'regular file 2001 600' ]
	done
}

@test "a cache that others can enter is not used, and the login goes on" {
	[ "$(answer alice)" = '0 1' ]
	chmod 755 "$CACHE"
	ocsp_forget
	[ "$(answer alice)" = '0 1' ]
	[ "$(ocsp_requests | wc -l)" -eq 2 ]
	grep -q 'OCSP responses are not kept' "$S/said"
}

@test "another certificate's response in the cache is not sent" {
	[ "$(answer alice)" = '0 1' ]
	cp -p "$CACHE/$(pki_sha256 "$PKI/sub.pem").ocsp" \
		"$CACHE/$(pki_sha256 "$PKI/alice.pem").ocsp"
	ocsp_stop
	[ "$(answer alice)" = 1 ]
}

@test "files of a cache that are due since a month are removed" {
	[ "$(answer alice)" = '0 1' ]
	local old keep=$CACHE/notes
	old=$CACHE/$(printf '%064d' 7).ocsp
	touch -d '31 days ago' "$old" "$keep"
	touch -d '29 days ago' "$CACHE/$(printf '%064d' 8).ocsp"
	in_place chown alice "$old" "$keep" "$CACHE"/*
	[ "$(answer alice)" = '0 1' ]
	not test -e "$old"
	[ -e "$keep" ]
	[ -e "$CACHE/$(printf '%064d' 8).ocsp" ]
}

@test "XDG_CACHE_HOME is used, a relative one is not" {
	mkdir -m 700 "$S/home/alice/xdg"
	in_place chown alice "$S/home/alice/xdg"
	AS_USER_ENV="XDG_CACHE_HOME=$S/home/alice/xdg" answer alice
	[ "$(find "$S/home/alice/xdg/certauth/ocsp" -type f | wc -l)" -eq 2 ]
	not test -e "$CACHE"
	AS_USER_ENV='XDG_CACHE_HOME=xdg' answer alice
	[ -e "$CACHE" ]
}

# sized N: a certificate of alice that is N bytes larger than it needs to be
sized() {
	local name=big$1
	pki_leaf "$name" sub --ext \
		'authorityInfoAccess = OCSP;URI:http://127.0.0.1:8080/sub' \
		--ext "nsComment = $(printf "%0${1}d" 0)"
	ocsp_keys
	cat "$PKI/$name.pem" "$PKI/sub.pem" "$PKI/root.pem" >"$PKI/$name-chain.pem"
	ocsp_start -nmin 60
	answer "$name" >"$S/sent"
	# bytes of a response
	size=$(($(tr -d '\n' <"$S/response" | wc -c) * 3 / 4))
	[ "$size" -le 24576 ]
}

@test "staples for which there is no room are left out, from the end" {
	local size room first second
	sized 15000
	[ "$(cat "$S/sent")" = '0 1' ]
	first=$(stat -c %s "$S/out/0.ocsp") second=$(stat -c %s "$S/out/1.ocsp")
	room=$((15000 + 24576 - size))
	# both fit beside the certificates, and not beside the signature too
	not grep -q 'longer than' "$S/said"
	sized $((room + 40))
	[ "$(cat "$S/sent")" = 0 ]
	grep -q 'OCSP responses are not sent (1), because with them the response would be longer than 24576 bytes' "$S/said"
	sized $((room + second / 2))
	[ "$(cat "$S/sent")" = 0 ]
	sized $((room + second + first / 2))
	[ -z "$(cat "$S/sent")" ]
	grep -q 'OCSP responses are not sent (2)' "$S/said"
}

@test "inspect shows the responder, the question and the responses" {
	answer alice
	"$CERTAUTH" inspect "$PKI/alice.pem" >"$S/inspected"
	grep -q '^  OCSP  *http://127.0.0.1:8080/sub$' "$S/inspected"
	"$CERTAUTH" inspect --response "$(cat "$S/response")" >"$S/inspected"
	grep -q '^  OCSP responses 2$' "$S/inspected"
	"$CERTAUTH" inspect --request "$(host request --ocsp yes)" >"$S/inspected"
	grep -q '^  OCSP  *responses are asked for$' "$S/inspected"
	"$CERTAUTH" inspect --request "$(host request)" >"$S/inspected"
	not grep OCSP "$S/inspected"
}

@test "client.conf: ocsp_timeout takes seconds from 0 to 30" {
	local value
	for value in 31 -1 x 1s 003 ''; do
		client_conf "ocsp_timeout = $value"
		not answer alice
		grep -q 'ocsp_timeout' "$S/said"
	done
}
