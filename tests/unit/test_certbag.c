/* PKCS #7 and CMS files of CA certificates: what is found in them, and what is
 * refused. */
#include "verify/certbag.h"
#include "verify/certfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/pkcs7.h>
#include "chainjudge.h"

/* ---- BER by hand ---- */

/* Append an element; open: of indefinite length. */
static void
put_element(struct ca_buf *out, uint8_t tag, const void *p, size_t n, bool open)
{
	ca_buf_u8(out, tag);
	if (open) {
		ca_buf_u8(out, 0x80);
	} else if (n < 0x80) {
		ca_buf_u8(out, (uint8_t)n);
	} else {
		ca_buf_u8(out, 0x83);
		ca_buf_u24(out, (uint32_t)n);
	}
	ca_buf_put(out, p, n);
	if (open)
		ca_buf_u16(out, 0);
}

struct bag {
	X509 *cert[3];
	bool open;              /* every length is indefinite */
	bool content, signers;  /* not certs-only */
	bool crls, attributes;  /* [1], and other choices among certificates */
	bool none;              /* no certificates at all */
	const char *type, *end; /* NULL: SignedData; bytes after the whole */
};

static void
add_certs(const struct bag *b, struct ca_buf *out)
{
	struct ca_buf certs = CA_BUF_INIT(100000);

	if (b->attributes)
		put_element(&certs, 0xa2, "\x30\x00", 2, b->open);
	for (size_t i = 0; i < 3 && b->cert[i] != NULL; i++) {
		unsigned char *der = NULL;
		int len = i2d_X509(b->cert[i], &der);

		ca_buf_put(&certs, der, (size_t)len);
		OPENSSL_free(der);
	}
	put_element(out, 0xa0, certs.p, certs.len, b->open);
	ca_buf_free(&certs);
}

static void
make_bag(const struct bag *b, struct ca_buf *out)
{
	static const char oid[] = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07";
	struct ca_buf data = CA_BUF_INIT(100000), in = CA_BUF_INIT(100000);

	ca_buf_put(&in, "\x02\x01\x01", 3);
	put_element(&in, 0x31, "", 0, b->open);
	ca_buf_put(&data, oid, 10);
	ca_buf_u8(&data, 1);
	if (b->content)
		put_element(&data, 0xa0, "\x04\x01x", 3, b->open);
	put_element(&in, 0x30, data.p, data.len, b->open);
	if (!b->none)
		add_certs(b, &in);
	if (b->crls)
		put_element(&in, 0xa1, "\x30\x00", 2, b->open);
	put_element(&in, 0x31, "\x30\x00", b->signers ? 2 : 0, b->open);
	ca_buf_reset(&data);
	put_element(&data, 0x30, in.p, in.len, b->open);
	ca_buf_reset(&in);
	ca_buf_put(&in, b->type != NULL ? b->type : oid, 10);
	ca_buf_u8(&in, 2);
	put_element(&in, 0xa0, data.p, data.len, b->open);
	put_element(out, 0x30, in.p, in.len, b->open);
	if (b->end != NULL)
		ca_buf_str(out, b->end);
	ca_buf_free(&data);
	ca_buf_free(&in);
}

static enum ca_err
count(void *ctx, const uint8_t *der, size_t len)
{
	X509 *cert = NULL;
	enum ca_err rc = ca_crypto_cert(crypto, der, len, &cert);

	X509_free(cert);
	++*(int *)ctx;
	return rc;
}

static void
holds(int line, const struct bag *b, enum ca_err want, int certs)
{
	struct ca_buf der = CA_BUF_INIT(100000);
	int found = 0;

	make_bag(b, &der);
	enum ca_err rc = ca_certbag_each(der.p, der.len, count, &found);
	if (rc != want || found != certs)
		fail_msg("line %d: %s, %d certificates", line, ca_err_text(rc),
		    found);
	/* no part of it is taken for the whole, and nothing is read behind */
	for (size_t n = 0; n < der.len && want == CA_OK; n++) {
		uint8_t *part = malloc(n > 0 ? n : 1);

		memcpy(part, der.p, n);
		rc = ca_certbag_each(part, n, count, &found);
		assert_int_equal(rc, CA_ERR_FORMAT);
		free(part);
	}
	ca_buf_free(&der);
}
#define IS(want, certs, ...)                                                   \
	holds(__LINE__, &(struct bag){__VA_ARGS__}, want, certs)

static void
structures(void **state)
{
	static const char data[] = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x08";

	(void)state;
	for (int open = 0; open < 2; open++) {
		IS(CA_OK, 1, {root}, .open = open);
		IS(CA_OK, 3, {leaf, root, root}, .open = open);
		IS(CA_OK, 2, {leaf, root}, .open = open, .crls = true,
		    .attributes = true);
		IS(CA_ERR_NOT_FOUND, 0, {NULL}, .open = open);
		IS(CA_ERR_NOT_FOUND, 0, {NULL}, .open = open, .none = true);
		IS(CA_ERR_NOT_FOUND, 0, {NULL}, .open = open,
		    .attributes = true);
		IS(CA_ERR_UNSUPPORTED, 0, {root}, .open = open,
		    .signers = true);
		IS(CA_ERR_UNSUPPORTED, 0, {root}, .open = open,
		    .content = true);
		IS(CA_ERR_FORMAT, 0, {root}, .open = open, .type = data);
		IS(CA_ERR_FORMAT, 0, {root}, .open = open, .end = "x");
	}
}

/* Elements in each other without end: refused, and not by the stack. */
static void
depth(void **state)
{
	static uint8_t deep[200000];
	int found = 0;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof deep; i += 2) {
		deep[i] = 0x30;
		deep[i + 1] = 0x80;
	}
	assert_int_equal(
	    ca_certbag_each(deep, sizeof deep, count, &found), CA_ERR_FORMAT);
	/* a length of four bytes, beyond the end; one of five */
	assert_int_equal(
	    ca_certbag_each(
		(const uint8_t *)"\x30\x84\xff\xff\xff\xff", 6, count, &found),
	    CA_ERR_FORMAT);
	assert_int_equal(ca_certbag_each((const uint8_t *)"\x30\x85\0\0\0\0\0",
			     7, count, &found),
	    CA_ERR_FORMAT);
	assert_int_equal(found, 0);
}

/* What libcrypto writes, with every byte of it changed: never a crash, and
 * never a certificate that the gate has not seen. */
static void
damaged(void **state)
{
	struct ca_buf der = CA_BUF_INIT(100000);

	(void)state;
	make_bag(&(struct bag){{leaf, root}}, &der);
	for (size_t i = 0; i < der.len; i++)
		for (int bit = 0; bit < 8; bit++) {
			uint8_t *copy = malloc(der.len);
			int found = 0;

			memcpy(copy, der.p, der.len);
			copy[i] ^= (uint8_t)(1u << bit);
			enum ca_err rc =
			    ca_certbag_each(copy, der.len, count, &found);

			assert_true(rc != CA_ERR_UNSET && found <= 2);
			free(copy);
		}
	ca_buf_free(&der);
}

/* ---- as files of ca_dir ---- */

static PKCS7 *
by_libcrypto(X509 *cert)
{
	PKCS7 *p7 = PKCS7_new();

	assert_int_equal(PKCS7_set_type(p7, NID_pkcs7_signed), 1);
	assert_int_equal(PKCS7_content_new(p7, NID_pkcs7_data), 1);
	/* a content of no bytes is no content of a certs-only file */
	ASN1_OCTET_STRING_free(p7->d.sign->contents->d.data);
	p7->d.sign->contents->d.data = NULL;
	assert_int_equal(PKCS7_add_certificate(p7, leaf), 1);
	assert_int_equal(PKCS7_add_certificate(p7, cert), 1);
	return p7;
}

static void
put_pem(const char *file, const char *kind, const void *der, long len)
{
	char path[512];

	(void)snprintf(path, sizeof path, "%s/%s", dir, file);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(PEM_write(f, kind, "", der, len) > 0);
	assert_int_equal(fclose(f), 0);
}

static void
in_ca_dir(void **state)
{
	static const char *const names[] = {
	    "ca.p7b", "ca.P7B", "ca.p7c", "ca.pem", "ca.der", "ca.cer"};
	static const char *const kinds[] = {
	    "PKCS7", "PKCS #7 SIGNED DATA", "CMS", "CERTIFICATE"};
	PKCS7 *p7 = by_libcrypto(root);
	unsigned char *der = NULL;
	int len = i2d_PKCS7(p7, &der);

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		empty_dir();
		put(names[i], der, (size_t)len);
		accepts(leaf, NULL);
		for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
			empty_dir();
			put_pem(names[i], kinds[k], der, len);
			accepts(leaf, NULL);
		}
	}
	/* it is looked for among the names of the anchors, too */
	struct ca_config *cfg = config();
	struct ca_buf out = CA_BUF_INIT(65536);
	assert_int_equal(
	    ca_verify_authorities(crypto, cfg, NULL, 2048, &out), CA_OK);
	assert_true(out.len > 0);
	ca_buf_free(&out);
	ca_config_free(cfg);
	OPENSSL_free(der);
	PKCS7_free(p7);
}

static void
is_refused(const struct bag *b, const char *text)
{
	struct ca_buf der = CA_BUF_INIT(100000);
	struct outcome o;

	make_bag(b, &der);
	empty_dir();
	put("ca.p7b", der.p, der.len);
	refuses(leaf, NULL, CA_R_CHAIN_DIR);
	put_pem("ca.p7b", "PKCS7", der.p, (long)der.len);
	assert_int_equal(judge_at(&o, leaf, NULL, NULL, NULL, NOW), CA_OK);
	const char *detail = ca_report_get0_detail(o.report, CA_CHECK_CHAIN);
	if (strstr(detail, text) == NULL || strstr(detail, "ca.p7b ") == NULL)
		fail_msg("no \"%s\" in \"%s\"", text, detail);
	done(&o);
	ca_buf_free(&der);
}

/* A signed mail in ca_dir makes no anchors. */
static void
messages_are_refused(void **state)
{
	(void)state;
	is_refused(&(struct bag){{root}, .signers = true},
	    "is a signed message (PKCS #7)");
	is_refused(&(struct bag){{root}, .content = true},
	    "is a signed message (PKCS #7)");
	is_refused(
	    &(struct bag){{root}, .end = "x"}, "is not PEM, DER or PKCS #7");
}

/* A certificate file of a user is no list: its order decides which is the leaf,
 * and that of a SET means nothing. */
static void
not_for_users(void **state)
{
	struct ca_buf der = CA_BUF_INIT(100000);
	STACK_OF(X509) *out = sk_X509_new_null();
	size_t bad = 0;

	(void)state;
	make_bag(&(struct bag){{leaf}}, &der);
	enum ca_err rc = ca_certfile_parse(crypto, der.p, der.len, out, &bad);
	assert_true(rc != CA_OK || bad > 0);
	assert_int_equal(sk_X509_num(out), 0);
	sk_X509_free(out);
	ca_buf_free(&der);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(structures),
	    cmocka_unit_test(depth),
	    cmocka_unit_test(damaged),
	    cmocka_unit_test(in_ca_dir),
	    cmocka_unit_test(messages_are_refused),
	    cmocka_unit_test(not_for_users),
	};

	return cmocka_run_group_tests_name("certbag", tests, start, finish);
}
