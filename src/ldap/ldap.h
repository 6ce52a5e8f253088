/*
 * Pull the accounts of a directory.  A separate program, certauth-ldap, does it: only
 * that program loads libldap, it runs without rights, and it can write to nothing but
 * a pipe.  What comes out of the pipe is trusted no more than the servers are.
 */
#ifndef CA_LDAP_LDAP_H
#define CA_LDAP_LDAP_H

#include "base/log.h"
#include "config/config.h"
#include "ldap/ldapmsg.h"
#include "map/ldap_make.h"

/* A file that a key of the configuration names. */
struct ca_ldap_file {
	char type;              /* of ldapmsg.h */
	const char *key, *path; /* NULL: it is not set */
};
#define CA_LDAP_FILES 5

void ca_ldap_files(
    const struct ca_config *cfg, struct ca_ldap_file out[CA_LDAP_FILES]);

/*
 * Append what certauth-ldap gets of a file; of a password the first line alone.
 * CA_ERR_FORMAT: it is not of the kind that the key wants; errors of base/file.h.  Each
 * is logged.
 */
CA_MUST_CHECK enum ca_err ca_ldap_file_read(const struct ca_ldap_file *file,
    const struct ca_log *log, struct ca_buf *out);

/*
 * Append the order for the server uri, with the content of its files.  CA_ERR_CONFIG,
 * logged: keys are missing, or contradict each other, or a file is of another kind;
 * CA_ERR_UNTRUSTED, CA_ERR_IO and others of base/file.h, logged; CA_ERR_LIMIT,
 * CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_ldap_order_put(const struct ca_config *cfg,
    const char *uri, const struct ca_log *log, struct ca_buf *out);

/* Append the command that searches as certauth-ldap does, for sh(1). */
void ca_ldap_try(
    const struct ca_config *cfg, const char *uri, struct ca_buf *out);

/* The same for the names of what the server has. */
void ca_ldap_try_top(
    const struct ca_config *cfg, const char *uri, struct ca_buf *out);

/* The reader of the answer.  The caller sets the first two fields, and zeroes the
 * rest. */
struct ca_ldap_input {
	struct ca_ldap_maker *maker; /* takes the accounts; borrowed */
	const struct ca_log *log;
	const char *uri; /* the server that is asked now, or was last */
	enum ca_ldap_step step;
	bool ended;                  /* the last frame has come */
	bool complete;               /* it was CA_LDAP_DONE */
	struct ca_ldap_sum sum;      /* then */
	bool away;                   /* it was CA_LDAP_AWAY */
	enum ca_ldap_cause cause;    /* if it was this, or CA_LDAP_ERROR */
	char text[CA_LDAP_TEXT_MAX]; /* of others, of textn bytes */
	size_t textn;
	size_t refused; /* CA_LDAP_REFUSED, of which the first are logged */
	/* private */
	size_t values; /* of the account */
	uint8_t buf[CA_LDAP_HEAD + CA_LDAP_ANSWER_MAX + 32768];
	size_t len;
};

/*
 * Take the next len bytes of the answer.  CA_ERR_FORMAT: it breaks the protocol, or
 * goes on after its last frame; or an error of the maker.
 */
CA_MUST_CHECK enum ca_err ca_ldap_input_take(
    struct ca_ldap_input *in, const uint8_t *p, size_t len);

/*
 * Run certauth-ldap for the first server of cfg that answers, at most timeout seconds
 * in all, and give what it sends to in.  CA_OK: in->complete, and all came.
 * CA_DENIED, logged: anything else, which is not all.  CA_ERR_NOT_FOUND:
 * certauth-ldap is not installed; errors of the functions above.
 */
CA_MUST_CHECK enum ca_err ca_ldap_run(const struct ca_config *cfg,
    const struct ca_log *log, unsigned timeout, struct ca_ldap_input *in);

#endif
