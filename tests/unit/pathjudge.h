/*
 * Paths of up to three certificates, judged without CRLs: the root (NULL: the
 * default one), an intermediate (NULL: none) and a leaf.  For one test program
 * each: include it behind pkimake.h.
 */
#ifndef CA_TESTS_PATHJUDGE_H
#define CA_TESTS_PATHJUDGE_H

#include "verify/verify.h"

static EVP_PKEY *root_key, *leaf_key, *other_key;

/* The detail of CHAIN, or of PURPOSE if that failed, of the last run. */
static char detail[4096];
static enum ca_verdict validity;

/* Verify a leaf under root (NULL: the default one) and sub (NULL: none). */
static inline enum ca_reason
judge(const struct spec *root, const struct spec *sub, const struct spec *leaf,
    const char *key, const char *value)
{
	const struct spec plain = {"Root", "Root", root_key, root_key, true};
	X509 *anchor = make(root != NULL ? root : &plain), *cert = make(leaf);
	STACK_OF(X509) *sent = sk_X509_new_null(), *chain = NULL;
	struct ca_verify_input in = {cert, sent, NOW};
	struct ca_config *cfg = ca_config_new();
	struct ca_report *r = ca_report_new();
	enum ca_reason reason = CA_R_OK;
	const enum ca_check checks[] = {CA_CHECK_CHAIN, CA_CHECK_PURPOSE};

	empty_dir();
	put_cert("root.pem", anchor);
	if (sub != NULL)
		sk_X509_push(sent, make(sub));
	assert_int_equal(
	    ca_config_set(cfg, "ca_dir", dir, "test", NULL), CA_OK);
	assert_int_equal(ca_config_set(cfg, "crl", "off", "test", NULL), CA_OK);
	if (key != NULL)
		assert_int_equal(
		    ca_config_set(cfg, key, value, "test", NULL), CA_OK);
	assert_int_equal(ca_verify(crypto, cfg, NULL, &in, r, &chain), CA_OK);
	*detail = '\0';
	for (size_t i = 2; i-- > 0;)
		if (ca_report_verdict(r, checks[i]) != CA_PASS) {
			reason = ca_report_check_reason(r, checks[i]);
			(void)snprintf(detail, sizeof detail, "%s",
			    ca_report_get0_detail(r, checks[i]));
		}
	validity = ca_report_verdict(r, CA_CHECK_VALIDITY);
	assert_int_equal(ca_report_granted(r, CA_REPORT_CERT),
	    reason == CA_R_OK && validity == CA_PASS);
	sk_X509_pop_free(chain, X509_free);
	sk_X509_pop_free(sent, X509_free);
	ca_report_free(r);
	ca_config_free(cfg);
	X509_free(anchor);
	X509_free(cert);
	return reason;
}

static inline void
judged(int line, enum ca_reason got, enum ca_reason want, const char *says)
{
	if (got != want)
		fail_msg("line %d: %s (%s), not %s", line, ca_reason_code(got),
		    detail, ca_reason_code(want));
	if (says != NULL && strstr(detail, says) == NULL)
		fail_msg("line %d: no \"%s\" in \"%s\"", line, says, detail);
}

#define LEAF(...)                                                              \
	(&(struct spec){"leaf", "Root", leaf_key, root_key, __VA_ARGS__})
#define ROOT(...)                                                              \
	(&(struct spec){"Root", "Root", root_key, root_key, true, __VA_ARGS__})
#define SUB(...)                                                               \
	(&(struct spec){"Sub", "Root", other_key, root_key, true, __VA_ARGS__})
#define UNDER(...)                                                             \
	(&(struct spec){"leaf", "Sub", leaf_key, other_key, __VA_ARGS__})
#define is_by(key, value, root, sub, leaf, want, says)                         \
	judged(__LINE__, judge(root, sub, leaf, key, value), want, says)
/* Strict, basic and the default say the same. */
#define is(root, sub, leaf, want, says)                                        \
	do {                                                                   \
		is_by("profile", "strict", root, sub, leaf, want, says);       \
		is_by("profile", "basic", root, sub, leaf, want, says);        \
		is_by(NULL, NULL, root, sub, leaf, want, says);                \
	} while (0)
static inline int
start(void **state)
{
	(void)state;
	if (pki_start("paths") != 0)
		return -1;
	root_key = new_key();
	leaf_key = new_key();
	other_key = new_key();
	return 0;
}

static inline int
finish(void **state)
{
	(void)state;
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(leaf_key);
	EVP_PKEY_free(other_key);
	return pki_stop();
}

#endif
