#pragma once
// stead/sspi.h for our own sources. Its STATUS_ macros have the names of NtStatus' enumerators, which therefore must be
// declared first.
#include "sspi_shim/protocol/errors/error.h"

#include "stead/sspi.h"
