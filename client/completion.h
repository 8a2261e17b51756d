// peculiar completion: a script that lets bash, zsh or fish complete the command line. It is made
// from the parser itself, so that it never says what the program does not know.
#pragma once

#include "client/command.h"

namespace peculiar::client {

enum class Shell { kBash, kZsh, kFish };

// The script for all commands that `app` has now.
std::string CompletionScript(const CLI::App& app, Shell shell);

// `app` must be the whole command line when the subcommand runs.
void AddCompletionCommand(CLI::App& app, ChosenCommand& chosen);

}  // namespace peculiar::client
