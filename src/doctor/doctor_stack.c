#include "doctor/doctor_stack.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LEVELS 33 /* substacks, as in tool/pamfile.c */

/* The result of a module: one of these, or a variable of struct world. */
enum result { SUCCESS, FAILURE, IGNORED, CERTIFICATE, PASSWORD, OTHER };

struct ca_stack_line {
	char *where, *module, *control; /* where: FILE:LINE */
	unsigned level;
	bool substack;
	enum result result;
};

/* What the user has, and whether modules that are not known here succeed. */
struct world {
	bool certificate, password, other;
};

struct outcome {
	bool granted;
	bool reached;   /* the module was called */
	size_t decided; /* the line that made the result what it is, or n */
};

/* ---- lines ---- */

struct known {
	const char *name;
	enum result result;
	bool if_required; /* a condition; with another control it can be an
			   * authentication of its own, so it is OTHER */
};

static const struct known modules[] = {
    {"pam_certauth.so", CERTIFICATE, false},
    {"pam_permit.so", SUCCESS, false},
    {"pam_deny.so", FAILURE, false},
    {"pam_rootok.so", FAILURE, false}, /* the user is not root */
    {"pam_unix.so", PASSWORD, false},
    {"pam_sss.so", PASSWORD, false},
    {"pam_ldap.so", PASSWORD, false},
    {"pam_krb5.so", PASSWORD, false},
    {"pam_winbind.so", PASSWORD, false},
    {"pam_systemd_home.so", PASSWORD, false},
    {"pam_env.so", IGNORED, false},
    {"pam_faildelay.so", IGNORED, false},
    {"pam_faillock.so", SUCCESS, false}, /* the user is not locked out */
    {"pam_tally2.so", IGNORED, false},
    {"pam_cap.so", SUCCESS, false},
    {"pam_group.so", IGNORED, false},
    {"pam_nologin.so", IGNORED, false},
    {"pam_warn.so", IGNORED, false},
    {"pam_echo.so", IGNORED, false},
    {"pam_keyinit.so", IGNORED, false},
    {"pam_mount.so", IGNORED, false},
    {"pam_selinux.so", IGNORED, false},
    {"pam_gnome_keyring.so", IGNORED, false},
    {"pam_kwallet5.so", IGNORED, false},
    {"pam_ecryptfs.so", IGNORED, false},
    {"pam_access.so", SUCCESS, true},
    {"pam_time.so", SUCCESS, true},
    {"pam_listfile.so", SUCCESS, true},
    {"pam_securetty.so", SUCCESS, true},
    {"pam_shells.so", SUCCESS, true},
    {"pam_succeed_if.so", SUCCESS, true},
    {"pam_wheel.so", SUCCESS, true},
};

static enum result
result_of(const struct ca_pam_line *line)
{
	const char *name = ca_pamfile_module(line);
	bool required = strcasecmp(line->control, "required") == 0 ||
			strcasecmp(line->control, "requisite") == 0;

	if (strcmp(name, "pam_faillock.so") == 0)
		for (int i = 0; i < line->argc; i++)
			if (strcmp(line->argv[i], "authfail") == 0)
				return FAILURE;
	for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
		if (strcmp(name, modules[i].name) == 0)
			return modules[i].if_required && !required
				   ? OTHER
				   : modules[i].result;
	return OTHER;
}

void
ca_stack_add(struct ca_stack *s, const struct ca_pam_line *line)
{
	struct ca_stack_line *v = realloc(s->v, (s->n + 1) * sizeof *v);

	if (v == NULL)
		abort();
	s->v = v;
	v += s->n++;
	*v = (struct ca_stack_line){.module = strdup(ca_pamfile_module(line)),
	    .control = strdup(line->control),
	    .level = line->level < LEVELS - 1 ? line->level : LEVELS - 2,
	    .substack = ca_pamfile_includes(line),
	    .result = result_of(line)};
	if (v->module == NULL || v->control == NULL ||
	    asprintf(&v->where, "%s:%u", line->file, line->number) < 0)
		abort();
}

void
ca_stack_clear(struct ca_stack *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].where);
		free(s->v[i].module);
		free(s->v[i].control);
	}
	free(s->v);
	*s = (struct ca_stack){NULL, 0};
}

/* ---- libpam ---- */

/* The action of a bracketed control for value, else its default; libpam's own
 * default is bad. */
static void
bracketed(const char *control, const char *value, char out[16])
{
	const char *other = "bad";
	size_t len = strlen(value);

	for (const char *p = control; (p = strpbrk(p, " \t[")) != NULL;) {
		p++;
		if (strncasecmp(p, value, len) == 0 && p[len] == '=') {
			other = p + len + 1;
			break;
		}
		if (strncasecmp(p, "default=", 8) == 0)
			other = p + 8;
	}
	(void)snprintf(out, 16, "%.*s", (int)strcspn(other, " \t]"), other);
}

static void
action(const char *control, enum result result, char out[16])
{
	static const char *const values[] = {[SUCCESS] = "success",
	    [FAILURE] = "auth_err",
	    [IGNORED] = "ignore"};
	const char *word = "ignore";

	if (control[0] == '[') {
		bracketed(control, values[result], out);
		return;
	}
	if (strcasecmp(control, "required") == 0)
		word = result == SUCCESS   ? "ok"
		       : result == FAILURE ? "bad"
					   : "ignore";
	else if (strcasecmp(control, "requisite") == 0)
		word = result == SUCCESS   ? "ok"
		       : result == FAILURE ? "die"
					   : "ignore";
	else if (strcasecmp(control, "sufficient") == 0)
		word = result == SUCCESS ? "done" : "ignore";
	else if (strcasecmp(control, "optional") == 0)
		word = result == SUCCESS ? "ok" : "ignore";
	else
		word = "bad"; /* libpam refuses the line */
	(void)snprintf(out, 16, "%s", word);
}

static enum result
in_world(const struct ca_stack_line *line, const struct world *w)
{
	switch (line->result) {
	case CERTIFICATE:
		return w->certificate ? SUCCESS : FAILURE;
	case PASSWORD:
		return w->password ? SUCCESS : FAILURE;
	case OTHER:
		return w->other ? SUCCESS : FAILURE;
	default:
		return line->result;
	}
}

/* The line after count modules that follow line i; a substack is one. */
static size_t
jump(const struct ca_stack *s, size_t i, unsigned long count)
{
	unsigned level = s->v[i++].level;

	for (; count > 0 && i < s->n && s->v[i].level >= level; count--)
		for (i++; i < s->n && s->v[i].level > level;)
			i++;
	return i;
}

/* The line after the substack that line i is in. */
static size_t
leave(const struct ca_stack *s, size_t i)
{
	unsigned level = s->v[i].level;

	while (i < s->n && s->v[i].level >= level)
		i++;
	return i;
}

/* The result so far: none, good or bad. */
struct state {
	enum { UNDECIDED, POSITIVE, NEGATIVE } impression;
	size_t decided;
};

/* Apply a module's result to the state; returns the next line. */
static size_t
apply(const struct ca_stack *s, size_t i, enum result result,
    struct state saved[LEVELS], struct state *now)
{
	char act[16];

	action(s->v[i].control, result, act);
	if (act[0] >= '0' && act[0] <= '9')
		return jump(s, i, strtoul(act, NULL, 10));
	if (strcasecmp(act, "ok") == 0 || strcasecmp(act, "done") == 0) {
		/* a failure that counts as ok becomes the result */
		bool fails = result == FAILURE && now->impression != NEGATIVE;
		if (fails)
			*now = (struct state){NEGATIVE, i};
		else if (result == SUCCESS && now->impression == UNDECIDED)
			*now = (struct state){POSITIVE, i};
		if (strcasecmp(act, "done") == 0 &&
		    (fails || now->impression == POSITIVE))
			return leave(s, i);
	} else if (strcasecmp(act, "reset") == 0) {
		*now = saved[s->v[i].level];
	} else if (strcasecmp(act, "ignore") != 0) { /* bad, die */
		if (now->impression != NEGATIVE)
			*now = (struct state){NEGATIVE, i};
		if (strcasecmp(act, "die") == 0)
			return leave(s, i);
	}
	return i + 1;
}

static struct outcome
evaluate(const struct ca_stack *s, const struct world *w)
{
	struct state saved[LEVELS] = {{UNDECIDED, s->n}};
	struct state now = {UNDECIDED, s->n};
	struct outcome out = {false, false, s->n};

	for (size_t i = 0; i < s->n;) {
		const struct ca_stack_line *line = &s->v[i];

		if (line->substack) {
			saved[line->level + 1] = now;
			i++;
			continue;
		}
		out.reached = out.reached || line->result == CERTIFICATE;
		i = apply(s, i, in_world(line, w), saved, &now);
	}
	out.granted = now.impression == POSITIVE;
	out.decided = now.decided;
	return out;
}

/* ---- findings ---- */

/* Every outcome, by what the user has. */
struct outcomes {
	const struct ca_stack *s;
	const struct ca_stack_line *ours; /* the first line of the module */
	struct outcome v[2][2][2];        /* certificate, password, other */
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

/* The line says that the certificate is required, and a password is enough. */
static void
not_required(struct ca_doctor *d, const struct outcomes *o)
{
	char by[4400], bad[16];

	action(o->ours->control, FAILURE, bad);
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
		if (s->v[i - 1].result == CERTIFICATE)
			o.ours = &s->v[i - 1];
	if (o.ours == NULL)
		return;
	for (int i = 0; i < 8; i++) {
		struct world w = {i & 1, i >> 1 & 1, i >> 2};

		o.v[w.certificate][w.password][w.other] = evaluate(s, &w);
	}
	if (never_reached(d, &o) || open_to_all(d, &o) || lets_nobody_in(d, &o))
		return;
	not_required(d, &o);
	without_effect(d, &o);
}
