/*
 * The configuration: one table of keys (config/keys.c) serves the file, the
 * module's arguments and the tool's options.  certauth.conf(5) describes each
 * key; the struct says only what it becomes.
 *
 * Order, later wins: built-in defaults, [default] of the file, the section
 * named after the PAM service, the module's arguments.
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

enum ca_crl_mode { CA_CRL_REQUIRE, CA_CRL_PREFER, CA_CRL_OFF };
enum ca_crl_check { CA_CRL_CHAIN, CA_CRL_LEAF };
enum ca_crl_engine {
	CA_CRL_AUTO,   /* a valid index, else the file is streamed */
	CA_CRL_STREAM, /* never an index */
};
enum ca_profile { CA_PROFILE_STRICT, CA_PROFILE_BASIC };
enum ca_mode { CA_MODE_ENFORCE, CA_MODE_AUDIT };
enum ca_audit { CA_AUDIT_TEXT, CA_AUDIT_JSON };
enum ca_proof { CA_PROOF_CONVERSATION = 1, CA_PROOF_COMMAND };
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

struct ca_config {
	bool debug;
	enum ca_mode mode;
	enum ca_audit audit;
	/* chain */
	char *ca_dir;
	char *intermediates_dir; /* NULL: none */
	enum ca_profile profile;
	struct ca_list purpose; /* sslclient, sslserver, any, or OIDs: one of
				 * them must hold */
	struct ca_list policy;  /* OIDs; empty: any policy */
	bool explicit_policy, inhibit_any, inhibit_map;
	unsigned max_depth; /* intermediates at most, self-issued ones not
			     * counted (RFC 5280 section 6.1.4) */
	/* revocation */
	char *crl_dir;
	enum ca_crl_mode crl;
	enum ca_crl_check crl_check;
	enum ca_crl_engine crl_engine;
	uint64_t crl_grace;          /* seconds */
	uint64_t crl_no_next_update; /* seconds after its thisUpdate that a
				      * CRL without nextUpdate is current */
	struct ca_list crl_url;      /* certauth crl update only */
	/* mapping */
	char *users;            /* the users file */
	char *users_dir;        /* registered certificates, one
				 * directory per LOGIN, *.pem in it */
	bool user_certificates; /* the user's own certificates,
				 * *.pem in ~/.certauth, count too */
	unsigned min_uid;       /* a login made by a pattern has at least it */
	unsigned max_uid;       /* and at most this */
	/* protocol */
	bool rsa_pkcs1;
	unsigned lifetime;          /* seconds, 10..3600 */
	unsigned max_answer;        /* characters, 64..32768: M of the prompt */
	struct ca_list host_names;  /* empty: FQDN and short name */
	char *host_cert, *host_key; /* NULL: none */
	enum ca_host_proof host_proof; /* auto, the default, means: as require
			 * where host_cert is set, else off; optional:
			 * a proof that fails is logged, and left out.
			 * ca_config_load makes sure that require has
			 * a host_cert, and that host_cert and
			 * host_key come together */
	/* where the response comes from */
	enum ca_proof proof[2];  /* in order; 0 ends */
	char *helper;            /* absolute path of certauth */
	unsigned helper_timeout; /* seconds */
	bool pkcs11;
	char *token_uri;  /* NULL: any token */
	bool require_pin; /* before each signature of a token's key, typed
			   * by a person */
	unsigned wait_for_token; /* seconds; 0: no wait */
	char *key_file;          /* NULL: none; may hold %u, %h, %% */
	bool ssh_agent;
	/* after the login */
	bool require_account;
	uint64_t warn_expiry; /* seconds; 0: never */
};

/* A configuration with the built-in defaults; NULL: no memory. */
struct ca_config *ca_config_new(void);

/* NULL is allowed. */
void ca_config_free(struct ca_config *cfg);

/*
 * Set one key from text, as in the file.  where ("FILE:LINE", "argument 3") is
 * named in the message that goes to log on a mistake (CA_ERR_CONFIG).  A list
 * is replaced, not extended.
 */
CA_MUST_CHECK enum ca_err ca_config_set(struct ca_config *cfg, const char *key,
    const char *value, const char *where, const struct ca_log *log);

/* The same for an option of the tool, where a path may be relative. */
CA_MUST_CHECK enum ca_err ca_config_set_option(struct ca_config *cfg,
    const char *key, const char *value, const char *where,
    const struct ca_log *log);

/*
 * Read a file over cfg: [default], then the section named service (may be
 * NULL).  Every section is checked, also those not used, so that a mistake is
 * seen before the day it matters.  must_exist false: an absent file is CA_OK.
 * CA_ERR_CONFIG with FILE:LINE in the log (all mistakes, up to 20);
 * CA_ERR_UNTRUSTED, CA_ERR_IO, CA_ERR_NOT_FOUND logged.  After an error cfg is
 * good for ca_config_free only.
 */
CA_MUST_CHECK enum ca_err ca_config_read(struct ca_config *cfg,
    const char *path, const char *service, bool must_exist,
    const struct ca_log *log);

/*
 * The module's way: defaults, the file (config= in argv, else
 * CA_SYSCONFDIR/certauth.conf which may be absent), then every other KEY=VALUE
 * of argv; `debug` alone means debug=yes.  *out is the caller's to free, and
 * NULL after an error.  Errors as ca_config_read; all are logged.
 */
CA_MUST_CHECK enum ca_err ca_config_load(int argc, const char **argv,
    const char *service, const struct ca_log *log, struct ca_config **out);

/* Walk the table, for manuals' tests, completion and `certauth doctor`:
 * the name of key number i and its default as text, or NULL after the last. */
const char *ca_config_key_name(size_t i);
const char *ca_config_key_default(size_t i);

/* The value of key number i of cfg as text, to free(); NULL: no such key, or
 * no memory. */
char *ca_config_key_value(const struct ca_config *cfg, size_t i);

#endif
