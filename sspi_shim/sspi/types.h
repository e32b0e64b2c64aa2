#pragma once
// stead/sspi.h for our own sources. Its STATUS_ macros have the names of enumerators of NtStatus, which must be
// declared before them.
#include "sspi_shim/protocol/errors/error.h"

#include "stead/sspi.h"
