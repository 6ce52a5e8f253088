#!/usr/bin/env bats
# `make layers` is clean, and finds each thing that it looks for.

setup() {
	HERE=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
	T=$BATS_TEST_TMPDIR/tree
	mkdir -p "$T/docs" "$T/tests/unit"
	cp -r "$HERE/src" "$HERE/pam_certauth.c" "$T/"
	cp "$HERE/docs/architecture.md" "$T/docs/"
}

layers() { python3 "$HERE/tests/lib/layers.py" "$T"; }

# found TEXT: it is said, and the exit status is 1
found() {
	run layers
	[ "$status" -eq 1 ] && [[ $output == *"$1"* ]] && return
	echo "not found: $1"
	echo "$output"
	return 1
}

# put FILE: standard input, with an opening comment
put() {
	{
		echo '/* A file of a test. */'
		cat
	} >"$T/$1"
}

@test "src is as the rules have it" {
	run layers
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "an arrow that goes up, and a room without a row" {
	put src/base/x.c <<<'#include "map/map.h"'
	found 'src/base/x.c includes map/: base may include only base'
	rm "$T/src/base/x.c"
	put src/base/x.c <<<'#include "buf.h"'
	found 'src/base/x.c includes buf.h: write ROOM/buf.h'
	rm "$T/src/base/x.c"
	put src/map/x.c <<<'#include <security/pam_modules.h>'
	found "src/map/x.c: only pam_certauth.c, src/module and src/cli include PAM's headers"
	rm "$T/src/map/x.c"
	mkdir "$T/src/cellar"
	put src/cellar/x.c <<<''
	found 'no row for src/cellar'
}

@test "a room without its headline, or with another one" {
	echo 'another headline' >"$T/src/map/README"
	found 'src/map/README differs from the row of docs/architecture.md'
	rm "$T/src/map/README"
	found 'src/map/README: the room has no headline'
}

@test "a row that names a room below it" {
	sed -i '/^| `src\/config` /s/| base |$/| base, map |/' \
		"$T/docs/architecture.md"
	found 'config may include map, which has no row above it'
}

@test "a circle between files, by functions, by tables and by headers" {
	put src/map/x.c <<'END'
int
ca_x(void)
{
	return ca_y();
}
END
	put src/map/y.c <<'END'
int
ca_y(void)
{
	return ca_x();
}
END
	found 'circle: src/map/x.c src/map/y.c'
	# only in a comment, or in a text: none
	put src/map/y.c <<'END'
/* ca_x() */
int
ca_y(void)
{
	return "ca_x"[0];
}
END
	layers
	put src/map/y.c <<'END'
const struct ca_table ca_table_y = {ca_x};

int
ca_y(void)
{
	return 0;
}
END
	found 'circle: src/map/x.c src/map/y.c'
	rm "$T/src/map/x.c" "$T/src/map/y.c"
	put src/map/x.h <<<'#include "map/y.h"'
	put src/map/y.h <<<'#include "map/x.h"'
	found 'circle of headers: src/map/x.h src/map/y.h'
}

@test "names and openings" {
	put src/cli/map.h <<<''
	found 'two headers have one base name: src/cli/map.h src/map/map.h'
	rm "$T/src/cli/map.h"
	echo '#include <stdio.h>' >"$T/src/map/x.c"
	found 'src/map/x.c: it has no opening comment and no header of its own'
	put src/map/x.h <<<''
	layers
	echo '#include <stdio.h>' >"$T/src/map/x.h"
	found 'src/map/x.h: it has no opening comment'
}

@test "too many parameters, too many lines" {
	put src/map/x.c <<'END'
static int
f(int a, int b, int (*c)(int, int, int), int d, int e, int g)
{
	return a + b + c(1, 2, 3) + d + e + g;
}
END
	layers
	put src/map/x.c <<'END'
static int
f(int a, int b, int c, int d, int e, int g, int h)
{
	return a + b + c + d + e + g + h;
}
END
	found 'src/map/x.c: f has 7 parameters, more than 6'
	{
		printf 'static int\nf(void)\n{\n'
		for _ in {1..60}; do printf '\tg();\n'; done
		printf '}\n'
	} | put src/map/x.c
	found 'src/map/x.c: f has 61 lines, more than 60'
	for _ in {1..400}; do echo 'int g(void);'; done | put src/map/x.c
	found 'src/map/x.c: 401 lines, more than 400'
	rm "$T/src/map/x.c"
	for _ in {1..700}; do echo 'int g(void);'; done |
		put tests/unit/test_x.c
	found 'tests/unit/test_x.c: 701 lines, more than 700'
}

@test "only one function decodes certificates" {
	local call
	for call in d2i_X509 PEM_read_bio_X509 d2i_X509_bio PKCS12_parse \
		PKCS12_SAFEBAG_get1_cert d2i_PKCS7 PEM_X509_INFO_read_bio; do
		put src/map/x.c <<<"int f(void) { return $call(0) != 0; }"
		found 'src/map/x.c: only ca_crypto_cert decodes certificates'
	done
}
