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

/*
 * Append the order for cfg, with the content of its files.  CA_ERR_CONFIG, logged: keys
 * are missing, or contradict each other; CA_ERR_UNTRUSTED, CA_ERR_IO and others of
 * base/file.h, logged; CA_ERR_LIMIT, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_ldap_order_put(
    const struct ca_config *cfg, const struct ca_log *log, struct ca_buf *out);

/* The reader of the answer.  The caller sets the first two fields, and zeroes the
 * rest. */
struct ca_ldap_input {
	struct ca_ldap_maker *maker; /* takes the accounts; borrowed */
	const struct ca_log *log;
	bool ended;             /* the last frame has come */
	bool complete;          /* it was CA_LDAP_DONE */
	struct ca_ldap_sum sum; /* then */
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
 * Run certauth-ldap for cfg, at most timeout seconds, and give what it sends to in.
 * CA_OK: in->complete, and all came.  CA_DENIED, logged: anything else, which is not
 * all.  CA_ERR_NOT_FOUND: certauth-ldap is not installed; errors of the functions
 * above.
 */
CA_MUST_CHECK enum ca_err ca_ldap_run(const struct ca_config *cfg,
    const struct ca_log *log, unsigned timeout, struct ca_ldap_input *in);

#endif
