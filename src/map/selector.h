/*
 * Selectors: what a line of the users file compares.
 */
#ifndef CA_MAP_SELECTOR_H
#define CA_MAP_SELECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order of the table in selector.c.  The index stores these numbers. */
enum ca_selector {
	CA_SEL_SHA256,
	CA_SEL_KEY,
	CA_SEL_ISSUER_SERIAL,
	CA_SEL_SKI,
	CA_SEL_SID,
	CA_SEL_SUBJECT,
	CA_SEL_ISSUER_SUBJECT,
	CA_SEL_EMAIL,
	CA_SEL_UPN,
	CA_SEL_CN,
	CA_SEL_UID,
	CA_SEL_DNS,
	CA_SEL_URI,
	CA_SEL_KRB,
	CA_SEL_MATCH,
	CA_SELECTORS
};

/* The name, such as "email"; strong: the value alone identifies one certificate
 * or key. */
const char *ca_selector_name(enum ca_selector sel);
bool ca_selector_strong(enum ca_selector sel);

/* Return true if the value is text. */
bool ca_selector_is_text(enum ca_selector sel);

/*
 * Normalise a value of a certificate or a line, so that equal values are the same
 * bytes: put the domain of an e-mail address and a whole UPN into lower case.
 * Other values are kept.
 */
void ca_selector_normalise(enum ca_selector sel, uint8_t *p, size_t len);

/* The form of a selector's value in a line. */
enum ca_selector_form {
	CA_FORM_HEX,
	CA_FORM_NAME,
	CA_FORM_NAME_SERIAL,
	CA_FORM_NAME_NAME,
	CA_FORM_TEXT,
	CA_FORM_SID,
	CA_FORM_RAW
};

struct ca_selector_info {
	const char *name;
	bool strong, pattern;
	enum ca_selector_form form;
	unsigned bytes; /* of CA_FORM_HEX; 0: 1 to 64 */
};

/* By enum ca_selector. */
extern const struct ca_selector_info ca_selectors[CA_SELECTORS];

#endif
