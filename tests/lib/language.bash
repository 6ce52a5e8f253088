# shellcheck shell=bash
# A locale of German, and catalogs for it, in the place of lib/common.bash.
#
#   language_make          in setup_file, behind place_make
#   language_need          in setup: skip where they cannot be had
#   catalog WHAT           what is found for German: pseudo, broken, none, or po/WHAT.po
#   marked [FILE]          each line was looked up in the catalog pseudo
#
# shellcheck disable=SC2154 # of lib/common.bash

# Of the machine's own nothing is changed, and nothing is needed.
language_make() {
	mkdir "$S/locales" "$S/catalogs"
	if command -v localedef >/dev/null; then
		localedef -i de_DE -f UTF-8 --no-archive "$S/locales/de_DE.UTF-8" \
			>"$S/localedef.out" 2>&1 || :
	fi
	in_place mount --bind "$S/locales" /usr/lib/locale
	in_place mount -t tmpfs tmpfs /usr/local/share
	in_place mkdir /usr/local/share/locale
	in_place mount --bind "$S/catalogs" /usr/local/share/locale
}

language_need() {
	command -v msgfmt >/dev/null || skip 'msgfmt (gettext) is not installed'
	[ -e "$S/locales/de_DE.UTF-8/LC_MESSAGES" ] ||
		skip "no locale can be made: $(cat "$S/localedef.out")"
	"$CERTAUTH" --help >/dev/null
	strings -a "$CERTAUTH" | grep -qx /usr/local/share/locale ||
		skip 'the catalogs are looked for elsewhere than in /usr/local'
}

# catalog pseudo|broken|none|LANGUAGE: what is found for German
catalog() {
	local to=$S/catalogs/de/LC_MESSAGES
	mkdir -p "$to"
	case $1 in
	none) rm -rf "$S/catalogs/de" ;;
	pseudo) python3 "$HERE/tests/lib/pseudo.py" "$HERE/po/certauth.pot" |
		msgfmt -o "$to/certauth.mo" - ;;
	broken) python3 "$HERE/tests/lib/pseudo.py" "$HERE/po/certauth.pot" --broken |
		msgfmt -o "$to/certauth.mo" - ;;
	*) msgfmt --check -o "$to/certauth.mo" "$HERE/po/$1.po" ;;
	esac
}

# marked [FILE]: every line that is not empty has been looked up
marked() {
	if grep -v '^$' "${1:--}" | grep -nv '<<.*>>'; then
		echo 'has not been looked up'
		return 1
	fi
}
