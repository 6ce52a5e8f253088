#include "map/selector.h"
#include "map/ascii.h"

const struct ca_selector_info ca_selectors[CA_SELECTORS] = {
    [CA_SEL_SHA256] = {"sha256", true, false, CA_FORM_HEX, 32},
    [CA_SEL_KEY] = {"key", true, false, CA_FORM_HEX, 32},
    [CA_SEL_ISSUER_SERIAL] = {"issuer-serial", true, false, CA_FORM_NAME_SERIAL,
	0},
    [CA_SEL_SKI] = {"ski", true, false, CA_FORM_HEX, 0},
    [CA_SEL_SID] = {"sid", true, false, CA_FORM_SID, 0},
    [CA_SEL_SUBJECT] = {"subject", false, false, CA_FORM_NAME, 0},
    [CA_SEL_ISSUER_SUBJECT] = {"issuer-subject", false, false,
	CA_FORM_NAME_NAME, 0},
    [CA_SEL_EMAIL] = {"email", false, true, CA_FORM_TEXT, 0},
    [CA_SEL_UPN] = {"upn", false, true, CA_FORM_TEXT, 0},
    [CA_SEL_CN] = {"cn", false, true, CA_FORM_TEXT, 0},
    [CA_SEL_UID] = {"uid", false, true, CA_FORM_TEXT, 0},
    [CA_SEL_DNS] = {"dns", false, true, CA_FORM_TEXT, 0},
    [CA_SEL_URI] = {"uri", false, true, CA_FORM_TEXT, 0},
    [CA_SEL_KRB] = {"krb", false, true, CA_FORM_TEXT, 0},
    [CA_SEL_MATCH] = {"match", false, false, CA_FORM_RAW, 0},
};

const char *
ca_selector_name(enum ca_selector sel)
{
	return (unsigned)sel < CA_SELECTORS ? ca_selectors[sel].name : "?";
}

bool
ca_selector_strong(enum ca_selector sel)
{
	return (unsigned)sel < CA_SELECTORS && ca_selectors[sel].strong;
}

bool
ca_selector_is_text(enum ca_selector sel)
{
	return (unsigned)sel < CA_SELECTORS &&
	       ca_selectors[sel].form == CA_FORM_TEXT;
}

void
ca_selector_normalise(enum ca_selector sel, uint8_t *p, size_t len)
{
	size_t at;

	if (sel == CA_SEL_UPN)
		ca_ascii_lower(p, len);
	if (sel != CA_SEL_EMAIL)
		return;
	for (at = len; at > 0 && p[at - 1] != '@'; at--)
		;
	if (at > 0)
		ca_ascii_lower(p + at, len - at);
}
