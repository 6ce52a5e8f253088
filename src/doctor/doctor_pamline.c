/*
 * doctor: one line of PAM's configuration.
 */
#include "doctor/doctor_pam.h"
#include "doctor/doctor_stack.h"

#include <elf.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- the module's file ---- */

/* Class and machine of an ELF file; false: it is not one. */
static bool
read_elf(const char *path, unsigned char ident[EI_NIDENT], uint16_t *machine)
{
	Elf64_Ehdr h; /* up to e_machine, the same in both classes */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool ok = fd >= 0 && pread(fd, &h, sizeof h, 0) == sizeof h &&
		  memcmp(h.e_ident, ELFMAG, SELFMAG) == 0;

	if (fd >= 0)
		(void)close(fd);
	if (!ok)
		return false;
	memcpy(ident, h.e_ident, EI_NIDENT);
	*machine = h.e_machine;
	return true;
}

/* Why this machine cannot load the file, or NULL.  certauth itself is for the
 * same architecture as the programs that load the module. */
static const char *
not_loadable(const char *path)
{
	unsigned char ident[EI_NIDENT], own[EI_NIDENT];
	uint16_t machine, own_machine;

	if (access(path, F_OK) != 0)
		return "does not exist";
	if (access(path, R_OK) != 0)
		return "cannot be read";
	if (!read_elf(path, ident, &machine))
		return "is not a shared object";
	if (read_elf("/proc/self/exe", own, &own_machine) &&
	    (own_machine != machine || own[EI_CLASS] != ident[EI_CLASS]))
		return "was built for another architecture";
	return NULL;
}

/* The same for a module without a path, in libpam's directories. */
static const char *
not_found(const char *module)
{
	static const char *const where[] = {"/lib/*/security/",
	    "/usr/lib/*/security/", "/lib64/security/", "/usr/lib64/security/",
	    "/lib/security/", "/usr/lib/security/"};
	const char *why = "does not exist";

	for (size_t i = 0; why != NULL && i < sizeof where / sizeof *where;
	     i++) {
		char pattern[512];
		glob_t g;

		(void)snprintf(
		    pattern, sizeof pattern, "%s%s", where[i], module);
		if (glob(pattern, 0, NULL, &g) != 0)
			continue;
		for (size_t k = 0; why != NULL && k < g.gl_pathc; k++)
			why = not_loadable(g.gl_pathv[k]);
		globfree(&g);
	}
	return why;
}

static void
check_module(struct ca_doctor *d, const struct ca_pam_line *line)
{
	bool path = line->module[0] == '/';
	const char *why =
	    path ? not_loadable(line->module) : not_found(line->module);

	if (path)
		ca_doctor_path(d, line->module);
	if (why == NULL)
		return;
	ca_doctor_find(d, CA_F_PAM_MODULE, CA_LEVEL_ERROR,
	    "%s:%u names %s, which %s", line->file, line->number, line->module,
	    why);
	ca_doctor_mend(d,
	    "install pam_certauth for this architecture, and name the module "
	    "in the line: " OURS " without a path is the module of libpam's "
	    "own directory");
}

/* ---- the control ---- */

static bool
has_word(const char *control)
{
	static const char *const words[] = {"required", "requisite",
	    "sufficient", "optional", "include", "substack"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasecmp(control, words[i]) == 0)
			return true;
	return control[0] == '[' && control[strlen(control) - 1] == ']' &&
	       strchr(control, '=') != NULL;
}

static void
check_control(struct ca_doctor *d, const struct ca_pam_line *line, bool audit)
{
	char good[16], bad[16];
	const char *what = NULL;

	ca_stack_action(line->control, CA_STACK_SUCCESS, good);
	ca_stack_action(line->control, CA_STACK_FAILURE, bad);
	if (!has_word(line->control))
		what = "is not a control that libpam knows";
	else if (strcasecmp(line->control, "optional") == 0 && !audit)
		what = "neither grants nor refuses if the stack has other "
		       "modules";
	else if (line->control[0] == '[' &&
		 (strcasecmp(bad, "ok") == 0 || strcasecmp(bad, "done") == 0))
		what = "treats a refusal as a success";
	else if (line->control[0] == '[' && strcasecmp(good, "ignore") == 0)
		what = "ignores a success";
	if (what == NULL)
		return;
	ca_doctor_find(d, CA_F_PAM_CONTROL, CA_LEVEL_ERROR,
	    "%s:%u: the control %s %s", line->file, line->number, line->control,
	    what);
	ca_doctor_mend(d, "use required, sufficient or [success=done "
			  "ignore=ignore default=die]; see CONTROL FLAGS in "
			  "pam_certauth(8)");
}

/* ---- the line ---- */

static void
check_include(struct ca_doctor *d, const struct ca_pam_line *line)
{
	if (ca_pamfile_is_there(d->pam_dir, line))
		return;
	ca_doctor_find(d, CA_F_PAM_INCLUDE, CA_LEVEL_ERROR,
	    "%s:%u includes %s, which does not exist", line->file, line->number,
	    line->module);
	ca_doctor_mend(d, "correct the name in line %u of %s, or restore %s",
	    line->number, line->file, line->module);
}

void
ca_doctor_pam_line(
    struct ca_doctor *d, const struct ca_pam_line *line, bool audit)
{
	if (ca_pamfile_includes(line)) {
		check_include(d, line);
		return;
	}
	if (!ca_pamfile_is_ours(line))
		return;
	check_module(d, line);
	if (strcasecmp(line->type, "auth") == 0) {
		check_control(d, line, audit);
	} else if (strcasecmp(line->type, "password") == 0) {
		ca_doctor_find(d, CA_F_PAM_PASSWORD, CA_LEVEL_ERROR,
		    "%s:%u: " OURS " is in a password stack", line->file,
		    line->number);
		ca_doctor_mend(
		    d, "remove line %u of %s", line->number, line->file);
	}
}
