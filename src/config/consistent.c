/*
 * Keys of the configuration that depend on each other, and how a disagreement is
 * reported: with the place of each key, since none of them alone is wrong.
 */
#include "base/buf.h"
#include "config/config.h"
#include "config/keys.h"

#include <stdio.h>
#include <string.h>

/* ---- where a key was set ---- */

void
ca_config_origin_line(struct ca_config *cfg, const char *file,
    const char *section, const struct ca_key *k, unsigned line)
{
	struct ca_config_origin *o = cfg->origin;

	if (o == NULL)
		return;
	o->at[k - ca_keys] = (struct ca_config_place){
	    .line = line, .of_default = strcmp(section, "default") == 0};
	/* there is one file */
	if (o->file[0] == '\0')
		(void)snprintf(o->file, sizeof o->file, "%s", file);
	if (o->section[0] == '\0' && strcmp(section, "default") != 0)
		(void)snprintf(o->section, sizeof o->section, "%s", section);
}

void
ca_config_origin_argument(
    struct ca_config *cfg, const struct ca_key *k, unsigned number)
{
	if (cfg->origin != NULL)
		cfg->origin->at[k - ca_keys] =
		    (struct ca_config_place){.argument = number};
}

/* Append where key was set; the last line of those is *line. */
static void
put_place(const struct ca_config *cfg, const char *key, unsigned *line,
    struct ca_buf *out)
{
	const struct ca_key *k = ca_key_find(key);
	const struct ca_config_origin *o = cfg->origin;

	if (o == NULL || k == NULL)
		return;
	const struct ca_config_place *at = &o->at[k - ca_keys];
	ca_buf_fmt(out, "%s%s ", out->len > 0 ? "; " : "", key);
	if (at->argument != 0)
		ca_buf_fmt(out, "is argument %u", at->argument);
	else if (at->line != 0)
		ca_buf_fmt(out, "is in [%s], line %u",
		    at->of_default ? "default" : o->section, at->line);
	else
		ca_buf_str(out, "is not set");
	if (at->line > *line)
		*line = at->line;
}

void
ca_config_disagree(const struct ca_config *cfg, const struct ca_log *log,
    const char *const *keys, const char *what)
{
	struct ca_buf places = CA_BUF_INIT(4096);
	unsigned line = 0;
	const char *text;

	for (; *keys != NULL; keys++)
		put_place(cfg, *keys, &line, &places);
	text = ca_buf_text(&places);
	if (text == NULL)
		text = "";
	if (line != 0)
		ca_log_err(log, "%s:%u: %-s (%-s)", cfg->origin->file, line,
		    what, text);
	else if (strstr(text, " is argument ") != NULL)
		ca_log_err(log, "%-s (%-s)", what, text);
	else
		ca_log_err(log, "%-s", what);
	ca_buf_free(&places);
}

/* ---- the rules ---- */

#define KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})

enum ca_err
ca_config_check_directory(const struct ca_config *cfg, const struct ca_log *log)
{
	const bool dn = cfg->directory_bind_dn != NULL,
		   cert = cfg->directory_cert != NULL,
		   keytab = cfg->directory_keytab != NULL;

	if (cfg->directory_uri.n == 0)
		ca_config_disagree(cfg, log, KEYS("directory", "directory_uri"),
		    "directory = ldap, but directory_uri names no server");
	else if (cfg->directory_base == NULL)
		ca_config_disagree(cfg, log,
		    KEYS("directory", "directory_base"),
		    "directory = ldap, but directory_base does not name the "
		    "entry below which the accounts are");
	else if (dn + cert + keytab > 1)
		ca_config_disagree(cfg, log,
		    KEYS("directory_bind_dn", "directory_cert",
			"directory_keytab"),
		    "set only one of directory_bind_dn, directory_cert and "
		    "directory_keytab: each is a way to bind");
	else if (dn != (cfg->directory_password_file != NULL))
		ca_config_disagree(cfg, log,
		    KEYS("directory_bind_dn", "directory_password_file"),
		    "directory_bind_dn and directory_password_file need each "
		    "other; set both, or neither");
	else if (cert != (cfg->directory_key != NULL))
		ca_config_disagree(cfg, log,
		    KEYS("directory_cert", "directory_key"),
		    "directory_cert and directory_key need each other; set "
		    "both, or neither");
	else
		return CA_OK;
	return CA_ERR_CONFIG;
}

enum ca_err
ca_config_check(const struct ca_config *cfg, const struct ca_log *log)
{
	char text[256];

	if ((cfg->host_cert == NULL) != (cfg->host_key == NULL)) {
		ca_config_disagree(cfg, log, KEYS("host_cert", "host_key"),
		    "only one of host_cert and host_key is set; set both, or "
		    "neither");
		return CA_ERR_CONFIG;
	}
	if (cfg->host_proof == CA_HOST_PROOF_REQUIRE &&
	    cfg->host_cert == NULL) {
		ca_config_disagree(cfg, log, KEYS("host_proof", "host_cert"),
		    "host_proof = require needs host_cert and host_key; set "
		    "both");
		return CA_ERR_CONFIG;
	}
	/* who writes both means "OCSP instead of CRLs", and would get neither */
	if (cfg->crl == CA_CRL_OFF && cfg->revocation != CA_SOURCES_CRL) {
		ca_config_disagree(cfg, log, KEYS("crl", "revocation"),
		    "crl = off checks no revocation at all, by OCSP neither; "
		    "to use OCSP without CRLs, set revocation = ocsp and "
		    "remove crl = off; to check nothing, remove revocation");
		return CA_ERR_CONFIG;
	}
	if (cfg->min_uid > cfg->max_uid) {
		(void)snprintf(text, sizeof text,
		    "min_uid = %u is greater than max_uid = %u, so no pattern "
		    "can make a login; change one of them",
		    cfg->min_uid, cfg->max_uid);
		ca_config_disagree(cfg, log, KEYS("min_uid", "max_uid"), text);
		return CA_ERR_CONFIG;
	}
	return cfg->directory == CA_DIRECTORY_LDAP
		   ? ca_config_check_directory(cfg, log)
		   : CA_OK;
}
