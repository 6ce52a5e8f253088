/*
 * doctor: the services of PAM at a desk: greeters, screen lockers, and the page of
 * cockpit.
 */
#include "doctor/doctor_pam.h"
#include "doctor/doctor_view.h"

#include <string.h>
#include <strings.h>

/* With CA_DESK_GREETER, also NAME-ANYTHING is that greeter: gdm-password. */
static const struct ca_desk desks[] = {
    {"gdm", CA_DESK_GREETER | CA_DESK_FIELD},
    {"lightdm", CA_DESK_GREETER | CA_DESK_FIELD},
    {"sddm", CA_DESK_GREETER | CA_DESK_FIELD},
    {"greetd", CA_DESK_GREETER | CA_DESK_FIELD},
    {"lxdm", CA_DESK_GREETER | CA_DESK_FIELD},
    {"xdm", CA_DESK_GREETER | CA_DESK_FIELD},
    {"slim", CA_DESK_GREETER | CA_DESK_FIELD},
    {"wdm", CA_DESK_GREETER | CA_DESK_FIELD},
    {"kdm", CA_DESK_GREETER | CA_DESK_FIELD},
    {"ly", CA_DESK_GREETER | CA_DESK_FIELD},
    {"lemurs", CA_DESK_GREETER | CA_DESK_FIELD},
    {"swaylock", CA_DESK_USER | CA_DESK_FIELD},
    {"i3lock", CA_DESK_USER | CA_DESK_FIELD},
    {"xscreensaver", CA_DESK_USER | CA_DESK_FIELD},
    {"xsecurelock", CA_DESK_USER | CA_DESK_FIELD},
    {"xlock", CA_DESK_USER | CA_DESK_FIELD},
    {"kde", CA_DESK_USER | CA_DESK_FIELD},
    {"kde-smartcard", CA_DESK_USER | CA_DESK_FIELD},
    {"kscreenlocker", CA_DESK_USER | CA_DESK_FIELD},
    {"slock", CA_DESK_USER | CA_DESK_FIELD},
    {"hyprlock", CA_DESK_USER | CA_DESK_FIELD},
    {"gtklock", CA_DESK_USER | CA_DESK_FIELD},
    {"waylock", CA_DESK_USER | CA_DESK_FIELD},
    {"light-locker", CA_DESK_USER | CA_DESK_FIELD},
    {"screen-locker", CA_DESK_USER | CA_DESK_FIELD}, /* of etc/pam.d */
    {"xfce4-screensaver", CA_DESK_USER | CA_DESK_FIELD},
    {"mate-screensaver", CA_DESK_USER | CA_DESK_FIELD},
    {"cinnamon-screensaver", CA_DESK_USER | CA_DESK_FIELD},
    /* on a terminal, where a request can be copied */
    {"vlock", CA_DESK_USER},
    {"physlock", CA_DESK_USER},
    /* its page shows each prompt whole, but answers the first one itself */
    {"cockpit", CA_DESK_FIRST},
};

const struct ca_desk *
ca_doctor_desk(const char *service)
{
	for (size_t i = 0; i < sizeof desks / sizeof *desks; i++) {
		size_t n = strlen(desks[i].service);

		if (strncmp(service, desks[i].service, n) == 0 &&
		    (service[n] == '\0' ||
			((desks[i].kind & CA_DESK_GREETER) != 0 &&
			    service[n] == '-')))
			return &desks[i];
	}
	return NULL;
}

/* Is the line in the file of that service, and not in one that others include? */
static bool
is_own(const char *service, const struct ca_pam_line *line)
{
	const char *slash = strrchr(line->file, '/');

	return strcmp(slash != NULL ? slash + 1 : line->file, service) == 0;
}

static bool
says_proof(const struct ca_pam_line *line)
{
	for (int i = 0; i < line->argc; i++)
		if (strncmp(line->argv[i], "proof=", 6) == 0)
			return true;
	return false;
}

/* The argument of a line outdoes the section, and that of a shared line is for its
 * other services, too. */
static void
advise(struct ca_doctor *d, const struct ca_doctor_view *v, const char *service,
    const struct ca_pam_line *line)
{
	if (!says_proof(line))
		ca_doctor_mend(d, "set proof = command in section [%s] of %s",
		    service, v->file);
	else if (is_own(service, line))
		ca_doctor_mend(d, "write proof=command in the line %s:%u",
		    line->file, line->number);
	else
		ca_doctor_mend(d,
		    "remove the argument proof= from the line %s:%u, set proof "
		    "in the sections of its services in %s, and there proof = "
		    "command in section [%s]",
		    line->file, line->number, v->file, service);
}

void
ca_doctor_desk_line(
    struct ca_doctor *d, const char *service, const struct ca_pam_line *line)
{
	const struct ca_desk *desk = ca_doctor_desk(service);
	const struct ca_doctor_view *v = ca_doctor_view_of(d, service, line);
	bool alone;

	if (desk == NULL || v == NULL || (desk->kind & CA_DESK_FIELD) == 0)
		return;
	alone = v->cfg->proof[0] == CA_PROOF_CONVERSATION;
	if (!alone && v->cfg->proof[1] != CA_PROOF_CONVERSATION)
		return;
	ca_doctor_find(d, CA_F_DESK_CONVERSATION, CA_LEVEL_WARNING,
	    alone
		? "%s:%u: the %s %s shows one field, and proof is conversation"
		: "%s:%u: the %s %s shows one field, and proof has "
		  "conversation after command",
	    line->file, line->number,
	    (desk->kind & CA_DESK_GREETER) != 0 ? "greeter" : "screen locker",
	    service);
	advise(d, v, service, line);
}
