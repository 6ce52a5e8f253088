/*
 * One signature by a key on a token: mechanism by mechanism, and verified.
 */
#include "key/p11key.h"
#include "base/tr.h"

#include "crypto/ecdsa.h"
#include "key/sig.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The input may be a whole RSA block of at most 16,384 bits. */
#define INPUT_EXTRA 2048

/* A signature as the token writes it; before C_Sign len is the room for it. */
struct raw {
	uint8_t *p;
	CK_ULONG len;
};

/* ---- one signature ---- */

enum ca_err
ca_p11_key_login(struct ca_p11_signing *s, CK_USER_TYPE type)
{
	enum ca_err rc = ca_p11_login(&s->at, type, &s->pin);

	if (rc == CA_OK)
		s->logged_in = true;
	else
		s->login_failed = true;
	return rc;
}

static CK_RV
sign_init(struct ca_p11_signing *s, const struct ca_p11_job *job,
    CK_OBJECT_HANDLE key)
{
	struct {
		CK_BBOOL prehash;
		CK_ULONG context_len;
		unsigned char *context;
	} eddsa = {CK_FALSE, 0, NULL};
	const struct ca_p11_way *way = job->way;
	CK_RSA_PKCS_PSS_PARAMS pss = {way->hash, way->mgf, way->salt};
	CK_MECHANISM m = {way->mechanism, NULL, 0};

	if (way->hash != 0) {
		m.pParameter = &pss;
		m.ulParameterLen = sizeof pss;
	} else if (job->scheme->key == CA_KEY_ED448) {
		/* PKCS#11 3.0 section 2.3.14: required for Ed448 */
		m.pParameter = &eddsa;
		m.ulParameterLen = sizeof eddsa;
	}
	return s->at.token.f->C_SignInit(s->at.handle, &m, key);
}

/* The mechanism is not for this key or token: another one may be. */
static bool
is_about_mechanism(CK_RV rv)
{
	static const CK_RV about[] = {CKR_MECHANISM_INVALID,
	    CKR_MECHANISM_PARAM_INVALID, CKR_KEY_TYPE_INCONSISTENT,
	    CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_SIZE_RANGE,
	    CKR_KEY_HANDLE_INVALID, CKR_FUNCTION_NOT_SUPPORTED,
	    CKR_DATA_INVALID, CKR_DATA_LEN_RANGE, CKR_ARGUMENTS_BAD,
	    CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
	    CKR_TEMPLATE_INCONSISTENT, CKR_KEY_NOT_NEEDED};

	for (size_t i = 0; i < sizeof about / sizeof about[0]; i++)
		if (rv == about[i])
			return true;
	return false;
}

/* One try by one key; the token's return code goes to *rv. */
static enum ca_err
sign_once(struct ca_p11_signing *s, const struct ca_p11_job *job,
    CK_OBJECT_HANDLE key, bool always, struct raw *out, CK_RV *rv)
{
	const struct ca_p11_token *t = &s->at.token;
	struct ca_p11_guard guard;
	CK_ULONG room = out->len;
	enum ca_err rc;

	ca_p11_guard_begin(&guard, t->name, CA_P11_SECONDS);
	*rv = sign_init(s, job, key);
	/* nothing was asked of the token yet, if it is there */
	if ((*rv == CKR_FUNCTION_FAILED || *rv == CKR_GENERAL_ERROR) &&
	    ca_p11_present(&s->at))
		*rv = CKR_MECHANISM_INVALID;
	ca_p11_guard_end(&guard);
	if (*rv != CKR_OK)
		return CA_OK;
	if (always && (rc = ca_p11_key_login(s, CKU_CONTEXT_SPECIFIC)) != CA_OK)
		return rc;
	ca_p11_guard_begin(&guard, t->name, CA_P11_SECONDS_PERSON);
	*rv = t->f->C_Sign(
	    s->at.handle, job->in.p, job->in.len, out->p, &out->len);
	ca_p11_guard_end(&guard);
	if (*rv == CKR_OK && out->len > room)
		*rv = CKR_DEVICE_ERROR;
	return CA_OK;
}

/* Many keys sign without a login on tokens that otherwise want one, so a PIN
 * is asked for only when the token says that it needs one. */
static enum ca_err
sign_raw(struct ca_p11_signing *s, const struct ca_p11_job *job,
    CK_OBJECT_HANDLE key, struct raw *out)
{
	struct ca_p11_guard guard;
	CK_ULONG room = out->len;
	enum ca_err rc;
	CK_RV rv;

	ca_p11_guard_begin(&guard, s->at.token.name, CA_P11_SECONDS);
	const bool always = ca_p11_flag(&s->at, key, CKA_ALWAYS_AUTHENTICATE);
	ca_p11_guard_end(&guard);

	if (always && !s->logged_in &&
	    (s->at.token.info.flags & CKF_LOGIN_REQUIRED) != 0 &&
	    (rc = ca_p11_key_login(s, CKU_USER)) != CA_OK)
		return rc;
	if ((rc = sign_once(s, job, key, always, out, &rv)) != CA_OK)
		return rc;
	if (rv == CKR_USER_NOT_LOGGED_IN && !s->logged_in) {
		if ((rc = ca_p11_key_login(s, CKU_USER)) != CA_OK)
			return rc;
		out->len = room;
		if ((rc = sign_once(s, job, key, always, out, &rv)) != CA_OK)
			return rc;
	}
	if (is_about_mechanism(rv)) {
		s->refused = rv;
		return CA_ERR_UNSUPPORTED;
	}
	return rv == CKR_OK ? CA_OK : ca_p11_failed(&s->at, N_("signing"), rv);
}

/* Make the input in the form that the mechanism takes. */
static enum ca_err
make_input(const struct ca_p11_key *k, struct ca_p11_job *job)
{
	struct ca_crypto *crypto = k->crypto;

	job->in = CA_BUF_INIT(job->len + INPUT_EXTRA);
	switch (job->way->input) {
	case CA_P11_DIGEST:
		return ca_sig_digest(
		    crypto, job->scheme, job->tbs, job->len, &job->in);
	case CA_P11_DIGESTINFO:
		return ca_sig_digestinfo(
		    crypto, job->scheme, job->tbs, job->len, &job->in);
	case CA_P11_BLOCK:
		return ca_sig_block(crypto, job->scheme, job->tbs, job->len,
		    (size_t)EVP_PKEY_get_size(k->pub), &job->in);
	case CA_P11_PSSBLOCK:
		return ca_sig_pssblock(crypto, job->scheme, job->tbs, job->len,
		    (size_t)EVP_PKEY_get_bits(k->pub), &job->in);
	case CA_P11_MESSAGE:
		break;
	}
	ca_buf_put(&job->in, job->tbs, job->len);
	return ca_buf_err(&job->in);
}

/* The longest signature of the key, as PKCS#11 writes it. */
static size_t
raw_max(const struct ca_p11_key *k, const struct ca_scheme *scheme)
{
	size_t bytes = ((size_t)EVP_PKEY_get_bits(k->pub) + 7) / 8;

	if (scheme->key == CA_KEY_EC)
		return 2 * bytes;
	return (size_t)EVP_PKEY_get_size(k->pub);
}

/* Sign by one key, into CertificateVerify's form, and verify.
 * CA_ERR_SIGNATURE: the key is another one, or the token is broken. */
static enum ca_err
sign_with(struct ca_p11_key *k, const struct ca_p11_job *job,
    CK_OBJECT_HANDLE key, struct ca_buf *sig)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct raw raw = {NULL, raw_max(k, job->scheme)};
	size_t begin = sig->len;

	if ((raw.p = malloc(raw.len)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = sign_raw(&k->s, job, key, &raw)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (job->scheme->key != CA_KEY_EC) {
		ca_buf_put(sig, raw.p, raw.len);
	} else if (raw.len % 2 != 0 ||
		   ca_ecdsa_der(raw.p, raw.len / 2, raw.p + raw.len / 2,
		       raw.len / 2, sig) != CA_OK) {
		ret = CA_ERR_SIGNATURE;
		goto out;
	}
	if ((rc = ca_buf_err(sig)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (ca_crypto_verify(k->crypto, job->scheme, k->pub,
		&(struct ca_signed){job->tbs, job->len, sig->p + begin,
		    sig->len - begin}) != CA_OK) {
		ret = CA_ERR_SIGNATURE;
		goto out;
	}
	ret = CA_OK;
out:
	if (ret != CA_OK && sig->err == CA_OK)
		sig->len = begin;
	free(raw.p);
	return ret;
}

/* By the job's way, with each of the keys that may be the certificate's. */
static enum ca_err
sign_by_way(struct ca_p11_key *k, struct ca_p11_job *job, struct ca_buf *sig)
{
	enum ca_err rc = make_input(k, job), worst = CA_ERR_UNSUPPORTED;
	uint64_t one;

	for (size_t i = 0; rc == CA_OK && i < k->s.nfound; i++) {
		one = ca_p11_ways_of(k->s.ways[i], &job->way->mechanism, 1);
		if (ca_p11_way(&one, job->scheme) == NULL)
			continue;
		enum ca_err got = sign_with(k, job, k->s.found[i], sig);

		if (got != CA_ERR_SIGNATURE && got != CA_ERR_UNSUPPORTED) {
			ca_buf_free(&job->in);
			return got;
		}
		if (got == CA_ERR_SIGNATURE)
			worst = got;
	}
	ca_buf_free(&job->in);
	return rc == CA_OK || rc == CA_ERR_LIMIT ? worst : rc;
}

enum ca_err
ca_p11_sign(struct ca_p11_key *k, struct ca_p11_job *job, struct ca_buf *sig)
{
	uint64_t ways = k->held->token.ways;
	enum ca_err rc = CA_ERR_UNSUPPORTED;

	while (rc == CA_ERR_UNSUPPORTED &&
	       (job->way = ca_p11_way(&ways, job->scheme)) != NULL)
		rc = sign_by_way(k, job, sig);
	if (rc == CA_ERR_SIGNATURE)
		ca_p11_tell(&k->s.at,
		    "The signature of \"%-s\" does not verify by the key of the "
		    "certificate.",
		    k->s.at.token.name);
	return rc;
}
