#pragma once
// Facts about the front end's account: its keytab and other files, signing on, and tickets as ourselves.
#include <string>

#include "proxy/doctor/gather/tools.h"

namespace stead::doctor {

// The keytab, and the modes of the files with secrets. Blocking; before everything else.
void read_account_files(Tools& tools, AccountFacts& out);

// Signs on as the principal; if that fails, by another name of the keytab. Null: no TGT.
Awaitable<CredentialPtr> sign_on(ToolsPtr tools, AccountFacts& out);

// A ticket to a service for ourselves. Null: `out` says why.
Awaitable<CredentialPtr> get_ticket(ToolsPtr tools, CredentialPtr tgt, std::string spn, ServiceFacts& out);

// Asks for a ticket to a service as ourselves; if it is ours, checks whether the keytab opens it.
Awaitable<ServiceFacts> ask_service(ToolsPtr tools, CredentialPtr tgt, std::string spn);

// Asks the KDC of `out.realm` itself for the SPN (without a realm).
Awaitable<void> ask_elsewhere(ToolsPtr tools, CredentialPtr tgt, std::string spn, ServiceFacts::Elsewhere& out);

}  // namespace stead::doctor
