#!/usr/bin/env bats
# make check-release and .ci/run: what they ask apt, when they skip, what they
# count.  No archive is asked here: a server on loopback stands for it.
bats_require_minimum_version 1.5.0

setup() {
	HERE=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
	T=$BATS_TEST_TMPDIR
	mkdir "$T/bin" "$T/b"
	export PATH=$T/bin:$PATH
	unset MAKEFLAGS MAKELEVEL WHAT MINUTES UNTIL http_proxy https_proxy
}

teardown() {
	[ -z "${SERVER:-}" ] || kill "$SERVER"
}

# program NAME: standard input is a shell script of that name
program() {
	{ echo '#!/bin/bash'; cat; } >"$T/bin/$1"
	chmod 755 "$T/bin/$1"
}

# apt_has URI [LINES]: apt's only archive, in a file of sources with LINES
apt_has() {
	local file=$T/x.${3:-sources}
	printf '%s\n' "${2:-Types: deb}" >"$file"
	program apt-get <<-END
		case \$1 in
		indextargets) [ -z '$1' ] || echo '$1 $file:1' ;;
		*) exit 100 ;;
		esac
	END
}

# found: what archive_find says and sets
found() {
	run bash -c '. "$1/tests/lib/archive.sh"; archive_find &&
		echo "$ARCHIVE $ARCHIVE_KEYRING ${http_proxy:-}"' - "$HERE"
}

@test "the archive, keyring and proxy are those of apt" {
	: >"$T/one.gpg"
	apt_has http://a.invalid/debian/ $'Types: deb\nURIs: x\nSigned-By: '"$T/one.gpg"$'\n\nSigned-By: /absent'
	found
	[ "$output" = "http://a.invalid/debian $T/one.gpg " ]
	apt_has https://a.invalid/d "deb [arch=amd64 signed-by=$T/one.gpg] x y"$'\ndeb [signed-by=/absent] z' list
	found
	[ "$output" = "https://a.invalid/d $T/one.gpg " ]
	printf '# mirrors\nhttp://m.invalid/debian/ priority:1\nhttp://n.invalid/\n' >"$T/m"
	apt_has "mirror+file:$T/m" "Signed-By: $T/one.gpg"
	program apt-config <<-'END'
		echo "HTTP='http://proxy.invalid:3128/'"
	END
	found
	[ "$output" = "http://m.invalid/debian $T/one.gpg http://proxy.invalid:3128/" ]
	# the case of a field's name is free; its value may begin in the next line
	apt_has http://a.invalid/debian $'Types: deb\n# Signed-By: /absent\nSIGNED-BY:\n '"$T/one.gpg"$'\nURIs: x'
	found
	[ "$output" = "http://a.invalid/debian $T/one.gpg http://proxy.invalid:3128/" ]
	apt_has http://a.invalid/debian 'Signed-By: /absent/x.gpg'
	found
	[ "$status" -eq 1 ]
	[[ $output == *'No keyring'* ]]
	apt_has cdrom:Debian "Signed-By: $T/one.gpg"
	found
	[ "$status" -eq 1 ]
	[[ $output == *'not http'* ]]
	apt_has ''
	found
	[ "$status" -eq 1 ]
	[[ $output == *'no Debian archive'* ]]
}

# skips REGEX ARG ...: run.sh skips visibly, for that reason, with success
skips() {
	local why=$1
	shift
	run "$@"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = '0 passed, 0 failed, 1 skipped' ]
	[[ ${lines[-2]} =~ ^check-release\ [a-z]+:\ skipped:\ .*$why ]]
}

@test "where no root can be made it says so, and that is one skip" {
	[ "$(id -u)" -eq 0 ] || {
		skips 'only be made by root' "$HERE/tests/release/run.sh" "$T/b" trixie
		return
	}
	command -v debootstrap >/dev/null || program debootstrap </dev/null
	program unshare <<<'exit 1'
	skips 'no namespaces' "$HERE/tests/release/run.sh" "$T/b" trixie
	rm "$T/bin/unshare"
	program dpkg-query <<<'echo install ok installed'
	program df <<<'echo Avail; echo 100'
	skips '100 MB of free space' "$HERE/tests/release/run.sh" "$T/b" trixie
	# a root has setuid programs that may be old
	[ "$(stat -c %a "$T/b/release/trixie")" = 700 ]
	rm "$T/bin/df"
	: >"$T/one.gpg"
	apt_has '' ''
	skips 'no Debian archive' "$HERE/tests/release/run.sh" "$T/b" trixie
	# an archive without that release; one that does not answer
	echo 'Acquire::http::Proxy::127.0.0.1 "DIRECT";' >"$T/apt.conf"
	export APT_CONFIG=$T/apt.conf
	mkdir "$T/www"
	python3 -c 'import http.server, sys
s = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
print(s.server_port, flush=True)
s.serve_forever()' >"$T/port" 2>/dev/null 3>&- &
	SERVER=$!
	for ((i = 0; i < 500; i++)); do
		[ ! -s "$T/port" ] || break
		sleep 0.02
	done
	apt_has "http://127.0.0.1:$(cat "$T/port")" "Signed-By: $T/one.gpg"
	skips 'has no release nosuch' "$HERE/tests/release/run.sh" "$T/b" nosuch
	kill "$SERVER"
	wait "$SERVER" || :
	SERVER=
	skips 'does not answer' "$HERE/tests/release/run.sh" "$T/b" trixie
	# nothing is left of it
	run ! ls -d "$T"/b/release/*/run.*
}

@test "a mistake of the caller is no skip" {
	run "$HERE/tests/release/run.sh" "$T/b"
	[ "$status" -eq 2 ]
	run "$HERE/tests/release/run.sh" "$T/b" ../trixie
	[ "$status" -eq 2 ]
	WHAT='demo bits' run "$HERE/tests/release/run.sh" "$T/b" trixie
	[ "$status" -eq 2 ]
	[[ $output == *'bits is none of'* ]]
}

@test ".ci/run: one sum, failures of either part, CI always on" {
	program make <<-'END'
		echo "make $* CI=$CI"
		case $1 in
		check) echo "$ONE" ;;
		*) echo "$TWO"; echo 'make: *** Error' ;;
		esac
		exit "${MADE:-0}"
	END
	export ONE='7 passed, 0 failed, 2 skipped' TWO='5 passed, 0 failed, 1 skipped'
	CI='' run "$HERE/.ci/run"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = '12 passed, 0 failed, 3 skipped' ]
	[ "${lines[0]}" = 'make check SERVICES=yes CI=1' ]
	[[ $output == *'make check-release RELEASE=trixie WHAT=check MINUTES=70 CI=1'* ]]
	TWO='5 passed, 1 failed, 1 skipped' MADE=2 run "$HERE/.ci/run"
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = '12 passed, 2 failed, 3 skipped' ]
	ONE='no counts' run "$HERE/.ci/run"
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = '5 passed, 1 failed, 1 skipped' ]
}

@test "an archive without a package: named, left out, the others installed" {
	[ "$(id -u)" -eq 0 ] || skip 'only root installs packages'
	program dpkg-query <<<'exit 1'
	program apt-cache <<-'END'
		[ "$1" = policy ] || exit 0
		shift
		for p; do
			printf '%s:\n  Installed: (none)\n  Candidate: %s\n' "$p" \
				"$([ "$p" = valgrind ] && echo '(none)' || echo 1)"
		done
	END
	program apt-get <<-END
		case \$* in *-s*valgrind) exit 100 ;; esac
		echo "\$*" >>'$T/asked'
	END
	run "$HERE/tests/lib/deps.sh" check
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c 'The archive has no valgrind' <<<"$output")" -eq 1 ]
	grep -q '^install -y .* libcmocka-dev ' "$T/asked"
	run ! grep -q valgrind "$T/asked"
}
