/* The finding about the purpose of a path. */
#include "verify/purpose.h"
#include "verify/purposetext.h"

void
ca_purpose_check(const STACK_OF(X509) *chain, const struct ca_list *purposes,
    struct ca_report *report)
{
	struct ca_buf why = CA_BUF_INIT(65536);
	const char *text;

	for (size_t i = 0; i < purposes->n && sk_X509_num(chain) > 0; i++) {
		if (!ca_purpose_holds(chain, purposes->v[i]))
			continue;
		ca_report_set(report, CA_CHECK_PURPOSE, CA_PASS, CA_R_OK, "%s",
		    purposes->v[i]);
		return;
	}
	ca_purposetext(chain, purposes, &why);
	text = ca_buf_text(&why);
	ca_report_set(report, CA_CHECK_PURPOSE, CA_FAIL, CA_R_PURPOSE, "%s",
	    text != NULL ? text : "?");
	ca_buf_free(&why);
}
