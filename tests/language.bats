#!/usr/bin/env bats
# The language of what a user reads.  Most tests have a catalog that puts each line in
# << >>, so that they see which texts are looked up.
bats_require_minimum_version 1.5.0
load lib/common
load lib/language

setup_file() {
	place_make
	cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$S/bin/"
	export DRIVE=$S/bin/pamdrive
	openssl pkcs12 -export -in "$PKI/alice-chain.pem" -inkey \
		"$PKI/alice.key" -passout pass:sesame -out "$S/home/alice/l.p12"
	pki_leaf ends inter --to +5d
	cat "$PKI/ends.pem" "$PKI/inter.pem" >"$PKI/ends-chain.pem"
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" \
		"alice sha256:$(pki_sha256 "$PKI/ends.pem")"
	openssl pkcs12 -export -in "$PKI/ends-chain.pem" -inkey \
		"$PKI/ends.key" -passout pass:sesame -out "$S/home/alice/ends.p12"
	chown 2001 "$S"/home/alice/* 2>/dev/null || :
	language_make
}
teardown_file() { place_remove; }

setup() {
	need_root
	language_need
	conf_reset
	catalog pseudo
}

# german COMMAND ...: alice's, in that language
german() {
	AS_USER_ENV='LANG=de_DE.UTF-8' as_user alice "$@"
}

# drive [PAMDRIVE-OPTION ...]: one login of alice by her key file
drive() {
	log_mark
	in_place "$DRIVE" -s test -u alice -C 'while read -r p; do echo sesame; done' \
		"$@" >"$S/seen" 2>&1
}

@test "the commands of users: help, and what is wrong with their use" {
	local c
	for c in askpass credential password sign ssh tokens; do
		run german "$CERTAUTH" "$c" --help
		[ "$status" -eq 0 ]
		marked <<<"$output"
		run german "$CERTAUTH" help "$c"
		marked <<<"$output"
	done
	run german "$CERTAUTH"
	# a name stands before each summary, and the text is the summary's
	marked <<<"$output"
	for c in 'sign --nonsense' 'sign a b' 'sign --cert' 'sign not-a-request' \
		'password --max 3' 'password' 'password a b' 'credential' \
		'credential get extra more' 'tokens pkcs11:a=b no' 'tokens no' \
		'ssh' 'ssh --cert' 'askpass' 'askpass one two' 'nonsense' \
		"sign --any-host --cert $PKI/alice.key --key $PKI/alice.key x"; do
		# shellcheck disable=SC2086 # words
		run german "$CERTAUTH" $c </dev/null
		[ "$status" -ne 0 ]
		[ -n "$output" ]
		marked <<<"$output"
	done
}

@test "the commands of administrators, JSON and the C locale: English" {
	local c
	# what is wrong with an option is said by code that users' commands have, too
	for c in doctor log 'users list' 'crl list' 'inspect --help' 'doctor --help' \
		'doctor --nonsense' 'verify --nonsense' 'inspect --nonsense'; do
		# shellcheck disable=SC2086 # words
		run in_place env LC_ALL=de_DE.UTF-8 "$CERTAUTH" $c
		[ -n "$output" ]
		run ! grep -F '<<' <<<"$output"
	done
	run german "$CERTAUTH" tokens --json
	run ! grep -F '<<' <<<"$output"
	run as_user alice "$CERTAUTH" sign --nonsense
	[ "$status" -eq 2 ]
	run ! grep -F '<<' <<<"$output"
	AS_USER_ENV='LANG=de_DE.UTF-8 LC_ALL=C' run as_user alice "$CERTAUTH" sign --nonsense
	run ! grep -F '<<' <<<"$output"
}

@test "a rule that a request breaks" {
	local request=$S/request
	run login --save-request "$request" --text '' --
	run german "$CERTAUTH" sign --host other.example --user alice \
		--cert "$PKI/alice-chain.pem" --key "$PKI/alice.key" "$(cat "$request")"
	[ "$status" -ne 0 ]
	marked <<<"$output"
	grep -F 'other.example' <<<"$output"
	run german "$CERTAUTH" sign --host host.example --user bob \
		--cert "$PKI/alice-chain.pem" --key "$PKI/alice.key" "$(cat "$request")"
	[ "$status" -ne 0 ]
	marked <<<"$output"
}

@test "a question is in the language, and takes its yes, and the English one" {
	local request=$S/request answer
	cp "$PKI/alice-chain.pem" "$PKI/alice.key" "$S/home/alice/"
	chown 2001 "$S"/home/alice/*
	run login --save-request "$request" --text '' --
	for answer in jawohl jw yes y; do
		run german python3 "$HERE/tests/lib/answer.py" "$answer" \
			"$CERTAUTH" sign --cert alice-chain.pem --key alice.key \
			"$(cat "$request")"
		echo "$output"
		[ "$status" -eq 0 ]
		grep -F '<<' <<<"$output"
		grep -E '^[A-Za-z0-9_-]{100,}' <<<"$output"
	done
	for answer in no nein '' j; do
		run german python3 "$HERE/tests/lib/answer.py" "$answer" \
			"$CERTAUTH" sign --cert alice-chain.pem --key alice.key \
			"$(cat "$request")"
		[ "$status" -ne 0 ]
	done
}

@test "the helper: in the language of the application, which stays as it is" {
	service test proof=command key_file=%h/l.p12 "helper=$HELPER"
	LC_ALL=de_DE.UTF-8 drive -l
	cat "$S/seen"
	grep -qx 'authenticate PAM_SUCCESS' "$S/seen"
	grep -qx 'locale kept' "$S/seen"
	grep '^prompt ' "$S/seen" | marked
	logged 'outcome=granted'
	not_logged '<<'
	# the application has not taken the language of its environment
	LC_ALL=de_DE.UTF-8 drive
	grep -q '^prompt ' "$S/seen"
	run ! grep -F '<<' "$S/seen"
	# it has none, and the configuration has
	conf default 'language = de_DE.UTF-8'
	LC_ALL=C drive -l
	grep -qx 'locale kept' "$S/seen"
	grep '^prompt ' "$S/seen" | marked
	# it has one, and the configuration another, which has no texts
	conf default 'language = fr_FR.UTF-8'
	LC_ALL=de_DE.UTF-8 drive -l
	grep '^prompt ' "$S/seen" | marked
}

@test "the helper: what went wrong is told in the language, and logged in English" {
	service test proof=command key_file=%h/l.p12 "helper=$HELPER"
	conf default 'language = de_DE.UTF-8'
	run in_place "$DRIVE" -s test -u alice -C 'while read -r p; do echo wrong; done'
	echo "$output"
	grep -E '^(error|info) ' <<<"$output" | marked
	grep '^error ' <<<"$output"
	logged 'helper: .*password'
	not_logged '<<'
}

@test "the helper: parts of a line of the log are in English" {
	# the certificate has expired, which the helper says in its last line
	pki_leaf past inter --from -9d --to -2d
	cat "$PKI/past.pem" "$PKI/inter.pem" >"$PKI/past-chain.pem"
	openssl pkcs12 -export -in "$PKI/past-chain.pem" -inkey "$PKI/past.key" \
		-passout pass:sesame -out "$S/home/alice/past.p12"
	chown 2001 "$S/home/alice/past.p12"
	service test proof=command key_file=%h/past.p12 "helper=$HELPER"
	conf default 'language = de_DE.UTF-8'
	drive || :
	logged 'helper: .*it expired on'
	not_logged '<<'
}

@test "the module: an end that is near, and a truncated answer" {
	service test proof=command key_file=%h/ends.p12 "helper=$HELPER"
	conf default 'language = de_DE.UTF-8'
	drive
	grep -q '^authenticate PAM_SUCCESS' "$S/seen"
	grep -E '^info <<Your certificate expires in [0-9]+ days: >>CN=ends' "$S/seen"
	service test
	log_mark
	run in_place "$DRIVE" -s test -u alice -m foreign
	grep -E '^error <<The answer' <<<"$output"
	logged 'reason=answer-(cut|malformed)'
	not_logged '<<'
	service test first_answer=ignore
	run in_place "$DRIVE" -s test -u alice -m foreign
	grep '^info ' <<<"$output"
	grep -E '^(info|error) ' <<<"$output" | marked
	conf default 'language = de_DE.UTF-8' 'warn_expiry = 0'
	service test proof=command key_file=%h/ends.p12 "helper=$HELPER"
	drive
	run ! grep '^info' "$S/seen"
}

@test "a translation with other conversions is not used" {
	catalog broken
	run german "$CERTAUTH" sign --cert
	[ "$status" -eq 2 ]
	run ! grep -E '<<|%s|%n' <<<"$output"
	service test proof=command key_file=%h/l.p12 "helper=$HELPER"
	conf default 'language = de_DE.UTF-8'
	drive
	grep -q '^authenticate PAM_SUCCESS' "$S/seen"
	run ! grep -E '<<|%n' "$S/seen"
}

@test "a locale that is not installed, or that is none" {
	local name
	service test proof=command key_file=%h/l.p12 "helper=$HELPER"
	conf default 'language = fr_FR.UTF-8'
	drive
	grep -q '^authenticate PAM_SUCCESS' "$S/seen"
	run ! grep -F '<<' "$S/seen"
	for name in ../../tmp/x a/b C POSIX .hidden 'de DE' \
		"$(printf 'a%.0s' {1..65})"; do
		conf default "language = $name"
		drive || :
		grep -q '^authenticate PAM_SERVICE_ERR' "$S/seen"
		logged 'language.*is not the name of a locale'
	done
	# a folder that the environment names is not searched by its path
	AS_USER_ENV="LANG=de_DE.UTF-8 LANGUAGE=../../$S/x" run as_user alice \
		"$CERTAUTH" sign --cert
	[ "$status" -eq 2 ]
}

@test "doctor: a language without a locale, or without texts" {
	conf default 'language = fr_FR.UTF-8'
	run in_place "$CERTAUTH" doctor
	grep -E 'language: the locale fr_FR.UTF-8 of .* is not installed' <<<"$output"
	conf default 'language = de_DE.UTF-8'
	catalog none
	run in_place "$CERTAUTH" doctor
	grep -E 'language: there are no texts in the language of the locale de_DE' <<<"$output"
	catalog pseudo
	run in_place "$CERTAUTH" doctor
	run ! grep -E ' language: ' <<<"$output"
}

@test "the languages are complete" {
	local po
	for po in "$HERE"/po/*.po; do
		"$HERE/packaging/po.sh" "$po"
	done
}

@test "German, and not English, for a PIN and for a refusal" {
	catalog de
	run german "$CERTAUTH" sign --cert
	grep -F 'Option' <<<"$output"
	run ! grep -F 'missing' <<<"$output"
	service test proof=command key_file=%h/l.p12 "helper=$HELPER"
	conf default 'language = de_DE.UTF-8'
	drive
	grep '^prompt ' "$S/seen"
	grep '^prompt Passwort' "$S/seen"
}
