#!/bin/bash
# Get sample configurations that tests/import.bats reads, from Debian packages.
# usage: tests/lib/samples.sh BUILD
#
# They are taken out of the packages, into BUILD/samples/PACKAGE: sssd-common,
# installed, would change PAM and bring daemons, and where dpkg leaves out
# /usr/share/doc, as in containers, an installed package has no samples.
set -u
to=$1/samples

for package in libpam-pkcs11 sssd-common; do
	[ ! -d "$to/$package" ] || continue
	command -v apt-get >/dev/null || exit 0
	dir=$(mktemp -d)
	(
		cd "$dir" || exit
		apt-get download -qq -o APT::Sandbox::User=root "$package" &&
			dpkg-deb -x ./*.deb x && cd "x/usr/share/doc/$package" &&
			{ gzip -d examples/*.gz || :; }
	) >/dev/null 2>&1
	if [ -d "$dir/x/usr/share/doc/$package/examples" ]; then
		mkdir -p "$to"
		cp -r "$dir/x/usr/share/doc/$package/examples" "$to/$package"
	else
		echo "The samples of $package cannot be downloaded: their tests are skipped."
	fi
	rm -rf "$dir"
done
exit 0
