#pragma once
// The cmdlets that create, change and remove accounts.
#include "kdc/commands/named_account.h"

namespace stead::kdc {

void new_account(CommandContext& context, AccountKind kind);                    // New-ADUser, New-ADComputer
void set_account(CommandContext& context, const FoundAccount& found);           // Set-ADUser, Set-ADComputer
void set_account_control(CommandContext& context, const FoundAccount& found);   // Set-ADAccountControl
void set_account_password(CommandContext& context, const FoundAccount& found);  // Set-ADAccountPassword
void remove_account(CommandContext& context, const FoundAccount& found);        // Remove-ADUser, Remove-ADComputer
void enable_account(CommandContext& context, const FoundAccount& found);        // Enable-ADAccount
void disable_account(CommandContext& context, const FoundAccount& found);       // Disable-ADAccount
void unlock_account(CommandContext& context, const FoundAccount& found);        // Unlock-ADAccount

}  // namespace stead::kdc
