/*
 * A root and a leaf, to be judged by what is in ca_dir.  Include it after
 * cmocka.h.  The group's set-up is start, its end finish.
 */
#ifndef CA_TESTS_CHAINJUDGE_H
#define CA_TESTS_CHAINJUDGE_H

#include "pkimake.h"
#include "verify/verify.h"

struct outcome {
	struct ca_report *report;
	STACK_OF(X509) *chain;
	struct ca_config *cfg;
};

static inline struct ca_config *
config(void)
{
	struct ca_config *cfg = ca_config_new();

	assert_non_null(cfg);
	assert_int_equal(
	    ca_config_set(cfg, "ca_dir", dir, "test", NULL), CA_OK);
	assert_int_equal(ca_config_set(cfg, "crl", "off", "test", NULL), CA_OK);
	return cfg;
}

static inline enum ca_err
judge_at(struct outcome *o, X509 *leaf, STACK_OF(X509) *untrusted,
    const char *key, const char *value, time_t now)
{
	struct ca_verify_input in = {leaf, untrusted, now};

	o->cfg = config();
	if (key != NULL)
		assert_int_equal(
		    ca_config_set(o->cfg, key, value, "test", NULL), CA_OK);
	o->report = ca_report_new();
	enum ca_err rc =
	    ca_verify(crypto, o->cfg, NULL, &in, o->report, &o->chain);
	/* a chain is returned only with a grant */
	assert_int_equal(
	    o->chain != NULL, ca_report_granted(o->report, CA_REPORT_CERT));
	return rc;
}

static inline void
done(struct outcome *o)
{
	sk_X509_pop_free(o->chain, X509_free);
	ca_report_free(o->report);
	ca_config_free(o->cfg);
}

static inline void
accepts(X509 *leaf, STACK_OF(X509) *untrusted)
{
	struct outcome o;

	assert_int_equal(judge_at(&o, leaf, untrusted, NULL, NULL, NOW), CA_OK);
	assert_true(ca_report_granted(o.report, CA_REPORT_CERT));
	done(&o);
}

/* The reason of the first failed check among those of a certificate. */
static inline enum ca_reason
refusal(const struct ca_report *r)
{
	struct ca_report *all = ca_report_new();
	enum ca_reason reason;

	ca_report_set(all, CA_CHECK_SIGNATURE, CA_PASS, CA_R_OK, NULL);
	ca_report_set(all, CA_CHECK_MAPPING, CA_PASS, CA_R_OK, NULL);
	ca_report_merge(all, r, CA_REPORT_CERT);
	reason = ca_report_reason(all);
	ca_report_free(all);
	return reason;
}

static inline void
refuses(X509 *leaf, STACK_OF(X509) *untrusted, enum ca_reason why)
{
	struct outcome o;

	assert_int_equal(judge_at(&o, leaf, untrusted, NULL, NULL, NOW), CA_OK);
	assert_false(ca_report_granted(o.report, CA_REPORT_CERT));
	assert_string_equal(
	    ca_reason_code(refusal(o.report)), ca_reason_code(why));
	done(&o);
}

/* ---- a small PKI ---- */

static EVP_PKEY *root_key, *leaf_key, *other_key;
static X509 *root, *leaf;

static inline int
start(void **state)
{
	(void)state;
	if (pki_start("chain") != 0)
		return -1;
	root_key = new_key();
	leaf_key = new_key();
	other_key = new_key();
	root = make(&(struct spec){"Root", "Root", root_key, root_key, true});
	leaf = make(&(struct spec){
	    "alice", "Root", leaf_key, root_key, .eku = "clientAuth"});
	return 0;
}

static inline int
finish(void **state)
{
	(void)state;
	X509_free(root);
	X509_free(leaf);
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(leaf_key);
	EVP_PKEY_free(other_key);
	return pki_stop();
}

#endif
