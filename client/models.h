// peculiar models: the models that are served, a row each.
// What can be asked of each (spaces, scores) and how its training ended.
#pragma once

#include "client/command.h"

namespace peculiar::client {

// Of a snapshot; empty = the current one.
absl::StatusOr<Answer> AskModels(Connection& connection, const std::string& snapshot_id);

void AddModelsCommand(CLI::App& app, ChosenCommand& chosen);

// The figures of a model's training as a JSON object; the text as it came when it is not JSON.
OrderedJson TrainingOf(const v1::Model& model);

}  // namespace peculiar::client
