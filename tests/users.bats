#!/usr/bin/env bats
# certauth users: edit and try the users file; logins by what it says.
load lib/common

setup_file() { place_make; }
teardown_file() { place_remove; }

setup() {
	conf_reset
	ca_dir root.pem
	crl_dir crl
	F=$BATS_TEST_TMPDIR/users
	printf '# people\n\nbob   cn:Bob   # old\n# end\n' >"$F"
}

cu() { run "$CERTAUTH" users "$1" --file "$F" "${@:2}"; }

@test "add appends, and keeps comments, order and mode" {
	chmod 640 "$F"
	cu add alice cn:alice
	[ "$status" -eq 0 ]
	[ "$(cat "$F")" = '# people

bob   cn:Bob   # old
# end
alice cn:alice' ]
	[ "$(stat -c %a "$F")" = 640 ]
}

@test "add of a rule that is there changes nothing" {
	cu add bob cn:Bob
	[ "$status" -eq 1 ]
	[[ $output == *already* ]]
	[ "$(grep -c bob "$F")" -eq 1 ]
}

@test "add of a rule that is there without the new one's bounds adds it" {
	cu add alice cn:alice
	for bound in from=10.0.0.0/8 'issuer=CN=Corp CA' service=sshd \
		until=2030-01-01; do
		cu add alice cn:alice "$bound"
		[ "$status" -eq 0 ]
		[ "$(tail -n 1 "$F" | tr -d '"')" = "alice cn:alice $bound" ]
		# this one is there now
		cu add alice cn:alice "$bound"
		[ "$status" -eq 1 ]
		[[ $output == *already* ]]
	done
	cu add alice cn:alice until=2031-01-01
	[ "$status" -eq 0 ]
}

@test "who can read the folder of the users file cannot hold up add" {
	[ "$(id -u)" -eq 0 ] || skip 'only root can be another user'
	dir=$BATS_TEST_TMPDIR/open
	mkdir -m 755 "$dir"
	chmod 755 "$BATS_TEST_TMPDIR"
	F=$dir/users
	cu add alice cn:alice
	[ "$status" -eq 0 ]
	[ "$(stat -c %a "$dir"/.certauth-users.lock)" = 600 ]
	(
		cd "$dir" || exit
		for f in . users .certauth-users.lock; do
			# as anybody: what can be opened is locked
			setpriv --reuid=65534 --regid=65534 --clear-groups \
				flock -n -x "$f" sh -c 'echo $$; exec sleep 60' &
		done
		wait
	) >"$BATS_TEST_TMPDIR/held" 2>/dev/null 3>&- &
	for _ in $(seq 100); do
		[ "$(wc -l <"$BATS_TEST_TMPDIR/held")" -ge 2 ] && break
		sleep 0.05
	done
	run timeout 10 "$CERTAUTH" users add --file "$F" bob cn:bob
	# shellcheck disable=SC2046 # numbers
	kill $(cat "$BATS_TEST_TMPDIR/held")
	[ "$(wc -l <"$BATS_TEST_TMPDIR/held")" -eq 2 ]
	[ "$status" -eq 0 ]
	grep -q '^bob' "$F"
}

@test "add quotes values with blanks" {
	cu add alice 'subject:CN=Alice Example,O=Corp' 'issuer=CN=Corp CA' from=10.0.0.0/8
	[ "$status" -eq 0 ]
	[ "$(tail -n 1 "$F")" = 'alice "subject:CN=Alice Example,O=Corp" "issuer=CN=Corp CA" from=10.0.0.0/8' ]
	cu list
	[ "$status" -eq 0 ]
	[[ $output == *'subject:CN=Alice Example,O=Corp issuer from=10.0.0.0/8'* ]]
}

@test "add --cert writes its SHA-256" {
	cu add alice --cert "$PKI/alice.pem"
	[ "$status" -eq 0 ]
	[ "$(tail -n 1 "$F")" = "alice sha256:$(pki_sha256 "$PKI/alice.pem")" ]
}

@test "add refuses what is no rule, and leaves the file alone" {
	cp "$F" "$F.old"
	for what in 'alice foo:x' 'alice' '../x cn:x' '-- -rf cn:x' 'alice cn:x from=10.0.0.1/8' '* cn:x'; do
		set -f
		# shellcheck disable=SC2086 # words
		cu add $what
		set +f
		[ "$status" -eq 2 ]
		[ -n "$output" ]
		cmp "$F" "$F.old"
	done
	cu add alice $'cn:x\nroot cn:x'
	[ "$status" -eq 2 ]
	cmp "$F" "$F.old"
	cu add "$(printf 'a%.0s' {1..300})" cn:x
	[ "$status" -eq 2 ]
	cmp "$F" "$F.old"
}

@test "add makes a file that is not there" {
	rm "$F"
	cu add alice cn:alice
	[ "$status" -eq 0 ]
	[ "$(cat "$F")" = 'alice cn:alice' ]
	[ "$(stat -c %a "$F")" = 644 ]
}

@test "remove takes lines of a login, or of one selector" {
	printf 'alice cn:a\nalice cn:b # x\ncarol cn:a\n' >>"$F"
	cu remove alice cn:b
	[ "$status" -eq 0 ]
	[ "$output" = '1 line removed' ]
	cu remove alice
	[ "$output" = '1 line removed' ]
	[ "$(cat "$F")" = '# people

bob   cn:Bob   # old
# end
carol cn:a' ]
	cu remove alice
	[ "$status" -eq 1 ]
}

@test "list names each mistake with file and line" {
	printf 'x\nalice foo:bar\n' >>"$F"
	cu list
	[ "$status" -eq 2 ]
	[[ $output == *"$F:5: "* ]]
	[[ $output == *"$F:6: no such selector: foo:bar"* ]]
}

@test "a line that is nearly right: the message has the right one" {
	local line
	while IFS='|' read -r line want; do
		printf '%s\n' "$line" >"$F"
		cu list
		echo "$line: $output"
		[ "$status" -eq 2 ]
		[[ $output == *"$want"* ]]
	done <<-'END'
		a upn=alice@x|(write upn:VALUE)
		a UPN:alice@x|(write upn:VALUE)
		a CN=alice|(write cn:VALUE)
		a CN=alice,O=Example|the whole subject is subject:NAME
		a "subject:/C=DE/O=A/S, Ltd/CN=al"|"CN=al,O=A/S\, Ltd,C=DE"
		a cn:x issuer=/O=Example/CN=x|"CN=x,O=Example"
		a upn: alice@x|no blank follows the colon
	END
	printf '\357\273\277a cn:x\n' >"$F"
	cu list
	[[ $output == *'a byte order mark'* ]]
	printf 'a cn:x\r\n' >"$F"
	cu list
	[[ $output == *'lines must end as on Unix'* ]]
}

@test "a name the other way round, or in other case: the why says so" {
	cat >"$F" <<-'END'
		a "subject:O = Example, CN = alice"
		a subject:CN=ALICE,O=example
		a cn:alice issuer="O=Example,CN=Test inter"
		a subject:CN=alice,O=Other
	END
	cu test "$PKI/alice.pem" --user a
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *":1: "*'the same name in reverse order'* ]]
	[[ $output == *":2: "*'differ only in upper and lower case; add ignorecase'* ]]
	[[ $output == *":3: "*'issuer= is not written as'* ]]
	[[ $output == *":4: "*'has another value'* ]]
}

@test "ten at once lose nothing" {
	local i
	for i in 1 2 3 4 5 6 7 8 9 10; do
		"$CERTAUTH" users add --file "$F" "u$i" "cn:u$i" 3>&- &
	done
	wait
	[ "$(grep -c '^u' "$F")" -eq 10 ]
	[ "$(find "$BATS_TEST_TMPDIR" -name 'users?*' | wc -l)" -eq 0 ]
}

@test "test says which rule maps, and why others do not" {
	printf 'alice cn:alice\nalice cn:alice service=su\ncarol uid:x\n' >>"$F"
	cu test "$PKI/alice.pem" --user alice --service sshd
	[ "$status" -eq 0 ]
	[[ $output == *":3: bob cn:Bob: no, the certificate has another value (its cn: alice)"* ]]
	[[ $output == *":5: alice cn:alice: yes, matches: alice"* ]]
	[[ $output == *":6: alice cn:alice: no, the service is not one of service="* ]]
	[[ $output == *":7: carol uid:x: no, the certificate has no such value"* ]]
	cu test "$PKI/alice.pem" --user carol
	[ "$status" -eq 1 ]
	[[ $output == *other-user* ]]
	cu test "$F"
	[ "$status" -eq 2 ]
}

@test "compile makes an index that later edits keep up to date" {
	cu compile
	[ "$status" -eq 0 ]
	[ -s "$F.cdb" ]
	sum=$(sha256sum <"$F.cdb")
	cu add alice cn:alice
	[ "$status" -eq 0 ]
	[ "$sum" != "$(sha256sum <"$F.cdb")" ]
	printf 'nonsense\n' >>"$F"
	cu compile
	[ "$status" -eq 2 ]
}

@test "login: by the index, without it, and with a damaged one" {
	users 'bob cn:bob' 'alice cn:alice' 'carol cn:x ignorecase'
	login_ok
	in_place "$CERTAUTH" users compile
	service test debug
	login_ok
	not_logged 'read in full|is not used'
	# cut in the middle
	truncate -s 2100 "$S/etc/certauth/users.cdb"
	login_ok
	logged 'users.cdb is not used'
	: >"$S/etc/certauth/users.cdb"
	login_ok
	login_denied other-user --cert bob --key bob
	rm "$S/etc/certauth/users.cdb"
	service test
}

@test "login: unmapped, mapped to another, and a mistake in the file" {
	users '# nobody'
	login_denied unmapped
	users 'bob cn:alice'
	login_denied other-user
	users 'alice cn:alice' 'bob cn'
	login_denied users-file
	logged 'users:2: '
	users 'alice cn:alice until=2020-01-01'
	login_denied unmapped
}

# advised WORDS: the command of the last line of the log that begins so
advised() {
	log_lines | tac | grep -o "\`certauth $1[^\`]*\`" | head -n1 | tr -d '\`'
}

@test "the users file of a service: the commands of the log name it, and work" {
	local command
	users "bob sha256:$(pki_sha256 "$PKI/bob.pem")"
	rm -f "$S/etc/certauth/users.own"
	conf_reset
	conf test 'users = /etc/certauth/users.own'
	login_denied users-file
	logged 'detail="/etc/certauth/users.own does not exist; '
	command=$(advised 'users add')
	[ "$command" = 'certauth users add --file /etc/certauth/users.own LOGIN --cert CERT.pem' ]
	in_place sh -c "PATH=$S/bin:\$PATH; $(sed "s,LOGIN,bob,; s,CERT.pem,$PKI/bob.pem," <<<"$command")"
	# a mistake: the command prints its line
	echo 'alice foo:bar' >>"$S/etc/certauth/users.own"
	login_denied users-file
	run in_place sh -c "PATH=$S/bin:\$PATH; $(advised 'users list')"
	[[ $output == *'/etc/certauth/users.own:2: no such selector: foo:bar'* ]]
	sed -i 2d "$S/etc/certauth/users.own"
	# no rule: the commands are about that file
	login_denied unmapped
	run in_place sh -c "PATH=$S/bin:\$PATH; $(advised 'users test' | sed "s,CERT.pem,$PKI/alice.pem,")"
	[[ $output == *'/etc/certauth/users.own:1: bob '*': no, '* ]]
	in_place sh -c "PATH=$S/bin:\$PATH; $(advised 'users add' | sed 's/LOGIN/alice/')"
	login_ok
	run grep -c alice "$S/etc/certauth/users"
	[ "$output" = 0 ]
	conf_reset
	# the one that the commands read: not named
	login_denied unmapped
	[ "$(advised 'users test')" = 'certauth users test CERT.pem' ]
}

@test "login: a pattern needs text beside its star" {
	users '* cn:*'
	login_denied users-file
	users '* cn:a*e'
	login_denied other-user
	users '* subject:CN=*,O=Example'
	login_denied users-file
}

@test "login: registered certificates, root's and the user's own" {
	need_root
	users '# nobody'
	mkdir -p "$S/etc/certauth/users.d/alice"
	cp "$PKI/alice.pem" "$S/etc/certauth/users.d/alice/1.pem"
	chmod -R go-w "$S/etc/certauth/users.d"
	login_ok
	chmod g+w "$S/etc/certauth/users.d/alice/1.pem"
	login_denied users-file
	rm -r "$S/etc/certauth/users.d"
	login_denied unmapped
	mkdir "$S/home/alice/.certauth"
	cp "$PKI/alice.pem" "$S/home/alice/.certauth/1.pem"
	chown -R 2001:2001 "$S/home/alice/.certauth"
	chmod -R go-w "$S/home/alice"
	login_denied unmapped
	conf default 'user_certificates = yes'
	login_ok
	# of another owner, by a link, a FIFO, or where others can write: not his
	chown 2002 "$S/home/alice/.certauth/1.pem"
	login_denied unmapped
	logged '1.pem is not used'
	chown 2001 "$S/home/alice/.certauth/1.pem"
	chmod g+w "$S/home/alice/.certauth"
	login_denied unmapped
	chmod g-w "$S/home/alice/.certauth"
	chmod g+w "$S/home/alice/.certauth/1.pem"
	login_denied unmapped
	chmod g-w "$S/home/alice/.certauth/1.pem"
	mv "$S/home/alice/.certauth/1.pem" "$S/home/alice/cert"
	ln -s ../cert "$S/home/alice/.certauth/1.pem"
	login_denied unmapped
	rm "$S/home/alice/.certauth/1.pem"
	mkfifo "$S/home/alice/.certauth/1.pem"
	chown 2001 "$S/home/alice/.certauth/1.pem"
	login_denied unmapped
	rm "$S/home/alice/.certauth/1.pem"
	mv "$S/home/alice/cert" "$S/home/alice/.certauth/1.pem"
	login_ok
	mv "$S/home/alice/.certauth" "$S/home/alice/moved"
	ln -s moved "$S/home/alice/.certauth"
	login_denied unmapped
	rm -r "$S/home/alice/.certauth" "$S/home/alice/moved"
}
