#!/usr/bin/env bats
# What README.md says of building and installing, in its order, word for word.
bats_require_minimum_version 1.5.0
load lib/common

setup_file() {
	place_make
	# a tree of its own, with what is compiled already
	mkdir "$S/tree" "$S/dest"
	(cd "$HERE" && tar -cf - --exclude=./build --exclude=./.git \
		--exclude=./dist .) | tar -xf - -C "$S/tree"
	cp -a "$CERTAUTH_BUILD" "$S/tree/build"
	rm -rf "$S/tree/build/check"
	readme_build "$S/make.log" "DESTDIR=$S/dest"
}
teardown_file() { place_remove; }

# readme_build LOG VARIABLE ...: README's block, with `make deps` left out,
# which changes the machine; the variables come by the environment
readme_build() {
	local log=$1
	shift
	awk -v want=build -f "$HERE/tests/install/extract.awk" \
		"$HERE/README.md" | grep -vx 'make deps' >"$S/block"
	[ "$(tail -n 1 "$S/block")" = 'make install PREFIX=/usr' ]
	(cd "$S/tree" && env -u MAKELEVEL -u B MAKEFLAGS=-j2 CI=1 "$@" \
		sh -eu "$S/block") >"$log" 2>&1 || { cat "$log"; return 1; }
}

@test "README's build: nothing that is installed names another PREFIX" {
	run grep -rlaE '/usr/local/(bin/certauth|libexec|share|etc)' "$S/dest" \
		--exclude-dir=doc --exclude-dir=man
	echo "$output"
	[ "$status" -eq 1 ]
	grep -qaF /usr/libexec/certauth/certauth-verifier \
		"$S/dest$(pamdir)/pam_certauth.so"
	grep -qaF /usr/libexec/certauth/certauth-sign \
		"$S/dest/usr/libexec/certauth/certauth-verifier"
	grep -qaF /usr/libexec/certauth "$S/dest/usr/bin/certauth"
	grep -q '^ExecStart=/usr/bin/certauth ' \
		"$S/dest/usr/lib/systemd/system/certauth-crl-update.service"
	grep -q '^ExecStart=/usr/bin/certauth sessions check --quiet$' \
		"$S/dest/usr/lib/systemd/system/certauth-sessions.service"
	grep -q '^ExecStart=/usr/bin/certauth watch$' \
		"$S/dest/usr/lib/systemd/user/certauth-watch.service"
	grep -q '^Exec=/usr/bin/certauth watch$' \
		"$S/dest/etc/xdg/autostart/certauth-watch.desktop"
	grep -q '^ExecStart=/usr/libexec/certauth/certauth-verifier --listen$' \
		"$S/dest/usr/lib/systemd/system/certauth-verifier.service"
}

@test "install: what the verifier needs; uninstall removes all but the configuration" {
	local file
	for file in libexec/certauth/certauth-verifier lib/sysusers.d/certauth.conf \
	    lib/tmpfiles.d/certauth.conf lib/systemd/system/certauth-verifier.socket \
	    lib/systemd/system/certauth-sessions.{path,service,timer} \
	    lib/systemd/user/certauth-watch.service \
	    share/pam-configs/certauth-sessions \
	    share/man/man8/certauth-verifier.8; do
		[ -s "$S/dest/usr/$file" ]
	done
	[ "$(stat -c %a "$S/dest/usr/libexec/certauth/certauth-verifier")" = 755 ]
	[ -s "$S/dest/etc/apparmor.d/abstractions/certauth" ]
	# files are replaced by rename: nothing is left of that
	[ -z "$(find "$S/dest" -name '*.new')" ]
	cp -a "$S/dest" "$S/gone"
	env -u MAKELEVEL -u B -u MAKEFLAGS make -s -C "$S/tree" uninstall \
		PREFIX=/usr "DESTDIR=$S/gone"
	find "$S/gone" ! -type d ! -path "$S/gone/etc/certauth/*" >"$S/left"
	cat "$S/left"
	[ ! -s "$S/left" ]
}

pamdir() {
	(cd "$S/dest" && find . -name pam_certauth.so -printf '/%P\n') |
		sed 's|/pam_certauth.so$||'
}

# The tree as it would be on a machine, in this place alone.
@test "README's build: proof = command and crl update find their programs" {
	need_root
	# no resident verifier of the tests answers for what is installed
	resident_stop
	in_place rm -f /run/certauth/verifier.1.sock
	in_place mount -t overlay overlay -o "lowerdir=$S/dest/usr:/usr" /usr
	cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$S/bin/pamdrive"
	printf '%s\n' "auth required $(pamdir)/pam_certauth.so proof=command key_file=%h/login.p12" \
		'account required pam_permit.so' >"$S/etc/pam.d/test"
	openssl pkcs12 -export -in "$PKI/alice.pem" -inkey "$PKI/alice.key" -certfile "$PKI/inter.pem" \
		-passout pass:secret -out "$S/home/alice/login.p12"
	chown 2001 "$S/home/alice/login.p12"
	chmod 600 "$S/home/alice/login.p12"
	log_mark
	in_place "$S/bin/pamdrive" -s test -u alice -C 'echo secret'
	logged 'outcome=granted'
	# found, started, and told that nobody answers there
	conf default 'crl_url = http://127.0.0.1:9/ca.crl'
	run in_place /usr/bin/certauth crl update
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *127.0.0.1:9* ]]
	[[ $output != *'was not found, neither'* ]]
}

@test "a PREFIX of yesterday: what is compiled in follows each change" {
	local path
	for path in /opt/a /opt/b; do
		env -u B -u MAKEFLAGS make -s -C "$S/tree" -j2 CI=1 "PREFIX=$path" all
		grep -qaF "$path/libexec/certauth/certauth-verifier" \
			"$S/tree/build/pam_certauth.so"
		grep -qaF "$path/libexec/certauth/certauth-sign" \
			"$S/tree/build/certauth-verifier"
	done
	run ! grep -qaF /opt/a "$S/tree/build/pam_certauth.so" \
		"$S/tree/build/certauth-verifier"
	# and nothing is compiled where nothing changed
	run env -u B -u MAKEFLAGS make -C "$S/tree" -j2 CI=1 PREFIX=/opt/b all
	echo "$output"
	[[ $output != *' CC '* ]]
}
