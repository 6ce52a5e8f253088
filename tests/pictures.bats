#!/usr/bin/env bats
# The pictures of docs/ are those that the scripts make of today's sources, load
# nothing, and have colours for light and dark.
load lib/common

made() { "$HERE/tests/pictures/$1.py" "${@:2}"; }

@test "house.svg, cost.svg and exchange.svg are current: else run make pictures" {
	made house "$HERE/docs/architecture.md" | diff - "$HERE/docs/house.svg"
	made cost "$HERE/docs/benchmarks.md" | diff - "$HERE/docs/cost.svg"
	made exchange | diff - "$HERE/docs/exchange.svg"
}

@test "a row that is missing, or a room, changes the picture or is an error" {
	sed '/streamed CRL, 1,000 entries/d' "$HERE/docs/benchmarks.md" \
		>"$BATS_TEST_TMPDIR/b.md"
	run made cost "$BATS_TEST_TMPDIR/b.md"
	[ "$status" -ne 0 ]
	[[ $output == *'rows of "pam_certauth, CRL streamed" are missing'* ]]
	sed '/^| `src\/doctor`/d; s/, doctor,/,/' \
		"$HERE/docs/architecture.md" >"$BATS_TEST_TMPDIR/a.md"
	made house "$BATS_TEST_TMPDIR/a.md" >"$BATS_TEST_TMPDIR/a.svg"
	run grep -q '>doctor<' "$BATS_TEST_TMPDIR/a.svg"
	[ "$status" -eq 1 ]
	grep -q '>doctor<' "$HERE/docs/house.svg"
}

@test "the recording has every line, and escapes what is markup" {
	printf 'a <b> & c\n  ACCEPTED\n' | made recording 'true' \
		>"$BATS_TEST_TMPDIR/r.svg"
	python3 - "$BATS_TEST_TMPDIR/r.svg" <<-'END'
		import sys
		import xml.etree.ElementTree as et
		lines = [t.text for t in et.parse(sys.argv[1]).iter(
		    '{http://www.w3.org/2000/svg}text')]
		assert lines == ['# true', 'a <b> & c', '  ACCEPTED'], lines
	END
}

@test "every picture is XML, loads nothing, and has light and dark colours" {
	python3 - "$HERE"/docs/*.svg <<-'END'
		import re
		import sys
		import xml.etree.ElementTree as et
		assert len(sys.argv) >= 6
		for path in sys.argv[1:]:
		    page = open(path, encoding='utf-8').read()
		    root = et.fromstring(page)
		    for node in root.iter():
		        assert node.tag.split('}')[1] not in (
		            'script', 'image', 'use', 'foreignObject', 'a'), path
		        for name in node.attrib:
		            assert 'href' not in name and not name.startswith('on'), path
		    rest = page.replace('http://www.w3.org/2000/svg', '')
		    assert not re.search(r'url\((?!#)|@import|https?:|<!ENTITY', rest), path
		    assert 'prefers-color-scheme: dark' in page, path
		    assert root.find('{http://www.w3.org/2000/svg}title').text, path
	END
}
