#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
# What .github/SECURITY.md says of the build.

B=${CERTAUTH_BUILD:-$BATS_TEST_DIRNAME/../build}

setup() {
	if nm "$B/certauth" | grep -qE '__(asan|tsan|msan)_init'; then
		skip 'built for a sanitizer'
	fi
}

@test "RELRO, immediate binding, no executable stack" {
	local f
	for f in "$B/pam_certauth.so" "$B/certauth" "$B/certauth-fetch" \
		"$B/certauth-sign"; do
		readelf -lW "$f" >"$BATS_TEST_TMPDIR/l"
		readelf -dW "$f" >"$BATS_TEST_TMPDIR/d"
		grep -q GNU_RELRO "$BATS_TEST_TMPDIR/l"
		grep -qE 'BIND_NOW|Flags:.* NOW' "$BATS_TEST_TMPDIR/d"
		grep -E 'GNU_STACK +.* RW ' "$BATS_TEST_TMPDIR/l"
		run ! grep -E 'TEXTREL|RPATH|RUNPATH' "$BATS_TEST_TMPDIR/d"
	done
}

@test "position-independent executables" {
	readelf -hW "$B/certauth" | grep -qE 'Type: +DYN'
	readelf -hW "$B/certauth-fetch" | grep -qE 'Type: +DYN'
	readelf -hW "$B/certauth-sign" | grep -qE 'Type: +DYN'
}

@test "stack protector and fortified functions are there" {
	local f
	for f in "$B/pam_certauth.so" "$B/certauth"; do
		nm -D --undefined-only "$f" >"$BATS_TEST_TMPDIR/u"
		grep -q __stack_chk_fail "$BATS_TEST_TMPDIR/u"
		grep -qE '__[a-z]+_chk' "$BATS_TEST_TMPDIR/u"
	done
}

@test "the module has no undefined symbol that no library gives" {
	run ldd -r "$B/pam_certauth.so"
	echo "$output"
	[[ $output != *undefined* ]]
	[[ $output != *'not found'* ]]
}
