/*
 * doctor: what the auth stack of a PAM service lets in.
 *
 * doctor_stack.c evaluates the stack as libpam does (pam.conf(5)); doctor_order.c
 * does so for each outcome of its modules, and says what is wrong.
 */
#ifndef CA_DOCTOR_DOCTOR_STACK_H
#define CA_DOCTOR_DOCTOR_STACK_H

#include <stdbool.h>
#include <stddef.h>

#include "doctor/doctor.h"
#include "tool/pamfile.h"

/* The result of a module: the first four, or what the world decides. */
enum ca_stack_result {
	CA_STACK_SUCCESS,
	CA_STACK_FAILURE,
	CA_STACK_IGNORED,
	CA_STACK_UNAVAILABLE, /* the module: the password is none of ours */
	CA_STACK_CERTIFICATE,
	CA_STACK_PASSWORD,
	CA_STACK_OTHER, /* the module is not known here */
};

struct ca_stack_line {
	char *where, *module, *control; /* where: FILE:LINE */
	unsigned level;                 /* substacks around it */
	bool substack;                  /* it begins one */
	enum ca_stack_result result;
};

struct ca_stack {
	struct ca_stack_line *v;
	size_t n;
};

/* What the user has, and whether modules that are not known here succeed. */
struct ca_stack_world {
	bool certificate, password, other;
	bool unavailable; /* the module cannot say whether there is a
			   * certificate: PAM_AUTHINFO_UNAVAIL */
};

struct ca_stack_outcome {
	bool granted;
	bool reached;   /* the module was called */
	size_t decided; /* the line that made the result what it is, or n */
};

/* Append an auth line, or the line of a substack, in the order of the walk. */
void ca_stack_add(struct ca_stack *s, const struct ca_pam_line *line);
void ca_stack_clear(struct ca_stack *s);

/* The action of a control for a result, as a word or a number of lines. */
void ca_stack_action(
    const char *control, enum ca_stack_result result, char out[16]);

struct ca_stack_outcome ca_stack_evaluate(
    const struct ca_stack *s, const struct ca_stack_world *w);

/* Record what is wrong with the place of the module's line in the stack. */
void ca_doctor_stack(struct ca_doctor *d, const struct ca_stack *s);

#endif
