/*
 * Certificates with names and name constraints, unsigned, for one path at a
 * time.  Include it after cmocka.h.
 */
#ifndef CA_TESTS_NCMAKE_H
#define CA_TESTS_NCMAKE_H

#include "verify/nameconstraints.h"

#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A name, or the base of a subtree. */
struct nc_value {
	int type; /* GEN_DNS and its like; NC_UTF8MAIL, NC_SUBJECT_MAIL */
	bool excluded;
	const char *text; /* of GEN_DIRNAME: NAME=VALUE with / between */
	size_t len;       /* 0: strlen(text) */
};

#define NC_UTF8MAIL 100     /* an SmtpUTF8Mailbox */
#define NC_SUBJECT_MAIL 101 /* emailAddress in the subject */
#define NC_UPN 102

static inline size_t
nc_length(const struct nc_value *v)
{
	return v->len != 0 ? v->len : strlen(v->text);
}

static inline X509_NAME *
nc_dir(const char *text)
{
	X509_NAME *name = X509_NAME_new();
	char copy[256], *save, *part;

	(void)snprintf(copy, sizeof copy, "%s", text);
	for (part = strtok_r(copy, "/", &save); part != NULL;
	     part = strtok_r(NULL, "/", &save)) {
		char *value = strchr(part, '=');
		bool same = part[0] == '+', numeric = part[0] == '#';

		*value++ = '\0';
		assert_int_equal(
		    X509_NAME_add_entry_by_txt(name, part + (same || numeric),
			numeric ? V_ASN1_NUMERICSTRING : MBSTRING_UTF8,
			(const unsigned char *)value, -1, -1, same ? -1 : 0),
		    1);
	}
	return name;
}

static inline void
nc_other(
    GENERAL_NAME *gen, const char *oid, int type, const void *p, size_t len)
{
	ASN1_TYPE *value = ASN1_TYPE_new();
	ASN1_STRING *s = ASN1_STRING_type_new(type);

	assert_int_equal(ASN1_STRING_set(s, p, (int)len), 1);
	ASN1_TYPE_set(value, type, s);
	assert_int_equal(
	    GENERAL_NAME_set0_othername(gen, OBJ_txt2obj(oid, 1), value), 1);
}

static inline void
nc_set(GENERAL_NAME *gen, const struct nc_value *v)
{
	ASN1_STRING *s;

	switch (v->type) {
	case GEN_DIRNAME:
		GENERAL_NAME_set0_value(gen, GEN_DIRNAME, nc_dir(v->text));
		return;
	case GEN_RID:
		GENERAL_NAME_set0_value(gen, GEN_RID, OBJ_txt2obj(v->text, 1));
		return;
	case NC_UTF8MAIL:
		nc_other(gen, "1.3.6.1.5.5.7.8.9", V_ASN1_UTF8STRING, v->text,
		    nc_length(v));
		return;
	case NC_UPN:
		nc_other(gen, "1.3.6.1.4.1.311.20.2.3", V_ASN1_UTF8STRING,
		    v->text, nc_length(v));
		return;
	default:
		s = v->type == GEN_IPADD ? ASN1_OCTET_STRING_new()
					 : ASN1_IA5STRING_new();
		assert_int_equal(
		    ASN1_STRING_set(s, v->text, (int)nc_length(v)), 1);
		GENERAL_NAME_set0_value(gen, v->type, s);
	}
}

static inline X509 *
nc_cert(const char *subject, const char *issuer)
{
	X509 *cert = X509_new();
	X509_NAME *s = nc_dir(subject), *i = nc_dir(issuer);

	assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
	assert_int_equal(X509_set_subject_name(cert, s), 1);
	assert_int_equal(X509_set_issuer_name(cert, i), 1);
	X509_NAME_free(s);
	X509_NAME_free(i);
	return cert;
}

/* n names: into the subjectAltName, or the subject. */
static inline void
nc_put_names(X509 *cert, const struct nc_value *v, size_t n)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();

	for (size_t i = 0; i < n; i++) {
		if (v[i].type == NC_SUBJECT_MAIL) {
			assert_int_equal(
			    X509_NAME_add_entry_by_NID(
				(X509_NAME *)X509_get_subject_name(cert),
				NID_pkcs9_emailAddress, V_ASN1_UTF8STRING,
				(const unsigned char *)v[i].text,
				(int)nc_length(&v[i]), -1, i % 2 == 0 ? -1 : 0),
			    1);
			continue;
		}
		GENERAL_NAME *gen = GENERAL_NAME_new();
		nc_set(gen, &v[i]);
		sk_GENERAL_NAME_push(names, gen);
	}
	if (sk_GENERAL_NAME_num(names) > 0)
		assert_int_equal(X509_add1_ext_i2d(cert, NID_subject_alt_name,
				     names, 0, X509V3_ADD_DEFAULT),
		    1);
	GENERAL_NAMES_free(names);
}

static inline void
nc_put_trees(X509 *cert, const struct nc_value *v, size_t n)
{
	NAME_CONSTRAINTS *nc = NAME_CONSTRAINTS_new();

	for (size_t i = 0; i < n; i++) {
		STACK_OF(GENERAL_SUBTREE) **to = v[i].excluded
						     ? &nc->excludedSubtrees
						     : &nc->permittedSubtrees;
		GENERAL_SUBTREE *tree = GENERAL_SUBTREE_new();

		if (*to == NULL)
			*to = sk_GENERAL_SUBTREE_new_null();
		nc_set(tree->base, &v[i]);
		sk_GENERAL_SUBTREE_push(*to, tree);
	}
	if (n > 0)
		assert_int_equal(X509_add1_ext_i2d(cert, NID_name_constraints,
				     nc, 1, X509V3_ADD_DEFAULT),
		    1);
	NAME_CONSTRAINTS_free(nc);
}

static char nc_detail[8192];

/* Check chain: CA_R_OK, or the reason. */
static inline enum ca_reason
nc_judge(const STACK_OF(X509) *chain, enum ca_profile profile)
{
	struct ca_report *r = ca_report_new();
	enum ca_err rc = ca_nameconstraints_check(chain, profile, r);
	bool failed = ca_report_verdict(r, CA_CHECK_CHAIN) == CA_FAIL;
	enum ca_reason reason =
	    failed ? ca_report_check_reason(r, CA_CHECK_CHAIN) : CA_R_OK;

	assert_true(rc == CA_OK || rc == CA_ERR_LIMIT);
	assert_true(rc == CA_OK || reason == CA_R_CHAIN_LIMIT);
	(void)snprintf(nc_detail, sizeof nc_detail, "%s",
	    failed ? ca_report_get0_detail(r, CA_CHECK_CHAIN) : "");
	ca_report_free(r);
	return reason;
}

#endif
