#!/usr/bin/env bats
# `certauth ocsp update' and `list' with real responders of the openssl command, and
# logins by what they stored.
load lib/common
load lib/netplace
load lib/ocsp

# a plain ! would not fail a test
not() { ! "$@"; }

# files that a login reads belong to root
need_root_file() { [ "$(id -u)" -eq 0 ]; }

setup_file() {
	need_root_file || return 0
	place_make
	net_make
	cp "$CERTAUTH_BUILD/certauth-fetch" "$CERTAUTH_BUILD/tests/relay/later.so" \
		"$S/bin/"
	ocsp_pki alice=sub bob=sub hang=hang slow=slow garbage=garbage huge=huge \
		local=local kept=kept
	pki_leaf plain sub
	pki_leaf both sub --ext 'authorityInfoAccess = OCSP;URI:ldap://127.0.0.1/x, OCSP;URI:http://127.0.0.1:8080/gone, OCSP;URI:http://127.0.0.1:8080/sub'
	pki_leaf old sub --from -3d --to -1d --ext \
		'authorityInfoAccess = OCSP;URI:http://127.0.0.1:8080/sub'
	# only its signature tells it from sub
	pki_ca stranger --subject '/O=Example/CN=Test sub'
	pki_leaf strange stranger --ext \
		'authorityInfoAccess = OCSP;URI:http://127.0.0.1:8080/sub'
	ocsp_keys
	cp -a "$PKI/sub.db" "$S/sub.db"
	rm -rf "$S/etc/certauth/ca" "$S/etc/certauth/crl"
	pki_dir "$S/etc/certauth/ca" root.pem
	pki_dir "$S/etc/certauth/intermediates" sub.pem
	mkdir "$S/etc/certauth/crl"
	export DIR=$S/state/ocsp
}

teardown_file() {
	need_root_file || return 0
	net_remove
	place_remove
}

setup() {
	need_root
	PKI=$S/ocsppki
	rm -rf "$S/state" "$S/etc/certauth/users.d" "$PKI/sub.db" "$S/home/alice/.cache"
	cp -a "$S/sub.db" "$PKI/sub.db"
	mkdir "$S/etc/certauth/users.d"
	conf_reset
	conf default "ocsp_dir = $DIR" \
		"intermediates_dir = /etc/certauth/intermediates"
	ocsp_start -nmin 60
	ocsp_forget
}

# registered LOGIN NAME ...: LOGIN has these certificates in users_dir
registered() {
	local login=$1 name
	shift
	mkdir -p "$S/etc/certauth/users.d/$login"
	for name; do
		cp "$PKI/$name.pem" "$S/etc/certauth/users.d/$login/"
	done
}

ocsp() {
	run in_place "$CERTAUTH" ocsp "$@"
	echo "$output"
}

# later SECONDS COMMAND ...: with a clock that is so far ahead
later() {
	local seconds=$1
	shift
	in_place env LD_PRELOAD="$S/bin/later.so" LATER="$seconds" "$@"
}

file_of() { echo "$DIR/$(pki_sha256 "$PKI/$1.pem").ocsp"; }

# respond SECONDS NAME MINUTES FILE: what sub's responder says so much later about NAME,
# for so many minutes
respond() {
	later "$1" openssl ocsp -index "$PKI/sub.db/index" -CA "$PKI/sub.pem" \
		-rsigner "$PKI/sub.pem" -rkey "$PKI/sub.key" -no_nonce -nmin "$3" \
		-issuer "$PKI/sub.pem" -cert "$PKI/$2.pem" -respout "$4" >/dev/null
}

# later_than TIME: a second after it has begun
later_than() { [ "$(date +%s)" -gt "$(date -d "$1" +%s)" ]; }

this_update() {
	openssl ocsp -respin "$1" -noverify -text 2>/dev/null |
		sed -n 's/ *This Update: //p'
}

# what is stored about NAME, by the openssl command
stored() {
	openssl ocsp -respin "$(file_of "$1")" -issuer "$PKI/sub.pem" -no_nonce \
		-cert "$PKI/$1.pem" -CAfile "$PKI/root.pem" -verify_other \
		"$PKI/sub.pem" 2>&1
}

@test "registered certificates and intermediates: each response is fetched and stored" {
	registered alice alice plain
	registered bob bob
	ocsp update
	[ "$status" -eq 0 ]
	[ "$(grep -c ': updated: good until' <<<"$output")" -eq 3 ]
	grep -q 'users.d/alice/alice.pem: CN=alice,O=Example: updated: good' <<<"$output"
	grep -q '^CN=Test sub,O=Example: updated: good' <<<"$output"
	[ "$(ocsp_requests)" = "/root
/sub
/sub" ]
	stored alice | grep -q 'alice.pem: good'
	stored alice | grep -q '^Response verify OK'
	[ "$(stat -c '%u %a' "$DIR" "$DIR"/*.ocsp | sort -u)" = "0 644
0 755" ]
	[ "$(find "$DIR" -name '*.ocsp' | wc -l)" -eq 3 ]
	[ -z "$(find "$DIR" -name '*.tmp')" ]
	ocsp list
	[ "$status" -eq 0 ]
	[ "$(grep -c ': good until' <<<"$output")" -eq 3 ]
	grep -q "alice.pem: CN=alice.*: $(basename "$(file_of alice)")" <<<"$output"
}

@test "a second run asks nobody before half of the life is over" {
	registered alice alice
	ocsp update
	[ "$status" -eq 0 ]
	ocsp_forget
	ocsp update
	[ "$status" -eq 0 ]
	[ -z "$(ocsp_requests)" ]
	[[ $output == 'nothing is due: 2 stored'* ]]
	# one whose half is over: valid for a minute, and 31 s old
	ocsp_stop
	ocsp_start -nmin 1
	rm "$DIR"/*.ocsp
	ocsp update
	ocsp_forget
	later 31 "$CERTAUTH" ocsp update
	[ "$(ocsp_requests | wc -l)" -eq 2 ]
}

@test "no directory, no certificate with a responder: nothing to do" {
	conf default 'intermediates_dir = /etc/certauth/crl'
	ocsp list
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	ocsp update
	[ "$status" -eq 0 ]
	[[ $output == 'nothing was fetched, because no registered certificate'* ]]
	[ -d "$DIR" ]
}

@test "only what a CA of this host signed is asked about, and nothing that expired" {
	registered alice strange old alice
	ocsp update
	[ "$status" -eq 0 ]
	[ "$(ocsp_requests)" = "/root
/sub" ]
	not test -e "$(file_of strange)"
	not test -e "$(file_of old)"
	[ -e "$(file_of alice)" ]
}

@test "certificates that are left out are named, with the reason" {
	local dir=$S/etc/certauth/users.d/alice command
	registered alice strange old plain alice
	pki_ca mute --issuer root
	cp "$PKI/mute.pem" "$S/etc/certauth/intermediates/"
	# copies of the CAs of this host are nothing of their own
	cat "$PKI/alice.pem" "$PKI/sub.pem" "$PKI/mute.pem" "$PKI/root.pem" >"$dir/a.pem"
	printf -- '-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n' \
		>"$dir/bad.pem"
	for command in list update; do
		ocsp $command
		[ "$(grep -c 'no response is fetched, because' <<<"$output")" -eq 5 ]
		grep -q 'alice/bad.pem: .*, because a certificate cannot be decoded' <<<"$output"
		grep -q 'users.d/alice/plain.pem: CN=plain,O=Example: .*, because the certificate names no OCSP responder' <<<"$output"
		grep -q 'alice/old.pem: CN=old,O=Example: .*, because the certificate has expired' <<<"$output"
		grep -q 'alice/strange.pem: CN=strange,O=Example: .*, because no CA of this host has signed' <<<"$output"
		grep -q '^CN=Test mute,O=Example: .*, because the certificate names no OCSP responder' <<<"$output"
	done
	[ "$status" -eq 0 ]
	ocsp update --quiet
	[ -z "$output" ]
	# a timer does not fill the journal
	for i in {1..21}; do
		cp "$PKI/plain.pem" "$dir/plain$i.pem"
	done
	ocsp update
	[ "$(grep -c 'no response is fetched, because' <<<"$output")" -eq 20 ]
	grep -q '^6 other certificates: no response is fetched; `certauth ocsp list'"' shows why" <<<"$output"
	ocsp list
	[ "$(grep -c 'no response is fetched, because' <<<"$output")" -eq 26 ]
	rm "$S/etc/certauth/intermediates/mute.pem"
}

@test "a CA that is in a user's file only leads further, if it is signed" {
	conf default 'intermediates_dir = /etc/certauth/crl'
	mkdir "$S/etc/certauth/users.d/alice"
	cat "$PKI/alice.pem" "$PKI/sub.pem" >"$S/etc/certauth/users.d/alice/a.pem"
	ocsp update
	[ "$status" -eq 0 ]
	[ "$(ocsp_requests)" = "/root
/sub" ]
	ocsp_forget
	cat "$PKI/strange.pem" "$PKI/stranger.pem" \
		>"$S/etc/certauth/users.d/alice/a.pem"
	ocsp update
	[ "$status" -eq 0 ]
	[ -z "$(ocsp_requests)" ]
}

@test "revoked: stored, told even with --quiet, and good again replaces it" {
	local was
	registered alice alice
	ocsp update --quiet
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	pki_revoke sub alice certificateHold
	ocsp_start -nmin 60
	rm "$(file_of alice)"
	ocsp update --quiet
	[ "$status" -eq 0 ]
	grep -q 'alice.pem: CN=alice,O=Example: updated: revoked since .*(certificateHold)' \
		<<<"$output"
	stored alice | grep -q 'alice.pem: revoked'
	ocsp list
	[ "$status" -eq 1 ]
	grep -q 'revoked since' <<<"$output"
	# the hold ends: it is asked each time
	rm -rf "$PKI/sub.db"
	cp -a "$S/sub.db" "$PKI/sub.db"
	ocsp_start -nmin 60
	# a response of the same second would replace nothing
	was=$(this_update "$(file_of alice)")
	until_true later_than "$was"
	ocsp update
	[ "$status" -eq 0 ]
	stored alice | grep -q 'alice.pem: good'
}

@test "no answer: status 1, and the stored response is kept while it is good" {
	local name before
	registered alice hang slow garbage huge local alice
	ocsp update --timeout 1
	[ "$status" -eq 1 ]
	for name in hang slow garbage huge local; do
		grep -q "$name.pem: CN=$name,O=Example: no answer: http://127.0.0.1:8080/$name: " \
			<<<"$output"
		not test -e "$(file_of $name)"
	done
	grep -q 'CN=local.*link-local address, which is not allowed' <<<"$output"
	[ -e "$(file_of alice)" ]
	before=$(sha256sum "$(file_of alice)")
	rm "$S/etc/certauth/users.d/alice/"[ghsl]*
	ocsp_stop
	status=0
	later 1900 "$CERTAUTH" ocsp update >"$S/out" || status=$?
	cat "$S/out"
	[ "$status" -eq 1 ]
	grep -q 'alice.pem: CN=alice.*: no newer answer, the stored one is kept: http' "$S/out"
	[ "$(sha256sum "$(file_of alice)")" = "$before" ]
}

@test "unknown, and a response by another CA: no answer" {
	registered alice alice
	: >"$PKI/sub.db/index"
	ocsp_start -nmin 60
	ocsp update
	[ "$status" -eq 1 ]
	grep -q 'CN=alice.*no answer: .*does not know' <<<"$output"
	ocsp_stop
	net_daemon ocsp-sub openssl ocsp -port 8002 -ignore_err \
		-index "$S/sub.db/index" -CA "$PKI/sub.pem" \
		-rsigner "$PKI/stranger.pem" -rkey "$PKI/stranger.key" -nmin 60
	until_true net_listens 8002
	ocsp update
	[ "$status" -eq 1 ]
	not test -e "$(file_of alice)"
}

# delegated NAME: sub's responder signs by NAME
delegated() {
	net_stop ocsp-sub -KILL
	net_daemon ocsp-sub openssl ocsp -port 8002 -ignore_err \
		-index "$PKI/sub.db/index" -CA "$PKI/sub.pem" \
		-rsigner "$PKI/$1.pem" -rkey "$PKI/$1.key" -nmin 60
	until_true net_listens 8002
}

@test "a delegated responder without nocheck: judged by the CRLs, as a login does" {
	local crl=$S/etc/certauth/crl/sub.crl
	conf default 'revocation = ocsp'
	pki_leaf ocsp sub --eku OCSPSigning
	ocsp_keys
	registered alice alice
	users '# none'
	service test
	delegated ocsp
	# not known: not stored, and it replaces nothing
	ocsp update
	[ "$status" -eq 1 ]
	grep -q 'CN=alice.*: no answer: http.*responder whose own status is not known' \
		<<<"$output"
	not test -e "$(file_of alice)"
	# the CRL says that it is not revoked
	pki_crl sub --out "$crl"
	ocsp update
	grep -q 'CN=alice.*: updated: good until' <<<"$output"
	ocsp list
	grep -q 'CN=alice.*: good until' <<<"$output"
	login_ok
	# list and login without the CRL, then with one that revokes the responder
	rm "$crl"
	ocsp list
	grep -q 'CN=alice.*: the response .*status is not known' <<<"$output"
	login_denied ocsp-responder
	pki_revoke sub ocsp
	pki_crl sub --out "$crl"
	ocsp list
	grep -q 'CN=alice.*: the response .*responder that is revoked' <<<"$output"
	login_denied ocsp-responder
	# what is good is not replaced by what a login does not take
	ocsp_start -nmin 60
	ocsp update
	grep -q 'CN=alice.*: updated: good until' <<<"$output"
	cp "$(file_of alice)" "$S/good"
	delegated ocsp
	status=0
	later 1900 "$CERTAUTH" ocsp update >"$S/out" 2>&1 || status=$?
	cat "$S/out"
	[ "$status" -eq 1 ]
	grep -q 'CN=alice.*: no newer answer, the stored one is kept: http.*is revoked' \
		"$S/out"
	cmp "$(file_of alice)" "$S/good"
	rm "$crl"
}

@test "an older response does not replace a newer one" {
	registered alice alice
	ocsp update
	# of a clock that is ahead, and revoked, so that it is asked about again
	pki_revoke sub alice
	respond 200 alice 60 "$(file_of alice)"
	cp "$(file_of alice)" "$S/newer"
	ocsp update
	[ "$status" -eq 1 ]
	grep -q 'alice.pem: CN=alice.*: refused, because the stored response is newer' \
		<<<"$output"
	cmp "$(file_of alice)" "$S/newer"
}

@test "an older good response does not replace a revocation" {
	registered alice alice
	ocsp update
	pki_revoke sub alice
	respond 200 alice 1 "$(file_of alice)"
	cp "$(file_of alice)" "$S/newer"
	# the responder still says good
	rm -rf "$PKI/sub.db"
	cp -a "$S/sub.db" "$PKI/sub.db"
	ocsp_start -nmin 60
	ocsp update
	[ "$status" -eq 1 ]
	grep -q 'alice.pem: CN=alice.*: refused, because the stored response is newer' \
		<<<"$output"
	cmp "$(file_of alice)" "$S/newer"
}

@test "a good response of the same second does not replace a revocation" {
	local i what
	registered kept kept
	for ((i = 0; i < 50; i++)); do
		rm -rf "$PKI/sub.db"
		cp -a "$S/sub.db" "$PKI/sub.db"
		for what in good revoked; do
			respond 0 kept 60 "$S/$what"
			[ $what = revoked ] || pki_revoke sub kept
		done
		[ "$(this_update "$S/good")" != "$(this_update "$S/revoked")" ] || break
	done
	[ "$i" -lt 50 ]
	cp "$S/good" "$S/requests.kept"
	mkdir -p -m 755 "$DIR"
	cp "$S/revoked" "$(file_of kept)"
	ocsp update
	[ "$status" -eq 1 ]
	grep -q 'kept.pem: CN=kept.*: refused, because the stored response is of the same second' \
		<<<"$output"
	cmp "$(file_of kept)" "$S/revoked"
	# the other way round it does
	cp "$S/revoked" "$S/requests.kept"
	cp "$S/good" "$(file_of kept)"
	later 1900 "$CERTAUTH" ocsp update
	cmp "$(file_of kept)" "$S/revoked"
}

@test "the second address is asked if the first has no answer; ldap is none" {
	registered alice both
	ocsp update
	[ "$status" -eq 0 ]
	[ "$(ocsp_requests)" = "/gone
/root
/sub" ]
	[ -e "$(file_of both)" ]
}

@test "--dry-run changes nothing" {
	registered alice alice
	ocsp update --dry-run
	[ "$status" -eq 0 ]
	grep -q 'would be updated: good until' <<<"$output"
	[ -z "$(find "$DIR" -name '*.ocsp')" ]
	touch -d '30 days ago' "$DIR/$(printf '%064d' 7).ocsp"
	ocsp update --dry-run
	[ -e "$DIR/$(printf '%064d' 7).ocsp" ]
}

@test "a response of a certificate that is gone is removed when it is too old" {
	registered alice alice
	ocsp update
	registered bob bob
	ocsp update
	rm -r "$S/etc/certauth/users.d/bob"
	touch -d '6 days ago' "$(file_of bob)"
	ocsp update
	[ -e "$(file_of bob)" ]
	touch -d '8 days ago' "$(file_of bob)" "$(file_of alice)" "$DIR/notes" \
		"$DIR/$(printf '%064d' 7).ocsp.bak"
	ocsp update
	not test -e "$(file_of bob)"
	grep -q "$(file_of bob): removed" <<<"$output"
	[ -e "$(file_of alice)" ]
	[ -e "$DIR/notes" ]
	[ -e "$DIR/$(printf '%064d' 7).ocsp.bak" ]
}

@test "a response that says revoked is kept for a year after the certificate is gone" {
	registered bob bob
	pki_revoke sub bob
	ocsp_start -nmin 60
	ocsp update
	stored bob | grep -q 'bob.pem: revoked'
	rm -r "$S/etc/certauth/users.d/bob"
	touch -d '364 days ago' "$(file_of bob)"
	ocsp update
	stored bob | grep -q 'bob.pem: revoked'
	touch -d '366 days ago' "$(file_of bob)"
	ocsp update
	not test -e "$(file_of bob)"
}

@test "users_dir cannot be read: nothing is removed, status 1" {
	registered bob bob
	ocsp update
	touch -d '8 days ago' "$(file_of bob)"
	chmod 777 "$S/etc/certauth/users.d"
	ocsp update
	[ "$status" -eq 1 ]
	[ -e "$(file_of bob)" ]
}

@test "a stored response that another user could write is no answer, and replaced" {
	registered alice alice
	ocsp update
	chmod 666 "$(file_of alice)"
	ocsp list
	[ "$status" -eq 1 ]
	ocsp update
	[ "$status" -eq 0 ]
	[ "$(stat -c %a "$(file_of alice)")" = 644 ]
}

@test "two runs wait for each other, and both succeed" {
	registered alice alice
	in_place "$CERTAUTH" ocsp update --quiet >"$S/one" 2>&1 &
	ocsp update --quiet
	[ "$status" -eq 0 ]
	wait $!
	[ ! -s "$S/one" ]
}

@test "wrong usage" {
	local args
	for args in '' 'fetch' 'update more' 'update --timeout 0' 'list --what'; do
		# shellcheck disable=SC2086 # words
		ocsp $args
		[ "$status" -eq 2 ]
	done
	ocsp list --config /nonexistent
	[ "$status" -eq 2 ]
}

@test "certauth-fetch is not installed: status 2, and it says so" {
	registered alice alice
	mv "$S/bin/certauth-fetch" "$S/bin/elsewhere"
	ocsp update
	mv "$S/bin/elsewhere" "$S/bin/certauth-fetch"
	[ "$status" -eq 2 ]
	[[ $output == *'certauth-fetch was not found'* ]]
}

@test "the systemd units are valid, and leave few rights" {
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze here'
	u=$BATS_TEST_DIRNAME/../packaging/systemd
	mkdir -p "$S/units"
	sed "s|/usr/bin/certauth|$CERTAUTH|" "$u/certauth-ocsp-update.service" \
		>"$S/units/certauth-ocsp-update.service"
	cp "$u/certauth-ocsp-update.timer" "$S/units/"
	run systemd-analyze verify --man=no \
		"$S/units/certauth-ocsp-update.service" \
		"$S/units/certauth-ocsp-update.timer"
	# messages about the machine's own units do not matter
	not grep certauth <<<"$output"
	run systemd-analyze security --offline=true --threshold=25 \
		"$S/units/certauth-ocsp-update.service"
	echo "$output" | tail -3
	[ "$status" -eq 0 ]
}

# ---- logins ----

# ask NAME: $S/bin/ask, alice's client, which staples
ask() {
	local name=$1
	cat >"$S/bin/ask" <<-ENDSH
		#!/bin/sh
		exec setpriv --reuid 2001 --regid 2001 --clear-groups env -i \
			HOME=$S/home/alice PATH="$PATH" "$CERTAUTH" sign --pieces \
			--host host.example --cert $PKI/$name-chain.pem \
			--key $PKI/$name.key "\$1" </dev/null
	ENDSH
	chmod 755 "$S/bin/ask"
}

@test "revocation = ocsp: a stapled login is granted; revoked at the responder: refused" {
	conf default 'revocation = ocsp' 'max_answer = 32000'
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")"
	service test
	ask alice
	login_ok --client "$S/bin/ask"
	[ "$(ocsp_requests)" = "/root
/sub" ]
	# from the cache
	ocsp_forget
	login_ok --client "$S/bin/ask"
	[ -z "$(ocsp_requests)" ]
	pki_revoke sub alice
	ocsp_start -nmin 60
	rm -rf "$S/home/alice/.cache"
	login_denied revoked --client "$S/bin/ask"
	# the responder is down
	ocsp_stop
	rm -rf "$S/home/alice/.cache"
	login_denied ocsp-missing --client "$S/bin/ask"
}

@test "certauth metrics: responses by status, the first that ends, the last update" {
	local name=certauth_ocsp before
	metrics() { in_place "$CERTAUTH" metrics --state "$S/metrics" --file "$S/log" >"$S/out" || :; }
	: >"$S/log"
	value() { sed -n "s/^certauth_ocsp_$1 //p" "$S/out"; }
	metrics
	not grep -q "^$name" "$S/out"
	conf default 'revocation = ocsp'
	registered alice alice hang
	registered bob bob
	metrics
	[ "$(value 'responses{status="none"}')" -eq 4 ]
	[ -z "$(value expiry_timestamp_seconds)" ]
	pki_revoke sub bob
	ocsp_start -nmin 60
	# hang has no answer
	ocsp update --timeout 1
	[ "$status" -eq 1 ]
	metrics
	[ "$(value 'responses{status="good"}')" -eq 2 ]
	[ "$(value 'responses{status="revoked"}')" -eq 1 ]
	[ "$(value 'responses{status="none"}')" -eq 1 ]
	[ "$(value expiry_timestamp_seconds)" -le $(($(date +%s) + 3600)) ]
	[ "$(value expiry_timestamp_seconds)" -gt "$(date +%s)" ]
	[ -z "$(value update_success_timestamp_seconds)" ]
	rm "$S/etc/certauth/users.d/alice/hang.pem"
	before=$(date +%s)
	ocsp update
	metrics
	[ "$(value update_success_timestamp_seconds)" -ge "$before" ]
}

@test "revocation = crl: the host asks for no response" {
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")"
	conf default 'crl = off' 'max_answer = 32000'
	service test
	ask alice
	login_ok --client "$S/bin/ask"
	[ -z "$(ocsp_requests)" ]
}

@test "revocation = ocsp: by what certauth ocsp update stored, also revoked" {
	conf default 'revocation = ocsp'
	registered alice alice
	users '# none'
	service test
	login_denied ocsp-missing
	ocsp update
	[ "$status" -eq 0 ]
	login_ok
	pki_revoke sub alice
	ocsp_start -nmin 60
	rm "$(file_of alice)"
	ocsp update
	login_denied revoked
}
