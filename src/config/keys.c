#include "config/keys.h"

#include <string.h>
#include <strings.h>

#include "base/locale.h"
#include "base/bounds.h"
#include "base/text.h"
#include "base/utf8.h"

#ifndef CA_HELPER
#define CA_HELPER "/usr/local/libexec/certauth/certauth-sign"
#endif

#define MINUTE UINT64_C(60)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define YEAR (366 * DAY)

static const struct ca_key_word sources[] = {{"crl", CA_SOURCES_CRL},
    {"ocsp", CA_SOURCES_OCSP}, {"any", CA_SOURCES_ANY}, {NULL, 0}};
static const struct ca_key_word crl_modes[] = {{"require", CA_CRL_REQUIRE},
    {"prefer", CA_CRL_PREFER}, {"off", CA_CRL_OFF}, {NULL, 0}};
static const struct ca_key_word crl_checks[] = {
    {"chain", CA_CRL_CHAIN}, {"leaf", CA_CRL_LEAF}, {NULL, 0}};
static const struct ca_key_word crl_engines[] = {
    {"auto", CA_CRL_AUTO}, {"stream", CA_CRL_STREAM}, {NULL, 0}};
static const struct ca_key_word directories[] = {{"none", CA_DIRECTORY_NONE},
    {"sss", CA_DIRECTORY_SSS}, {"ldap", CA_DIRECTORY_LDAP}, {NULL, 0}};
static const struct ca_key_word profiles[] = {
    {"strict", CA_PROFILE_STRICT}, {"basic", CA_PROFILE_BASIC}, {NULL, 0}};
static const struct ca_key_word modes[] = {
    {"enforce", CA_MODE_ENFORCE}, {"audit", CA_MODE_AUDIT}, {NULL, 0}};
static const struct ca_key_word audits[] = {
    {"text", CA_AUDIT_TEXT}, {"json", CA_AUDIT_JSON}, {NULL, 0}};
static const struct ca_key_word silences[] = {
    {"honour", CA_SILENT_HONOUR}, {"ignore", CA_SILENT_IGNORE}, {NULL, 0}};
static const struct ca_key_word confinements[] = {
    {"prefer", CA_CONFINEMENT_PREFER}, {"require", CA_CONFINEMENT_REQUIRE},
    {NULL, 0}};
static const struct ca_key_word host_proofs[] = {{"off", CA_HOST_PROOF_OFF},
    {"auto", CA_HOST_PROOF_AUTO}, {"optional", CA_HOST_PROOF_OPTIONAL},
    {"require", CA_HOST_PROOF_REQUIRE}, {NULL, 0}};
static const struct ca_key_word confines[] = {{"yes", CA_CONFINED_YES},
    {"network", CA_CONFINED_NETWORK}, {"no", CA_CONFINED_NO}, {NULL, 0}};
static const struct ca_key_word proofs[] = {
    {"conversation", CA_PROOF_CONVERSATION}, {"command", CA_PROOF_COMMAND},
    {"password", CA_PROOF_PASSWORD}, {NULL, 0}};
static const struct ca_key_word on_changes[] = {{"log", CA_ON_LOG},
    {"warn", CA_ON_WARN}, {"lock", CA_ON_LOCK}, {"end", CA_ON_END}, {NULL, 0}};
static const struct ca_key_word firsts[] = {
    {"use", CA_FIRST_USE}, {"ignore", CA_FIRST_IGNORE}, {NULL, 0}};
static const struct ca_key_word uses[] = {
    {"once", CA_PASSWORD_ONCE}, {"window", CA_PASSWORD_WINDOW}, {NULL, 0}};

/* X.660: at least two arcs; the first is 0 to 2, the second is below 40 if the
 * first is 0 or 1; no leading zeros.  At most 40 arcs of 10 digits. */
static const char *
check_oid(const char *s)
{
	static const char no[] = "is not an OID";
	unsigned arcs = 0;
	size_t first = 0;

	while (arcs < 40) {
		size_t n = strspn(s, "0123456789");

		if (n == 0 || n > 10 || (n > 1 && s[0] == '0'))
			return no;
		if (arcs == 0) {
			if (n > 1 || s[0] > '2')
				return no;
			first = (size_t)(s[0] - '0');
		} else if (arcs == 1 && first < 2 &&
			   (n > 2 || (n == 2 && s[0] > '3'))) {
			return no;
		}
		arcs++;
		s += n;
		if (*s == '\0')
			return arcs >= 2 ? NULL : no;
		if (*s++ != '.')
			return no;
	}
	return no;
}

static const char *
check_purpose(const char *s)
{
	static const char *const words[] = {"sslclient", "sslserver", "any"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(s, words[i]) == 0)
			return NULL;
	return check_oid(s) == NULL ? NULL
				    : "is neither sslclient, sslserver, any "
				      "nor an OID";
}

static const char *
check_url(const char *s)
{
	static const char *const schemes[] = {
	    "http://", "https://", "file:///"};

	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		if (strncmp(s, schemes[i], strlen(schemes[i])) == 0 &&
		    s[strlen(schemes[i])] != '\0')
			return NULL;
	return "does not begin with http://, https:// or file:///";
}

/* A server: what libldap reads from the rest of a URL has keys of its own here. */
static const char *
check_directory_uri(const char *s)
{
	static const char *const schemes[] = {
	    "ldaps://", "ldap://", "ldapi://"};

	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		size_t len = strlen(schemes[i]);

		if (strncmp(s, schemes[i], len) != 0)
			continue;
		return s[len] != '\0' && strpbrk(s + len, "/?#@") == NULL
			   ? NULL
			   : "must have a server after the scheme, and nothing "
			     "more: ldaps://HOST or ldaps://HOST:PORT";
	}
	return "does not begin with ldaps://, ldap:// or ldapi://";
}

/* What libldap gets as it is: a name, or a filter. */
static const char *
check_plain(const char *s)
{
	return ca_utf8_text(s, strlen(s)) && strlen(s) <= 1024
		   ? NULL
		   : "is longer than 1024 bytes, or not text";
}

/* attributedescription of RFC 4512 section 2.5, without options and OIDs. */
static const char *
check_attribute(const char *s)
{
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz"
			       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

	return len <= 64 && s[len] == '\0' && s[0] > '9'
		   ? NULL
		   : "is not the name of an attribute, such as uid";
}

/* A request can carry 1 to 255 bytes of text (docs/protocol.md). */
static const char *
check_host_name(const char *s)
{
	if (strlen(s) > 253)
		return "is longer than 253 characters, the most that a host "
		       "name can have";
	if (strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		      "0123456789-._:") != strlen(s))
		return "is not a host name: only letters, digits and - . _ : "
		       "are allowed";
	return NULL;
}

/* A name that every host has names none. */
static const char *
check_password_name(const char *s)
{
	return strcasecmp(s, "localhost") == 0 ||
		       strncasecmp(s, "localhost.", 10) == 0
		   ? "is a name that every host has"
		   : check_host_name(s);
}

/* Names of files of /etc/pam.d. */
static const char *
check_service(const char *s)
{
	return ca_text_plain(s, strlen(s)) && strchr(s, '/') == NULL
		   ? NULL
		   : "is not the name of a PAM service, such as sshd";
}

static const char *
check_language(const char *s)
{
	return ca_locale_named(s)
		   ? NULL
		   : "is not the name of a locale, such as de_DE.UTF-8 (locale -a "
		     "lists those of this host)";
}

static const char *
check_absolute(const char *s)
{
	return s[0] == '/' ? NULL : "is not an absolute path";
}

static const char *
check_token_uri(const char *s)
{
	return ca_text_pkcs11(s) ? NULL : "does not begin with pkcs11:";
}

static const char *
check_host_key(const char *s)
{
	if (s[0] == '/' || check_token_uri(s) == NULL)
		return NULL;
	return "is neither an absolute path nor a pkcs11: URI";
}

/* %u, %h and %% are replaced for each user; any other % is a mistake. */
static const char *
check_key_file(const char *s)
{
	if (s[0] != '/' && strncmp(s, "%h/", 3) != 0)
		return "is not an absolute path, and does not begin with %h/";
	for (; (s = strchr(s, '%')) != NULL; s += 2)
		if (s[1] != 'u' && s[1] != 'h' && s[1] != '%')
			return "contains a % that is not part of %u, %h or %%";
	return NULL;
}

/*
 * What known PKCS#11 modules read, and nothing that the dynamic loader, the C library
 * or libcrypto reads.
 */
#define VARIABLES(X)                                                           \
	X(OPENSC_CONF)                                                         \
	X(P11_KIT_SERVER_ADDRESS)                                              \
	X(PCSCLITE_CSOCK_NAME)                                                 \
	X(SOFTHSM2_CONF)                                                       \
	X(TPM2_PKCS11_STORE)                                                   \
	X(TPM2_PKCS11_TCTI)
#define VARIABLE_NAME(name) #name,
#define VARIABLE_TEXT(name) " " #name
_Static_assert(CA_HELPER_VALUE_MAX == 1024, "the text below says so");

static const char *
check_variable(const char *s)
{
	static const char *const names[] = {VARIABLES(VARIABLE_NAME)};
	size_t len = strcspn(s, "=");

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strlen(names[i]) != len || strncmp(names[i], s, len) != 0)
			continue;
		return s[len] == '\0' ||
			       ca_text_ascii(s + len + 1, CA_HELPER_VALUE_MAX)
			   ? NULL
			   : "must have 1 to 1024 characters of ASCII after "
			     "the =";
	}
	return "is not NAME or NAME=VALUE with one of these names:" VARIABLES(
	    VARIABLE_TEXT);
}

/* one key on each line */
/* clang-format off */
#define AT(member) offsetof(struct ca_config, member)
#define BOOL(n, d) {#n, CA_KEY_BOOL, AT(n), d, 0, 0, NULL, NULL}
#define ENUM(n, d, w) {#n, CA_KEY_ENUM, AT(n), d, 0, 0, w, NULL}
#define UINT(n, d, lo, hi) {#n, CA_KEY_UINT, AT(n), d, lo, hi, NULL, NULL}
#define SECS(n, d, lo, hi) {#n, CA_KEY_SECONDS, AT(n), d, lo, hi, NULL, NULL}
#define LONG(n, d, lo, hi) {#n, CA_KEY_DURATION, AT(n), d, lo, hi, NULL, NULL}
/* min 1: the path cannot be empty */
#define PATH(n, d) {#n, CA_KEY_PATH, AT(n), d, 1, 0, NULL, NULL}
#define OPTPATH(n) {#n, CA_KEY_PATH, AT(n), "", 0, 0, NULL, NULL}
#define STR(n, c) {#n, CA_KEY_STRING, AT(n), "", 0, 0, NULL, c}
/* min and max of a list: how many entries */
#define LIST(n, d, lo, c) {#n, CA_KEY_LIST, AT(n), d, lo, 64, NULL, c}

const struct ca_key ca_keys[] = {
	BOOL(debug, "no"),
	ENUM(mode, "enforce", modes),
	ENUM(audit, "text", audits),
	ENUM(silent, "honour", silences),
	ENUM(confine, "prefer", confinements),
	PATH(ca_dir, CA_SYSCONFDIR "/ca"),
	OPTPATH(intermediates_dir),
	ENUM(profile, "basic", profiles),
	LIST(purpose, "sslclient", 1, check_purpose),
	LIST(policy, "", 0, check_oid),
	BOOL(explicit_policy, "no"),
	BOOL(inhibit_any, "no"),
	BOOL(inhibit_map, "no"),
	UINT(max_depth, "10", 0, 255),
	ENUM(revocation, "crl", sources),
	PATH(ocsp_dir, CA_STATEDIR "/ocsp"),
	LONG(ocsp_max_age, "7d", 60, YEAR),
	PATH(crl_dir, CA_SYSCONFDIR "/crl"),
	ENUM(crl, "require", crl_modes),
	ENUM(crl_check, "chain", crl_checks),
	ENUM(crl_engine, "auto", crl_engines),
	LONG(crl_grace, "0s", 0, 10 * YEAR),
	LONG(crl_no_next_update, "30d", 0, 10 * YEAR),
	LONG(crl_short_lived, "0s", 0, 31 * DAY),
	{"crl_exempt", CA_KEY_PRINTS, AT(crl_exempt), "", 0, 64, NULL, NULL},
	LIST(crl_url, "", 0, check_url),
	PATH(users, CA_SYSCONFDIR "/users"),
	PATH(users_dir, CA_SYSCONFDIR "/users.d"),
	BOOL(user_certificates, "no"),
	ENUM(directory, "none", directories),
	UINT(min_uid, "1000", 1, 4294967294ULL),
	UINT(max_uid, "4294967295", 1, 4294967295ULL),
	LIST(directory_uri, "", 0, check_directory_uri),
	STR(directory_base, check_plain),
	{"directory_filter", CA_KEY_STRING, AT(directory_filter),
	    "(objectClass=posixAccount)", 1, 0, NULL, check_plain},
	{"directory_login", CA_KEY_STRING, AT(directory_login), "uid", 1, 0,
	    NULL, check_attribute},
	OPTPATH(directory_ca),
	STR(directory_bind_dn, check_plain),
	OPTPATH(directory_password_file),
	OPTPATH(directory_cert),
	OPTPATH(directory_key),
	OPTPATH(directory_keytab),
	BOOL(directory_weak, "no"),
	STR(directory_issuer, check_plain),
	PATH(directory_index, "/var/lib/certauth/users.cdb"),
	LONG(directory_max_age, "7d", HOUR, YEAR),
	BOOL(rsa_pkcs1, "yes"),
	SECS(lifetime, "120s", 10, HOUR),
	UINT(max_answer, "500", 64, 32768),
	ENUM(first_answer, "use", firsts),
	LIST(host_names, "", 0, check_host_name),
	OPTPATH(host_cert),
	STR(host_key, check_host_key),
	ENUM(host_proof, "auto", host_proofs),
	{"proof", CA_KEY_PROOF, AT(proof), "conversation", 1, 2, proofs, NULL},
	/* as many as a request can carry: no further one is looked at */
	{"password_names", CA_KEY_LIST, AT(password_names), "", 0, 16, NULL,
	    check_password_name},
	SECS(password_lifetime, "120s", 10, HOUR),
	SECS(password_skew, "30s", 0, 300),
	ENUM(password_use, "once", uses),
	SECS(password_window, "60s", 1, HOUR),
	PATH(helper, CA_HELPER),
	SECS(helper_timeout, "120s", 1, HOUR),
	LIST(helper_write, "", 0, check_absolute),
	{"helper_env", CA_KEY_VARIABLES, AT(helper_env), "", 0,
	    CA_HELPER_ENV_MAX, NULL, check_variable},
	ENUM(helper_confine, "yes", confines),
	BOOL(pkcs11, "no"),
	STR(token_uri, check_token_uri),
	BOOL(require_pin, "yes"),
	SECS(wait_for_token, "0s", 0, HOUR),
	STR(key_file, check_key_file),
	BOOL(ssh_agent, "no"),
	STR(language, check_language),
	BOOL(require_account, "no"),
	LONG(warn_expiry, "14d", 0, 10 * YEAR),
	BOOL(sessions, "no"),
	ENUM(on_revoked, "warn", on_changes),
	ENUM(on_expired, "log", on_changes),
	ENUM(on_unmapped, "warn", on_changes),
	LIST(end_services, "sshd login su su-l sudo sudo-i", 0,
	    check_service),
	UINT(end_max, "3", 0, 1000000),
	{NULL, CA_KEY_BOOL, 0, NULL, 0, 0, NULL, NULL},
};
/* clang-format on */

bool
ca_key_list_repeats(const struct ca_list *list)
{
	const char *last = list->v[list->n - 1];
	size_t len = strcspn(last, "=");

	for (size_t i = 0; i + 1 < list->n; i++)
		if (strcspn(list->v[i], "=") == len &&
		    strncmp(list->v[i], last, len) == 0)
			return true;
	return false;
}

const struct ca_key *
ca_key_find(const char *name)
{
	/* each login looks up each key: most differ in the first letter */
	for (const struct ca_key *k = ca_keys; k->name != NULL; k++)
		if (k->name[0] == name[0] && strcmp(k->name, name) == 0)
			return k;
	return NULL;
}
