/*
 * What a response answers, and the names of revocation's reasons.
 */
#include "ocsp/ocspint.h"

#include <stdio.h>

void
ca_ocsp_answer_clear(struct ca_ocsp_answer *answer)
{
	X509_free(answer->responder);
	answer->responder = NULL;
}

void
ca_ocsp_no(struct ca_ocsp_answer *out, enum ca_reason reason, const char *why)
{
	out->status = CA_OCSP_NO_ANSWER;
	out->reason = reason;
	(void)snprintf(out->why, sizeof out->why, "%s", why);
}

const char *
ca_ocsp_reason_text(int reason)
{
	static const char *const text[] = {"unspecified", "keyCompromise",
	    "cACompromise", "affiliationChanged", "superseded",
	    "cessationOfOperation", "certificateHold", "7", "removeFromCRL",
	    "privilegeWithdrawn", "aACompromise"};

	if (reason < 0 || (size_t)reason >= sizeof text / sizeof *text)
		return "no reason given";
	return text[reason];
}
