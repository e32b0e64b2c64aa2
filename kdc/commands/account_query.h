#pragma once
// Get-ADUser, Get-ADComputer, Get-ADServiceAccount.
#include "kdc/commands/named_account.h"

namespace stead::kdc {

// Prints the default properties and those of -Properties.
void get_account(CommandContext& context, const FoundAccount& found);

}  // namespace stead::kdc
