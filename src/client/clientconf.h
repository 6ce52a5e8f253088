/*
 * What a person set for the client: /etc/certauth/client.conf, then
 * ~/.config/certauth/config (XDG_CONFIG_HOME).
 *
 *	[default]
 *	cert = ~/.config/certauth/alice.pem
 *	key = ~/.config/certauth/alice.key
 *
 *	[web*.example.com *.db.example.com]
 *	key = agent
 *	host_ca = /etc/certauth/host-ca
 *	require_host_proof = yes
 *
 *	[service mail]
 *	service = dovecot
 *	host = mail.example.com
 *
 * [default], which must come first, and each section with a pattern that
 * matches the host that was meant are applied in their order; a later value
 * replaces an earlier one, and the second file those of the first.  A mistake
 * anywhere, also in a section that does not match, is an error.  A section [service NAME]
 * is applied, in the same order, where NAME is meant.
 */
#ifndef CA_CLIENT_CLIENTCONF_H
#define CA_CLIENT_CLIENTCONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/log.h"
#include "client/hostname.h"
#include "config/config.h"

/* The services that sudo asks for, where askpass_services does not say. */
#define CA_ASKPASS_SERVICES "sudo sudo-i"

#define CA_OCSP_TIMEOUT 3      /* seconds, where ocsp_timeout does not say */
#define CA_OCSP_TIMEOUT_MAX 30 /* a request is valid for 120 usually */

/* Everything is owned; NULL where not set. */
struct ca_client_conf {
	char *cert;      /* file */
	char *key;       /* file, "agent", or "pkcs11:..." */
	char *p12;       /* file; it replaces cert and key, and they it */
	char *token_uri; /* RFC 7512: which tokens `pkcs11` means */
	char *host_ca;   /* directory of the CAs of hosts, or file of them */
	char *host_crl;  /* directory of their CRLs; NULL: not checked */
	char *user;      /* the login meant, where nothing else says it */
	char *askpass;   /* program for questions that are not ours */
	/* of certauth watch, for sh -c: when the token is removed (NULL: loginctl),
	 * and inserted again (NULL: nothing) */
	char *lock_command, *insert_command;
	struct ca_list trusted_hosts; /* patterns: further names that may answer
				       * for the host meant */
	struct ca_list askpass_services; /* PAM services whose requests an
					  * askpass of sudo answers */
	/* of a section [service NAME] alone: PAM_SERVICE, the host's name, the
	 * most characters of a signed password (0: any number) */
	char *service, *host;
	unsigned max;
	/* seconds that a login waits for OCSP responses at most; 0: none is fetched
	 * or sent */
	unsigned ocsp_timeout;
	bool pkcs11, ssh_agent;
	bool registered; /* send no certificate: the host has it */
	bool require_host_proof;
	bool confirm;  /* ask before each signature */
	bool remember; /* a choice among several certificates */
};

/* The defaults alone; NULL: no memory. */
struct ca_client_conf *ca_client_conf_new(void);
void ca_client_conf_free(struct ca_client_conf *conf); /* NULL is allowed */

/*
 * Set one key from text, as in a file; where ("FILE:LINE", "--key") stands in
 * the message about a mistake.  CA_ERR_CONFIG (logged), CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_client_conf_set(struct ca_client_conf *conf,
    const char *key, const char *value, const char *where,
    const struct ca_log *log);

/*
 * Read one file over conf for the nhosts names of the host that is meant.  An
 * absent file is CA_OK.  CA_ERR_CONFIG, CA_ERR_UNTRUSTED (not owned by the
 * user or root, or writable by others), CA_ERR_IO: logged.
 */
CA_MUST_CHECK enum ca_err ca_client_conf_read(struct ca_client_conf *conf,
    const char *path, const char *const *host, size_t nhosts,
    const struct ca_log *log);

/* Both files in their places.  *out is the caller's; errors as above. */
CA_MUST_CHECK enum ca_err ca_client_conf_load(const char *const *host,
    size_t nhosts, const struct ca_log *log, struct ca_client_conf **out);

/* The same with the section [service NAME] of the name service (NULL: with none).  The
 * host is host or, if that is NULL, the one that the section names.  Each error is logged;
 * CA_ERR_NOT_FOUND: there is no such section. */
CA_MUST_CHECK enum ca_err ca_client_conf_load_service(const char *service,
    const char *host, const struct ca_log *log, struct ca_client_conf **out);

/* Append the names of the sections [service NAME] of both files, in their order.
 * Errors as above. */
CA_MUST_CHECK enum ca_err ca_client_conf_services(
    const struct ca_log *log, struct ca_list *out);

/*
 * Options of the command line over conf; NULL or false: not given.  File names
 * may be relative here.  A key without a certificate keeps that of conf.
 */
CA_MUST_CHECK enum ca_err ca_client_conf_options(struct ca_client_conf *conf,
    const char *cert, const char *key, const char *p12, bool registered);

/* Walk the keys: the name of number i, or NULL; and the number of a name, or
 * one that has no name. */
const char *ca_client_conf_key(size_t i);
size_t ca_client_conf_index(const char *name);

/* True if key number i stands in a section [service NAME] only. */
bool ca_client_conf_is_service(size_t i);

/* True if key number i is a list, which indented lines may continue. */
bool ca_client_conf_is_list(size_t i);

/* Parse the most characters of a signed password.  False: it is no number from 64 to
 * CA_PASSWORD_TEXT_MAX. */
bool ca_client_conf_chars(const char *value, unsigned *out);

/* The user's home directory: HOME, or that of the user id.  Not owned. */
const char *ca_client_home(void);

#endif
