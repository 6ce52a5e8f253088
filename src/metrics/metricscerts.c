/*
 * Metrics of certificates: CAs, and the host's.
 */
#include "metrics/metricscerts.h"
#include "metrics/metricstext.h"
#include "base/file.h"
#include "crypto/crypto.h"
#include "tool/cli.h"
#include "verify/certfile.h"
#include "verify/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct cert {
	X509 *x; /* borrowed */
	bool anchor;
	time_t begin, end;
	char sha256[65];
};

static bool
describe(struct ca_crypto *crypto, X509 *x, struct cert *out)
{
	struct ca_buf hex = CA_BUF_INIT(64);
	unsigned char *der = NULL;
	uint8_t hash[32];
	int len = i2d_X509(x, &der);
	bool ok = len > 0 &&
		  ca_crypto_sha256(crypto, der, (size_t)len, hash) == CA_OK &&
		  ca_crypto_seconds(X509_get0_notBefore(x), &out->begin) &&
		  ca_crypto_seconds(X509_get0_notAfter(x), &out->end);

	OPENSSL_free(der);
	out->x = x;
	if (ok) {
		ca_buf_hex(&hex, hash, sizeof hash);
		ok = ca_buf_text(&hex) != NULL;
	}
	if (ok)
		memcpy(out->sha256, ca_buf_text(&hex), sizeof out->sha256);
	ca_buf_free(&hex);
	return ok;
}

static void
put_cert(
    const char *name, const struct cert *c, time_t value, struct ca_buf *out)
{
	struct ca_buf subject = CA_BUF_INIT(65536);

	ca_name_rfc4514(X509_get_subject_name(c->x), &subject);
	const char *text = ca_buf_text(&subject);
	/* the digest tells certificates of one name apart */
	const struct ca_metrics_label labels[] = {
	    {"subject", text != NULL ? text : "?"}, {"sha256", c->sha256},
	    {"kind", c->anchor ? "anchor" : "intermediate"}, {NULL, NULL}};
	/* the host's has no kind */
	const struct ca_metrics_label host[] = {
	    labels[0], labels[1], {NULL, NULL}};

	ca_metrics_sample(out, name,
	    strncmp(name, "certauth_ca_", 12) == 0 ? labels : host,
	    (long long)value);
	ca_buf_free(&subject);
}

static int
earlier(const void *a, const void *b)
{
	const struct cert *x = a, *y = b;

	if (x->end != y->end)
		return x->end < y->end ? -1 : 1;
	return strcmp(x->sha256, y->sha256);
}

static bool
is_twice(const struct cert *v, size_t n)
{
	return n > 0 && strcmp(v[n].sha256, v[n - 1].sha256) == 0;
}

void
ca_metrics_cas_put(const struct ca_crladmin_run *run, struct ca_buf *out)
{
	int total = sk_X509_num(run->cas);
	struct cert *v = calloc((size_t)total + 1, sizeof *v);
	size_t n = 0, shown;

	for (int i = 0; v != NULL && i < total; i++) {
		v[n].anchor = i < run->nanchors;
		n += describe(run->crypto, sk_X509_value(run->cas, i), &v[n]);
	}
	if (n > 0)
		qsort(v, n, sizeof *v, earlier);
	shown = n < CA_METRICS_CERTS_MAX ? n : CA_METRICS_CERTS_MAX;
	ca_metrics_head(out, "certauth_ca_not_before_timestamp_seconds",
	    "gauge",
	    "notBefore of a CA certificate of ca_dir or intermediates_dir.");
	for (size_t i = 0; i < shown; i++)
		if (!is_twice(v, i))
			put_cert("certauth_ca_not_before_timestamp_seconds",
			    &v[i], v[i].begin, out);
	ca_metrics_head(out, "certauth_ca_not_after_timestamp_seconds", "gauge",
	    "notAfter of a CA certificate of ca_dir or intermediates_dir.");
	for (size_t i = 0; i < shown; i++)
		if (!is_twice(v, i))
			put_cert("certauth_ca_not_after_timestamp_seconds",
			    &v[i], v[i].end, out);
	ca_metrics_single(out, "certauth_cas", "gauge",
	    "CA certificates that can be read; at most 500 are shown, those that expire first.",
	    (long long)n);
	free(v);
}

bool
ca_metrics_host_put(const struct ca_crladmin_run *run, struct ca_buf *out)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	struct ca_buf file = CA_BUF_INIT(CA_CERTFILE_MAX);
	const char *path = run->cfg->host_cert;
	struct cert c = {0};
	size_t bad = 0;
	enum ca_err rc = path == NULL    ? CA_OK
			 : certs == NULL ? CA_ERR_MEMORY
					 : ca_file_read(AT_FDCWD, path,
					       CA_CERTFILE_MAX, &file);

	if (path != NULL && rc == CA_OK)
		rc = ca_certfile_parse(
		    run->crypto, file.p, file.len, certs, &bad);
	if (path != NULL && rc == CA_OK &&
	    (sk_X509_num(certs) == 0 ||
		!describe(run->crypto, sk_X509_value(certs, 0), &c)))
		rc = CA_ERR_FORMAT;
	if (rc != CA_OK)
		(void)ca_cli_fail("host_cert %s: %s", path,
		    rc == CA_ERR_IO ? strerror(errno) : ca_err_text(rc));
	if (c.x != NULL) {
		static const char begin[] =
		    "certauth_host_certificate_not_before_timestamp_seconds";
		static const char end[] =
		    "certauth_host_certificate_not_after_timestamp_seconds";

		ca_metrics_head(out, begin, "gauge", "notBefore of host_cert.");
		put_cert(begin, &c, c.begin, out);
		ca_metrics_head(out, end, "gauge", "notAfter of host_cert.");
		put_cert(end, &c, c.end, out);
	}
	ca_buf_free(&file);
	sk_X509_pop_free(certs, X509_free);
	return rc == CA_OK;
}
