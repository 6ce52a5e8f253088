/*
 * Private to report.c, which stores the findings, and reportprint.c.
 */
#ifndef CA_REPORT_REPORTINT_H
#define CA_REPORT_REPORTINT_H

#include "report/report.h"

struct ca_finding {
	enum ca_verdict verdict;
	enum ca_reason reason;
	char *detail; /* unescaped; NULL: none */
};

struct ca_report {
	struct ca_finding check[CA_CHECKS];
	bool aborted;
	struct ca_finding abort;
	char *fact[CA_FACTS];
};

/* The finding that decides among the checks in only; NULL: all passed. */
const struct ca_finding *ca_report_deciding(
    const struct ca_report *r, unsigned only);
enum ca_reason ca_report_reason_among(const struct ca_report *r, unsigned only);

#endif
