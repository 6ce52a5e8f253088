#include "sign/pick.h"
#include "base/tr.h"

#include <stdlib.h>
#include <string.h>

#include "sign/identity.h"

static void
drop(struct ca_identity *id, const char *why, const struct ca_log *log)
{
	struct ca_buf line = CA_BUF_INIT(8192);

	ca_identity_describe(id, ca_tr_part, &line);
	ca_log_warning(log, "%-s is not used, because %-s",
	    ca_buf_text(&line) != NULL ? ca_buf_text(&line) : "?", why);
	ca_buf_free(&line);
	ca_identity_free(id);
}

/*
 * Keep those that fit, in their order, and log why the others do not.  If none
 * fits, keep those that may fit; then *uncertain is true.
 */
static void
filter(struct ca_identities *ids, const struct ca_pick *p, bool *uncertain)
{
	struct ca_buf why = CA_BUF_INIT(1024);
	size_t kept = 0, fit = 0;
	bool never;

	for (size_t i = 0; i < ids->n; i++)
		fit += ca_identity_unfit(
			   ids->v[i], p->req, p->now, &why, &never) == NULL;
	for (size_t i = 0; i < ids->n; i++) {
		struct ca_identity *id = ids->v[i];
		const char *unfit =
		    ca_identity_unfit(id, p->req, p->now, &why, &never);

		if (unfit == NULL ||
		    (fit == 0 && ca_identity_uncertain(id, p->req, p->now)))
			ids->v[kept++] = id;
		else
			drop(id, unfit, p->log);
	}
	ids->n = kept;
	*uncertain = fit == 0 && kept > 0;
	ca_buf_free(&why);
}

/* Write the lines of the list anew; the caller frees them. */
static enum ca_err
put_lines(const struct ca_identities *ids, bool brief, char **line)
{
	for (size_t i = 0; i < ids->n; i++) {
		struct ca_buf b = CA_BUF_INIT(8192);

		free(line[i]);
		if (brief)
			ca_identity_brief(ids->v[i], &b);
		else
			ca_identity_describe(ids->v[i], ca_tr, &b);
		line[i] = ca_buf_take(&b, NULL);
		ca_buf_free(&b);
		if (line[i] == NULL)
			return CA_ERR_MEMORY;
	}
	return CA_OK;
}

static bool
are_equal(char *const *line, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		for (size_t k = 0; k < i; k++)
			if (strcmp(line[i], line[k]) == 0)
				return true;
	}
	return false;
}

static enum ca_err
offer(
    const struct ca_identities *ids, const struct ca_key_ui *ui, size_t *index)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	char **line = calloc(ids->n, sizeof *line);

	if (line == NULL)
		return CA_ERR_MEMORY;
	/* a list of the application has little room */
	bool brief = ui != NULL && ui->choose != NULL;
	rc = put_lines(ids, brief, line);
	if (rc == CA_OK && brief && are_equal(line, ids->n))
		rc = put_lines(ids, false, line);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	if ((rc = ca_key_choose(ui, _("More than one certificate fits:"),
		 (const char *const *)line, ids->n, index)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = *index < ids->n ? CA_OK : CA_ERR_CANCELLED;
out:
	for (size_t i = 0; i < ids->n; i++)
		free(line[i]);
	free(line);
	return ret;
}

enum ca_err
ca_identities_offer(struct ca_identities *ids, const struct ca_key_ui *ui,
    struct ca_identity **out)
{
	size_t index = 0;
	enum ca_err rc;

	if (ids->n == 0)
		return CA_ERR_NOT_FOUND;
	if (ids->n > 1 && (rc = offer(ids, ui, &index)) != CA_OK)
		return rc;
	*out = ids->v[index];
	ids->v[index] = NULL; /* transferred */
	return CA_OK;
}

/*
 * No certificate certainly fits.  Perhaps one does, through an intermediate
 * that only the host has, but no PIN is asked on that chance without a yes.
 */
static enum ca_err
ask_uncertain(const struct ca_identities *ids, const struct ca_key_ui *ui)
{
	struct ca_buf text = CA_BUF_INIT(8192);
	enum ca_err rc = CA_ERR_MEMORY;

	if (ids->n == 1) {
		ca_buf_str(&text,
		    _("The host accepts certificates of other CAs. It is not "
		      "known here whether they are above the issuer of "));
		ca_identity_describe(ids->v[0], ca_tr, &text);
		ca_buf_str(&text, ".");
	} else {
		ca_buf_fmt(&text,
		    _("The host accepts certificates of other CAs. It is not "
		      "known here whether they are above the issuers of the %zu "
		      "certificates that you have."),
		    ids->n);
	}
	/* a field has no place for it, and the question stands alone there */
	if (ca_buf_text(&text) != NULL) {
		ui->note(ui->ctx, ca_buf_text(&text));
		rc = ca_key_confirm(ui,
		    ids->n == 1
			? _("The host may not accept this certificate. Try it?")
			: _("The host may accept none of these certificates. "
			    "Try one?"));
	}
	ca_buf_free(&text);
	return rc;
}

enum ca_err
ca_identities_pick(struct ca_identities *ids, const struct ca_pick *pick,
    struct ca_identity **out)
{
	bool uncertain = false;

	filter(ids, pick, &uncertain);
	if (uncertain && ask_uncertain(ids, pick->ui) != CA_OK) {
		ca_log_err(pick->log,
		    "no certificate was issued by a CA that the host names, as "
		    "far as is known here");
		return CA_ERR_NOT_FOUND;
	}
	enum ca_err rc = ca_identities_offer(ids, pick->ui, out);
	if (rc == CA_ERR_CANCELLED)
		ca_log_warning(pick->log,
		    "no certificate was chosen, so nothing was signed");
	return rc;
}
