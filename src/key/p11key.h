/*
 * A key on a token, and what is kept of it while it signs.  Private to p11key.c,
 * which finds the key and logs in, and p11sign.c, which signs.
 */
#ifndef CA_KEY_P11KEY_H
#define CA_KEY_P11KEY_H

#include "key/p11.h"

/* Without a CKA_ID each private key is tried, and each try is a signature and
 * perhaps a touch, so the number is limited. */
#define CANDIDATES_MAX 8

/* What is kept from one try to the next, until p11_end. */
struct ca_p11_signing {
	bool open; /* the session, below */
	struct ca_p11_session at;
	bool logged_in;
	struct ca_secret *pin; /* accepted in this session, or NULL */
	CK_OBJECT_HANDLE found[CANDIDATES_MAX];
	uint64_t ways[CANDIDATES_MAX]; /* of each key */
	size_t nfound;
	CK_RV refused;     /* why the last way was refused */
	bool login_failed; /* the token may have counted a try */
};

struct ca_p11_key {
	struct ca_crypto *crypto; /* borrowed */
	struct ca_p11_held *held; /* a reference */
	uint8_t *id;
	size_t idlen;
	EVP_PKEY *pub;
	struct ca_p11_key *other; /* by another module, or NULL; owned */
	struct ca_p11_key *at;    /* of the first: the one in use */
	struct ca_p11_signing s;
};

/* What is signed, and how. */
struct ca_p11_job {
	const struct ca_scheme *scheme;
	const struct ca_p11_way *way;
	const void *tbs;
	size_t len;
	struct ca_buf in; /* what the token gets */
};

/* Log in, and note it. */
CA_MUST_CHECK enum ca_err ca_p11_key_login(
    struct ca_p11_signing *s, CK_USER_TYPE type);

/*
 * In the session that p11key.c began, sign by the job's scheme and append the signature to sig.  CA_ERR_UNSUPPORTED:
 * neither the token nor the key signs by it, and another scheme may be tried; the
 * session and the PIN are kept.  Else as ca_key_sign.
 */
CA_MUST_CHECK enum ca_err ca_p11_sign(
    struct ca_p11_key *k, struct ca_p11_job *job, struct ca_buf *sig);

#endif
