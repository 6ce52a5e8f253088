/*
 * Why no certificate was found on a token: each cause as it is, with the next
 * command, and what there is.
 */
#include "key/p11conf.h"
#include "base/tr.h"
#include "key/p11scan.h"
#include "key/pcsc.h"

/* The label that the URI names, if no token has it. */
static void
put_label(const struct ca_p11 *p11, struct ca_buf *out)
{
	const CK_TOKEN_INFO *t;
	size_t labels = 0;

	if (p11->uri == NULL)
		return;
	t = p11_kit_uri_get_token_info(p11->uri);
	for (size_t i = 0; i < p11->nmodules; i++)
		labels += p11->module[i].labels;
	if (t->label[0] == '\0' || labels > 0)
		return;
	ca_buf_str(out, P_("no token has the label \""));
	ca_buf_printable(
	    out, t->label, p11_kit_space_strlen(t->label, sizeof t->label));
	ca_buf_str(out, P_("\" of the URI"));
}

static void
put_closed(
    size_t nclosed, const struct ca_p11_token *closed, struct ca_buf *out)
{
	if (nclosed < 2)
		return;
	ca_p11_next(out);
	ca_buf_str(
	    out, P_("several tokens show no certificate without a PIN, so "
		    "name one in the URI (pkcs11:token=LABEL): "));
	for (size_t i = 0; i < nclosed && i < CA_P11_CLOSED_MAX; i++)
		ca_buf_fmt(out, "%s\"%s\"", i > 0 ? ", " : "", closed[i].name);
}

void
ca_p11_why(const struct ca_p11 *p11, size_t nclosed,
    const struct ca_p11_token *closed, struct ca_buf *out)
{
	struct ca_buf what = CA_BUF_INIT((size_t)1 << 20),
		      pcsc = CA_BUF_INIT(8192);
	size_t cards = 0;

	for (size_t i = 0; i < p11->nmodules; i++) {
		const char *found = ca_buf_text(&p11->module[i].found);

		if (!p11->module[i].wanted)
			continue;
		cards += p11->module[i].cards;
		ca_buf_fmt(&what, "%s%s: %s", what.len > 0 ? "; " : "",
		    p11->module[i].name, found != NULL ? found : "?");
	}
	put_label(p11, out);
	put_closed(nclosed, closed, out);
	ca_pcsc_why(cards > 0, &pcsc);
	if (pcsc.len > 0 && ca_buf_text(&pcsc) != NULL) {
		ca_p11_next(out);
		ca_buf_str(out, ca_buf_text(&pcsc));
	}
	ca_p11_unloaded(p11, out);
	ca_p11_next(out);
	ca_buf_str(out, P_("modules and tokens: "));
	ca_buf_str(out, ca_buf_text(&what) != NULL ? ca_buf_text(&what) : "?");
	ca_buf_free(&what);
	ca_buf_free(&pcsc);
}
