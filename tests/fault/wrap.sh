#!/bin/sh
# usage: wrap.sh TABLE OUT.c OUT.ld MODULE.so [OBJECT.o ...]
# Make the wrappers of the fault build: OUT.c, and in OUT.ld an option for the
# linker per function.  TABLE is tests/fault/points.txt; only what MODULE.so and
# the objects really call is wrapped.  OUT.c.unknown: what they call and TABLE
# does not know, which a test complains of.
set -eu
table=$1 out=$2 opts=$3
shift 3

for f; do
	case $f in
	*.so) nm -D --undefined-only "$f" ;;
	*) nm --undefined-only "$f" ;;
	esac
done | awk '{ sub(/@.*/, "", $NF); print $NF }' | grep -vE \
	'^(ca_|__(asan|ubsan|lsan|msan|tsan|sanitizer|gcov)|_GLOBAL_OFFSET_)' |
	sort -u >"$out.calls"

rm -f "$opts"
: >"$out.unknown"
awk -v opts="$opts" -v unknown="$out.unknown" '
	BEGIN { n = 0; names = 0 }
	FILENAME == ARGV[1] { called[$1] = 1; next }
	/^#/ || NF == 0 { next }
	{ known[$1] = 1 }
	$2 == "never" || !($1 in called) { next }
	{
		if (!($1 in seen)) { seen[$1] = 1; order[++names] = $1 }
		at[$1] = at[$1] " " n
		name[n] = $1; value[n] = $3 == "" ? 0 : $3
		err[n] = $4 == "" ? 0 : $4; kind[n] = $2
		n++
	}
	END {
		for (f in called)
			if (!(f in known)) {
				print f >unknown
			}
		print "/* made by tests/fault/wrap.sh */"
		print "#include <errno.h>\n#include \"point.h\"\n"
		print "const struct point fault_point[] = {"
		print "\t{\"(any memory)\", 0, ENOMEM},"
		for (i = 0; i < n; i++)
			printf "\t{\"%s\", %s, %s},\n", name[i], value[i], err[i]
		print "};"
		printf "const int fault_points = %d;\n\n", n + 1
		for (i = 1; i <= names; i++) {
			f = order[i]
			printf "-Wl,--wrap=%s\n", f >opts
			split(at[f], rows, " ")
			printf "WRAP_BEGIN(%s)\n", f
			for (j = 1; j in rows; j++)
				printf "\tWRAP_%s(%d, %s)\n", \
					toupper(kind[rows[j]]), rows[j] + 1, \
					f ~ /^[A-Za-z0-9]*(_?[A-Z0-9]+_|2[id]_)/ \
					? 1 : 0
			printf "WRAP_END(%s)\n\n", f
		}
	}' "$out.calls" "$table" >"$out.new"
mv "$out.new" "$out"
