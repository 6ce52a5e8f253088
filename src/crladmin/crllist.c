#include "crladmin/crllist.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "base/buf.h"
#include "crl/crldir.h"
#include "crl/index_read.h"
#include "crladmin/crlabout.h"
#include "crladmin/crljudge.h"
#include "crladmin/crlset.h"
#include "tool/cli.h"
#include "verify/verify.h"

static void
when(const ASN1_TIME *t, char out[32])
{
	struct tm tm;

	if (t == NULL || !ASN1_TIME_to_tm(t, &tm) ||
	    strftime(out, 32, "%Y-%m-%d %H:%M", &tm) == 0)
		(void)snprintf(out, 32, "%s", t == NULL ? "never" : "?");
}

static const char *
index_state(struct ca_crladmin_run *r, const char *name)
{
	struct ca_crl_index *idx = NULL;
	struct stat st;
	uint32_t n;
	enum ca_err rc;

	if (fstatat(r->dir, name, &st, 0) != 0)
		return "file removed";
	rc = ca_crl_index_open(r->crypto, r->dir, name, &st, &idx, &n);
	ca_crl_index_free(idx);
	switch (rc) {
	case CA_OK:
		return "indexed";
	case CA_ERR_NOT_FOUND:
		return "not indexed";
	case CA_ERR_STALE:
		return "index made from an older file";
	case CA_ERR_UNSUPPORTED:
		return "index of another version";
	default:
		return "index damaged";
	}
}

/* The state of the CRL.  *bad: a login cannot use it. */
static const char *
state(struct ca_crladmin_run *r, struct ca_crl *crl, bool *bad)
{
	X509_CRL *x = ca_crl_get0_x509(crl);

	*bad = true;
	if (ca_crl_trouble(crl) != CA_R_OK)
		return ca_crl_get0_trouble_text(crl);
	if (ca_crl_signer(crl, r->cas) == NULL)
		return ca_crladmin_unsigned(r, crl) + sizeof "is";
	if (X509_cmp_time(X509_CRL_get0_lastUpdate(x), NULL) > 0)
		return "not yet valid";
	if (ca_crladmin_expired(x, r->cfg, time(NULL)))
		return X509_CRL_get0_nextUpdate(x) != NULL
			   ? "expired"
			   : "expired: older than crl_no_next_update";
	*bad = false;
	return "current";
}

static bool
list_one(struct ca_crladmin_run *r, struct ca_crl *crl)
{
	X509_CRL *x = ca_crl_get0_x509(crl);
	struct ca_buf issuer = CA_BUF_INIT(65536), line = CA_BUF_INIT(200000);
	char last[32], next[32];
	const char *text;
	bool bad = true;

	ca_buf_fmt(&line, "%s: ", ca_crl_get0_name(crl));
	if (x == NULL) {
		ca_buf_str(&line, ca_crl_get0_trouble_text(crl));
	} else {
		ca_name_rfc4514(X509_CRL_get_issuer(x), &issuer);
		when(X509_CRL_get0_lastUpdate(x), last);
		when(X509_CRL_get0_nextUpdate(x), next);
		text = ca_buf_text(&issuer);
		ca_buf_fmt(&line, "%s, %s", text != NULL ? text : "?",
		    state(r, crl, &bad));
		ca_crladmin_about(x, &line);
		ca_buf_fmt(&line, ", from %s, next %s, %" PRIu64 " %s, %s",
		    last, next, ca_crl_entries(crl),
		    ca_crl_entries(crl) == 1 ? "entry" : "entries",
		    index_state(r, ca_crl_get0_name(crl)));
	}
	ca_buf_free(&issuer);
	issuer = CA_BUF_INIT(400000);
	ca_buf_printable(&issuer, line.p, line.len);
	text = ca_buf_text(&issuer);
	puts(text != NULL ? text : "out of memory");
	ca_buf_free(&issuer);
	ca_buf_free(&line);
	return !bad;
}

int
ca_crladmin_list(struct ca_crladmin_run *r)
{
	struct ca_list names = {0};
	int status = CA_EXIT_OK;
	char buf[256];
	enum ca_err rc = ca_crladmin_names(r->dir, &names);

	if (rc != CA_OK)
		return ca_crladmin_said(r->cfg->crl_dir, rc);
	for (size_t i = 0; i < names.n; i++) {
		struct ca_crls crls = {0};
		struct stat st = {0};

		(void)fstatat(r->dir, names.v[i], &st, 0);
		rc = ca_crladmin_read(r, names.v[i], &crls);
		if (rc != CA_OK && crls.n == 0) {
			printf("%s: %s\n", names.v[i],
			    ca_crldir_why(rc, &st, buf));
			status = CA_EXIT_NO;
		}
		for (size_t k = 0; k < crls.n; k++)
			if (!list_one(r, crls.v[k]))
				status = CA_EXIT_NO;
		ca_crls_clear(&crls);
	}
	ca_crladmin_names_free(&names);
	return status;
}
