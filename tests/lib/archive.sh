# shellcheck shell=bash
# The Debian archive that this machine's apt is configured with: its address,
# keyring and proxy.  No host is named in this repository.
#
#   archive_find            sets ARCHIVE and ARCHIVE_KEYRING
#   archive_has RELEASE     is that release in the archive?
#   archive_root RELEASE FOLDER [DEBOOTSTRAP-OPTION ...]
#                           a minimal Debian, whose apt uses the same archive;
#                           ARCHIVE_SECONDS: the time that it has
# Each of them prints the reason, one line, if it returns 1.

archive_find() {
	local entry
	# before the first apt-get update, apt does not know the origin
	# shellcheck disable=SC2016 # for apt
	for _ in 1 2; do
		entry=$(apt-get indextargets --format \
			'$(REPO_URI) $(SOURCESENTRY)' 'Created-By: Packages' \
			'Origin: Debian' 'Label: Debian' 'Component: main' \
			2>/dev/null | head -n 1)
		[ -z "$entry" ] || break
		apt-get update -qq >/dev/null 2>&1 || :
	done
	if [ -z "$entry" ]; then
		echo 'The apt of this machine has no Debian archive that answers.'
		return 1
	fi
	ARCHIVE=${entry%% *}
	ARCHIVE=${ARCHIVE%/}
	case $ARCHIVE in
	mirror+file:*) # a list of mirrors: the first
		ARCHIVE=$(grep -m 1 -oE '^[a-z]+://[^[:space:]]+' \
			"${ARCHIVE#mirror+file:}")
		ARCHIVE=${ARCHIVE%/}
		;;
	esac
	case $ARCHIVE in
	http://* | https://*) ;;
	*)
		echo "The Debian archive of this machine's apt is not http or https."
		return 1
		;;
	esac
	archive_keyring "${entry#* }" && archive_proxy
}

# The keyring of the entry FILE:LINE of apt's sources, or Debian's.
archive_keyring() {
	local file=${1%:*} line=${1##*:} k
	# the lines of the entry in one: a value may go on in the next line
	ARCHIVE_KEYRING=$(awk -v n="$line" -v one="${file%.sources}" \
		'NR < n { next } NR > n && (/^$/ || one == FILENAME) { exit }
		!/^#/ { printf "%s ", $0 }' "$file" | sed -nE \
		-e 's|^(.* )?signed-by:[[:space:]]*(/[^[:space:],]+).*|\2|Ip' \
		-e 's|.*\[.*signed-by=(/[^],[:space:]]+).*|\1|p')
	for k in /usr/share/keyrings/debian-archive-keyring.gpg \
		/usr/share/keyrings/debian-archive-keyring.pgp; do
		[ -n "$ARCHIVE_KEYRING" ] || [ ! -e "$k" ] || ARCHIVE_KEYRING=$k
	done
	if [ ! -r "$ARCHIVE_KEYRING" ]; then
		echo 'No keyring of the Debian archive is installed (debian-archive-keyring).'
		return 1
	fi
}

# apt's proxy, for debootstrap, which asks wget
archive_proxy() {
	local HTTP='' HTTPS=''
	eval "$(apt-config shell HTTP Acquire::http::Proxy \
		HTTPS Acquire::https::Proxy)"
	[ -z "$HTTP" ] || [ "$HTTP" = DIRECT ] || export http_proxy=$HTTP
	[ -z "$HTTPS" ] || [ "$HTTPS" = DIRECT ] || export https_proxy=$HTTPS
}

archive_has() {
	local dir answer
	dir=$(mktemp -d)
	answer=$(/usr/lib/apt/apt-helper -o APT::Sandbox::User=root \
		-o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 \
		download-file "$ARCHIVE/dists/$1/InRelease" "$dir/InRelease" 2>&1)
	if [ -s "$dir/InRelease" ]; then
		rm -rf "$dir"
		return 0
	fi
	rm -rf "$dir"
	case $answer in
	*' 404 '*) echo "The archive of this machine's apt has no release $1." ;;
	*) echo "The archive of this machine's apt does not answer." ;;
	esac
	return 1
}

archive_root() {
	local release=$1 root=$2 apt=$2/etc/apt
	shift 2
	# what it starts and mounts ends with it
	if ! timeout -s KILL "${ARCHIVE_SECONDS:-0}" unshare -mp --fork --mount-proc \
		--propagation private --kill-child debootstrap \
		--variant=minbase --force-check-gpg \
		--keyring="$ARCHIVE_KEYRING" "$@" "$release" "$root" "$ARCHIVE" \
		>"$root.log" 2>&1 </dev/null; then
		echo "debootstrap failed: $(grep -vE '^ ' "$root.log" | tail -n 1)"
		return 1
	fi
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	cp "$ARCHIVE_KEYRING" "$apt/archive-keyring.${ARCHIVE_KEYRING##*.}"
	echo "deb [signed-by=/etc/apt/archive-keyring.${ARCHIVE_KEYRING##*.}]" \
		"$ARCHIVE $release main" >"$apt/sources.list"
	rm -f "$apt"/sources.list.d/*
	# A frozen copy of the archive has lists whose time has passed.  The
	# signature is checked all the same.
	{
		echo 'Acquire::Check-Valid-Until "false";'
		echo 'Acquire::Check-Date "false";'
		echo 'Acquire::Languages "none";'
		echo 'APT::Install-Recommends "false";'
		apt-config dump | grep -E '^Acquire::https?::[Pp]roxy[ :]' || :
		if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
			cp /etc/ssl/certs/ca-certificates.crt "$apt/archive-ca.crt"
			echo 'Acquire::https::CaInfo "/etc/apt/archive-ca.crt";'
		fi
	} >"$apt/apt.conf.d/90archive"
	# no package starts a daemon
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
}
