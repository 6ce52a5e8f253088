#include "base/reason.h"

static const struct {
	const char *code, *text;
} reasons[] = {
#define CA_REASON_ROW(e, code, text) [e] = {code, text},
    CA_REASONS(CA_REASON_ROW)
#undef CA_REASON_ROW
};

static enum ca_reason
known(enum ca_reason reason)
{
	return (unsigned)reason < CA_REASON_COUNT ? reason : CA_R_INTERNAL;
}

const char *
ca_reason_code(enum ca_reason reason)
{
	return reasons[known(reason)].code;
}

const char *
ca_reason_text(enum ca_reason reason)
{
	return reasons[known(reason)].text;
}
