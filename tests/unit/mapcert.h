/*
 * Certificates and users files for the tests of src/map: made on the spot, so
 * that each test shows what is in them.
 */
#ifndef MAPCERT_H
#define MAPCERT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certraw.h"
#include "map/map.h"

/* One attribute of a name: a type, an ASN.1 type, bytes; loc -1 begins an RDN,
 * 0 joins the one before. */
struct attr {
	const char *type;
	int asn1;
	const char *p;
	int len; /* -1: a string */
	int join;
};

#define UTF8(t, v)                                                             \
	{                                                                      \
		t, V_ASN1_UTF8STRING, v, -1, 0                                 \
	}

struct made {
	struct attr subject[8];
	struct attr issuer[8];
	const char *serial; /* hexadecimal */
	const char *ski;    /* bytes */
	struct san {
		int type;        /* GEN_EMAIL, GEN_DNS, GEN_URI, or 0: other */
		const char *oid; /* of another name */
		int asn1;
		const char *p;
		int len;
	} san[8];
	const char *sid_ext; /* DER of the extension's value */
	int sid_len;
};

static inline EVP_PKEY *
test_key(void)
{
	static EVP_PKEY *key;

	if (key == NULL)
		key = EVP_EC_gen("P-256");
	assert_non_null(key);
	return key;
}

static inline X509_NAME *
make_name(const struct attr *a)
{
	X509_NAME *name = X509_NAME_new();

	for (; a->type != NULL; a++) {
		X509_NAME_ENTRY *e = X509_NAME_ENTRY_create_by_txt(NULL,
		    a->type, V_ASN1_UTF8STRING, (const unsigned char *)"", 0);

		assert_non_null(e);
		ASN1_STRING *s = ASN1_STRING_type_new(a->asn1);
		assert_int_equal(ASN1_STRING_set(s, a->p, a->len), 1);
		/* as it stands: no check of the string's type */
		ASN1_STRING *old = (ASN1_STRING *)X509_NAME_ENTRY_get_data(e);
		assert_int_equal(ASN1_STRING_copy(old, s), 1);
		assert_int_equal(
		    X509_NAME_add_entry(name, e, -1, a->join ? -1 : 0), 1);
		ASN1_STRING_free(s);
		X509_NAME_ENTRY_free(e);
	}
	return name;
}

static inline GENERAL_NAME *
make_san(const struct san *s)
{
	GENERAL_NAME *g = GENERAL_NAME_new();

	if (s->oid == NULL) {
		ASN1_IA5STRING *ia5 = ASN1_IA5STRING_new();

		assert_int_equal(ASN1_STRING_set(ia5, s->p, s->len), 1);
		GENERAL_NAME_set0_value(g, s->type, ia5);
		return g;
	}
	ASN1_TYPE *t = ASN1_TYPE_new();
	ASN1_STRING *v = ASN1_STRING_type_new(s->asn1);
	assert_int_equal(ASN1_STRING_set(v, s->p, s->len), 1);
	ASN1_TYPE_set(t, s->asn1, v);
	assert_int_equal(
	    GENERAL_NAME_set0_othername(g, OBJ_txt2obj(s->oid, 1), t), 1);
	return g;
}

static inline void
add_raw_extension(X509 *x, const char *oid, const char *der, int len)
{
	ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *v = ASN1_OCTET_STRING_new();

	assert_int_equal(
	    ASN1_OCTET_STRING_set(v, (const unsigned char *)der, len), 1);
	X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, o, 0, v);
	add_extension(x, e);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(v);
	ASN1_OBJECT_free(o);
}

static inline X509 *
make_cert(const struct made *m)
{
	X509 *x = X509_new();
	BIGNUM *bn = NULL;
	X509_NAME *name;

	assert_non_null(x);
	assert_int_equal(X509_set_version(x, 2), 1);
	assert_true(BN_hex2bn(&bn, m->serial != NULL ? m->serial : "01") > 0);
	assert_non_null(BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(x)));
	BN_free(bn);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, test_key());
	assert_int_equal(
	    X509_set_subject_name(x, name = make_name(m->subject)), 1);
	X509_NAME_free(name);
	assert_int_equal(
	    X509_set_issuer_name(x, name = make_name(m->issuer)), 1);
	X509_NAME_free(name);
	if (m->ski != NULL) {
		ASN1_OCTET_STRING *ski = ASN1_OCTET_STRING_new();

		ASN1_OCTET_STRING_set(
		    ski, (const unsigned char *)m->ski, (int)strlen(m->ski));
		assert_int_equal(
		    X509_add1_ext_i2d(x, NID_subject_key_identifier, ski, 0, 0),
		    1);
		ASN1_OCTET_STRING_free(ski);
	}
	if (m->san[0].p != NULL) {
		GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();

		for (int i = 0; i < 8 && m->san[i].p != NULL; i++)
			sk_GENERAL_NAME_push(names, make_san(&m->san[i]));
		assert_int_equal(
		    X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, 0), 1);
		GENERAL_NAMES_free(names);
	}
	if (m->sid_ext != NULL)
		add_raw_extension(
		    x, "1.3.6.1.4.1.311.25.2", m->sid_ext, m->sid_len);
	sign_as(x, X509_VERSION_3, test_key(), EVP_sha256());
	/* as it comes from a peer */
	unsigned char *der = NULL;
	int len = i2d_X509(x, &der);
	const unsigned char *p = der;
	X509_free(x);
	assert_non_null(x = d2i_X509(NULL, &p, len));
	OPENSSL_free(der);
	return x;
}

/* ---- one decision ---- */

struct world {
	char dir[64];
	struct ca_config *cfg;
	struct ca_crypto *crypto;
	struct ca_log log;
	char logged[65536];
	/* what a test may set */
	const char *user, *service, *rhost;
	time_t now;
	/* what came out */
	char login[512];
	char detail[8192];
	enum ca_err err;
};

static inline void
catch_log(void *ctx, enum ca_log_level level, const char *line)
{
	struct world *w = ctx;
	size_t n = strlen(w->logged);

	(void)level;
	(void)snprintf(w->logged + n, sizeof w->logged - n, "%s\n", line);
}

static inline void
put_file(const struct world *w, const char *name, const char *text)
{
	char path[600];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", w->dir, name);
	assert_non_null(f = fopen(path, "w"));
	assert_int_equal(fputs(text, f) < 0, 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

static inline int
world_setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	char path[128];

	strcpy(w->dir, "/tmp/certauth-map.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_non_null(w->cfg = ca_config_new());
	(void)snprintf(path, sizeof path, "%s/users", w->dir);
	assert_int_equal(
	    ca_config_set(w->cfg, "users", path, "t", NULL), CA_OK);
	(void)snprintf(path, sizeof path, "%s/users.d", w->dir);
	assert_int_equal(
	    ca_config_set(w->cfg, "users_dir", path, "t", NULL), CA_OK);
	assert_int_equal(ca_crypto_new(&w->crypto), CA_OK);
	w->log = (struct ca_log){catch_log, w, true};
	w->now = time(NULL);
	*state = w;
	return 0;
}

static inline int
world_teardown(void **state)
{
	struct world *w = *state;
	char command[128];

	ca_config_free(w->cfg);
	ca_crypto_free(w->crypto);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", w->dir);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

/* Decide with these lines; the reason of the mapping check comes back. */
static inline enum ca_reason
decide(struct world *w, X509 *leaf, const char *lines)
{
	struct ca_report *r = ca_report_new();
	struct ca_map_input in = {leaf, NULL, w->user, w->service, w->rhost};
	const struct ca_context ctx = {w->crypto, w->cfg, &w->log, w->now};
	struct ca_buf text = CA_BUF_INIT(8192);
	char *login = NULL;

	assert_non_null(r);
	if (lines != NULL)
		put_file(w, "users", lines);
	w->logged[0] = '\0';
	w->err = ca_map_login(&ctx, &in, r, &login);
	enum ca_reason reason = ca_report_reason(r);
	enum ca_verdict v = ca_report_verdict(r, CA_CHECK_MAPPING);
	/* a login comes out of a pass, and of nothing else */
	assert_int_equal(v == CA_PASS, login != NULL);
	assert_true(v == CA_PASS || v == CA_FAIL);
	ca_report_text(r, 1u << CA_CHECK_MAPPING, &text);
	(void)snprintf(w->detail, sizeof w->detail, "%s", ca_buf_text(&text));
	(void)snprintf(
	    w->login, sizeof w->login, "%s", login != NULL ? login : "");
	if (v == CA_PASS) {
		assert_string_equal(
		    ca_report_get0_fact(r, CA_FACT_USER), login);
		assert_non_null(ca_report_get0_fact(r, CA_FACT_RULE));
		reason = CA_R_OK;
	}
	ca_buf_free(&text);
	free(login);
	ca_report_free(r);
	return reason;
}

/* Does `alice SELECTOR...` map the certificate to alice? */
static inline bool
alice(struct world *w, X509 *leaf, const char *selector)
{
	char line[8192];

	w->user = "alice";
	(void)snprintf(line, sizeof line, "alice %s\n", selector);
	enum ca_reason r = decide(w, leaf, line);
	if (r != CA_R_OK && r != CA_R_UNMAPPED)
		fail_msg("%s: %s %s", line, w->detail, w->logged);
	return r == CA_R_OK;
}

#endif
