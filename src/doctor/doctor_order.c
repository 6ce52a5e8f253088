/*
 * doctor: the place of the module in an auth stack.
 */
#include "doctor/doctor_stack.h"

#include <string.h>
#include <strings.h>

/* Every outcome, by what the user has. */
struct outcomes {
	const struct ca_stack *s;
	const struct ca_stack_line *ours;   /* the first line of the module */
	struct ca_stack_outcome v[2][2][2]; /* certificate, password, other */
};

static const char *
name(const struct outcomes *o, size_t i, char out[4400])
{
	if (i < o->s->n)
		(void)snprintf(
		    out, 4400, "%s (%s)", o->s->v[i].where, o->s->v[i].module);
	else
		(void)snprintf(out, 4400, "a line before it");
	return out;
}

static bool
never_reached(struct ca_doctor *d, const struct outcomes *o)
{
	char before[4400];

	for (int i = 0; i < 8; i++)
		if (o->v[i & 1][i >> 1 & 1][i >> 2].reached)
			return false;
	ca_doctor_find(d, CA_F_PAM_ORDER, CA_LEVEL_ERROR,
	    "%s: the module is never called: %s ends the stack before",
	    o->ours->where, name(o, o->v[1][1][1].decided, before));
	ca_doctor_mend(d, "move the line %s above that line", o->ours->where);
	return true;
}

/* Nobody has anything, and is let in. */
static bool
open_to_all(struct ca_doctor *d, const struct outcomes *o)
{
	char by[4400];

	if (!o->v[0][0][0].granted || !o->v[0][0][1].granted)
		return false;
	ca_doctor_find(d, CA_F_PAM_OPEN, CA_LEVEL_ERROR,
	    "%s grants the login after a refusal of the line %s",
	    name(o, o->v[0][0][0].decided, by), o->ours->where);
	ca_doctor_mend(d,
	    "put `auth requisite pam_deny.so' after the line %s, or make "
	    "that line required",
	    o->ours->where);
	return true;
}

static bool
lets_nobody_in(struct ca_doctor *d, const struct outcomes *o)
{
	size_t by = o->v[1][1][1].decided;
	char text[4400];

	for (int i = 0; i < 4; i++)
		if (o->v[1][i & 1][i >> 1].granted)
			return false;
	if (by < o->s->n && &o->s->v[by] != o->ours) {
		ca_doctor_find(d, CA_F_PAM_ORDER, CA_LEVEL_ERROR,
		    "%s: no certificate is let in: %s refuses every login",
		    o->ours->where, name(o, by, text));
		ca_doctor_mend(d,
		    "move the line %s above that line, or remove that line",
		    o->ours->where);
	} else {
		ca_doctor_find(d, CA_F_PAM_ORDER, CA_LEVEL_ERROR,
		    "%s: no certificate is let in: no line grants the login "
		    "after the control %s",
		    o->ours->where, o->ours->control);
		ca_doctor_mend(d,
		    "use required, sufficient or [success=done ignore=ignore "
		    "default=die] in the line %s",
		    o->ours->where);
	}
	return true;
}

static void
without_effect(struct ca_doctor *d, const struct outcomes *o)
{
	char by[4400];

	for (int i = 0; i < 4; i++)
		if (o->v[0][i & 1][i >> 1].granted !=
		    o->v[1][i & 1][i >> 1].granted)
			return;
	ca_doctor_find(d, CA_F_PAM_ORDER, CA_LEVEL_ERROR,
	    "%s: the certificate changes nothing: %s decides before it",
	    o->ours->where, name(o, o->v[1][0][0].decided, by));
	ca_doctor_mend(d,
	    "if the certificate is to replace the password, move the line %s "
	    "above that line; if both are to be required, make it required",
	    o->ours->where);
}

/* The same where the module cannot say whether there is a certificate: with proof =
 * password, that is any password which is no signed one. */
static bool
open_if_unavailable(struct ca_doctor *d, const struct outcomes *o)
{
	const struct ca_stack_world world[] = {
	    {.unavailable = true}, {.other = true, .unavailable = true}};
	const struct ca_stack_outcome first =
	    ca_stack_evaluate(o->s, &world[0]);
	char by[4400];

	if (!first.granted || !ca_stack_evaluate(o->s, &world[1]).granted)
		return false;
	ca_doctor_find(d, CA_F_PAM_OPEN, CA_LEVEL_ERROR,
	    "%s grants the login after the line %s had no answer "
	    "(authinfo_unavail)",
	    name(o, first.decided, by), o->ours->where);
	ca_doctor_mend(d,
	    "put a module that requires a password, or `auth requisite "
	    "pam_deny.so', after the line %s",
	    o->ours->where);
	return true;
}

/* The line says that the certificate is required, and a password is enough. */
static void
not_required(struct ca_doctor *d, const struct outcomes *o)
{
	char by[4400], bad[16];

	ca_stack_action(o->ours->control, CA_STACK_FAILURE, bad);
	if ((strcasecmp(bad, "bad") != 0 && strcasecmp(bad, "die") != 0) ||
	    !o->v[0][1][0].granted)
		return;
	ca_doctor_find(d, CA_F_PAM_CONTROL, CA_LEVEL_WARNING,
	    "%s: the certificate is %s, but the line %s before it is "
	    "sufficient without a certificate",
	    o->ours->where,
	    o->ours->control[0] == '[' ? "required" : o->ours->control,
	    name(o, o->v[0][1][0].decided, by));
	ca_doctor_mend(d, "if a password alone must not be enough, make the "
			  "line of the password required, or remove it");
}

/* A finding about its control says why the line decides nothing. */
static bool
has_wrong_control(const struct ca_doctor *d, const struct ca_stack_line *line)
{
	size_t n = strlen(line->where);

	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].code == CA_F_PAM_CONTROL &&
		    strncmp(d->v[i].what, line->where, n) == 0 &&
		    d->v[i].what[n] == ':')
			return true;
	return false;
}

void
ca_doctor_stack(struct ca_doctor *d, const struct ca_stack *s)
{
	struct outcomes o = {.s = s};

	for (size_t i = s->n; i > 0; i--)
		if (s->v[i - 1].result == CA_STACK_CERTIFICATE)
			o.ours = &s->v[i - 1];
	if (o.ours == NULL)
		return;
	for (int i = 0; i < 8; i++) {
		struct ca_stack_world w = {i & 1, i >> 1 & 1, i >> 2};

		o.v[w.certificate][w.password][w.other] =
		    ca_stack_evaluate(s, &w);
	}
	if (never_reached(d, &o) || open_to_all(d, &o) ||
	    open_if_unavailable(d, &o) || has_wrong_control(d, o.ours) ||
	    lets_nobody_in(d, &o))
		return;
	not_required(d, &o);
	without_effect(d, &o);
}
