# shellcheck shell=bash
# A PKI with OCSP responders, which are real ones of the openssl command, behind a
# front that counts and misbehaves.  netplace.bash is to be loaded too, and net_make
# to be called before.
#
#   ocsp_pki NAME=PATH ...   root, its CA "sub", and leaves NAME of sub, whose
#                            authorityInfoAccess names http://127.0.0.1:8080/PATH; the
#                            same for sub with /root.  NAME-chain.pem has all.
#   ocsp_keys                alice may use the keys of all leaves, also of new ones
#   ocsp_start [OPTION ...]  the responders of root and sub; options of `openssl
#                            ocsp', such as -nmin 5
#   ocsp_stop                the responders end; the front answers 502
#   ocsp_requests            print what was asked since the last call of
#                            ocsp_forget, a line "PATH" each
#   ocsp_forget
#
# Paths of the front: /root and /sub ask a responder; /hang never answers, /slow
# sends a byte each second, /garbage is no response, /empty has no bytes, /huge does
# not end, /gone is 404, /moved redirects to /sub, /local redirects to 127.0.0.2,
# /tofile to a file, /kept answers with the file requests.kept.

ocsp_pki() {
	local leaf
	pki_new "$S/ocsppki" || return
	pki_ca root || return
	pki_ca sub --issuer root --ext \
		'authorityInfoAccess = OCSP;URI:http://127.0.0.1:8080/root' || return
	for leaf; do
		pki_leaf "${leaf%%=*}" sub --ext \
			"authorityInfoAccess = OCSP;URI:http://127.0.0.1:8080/${leaf#*=}" ||
			return
		cat "$PKI/${leaf%%=*}.pem" "$PKI/sub.pem" "$PKI/root.pem" \
			>"$PKI/${leaf%%=*}-chain.pem"
	done
	chmod -R a+rX "$PKI"
	ocsp_keys
	ocsp_front
}

ocsp_keys() {
	local key
	for key in "$PKI"/*.key; do
		chmod 600 "$key"
		case $key in */root.key | */sub.key) ;; *)
			[ "$(id -u)" -ne 0 ] || chown 2001:2001 "$key" ;;
		esac
	done
	chmod a+r "$PKI"/*.pem
}

ocsp_front() {
	cat >"$S/front.py" <<-'ENDPY'
		import http.server, sys, time, urllib.request
		log = open(sys.argv[1], 'a', buffering=1)
		PORT = {'/root': 8001, '/sub': 8002}
		class H(http.server.BaseHTTPRequestHandler):
		    def log_message(self, *a): pass
		    def answer(self, status, body, location=None):
		        self.send_response(status)
		        self.send_header('Content-Type', 'application/ocsp-response')
		        if location: self.send_header('Location', location)
		        self.send_header('Content-Length', str(len(body)))
		        self.end_headers()
		        self.wfile.write(body)
		    def do_GET(self):
		        log.write('GET %s\n' % self.path)
		        self.answer(405, b'')
		    def do_POST(self):
		        n = int(self.headers['Content-Length'])
		        body = self.rfile.read(n)
		        assert self.headers['Content-Type'] == 'application/ocsp-request'
		        log.write(self.path + '\n')
		        p = self.path
		        if p in PORT:
		            try:
		                r = urllib.request.urlopen(urllib.request.Request(
		                    'http://127.0.0.1:%d/' % PORT[p], data=body,
		                    headers={'Content-Type': 'application/ocsp-request'}))
		                self.answer(200, r.read())
		            except OSError:
		                self.answer(502, b'')
		        elif p == '/kept':
		            self.answer(200, open(sys.argv[1] + '.kept', 'rb').read())
		        elif p == '/hang': time.sleep(600)
		        elif p == '/slow':
		            self.send_response(200); self.end_headers()
		            while True:
		                self.wfile.write(b'0'); self.wfile.flush(); time.sleep(1)
		        elif p == '/garbage': self.answer(200, b'\x30\x03\x0a\x01\x07' * 9)
		        elif p == '/empty': self.answer(200, b'')
		        elif p == '/huge': self.answer(200, b'\x30' * 20000)
		        elif p == '/moved': self.answer(307, b'', '/sub')
		        elif p == '/local':
		            self.answer(307, b'', 'http://169.254.9.9:8080/sub')
		        elif p == '/tofile': self.answer(307, b'', 'file:///etc/hostname')
		        else: self.answer(404, b'')
		s = http.server.ThreadingHTTPServer(('', 8080), H)
		s.daemon_threads = True
		s.serve_forever()
	ENDPY
	net_daemon front python3 "$S/front.py" "$S/requests"
	until_true net_listens 8080
}

ocsp_start() {
	local ca port
	ocsp_stop
	for ca in root:8001 sub:8002; do
		port=${ca#*:} ca=${ca%:*}
		net_daemon "ocsp-$ca" openssl ocsp -port "$port" -ignore_err \
			-index "$PKI/$ca.db/index" -CA "$PKI/$ca.pem" \
			-rsigner "$PKI/$ca.pem" -rkey "$PKI/$ca.key" "$@"
		until_true net_listens "$port" || {
			cat "$S/ocsp-$ca.out"
			return 1
		}
	done
}

ocsp_stop() {
	net_stop ocsp-root -KILL
	net_stop ocsp-sub -KILL
}

ocsp_requests() { sort "$S/requests"; }
ocsp_forget() { : >"$S/requests"; }
