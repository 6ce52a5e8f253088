/*
 * The configuration.  One table of keys (config/keys.c) serves the file, the
 * module arguments and the tool's options.  certauth.conf(5) describes each
 * key; struct ca_config holds the values.
 *
 * A later source overrides an earlier one: built-in defaults, [default] of the
 * file, the section named after the PAM service, the module arguments.
 */
#ifndef CA_CONFIG_CONFIG_H
#define CA_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"

#ifndef CA_SYSCONFDIR
#define CA_SYSCONFDIR "/etc/certauth"
#endif

/* What must not be lost, and changes: the timers write it. */
#ifndef CA_STATEDIR
#define CA_STATEDIR "/var/lib/certauth"
#endif

/* Which sources can show that a certificate is not revoked. */
enum ca_sources { CA_SOURCES_CRL, CA_SOURCES_OCSP, CA_SOURCES_ANY };
enum ca_crl_mode { CA_CRL_REQUIRE, CA_CRL_PREFER, CA_CRL_OFF };
enum ca_crl_check { CA_CRL_CHAIN, CA_CRL_LEAF };
enum ca_crl_engine {
	CA_CRL_AUTO,   /* use a valid index, else stream the file */
	CA_CRL_STREAM, /* never use an index */
};
/* Who else says which login a certificate has. */
enum ca_directory { CA_DIRECTORY_NONE, CA_DIRECTORY_SSS, CA_DIRECTORY_LDAP };
enum ca_profile { CA_PROFILE_STRICT, CA_PROFILE_BASIC };
enum ca_mode { CA_MODE_ENFORCE, CA_MODE_AUDIT };
/* What if the kernel cannot confine the verifier completely. */
enum ca_confinement { CA_CONFINEMENT_PREFER, CA_CONFINEMENT_REQUIRE };
enum ca_silent { CA_SILENT_HONOUR, CA_SILENT_IGNORE };
enum ca_audit { CA_AUDIT_TEXT, CA_AUDIT_JSON };
enum ca_confined { CA_CONFINED_YES = 1, CA_CONFINED_NETWORK, CA_CONFINED_NO };
enum ca_proof {
	CA_PROOF_CONVERSATION = 1,
	CA_PROOF_COMMAND,
	CA_PROOF_PASSWORD
};
/* What becomes of a first answer that is no piece of a response. */
enum ca_first { CA_FIRST_USE, CA_FIRST_IGNORE };
enum ca_password_use { CA_PASSWORD_ONCE, CA_PASSWORD_WINDOW };
/* What becomes of an open session whose login would be refused now. */
enum ca_on { CA_ON_LOG, CA_ON_WARN, CA_ON_LOCK, CA_ON_END };
enum ca_host_proof {
	CA_HOST_PROOF_OFF,
	CA_HOST_PROOF_AUTO,
	CA_HOST_PROOF_OPTIONAL,
	CA_HOST_PROOF_REQUIRE
};

/* A list of strings; NULL-terminated, n entries before the NULL. */
struct ca_list {
	char **v;
	size_t n;
};

/* Is the text an entry of the list? */
bool ca_list_has(const struct ca_list *list, const char *text);

struct ca_config {
	bool debug;
	enum ca_mode mode;
	enum ca_audit audit;
	enum ca_silent silent; /* of an application that passes PAM_SILENT */
	enum ca_confinement confine;
	/* chain */
	char *ca_dir;
	char *intermediates_dir; /* NULL: none */
	enum ca_profile profile;
	struct ca_list purpose; /* sslclient, sslserver, any, or OIDs; the
				 * certificate must have one of them */
	struct ca_list policy;  /* OIDs; empty: any policy */
	bool explicit_policy, inhibit_any, inhibit_map;
	unsigned max_depth; /* intermediates at most, without self-issued
			     * ones (RFC 5280 section 6.1.4) */
	/* revocation */
	enum ca_sources revocation;
	char *ocsp_dir;
	uint64_t ocsp_max_age; /* seconds from thisUpdate */
	char *crl_dir;
	enum ca_crl_mode crl;
	enum ca_crl_check crl_check;
	enum ca_crl_engine crl_engine;
	uint64_t crl_grace;          /* seconds */
	uint64_t crl_no_next_update; /* a CRL without nextUpdate is current
				      * for so many seconds after its
				      * thisUpdate */
	uint64_t crl_short_lived;    /* seconds; 0: off.  A leaf that is valid
				      * for no longer needs no CRL */
	struct ca_list crl_exempt;   /* what the CAs with these certificates
				      * issue needs no CRL: SHA-256, 64
				      * lower-case hexadecimal digits */
	struct ca_list crl_url;      /* certauth crl update only */
	/* mapping */
	char *users;                  /* the users file */
	char *users_dir;              /* registered certificates, one
				 * directory per LOGIN, *.pem in it */
	bool user_certificates;       /* use the user's own certificates too:
				 * *.pem in ~/.certauth */
	enum ca_directory directory;  /* asked when no line and no registered
				      * certificate decides */
	struct ca_list directory_uri; /* servers of LDAP, in this order */
	char *directory_base, *directory_filter; /* of the search */
	char *directory_login; /* the attribute with the login */
	char *directory_ca;    /* PEM; of the servers' certificates */
	/* how certauth users update binds: with a password, a certificate, a
	 * keytab, or not at all */
	char *directory_bind_dn, *directory_password_file;
	char *directory_cert, *directory_key, *directory_keytab;
	bool directory_weak;    /* take mappings that only name names, too */
	char *directory_issuer; /* names, separated by ;: of whose certificates
				 * the index may speak; NULL: of all */
	char *directory_index;  /* what certauth users update writes */
	uint64_t directory_max_age; /* seconds */
	unsigned min_uid; /* lowest UID of a login made by a pattern, or
				 * by the directory */
	unsigned max_uid; /* highest UID of such a login */
	/* protocol */
	bool rsa_pkcs1;
	unsigned lifetime;   /* seconds, 10..3600 */
	unsigned max_answer; /* characters, 64..32768: M of the prompt */
	enum ca_first first_answer;
	struct ca_list host_names;     /* empty: FQDN and short name */
	char *host_cert, *host_key;    /* NULL: none */
	enum ca_host_proof host_proof; /* auto, the default: require if
			 * host_cert is set, else off; optional: if the
			 * proof fails, this is logged, and the request
			 * has no proof.  ca_config_load ensures that
			 * host_cert is set if require is, and that
			 * host_cert and host_key are set together */
	/* where the response comes from */
	enum ca_proof proof[2];  /* in this order; 0 ends the list; password
				  * stands alone */
	char *helper;            /* absolute path of certauth-sign */
	unsigned helper_timeout; /* seconds */
	/* of a helper of root, or of the host: absolute paths that it may change, and
	 * how it is confined */
	struct ca_list helper_write;
	enum ca_confined helper_confine;
	/* of every helper: variables, NAME (of the caller's environment) or
	 * NAME=VALUE; no name stands twice */
	struct ca_list helper_env;
	bool pkcs11;
	char *token_uri;         /* NULL: any token */
	bool require_pin;        /* the user must enter the PIN before each
				  * signature of a token's key */
	unsigned wait_for_token; /* seconds; 0: no wait */
	char *key_file;          /* NULL: none; may contain %u, %h, %% */
	bool ssh_agent;
	/* signed passwords */
	struct ca_list password_names; /* empty: the full name of this host */
	unsigned password_lifetime;    /* seconds, 10..3600 */
	unsigned password_skew;        /* seconds that a client's clock may be
					* ahead, 0..300 */
	enum ca_password_use password_use;
	unsigned password_window; /* seconds from the first use, 1..3600 */
	char *language;           /* of what a user reads; NULL: English */
	/* after the login */
	bool require_account;
	uint64_t warn_expiry; /* seconds; 0: never */
	/* open sessions */
	bool sessions; /* record them */
	enum ca_on on_revoked, on_expired, on_unmapped;
	struct ca_list end_services; /* PAM services whose process may be
				      * signalled */
	unsigned end_max; /* sessions that one check may end for anything but a
			   * revocation; a tenth of them, if that is more */
	struct ca_config_origin *origin; /* where each key was set */
};

/* A configuration with the built-in defaults.  NULL: no memory. */
struct ca_config *ca_config_new(void);

/* NULL is allowed. */
void ca_config_free(struct ca_config *cfg);

/*
 * Set one key from text, as in the file.  A list is replaced, not extended.
 * CA_ERR_CONFIG: the key or the value is wrong; the message in log begins with
 * where ("FILE:LINE", "argument 3").  CA_ERR_MEMORY, logged.
 */
CA_MUST_CHECK enum ca_err ca_config_set(struct ca_config *cfg, const char *key,
    const char *value, const char *where, const struct ca_log *log);

/* The same for an option of the tool: a path may be relative. */
CA_MUST_CHECK enum ca_err ca_config_set_option(struct ca_config *cfg,
    const char *key, const char *value, const char *where,
    const struct ca_log *log);

/*
 * Read a file into cfg: [default], then the section named service (may be
 * NULL).  Sections that are not used are checked too, so that their mistakes
 * are found early.  If must_exist is false, an absent file is CA_OK.
 * CA_ERR_CONFIG: the log has up to 20 mistakes with FILE:LINE;
 * CA_ERR_UNTRUSTED, CA_ERR_IO, CA_ERR_NOT_FOUND, CA_ERR_MEMORY: logged.  After
 * an error, cfg may only be freed.
 */
CA_MUST_CHECK enum ca_err ca_config_read(struct ca_config *cfg,
    const char *path, const char *service, bool must_exist,
    const struct ca_log *log);

/*
 * Load the configuration of the module: defaults, the file (config= in argv,
 * else CA_SYSCONFDIR/certauth.conf, which may be absent), then every other
 * KEY=VALUE of argv; `debug` alone means debug=yes.  The caller frees *out,
 * which is NULL after an error.  Errors as for ca_config_read; all are logged.
 */
CA_MUST_CHECK enum ca_err ca_config_load(int argc, const char **argv,
    const char *service, const struct ca_log *log, struct ca_config **out);

/*
 * Check keys that depend on each other: of the whole configuration, which ca_config_load
 * does, and those of directory = ldap alone.  CA_ERR_CONFIG, logged as below.
 */
CA_MUST_CHECK enum ca_err ca_config_check(
    const struct ca_config *cfg, const struct ca_log *log);
CA_MUST_CHECK enum ca_err ca_config_check_directory(
    const struct ca_config *cfg, const struct ca_log *log);

/* Log what is wrong with keys that disagree, a list that NULL ends, with the file, and
 * the section and line, or the argument, of each. */
void ca_config_disagree(const struct ca_config *cfg, const struct ca_log *log,
    const char *const *keys, const char *what);

/* Walk the table (for tests, completion and `certauth doctor`): the name of key
 * number i and its default as text, or NULL after the last key. */
const char *ca_config_key_name(size_t i);
const char *ca_config_key_default(size_t i);

/* The value of key number i of cfg as text, to be freed with free().  NULL:
 * there is no such key, or no memory. */
char *ca_config_key_value(const struct ca_config *cfg, size_t i);

#endif
