/*
 * The protocol between `certauth users update` and certauth-ldap.
 *
 * The order goes to the standard input of certauth-ldap, and the answer comes from
 * its standard output.  Both are sequences of frames:
 *
 *	type     1 byte
 *	length   3 bytes, big-endian: bytes of payload
 *	payload
 */
#ifndef CA_LDAP_LDAPMSG_H
#define CA_LDAP_LDAPMSG_H

#include "base/buf.h"
#include "base/err.h"

/* ---- the order: each once, but for the first; those that are not set are absent */

#define CA_LDAP_URI 'U'    /* a server; they are tried in this order */
#define CA_LDAP_BASE 'B'   /* of the search */
#define CA_LDAP_FILTER 'F' /* of the search */
#define CA_LDAP_LOGIN 'L'  /* the attribute with the login */
#define CA_LDAP_WEAK 'W'   /* take weak mappings too; no bytes */
#define CA_LDAP_CA 'A'     /* certificates that servers are verified by, PEM */
#define CA_LDAP_DN 'D'     /* simple bind: the name */
#define CA_LDAP_PASSWORD 'P' /* simple bind: the password */
#define CA_LDAP_CLIENT 'C'   /* EXTERNAL: the certificate, PEM */
#define CA_LDAP_KEY_PEM 'K'  /* EXTERNAL: its key, PEM */
#define CA_LDAP_KEYTAB 'T'   /* GSSAPI: the keytab */
#define CA_LDAP_END 'Z'      /* the order is complete; no bytes */

/* ---- the answer */

#define CA_LDAP_ACCOUNT 'E' /* the login; the values that follow are of it */
#define CA_LDAP_VALUE 'V'   /* kind (1 byte) and key (map/ldap_kind.h) */
#define CA_LDAP_REFUSED 'R' /* text: what was refused, and why */
#define CA_LDAP_DONE 'O'    /* struct ca_ldap_sum, as below; the last frame */
#define CA_LDAP_ERROR 'X'   /* text: why there is no answer; the last frame */

#define CA_LDAP_HEAD 4                      /* bytes before the payload */
#define CA_LDAP_ANSWER_MAX 4096             /* bytes of one payload */
#define CA_LDAP_ORDER_MAX ((size_t)1 << 20) /* bytes of one payload */
#define CA_LDAP_ORDERS_MAX (CA_LDAP_ORDER_MAX * 8) /* bytes of the order */
#define CA_LDAP_TEXT_MAX 1000                      /* bytes of a text */
#define CA_LDAP_VALUES_MAX 64                      /* of one account */

/* What the directory gave, in numbers of 4 bytes each. */
struct ca_ldap_sum {
	uint32_t entries, pages;
	uint32_t nameless;  /* entries without a login */
	uint32_t referrals; /* to other servers, which are not asked */
	uint32_t weak;      /* mappings that are not taken: directory_weak */
};

/* Append a frame.  CA_ERR_LIMIT stays in out. */
void ca_ldap_frame_put(
    struct ca_buf *out, char type, const void *p, size_t len);

/*
 * Read one frame of at most max bytes of payload.  CA_ERR_TRUNCATED: its end has not
 * come yet, and r is as it was; CA_ERR_FORMAT: it is too long.
 */
CA_MUST_CHECK enum ca_err ca_ldap_frame_read(
    struct ca_reader *r, size_t max, char *type, struct ca_reader *payload);

/* The payload of CA_LDAP_DONE.  CA_ERR_FORMAT. */
void ca_ldap_sum_put(struct ca_buf *out, const struct ca_ldap_sum *sum);
CA_MUST_CHECK enum ca_err ca_ldap_sum_read(
    struct ca_reader *r, struct ca_ldap_sum *out);

#endif
