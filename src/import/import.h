/*
 * certauth import: translate the configurations of other modules.
 *
 * The importers fill a struct ca_import with the functions of import_out.c, and
 * import.c prints it.  Every setting and line is parsed by certauth's own parsers
 * first; if they refuse it, it is reported as a gap and not printed.
 */
#ifndef CA_IMPORT_IMPORT_H
#define CA_IMPORT_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "tool/cli.h"
#include "config/config.h"
#include "map/rule.h"

#define CA_IMPORT_BYTES ((size_t)1 << 20) /* of a file that is read */
#define CA_IMPORT_MAPS ((size_t)16 << 20) /* of a map file */

extern const struct ca_command ca_cmd_import;

struct ca_import {
	const char *file;          /* the current file, for messages */
	struct ca_buf conf;        /* comments and settings */
	struct ca_buf users;       /* comments and lines */
	struct ca_config *scratch; /* checks the settings */
	struct ca_rule rule;       /* checks the lines */
	size_t gaps;
	char set[65536]; /* what was set: LF key TAB value LF */
};

/* Add a comment to the settings.  line 0: it belongs to no line. */
void ca_import_note(struct ca_import *im, unsigned line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Report a setting that has no counterpart, on stderr and in a comment.  why has
 * the reason and what to do.  value may be NULL; it must not be a secret. */
void ca_import_gap(struct ca_import *im, unsigned line, const char *name,
    const char *value, const char *why);

/* Add key = value, translated from the setting name.  The first value of a key is
 * kept; a different one is a gap. */
void ca_import_set(struct ca_import *im, unsigned line, const char *name,
    const char *key, const char *value);

/* A line for the users file. */
struct ca_import_line {
	const char *login, *selector;
	const char *value;   /* taken literally */
	bool raw;            /* value has the file's escapes and patterns */
	const char *options; /* as in the file; NULL: none */
};

/* Add a line to the users, or a gap if the users file's parser refuses it. */
void ca_import_user(
    struct ca_import *im, unsigned line, const struct ca_import_line *user);

/* Add a comment to the users. */
void ca_import_user_note(struct ca_import *im, unsigned line, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* Read a file.  CA_ERR_LIMIT, CA_ERR_NOT_FOUND, CA_ERR_IO, CA_ERR_MEMORY; the
 * caller reports them. */
CA_MUST_CHECK enum ca_err ca_import_read(
    const char *path, size_t max, struct ca_buf *out);

/* ---- the importers.  CA_ERR_FORMAT: the file does not parse; reported.
 * CA_ERR_USAGE: the arguments are wrong ---- */

/* args: further arguments of the module's line in pam.d. */
CA_MUST_CHECK enum ca_err ca_import_pam_pkcs11(
    struct ca_import *im, const struct ca_buf *text, int argc, char **argv);
CA_MUST_CHECK enum ca_err ca_import_sssd(
    struct ca_import *im, const struct ca_buf *text, int argc, char **argv);
/* file: authorized_certificates, PEM. */
CA_MUST_CHECK enum ca_err ca_import_pam_p11(
    struct ca_import *im, const struct ca_buf *text, int argc, char **argv);

/* import_mapfile.c: translate the lines of a map file of pam_pkcs11 to lines with
 * selector.  digest: the algorithm of the digest mapper, or NULL. */
void ca_import_mapfile(struct ca_import *im, unsigned line, const char *url,
    const char *selector, const char *digest, bool ignorecase);

/* import_certmap.c: one rule of SSSD. */
struct ca_certmap_rule {
	const char *section, *name; /* [certmap/DOMAIN/NAME] */
	unsigned line;
	const char *matchrule, *maprule; /* NULL: not given */
	bool local; /* of a domain whose users are in files */
};
/* Translate it to lines of the users file.  True: no line can say what it says, and
 * SSSD has to apply it (directory = sss). */
bool ca_import_certmap(struct ca_import *im, const struct ca_certmap_rule *r);

#endif
