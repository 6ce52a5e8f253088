#include "doctor/doctor_stack.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LEVELS 33 /* substacks, as in tool/pamfile.c */

/* ---- lines ---- */

struct known {
	const char *name;
	enum ca_stack_result result;
	bool if_required; /* a condition; with another control it can be an
			   * authentication of its own, so it is CA_STACK_OTHER */
};

static const struct known modules[] = {
    {"pam_certauth.so", CA_STACK_CERTIFICATE, false},
    {"pam_permit.so", CA_STACK_SUCCESS, false},
    {"pam_deny.so", CA_STACK_FAILURE, false},
    {"pam_rootok.so", CA_STACK_FAILURE, false}, /* the user is not root */
    {"pam_unix.so", CA_STACK_PASSWORD, false},
    {"pam_sss.so", CA_STACK_PASSWORD, false},
    {"pam_ldap.so", CA_STACK_PASSWORD, false},
    {"pam_krb5.so", CA_STACK_PASSWORD, false},
    {"pam_winbind.so", CA_STACK_PASSWORD, false},
    {"pam_systemd_home.so", CA_STACK_PASSWORD, false},
    {"pam_env.so", CA_STACK_IGNORED, false},
    {"pam_faildelay.so", CA_STACK_IGNORED, false},
    {"pam_faillock.so", CA_STACK_SUCCESS,
	false}, /* the user is not locked out */
    {"pam_tally2.so", CA_STACK_IGNORED, false},
    {"pam_cap.so", CA_STACK_SUCCESS, false},
    {"pam_group.so", CA_STACK_IGNORED, false},
    {"pam_nologin.so", CA_STACK_IGNORED, false},
    {"pam_warn.so", CA_STACK_IGNORED, false},
    {"pam_echo.so", CA_STACK_IGNORED, false},
    {"pam_keyinit.so", CA_STACK_IGNORED, false},
    {"pam_mount.so", CA_STACK_IGNORED, false},
    {"pam_selinux.so", CA_STACK_IGNORED, false},
    {"pam_gnome_keyring.so", CA_STACK_IGNORED, false},
    {"pam_kwallet5.so", CA_STACK_IGNORED, false},
    {"pam_ecryptfs.so", CA_STACK_IGNORED, false},
    {"pam_access.so", CA_STACK_SUCCESS, true},
    {"pam_time.so", CA_STACK_SUCCESS, true},
    {"pam_listfile.so", CA_STACK_SUCCESS, true},
    {"pam_securetty.so", CA_STACK_SUCCESS, true},
    {"pam_shells.so", CA_STACK_SUCCESS, true},
    {"pam_succeed_if.so", CA_STACK_SUCCESS, true},
    {"pam_wheel.so", CA_STACK_SUCCESS, true},
};

static enum ca_stack_result
result_of(const struct ca_pam_line *line)
{
	const char *name = ca_pamfile_module(line);
	bool required = strcasecmp(line->control, "required") == 0 ||
			strcasecmp(line->control, "requisite") == 0;

	if (strcmp(name, "pam_faillock.so") == 0)
		for (int i = 0; i < line->argc; i++)
			if (strcmp(line->argv[i], "authfail") == 0)
				return CA_STACK_FAILURE;
	for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
		if (strcmp(name, modules[i].name) == 0)
			return modules[i].if_required && !required
				   ? CA_STACK_OTHER
				   : modules[i].result;
	return CA_STACK_OTHER;
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

void
ca_stack_action(const char *control, enum ca_stack_result result, char out[16])
{
	static const char *const values[] = {[CA_STACK_SUCCESS] = "success",
	    [CA_STACK_FAILURE] = "auth_err",
	    [CA_STACK_IGNORED] = "ignore",
	    [CA_STACK_UNAVAILABLE] = "authinfo_unavail"};
	const bool failed =
	    result == CA_STACK_FAILURE || result == CA_STACK_UNAVAILABLE;
	const char *word = "ignore";

	if (control[0] == '[') {
		bracketed(control, values[result], out);
		return;
	}
	if (strcasecmp(control, "required") == 0)
		word = result == CA_STACK_SUCCESS ? "ok"
		       : failed                   ? "bad"
						  : "ignore";
	else if (strcasecmp(control, "requisite") == 0)
		word = result == CA_STACK_SUCCESS ? "ok"
		       : failed                   ? "die"
						  : "ignore";
	else if (strcasecmp(control, "sufficient") == 0)
		word = result == CA_STACK_SUCCESS ? "done" : "ignore";
	else if (strcasecmp(control, "optional") == 0)
		word = result == CA_STACK_SUCCESS ? "ok" : "ignore";
	else
		word = "bad"; /* libpam refuses the line */
	(void)snprintf(out, 16, "%s", word);
}

static enum ca_stack_result
in_world(const struct ca_stack_line *line, const struct ca_stack_world *w)
{
	switch (line->result) {
	case CA_STACK_CERTIFICATE:
		return w->certificate   ? CA_STACK_SUCCESS
		       : w->unavailable ? CA_STACK_UNAVAILABLE
					: CA_STACK_FAILURE;
	case CA_STACK_PASSWORD:
		return w->password ? CA_STACK_SUCCESS : CA_STACK_FAILURE;
	case CA_STACK_OTHER:
		return w->other ? CA_STACK_SUCCESS : CA_STACK_FAILURE;
	default:
		return line->result;
	}
}

/* Pass over count modules after line i; a substack is one.  Returns the next line.
 * *over: there are not so many, which libpam refuses. */
static size_t
jump(const struct ca_stack *s, size_t i, unsigned long count, bool *over)
{
	unsigned level = s->v[i++].level;

	for (; count > 0 && i < s->n && s->v[i].level >= level; count--)
		for (i++; i < s->n && s->v[i].level > level;)
			i++;
	*over = count > 0;
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
	bool success; /* of a positive impression */
	size_t decided;
};

/* Apply a module's result to the state; returns the next line. */
static size_t
apply(const struct ca_stack *s, size_t i, enum ca_stack_result result,
    struct state saved[LEVELS], struct state *now)
{
	char act[16];

	ca_stack_action(s->v[i].control, result, act);
	if (act[0] >= '0' && act[0] <= '9') {
		bool over;
		size_t next = jump(s, i, strtoul(act, NULL, 10), &over);

		if (over)
			*now = (struct state){NEGATIVE, false, i};
		return next;
	}
	if (strcasecmp(act, "ok") == 0 || strcasecmp(act, "done") == 0) {
		bool fresh = now->impression == UNDECIDED;

		/* a failure that counts as ok becomes the result */
		if (result != CA_STACK_IGNORED &&
		    (fresh || (now->impression == POSITIVE && now->success &&
				  result != CA_STACK_SUCCESS)))
			*now = (struct state){
			    POSITIVE, result == CA_STACK_SUCCESS, i};
		if (strcasecmp(act, "done") == 0 && now->impression == POSITIVE)
			return leave(s, i);
	} else if (strcasecmp(act, "reset") == 0) {
		*now = saved[s->v[i].level];
	} else if (strcasecmp(act, "ignore") != 0) { /* bad, die */
		if (now->impression != NEGATIVE)
			*now = (struct state){NEGATIVE, false, i};
		if (strcasecmp(act, "die") == 0)
			return leave(s, i);
	}
	return i + 1;
}

struct ca_stack_outcome
ca_stack_evaluate(const struct ca_stack *s, const struct ca_stack_world *w)
{
	struct state saved[LEVELS] = {{UNDECIDED, false, s->n}};
	struct state now = {UNDECIDED, false, s->n};
	struct ca_stack_outcome out = {false, false, s->n};

	for (size_t i = 0; i < s->n;) {
		const struct ca_stack_line *line = &s->v[i];

		if (line->substack) {
			saved[line->level + 1] = now;
			i++;
			continue;
		}
		out.reached =
		    out.reached || line->result == CA_STACK_CERTIFICATE;
		i = apply(s, i, in_world(line, w), saved, &now);
	}
	out.granted = now.impression == POSITIVE && now.success;
	out.decided = now.decided;
	return out;
}
