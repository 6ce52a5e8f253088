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

/* ---- the order: each once; those that are not set are absent ---- */

#define CA_LDAP_URI 'U'    /* the server */
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

/* ---- the answer ---- */

#define CA_LDAP_AT 'S'      /* enum ca_ldap_step (1 byte), which begins now */
#define CA_LDAP_ACCOUNT 'E' /* the login; the values that follow are of it */
#define CA_LDAP_VALUE 'V'   /* kind (1 byte) and key (map/ldap_kind.h) */
#define CA_LDAP_REFUSED 'R' /* text: what was refused, and why */
#define CA_LDAP_DONE 'O'    /* struct ca_ldap_sum, as below; the last frame */
/* enum ca_ldap_cause (1 byte), text: why there is no answer; the last frame.  Of the
 * first, another server may have one; it never follows the beginning of the search. */
#define CA_LDAP_AWAY 'N'
#define CA_LDAP_ERROR 'X'

#define CA_LDAP_HEAD 4                      /* bytes before the payload */
#define CA_LDAP_ANSWER_MAX 4096             /* bytes of one payload */
#define CA_LDAP_ORDER_MAX ((size_t)1 << 20) /* bytes of one payload */
#define CA_LDAP_ORDERS_MAX (CA_LDAP_ORDER_MAX * 8) /* bytes of the order */
#define CA_LDAP_TEXT_MAX 1000                      /* bytes of a text */
#define CA_LDAP_VALUES_MAX 64                      /* of one account */

/* What certauth-ldap does: it begins with the first. */
enum ca_ldap_step {
	CA_LDAP_STEP_CONNECT, /* the name of the server, and the connection */
	CA_LDAP_STEP_TLS,
	CA_LDAP_STEP_BIND,
	CA_LDAP_STEP_SEARCH,
	CA_LDAP_STEPS
};

/* Why there is no answer, as far as a key of the configuration can be at fault. */
enum ca_ldap_cause {
	CA_LDAP_CAUSE_OTHER,
	CA_LDAP_CAUSE_NAME,       /* no address for the name of the server */
	CA_LDAP_CAUSE_CONNECT,    /* no connection to it */
	CA_LDAP_CAUSE_TLS,        /* TLS, for another reason than these */
	CA_LDAP_CAUSE_TLS_ISSUER, /* directory_ca does not verify it */
	CA_LDAP_CAUSE_TLS_TIME,   /* its certificate is not valid now */
	CA_LDAP_CAUSE_TLS_NAME,   /* its certificate has other names */
	CA_LDAP_CAUSE_OPTION,     /* a certificate or a key is not taken */
	CA_LDAP_CAUSE_STARTTLS,   /* it refuses StartTLS */
	CA_LDAP_CAUSE_BIND,       /* it refuses the bind */
	CA_LDAP_CAUSE_MECHANISM,  /* it does not offer this way to bind */
	CA_LDAP_CAUSE_LOCAL,      /* the way to bind fails on this host */
	CA_LDAP_CAUSE_STRONGER,   /* it demands another way to bind, or TLS */
	CA_LDAP_CAUSE_RIGHTS,     /* the bind may not search */
	CA_LDAP_CAUSE_BASE,       /* directory_base does not exist */
	CA_LDAP_CAUSE_FILTER,     /* directory_filter is none */
	CA_LDAP_CAUSE_SIZE,       /* its limit of entries */
	CA_LDAP_CAUSE_TIME,       /* its limit of time */
	CA_LDAP_CAUSE_BUSY,       /* it is busy, or not available */
	CA_LDAP_CAUSE_UNWILLING,  /* it does not want to */
	CA_LDAP_CAUSE_LOST, /* the connection ended, or its bytes are none of LDAP */
	CA_LDAP_CAUSES
};

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
