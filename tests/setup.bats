#!/usr/bin/env bats
# certauth setup: from an empty folder to a login.
load lib/common

setup_file() { place_make; }
teardown_file() { place_remove; }

setup() {
	rm -rf "$S/etc/certauth"
	service test
	C=$S/etc/certauth
}

run_setup() {
	run in_place "$CERTAUTH" setup "$@"
	echo "$output"
}

@test "CA, intermediates, CRLs and a user: and alice logs in" {
	cat "$PKI/root.pem" "$PKI/inter.pem" >"$S/both.pem"
	umask 077
	run_setup --ca "$S/both.pem" --crl "$PKI/root.crl" \
		--crl "$PKI/inter.crl" --no-fetch \
		--user alice --cert "$PKI/alice.pem" --service test
	[[ $output == *'/alice.pem would be accepted'* ]]
	[[ $output == *'top of /etc/pam.d/test'*'auth sufficient pam_certauth.so'* ]]
	echo 'host_names = host.example' >>"$C/certauth.conf"
	login_ok
	# the intermediate is no anchor, and need not be sent
	login_ok --raw --cert "$PKI/alice.pem" --key "$PKI/alice.key"
	run in_place "$CERTAUTH" verify --quiet "$PKI/alice.pem"
	[ "$status" -eq 0 ]
	[ "$(find "$C/ca" -type f | wc -l)" -eq 1 ]
	[ "$(find "$C/intermediates" -type f | wc -l)" -eq 1 ]
	[ "$(find "$C" -type d ! -perm 755 | wc -l)" -eq 0 ]
	[ "$(find "$C" -type f -perm /022 | wc -l)" -eq 0 ]
	# links as openssl rehash makes them
	for d in ca intermediates; do
		cp -a "$C/$d" "$S/$d-again"
		find "$S/$d-again" -type l -delete
		openssl rehash "$S/$d-again"
		diff <(cd "$C/$d" && find . -type l -printf '%p %l\n' | sort) \
			<(cd "$S/$d-again" && find . -type l -printf '%p %l\n' | sort)
	done
	# PAM's files are as they were
	grep -c . "$S/etc/pam.d/test" | grep -qx 3
}

@test "again: nothing twice" {
	run_setup --ca "$PKI/root.pem" --crl "$PKI/root.crl" --no-fetch \
		--user alice --selector cn:alice
	find "$C" ! -type d -printf '%p %l\n' | sort >"$BATS_TEST_TMPDIR/one"
	cp "$C/users" "$BATS_TEST_TMPDIR/users"
	run_setup --ca "$PKI/root.pem" --crl "$PKI/root.crl" --no-fetch \
		--user alice --selector cn:alice
	find "$C" ! -type d -printf '%p %l\n' | sort >"$BATS_TEST_TMPDIR/two"
	diff "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
	cmp "$C/users" "$BATS_TEST_TMPDIR/users"
}

@test "PKCS#7, in PEM and DER, with all its certificates" {
	openssl crl2pkcs7 -nocrl -certfile "$PKI/root.pem" -certfile \
		"$PKI/inter.pem" -certfile "$PKI/stranger.pem" -out "$S/p7.pem"
	openssl pkcs7 -in "$S/p7.pem" -outform DER -out "$S/p7.der"
	for f in p7.pem p7.der; do
		rm -rf "$C"
		run_setup --ca "$S/$f" --no-fetch
		[ "$(find "$C/ca" -type f | wc -l)" -eq 2 ]
		[ "$(find "$C/intermediates" -type f | wc -l)" -eq 1 ]
	done
}

# files N-OF-ANCHORS N-OF-INTERMEDIATES
files() {
	[ "$(find "$C/ca" -type f | wc -l)" -eq "$1" ] &&
		[ "$(find "$C/intermediates" -type f | wc -l)" -eq "$2" ]
}

@test "root and intermediate in files of their own: the intermediate is no anchor" {
	local order
	pki_copy "$S/again"
	pki_revoke root inter
	pki_crl root
	for order in 'root inter' 'inter root'; do
		rm -rf "$C"
		# shellcheck disable=SC2086
		set -- $order
		run_setup --ca "$PKI/$1.pem" --ca "$PKI/$2.pem" \
			--crl "$PKI/root.crl" --crl "$PKI/inter.crl" --no-fetch
		[ "$status" -eq 1 ] || [ "$status" -eq 0 ]
		files 1 1
		[[ $output == *'intermediates/Test_inter'*'(not self-signed: an intermediate)'* ]]
		[[ $output != *'No trust anchor was added'* ]]
		# so that its revocation is seen
		run in_place "$CERTAUTH" verify "$PKI/alice.pem"
		echo "$output"
		[ "$status" -eq 1 ]
		[[ $output == *revoked* ]]
	done
	pki_use "$S/pki"
}

@test "an intermediate alone: said, and trusted by --anchor only" {
	run_setup --ca "$PKI/inter.pem" --crl "$PKI/inter.crl" --no-fetch
	[ "$status" -eq 1 ]
	files 0 1
	[[ $output == *'with --anchor'* ]]
	[[ $output == *'error ca-none'* ]]
	run_setup --anchor "$PKI/inter.pem" --crl "$PKI/inter.crl" --no-fetch \
		--user alice --cert "$PKI/alice.pem"
	files 1 1
	[[ $output == *'ca/Test_inter'*'(a trust anchor that is not self-signed)'* ]]
	[[ $output == *'/alice.pem would be accepted'* ]]
	# a person's certificate is no anchor that way either
	run_setup --anchor "$PKI/alice.pem" --no-fetch
	[ "$status" -eq 1 ]
	files 1 1
}

@test "self-signed is who signed it, not what it is called" {
	# the same name with another key, signed by the first; and one that
	# claims to be the root's and is signed by a stranger
	pki_new "$S/decoy"
	pki_ca one --subject /CN=Decoy
	pki_ca two --issuer one --subject /CN=Decoy
	pki_ca stranger
	pki_ca three --issuer stranger --subject /CN=Three
	run_setup --ca "$PKI/one.pem" --ca "$PKI/two.pem" --no-fetch
	files 1 1
	cmp <(openssl x509 -in "$C"/ca/*.pem -outform DER) \
		<(openssl x509 -in "$PKI/one.pem" -outform DER)
	rm -rf "$C"
	cat "$PKI/two.pem" "$PKI/three.pem" "$PKI/one.pem" >"$S/all.pem"
	run_setup --ca "$S/all.pem" --no-fetch
	files 1 2
	# a self-signed one whose signature was changed is none
	rm -rf "$C"
	openssl x509 -in "$PKI/one.pem" -outform DER -out "$S/bad.der"
	python3 - "$S/bad.der" <<-'END'
		import sys
		b = bytearray(open(sys.argv[1], 'rb').read())
		b[-1] ^= 1
		open(sys.argv[1], 'wb').write(b)
	END
	run_setup --ca "$S/bad.der" --no-fetch
	[ "$status" -eq 1 ]
	files 0 1
	pki_use "$S/pki"
}

@test "no place for an intermediate in an older configuration: said, with the line" {
	mkdir -p "$C"
	printf '[default]\nca_dir = %s/ca\n' /etc/certauth >"$C/certauth.conf"
	run_setup --ca "$PKI/root.pem" --ca "$PKI/inter.pem" --no-fetch
	[ "$status" -eq 1 ]
	[[ $output == *'add `intermediates_dir = /etc/certauth/intermediates'* ]]
	[ "$(find "$C/ca" -type f | wc -l)" -eq 1 ]
	echo 'intermediates_dir = /etc/certauth/intermediates' \
		>>"$C/certauth.conf"
	run_setup --ca "$PKI/root.pem" --ca "$PKI/inter.pem" --no-fetch
	files 1 1
}

@test "two CAs of one name get two links" {
	pki_new "$S/twins"
	pki_ca one --subject /CN=Twin
	pki_ca two --subject /CN=Twin
	run_setup --ca "$PKI/one.pem" --ca "$PKI/two.pem" --no-fetch
	[ "$(find "$C/ca" -type l | wc -l)" -eq 2 ]
	pki_use "$S/pki"
}

@test "what is no CA, no CRL, or of another CA is refused, and said" {
	run_setup --ca "$PKI/alice.pem" --no-fetch
	[ "$status" -eq 1 ]
	[[ $output == *'it is not a CA certificate'* ]]
	[ -z "$(find "$C/ca" -type f)" ]
	run_setup --ca "$PKI/root.crl" --no-fetch
	[ "$status" -eq 1 ]
	run_setup --ca "$PKI/root.pem" --crl "$PKI/inter.crl" \
		--crl "$PKI/alice.pem" --no-fetch
	[ "$status" -eq 1 ]
	[ "$(grep -c 'was not imported' <<<"$output")" -eq 2 ]
	[ -z "$(find "$C/crl" -name '*.crl')" ]
	run_setup --ca /nonexistent --no-fetch
	[ "$status" -eq 1 ]
	[[ $output == *'/nonexistent: No such file'* ]]
	run_setup --user alice
	[ "$status" -eq 2 ]
	# a certificate that would be refused
	run_setup --ca "$PKI/root.pem" --crl "$PKI/root.crl" --no-fetch \
		--user alice --cert "$PKI/stranger-leaf.pem"
	[ "$status" -eq 1 ]
	[[ $output == *'would be refused; to see why, run: certauth explain'* ]]
}

@test "another folder, and directories that others could write to" {
	mkdir "$S/elsewhere"
	mkdir -m 777 "$S/elsewhere/ca"
	run_setup --confdir "$S/elsewhere" --ca "$PKI/root.pem" \
		--crl "$PKI/root.crl" --no-fetch --user alice --selector cn:x
	[[ $output == *"config=$S/elsewhere/certauth.conf"* ]]
	[ "$(stat -c %a "$S/elsewhere/ca")" = 755 ]
	grep -q '^alice cn:x$' "$S/elsewhere/users"
	[ ! -e "$C" ]
}

@test "CRLs that a CA names are fetched" {
	run_setup --ca "$PKI/root.pem"
	[[ $output == *'no CRL was fetched, because no address is known'* ]]
}

# anchors: the certificates that a login finds by name in ca_dir
anchors() {
	local link
	for link in "$C"/ca/*.[0-9]; do
		[ -L "$link" ] && openssl x509 -in "$link" -noout -subject
	done | sort
}

# watch: note each moment at which no link leads to an anchor, until $S/watched
# is removed
watch() {
	touch "$S/watched"
	while [ -e "$S/watched" ]; do
		grep -qs BEGIN "$C/ca/$1" || echo "no $1" >>"$S/gaps"
	done &
	WATCH=$!
}

@test "a file that is in ca_dir: DER, a bundle and PKCS#7 are converted there" {
	local kind hash
	pki_new "$S/place"
	pki_ca one
	pki_ca two
	pki_ca below --issuer one
	hash=$(openssl x509 -in "$PKI/one.pem" -noout -subject_hash)
	openssl x509 -in "$PKI/one.pem" -outform DER -out "$S/one.der"
	cat "$PKI/one.pem" "$PKI/two.pem" "$PKI/below.pem" >"$S/all.pem"
	openssl crl2pkcs7 -nocrl -certfile "$S/all.pem" -out "$S/all-p7.pem"
	openssl crl2pkcs7 -nocrl -certfile "$S/all.pem" -outform DER -out "$S/all.p7b"
	for kind in one.der all.pem all-p7.pem all.p7b; do
		echo "# $kind"
		rm -rf "$C"
		mkdir -p "$C/ca"
		cp "$S/$kind" "$C/ca/$kind"
		ln -s "$kind" "$C/ca/$hash.0"
		rm -f "$S/gaps"
		watch "$hash.0"
		run_setup --ca "/etc/certauth/ca/$kind" --no-fetch
		rm "$S/watched"
		wait "$WATCH"
		# DER has no BEGIN, and the second link is watched only
		[[ $kind != all*.pem ]] || [ ! -e "$S/gaps" ]
		[ ! -e "$C/ca/$kind" ]
		[ "$(readlink "$C/ca/$hash.0")" != "$kind" ]
		[[ $output == *"/etc/certauth/ca/$kind was converted and removed"* ]]
		case $kind in
		one.der) files 1 0 ;;
		# an anchor stays one, self-signed or not
		*) files 3 0 && [ "$(anchors | wc -l)" -eq 3 ] ;;
		esac
		cp -a "$C/ca" "$S/ca-rehashed"
		find "$S/ca-rehashed" -type l -delete
		openssl rehash "$S/ca-rehashed"
		diff <(cd "$C/ca" && find . -type l -printf '%p %l\n' | sort) \
			<(cd "$S/ca-rehashed" && find . -type l -printf '%p %l\n' | sort)
		rm -r "$S/ca-rehashed"
		run in_place "$CERTAUTH" doctor --skip crl
		[[ $output != *ca-duplicate* && $output != *ca-not-hashed* ]]
	done
	# a root in intermediates_dir does not become an anchor that way
	rm -rf "$C"
	mkdir -p "$C/intermediates"
	cp "$S/all.pem" "$C/intermediates/"
	run_setup --ca "/etc/certauth/intermediates/all.pem" --no-fetch
	files 0 3
	pki_use "$S/pki"
}

@test "a file in ca_dir that is as it should be stays, and gets its link" {
	mkdir -p "$C/ca"
	cp "$PKI/root.pem" "$C/ca/corp.pem"
	run_setup --ca /etc/certauth/ca/corp.pem --no-fetch
	files 1 0
	[ "$(readlink "$C"/ca/*.0)" = corp.pem ]
	# also if it comes from elsewhere, or by its hashed name
	run_setup --ca "$PKI/root.pem" --no-fetch
	files 1 0
	run_setup --ca "/etc/certauth/ca/$(basename "$C"/ca/*.0)" --no-fetch
	files 1 0
	[ "$(find "$C/ca" -type l | wc -l)" -eq 1 ]
}

@test "a file in ca_dir with a key or a broken certificate is not removed" {
	mkdir -p "$C/ca"
	cat "$PKI/root.pem" "$PKI/root.key" "$PKI/stranger.pem" >"$C/ca/mixed.pem"
	cp "$C/ca/mixed.pem" "$S/mixed.pem"
	run_setup --ca /etc/certauth/ca/mixed.pem --no-fetch
	cmp "$S/mixed.pem" "$C/ca/mixed.pem.old"
	[ ! -e "$C/ca/mixed.pem" ]
	[ "$(anchors | wc -l)" -eq 2 ]
	rm -rf "$C"
	mkdir -p "$C/ca"
	{ cat "$PKI/root.pem"; printf -- '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'; } \
		>"$C/ca/broken.pem"
	cp "$C/ca/broken.pem" "$S/broken.pem"
	run_setup --ca /etc/certauth/ca/broken.pem --no-fetch
	[ "$status" -eq 1 ]
	cmp "$S/broken.pem" "$C/ca/broken.pem"
	# the name that one of its certificates gets
	rm -rf "$C"
	run_setup --ca "$PKI/root.pem" --no-fetch
	name=$(basename "$C"/ca/*.pem)
	cat "$PKI/stranger.pem" >>"$C/ca/$name"
	cp "$C/ca/$name" "$S/appended.pem"
	run_setup --ca "/etc/certauth/ca/$name" --no-fetch
	[ "$status" -eq 1 ]
	[[ $output == *"rename /etc/certauth/ca/$name, and run setup again"* ]]
	cmp "$S/appended.pem" "$C/ca/$name"
}

@test "links that dangle, repeat a CA or have another CA's name are removed" {
	local h
	pki_new "$S/linked"
	pki_ca one --subject /CN=Twin
	pki_ca two --subject /CN=Twin
	pki_ca other
	h=$(openssl x509 -in "$PKI/one.pem" -noout -subject_hash)
	mkdir -p "$C/ca"
	cp "$PKI/one.pem" "$PKI/two.pem" "$C/ca/"
	ln -s gone.pem "$C/ca/$h.0"
	ln -s one.pem "$C/ca/$h.1"
	ln -s one.pem "$C/ca/$h.2"
	ln -s two.pem "$C/ca/$h.3"
	ln -s one.pem "$C/ca/00000000.0"
	ln -s one.pem "$C/ca/$(openssl x509 -in "$PKI/one.pem" -noout -subject_hash_old).0"
	run_setup --ca "$PKI/other.pem" --no-fetch
	# both have a link, without a gap
	[ "$(readlink "$C/ca/$h.0" "$C/ca/$h.1" | sort | xargs)" = 'one.pem two.pem' ]
	[ ! -L "$C/ca/$h.2" ] && [ ! -L "$C/ca/$h.3" ]
	[ ! -L "$C/ca/00000000.0" ]
	# that of `openssl rehash -old' is not ours
	[ "$(find "$C/ca" -type l | wc -l)" -eq 4 ]
	pki_use "$S/pki"
}

# linked DIR: hash and certificate of each link that a login finds: from HASH.0
# on, without a gap
linked() {
	local link hash
	for link in "$1"/*.0; do
		hash=$(basename "$link" .0)
		for ((i = 0; ; i++)); do
			[ -e "$1/$hash.$i" ] || break
			echo "$hash $(pki_sha256 "$1/$hash.$i")"
		done
	done | sort
}

@test "whatever links there were, those of openssl rehash are there afterwards" {
	local i hashes targets
	pki_new "$S/random"
	for i in one two; do pki_ca $i --subject /CN=Twin; done
	for i in three other; do pki_ca $i; done
	hashes=(00000000 "$(openssl x509 -in "$PKI/one.pem" -noout -subject_hash)"
		"$(openssl x509 -in "$PKI/three.pem" -noout -subject_hash)")
	targets=(one.pem two.pem three.pem again.pem gone.pem)
	RANDOM=${CERTAUTH_SEED:-$RANDOM}
	echo "seed $RANDOM"
	for _ in $(seq 10); do
		rm -rf "$C"
		mkdir -p "$C/ca"
		cp "$PKI/one.pem" "$PKI/two.pem" "$PKI/three.pem" "$C/ca/"
		[ $((RANDOM % 2)) -eq 0 ] || cp "$PKI/one.pem" "$C/ca/again.pem"
		for _ in $(seq $((RANDOM % 8))); do
			ln -sfn "${targets[RANDOM % 5]}" \
				"$C/ca/${hashes[RANDOM % 3]}.$((RANDOM % 4))"
		done
		(cd "$C/ca" && find . -type l -printf '%p %l\n' | sort && echo)
		in_place "$CERTAUTH" setup --ca "$PKI/other.pem" --no-fetch \
			>"$S/said" 2>&1 || :
		rm -rf "$S/oracle"
		cp -a "$C/ca" "$S/oracle"
		find "$S/oracle" -type l -delete
		openssl rehash "$S/oracle" 2>/dev/null
		diff <(linked "$S/oracle") <(linked "$C/ca")
		# and no other link is left
		[ "$(find "$C/ca" -type l | wc -l)" -eq "$(linked "$C/ca" | wc -l)" ]
	done
	pki_use "$S/pki"
}

@test "two CRLs with files of one name are both installed, and later replaced" {
	mkdir "$S/a" "$S/b"
	cp "$PKI/root.crl" "$S/a/ca.crl"
	cp "$PKI/inter.crl" "$S/b/ca.crl"
	cat "$PKI/root.pem" "$PKI/inter.pem" >"$S/both.pem"
	run_setup --ca "$S/both.pem" --crl "$S/a/ca.crl" --crl "$S/b/ca.crl" --no-fetch
	[ "$(find "$C/crl" -name '*.crl' | wc -l)" -eq 2 ]
	cmp "$PKI/root.crl" "$C/crl/ca.crl"
	pki_copy "$S/newer"
	pki_crl inter --from -1m
	cp "$PKI/inter.crl" "$S/b/ca.crl"
	run_setup --crl "$S/b/ca.crl" --no-fetch
	[ "$(find "$C/crl" -name '*.crl' | wc -l)" -eq 2 ]
	cmp "$PKI/root.crl" "$C/crl/ca.crl"
	cmp "$PKI/inter.crl" "$C"/crl/ca-*.crl
	# an index does not outlive its CRL
	[ -e "$C/crl/ca.crl.idx" ]
	rm "$C/crl/ca.crl"
	in_place "$CERTAUTH" crl compile
	[ ! -e "$C/crl/ca.crl.idx" ]
	[ "$(ls "$C"/crl/*.idx | wc -l)" -eq 1 ]
	# nor a CRL that no index can be made of
	mv "$C"/crl/ca-*.crl "$C/crl/x.crl"
	run in_place "$CERTAUTH" crl compile
	[ -e "$C/crl/x.crl.idx" ]
	cp "$PKI/stranger.pem" "$S/stranger.pem"
	pki_crl stranger
	cp "$PKI/stranger.crl" "$C/crl/x.crl"
	run in_place "$CERTAUTH" crl compile
	[ "$status" -eq 1 ]
	[ ! -e "$C/crl/x.crl.idx" ]
	pki_use "$S/pki"
}

@test "an old CRL that a current one replaced is a note, not an error" {
	run_setup --ca "$PKI/root.pem" --crl "$PKI/root.crl" --no-fetch
	pki_copy "$S/older"
	pki_crl root --from -9d --to -1d --out "$C/crl/old.crl"
	# its number is above the current one's: which is newer is not known
	run in_place "$CERTAUTH" doctor
	[[ $output == *'error crl-stale: /etc/certauth/crl/old.crl has expired'* ]]
	pki_crl root --out "$C/crl/root.crl"
	run in_place "$CERTAUTH" doctor
	echo "$output"
	[[ $output == *'note crl-stale: /etc/certauth/crl/old.crl has expired'*'the current CRL root.crl of the same CA has replaced it'* ]]
	[[ $output == *'mend: rm /etc/certauth/crl/old.crl; certauth crl compile'* ]]
	[[ $output != *'error crl-stale'* ]]
	pki_use "$S/pki"
}

@test "an option that is unknown or lacks its value is named, and --help works behind a subcommand" {
	local command
	for command in 'setup --foo' 'pki init --foo' 'pki --foo init' 'crl list --foo' \
		'ocsp update --foo' 'users add --foo' 'verify --foo' 'explain --foo' 'try --foo' \
		'inspect --foo' 'import sssd --foo' 'doctor --foo' 'metrics --foo' 'log --foo' \
		'users --foo' 'sign --foo' 'password --foo' 'tokens --foo'; do
		# shellcheck disable=SC2086 # words
		run in_place "$CERTAUTH" $command
		echo "$output"
		[ "$status" -eq 2 ]
		[[ $output == *'--foo: unknown option'* ]]
		# once, without getopt's own
		[ "${#lines[@]}" -eq 2 ]
		[[ ${lines[1]} == 'Try `certauth '* ]]
	done
	run in_place "$CERTAUTH" setup --ca
	[[ $output == *'--ca: the value of this option is missing'* ]]
	run in_place "$CERTAUTH" setup --no-fetch=yes
	[[ $output == *'--no-fetch=yes: this option takes no value'* ]]
	for command in 'crl list' 'crl update --quiet' 'pki init' 'users add alice' \
		'setup --no-fetch' 'verify --json'; do
		# shellcheck disable=SC2086
		run in_place "$CERTAUTH" $command --help
		[ "$status" -eq 0 ]
		[[ $output == "usage: certauth ${command%% *}"* ]]
	done
}

@test "with another folder, commands are printed with its configuration" {
	cat "$PKI/root.pem" "$PKI/inter.pem" >"$S/both.pem"
	rm -rf "$S/elsewhere"
	mkdir "$S/elsewhere"
	run_setup --confdir "$S/elsewhere" --ca "$S/both.pem" \
		--user alice --cert "$PKI/alice.pem"
	[[ $output == *"run: certauth explain --config $S/elsewhere/certauth.conf $PKI/alice.pem"* ]]
	[[ $output == *"certauth crl update --config $S/elsewhere/certauth.conf --from CERT"* ]]
}
