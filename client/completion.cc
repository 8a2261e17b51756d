#include "client/completion.h"

#include <fmt/format.h>

namespace peculiar::client {
namespace {

struct Flag {
  std::vector<std::string> names;  // "-o", "--output"; empty for a positional
  std::string description;
  bool takes_value = true;
  bool is_file = false;
  bool is_model = false;
  std::vector<std::string> choices;  // empty = any value
};

struct Command {
  std::string name;
  std::string description;
  std::vector<Flag> flags;
  Flag positional;
};

// CLI11 keeps the choices of IsMember in the name of the type: "FORMAT:{table,json}".
std::vector<std::string> ChoicesOf(const std::string& type_name) {
  std::vector<std::string> choices;
  const std::size_t begin = type_name.find('{'), end = type_name.find('}');
  if (begin == std::string::npos || end == std::string::npos) return choices;
  return CLI::detail::split(type_name.substr(begin + 1, end - begin - 1), ',');
}

Flag ToFlag(const CLI::Option& option) {
  Flag flag{.description = option.get_description(),
            .takes_value = option.get_items_expected_max() > 0,
            .is_file = option.get_type_name() == "FILE",
            .is_model = option.get_type_name() == "MODEL",
            .choices = ChoicesOf(option.get_type_name())};
  for (const std::string& name : option.get_snames()) flag.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) flag.names.push_back("--" + name);
  return flag;
}

Command ToCommand(const CLI::App& app) {
  Command command{.name = app.get_name(), .description = app.get_description()};
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) {
      command.positional = ToFlag(*option);
    } else {
      command.flags.push_back(ToFlag(*option));
    }
  }
  return command;
}

// The program itself first, under the name "", then its subcommands with the program's flags too.
std::vector<Command> CommandsOf(const CLI::App& app) {
  std::vector<Command> commands{ToCommand(app)};
  commands[0].name.clear();
  for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; })) {
    commands[0].positional.choices.push_back(each->get_name());
    commands.push_back(ToCommand(*each));
  }
  for (std::size_t i = 1; i < commands.size(); ++i) {
    for (const Flag& flag : commands[0].flags) {
      const bool is_there =
          std::any_of(commands[i].flags.begin(), commands[i].flags.end(),
                      [&flag](const Flag& other) { return other.names == flag.names; });
      if (!is_there) commands[i].flags.push_back(flag);
    }
  }
  return commands;
}

std::string Joined(const std::vector<std::string>& words, std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

// In single quotes, with a backslash before `special` characters and `quote` for a quote.
std::string Quoted(const std::string& text, std::string_view special, std::string_view quote) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c != '\'' && special.find(c) != std::string_view::npos) quoted += '\\';
    c == '\'' ? quoted += quote : quoted += c;
  }
  return quoted + "'";
}

constexpr const char* kBashHead =
    R"(# bash completion of peculiar: source <(peculiar completion bash)
_peculiar_words() {
  local words=$2
  [[ $current == -* ]] && words=$1
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
_peculiar_files() {
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$current"))
}
# The models of the server that would be asked, if it answers within a second. Only what looks like a
# name is taken: compgen expands its words.
_peculiar_models() {
  local server= name rest names=
  [[ $COMP_LINE =~ --server[=\ ]+([^\ ]+) ]] && server=${BASH_REMATCH[1]}
  while IFS=, read -r name rest; do
    [[ $name =~ ^[A-Za-z0-9._-]+$ && $name != model ]] && names+=" $name"
  done < <("${COMP_WORDS[0]}" ${server:+--server "$server"} --timeout 1 models -o csv 2>/dev/null)
  _peculiar_words '' "$names"
}
_peculiar() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= i
  COMPREPLY=()
  # bash makes --flag=value three words.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
)";

std::string BashScript(const std::vector<Command>& commands) {
  std::string text = kBashHead;
  text +=
      fmt::format("    case ${{COMP_WORDS[i]}} in {}) command=${{COMP_WORDS[i]}}; break ;; esac\n",
                  Joined(commands[0].positional.choices, "|"));
  text += "  done\n  case $command in\n";
  for (const Command& command : commands) {
    text += fmt::format("  '{}')\n    case $previous in\n", command.name);
    std::vector<std::string> names;
    for (const Flag& flag : command.flags) {
      names.insert(names.end(), flag.names.begin(), flag.names.end());
      if (!flag.takes_value) continue;
      std::string action;
      if (flag.is_file) action = "_peculiar_files; ";
      if (flag.is_model) action = "_peculiar_models; ";
      if (!flag.choices.empty()) {
        const std::string choices = Joined(flag.choices, " ");
        action = fmt::format("_peculiar_words '' '{}'; ", choices);
      }
      text += fmt::format("    {}) {}return ;;\n", Joined(flag.names, "|"), action);
    }
    text += fmt::format("    esac\n    _peculiar_words '{}' '{}' ;;\n", Joined(names, " "),
                        Joined(command.positional.choices, " "));
  }
  return text + "  esac\n}\ncomplete -F _peculiar peculiar\n";
}

// "':ID:_files'" and the like: what may stand for a value.
std::string ZshAction(const Flag& flag) {
  if (!flag.choices.empty()) return fmt::format("({})", Joined(flag.choices, " "));
  return flag.is_file ? "_files" : " ";
}

std::string ZshFlags(const Command& command) {
  std::string text;
  for (const Flag& flag : command.flags) {
    for (const std::string& name : flag.names) {
      std::string spec = fmt::format("({}){}", Joined(flag.names, " "), name);
      if (flag.takes_value && name.starts_with("--")) spec += '=';
      // In its brackets a description has none of its own, nor a colon.
      std::string description = flag.description;
      for (char& c : description) {
        if (c == '[') c = '(';
        if (c == ']') c = ')';
        if (c == ':') c = ';';
      }
      spec += fmt::format("[{}]", description);
      if (flag.takes_value) spec += ":value:" + ZshAction(flag);
      text += "        " + Quoted(spec, "", "'\\''") + " \\\n";
    }
  }
  return text;
}

std::string ZshScript(const std::vector<Command>& commands) {
  std::string text =
      "#compdef peculiar\n"
      "# zsh completion of peculiar: a file _peculiar in $fpath, or source <(peculiar completion "
      "zsh)\n"
      "_peculiar() {\n  local state\n  local -a commands=(\n";
  for (std::size_t i = 1; i < commands.size(); ++i) {
    text += "    " + Quoted(commands[i].name + ":" + commands[i].description, "", "'\\''") + "\n";
  }
  text += "  )\n  _arguments -C \\\n" + ZshFlags(commands[0]) +
          "        '1: :->command' '*:: :->arguments'\n"
          "  case $state in\n    command) _describe command commands ;;\n    arguments)\n"
          "      case $words[1] in\n";
  for (std::size_t i = 1; i < commands.size(); ++i) {
    text += fmt::format("      {})\n        _arguments \\\n{}        '*: :{}' ;;\n",
                        commands[i].name, ZshFlags(commands[i]), ZshAction(commands[i].positional));
  }
  return text +
         "      esac ;;\n  esac\n}\n"
         "if [[ $funcstack[1] == _peculiar ]]; then _peculiar \"$@\"; else compdef _peculiar "
         "peculiar; fi\n";
}

std::string FishScript(const std::vector<Command>& commands) {
  const auto quoted = [](const std::string& text) { return Quoted(text, "\\", "\\'"); };
  std::string text =
      "# fish completion of peculiar: peculiar completion fish | source\n"
      "complete -c peculiar -f\n";
  for (const Command& command : commands) {
    std::string condition = "__fish_use_subcommand";
    if (!command.name.empty()) {
      condition = quoted("__fish_seen_subcommand_from " + command.name);
      text += fmt::format("complete -c peculiar -n __fish_use_subcommand -a {} -d {}\n",
                          command.name, quoted(command.description));
      if (!command.positional.choices.empty()) {
        text += fmt::format("complete -c peculiar -n {} -a {}\n", condition,
                            quoted(Joined(command.positional.choices, " ")));
      }
    }
    for (const Flag& flag : command.flags) {
      text += "complete -c peculiar -n " + condition;
      for (const std::string& name : flag.names) {
        const bool is_long = name.starts_with("--");
        text += fmt::format(" -{} {}", is_long ? "l" : "s", name.substr(is_long ? 2 : 1));
      }
      if (flag.takes_value) text += flag.is_file ? " -r -F" : " -x";
      if (!flag.choices.empty()) text += " -a " + quoted(Joined(flag.choices, " "));
      text += " -d " + quoted(flag.description) + "\n";
    }
  }
  return text;
}

}  // namespace

std::string CompletionScript(const CLI::App& app, Shell shell) {
  const std::vector<Command> commands = CommandsOf(app);
  if (shell == Shell::kBash) return BashScript(commands);
  return shell == Shell::kZsh ? ZshScript(commands) : FishScript(commands);
}

void AddCompletionCommand(CLI::App& app, ChosenCommand& chosen) {
  auto shell = std::make_shared<std::string>();
  CLI::App& command =
      *app.add_subcommand("completion", "A script that completes this command line in a shell");
  command.footer(
      "bash: source <(peculiar completion bash)\n"
      "zsh:  source <(peculiar completion zsh)\n"
      "fish: peculiar completion fish | source");
  command.add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->type_name("SHELL");
  command.callback([&app, &chosen, shell] {
    chosen.run = [&app, shell](const Settings&) -> std::vector<absl::Status> {
      const Shell asked = *shell == "bash"  ? Shell::kBash
                          : *shell == "zsh" ? Shell::kZsh
                                            : Shell::kFish;
      const absl::Status status = WriteStandardOutput(CompletionScript(app, asked));
      return status.ok() ? std::vector<absl::Status>() : std::vector{status};
    };
  });
}

}  // namespace peculiar::client
