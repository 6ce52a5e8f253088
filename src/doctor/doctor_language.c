/*
 * doctor: the language of what a user reads.
 */
#include "doctor/doctor.h"

#include "base/tr.h"
#include "doctor/doctor_view.h"

void
ca_doctor_language(struct ca_doctor *d)
{
	const char *name = d->cfg->language;
	bool installed, translated;

	if (name == NULL)
		return;
	installed = ca_tr_use(name, false);
	translated = installed && ca_tr_known();
	(void)ca_tr_use("C", false);
	if (translated)
		return;
	const char *origin = ca_doctor_origin(d, "language");
	ca_doctor_find(d, CA_F_LANGUAGE, CA_LEVEL_WARNING,
	    installed
		? "there are no texts in the language of the locale %s of %s"
		: "the locale %s of %s is not installed",
	    name, origin);
	ca_doctor_drop_where(d);
	if (installed)
		ca_doctor_mend(d,
		    "set language in %s to a locale of a language that has a file "
		    "LANGUAGE/LC_MESSAGES/certauth.mo in " CA_LOCALEDIR,
		    origin);
	else
		ca_doctor_mend(d,
		    "set language in %s to one of those that `locale -a' lists, or "
		    "install it (Debian: dpkg-reconfigure locales; Fedora: dnf "
		    "install glibc-langpack-LANGUAGE)",
		    origin);
}
