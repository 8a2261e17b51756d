#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include "server/configuration.h"

#include <toml++/toml.h>

#include <CLI/CLI.hpp>
#include <sstream>

#include "core/base/file.h"
#include "core/query/galaxy_id.h"

namespace peculiar::server {
namespace {

constexpr std::string_view kPrefix = "PECULIAR_SERVER_";
constexpr std::string_view kFileVariable = "PECULIAR_SERVER_CONFIG";
constexpr std::uint64_t kMaxFileBytes = 1 << 20;

const Setting* FindSetting(const std::vector<Setting>& settings, std::string_view name) {
  const auto found = std::find_if(settings.begin(), settings.end(),
                                  [&](const Setting& setting) { return setting.name == name; });
  return found == settings.end() ? nullptr : &*found;
}

std::string Known(const std::vector<Setting>& settings, std::string (*spelling)(std::string_view)) {
  std::string known;
  for (const Setting& setting : settings) {
    known += (known.empty() ? "" : ", ") + spelling(setting.name);
  }
  return known;
}

bool HasTypeOf(const toml::node& node, const Setting& setting) {
  if (std::holds_alternative<bool*>(setting.target)) return node.is_boolean();
  if (std::holds_alternative<int*>(setting.target)) return node.is_integer();
  if (std::holds_alternative<double*>(setting.target)) return node.is_number();
  return node.is_string();
}

std::string TextOf(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  std::ostringstream type;
  type << node.type();
  return type.str();
}

absl::Status ApplyFile(const std::filesystem::path& path, const std::vector<Setting>& settings,
                       Configuration& configuration) {
  absl::StatusOr<std::string> text = ReadFile(path, kMaxFileBytes);
  if (!text.ok()) return Annotate(text.status(), "configuration");
  const toml::parse_result parsed = toml::parse(std::string_view(*text), std::string_view());
  if (!parsed) {
    return InvalidArgument("{}:{}: {}", path.string(), parsed.error().source().begin.line,
                           parsed.error().description());
  }
  for (const auto& [key, node] : parsed.table()) {
    const std::string place = fmt::format("{}:{}", path.string(), key.source().begin.line);
    const Setting* const setting = FindSetting(settings, key.str());
    if (setting == nullptr) {
      const auto as_is = [](std::string_view name) { return std::string(name); };
      return InvalidArgument("{}: there is no key {}; there are: {}", place, Quoted(key.str()),
                             Known(settings, as_is));
    }
    const std::string where = fmt::format("{}: {}", place, setting->name);
    if (!HasTypeOf(node, *setting)) {
      std::ostringstream type;
      type << node.type();
      return InvalidArgument("{} is of type {}; expected {}", where, type.str(),
                             Expected(*setting));
    }
    PECULIAR_RETURN_IF_ERROR(Set(*setting, TextOf(node), where));
    configuration.origins[std::string(setting->name)] = Origin::kFile;
  }
  return absl::OkStatus();
}

// As the help shows it.
std::string TypeOf(const Setting& setting) {
  if (std::holds_alternative<std::filesystem::path*>(setting.target)) return "PATH";
  const bool is_number = std::holds_alternative<int*>(setting.target) ||
                         std::holds_alternative<double*>(setting.target);
  return is_number ? "NUMBER" : "TEXT";
}

// What Kubernetes sets in every container beside a service named peculiar-server.
bool IsOfKubernetes(std::string_view variable) {
  const std::string_view rest = variable.substr(kPrefix.size());
  return rest == "PORT" || rest.starts_with("PORT_") || rest == "SERVICE_HOST" ||
         rest == "SERVICE_PORT" || rest.starts_with("SERVICE_PORT_");
}

absl::Status ApplyEnvironment(const std::vector<std::string>& environment,
                              const std::vector<Setting>& settings, Configuration& configuration) {
  for (const std::string_view entry : environment) {
    const std::string_view variable = entry.substr(0, entry.find('='));
    if (!variable.starts_with(kPrefix) || variable == kFileVariable ||
        variable.size() == entry.size()) {
      continue;
    }
    const auto setting = std::find_if(settings.begin(), settings.end(), [&](const Setting& one) {
      return VariableOf(one.name) == variable;
    });
    if (setting == settings.end()) {
      if (IsOfKubernetes(variable)) continue;
      return InvalidArgument("the environment variable {} names no setting; there are: {}",
                             variable, Known(settings, VariableOf));
    }
    PECULIAR_RETURN_IF_ERROR(Set(*setting, entry.substr(variable.size() + 1), variable));
    configuration.origins[std::string(setting->name)] = Origin::kEnvironment;
  }
  return absl::OkStatus();
}

std::string_view NameOf(Origin origin) {
  switch (origin) {
    case Origin::kFile:
      return "file";
    case Origin::kEnvironment:
      return "environment";
    case Origin::kFlag:
      return "flag";
    default:
      return "default";
  }
}

// The value of a variable of the environment; empty when there is none.
std::string_view Variable(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string_view entry : environment) {
    if (entry.starts_with(name) && entry.substr(name.size()).starts_with('=')) {
      return entry.substr(name.size() + 1);
    }
  }
  return {};
}

}  // namespace

absl::StatusOr<Configuration> ReadConfiguration(const ConfigurationSources& sources) {
  Configuration configuration;
  const std::vector<Setting> settings = SettingsOf(configuration.options);
  const std::filesystem::path file =
      sources.file.empty() ? Variable(sources.environment, kFileVariable) : sources.file;
  if (!file.empty()) PECULIAR_RETURN_IF_ERROR(ApplyFile(file, settings, configuration));
  PECULIAR_RETURN_IF_ERROR(ApplyEnvironment(sources.environment, settings, configuration));
  for (const auto& [name, text] : sources.flags) {
    const Setting* const setting = FindSetting(settings, name);
    if (setting == nullptr) return Internal("there is no setting {}", name);
    PECULIAR_RETURN_IF_ERROR(Set(*setting, text, FlagOf(name)));
    configuration.origins[name] = Origin::kFlag;
  }
  return configuration;
}

std::string FormatConfiguration(const Configuration& configuration) {
  ServerOptions options = configuration.options;
  std::ostringstream out;
  for (const Setting& setting : SettingsOf(options)) {
    const auto origin = configuration.origins.find(setting.name);
    const bool is_default = origin == configuration.origins.end();
    const std::string text = TextOf(setting);
    out << fmt::format("# {} ({})\n{} = ", setting.help,
                       NameOf(is_default ? Origin::kDefault : origin->second), setting.name);
    const bool is_bare =
        std::holds_alternative<bool*>(setting.target) || TypeOf(setting) == "NUMBER";
    if (is_bare) {
      out << text << '\n';
    } else {
      out << toml::value<std::string>(text) << '\n';
    }
  }
  return out.str();
}

void AddFlags(CLI::App& app, CommandLine& line) {
  app.add_option("--config", line.file,
                 "TOML file of settings; the environment and flags override it");
  app.add_flag("--print-config", line.print, "Print the settings that would be used, as TOML");
  app.add_option("--make-token", line.make_token,
                 "Add a token of this name to the file of --tokens, print it, and end")
      ->type_name("NAME");
  app.add_option("--scopes", line.scopes, "What it is for: read, admin or read,admin")
      ->capture_default_str();
  ServerOptions defaults;
  for (const Setting& setting : SettingsOf(defaults)) {
    const std::string name(setting.name);
    const auto take = [&line, name](const std::string& text) {
      line.flags.emplace_back(name, text);
    };
    if (std::holds_alternative<bool*>(setting.target)) {
      const auto take_flag = [take](std::int64_t count) { take(count > 0 ? "true" : "false"); };
      app.add_flag_function(FlagOf(name), take_flag, std::string(setting.help));
      continue;
    }
    app.add_option_function<std::string>(FlagOf(name), take, std::string(setting.help))
        ->default_str(TextOf(setting))
        ->type_name(TypeOf(setting));
  }
}

}  // namespace peculiar::server
