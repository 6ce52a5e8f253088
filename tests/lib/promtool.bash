# shellcheck shell=bash
# promtool of Prometheus, which checks metrics and rules.  It is not installed with
# its server: tests/lib/deps.sh fetches the package, and it is unpacked here.
#
#   promtool_find     in setup_file, after S is set: sets PROMTOOL, or leaves it empty
#   need_promtool     skip a test that cannot run without

promtool_find() {
	local deb
	PROMTOOL=$(command -v promtool || :)
	for deb in "$HERE"/build/deps/prom*_*.deb; do
		[ -z "$PROMTOOL" ] && [ -e "$deb" ] || continue
		dpkg-deb --fsys-tarfile "$deb" |
			tar -x -C "$S" ./usr/bin/promtool || continue
		PROMTOOL=$S/usr/bin/promtool
	done
	export PROMTOOL
}

need_promtool() {
	[ -n "${PROMTOOL:-}" ] ||
		skip 'promtool was not fetched'
}
