/*
 * gencrl: a CRL with many entries, written as a stream, for the bench.
 *
 * usage: gencrl [-r] [-s SERIALHEX] N CA.pem CA.key OUT.der
 *
 * -r gives every entry a reasonCode; -s puts one chosen serial number in the
 * middle.  The other serials are 16 bytes, the same in every run.  Valid from
 * an hour ago for 30 days.  Keys: RSA or EC (SHA-256).
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DIE(...) (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(2))

struct out {
	FILE *f;
	EVP_MD_CTX *md;
};

static void
put(struct out *o, const void *p, size_t n)
{
	if (n > 0 && fwrite(p, 1, n, o->f) != n)
		DIE("cannot write");
	if (o->md != NULL && EVP_DigestSignUpdate(o->md, p, n) != 1)
		DIE("cannot sign");
}

/* Tag and length into p (6 bytes); how many. */
static size_t
header(uint8_t *p, uint8_t tag, size_t len)
{
	size_t n = 0;

	p[n++] = tag;
	if (len < 0x80) {
		p[n++] = (uint8_t)len;
		return n;
	}
	int bytes = len > 0xffffff ? 4 : len > 0xffff ? 3 : len > 0xff ? 2 : 1;
	p[n++] = (uint8_t)(0x80 | bytes);
	while (bytes-- > 0)
		p[n++] = (uint8_t)(len >> (8 * bytes));
	return n;
}

static size_t
entry(uint8_t *p, uint64_t i, const uint8_t *serial, size_t len, int reason)
{
	static const uint8_t exts[] = {0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55,
	    0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01, 0x01};
	uint8_t body[512], own[16];
	size_t n = 0;

	if (serial == NULL) {
		uint64_t x = (i + 1) * 0x9e3779b97f4a7c15u;
		for (int k = 0; k < 16; k++) {
			x ^= x >> 29;
			x *= 0xbf58476d1ce4e5b9u;
			own[k] = (uint8_t)(x >> 56);
		}
		own[0] = (uint8_t)(0x40 | (own[0] & 0x3f));
		serial = own;
		len = sizeof own;
	}
	n += header(body, 0x02, len);
	memcpy(body + n, serial, len);
	n += len;
	n += header(body + n, 0x17, 13);
	memcpy(body + n, "260101000000Z", 13);
	n += 13;
	if (reason) {
		memcpy(body + n, exts, sizeof exts);
		n += sizeof exts;
	}
	size_t h = header(p, 0x30, n);
	memcpy(p + h, body, n);
	return h + n;
}

/* The CRL with no entries, from OpenSSL: what stands around them. */
static X509_CRL *
shell(X509 *ca, EVP_PKEY *key)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_new();
	X509V3_CTX ctx;
	const EVP_MD *md = EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();

	X509V3_set_ctx(&ctx, ca, NULL, NULL, crl, 0);
	X509_EXTENSION *akid = X509V3_EXT_conf_nid(
	    NULL, &ctx, NID_authority_key_identifier, "keyid");
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	if (crl == NULL || t == NULL || number == NULL ||
	    ASN1_INTEGER_set(number, 7) != 1 ||
	    X509_CRL_set_version(crl, 1) != 1 ||
	    X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca)) != 1 ||
	    X509_time_adj_ex(t, 0, -3600, NULL) == NULL ||
	    X509_CRL_set1_lastUpdate(crl, t) != 1 ||
	    X509_time_adj_ex(t, 30, 0, NULL) == NULL ||
	    X509_CRL_set1_nextUpdate(crl, t) != 1 ||
	    (akid != NULL && X509_CRL_add_ext(crl, akid, -1) != 1) ||
	    X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0) != 1 ||
	    X509_CRL_sign(crl, key, md) <= 0)
		DIE("cannot make a CRL");
	ASN1_TIME_free(t);
	X509_EXTENSION_free(akid);
	ASN1_INTEGER_free(number);
	return crl;
}

int
main(int argc, char **argv)
{
	const char *hex = NULL;
	int reason = 0, c;
	long chosen_len = 0;
	uint8_t *chosen = NULL, *tbs = NULL, *alg = NULL, *sig, buf[1024];
	uint8_t h[8];

	while ((c = getopt(argc, argv, "rs:")) != -1) {
		if (c == 'r')
			reason = 1;
		else if (c == 's')
			hex = optarg;
		else
			DIE("usage: gencrl [-r] [-s HEX] N CA.pem CA.key OUT");
	}
	if (argc - optind != 4)
		DIE("usage: gencrl [-r] [-s HEX] N CA.pem CA.key OUT");
	uint64_t n = strtoull(argv[optind], NULL, 10);
	FILE *f = fopen(argv[optind + 1], "r");
	X509 *ca = f != NULL ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
	FILE *k = fopen(argv[optind + 2], "r");
	EVP_PKEY *key =
	    k != NULL ? PEM_read_PrivateKey(k, NULL, NULL, NULL) : NULL;
	if (ca == NULL || key == NULL)
		DIE("cannot read the CA or its key");
	fclose(f);
	fclose(k);
	if (hex != NULL &&
	    (chosen = OPENSSL_hexstr2buf(hex, &chosen_len)) == NULL)
		DIE("not hex: %s", hex);

	X509_CRL *crl = shell(ca, key);
	int tbslen = i2d_re_X509_CRL_tbs(crl, &tbs);
	const X509_ALGOR *a;
	X509_CRL_get0_signature(crl, NULL, &a);
	int alglen = i2d_X509_ALGOR(a, &alg);
	/* the extensions are the last thing in it: [0], found from the end */
	const uint8_t *p = tbs, *end = tbs + tbslen, *exts = NULL;
	long len;
	int tag, cls;
	ASN1_get_object(&p, &len, &tag, &cls, tbslen);
	const uint8_t *head = p;
	while (p < end) {
		const uint8_t *at = p;
		ASN1_get_object(&p, &len, &tag, &cls, end - p);
		if (cls == V_ASN1_CONTEXT_SPECIFIC && tag == 0)
			exts = at;
		p += len;
	}
	size_t headlen = (size_t)((exts != NULL ? exts : end) - head);
	size_t extslen = exts != NULL ? (size_t)(end - exts) : 0;

	size_t one = entry(buf, 0, NULL, 0, reason);
	size_t list = n * one;
	if (chosen != NULL)
		list += entry(buf, 0, chosen, (size_t)chosen_len, reason);
	size_t listhead = list > 0 ? header(h, 0x30, list) : 0;
	size_t content = headlen + listhead + list + extslen;
	size_t tbstotal = header(h, 0x30, content) + content;

	EVP_MD_CTX *md = EVP_MD_CTX_new();
	size_t siglen = (size_t)EVP_PKEY_get_size(key);
	sig = malloc(siglen);
	char *tmp = malloc(strlen(argv[optind + 3]) + 8);
	sprintf(tmp, "%s.tbs", argv[optind + 3]);
	struct out o = {fopen(tmp, "w+"), md};
	if (md == NULL || sig == NULL || o.f == NULL ||
	    EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key) != 1)
		DIE("cannot sign with this key or write %s", tmp);
	put(&o, h, header(h, 0x30, content));
	put(&o, head, headlen);
	if (list > 0)
		put(&o, h, header(h, 0x30, list));
	for (uint64_t i = 0; i < n; i++) {
		if (chosen != NULL && i == n / 2)
			put(&o, buf,
			    entry(buf, 0, chosen, (size_t)chosen_len, reason));
		put(&o, buf, entry(buf, i, NULL, 0, reason));
	}
	if (chosen != NULL && n == 0)
		put(&o, buf, entry(buf, 0, chosen, (size_t)chosen_len, reason));
	put(&o, exts, extslen);
	if (EVP_DigestSignFinal(md, sig, &siglen) != 1)
		DIE("cannot sign");

	/* the signature's length is known only now: the outer header goes
	 * into another file in front */
	struct out w = {fopen(argv[optind + 3], "w"), NULL};
	if (w.f == NULL)
		DIE("cannot write %s", argv[optind + 3]);
	size_t sighead = header(h, 0x03, siglen + 1);
	put(&w, h,
	    header(h, 0x30, tbstotal + (size_t)alglen + sighead + 1 + siglen));
	rewind(o.f);
	static uint8_t block[65536];
	size_t got;
	while ((got = fread(block, 1, sizeof block, o.f)) > 0)
		put(&w, block, got);
	put(&w, alg, (size_t)alglen);
	put(&w, h, header(h, 0x03, siglen + 1));
	put(&w, "", 1);
	put(&w, sig, siglen);
	if (fclose(w.f) != 0)
		DIE("cannot write %s", argv[optind + 3]);
	fclose(o.f);
	unlink(tmp);
	return 0;
}
