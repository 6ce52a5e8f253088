/* Name constraints over a path: whose names are compared with whose
 * constraints, what cannot be decoded, and how much is compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ncmake.h"

#define OK CA_R_OK
#define NO CA_R_CHAIN_NAMES

/* ---- minimum and maximum ---- */

static enum ca_reason
bounded(long minimum, long maximum)
{
	X509 *leaf = nc_cert("CN=leaf", "CN=Root"),
	     *root = nc_cert("CN=Root", "CN=Root");
	STACK_OF(X509) *chain = sk_X509_new_null();
	NAME_CONSTRAINTS *nc = NAME_CONSTRAINTS_new();
	GENERAL_SUBTREE *tree = GENERAL_SUBTREE_new();
	const struct nc_value v = {GEN_DNS, false, "example", 0};

	nc_set(tree->base, &v);
	tree->minimum = ASN1_INTEGER_new();
	ASN1_INTEGER_set(tree->minimum, minimum);
	if (maximum >= 0) {
		tree->maximum = ASN1_INTEGER_new();
		ASN1_INTEGER_set(tree->maximum, maximum);
	}
	nc->permittedSubtrees = sk_GENERAL_SUBTREE_new_null();
	sk_GENERAL_SUBTREE_push(nc->permittedSubtrees, tree);
	X509_add1_ext_i2d(
	    root, NID_name_constraints, nc, 1, X509V3_ADD_DEFAULT);
	NAME_CONSTRAINTS_free(nc);
	nc_put_names(leaf, &v, 1);
	sk_X509_push(chain, leaf);
	sk_X509_push(chain, root);
	enum ca_reason reason = nc_judge(chain, CA_PROFILE_BASIC);
	sk_X509_pop_free(chain, X509_free);
	return reason;
}

static void
bounds(void **state)
{
	(void)state;
	assert_int_equal(bounded(0, -1), OK);
	assert_int_equal(bounded(1, -1), NO);
	assert_int_equal(bounded(256, -1), NO);
	assert_int_equal(bounded(0, 0), NO);
	assert_int_equal(bounded(0, 9), NO);
}

/* ---- the path ---- */

/* leaf, Sub (issued by issuer), Root: a name in one of the two lower ones, a
 * constraint in one of the two upper ones. */
static enum ca_reason
path_of(const char *sub_issuer, int named, int constrained)
{
	static const struct nc_value name = {GEN_DNS, false, "evil.org", 0},
				     tree = {GEN_DNS, true, "org", 0};
	X509 *c[] = {nc_cert("CN=leaf", "CN=Sub"),
	    nc_cert("CN=Sub", sub_issuer), nc_cert("CN=Root", "CN=Root")};
	STACK_OF(X509) *chain = sk_X509_new_null();

	nc_put_names(c[named], &name, 1);
	nc_put_trees(c[constrained], &tree, 1);
	for (size_t i = 0; i < 3; i++)
		sk_X509_push(chain, c[i]);
	enum ca_reason reason = nc_judge(chain, CA_PROFILE_STRICT);
	sk_X509_pop_free(chain, X509_free);
	return reason;
}

static void
paths(void **state)
{
	(void)state;
	assert_int_equal(path_of("CN=Root", 0, 2), NO);
	assert_non_null(strstr(nc_detail, "CN=leaf: DNS name \"evil.org\""));
	assert_non_null(
	    strstr(nc_detail, "\"org\", which is excluded by CN=Root"));
	assert_int_equal(path_of("CN=Root", 0, 1), NO);
	assert_non_null(
	    strstr(nc_detail, "\"org\", which is excluded by CN=Sub"));
	assert_int_equal(path_of("CN=Root", 1, 2), NO);
	assert_non_null(strstr(nc_detail, "CN=Sub: DNS name"));
	/* self-issued and not the leaf: its names are exempt, but its
	 * constraints apply to those below */
	assert_int_equal(path_of("CN=Sub", 1, 2), OK);
	assert_int_equal(path_of("CN=Sub", 0, 1), NO);
	/* constraints do not apply to the own names or to names above */
	assert_int_equal(path_of("CN=Root", 1, 1), OK);
	assert_int_equal(path_of("CN=Root", 2, 2), OK);
	assert_int_equal(path_of("CN=Root", 2, 1), OK);
	assert_int_equal(path_of("CN=Root", 0, 0), OK);
}

/* A self-issued leaf is not exempt. */
static void
self_issued_leaf(void **state)
{
	static const struct nc_value name = {GEN_DNS, false, "evil.org", 0},
				     tree = {GEN_DNS, true, "org", 0};
	X509 *leaf = nc_cert("CN=Root", "CN=Root"),
	     *root = nc_cert("CN=Root", "CN=Root");
	STACK_OF(X509) *chain = sk_X509_new_null();

	(void)state;
	nc_put_names(leaf, &name, 1);
	nc_put_trees(root, &tree, 1);
	sk_X509_push(chain, leaf);
	sk_X509_push(chain, root);
	assert_int_equal(nc_judge(chain, CA_PROFILE_BASIC), NO);
	sk_X509_pop_free(chain, X509_free);
	/* none at all, and one alone */
	chain = sk_X509_new_null();
	assert_int_equal(nc_judge(chain, CA_PROFILE_BASIC), OK);
	sk_X509_push(chain, nc_cert("CN=Root", "CN=Root"));
	assert_int_equal(nc_judge(chain, CA_PROFILE_BASIC), OK);
	sk_X509_pop_free(chain, X509_free);
}

static void
put_bytes(X509 *cert, int nid, const char *der, int len)
{
	ASN1_OCTET_STRING *s = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	ASN1_OCTET_STRING_set(s, (const unsigned char *)der, len);
	ext = X509_EXTENSION_create_by_NID(NULL, nid, 1, s);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(s);
}

/* An extension that cannot be decoded is refused. */
static void
undecodable(void **state)
{
	static const struct nc_value tree = {GEN_DNS, true, "org", 0};

	(void)state;
	for (int i = 0; i < 3; i++) {
		X509 *leaf = nc_cert("CN=leaf", "CN=Root"),
		     *root = nc_cert("CN=Root", "CN=Root");
		STACK_OF(X509) *chain = sk_X509_new_null();

		if (i == 0) {
			put_bytes(root, NID_name_constraints, "\5\0", 2);
		} else {
			put_bytes(leaf, NID_subject_alt_name, "\5\0", 2);
			nc_put_trees(root, &tree, i == 1 ? 1 : 0);
		}
		sk_X509_push(chain, leaf);
		sk_X509_push(chain, root);
		assert_int_equal(
		    nc_judge(chain, CA_PROFILE_BASIC), i == 2 ? OK : NO);
		sk_X509_pop_free(chain, X509_free);
	}
}

/* ---- how many ---- */

static enum ca_reason
many(size_t trees, size_t names, int type, const char *base)
{
	X509 *leaf = nc_cert("CN=leaf", "CN=Root"),
	     *root = nc_cert("CN=Root", "CN=Root");
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct nc_value *t = calloc(trees, sizeof *t),
			*v = calloc(names, sizeof *v);

	for (size_t i = 0; i < trees; i++)
		t[i] = (struct nc_value){type, true, base, 0};
	for (size_t i = 0; i < names; i++)
		v[i] = (struct nc_value){GEN_DNS, false, "a.b", 0};
	nc_put_names(leaf, v, names);
	nc_put_trees(root, t, trees);
	sk_X509_push(chain, leaf);
	sk_X509_push(chain, root);
	enum ca_reason reason = nc_judge(chain, CA_PROFILE_STRICT);
	sk_X509_pop_free(chain, X509_free);
	free(t);
	free(v);
	return reason;
}

static void
how_many(void **state)
{
	(void)state;
	assert_int_equal(CA_NAMECONSTRAINTS_MAX, 512 * 512);
	/* the subject is a name too */
	assert_int_equal(many(512, 511, GEN_DNS, "x"), OK);
	assert_int_equal(many(512, 512, GEN_DNS, "x"), CA_R_CHAIN_LIMIT);
	assert_int_equal(many(512, 511, GEN_DNS, "a.b"), NO);
	/* each RDN of a directory name is one to compare */
	assert_int_equal(many(256, 511, GEN_DIRNAME, "C=DE/O=A"), OK);
	assert_int_equal(
	    many(256, 512, GEN_DIRNAME, "C=DE/O=A"), CA_R_CHAIN_LIMIT);
	assert_int_equal(
	    many(512, 256, GEN_DIRNAME, "C=DE/O=A/CN=x"), CA_R_CHAIN_LIMIT);
}

/* Many addresses in the subject: each of them is checked. */
static void
many_addresses(void **state)
{
	static const struct nc_value tree = {GEN_EMAIL, false, "b", 0};
	X509 *leaf = nc_cert("CN=leaf", "CN=Root"),
	     *root = nc_cert("CN=Root", "CN=Root");
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct nc_value v[40];

	(void)state;
	for (size_t i = 0; i < 40; i++)
		v[i] = (struct nc_value){
		    NC_SUBJECT_MAIL, false, i == 39 ? "a@c" : "a@b", 0};
	nc_put_names(leaf, v, 40);
	nc_put_trees(root, &tree, 1);
	sk_X509_push(chain, leaf);
	sk_X509_push(chain, root);
	assert_int_equal(nc_judge(chain, CA_PROFILE_STRICT), NO);
	assert_non_null(strstr(nc_detail, "\"a@c\""));
	sk_X509_pop_free(chain, X509_free);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bounds),
	    cmocka_unit_test(paths),
	    cmocka_unit_test(self_issued_leaf),
	    cmocka_unit_test(undecodable),
	    cmocka_unit_test(how_many),
	    cmocka_unit_test(many_addresses),
	};

	return cmocka_run_group_tests_name(
	    "nameconstraints_path", tests, NULL, NULL);
}
