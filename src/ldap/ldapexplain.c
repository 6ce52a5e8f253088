#include "ldap/ldapexplain.h"

#include <fcntl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "base/file.h"
#include "data/pem.h"
#include "ldap/ldapreach.h"
#include "ldap/ldaptls.h"
#include "verify/name.h"

static bool
set_number(LDAP *ld, int option, int value)
{
	return ldap_set_option(ld, option, &value) == LDAP_OPT_SUCCESS;
}

/* Take the certificate that the server shows; NULL: none. */
static X509 *
shown(struct ca_crypto *crypto, const char *uri)
{
	struct ca_ldap_why unused;
	struct berval der = {0, NULL};
	X509 *cert = NULL;
	LDAP *ld;
	int fd;

	if (ca_ldap_reach(uri, &fd, &unused) != CA_OK ||
	    !ca_ldap_handle(fd, uri, &ld))
		return NULL;
	/* anybody may be the server: it must lead nowhere, nor fill the memory */
	if (ca_ldap_tls_bound(ld) &&
	    set_number(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_NEVER) &&
	    set_number(ld, LDAP_OPT_X_TLS_NEWCTX, 0) &&
	    ca_ldap_tls_start(ld, uri) == LDAP_SUCCESS &&
	    ldap_get_option(ld, LDAP_OPT_X_TLS_PEERCERT, &der) ==
		LDAP_OPT_SUCCESS &&
	    der.bv_val != NULL &&
	    ca_crypto_cert(crypto, der.bv_val, der.bv_len, &cert) != CA_OK)
		cert = NULL;
	ber_memfree(der.bv_val);
	(void)ldap_unbind_ext(ld, NULL, NULL);
	return cert;
}

/* The order has its path: a file in memory, which is nobody's own. */
static enum ca_err
read_ca(const struct ca_ldap_order *order, struct ca_buf *out)
{
	int fd = order->ca != NULL ? open(order->ca, O_RDONLY | O_CLOEXEC) : -1;
	enum ca_err rc = CA_ERR_IO;

	if (fd >= 0) {
		rc = ca_file_read_fd(fd, CA_LDAP_ORDER_MAX, out);
		(void)close(fd);
	}
	return rc;
}

/* Has a CA in the text the name of the issuer, and signed the certificate? */
static void
find_issuer(struct ca_crypto *crypto, const struct ca_buf *text, X509 *cert,
    bool *named, bool *signed_by)
{
	struct ca_reader r = ca_reader_of(text->p, text->len);
	struct ca_buf der = CA_BUF_INIT(CA_CERT_MAX);
	struct ca_pem pem;
	X509 *ca = NULL;

	while (!*signed_by && ca_pem_next(&r, &pem) == CA_OK) {
		ca_buf_reset(&der);
		if (ca_pem_decode(&pem, &der) != CA_OK ||
		    ca_crypto_cert(crypto, der.p, der.len, &ca) != CA_OK)
			continue;
		if (X509_NAME_cmp(X509_get_subject_name(ca),
			X509_get_issuer_name(cert)) == 0) {
			*named = true;
			*signed_by =
			    X509_verify(cert, X509_get0_pubkey(ca)) == 1;
		}
		X509_free(ca);
		ca = NULL;
	}
	ca_buf_free(&der);
}

static bool
explain_issuer(struct ca_crypto *crypto, const struct ca_ldap_order *order,
    X509 *cert, struct ca_ldap_why *why)
{
	struct ca_buf text = CA_BUF_INIT(CA_LDAP_ORDER_MAX + 1),
		      name = CA_BUF_INIT(4096);
	bool named = false, signed_by = false;
	const char *issuer;

	if (read_ca(order, &text) == CA_OK)
		find_issuer(crypto, &text, cert, &named, &signed_by);
	ca_name_rfc4514(X509_get_issuer_name(cert), &name);
	issuer = ca_buf_text(&name);
	if (!signed_by)
		ca_ldap_why_set(why, CA_LDAP_CAUSE_TLS_ISSUER,
		    "%s of the issuer, %.500s",
		    named ? "no certificate in it has the key"
			  : "no certificate in it has the name",
		    issuer != NULL ? issuer : "?");
	ca_buf_free(&text);
	ca_buf_free(&name);
	return !signed_by;
}

static bool
explain_time(X509 *cert, struct ca_ldap_why *why)
{
	bool early = X509_cmp_current_time(X509_get0_notBefore(cert)) > 0;
	bool late = X509_cmp_current_time(X509_get0_notAfter(cert)) < 0;

	if (early || late)
		ca_ldap_why_set(why, CA_LDAP_CAUSE_TLS_TIME, "%s",
		    early ? "its notBefore is in the future"
			  : "its notAfter is past");
	return early || late;
}

static void
list_names(X509 *cert, struct ca_buf *out)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			ca_buf_fmt(out, "%s%.*s", out->len > 0 ? ", " : "",
			    ASN1_STRING_length(name->d.dNSName),
			    (const char *)ASN1_STRING_get0_data(
				name->d.dNSName));
	}
	GENERAL_NAMES_free(names);
}

static bool
explain_name(
    const struct ca_ldap_order *order, X509 *cert, struct ca_ldap_why *why)
{
	struct ca_buf names = CA_BUF_INIT(16384);
	LDAPURLDesc *url = NULL;
	const char *text;
	bool is;

	if (ldap_url_parse(order->uri, &url) != LDAP_URL_SUCCESS)
		return false;
	is = url->lud_host != NULL &&
	     (X509_check_host(cert, url->lud_host, 0, 0, NULL) == 1 ||
		 X509_check_ip_asc(cert, url->lud_host, 0) == 1);
	if (!is) {
		list_names(cert, &names);
		text = ca_buf_text(&names);
		ca_ldap_why_set(why, CA_LDAP_CAUSE_TLS_NAME, "it has %.600s",
		    text != NULL && *text != '\0'
			? text
			: "no DNS name in subjectAltName");
	}
	ldap_free_urldesc(url);
	ca_buf_free(&names);
	return !is;
}

void
ca_ldap_explain(struct ca_crypto *crypto, const struct ca_ldap_order *order,
    struct ca_ldap_why *why)
{
	X509 *cert = shown(crypto, order->uri);

	if (cert == NULL)
		return;
	if (!explain_issuer(crypto, order, cert, why) &&
	    !explain_time(cert, why))
		(void)explain_name(order, cert, why);
	X509_free(cert);
}
