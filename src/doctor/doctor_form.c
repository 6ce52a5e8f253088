#include "doctor/doctor_form.h"
#include "doctor/doctor_pam.h"

#include <string.h>

/* The conversation is one of the ways. */
static bool
converses(const struct ca_config *cfg)
{
	return cfg->proof[0] == CA_PROOF_CONVERSATION ||
	       cfg->proof[1] == CA_PROOF_CONVERSATION;
}

/* Does a module in front ask, and so get the password?  One that is not known here may
 * ask: then nothing is said. */
static bool
asks(const struct ca_stack_line *line)
{
	/* of cockpit's own file, and conditions, which doctor_stack.c knows with some
	 * controls only */
	static const char *const silent[] = {"pam_cockpit_cert.so",
	    "pam_sepermit.so", "pam_succeed_if.so", "pam_localuser.so",
	    "pam_access.so", "pam_listfile.so", "pam_shells.so"};

	for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
		if (strcmp(line->module, silent[i]) == 0)
			return false;
	return !line->substack && (line->result == CA_STACK_PASSWORD ||
				      line->result == CA_STACK_OTHER);
}

void
ca_doctor_form_line(struct ca_doctor_form *f, const struct ca_pam_line *line,
    const struct ca_stack *stack, const struct ca_doctor_view *view)
{
	const struct ca_stack_line *last = &stack->v[stack->n - 1];

	if (f->known)
		return;
	if (!ca_pamfile_is_ours(line)) {
		f->known = asks(last);
		return;
	}
	/* NULL: what the line does is not known, and the mistake is reported */
	f->known = view == NULL || view->cfg->proof[0] == CA_PROOF_PASSWORD ||
		   converses(view->cfg);
	if (view != NULL && converses(view->cfg) &&
	    view->cfg->first_answer == CA_FIRST_USE)
		(void)snprintf(f->at, sizeof f->at, "%s", last->where);
}

void
ca_doctor_form_end(
    struct ca_doctor *d, const struct ca_doctor_form *f, const char *service)
{
	const struct ca_desk *desk = ca_doctor_desk(service);

	if (desk == NULL || (desk->kind & CA_DESK_FIRST) == 0 ||
	    f->at[0] == '\0')
		return;
	ca_doctor_find(d, CA_F_PAM_FORM, CA_LEVEL_WARNING,
	    "%s: %s answers the first prompt with the password of its login "
	    "page, and first_answer = ignore is not set",
	    f->at, service);
	ca_doctor_mend(d,
	    "add first_answer=ignore to the line %s; or add proof=password, "
	    "for signed passwords; or, if the certificate is the second "
	    "factor, put `auth requisite pam_unix.so' before that line",
	    f->at);
}
