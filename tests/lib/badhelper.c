/*
 * Helpers that do not do what they should: what the module starts instead of
 * certauth(1), by the name of the program file.  Each writes its pid to
 * ~/pid first.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char *
home_file(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof path, "%s/%s", getenv("HOME"), name);
	return path;
}

static FILE *
create(const char *name)
{
	FILE *f = fopen(home_file(name), "w");

	if (f == NULL)
		_exit(99);
	return f;
}

static void
put_pid(const char *name)
{
	FILE *f = create(name);

	fprintf(f, "%d\n", (int)getpid());
	fclose(f);
}

static void
say(const char *line)
{
	(void)!write(1, line, strlen(line));
}

/* The host's lines until go, into a file. */
static void
read_opening(const char *name)
{
	FILE *f = create(name);
	static char line[70000];
	size_t n = 0;

	while (n < sizeof line - 1 && read(0, line + n, 1) == 1) {
		if (line[n++] != '\n')
			continue;
		fwrite(line, 1, n, f);
		int last = n == 3 && memcmp(line, "go\n", 3) == 0;
		n = 0;
		if (last)
			break;
	}
	fclose(f);
}

/* What it was given: everything that the module promises about it. */
static void
dump(char **argv, char **envp)
{
	FILE *f = create("dump");
	gid_t groups[512];
	char text[4096];
	struct rlimit lim;
	sigset_t set;

	for (int i = 0; argv[i] != NULL; i++)
		fprintf(f, "arg %s\n", argv[i]);
	for (int i = 0; envp[i] != NULL; i++)
		fprintf(f, "env %s\n", envp[i]);
	uid_t r, e, s;
	gid_t rg, eg, sg;
	(void)getresuid(&r, &e, &s);
	(void)getresgid(&rg, &eg, &sg);
	fprintf(f, "uid %u %u %u\ngid %u %u %u\n", r, e, s, rg, eg, sg);
	int n = getgroups(512, groups);
	for (int i = 0; i < n; i++)
		fprintf(f, "group %u\n", groups[i]);
	DIR *d = opendir("/proc/self/fd");
	for (struct dirent *x; d != NULL && (x = readdir(d)) != NULL;)
		if (atoi(x->d_name) > 2 && atoi(x->d_name) != dirfd(d) &&
		    atoi(x->d_name) != fileno(f))
			fprintf(f, "leaked %s\n", x->d_name);
	if (d != NULL)
		closedir(d);
	fprintf(f, "leader %s\n",
	    getsid(0) == getpid() && getpgrp() == getpid() ? "yes" : "no");
	fprintf(f, "umask %03o\n", umask(077));
	fprintf(f, "cwd %s\n", getcwd(text, sizeof text));
	(void)getrlimit(RLIMIT_CORE, &lim);
	fprintf(f, "core %lu\n", (unsigned long)lim.rlim_max);
	fprintf(f, "newprivs %s\n",
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? "no" : "yes");
	(void)sigprocmask(SIG_SETMASK, NULL, &set);
	for (int sig = 1; sig < 32; sig++) {
		struct sigaction sa;
		if (sigismember(&set, sig))
			fprintf(f, "blocked %d\n", sig);
		if (sigaction(sig, NULL, &sa) == 0 && sa.sa_handler != SIG_DFL)
			fprintf(f, "handled %d\n", sig);
	}
	FILE *st = fopen("/proc/self/status", "r");
	while (st != NULL && fgets(text, sizeof text, st) != NULL)
		if (strncmp(text, "Cap", 3) == 0 &&
		    strncmp(text, "CapBnd", 6) != 0)
			fputs(text, f);
	if (st != NULL)
		fclose(st);
	fclose(f);
}

/* Send the file's content, as it is, as a response. */
static void
replay(const char *name)
{
	static char text[40000];
	FILE *f = fopen(home_file(name), "r");

	if (f == NULL || fgets(text, sizeof text, f) == NULL)
		_exit(98);
	text[strcspn(text, "\n")] = '\0';
	say("response ");
	say(text);
	say("\n");
}

static void
question(void)
{
	static char line[8192];
	FILE *f = create("answer");
	size_t n = 0;

	say("info Look at the pin pad.\nerror It is broken.\n"
	    "ask PIN of the card: \n");
	while (n < sizeof line - 1 && read(0, line + n, 1) == 1 &&
	       line[n++] != '\n')
		continue;
	fwrite(line, 1, n, f);
	fclose(f);
	say("none asked\n");
}

/* Several questions, each with messages before it; then no key, with a message of its
 * own, so that the next channel is tried. */
static void
many_questions(void)
{
	char c;

	for (int i = 0; i < 3; i++) {
		if (i == 0)
			say("error Reader 1 does not answer.\n"
			    "note Two certificates fit:\nnote   1  A\n"
			    "info Look at the reader.\nnote   2  B\n"
			    "askecho Which one? \n");
		else if (i == 1)
			say("error The first error.\nerror Wrong PIN.\n"
			    "ask PIN: \n");
		else
			say("ask Again: \n");
		while (read(0, &c, 1) == 1 && c != '\n')
			continue;
	}
	say("error It is gone.\nnote certauth1 AQID\nnone no key\n");
}

/* As many notes as it may send, and longer than is kept. */
static void
many_notes(void)
{
	static char line[1 + 5 + 1000 + 1];

	memset(line, 'n', sizeof line - 2);
	memcpy(line, "note ", 5);
	line[sizeof line - 2] = '\n';
	for (int i = 0; i < 250; i++)
		say(line);
	say("ask PIN: \nnone no key\n");
}

static void
leave_child(void)
{
	if (fork() == 0) {
		put_pid("child");
		for (;;)
			pause();
	}
	while (access(home_file("child"), F_OK) != 0)
		usleep(1000);
	say("none left a child\n");
}

int
main(int argc, char **argv, char **envp)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	const char *name;

	(void)argc;
	if (n < 0)
		return 97;
	self[n] = '\0';
	name = strrchr(self, '/') + 1;
	put_pid("pid");
	if (strcmp(name, "noread") != 0)
		read_opening("opening");
	if (strcmp(name, "hang") == 0 || strcmp(name, "noread") == 0) {
		signal(SIGTERM, SIG_IGN);
		for (;;)
			pause();
	} else if (strcmp(name, "flood") == 0) {
		for (;;)
			say("info flood\n");
	} else if (strcmp(name, "noline") == 0) {
		for (;;)
			say("info flood");
	} else if (strcmp(name, "crash") == 0) {
		(void)raise(SIGSEGV);
	} else if (strcmp(name, "silent") == 0) {
		return 3;
	} else if (strcmp(name, "garbage") == 0) {
		say("hello\n");
	} else if (strcmp(name, "direction") == 0) {
		say("go\n");
	} else if (strcmp(name, "junk") == 0) {
		say("response AQID\n");
	} else if (strcmp(name, "replay") == 0) {
		replay("response");
	} else if (strcmp(name, "ask") == 0) {
		question();
	} else if (strcmp(name, "questions") == 0) {
		many_questions();
	} else if (strcmp(name, "notes") == 0) {
		many_notes();
	} else if (strcmp(name, "badnote") == 0) {
		say("note \033[2J\nask PIN: \n");
	} else if (strcmp(name, "none") == 0) {
		say("none no token\n");
	} else if (strcmp(name, "failed") == 0) {
		say("failed the PIN is locked\n");
	} else if (strcmp(name, "dump") == 0) {
		dump(argv, envp);
		say("none dumped\n");
	} else if (strcmp(name, "closeout") == 0) {
		close(1);
		for (;;)
			pause();
	} else if (strcmp(name, "child") == 0) {
		leave_child();
	}
	return 0;
}
