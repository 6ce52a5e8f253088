#!/usr/bin/env bats
# `certauth crl update` with real servers on loopback.
load lib/common

# a plain ! would not fail a test
not() { ! "$@"; }

setup_file() {
	umask 022
	S=$(mktemp -d "${TMPDIR:-/tmp}/certauth-crlup.XXXXXX")
	chmod 755 "$S"
	export S CERTAUTH=$CERTAUTH_BUILD/certauth
	# One server for the files in $S/www.  /hang never answers, /slow sends a
	# byte and stops, /rubbish is not a CRL, /huge does not end, /etag uses ETags.
	cat >"$S/server.py" <<-'END'
		import hashlib, http.server, os, sys, time
		os.chdir(sys.argv[1])
		log = open('../requests', 'a', buffering=1)
		class H(http.server.SimpleHTTPRequestHandler):
		    def log_message(self, *a): pass
		    def do_GET(self):
		        log.write('%s %s %s\n' % (self.path,
		            self.headers.get('If-None-Match', '-'),
		            self.headers.get('If-Modified-Since', '-')))
		        p = self.path
		        if p == '/hang': time.sleep(600)
		        elif p == '/slow':
		            self.send_response(200); self.end_headers()
		            self.wfile.write(b'0'); self.wfile.flush(); time.sleep(600)
		        elif p == '/rubbish':
		            self.send_response(200); self.end_headers()
		            self.wfile.write(os.urandom(5000))
		        elif p == '/huge':
		            self.send_response(200)
		            self.send_header('Content-Length', str(300 << 20))
		            self.end_headers()
		            self.wfile.write(b'0' * 1000)
		        elif p == '/cut':
		            self.send_response(200)
		            b = open('ca1.crl', 'rb').read()
		            self.send_header('Content-Length', str(len(b)))
		            self.end_headers(); self.wfile.write(b[:len(b) // 2])
		        elif p == '/tofile':
		            self.send_response(302)
		            self.send_header('Location', 'file:///etc/hostname')
		            self.end_headers()
		        elif p == '/moved':
		            self.send_response(302)
		            self.send_header('Location', '/ca1.crl')
		            self.end_headers()
		        elif p.startswith('/etag/'):
		            b = open(p[6:], 'rb').read()
		            tag = '"%s"' % hashlib.sha256(b).hexdigest()
		            if self.headers.get('If-None-Match') == tag:
		                self.send_response(304); self.end_headers(); return
		            self.send_response(200)
		            self.send_header('ETag', tag); self.end_headers()
		            self.wfile.write(b)
		        else: super().do_GET()
		s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), H)
		s.daemon_threads = True
		print(s.server_address[1], flush=True)
		s.serve_forever()
	END
	mkdir "$S/www"
	python3 "$S/server.py" "$S/www" >"$S/port" 2>"$S/server.err" 3>&- &
	echo $! >"$S/pid"
	for _ in $(seq 100); do [ -s "$S/port" ] && break; sleep 0.1; done
	URL=http://127.0.0.1:$(cat "$S/port")
	export URL
	pki_new "$S/pki"
	mkdir "$S/ca"
	for i in $(seq 10); do
		pki_ca "ca$i"
		cp "$PKI/ca$i.pem" "$S/ca/"
		pki_crl "ca$i" --from -2h --out "$S/www/ca$i.crl"
	done
	pki_ca stranger
	pki_crl stranger --out "$S/www/stranger.crl"
	openssl rehash "$S/ca"
}
teardown_file() {
	[ -s "$S/pid" ] && kill "$(cat "$S/pid")"
	rm -rf "$S"
}

setup() {
	PKI=$S/pki
	CADIR=$S/ca
	rm -rf "$S/crl"
	mkdir "$S/crl"
	: >"$S/requests"
}

# cas N ...: trust only these of the ten CAs; every CA needs a CRL
cas() {
	local i
	CADIR=$(mktemp -d "$S/cas.XXXXXX")
	chmod 755 "$CADIR"
	for i; do cp "$PKI/ca$i.pem" "$CADIR/"; done
	openssl rehash "$CADIR"
}

update() {
	run "$CERTAUTH" crl update --ca-dir "$CADIR" --crl-dir "$S/crl" \
		--timeout 3 "$@"
	echo "$output"
}

serial_of() { # number of the CRL that came from an address
	openssl crl -in "$S"/crl/"$1"-*.crl -noout -crlnumber | sed 's/.*=//'
}

# no temporary file is left
tidy() {
	[ -z "$(find "$S/crl" -name '*.tmp')" ]
}

@test "ten CAs, one server hangs and one serves rubbish: eight are updated" {
	cas 1 2 3 4 5 6 7 8
	urls=()
	for i in 1 2 3 4 5 6 7 8; do urls+=(--url "$URL/ca$i.crl"); done
	update "${urls[@]}" --url "$URL/hang" --url "$URL/rubbish"
	[ "$status" -eq 1 ]
	[ "$(grep -c ': updated' <<<"$output")" -eq 8 ]
	[ "$(wc -l <<<"$output")" -eq 10 ]
	grep -q "$URL/hang: not fetched: .*imed out" <<<"$output"
	grep -q "$URL/rubbish: refused, because the fetched file is not a CRL" <<<"$output"
	[ "$(ls "$S"/crl/*.crl | wc -l)" -eq 8 ]
	[ "$(ls "$S"/crl/*.idx | wc -l)" -eq 8 ]
	[ "$(ls "$S"/crl/*.r0 | wc -l)" -eq 8 ]
	tidy
	# a login uses them
	pki_leaf bob ca3
	run "$CERTAUTH" verify --debug --ca-dir "$S/ca" --crl-dir "$S/crl" \
		"$PKI/bob.pem"
	[ "$status" -eq 0 ]
	grep -q '(index)' <<<"$output"
}

@test "success is exit status 0, also if nothing is new" {
	cas 1
	update --url "$URL/ca1.crl"
	[ "$status" -eq 0 ]
	before=$(stat -c %i "$S"/crl/*.crl)
	update --url "$URL/ca1.crl"
	[ "$status" -eq 0 ]
	grep -q 'not modified' <<<"$output"
	grep -q "^/ca1.crl - [A-Z][a-z][a-z]," "$S/requests"
	[ "$(stat -c %i "$S"/crl/*.crl)" = "$before" ]
	update --quiet --url "$URL/ca1.crl"
	[ -z "$output" ]
}

@test "ETag: the request has If-None-Match, and 304 is accepted" {
	cas 1
	update --url "$URL/etag/ca1.crl"
	[ "$status" -eq 0 ]
	update --url "$URL/etag/ca1.crl"
	[ "$status" -eq 0 ]
	grep -q 'not modified' <<<"$output"
	tail -1 "$S/requests" | grep -q '^/etag/ca1.crl "[0-9a-f]\{64\}"'
	# a file that was removed is fetched again, whatever the state file says
	rm "$S"/crl/*.crl
	update --url "$URL/etag/ca1.crl"
	grep -q ': updated' <<<"$output"
}

@test "an older CRL is refused, by its number and by its date" {
	cas 2
	cp "$S/www/ca2.crl" "$S/old"
	pki_crl ca2 --from -1h --out "$S/www/roll.crl"
	update --url "$URL/roll.crl"
	[ "$status" -eq 0 ]
	number=$(serial_of roll_crl)
	cp "$S/old" "$S/www/roll.crl"
	touch -d '+1 hour' "$S/www/roll.crl"
	update --url "$URL/roll.crl"
	[ "$status" -eq 1 ]
	grep -q 'is older than' <<<"$output"
	[ "$(serial_of roll_crl)" = "$number" ]
	pki_crl ca2 --from -3h --out "$S/www/roll.crl"
	touch -d '+2 hours' "$S/www/roll.crl"
	update --url "$URL/roll.crl"
	[ "$status" -eq 1 ]
	grep -q 'is older than' <<<"$output"
	pki_crl ca2 --from -10m --out "$S/www/roll.crl"
	touch -d '+3 hours' "$S/www/roll.crl"
	update --url "$URL/roll.crl"
	[ "$status" -eq 0 ]
	[ "$(serial_of roll_crl)" != "$number" ]
	tidy
}

@test "a wrong signature, an unknown CA, another CA's CRL: the old CRL stays" {
	cas 3
	cp "$S/www/ca3.crl" "$S/www/target.crl"
	update --url "$URL/target.crl"
	[ "$status" -eq 0 ]
	first=$(ls "$S"/crl/target*.crl)
	sum=$(sha256sum <"$first")
	pki_crl ca3 --from -1m --key-of ca4 --out "$S/www/target.crl"
	touch -d '+1 hour' "$S/www/target.crl"
	update --url "$URL/target.crl"
	[ "$status" -eq 1 ]
	grep -q 'not signed by any of the CAs' <<<"$output"
	cp "$S/www/stranger.crl" "$S/www/target.crl"
	touch -d '+2 hours' "$S/www/target.crl"
	update --url "$URL/target.crl"
	[ "$status" -eq 1 ]
	grep -q 'not signed by any of the CAs' <<<"$output"
	cp "$S/www/ca5.crl" "$S/www/target.crl"
	cas 3 5
	touch -d '+3 hours' "$S/www/target.crl"
	update --url "$URL/target.crl"
	[ "$status" -eq 0 ]
	[ "$(sha256sum <"$first")" = "$sum" ]
	[ "$(ls "$S"/crl/target*.crl | wc -l)" -eq 2 ]
	tidy
}

@test "a first answer with another CA's CRL does not keep the right CRL out" {
	cas 5
	cp "$S/www/ca5.crl" "$S/www/late.crl"
	update --url "$URL/late.crl"
	[ "$status" -eq 0 ]
	cp "$S/www/ca3.crl" "$S/www/late.crl"
	cas 3 5
	touch -d '+1 hour' "$S/www/late.crl"
	update --url "$URL/late.crl"
	[ "$status" -eq 0 ]
	[ "$(ls "$S"/crl/late*.crl | wc -l)" -eq 2 ]
	beside=$(ls "$S"/crl/late*-*-*.crl)
	cmp "$S/www/late.crl" "$beside"
	# the next CRL replaces that file, and an older CRL does not
	pki_crl ca3 --from -30s --out "$S/www/late.crl"
	touch -d '+2 hours' "$S/www/late.crl"
	update --url "$URL/late.crl"
	[ "$status" -eq 0 ]
	cmp "$S/www/late.crl" "$beside"
	pki_crl ca3 --from -60d --out "$S/www/late.crl"
	touch -d '+3 hours' "$S/www/late.crl"
	update --url "$URL/late.crl"
	[ "$status" -eq 1 ]
	grep -q 'is older than' <<<"$output"
	tidy
}

@test "not yet valid, too large, cut, stalled, redirected into a file: refused" {
	cas 1 6
	pki_crl ca6 --from +1d --out "$S/www/future.crl"
	update --url "$URL/future.crl" --url "$URL/huge" --url "$URL/cut" \
		--url "$URL/slow" --url "$URL/tofile"
	[ "$status" -eq 1 ]
	grep -q 'future.crl: refused, .*not yet valid' <<<"$output"
	[ "$(grep -c ': not fetched' <<<"$output")" -eq 4 ]
	not ls "$S"/crl/*.crl
	tidy
	cas 1
	update --url "$URL/moved"
	[ "$status" -eq 0 ]
}

@test "--dry-run changes nothing" {
	cas 1
	update --dry-run --url "$URL/ca1.crl"
	[ "$status" -eq 0 ]
	grep -q 'would be updated' <<<"$output"
	not ls "$S"/crl/*.crl "$S"/crl/*.idx "$S"/crl/*.r0
}

@test "addresses come from the CAs and from crl_url; file: works" {
	mkdir "$S/ca2"
	pki_ca pointing --ext "crlDistributionPoints = URI:$URL/pointing.crl,URI:ldap://x.example/y"
	pki_crl pointing --out "$S/www/pointing.crl"
	cp "$PKI/pointing.pem" "$PKI/ca8.pem" "$S/ca2/"
	printf '[default]\nca_dir = %s\ncrl_dir = %s\ncrl_url = file://%s\n' \
		"$S/ca2" "$S/crl" "$S/www/ca8.crl" >"$S/conf"
	run "$CERTAUTH" crl update --config "$S/conf"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c ': updated' <<<"$output")" -eq 2 ]
}

@test "usage and configuration mistakes are exit status 2" {
	run "$CERTAUTH" crl
	[ "$status" -eq 2 ]
	run "$CERTAUTH" crl update --nonsense
	[ "$status" -eq 2 ]
	run "$CERTAUTH" crl update --ca-dir "$S/nowhere" --crl-dir "$S/crl"
	[ "$status" -eq 2 ]
	update --url ftp://127.0.0.1/x
	[ "$status" -eq 2 ]
}

@test "killed at any moment, it leaves complete files, and the next run works" {
	cas 9
	local i f pid start took
	pki_crl ca9 --from -61m --out "$S/www/kill.crl"
	start=${EPOCHREALTIME/[.,]/}
	update --url "$URL/kill.crl"
	took=$((${EPOCHREALTIME/[.,]/} - start))
	[ "$status" -eq 0 ]
	for i in $(seq 12); do
		pki_crl ca9 --from "-$((60 - i))m" --out "$S/www/kill.crl"
		touch -d "+$i hours" "$S/www/kill.crl"
		"$CERTAUTH" crl update --quiet --ca-dir "$CADIR" \
			--crl-dir "$S/crl" --url "$URL/kill.crl" 3>&- &
		pid=$!
		# from early in a run to when most runs have ended
		sleep "$(printf '%d.%06d' $((took * i / 10 / 1000000)) \
			$((took * i / 10 % 1000000)))"
		kill -9 $pid 2>/dev/null || :
		wait $pid 2>/dev/null || :
		for f in "$S"/crl/*.crl; do
			# its exit status is 0 even if the signature is wrong
			openssl crl -in "$f" -noout -verify \
				-CAfile "$PKI/ca9.pem" >"$S/said" 2>&1
			grep -q 'verify OK' "$S/said"
		done
	done
	# what a run leaves that is killed while it writes its state
	: >"$S/crl/.certauth-crl.state.AbCdEf"
	update --url "$URL/kill.crl"
	[ "$status" -eq 0 ]
	tidy
	[ "$(find "$S/crl" -name ".certauth-crl.state*" | wc -l)" -eq 1 ]
	run "$CERTAUTH" crl list --ca-dir "$CADIR" --crl-dir "$S/crl"
	[ "$status" -eq 0 ]
	grep -q 'indexed' <<<"$output"
	not grep -q 'not indexed\|older\|damaged' <<<"$output"
}

@test "three updates at once do not disturb each other" {
	cas 1 2
	for i in 1 2 3; do
		"$CERTAUTH" crl update --quiet --ca-dir "$CADIR" --crl-dir "$S/crl" \
			--url "$URL/ca1.crl" --url "$URL/ca2.crl" 3>&- &
		pids[i]=$!
	done
	for p in "${pids[@]}"; do wait "$p"; done
	tidy
	[ "$(ls "$S"/crl/*.crl | wc -l)" -eq 2 ]
	[ "$(ls "$S"/crl/*.r? | wc -l)" -eq 2 ]
}

# the child that process $1 starts, when it exists
child_of() {
	local c
	for _ in $(seq 100); do
		c=$(cat "/proc/$1/task/$1/children" 2>/dev/null) || :
		c=${c%% *}
		[ -n "$c" ] && [ "$(readlink "/proc/$c/exe")" = "$2" ] &&
			echo "$c" && return
		sleep 0.05
	done
	return 1
}

@test "a FIFO or a device at a file: address does not hold up the others" {
	cas 1
	mkfifo "$S/fifo"
	chmod 644 "$S/fifo"
	update --url "file://$S/fifo" --url "file://$S/%66ifo" \
		--url file:///dev/zero --url "$URL/ca1.crl"
	[ "$status" -eq 1 ]
	grep -q "file://$S/fifo: not fetched: the path is not a regular file" <<<"$output"
	grep -q "file://$S/%66ifo: not fetched: the path is not a regular file" <<<"$output"
	grep -q 'file:///dev/zero: not fetched: the path is not a regular file' <<<"$output"
	grep -q "$URL/ca1.crl: updated" <<<"$output"
	rm "$S/fifo"
	tidy
}

@test "a stopped fetcher is killed, also if certauth was stopped too" {
	"$CERTAUTH" crl update --ca-dir "$S/ca" --crl-dir "$S/crl" \
		--timeout 1 --url "$URL/hang" >"$S/out" 2>&1 3>&- &
	parent=$!
	child=$(child_of $parent "$(realpath "$CERTAUTH_BUILD")/certauth-fetch")
	kill -STOP "$child"
	kill -STOP $parent
	sleep 12 # longer than its time limit and the grace of 10 s
	kill -CONT $parent
	for _ in $(seq 100); do
		kill -0 $parent 2>/dev/null || break
		sleep 0.1
	done
	# if it is still running, it would wait for ever
	not kill -9 $parent 2>/dev/null
	run wait $parent
	grep -q 'did not finish in time' "$S/out"
	[ ! -e "/proc/$child" ]
	tidy
}

@test "the fetcher has no rights and nothing but its pipe" {
	[ "$(id -u)" -eq 0 ] || skip 'only root has rights to give up'
	"$CERTAUTH" crl update --ca-dir "$S/ca" --crl-dir "$S/crl" \
		--timeout 30 --url "$URL/hang" >"$S/out" 2>&1 3>&- &
	parent=$!
	child=$(child_of $parent "$(realpath "$CERTAUTH_BUILD")/certauth-fetch")
	# it is confined before it sends a request
	for _ in $(seq 100); do
		grep -q /hang "$S/requests" && break
		sleep 0.05
	done
	cat "/proc/$child/status" "/proc/$child/limits" >"$S/status"
	fds=$(readlink /proc/$child/fd/* | grep -v '^anon_inode\|^socket') || :
	kill $parent
	wait $parent || :
	nobody=$(id -u nobody)
	grep -q "^Uid:.$nobody.$nobody.$nobody.$nobody$" "$S/status"
	grep -q '^Groups:.*$' "$S/status"
	not grep -q '^Groups:.*[0-9]' "$S/status"
	grep -q '^CapPrm:.0*$' "$S/status"
	grep -q '^NoNewPrivs:.1$' "$S/status"
	grep -q '^Max file size  *0  *0 ' "$S/status"
	echo "$fds"
	# the request, the pipe, and standard error
	[ "$(grep -c memfd <<<"$fds")" -eq 1 ]
	[ "$(grep -c '^/' <<<"$fds")" -le 2 ]
	not grep -q "$S/crl" <<<"$fds"
	# it ends with its parent
	for _ in $(seq 100); do
		[ -e "/proc/$child" ] || break
		sleep 0.05
	done
	[ ! -e "/proc/$child" ]
}

# FAULT...: certauth-fetch with an empty order, and a fault of strace
fetch_with() {
	run strace -o "$S/fetch.trace" -e trace=/landlock \
		${1:+-e inject="$1"} "$CERTAUTH_BUILD/certauth-fetch" </dev/null
	echo "$output"
}

@test "the fetcher does not run if Landlock is there and cannot be used" {
	fetch_with ''
	[ "$status" -eq 1 ]
	not grep -q 'cannot give up its rights' <<<"$output"
	grep -q 'landlock_restrict_self(.* = 0' "$S/fetch.trace" ||
		skip 'this kernel has no Landlock'
	for call in create_ruleset:error=EMFILE:when=2 add_rule:error=EPERM \
		restrict_self:error=E2BIG; do
		fetch_with "landlock_$call"
		[ "$status" -eq 1 ]
		grep -q "cannot give up its rights: landlock_${call%%:*}: " \
			<<<"$output"
	done
	# a kernel without it
	fetch_with landlock_create_ruleset:error=ENOSYS
	[ "$status" -eq 1 ]
	not grep -q 'cannot give up its rights' <<<"$output"
}

@test "file: is read by the fetcher, which cannot read files of root only" {
	cas 1
	[ "$(id -u)" -eq 0 ] || skip 'only root has rights to give up'
	cp "$S/www/ca1.crl" "$S/secret.crl"
	chmod 600 "$S/secret.crl"
	update --url "file://$S/secret.crl"
	[ "$status" -eq 1 ]
	grep -q ': not fetched' <<<"$output"
	chmod 644 "$S/secret.crl"
	update --url "file://$S/secret.crl"
	[ "$status" -eq 0 ]
}

@test "only the fetcher loads libcurl" {
	ldd "$CERTAUTH_BUILD/certauth-fetch" | grep -q libcurl
	not grep -q libcurl <<<"$(ldd "$CERTAUTH")"
	not grep -q libcurl <<<"$(ldd "$CERTAUTH_BUILD/pam_certauth.so")"
}

@test "without certauth-fetch nothing is fetched, and a message says so" {
	mkdir "$S/alone"
	cp "$CERTAUTH" "$S/alone/certauth"
	[ ! -e /usr/local/libexec/certauth/certauth-fetch ] ||
		skip 'certauth-fetch is installed'
	run "$S/alone/certauth" crl update --ca-dir "$S/ca" \
		--crl-dir "$S/crl" --url "$URL/ca1.crl"
	[ "$status" -eq 2 ]
	grep -q 'certauth-fetch' <<<"$output"
	tidy
}

@test "a fetcher that dies or sends nonsense: refused, and nothing is replaced" {
	cas 1
	update --url "$URL/ca1.crl"
	[ "$status" -eq 0 ]
	sum=$(cat "$S"/crl/*.crl | sha256sum)
	mkdir "$S/odd"
	cp "$CERTAUTH" "$S/odd/certauth"
	for program in /bin/true /bin/cat; do
		cp "$(realpath $program)" "$S/odd/certauth-fetch"
		run "$S/odd/certauth" crl update --ca-dir "$CADIR" \
			--crl-dir "$S/crl" --timeout 2 --url "$URL/ca1.crl"
		echo "$output"
		[ "$status" -eq 1 ]
		case $program in
		*true) grep -q 'ended early' <<<"$output" ;;
		*cat) grep -q 'sent an invalid line' <<<"$output" ;;
		esac
	done
	[ "$(cat "$S"/crl/*.crl | sha256sum)" = "$sum" ]
	tidy
}

@test "the systemd units are valid, and leave few rights" {
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze here'
	u=$BATS_TEST_DIRNAME/../packaging/systemd
	mkdir "$S/units"
	sed "s|/usr/bin/certauth|$CERTAUTH|" "$u/certauth-crl-update.service" \
		>"$S/units/certauth-crl-update.service"
	cp "$u/certauth-crl-update.timer" "$S/units/"
	run systemd-analyze verify --man=no \
		"$S/units/certauth-crl-update.service" \
		"$S/units/certauth-crl-update.timer"
	# messages about the machine's own units do not matter
	not grep certauth <<<"$output"
	run systemd-analyze security --offline=true --threshold=25 \
		"$S/units/certauth-crl-update.service"
	echo "$output" | tail -3
	[ "$status" -eq 0 ]
}

@test "the unit allows every system call of a run" {
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze here'
	command -v strace >/dev/null || skip 'no strace here'
	sanitized && skip 'a sanitizer makes calls of its own'
	cas 1
	strace -f -o "$S/trace" "$CERTAUTH" crl update --ca-dir "$CADIR" \
		--crl-dir "$S/crl" --url "$URL/ca1.crl" >"$S/said" 2>&1 ||
		{ cat "$S/said"; false; }
	python3 "$HERE/tests/lib/unitcalls.py" \
		"$HERE/packaging/systemd/certauth-crl-update.service" "$S/trace"
	# the trace has the child that gives up its rights
	grep -q 'capset(' "$S/trace"
}

@test "PEM with a byte order mark and CRLF is fetched; an entry that is not a file is left alone" {
	cas 1
	sed -e '1s/^/\xef\xbb\xbf/' -e 's/$/\r/' "$S/www/ca1.crl" >"$S/www/bom.crl"
	mkdir "$S/crl/lost+found"
	mkfifo "$S/crl/pipe"
	mkdir "$S/crl/00000000.r0"
	update --url "$URL/bom.crl"
	[ "$status" -eq 0 ]
	grep -q 'bom.crl: updated' <<<"$output"
	[ "$(ls "$S"/crl/bom_crl-*.crl.idx | wc -l)" -eq 1 ]
	[ -s "$S/crl/.certauth-crl.linked" ]
	[ -p "$S/crl/pipe" ] && [ -d "$S/crl/lost+found" ]
	tidy
}

@test "signed with SHA-1: refused by its name, and the old CRL stays" {
	cas 1
	update --url "$URL/ca1.crl"
	[ "$status" -eq 0 ]
	cp "$S/www/ca1.crl" "$S/ca1.good"
	PKI_CA=ca1 _pki_run openssl ca -gencrl -config "$PKI/openssl.cnf" \
		-md sha1 -cert "$PKI/ca1.pem" -keyfile "$PKI/ca1.key" \
		-out "$S/www/ca1.crl"
	update --url "$URL/ca1.crl"
	[ "$status" -eq 1 ]
	grep -q 'refused, because the fetched file is signed with SHA-1, which is refused' \
		<<<"$output"
	cmp "$S/ca1.good" "$S"/crl/ca1_crl-*.crl
	cp "$S/ca1.good" "$S/www/ca1.crl"
}

@test "an expired CRL is installed, and a message says so" {
	cas 2
	pki_crl ca2 --from -30d --to -1d --out "$S/www/late.crl"
	update --quiet --url "$URL/late.crl"
	[ "$status" -eq 0 ]
	grep -q 'late.crl: updated, but the CRL has expired' <<<"$output"
}

# What libcrypto decodes and no login uses: each command says so, in the same words.
@test "a time or a scope that no login uses: refused, listed so, not indexed" {
	local n=0 option value why i now
	now="$(date -u -d '-1 hour' +%y%m%d%H%M%S)"
	cas 3
	PKI_CA=ca3 pki_crl ca3 --from -5h --to +9d --out "$S/www/form.crl"
	openssl crl -in "$S/www/form.crl" -outform DER -out "$S/form.der"
	update --url "$URL/form.crl"
	[ "$status" -eq 0 ]
	cp "$S"/crl/form_crl-*.crl "$S/form.good"
	while read -r option value why; do
		python3 "$HERE/tests/lib/indirect.py" "$S/form.der" "$PKI/ca3.key" \
			"$PKI/ca3.pem" "$S/form.new" "$option" "$value"
		# libcrypto reads it
		openssl crl -inform DER -in "$S/form.new" -noout
		cp "$S/form.new" "$S/www/form.crl"
		# If-Modified-Since counts seconds
		touch -d "$((n + 1)) minutes" "$S/www/form.crl"
		update --url "$URL/form.crl"
		[ "$status" -eq 1 ]
		[[ $output == *"refused, because the fetched file has $why"* ]]
		for i in "$S"/crl/*.crl; do cmp "$i" "$S/form.good"; done
		mkdir "$S/form"
		cp "$S/form.new" "$S/form/form.crl"
		run "$CERTAUTH" crl list --ca-dir "$CADIR" --crl-dir "$S/form"
		echo "$output"
		[ "$status" -eq 1 ]
		[[ $output == *"has $why"* && $output != *current* ]]
		run "$CERTAUTH" crl compile --ca-dir "$CADIR" --crl-dir "$S/form"
		echo "$output"
		[ "$status" -eq 1 ]
		[ ! -e "$S/form/form.crl.idx" ]
		printf '[default]\nca_dir = %s\ncrl_dir = %s\nhost_names = web1\n' \
			"$CADIR" "$S/form" >"$S/form.conf"
		run "$CERTAUTH" doctor --config "$S/form.conf" --skip clock
		[[ $output == *'warning crl-malformed: '*"/form.crl has $why"* ]]
		rm -r "$S/form"
		n=$((n + 1))
	done <<-END
		--this 17:$now+0000 a malformed thisUpdate
		--this 18:20$now.0Z a malformed thisUpdate
		--this 17:260230000000Z a malformed thisUpdate
		--next 18:20370101000000.5Z a malformed nextUpdate
		--next 17:370101000000+0000 a malformed nextUpdate
		--scope 30068101ff8201ff an issuingDistributionPoint with more than one kind of certificate
	END
	[ "$n" -eq 6 ]
}
