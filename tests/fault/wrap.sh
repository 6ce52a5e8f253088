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
	# The C library has other names for a function: __X_chk and __X_2 if it is
	# fortified, __isoc99_X and __isoc23_X by the standard that the compiler
	# follows, X64 and __X_time64 by the width of files and times.  Each fails
	# as X does.
	function plain(f,  x) {
		if (f in known || f ~ /[A-Z]/)
			return f
		x = f
		if (x ~ /^__.*(_chk|_2|_time64)$/)
			sub(/(_chk|_2|_time64)$/, "", x)
		sub(/^__(isoc[0-9]+_|xpg_)?/, "", x)
		if (!(x in known))
			sub(/64/, "", x)
		return x in known ? x : f
	}
	# a function of libcrypto, which leaves errors in the queue of its own
	function openssl(f) {
		return f ~ /^[A-Za-z0-9]*(_?[A-Z0-9]+_|2[id]_)/ ? 1 : 0
	}
	BEGIN { n = 0; calls = 0; names = 0 }
	FILENAME == ARGV[1] { called[++calls] = $1; next }
	/^#/ || NF == 0 { next }
	!($1 in known) { known[$1] = 1; order[++names] = $1 }
	$2 != "never" {
		rows[$1] = rows[$1] " " n
		value[n] = $3 == "" ? 0 : $3
		err[n] = $4 == "" ? 0 : $4; kind[n] = $2
		n++
	}
	END {
		for (i = 1; i <= calls; i++) {
			f = plain(called[i])
			by[f] = by[f] " " called[i]
			if (!(f in known))
				print f >unknown
		}
		n = 0
		for (i = 1; i <= names; i++) {
			f = order[i]
			if (!(f in rows))
				continue
			split(rows[f], row, " ")
			split(by[f], call, " ")
			for (k = 1; k in call; k++) {
				printf "-Wl,--wrap=%s\n", call[k] >opts
				wrap = wrap "WRAP_BEGIN(" call[k] ")\n"
				for (j = 1; j in row; j++) {
					table = table sprintf("\t{\"%s\", %s, %s},\n", \
						f, value[row[j]], err[row[j]])
					wrap = wrap sprintf("\tWRAP_%s(%d, %d)\n", \
						toupper(kind[row[j]]), ++n, openssl(f))
				}
				wrap = wrap "WRAP_END(" call[k] ")\n\n"
			}
		}
		print "/* made by tests/fault/wrap.sh */"
		print "#include <errno.h>\n#include \"point.h\"\n"
		print "const struct point fault_point[] = {"
		print "\t{\"(any memory)\", 0, ENOMEM},"
		printf "%s};\n", table
		printf "const int fault_points = %d;\n\n%s", n + 1, wrap
	}' "$out.calls" "$table" >"$out.new"
mv "$out.new" "$out"
