/* The table of commands. */
#include "cli/commands.h"
#include "audit/audit.h"
#include "client/askpass.h"
#include "crladmin/crladmin.h"
#include "doctor/doctor.h"
#include "import/import.h"
#include "metrics/metrics.h"
#include "client/passwordcmd.h"
#include "client/sign.h"
#include "client/ssh.h"
#include "client/tokens.h"
#include "ocspadmin/ocspadmin.h"
#include "sessions/sessions.h"
#include "watch/watch.h"

#include <stddef.h>

const struct ca_command *const ca_commands[] = {
    &ca_cmd_ssh,
    &ca_cmd_askpass,
    &ca_cmd_sign,
    &ca_cmd_password,
    &ca_cmd_credential,
    &ca_cmd_tokens,
    &ca_cmd_watch,
    &ca_cmd_verify,
    &ca_cmd_explain,
    &ca_cmd_try,
    &ca_cmd_log,
    &ca_cmd_sessions,
    &ca_cmd_doctor,
    &ca_cmd_metrics,
    &ca_cmd_crl,
    &ca_cmd_ocsp,
    &ca_cmd_users,
    &ca_cmd_import,
    &ca_cmd_inspect,
    &ca_cmd_setup,
    &ca_cmd_pki,
    NULL,
};
