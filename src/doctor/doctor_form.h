/*
 * doctor: applications that answer the first prompt with the password of their form.
 * Private to doctor_pam.c, which walks the lines of a service.
 */
#ifndef CA_DOCTOR_DOCTOR_FORM_H
#define CA_DOCTOR_DOCTOR_FORM_H

#include "doctor/doctor_stack.h"
#include "doctor/doctor_view.h"

/* The auth lines of a service, until it is known which asks first.  Begin with zeros. */
struct ca_doctor_form {
	bool known;
	char at
	    [4200]; /* FILE:LINE of the module, which asks first, and for which the
			* password of a form ends the attempt; or "" */
};

/* The next auth line, which is the last one of stack.  view: of a line of the module;
 * NULL if its configuration has a mistake. */
void ca_doctor_form_line(struct ca_doctor_form *f,
    const struct ca_pam_line *line, const struct ca_stack *stack,
    const struct ca_doctor_view *view);

/* After the last one: record what is wrong, if the service is one with a form. */
void ca_doctor_form_end(
    struct ca_doctor *d, const struct ca_doctor_form *f, const char *service);

#endif
