#!/usr/bin/env bats
# The examples of etc/ and the manual say what the code says.
load lib/common

setup() {
	T=$BATS_TEST_TMPDIR
	CERTAUTH=$CERTAUTH_BUILD/certauth
}

keys_of_the_table() {
	sed -n '/^const struct ca_key ca_keys/,/^};/p' "$HERE/src/config/keys.c" |
		sed -n -e 's/^\t[A-Z]*(\([a-z0-9_]*\)[,)].*/\1/p' \
			-e 's/^\t{"\([a-z0-9_]*\)".*/\1/p'
}

# uncomment FILE: its examples in force.  Prose begins with a capital, or is
# indented by no key.
uncomment_conf() {
	grep -E '^(# ?(\[[a-z]+\]|[a-z0-9_]+ =.*|    .*)|[^#].*)$' \
		"$HERE/etc/certauth.conf" | sed 's/^# \?//'
}

@test "every key stands in certauth.conf(5), and nothing else" {
	keys_of_the_table | sort >"$T/code"
	[ "$(wc -l <"$T/code")" -ge 38 ]
	sed -n 's/^\.It Cm \([a-z0-9_]*\)$/\1/p' "$HERE/src/man/certauth.conf.5" |
		sort >"$T/manual"
	diff "$T/code" "$T/manual"
}

@test "every selector and option stands in certauth-users(5)" {
	local m=$HERE/src/man/certauth-users.5 s T=$BATS_TEST_TMPDIR
	sed -n 's/^[[:space:]]*\[CA_SEL_[A-Z0-9_]*\] = {"\([a-z0-9-]*\)".*/\1/p' \
		"$HERE/src/map/selector.c" >"$T/selectors"
	[ "$(wc -l <"$T/selectors")" -ge 15 ]
	while read -r s; do
		grep -qE "Cm $s:" "$m" || { echo "missing: $s"; return 1; }
	done <"$T/selectors"
	for s in issuer from service until; do
		grep -q "^\.It Cm $s= " "$m"
	done
	grep -q '^\.It Cm ignorecase$' "$m"
}

@test "the manuals have no fault" {
	mandoc -T lint -W warning "$HERE/src/man/certauth.conf.5" \
		"$HERE/src/man/certauth-users.5"
}

@test "etc/certauth.conf parses, as it stands and with its examples" {
	local c=$T/certauth.conf
	cp "$HERE/etc/users" "$T/users"
	chmod 644 "$T/users"
	printf 'x cn:x\n' >>"$T/users"
	cp "$HERE/etc/certauth.conf" "$c"
	chmod 644 "$c"
	run "$CERTAUTH" users list --config "$c" --file "$T/users"
	echo "$output"
	[ "$status" -eq 0 ]
	uncomment_conf >"$c"
	cat "$c"
	[ "$(grep -c = "$c")" -ge 13 ]
	run "$CERTAUTH" users list --config "$c" --file "$T/users"
	echo "$output"
	[ "$status" -eq 0 ]
	# the test can fail
	printf '[x]\nnonsense = 1\n' >>"$c"
	run "$CERTAUTH" users list --config "$c" --file "$T/users"
	[ "$status" -eq 2 ]
	[[ $output == *"certauth.conf:"*": no such key: nonsense"* ]]
}

@test "etc/users parses, and so do its examples and the manual's" {
	sed -nE 's/^# (alice|root|bob|carol|dave|\*) /\1 /p' "$HERE/etc/users" \
		>"$T/users"
	[ "$(wc -l <"$T/users")" -eq 6 ]
	sed -n '/^\.Sh EXAMPLES/,/^\.Ed/p' "$HERE/src/man/certauth-users.5" |
		grep -v '^\.' >>"$T/users"
	[ "$(wc -l <"$T/users")" -eq 13 ]
	run "$CERTAUTH" users list --file "$T/users"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 13 ]
	# as it stands it maps nobody
	[ "$(grep -cv '^#' "$HERE/etc/users")" -eq 0 ]
}
