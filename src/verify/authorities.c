/*
 * The names of the CAs that a request offers to the client.
 */
#include "verify/cadir.h"
#include "verify/verify.h"

/*
 * A client without intermediates knows only the name of its own issuer, so the
 * request names our intermediates too (RFC 8446 section 4.2.4: root and
 * subordinate CAs).  If they do not fit, it names the anchors only.
 */
static enum ca_err
add_subordinate(struct ca_crypto *crypto, const struct ca_config *cfg,
    const struct ca_log *log, size_t max, struct ca_buf *out)
{
	struct ca_cadir *dir = NULL;
	size_t anchors = out->len;
	enum ca_err rc = ca_cadir_open(
	    crypto, cfg->intermediates_dir, "intermediates_dir", log, &dir);

	if (rc == CA_OK)
		rc = ca_cadir_subjects(dir, max, out);
	ca_cadir_free(dir);
	if (rc != CA_OK)
		out->len = anchors;
	/* path building reports a directory that cannot be read */
	return rc == CA_ERR_MEMORY ? rc : CA_OK;
}

enum ca_err
ca_verify_authorities(struct ca_crypto *crypto, const struct ca_config *cfg,
    const struct ca_log *log, size_t max, struct ca_buf *out)
{
	struct ca_cadir *dir = NULL;
	enum ca_err rc =
	    ca_cadir_open(crypto, cfg->ca_dir, "ca_dir", log, &dir);

	if (rc == CA_OK)
		rc = ca_cadir_subjects(dir, max, out);
	ca_cadir_free(dir);
	if (rc == CA_OK && cfg->intermediates_dir != NULL)
		rc = add_subordinate(crypto, cfg, log, max, out);
	if (rc != CA_OK)
		ca_buf_reset(out);
	return rc;
}
