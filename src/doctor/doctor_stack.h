/*
 * doctor: what the auth stack of a PAM service lets in.
 *
 * The stack is evaluated as libpam does it (pam.conf(5)), once for each outcome
 * of its modules: with a good certificate or none, with the right password or
 * none, and with modules that are not known here, which succeed or fail.
 */
#ifndef CA_DOCTOR_DOCTOR_STACK_H
#define CA_DOCTOR_DOCTOR_STACK_H

#include <stdbool.h>
#include <stddef.h>

#include "doctor/doctor.h"
#include "tool/pamfile.h"

struct ca_stack_line;

struct ca_stack {
	struct ca_stack_line *v;
	size_t n;
};

/* Append an auth line, or the line of a substack, in the order of the walk. */
void ca_stack_add(struct ca_stack *s, const struct ca_pam_line *line);
void ca_stack_clear(struct ca_stack *s);

/* Record what is wrong with the place of the module's line in the stack. */
void ca_doctor_stack(struct ca_doctor *d, const struct ca_stack *s);

#endif
