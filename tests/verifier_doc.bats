#!/usr/bin/env bats
# docs/verifier.md has every message, field and number of the code, and no others.
bats_require_minimum_version 1.5.0
HERE=$(cd "$BATS_TEST_DIRNAME/.." && pwd)

setup() { T=$BATS_TEST_TMPDIR; }

# NAME (TYPE) and "TYPE TAG FIELD KIND" of each field, by src/op
of_code() {
	awk '/^enum ca_op_type/ { on = 1; next } /^}/ { on = 0 }
		on && match($0, /CA_OP_[A-Z]+,/) {
			print "type", substr($0, RSTART + 6, RLENGTH - 7), ++n }' \
		"$HERE/src/op/op.h"
	awk 'match($0, /^static const struct field [a-z_]+/) {
			name = substr($0, 27, RLENGTH - 26); tag = 0 }
		/^    F\(/ { gsub(/[(),]/, " ")
			print name, ++tag, $4, tolower($2) }' "$HERE/src/op/message.c" |
		sed 's/^log_line /log /'
}

# the same, by the page
of_page() {
	python3 - "$HERE/docs/verifier.md" <<-'END'
	import re, sys
	types, fields, now, group = [], [], None, []
	for line in open(sys.argv[1]):
	    head = re.findall(r'\b([A-Z]{3,}) \((\d+)\)', line)
	    if head and not line.startswith('|'):
	        types += head
	        now = 'call' if len(head) > 1 else head[0][0].lower()
	    row = re.match(r'\| ([\d, to]+) \| ([^|]+) \| (\w+) \|', line)
	    if not row or not now:
	        continue
	    names = [n.strip() for n in row[2].split(',')]
	    tags = [int(t) for t in re.findall(r'\d+', row[1])]
	    assert tags[-1] - tags[0] + 1 == len(names), line
	    for i, n in enumerate(names):
	        kind = row[3] if row[3] == 'bytes' or row[3] == 'text' else 'number'
	        if n.endswith('*'):
	            kind = {'text': 'texts', 'bytes': 'blobs'}[kind]
	        fields.append(f'{now} {tags[0] + i} {n.rstrip("*")} {kind}')
	for name, number in types:
	    print('type', name, number)
	print('\n'.join(fields))
	END
}

@test "every message and field of src/op stands in docs/verifier.md, in its order" {
	of_code | sort >"$T/code"
	of_page | sort >"$T/page"
	[ "$(grep -c ^type "$T/code")" -eq 10 ]
	[ "$(grep -c '^ready ' "$T/code")" -gt 20 ]
	diff "$T/code" "$T/page"
}

# bound NAME: its number in a header
bound() {
	local text
	text=$(sed -nE "s/^#define $1 ([^/]*[^ /]).*/\1/p" "$HERE"/src/*/*.[ch])
	echo $((text))
}

@test "its version, path and bounds are those of the code" {
	local version
	version=$(bound CA_OP_VERSION)
	for text in "/run/certauth/verifier.$version.sock" \
	    "one byte, $version: the version" \
	    "| $(bound CA_OP_FRAME_MAX | sed ':a; s/\([0-9]\)\([0-9]\{3\}\)\($\|,\)/\1,\2\3/; ta') bytes |" \
	    "| values of a list | $(bound CA_OP_LIST_MAX) |" \
	    "| ACCOUNT | $(bound ACCOUNT_MAX) |" "| HOME | $(bound HOME_MAX) |" \
	    "| SIGN | $(bound SIGN_MAX) |" \
	    "at most $(bound CA_OP_REGISTERED) certificates" \
	    "$(bound CA_OP_ID_LEN) random bytes"; do
		echo "$text"
		grep -qF "$text" "$HERE/docs/verifier.md"
	done
	grep -qF "ListenStream=/run/certauth/verifier.$version.sock" \
		"$HERE/packaging/systemd/certauth-verifier.socket"
}

@test "certauth-verifier(8) has the limits of the resident parent" {
	local n text
	text=$(mandoc -T ascii "$HERE/src/man/certauth-verifier.8" | col -b | tr -s '\n ' ' ')
	echo "$text"
	for n in "at most $(bound CA_WORKERS_MAX) operations" \
	    "at most $(bound CA_WORKERS_OTHERS) of them" \
	    "at most $(bound CA_WORKERS_USER) of one such user" \
	    "at most $(bound CA_WAITING_MAX), of which $(bound CA_WAITING_OTHERS)" \
	    "and $(bound CA_WAITING_USER) of one such user" \
	    "$(($(bound CA_SILENT_MS) / 1000)) seconds is closed" \
	    "at most $(bound CA_SLOTS) verifiers" \
	    "at most $(bound CA_SLOTS_USER) of each other" \
	    "$(bound CA_CONFINE_CPU) seconds of CPU" "$(bound CA_CONFINE_FILES) descriptors"; do
		echo "$n"
		[[ $text == *"$n"* ]]
	done
}
