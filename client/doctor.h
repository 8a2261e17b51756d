// peculiar doctor: can the server be reached, is what it serves fresh, do client and server fit?
// Checks one after another, from the address to the snapshot; each says what it found.
#pragma once

#include "client/command.h"

namespace peculiar::client {

struct DoctorOptions {
  std::optional<double> max_age_days;  // an older snapshot is worth a warning; absent = any age
  std::string admin;                   // where AdminService listens; empty = its check is left out
};

// A listing with a row a check. Every failed check is a failure of the reply, with the code that
// gives the exit code: UNAVAILABLE when the server is not reached, FAILED_PRECONDITION when it does
// not serve, INVALID_ARGUMENT for an address that is none. Warnings are no failures.
Reply Examine(const Settings& settings, const DoctorOptions& options);

void AddDoctorCommand(CLI::App& app, ChosenCommand& chosen);

}  // namespace peculiar::client
