/*
 * CRLs and other DER written as text, so that a test shows each byte of them,
 * whole or with one structure flawed; CAs to sign them.
 */
#ifndef CRLMAKE_H
#define CRLMAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "crypto/crypto.h"

/*
 * What is wrong with one structure; all around it are as long as it makes
 * them, but for the four of a length that is not its own.
 */
enum flaw {
	NO_FLAW,
	OTHER_TYPE,
	HIGH_TYPE,     /* a type whose number would go on in the next byte */
	LENGTH_LESS,   /* its length is one too small */
	LENGTH_MORE,   /* one too large */
	LENGTH_LONG,   /* written with one byte more than need be */
	LENGTH_FIVE,   /* written with five bytes */
	LENGTH_MISSED, /* indefinite, as in BER, with its end */
	LEFT_OVER,     /* a NULL follows in it that belongs to nothing */
	MISSING,
	TWICE,
	EMPTY,
	ZERO_FIRST, /* a byte too many before its content */
	ONES_FIRST,
	FLAWS
};

struct der {
	enum flaw flaw;
	int at; /* the number of the structure with the flaw */
	int n, depth, marked;
	bool inside; /* the flaw is in what <> marks */
	EVP_PKEY *key;
	struct ca_buf signed_part;
};

static inline const char *der_parts(
    const char *p, struct der *d, struct ca_buf *out);

static inline void
der_length(struct ca_buf *out, size_t len, enum flaw flaw)
{
	int n = len < 0x80 ? 0 : len < 0x100 ? 1 : len < 0x10000 ? 2 : 3;

	if (flaw == LENGTH_MISSED) {
		ca_buf_u8(out, 0x80);
		return;
	}
	len += flaw == LENGTH_MORE;
	len -= flaw == LENGTH_LESS && len > 0;
	n += flaw == LENGTH_LONG;
	if (flaw == LENGTH_FIVE)
		n = 5;
	if (n > 0)
		ca_buf_u8(out, (uint8_t)(0x80 | n));
	else
		ca_buf_u8(out, (uint8_t)len);
	while (n-- > 0)
		ca_buf_u8(out, (uint8_t)((uint64_t)len >> 8 * n));
}

/* TT{ ... }: p is behind the brace. */
static inline const char *
der_element(const char *p, uint8_t tag, struct der *d, struct ca_buf *out)
{
	enum flaw flaw = d->n++ == d->at ? d->flaw : NO_FLAW;
	struct ca_buf in = CA_BUF_INIT(out->max);
	size_t begin = out->len;

	d->inside |= flaw != NO_FLAW && d->marked > 0;
	if (flaw == ZERO_FIRST || flaw == ONES_FIRST)
		ca_buf_u8(&in, flaw == ZERO_FIRST ? 0 : 0xff);
	d->depth++;
	p = der_parts(p, d, &in);
	d->depth--;
	assert_int_equal(*p, '}');
	if (flaw == LEFT_OVER)
		ca_buf_put(&in, "\x05", 2);
	if (flaw == EMPTY)
		in.len = 0;
	for (int i = flaw == MISSING ? 2 : flaw == TWICE ? 0 : 1; i < 2; i++) {
		ca_buf_u8(out, (uint8_t)(flaw == OTHER_TYPE  ? tag ^ 1
					 : flaw == HIGH_TYPE ? tag | 0x1f
							     : tag));
		der_length(out, in.len, flaw);
		ca_buf_put(out, in.p, in.len);
		if (flaw == LENGTH_MISSED)
			ca_buf_put(out, "\0", 2);
	}
	if (d->depth == 1 && d->signed_part.len == 0)
		ca_buf_put(&d->signed_part, out->p + begin, out->len - begin);
	ca_buf_free(&in);
	return p + 1;
}

/* Has libcrypto ML-DSA?  (OpenSSL 3.5 and later.) */
static inline bool
has_mldsa(void)
{
	EVP_KEYMGMT *found = EVP_KEYMGMT_fetch(NULL, "ML-DSA-44", NULL);

	EVP_KEYMGMT_free(found);
	return found != NULL;
}

/* Skip a test that needs ML-DSA where libcrypto does not have it. */
static inline void
need_mldsa(void)
{
	if (has_mldsa())
		return;
	print_message("skipped: this libcrypto (OpenSSL %s) has no ML-DSA\n",
	    OpenSSL_version(OPENSSL_VERSION_STRING));
	skip();
}

/* Does a key sign the message itself? */
static inline bool
signs_message(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448") ||
	       EVP_PKEY_is_a(key, "ML-DSA-44") ||
	       EVP_PKEY_is_a(key, "ML-DSA-65") ||
	       EVP_PKEY_is_a(key, "ML-DSA-87");
}

/* Ed25519, ML-DSA, or ECDSA or RSA with SHA-256, over the first structure of
 * the outermost. */
static inline void
der_sign(const struct der *d, struct ca_buf *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t sig[5000];
	size_t len = sizeof sig;

	if (d->key == NULL || d->signed_part.len == 0) {
		ca_buf_u8(out, 0x30);
		EVP_MD_CTX_free(ctx);
		return;
	}
	const EVP_MD *md = signs_message(d->key) ? NULL : EVP_sha256();
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, md, NULL, d->key), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &len, d->signed_part.p,
			     d->signed_part.len),
	    1);
	ca_buf_put(out, sig, len);
	EVP_MD_CTX_free(ctx);
}

/* Hexadecimal bytes, 'text', elements, $ for the signature, <> for what a test
 * looks at in another way; to the end or to a brace that closes. */
static inline const char *
der_parts(const char *p, struct der *d, struct ca_buf *out)
{
	while (*p != '\0' && *p != '}') {
		if (*p == ' ') {
			p++;
		} else if (*p == '<' || *p == '>') {
			d->marked += *p++ == '<' ? 1 : -1;
		} else if (*p == '$') {
			der_sign(d, out);
			p++;
		} else if (*p == '\'') {
			size_t n = strcspn(++p, "'");

			ca_buf_put(out, p, n);
			p += n + 1;
		} else {
			char hex[3] = {p[0], p[1], '\0'};
			char *end;
			uint8_t byte = (uint8_t)strtoul(hex, &end, 16);

			assert_ptr_equal(end, hex + 2);
			p += 2;
			if (*p == '{')
				p = der_element(p + 1, byte, d, out);
			else
				ca_buf_u8(out, byte);
		}
	}
	return p;
}

/* Append the DER of text with the flaw in structure number at; how many there
 * are.  *inside: the flaw is in what <> marks. */
static inline int
der_flawed(const char *text, EVP_PKEY *key, enum flaw flaw, int at,
    struct ca_buf *out, bool *inside)
{
	struct der d = {.flaw = flaw,
	    .at = at,
	    .key = key,
	    .signed_part = CA_BUF_INIT(1 << 22)};

	assert_int_equal(*der_parts(text, &d, out), '\0');
	assert_int_equal(ca_buf_err(out), CA_OK);
	ca_buf_free(&d.signed_part);
	*inside = d.inside;
	return d.n;
}

/* The same without a flaw.  key: NULL where no signature is needed. */
static inline void
der_make(const char *text, EVP_PKEY *key, struct ca_buf *out)
{
	bool inside;

	(void)der_flawed(text, key, NO_FLAW, 0, out, &inside);
}

/* A copy of bytes that ends where a page without access begins: who reads on
 * ends the test.  Each call takes the place of the one before. */
static inline const uint8_t *
guarded(const void *p, size_t len)
{
	static uint8_t *page;
	size_t size = (size_t)sysconf(_SC_PAGESIZE);

	if (page == NULL) {
		page = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_ptr_not_equal(page, MAP_FAILED);
		assert_int_equal(mprotect(page + size, size, PROT_NONE), 0);
	}
	assert_true(len <= size);
	if (len > 0)
		memcpy(page + size - len, p, len);
	return page + size - len;
}

/* A file in memory with this content; to be closed. */
static inline int
file_of(const void *p, size_t len)
{
	int fd = memfd_create("certauth-test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, len), (ssize_t)len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* A self-signed CA that may sign CRLs. */
static inline X509 *
make_ca(struct ca_crypto *crypto, const char *cn, EVP_PKEY *key)
{
	X509 *x = X509_new(), *out = NULL;
	X509_NAME *name = X509_NAME_new();
	X509V3_CTX ctx;
	unsigned char *der = NULL;

	assert_non_null(x);
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
			     (const unsigned char *)cn, -1, -1, 0),
	    1);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_set_subject_name(x, name);
	X509_set_issuer_name(x, name);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, key);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	X509_EXTENSION *ku = X509V3_EXT_conf_nid(
	    NULL, &ctx, NID_key_usage, "critical,keyCertSign,cRLSign");
	X509_add_ext(x, ku, -1);
	X509_EXTENSION_free(ku);
	const EVP_MD *md = signs_message(key) ? NULL : EVP_sha256();
	assert_true(X509_sign(x, key, md) > 0);
	X509_NAME_free(name);
	/* through DER, as everything that is looked at */
	int len = i2d_X509(x, &der);
	X509_free(x);
	assert_int_equal(ca_crypto_cert(crypto, der, (size_t)len, &out), CA_OK);
	OPENSSL_free(der);
	return out;
}

#endif
