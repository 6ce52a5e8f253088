# shellcheck shell=bash
# A directory for the place of common.bash: slapd, SSSD and a KDC, from packages that
# tests/lib/deps.sh has only fetched: to install SSSD would change nsswitch.conf and the
# files of PAM of the machine.  Load common and netplace before it.
#
#   need_directory         skip, where the packages are not there or we are not root
#   directory_root NAME ...  after place_make: the packages over /usr and /var of the
#                          place, and a network (net_make) in which NAMEs are 127.0.0.1
#   slapd_start [LINE ...] slapd on ldap://127.0.0.1 and ldapi:///, with more lines for
#                          its slapd.conf and $SLAPD_URLS more addresses; it has what
#                          slapd_load loaded
#   slapd_load <LDIF       with slapd stopped: add entries below dc=example,dc=com
#   slapd_ldif LOGIN UID [DER-FILE ...]  an account as LDIF
#   slapd_change <LDIF     ldapmodify of the running slapd
#   slapd_stop [SIGNAL]
#   sssd_conf [LINE ...]   sssd.conf for that slapd; LINEs are added to the domain;
#                          SSSD_MAPRULE is the rule for certificates, SSSD_MEMCACHE the
#                          time of its cache in memory
#   sssd_start, sssd_stop  as `sssd -i', with empty caches unless SSSD_KEEP is set
#   kdc_start PRINCIPAL ... a KDC of EXAMPLE.COM; $S/NAME.keytab of each, / as -
#   directory_remove       before place_remove
#
# The base is dc=example,dc=com, accounts are uid=LOGIN,ou=people; the root of the data
# is cn=admin with the password secret.

DIRECTORY_DEBS=${DIRECTORY_DEBS:-$HERE/build/deps/directory}
BASE=dc=example,dc=com

need_directory() {
	need_root
	[ -e "$DIRECTORY_DEBS/complete" ] ||
		skip 'no slapd and sssd here (make check SERVICES=yes)'
	grep -qw overlay /proc/filesystems || skip 'no overlayfs here'
}

# the packages, unpacked once for all files of tests
directory_unpack() {
	local root=$DIRECTORY_DEBS/root deb
	(
		flock 9
		[ ! -e "$root/complete" ] || exit 0
		rm -rf "$root"
		mkdir -p "$root"
		for deb in "$DIRECTORY_DEBS"/*.deb; do
			dpkg-deb -x "$deb" "$root" || exit
		done
		# a system of today has /lib and /sbin in /usr
		for deb in bin sbin lib; do
			[ ! -d "$root/$deb" ] || [ -L "$root/$deb" ] || {
				cp -a "$root/$deb" "$root/usr/" && rm -r "${root:?}/$deb"
			} || exit
		done
		: >"$root/complete"
	) 9>"$DIRECTORY_DEBS/lock"
}

directory_root() {
	local root=$DIRECTORY_DEBS/root over=$S/over dir
	directory_unpack || return
	mkdir "$over"
	in_place mount -t tmpfs -o mode=755 tmpfs "$over"
	for dir in usr var; do
		in_place mkdir "$over/$dir" "$over/$dir.work"
		in_place mount -t overlay -o \
			"lowerdir=$root/$dir:/$dir,upperdir=$over/$dir,workdir=$over/$dir.work" \
			overlay "/$dir" || return
	done
	in_place mount -t tmpfs -o mode=755 tmpfs /var/log
	cp -an "$root/etc/." "$S/etc/"
	echo 'openldap:x:2992:2992::/var/lib/ldap:/usr/sbin/nologin' >>"$S/etc/passwd"
	echo 'openldap:x:2992:' >>"$S/etc/group"
	in_place mkdir -p /run/slapd /run/sssd /var/log/sssd /var/lib/slapd \
		/var/lib/sss/{db,mc,pipes/private,pubconf/krb5.include.d,gpo_cache,deskprofile,keytabs,secrets}
	net_make ldap.example.com kdc.example.com "$@"
}

directory_remove() {
	[ -e "${S:-/nonexistent}/over" ] || return 0
	sssd_stop
	net_remove
}

# ---- slapd ----

slapd_conf() {
	local lib schema=$DIRECTORY_DEBS/root/etc/ldap/schema
	lib=$(dirname "$(find "$DIRECTORY_DEBS/root/usr/lib/ldap/" -name back_mdb.la |
		head -n 1)")
	lib=/${lib##*/root/}
	cat >"$S/etc/ldap/certauth.schema" <<-SCHEMA
		attributetype ( 1.2.840.113556.1.4.867 NAME 'altSecurityIdentities'
		  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
		attributetype ( 2.16.840.1.113730.3.8.22.1.5 NAME 'ipaCertMapData'
		  EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
		attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName'
		  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
		attributetype ( 1.2.840.113556.1.4.146 NAME 'objectSid'
		  EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
		objectclass ( 1.3.6.1.4.1.4203.666.11.99 NAME 'certauthPerson' SUP top AUXILIARY
		  MAY ( altSecurityIdentities \$ ipaCertMapData \$ sAMAccountName \$ objectSid \$
		  userCertificate ) )
	SCHEMA
	[ -e "$schema/core.schema" ] || return
	{
		printf 'include /etc/ldap/schema/%s.schema\n' core cosine nis inetorgperson
		printf '%s\n' 'include /etc/ldap/certauth.schema' "modulepath $lib" \
			'moduleload back_mdb' 'moduleload syncprov' \
			'pidfile /run/slapd/slapd.pid' 'loglevel none' "$@" \
			'database mdb' "suffix $BASE" "rootdn cn=admin,$BASE" \
			'rootpw secret' 'directory /var/lib/slapd' 'maxsize 4294967296' \
			'dbnosync' 'index objectClass,uid,uidNumber,gidNumber eq' \
			'index userCertificate,altSecurityIdentities eq' \
			'index entryCSN,entryUUID eq' 'overlay syncprov' \
			'syncprov-sessionlog 1000' 'access to * by * read'
	} >"$S/etc/ldap/slapd.conf"
}

# the entry above all others, once
slapd_top() {
	in_place test ! -e /var/lib/slapd/data.mdb || return 0
	in_place slapadd -q -w -f /etc/ldap/slapd.conf <<-LDIF
		dn: $BASE
		objectClass: domain
		dc: example

		dn: ou=people,$BASE
		objectClass: organizationalUnit
		ou: people
	LDIF
}

slapd_load() {
	[ -e "$S/etc/ldap/slapd.conf" ] || slapd_conf
	slapd_top && in_place slapadd -q -w -f /etc/ldap/slapd.conf
}

slapd_ldif() {
	local login=$1 uid=$2 der
	shift 2
	cat <<-LDIF
		dn: uid=$login,ou=people,$BASE
		objectClass: inetOrgPerson
		objectClass: posixAccount
		objectClass: certauthPerson
		uid: $login
		cn: $login
		sn: $login
		uidNumber: $uid
		gidNumber: $uid
		homeDirectory: $S/home/$login
		loginShell: /bin/sh
	LDIF
	for der; do
		echo "userCertificate;binary:: $(base64 -w 0 "$der")"
	done
	echo
}

slapd_start() {
	slapd_conf "$@" && slapd_top || return
	in_place rm -f /run/slapd/slapd.pid
	net_daemon slapd slapd -d 0 -f /etc/ldap/slapd.conf \
		-h "ldap://127.0.0.1 ldapi://%2Frun%2Fslapd%2Fldapi ${SLAPD_URLS:-}"
	until_true in_place ldapsearch -x -H ldap://127.0.0.1 -b "$BASE" -s base dn \
		>/dev/null 2>&1 || {
		cat "$S/slapd.out"
		return 1
	}
}

slapd_change() {
	in_place ldapmodify -x -H ldap://127.0.0.1 -D "cn=admin,$BASE" -w secret \
		>/dev/null
}

slapd_stop() {
	net_stop slapd "${1:--TERM}"
}

# ---- SSSD ----

# the rule that finds a certificate in OpenLDAP, by issuer and serial number
SSSD_RULE='LDAPU1:(userCertificate:certificateExactMatch:={{ serialNumber {serial_number!dec}, issuer rdnSequence:"{issuer_dn!nss}" }})'

sssd_conf() {
	{
		printf '%s\n' '[sssd]' 'config_file_version = 2' 'services = nss' \
			'domains = example.com' \
			'[nss]' 'entry_negative_timeout = 0' \
			"memcache_timeout = ${SSSD_MEMCACHE:-0}" \
			'[domain/example.com]' 'id_provider = ldap' 'auth_provider = none' \
			'access_provider = permit' 'ldap_uri = ldap://127.0.0.1' \
			"ldap_search_base = $BASE" 'ldap_user_certificate = userCertificate;binary' \
			'dns_resolver_timeout = 2' 'ldap_network_timeout = 2' \
			'ldap_opt_timeout = 2' 'offline_timeout = 1' 'ldap_id_use_start_tls = false' \
			"$@" \
			'[certmap/example.com/rule]' 'matchrule = <KU>digitalSignature' \
			"maprule = ${SSSD_MAPRULE-$SSSD_RULE}"
	} >"$S/etc/sssd/sssd.conf"
	chmod 600 "$S/etc/sssd/sssd.conf"
	chown 0:0 "$S/etc/sssd/sssd.conf"
	sed -i -e 's/^passwd:.*/passwd: files sss/' -e 's/^group:.*/group: files sss/' \
		"$S/etc/nsswitch.conf"
}

sssd_start() {
	in_place rm -f /var/lib/sss/pipes/nss /run/sssd.pid
	[ -n "${SSSD_KEEP:-}" ] ||
		in_place sh -c 'rm -f /var/lib/sss/db/* /var/lib/sss/mc/*'
	net_daemon sssd sssd -i
	until_true in_place test -S /var/lib/sss/pipes/nss || {
		cat "$S/sssd.out"
		return 1
	}
}

# one of its processes, `nss' or `be': the pid
sssd_child() {
	local pid
	pid=$(cat "$S/sssd.pid") || return
	pgrep -P "$pid" -f "sssd_$1( |\$)"
}

sssd_stop() {
	local child
	for child in $(sssd_child nss 2>/dev/null) $(sssd_child be 2>/dev/null); do
		kill -CONT "$child" 2>/dev/null || :
	done
	net_stop sssd
	in_place rm -f /var/lib/sss/pipes/nss
}

# ---- a KDC ----

kdc_start() {
	local principal kinit
	cat >"$S/etc/krb5.conf" <<-CONF
		[libdefaults]
		default_realm = EXAMPLE.COM
		dns_lookup_kdc = false
		dns_canonicalize_hostname = false
		rdns = false
		[realms]
		EXAMPLE.COM = {
			kdc = kdc.example.com
		}
		[domain_realm]
		.example.com = EXAMPLE.COM
	CONF
	in_place mkdir -p /var/lib/krb5kdc /etc/krb5kdc
	in_place kdb5_util create -s -r EXAMPLE.COM -P secret >/dev/null 2>&1
	for principal; do
		in_place kadmin.local -q "addprinc -randkey $principal" >/dev/null
		in_place kadmin.local -q \
			"ktadd -k $S/${principal//\//-}.keytab $principal" >/dev/null
	done
	net_daemon kdc krb5kdc -n
	# where other Kerberos packages may be too, its name is that of an alternative
	kinit=$(in_place sh -c 'command -v kinit || command -v kinit.mit') || {
		echo 'krb5-user has no kinit'
		return 1
	}
	until_true in_place env KRB5CCNAME=MEMORY: "$kinit" -k -t "$S/${1//\//-}.keytab" "$1"
}
