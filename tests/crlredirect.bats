#!/usr/bin/env bats
# Which redirects `certauth crl update` follows.  The tests run in their own
# network namespace, whose loopback interface has other addresses, too.
load lib/common

# a plain ! would not fail a test
not() { ! "$@"; }

setup_file() {
	umask 022
	S=$(mktemp -d "${TMPDIR:-/tmp}/certauth-crlredir.XXXXXX")
	chmod 755 "$S"
	export S CERTAUTH=$CERTAUTH_BUILD/certauth
	mkdir "$S/www" "$S/ca"
	pki_new "$S/pki"
	for i in 1 2; do
		pki_ca "ca$i"
		cp "$PKI/ca$i.pem" "$S/ca/"
		pki_crl "ca$i" --from -2h --out "$S/www/ca$i.crl"
	done
	openssl rehash "$S/ca"
	# 192.0.2.1 and 10.9.9.9 stand for the network, 169.254.7.7 for the link
	cat >"$S/hosts" <<-'END'
		127.0.0.1 localhost inside.example
		127.0.1.1 thishost.example
		192.0.2.1 crl.example
		10.9.9.9 intranet.example
		169.254.7.7 meta.example
		127.0.0.1 both.example
		192.0.2.1 both.example
	END
	cat >"$S/ns.sh" <<-'END'
		mount --bind "$1/hosts" /etc/hosts || exit 99
		ip link set lo up || exit 99
		for a in 192.0.2.1 10.9.9.9 169.254.7.7; do
			ip addr add "$a/32" dev lo || exit 99
		done
		exec python3 "$1/server.py" "$1"
	END
	# /CRL is a CRL; /to?URL redirects to URL, and so does /after?URL after a
	# CRL was requested; /loop redirects to itself.  As a proxy the server
	# gets a whole URL, and serves the content itself.  It appends every
	# request to $S/requests, with the local address of its connection.
	cat >"$S/server.py" <<-'END'
		import http.server, os, sys, time
		top = sys.argv[1]
		class H(http.server.BaseHTTPRequestHandler):
		    protocol_version = 'HTTP/1.1'
		    def log_message(self, *a): pass
		    def answer(self, status, body, location=None):
		        self.send_response(status)
		        if location: self.send_header('Location', location)
		        self.send_header('Content-Length', str(len(body)))
		        self.end_headers()
		        self.wfile.write(body)
		    def seen(self):
		        return open(top + '/requests').read()
		    def do_GET(self):
		        with open(top + '/requests', 'a') as log:
		            log.write('%s %s\n' % (self.connection.getsockname()[0],
		                self.path))
		        path = self.path
		        if path.startswith('http://'):
		            path = '/' + path[7:].split('/', 1)[1]
		        name, _, url = path.partition('?')
		        if name == '/after':
		            while '/ca2.crl' not in self.seen(): time.sleep(0.02)
		            time.sleep(0.2)
		        if name == '/loop': url = '/loop'
		        if name in ('/to', '/after', '/loop'):
		            self.answer(302, b'there', url)
		        elif name == '/nowhere':
		            self.answer(302, open(top + '/www/ca1.crl', 'rb').read())
		        elif name == '/much':
		            self.send_response(302)
		            self.send_header('Location', '/ca1.crl')
		            self.end_headers()
		            try:
		                while True: self.wfile.write(b'0' * 65536)
		            except OSError: pass
		        else:
		            self.answer(200, open(top + '/www' + name, 'rb').read())
		s = http.server.ThreadingHTTPServer(('0.0.0.0', 0), H)
		s.daemon_threads = True
		with open(top + '/port', 'w') as f: f.write(str(s.server_address[1]))
		s.serve_forever()
	END
	local how=-n
	[ "$(id -u)" -eq 0 ] || how=-rn
	unshare $how -m --propagation private sh "$S/ns.sh" "$S" \
		>"$S/ns.log" 2>&1 3>&- &
	echo $! >"$S/pid"
	for _ in $(seq 200); do [ -s "$S/port" ] && break; sleep 0.05; done
	cat "$S/ns.log"
	P=$(cat "$S/port")
	export P
}
teardown_file() {
	[ -s "$S/pid" ] && kill "$(cat "$S/pid")"
	rm -rf "$S"
}

setup() {
	rm -rf "$S/crl"
	mkdir "$S/crl"
	# each CA needs a CRL; this one is installed by hand
	cp "$S/www/ca2.crl" "$S/crl/by-hand.crl"
	: >"$S/requests"
}

# update [VARIABLE=VALUE ...] URL ...: :P in an argument becomes the port
update() {
	local args=() vars=() a user=
	[ "$(id -u)" -eq 0 ] || user=-U
	for a; do
		case $a in
		*proxy=*) vars+=("${a//:P/:$P}") ;;
		*) args+=(--url "${a//:P/:$P}") ;;
		esac
	done
	# shellcheck disable=SC2086
	run nsenter -t "$(cat "$S/pid")" $user -n -m -r env "${vars[@]}" \
		"$CERTAUTH" crl update --ca-dir "$S/ca" --crl-dir "$S/crl" \
		--timeout 20 "${args[@]}"
	echo "$output"
	cat "$S/requests"
}

# followed FROM TO, refused FROM TO WHY
followed() {
	setup
	update "http://$1/to?$2"
	[ "$status" -eq 0 ] && grep -q ': updated' <<<"$output"
}
refused() {
	setup
	update "http://$1/to?$2"
	[ "$status" -eq 1 ] && grep -q "not fetched: $3" <<<"$output" &&
		[ "$(wc -l <"$S/requests")" -eq 1 ]
}

@test "a redirect is followed in the network, and into private networks" {
	followed 192.0.2.1:P http://192.0.2.1:P/ca1.crl
	followed crl.example:P http://crl.example:P/ca1.crl
	followed crl.example:P http://10.9.9.9:P/ca1.crl
	followed crl.example:P http://intranet.example:P/ca1.crl
	followed crl.example:P /ca1.crl
	followed crl.example:P HTTP://crl.example:P/ca1.crl
}

@test "a redirect to a loopback address is refused, however it is written" {
	local host
	for host in 127.0.0.1 127.8.9.10 127.1 2130706433 0x7f.1 0 0.0.0.0 \
		'[::1]' '[::]' '[::ffff:127.0.0.1]' '[::ffff:0:0]' \
		'[::127.0.0.1]' localhost localhost. a.localhost 127.0.0.1. \
		%31%32%37.0.0.1; do
		echo "# $host"
		refused 192.0.2.1:P "http://$host:P/ca1.crl" \
			'the server redirects to a loopback address'
	done
}

@test "a redirect to a link-local address is refused, however it is written" {
	local host
	for host in 169.254.7.7 169.254.169.254 0xa9fe0707 '[fe80::1]' \
		'[fe80::1%25lo]' '[::ffff:169.254.7.7]'; do
		echo "# $host"
		refused 192.0.2.1:P "http://$host:P/ca1.crl" \
			'the server redirects to a link-local address'
	done
}

@test "a redirect to a name that leads there is refused by the connection" {
	refused crl.example:P http://inside.example:P/ca1.crl \
		'the server redirects to a loopback address'
	refused crl.example:P http://thishost.example:P/ca1.crl \
		'the server redirects to a loopback address'
	refused crl.example:P http://meta.example:P/ca1.crl \
		'the server redirects to a link-local address'
	# a redirect by a private address is not trusted more
	setup
	update "http://crl.example:P/to?http://10.9.9.9:P/to?http://inside.example:P/ca1.crl"
	[ "$status" -eq 1 ]
	grep -q 'the server redirects to a loopback address' <<<"$output"
	[ "$(grep -c . "$S/requests")" -eq 2 ]
}

@test "a name with several addresses: an allowed one is used" {
	followed crl.example:P http://both.example:P/ca1.crl
	not grep -q '^127' "$S/requests"
}

@test "the connection of another transfer is no way around" {
	# the first transfer keeps its connection to inside.example open; then
	# the second is redirected there and can use it
	update http://inside.example:P/ca2.crl \
		'http://192.0.2.1:P/after?http://inside.example:P/ca1.crl'
	[ "$status" -eq 1 ]
	grep -q 'inside.example:[0-9]*/ca2.crl: updated' <<<"$output"
	grep -q 'not fetched: the server redirects to a loopback address' <<<"$output"
	not grep -q '^127.0.0.1 /ca1.crl' "$S/requests"
}

@test "a configured loopback or link-local server may redirect to its own kind" {
	followed 127.0.0.1:P http://127.0.0.1:P/ca1.crl
	followed localhost:P http://inside.example:P/ca1.crl
	# a machine that serves its own CRLs under its name in /etc/hosts
	followed thishost.example:P http://127.0.0.1:P/ca1.crl
	followed thishost.example:P http://crl.example:P/ca1.crl
	followed 169.254.7.7:P http://meta.example:P/ca1.crl
	# not to the other kind
	refused 127.0.0.1:P http://169.254.7.7:P/ca1.crl \
		'the server redirects to a link-local address'
	refused inside.example:P http://meta.example:P/ca1.crl \
		'the server redirects to a link-local address'
	refused meta.example:P http://127.0.0.1:P/ca1.crl \
		'the server redirects to a loopback address'
}

@test "a second redirect does not make a local address allowed" {
	# from loopback into the network and back: the first server counts
	followed 127.0.0.1:P \
		"http://crl.example:P/to?http://inside.example:P/ca1.crl"
	setup
	update "http://crl.example:P/to?http://crl.example:P/to?http://inside.example:P/ca1.crl"
	[ "$status" -eq 1 ]
	not grep -q ^127 "$S/requests"
}

@test "a redirect to another scheme is refused, and read from no file" {
	local url
	cp "$S/www/ca1.crl" "$S/there.crl"
	chmod 644 "$S/there.crl"
	for url in "file://$S/there.crl" "FILE://$S/there.crl" \
		gopher://crl.example:P/ca1.crl ftp://crl.example:P/ca1.crl \
		dict://crl.example:P/x ldap://crl.example:P/x; do
		echo "# $url"
		refused crl.example:P "$url" \
			'the server redirects to an address that is neither http nor https'
	done
}

@test "a redirect loop, one without an address, and one with endless text" {
	update http://crl.example:P/loop
	[ "$status" -eq 1 ]
	grep -q 'redirects more than 5 times' <<<"$output"
	[ "$(grep -c /loop "$S/requests")" -eq 6 ]
	update http://crl.example:P/nowhere
	[ "$status" -eq 1 ]
	grep -q 'has no usable Location header' <<<"$output"
	update http://crl.example:P/much
	[ "$status" -eq 1 ]
	grep -q 'redirect has more than 65536 bytes of text' <<<"$output"
	[ "$(ls "$S"/crl/*.crl)" = "$S/crl/by-hand.crl" ]
}

@test "a proxy on this machine is used, and does not make loopback the home" {
	local proxy
	for proxy in http://127.0.0.1:P inside.example:P http://localhost:P; do
		echo "# $proxy"
		setup
		# only the proxy can resolve these names
		update "http_proxy=$proxy" \
			'http://far.example/to?http://away.example/ca1.crl'
		[ "$status" -eq 0 ]
		grep -q '^127.0.0.1 http://away.example/ca1.crl' "$S/requests"
		for to in http://127.0.0.1/ca2.crl http://localhost/ca2.crl \
			http://169.254.169.254/ca2.crl; do
			setup
			update "http_proxy=$proxy" "http://far.example/to?$to"
			[ "$status" -eq 1 ]
			grep -q 'not fetched: the server redirects to a' <<<"$output"
			[ "$(wc -l <"$S/requests")" -eq 1 ]
		done
	done
	# a redirect to a host of no_proxy is checked
	update "http_proxy=http://127.0.0.2:P" no_proxy=inside.example \
		'http://far.example/to?http://inside.example:P/ca1.crl'
	[ "$status" -eq 1 ]
	grep -q 'the server redirects to a loopback address' <<<"$output"
}
