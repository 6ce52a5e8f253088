/*
 * The values of a certificate in the form that lines with ignorecase compare.
 */
#include "map/ascii.h"
#include "map/dn.h"
#include "map/ident.h"

/* Append value number i in lower case.  Of names, only text values are folded,
 * not the OIDs and lengths; the pairs of an RDN are sorted after folding. */
static enum ca_err
fold_value(struct ca_ident *id, size_t i)
{
	const X509_NAME *issuer = X509_get_issuer_name(id->leaf);
	const X509_NAME *subject = X509_get_subject_name(id->leaf);
	enum ca_selector sel = id->v[i].sel;
	const uint8_t *p = id->bytes.p + id->v[i].at;
	size_t len = id->v[i].len, at = id->folded.len;
	enum ca_err rc;

	if (sel == CA_SEL_SUBJECT)
		return ca_dn_from_name(subject, true, &id->folded);
	if (sel == CA_SEL_ISSUER_SUBJECT || sel == CA_SEL_ISSUER_SERIAL) {
		rc = ca_dn_from_name(issuer, true, &id->folded);
		if (rc != CA_OK)
			return rc;
	}
	if (sel == CA_SEL_ISSUER_SUBJECT) {
		ca_buf_u8(&id->folded, ';');
		return ca_dn_from_name(subject, true, &id->folded);
	}
	/* the issuer before the serial number is appended already */
	size_t done = id->folded.len - at;
	ca_buf_put(&id->folded, p + done, len - done);
	if (ca_selector_is_text(sel) && id->folded.err == CA_OK)
		ca_ascii_lower(id->folded.p + at, len);
	return ca_buf_err(&id->folded);
}

enum ca_err
ca_ident_fold(struct ca_ident *id)
{
	enum ca_err ret = CA_ERR_UNSET, rc;

	if (id->folded.len > 0)
		goto done;
	id->folds++;
	for (size_t i = 0; i < id->n; i++) {
		/* id->bytes has values between these that were left out */
		while (id->folded.err == CA_OK && id->folded.len < id->v[i].at)
			ca_buf_u8(&id->folded, 0);
		if ((rc = fold_value(id, i)) != CA_OK) {
			ret = rc;
			goto out;
		}
		/* a folded value must have the same place and length */
		if (id->folded.len != id->v[i].at + id->v[i].len) {
			ret = CA_ERR_CRYPTO;
			goto out;
		}
	}
done:
	ret = CA_OK;
out:
	if (ret != CA_OK)
		ca_buf_reset(&id->folded);
	return ret;
}
