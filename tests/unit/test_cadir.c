/* Directories of CA certificates: which files count, and the names of the
 * anchors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "chainjudge.h"

/* ---- the directory ---- */

static void
test_plain_and_hashed(void **state)
{
	unsigned char *der = NULL;
	int len;

	(void)state;
	empty_dir();
	refuses(leaf, NULL, CA_R_CHAIN_UNKNOWN_CA);
	put_cert("root.pem", root);
	accepts(leaf, NULL);
	empty_dir();
	put_hashed("Root", 0, root);
	accepts(leaf, NULL);
	empty_dir();
	len = i2d_X509(root, &der);
	put("root.der", der, (size_t)len);
	OPENSSL_free(der);
	accepts(leaf, NULL);
}

/* Files with other names are ignored, whatever their content: a CA in one of
 * them is not trusted. */
static void
test_ignored_names(void **state)
{
	static const char *const names[] = {"README", "root", ".root.pem",
	    "root.pem~", "root.pem.bak", "root.pem.dpkg-old", "root.crl",
	    "01234567.r0", "0123456.0", "012345678.0", "ABCDEF01.0",
	    "01234567.", "01234567.x", "root.pem.disabled", "root.crt.dpkg-new",
	    "root.pem.rpmsave", "root.pem.rpmnew", "root.pem.ucf-dist",
	    "#root.pem#", ".#root.pem", ".root.pem.swp", "root.pem.orig",
	    "root.p7b~", "root.p7c.old", ".p7b", "root.p7", "root.pem ",
	    "root.pemx", "01234567.0~", "01234567.0.dpkg-old",
	    "01234567.0.pem.bak", "rootpem", "root.", "01234567.-1",
	    "01234567.0x1", "0123456g.0"};

	(void)state;
	empty_dir();
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		put_cert(names[i], root);
	refuses(leaf, NULL, CA_R_CHAIN_UNKNOWN_CA);
	put_text("notes.pem", "-----BEGIN X509 CRL-----\nMAA=\n"
			      "-----END X509 CRL-----\n");
	refuses(leaf, NULL, CA_R_CHAIN_UNKNOWN_CA);
}

/* What the log or `certauth verify' says of the refused leaf contains text. */
static void
tells(const char *text, bool there)
{
	struct outcome o;
	const char *detail;

	assert_int_equal(judge_at(&o, leaf, NULL, NULL, NULL, NOW), CA_OK);
	detail = ca_report_get0_detail(o.report, CA_CHECK_CHAIN);
	if (detail == NULL || (strstr(detail, text) != NULL) != there)
		fail_msg("%s\"%s\" in \"%s\"", there ? "no " : "", text,
		    detail != NULL ? detail : "");
	done(&o);
}

/* Names that are not read are named, where the CA is unknown. */
static void
test_skipped_are_named(void **state)
{
	char name[32];

	(void)state;
	empty_dir();
	tells("not read because of their names", false);
	put_cert("root.pem~", root);
	put_cert("root.txt", root);
	put_cert("01234567.r0", root);
	tells("not read because of their names in ca_dir ", true);
	tells(": root.pem~, root.txt", true);
	tells("01234567.r0", false);
	for (int i = 0; i < 20; i++) {
		(void)snprintf(name, sizeof name, "a%02d", i);
		put_text(name, "");
	}
	tells(" a14, a15 and 6 more", true);
	/* nothing is named in a login that is granted */
	put_cert("root.pem", root);
	accepts(leaf, NULL);
}

/* HASH.n for that name, of OpenSSL before 1.0 */
static void
old_name(char out[64], const char *cn, int n)
{
	X509_NAME *name = name_of(cn);

	(void)snprintf(out, 64, "%08lx.%d", X509_NAME_hash_old(name), n);
	X509_NAME_free(name);
}

static void
link_to(const char *target, const char *name)
{
	char path[512];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	assert_int_equal(symlink(target, path), 0);
}

static void
put_two(const char *name, X509 *first, X509 *second)
{
	char path[512];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, first), 1);
	assert_int_equal(PEM_write_X509(f, second), 1);
	assert_int_equal(fclose(f), 0);
}

/* The subject decides, not the name of the link; a name that fits neither hash
 * is a problem, and its certificate is not used. */
static void
test_hash_is_a_hint(void **state)
{
	X509 *other =
	    make(&(struct spec){"Other", "Other", root_key, root_key, true});

	(void)state;
	empty_dir();
	put_hashed("Root", 0, other);
	refuses(leaf, NULL, CA_R_CHAIN_DIR);
	tells("is not the hash of a subject in it", true);
	tells("openssl rehash", true);
	put_hashed("Root", 1, root);
	accepts(leaf, NULL);
	/* the wanted CA, under the hash of another name */
	empty_dir();
	put_hashed("Other", 0, root);
	refuses(leaf, NULL, CA_R_CHAIN_DIR);
	/* a file that was replaced, with the link as it was: the plain name
	 * counts, the link does not */
	char name[64];
	empty_dir();
	put_cert("ca.pem", root);
	hashed_name(name, "", "Other", "", 0);
	link_to("ca.pem", name);
	accepts(leaf, NULL);
	X509_free(other);
}

/* Hashes of OpenSSL before 1.0, gaps in the numbers, more than one certificate
 * under a hashed name: read as plain files. */
static void
test_hashes_that_lead_nowhere(void **state)
{
	X509 *other =
	    make(&(struct spec){"Other", "Other", root_key, root_key, true});
	char name[64];

	(void)state;
	/* files and links */
	empty_dir();
	old_name(name, "Root", 0);
	put_cert(name, root);
	accepts(leaf, NULL);
	empty_dir();
	put_cert("ca.pem", root);
	link_to("ca.pem", name);
	accepts(leaf, NULL);
	/* both hashes */
	hashed_name(name, "", "Root", "", 0);
	link_to("ca.pem", name);
	accepts(leaf, NULL);
	/* HASH.0 was removed, and HASH.1 is there */
	empty_dir();
	put_hashed("Root", 1, root);
	accepts(leaf, NULL);
	/* a bundle, of which the link knows the first */
	empty_dir();
	put_two("ca.pem", other, root);
	hashed_name(name, "", "Other", "", 0);
	link_to("ca.pem", name);
	accepts(leaf, NULL);
	/* the same under a hashed name alone */
	empty_dir();
	put_two(name, other, root);
	accepts(leaf, NULL);
	/* a link whose target was removed is no problem */
	empty_dir();
	link_to("gone.pem", name);
	refuses(leaf, NULL, CA_R_CHAIN_UNKNOWN_CA);
	X509_free(other);
}

static void
test_trusted_certificate(void **state)
{
	char path[512];

	(void)state;
	empty_dir();
	(void)snprintf(path, sizeof path, "%s/root.pem", dir);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_X509_AUX(f, root), 1);
	assert_int_equal(fclose(f), 0);
	refuses(leaf, NULL, CA_R_CHAIN_DIR);
	tells("root.pem is a TRUSTED CERTIFICATE", true);
	tells("openssl x509 -in FILE -out NEW.pem", true);
}

static void
test_one_subject_many_cas(void **state)
{
	(void)state;
	empty_dir();
	for (int i = 0; i < 9; i++) {
		EVP_PKEY *key = new_key();
		X509 *twin =
		    make(&(struct spec){"Root", "Root", key, key, true});

		put_hashed("Root", i, twin);
		X509_free(twin);
		EVP_PKEY_free(key);
	}
	refuses(leaf, NULL, CA_R_CHAIN_UNKNOWN_CA);
	put_hashed("Root", 9, root);
	accepts(leaf, NULL);
}

static void
test_broken_files(void **state)
{
	char path[128];

	(void)state;
	/* no path: the file that cannot be read is the reason */
	empty_dir();
	put_text("broken.pem", "rubbish");
	refuses(leaf, NULL, CA_R_CHAIN_DIR);
	put_text("broken.pem", "-----BEGIN CERTIFICATE-----\nMAA=\n"
			       "-----END CERTIFICATE-----\n");
	refuses(leaf, NULL, CA_R_CHAIN_DIR);
	/* a path that does not need it */
	put_hashed("Root", 0, root);
	accepts(leaf, NULL);
	/* a file that others can write to is not used */
	empty_dir();
	put_cert("root.pem", root);
	(void)snprintf(path, sizeof path, "%s/root.pem", dir);
	assert_int_equal(chmod(path, 0664), 0);
	refuses(leaf, NULL, CA_R_CHAIN_DIR);
	assert_int_equal(chmod(path, 0644), 0);
	accepts(leaf, NULL);
	/* a dangling link is not an absent file */
	empty_dir();
	(void)snprintf(path, sizeof path, "%s/gone.pem", dir);
	assert_int_equal(symlink("nothing-here.pem", path), 0);
	refuses(leaf, NULL, CA_R_CHAIN_DIR);
}

static void
test_untrusted_dir(void **state)
{
	struct outcome o;

	(void)state;
	empty_dir();
	put_cert("root.pem", root);
	assert_int_equal(chmod(dir, 0775), 0);
	assert_int_equal(
	    judge_at(&o, leaf, NULL, NULL, NULL, NOW), CA_ERR_UNTRUSTED);
	assert_int_equal(refusal(o.report), CA_R_CHAIN_DIR);
	assert_false(ca_report_granted(o.report, CA_REPORT_CERT));
	done(&o);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(
	    judge_at(&o, leaf, NULL, "ca_dir", "/nonexistent/ca", NOW),
	    CA_ERR_NOT_FOUND);
	assert_int_equal(refusal(o.report), CA_R_CHAIN_DIR);
	done(&o);
}

/* ---- the names of the anchors ---- */

static void
test_authorities(void **state)
{
	struct ca_config *cfg;
	struct ca_buf out = CA_BUF_INIT(65536);
	char name[32];

	(void)state;
	empty_dir();
	cfg = config();
	put_hashed("Root", 0, root);
	put_hashed("Root", 1, root);
	put_cert("again.pem", root);
	put_text("README.pem", "nothing");
	assert_int_equal(
	    ca_verify_authorities(crypto, cfg, NULL, 2048, &out), CA_OK);
	/* one name: SEQUENCE { SET { SEQUENCE { CN, "Root" }}} */
	assert_int_equal(out.len, 2 + 2 + 2 + 2 + 5 + 2 + 4);
	ca_buf_reset(&out);
	assert_int_equal(ca_verify_authorities(crypto, cfg, NULL,
			     2 + 2 + 2 + 2 + 5 + 2 + 3, &out),
	    CA_ERR_LIMIT);
	assert_int_equal(out.len, 0);
	for (int i = 0; i < 40; i++) {
		(void)snprintf(name, sizeof name, "%08x.0", i);
		X509 *ca =
		    make(&(struct spec){name, name, root_key, root_key, true});

		put_cert(name, ca);
		X509_free(ca);
	}
	ca_buf_reset(&out);
	assert_int_equal(
	    ca_verify_authorities(crypto, cfg, NULL, 2048, &out), CA_OK);
	assert_true(out.len > 40 * 20);
	ca_buf_reset(&out);
	assert_int_equal(
	    ca_verify_authorities(crypto, cfg, NULL, 900, &out), CA_ERR_LIMIT);
	/* so many that none of them is read */
	for (int i = 40; i < 70; i++) {
		(void)snprintf(name, sizeof name, "%08x.0", i);
		put_text(name, "x");
	}
	ca_buf_reset(&out);
	assert_int_equal(
	    ca_verify_authorities(crypto, cfg, NULL, 2048, &out), CA_ERR_LIMIT);
	ca_buf_free(&out);
	ca_config_free(cfg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plain_and_hashed),
	    cmocka_unit_test(test_ignored_names),
	    cmocka_unit_test(test_skipped_are_named),
	    cmocka_unit_test(test_hash_is_a_hint),
	    cmocka_unit_test(test_hashes_that_lead_nowhere),
	    cmocka_unit_test(test_trusted_certificate),
	    cmocka_unit_test(test_one_subject_many_cas),
	    cmocka_unit_test(test_broken_files),
	    cmocka_unit_test(test_untrusted_dir),
	    cmocka_unit_test(test_authorities),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
