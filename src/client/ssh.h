/*
 * certauth ssh, and the environment by which it informs its askpass.
 */
#ifndef CA_CLIENT_SSH_H
#define CA_CLIENT_SSH_H

#include "tool/cli.h"

/*
 * Set by `certauth ssh' for `certauth askpass', in the user's own environment:
 *   HOSTS    the names of the target and of each jump host, the target first:
 *            NAME,NAME;NAME,...
 *   USER     the login on each of them: LOGIN;LOGIN..., with `;' and `%' in
 *            hex
 *   PROXY    1: there is a ProxyCommand, which may run another ssh
 *   PREFIX   1: this ssh puts `(user@host) ' before each prompt
 *   ASKPASS  the program that SSH_ASKPASS named before
 *   FIRST    1: prefer it to the terminal (SSH_ASKPASS_REQUIRE was set)
 *   CERT, KEY, P12, REGISTERED   options of `certauth ssh'
 *   STATE    see client/sshrun.h
 */
#define CA_ENV_HOSTS "CERTAUTH_SSH_HOSTS"
#define CA_ENV_USER "CERTAUTH_SSH_USER"
#define CA_ENV_PROXY "CERTAUTH_SSH_PROXY"
#define CA_ENV_PREFIX "CERTAUTH_SSH_PREFIX"
#define CA_ENV_ASKPASS "CERTAUTH_ASKPASS"
#define CA_ENV_FIRST "CERTAUTH_ASKPASS_FIRST"
#define CA_ENV_CERT "CERTAUTH_CERT"
#define CA_ENV_KEY "CERTAUTH_KEY"
#define CA_ENV_P12 "CERTAUTH_P12"
#define CA_ENV_REGISTERED "CERTAUTH_REGISTERED"

/* The name under which certauth is its own askpass program. */
#define CA_ASKPASS_NAME "certauth-askpass"

/* The name under which it is `certauth ssh' without options of its own: the
 * arguments are ssh's.  For programs that start an ssh by one word. */
#define CA_SSH_NAME "certauth-ssh"

int ca_ssh_by_name(char *const *argv); /* returns the exit status */

extern const struct ca_command ca_cmd_ssh;

#endif
