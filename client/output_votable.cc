// VOTable 1.4 (IVOA, 2019), rows as TABLEDATA; an empty cell is null. Passes stilts votlint.

#include <algorithm>
#include <span>

#include "client/output.h"
#include "client/text.h"

namespace peculiar::client {
namespace {

// For text and attribute values. XML 1.0 has no control characters but these three.
std::string Escaped(const std::string& given) {
  std::string escaped;
  for (const char c : ToUtf8(given)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\t':
      case '\n':
      case '\r':
        escaped += fmt::format("&#{};", static_cast<int>(c));
        break;
      default:
        escaped += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return escaped;
}

std::string Attribute(std::string_view name, const std::string& value) {
  return value.empty() ? "" : fmt::format(" {}=\"{}\"", name, Escaped(value));
}

// A unit of the table format as VOUnits 1.0 have it. erg and Angstrom are deprecated there, and
// draw a warning from astropy for every column. "%" is in the standard, but astropy does not read
// it: such columns have none, and say so in their description.
std::string VoUnit(const std::string& unit) {
  if (unit == "flux") return "10**-19 W.m**-2.nm**-1";
  return unit == "%" || unit == "sigma" ? "" : unit;
}

std::string Description(const Column& column) {
  std::string text = column.description;
  const auto add = [&text](std::string_view more) {
    text += (text.empty() ? "" : ", ") + std::string(more);
  };
  if (column.unit == "flux") add("unit 1e-17 erg/s/cm^2/Angstrom per spaxel");
  if (column.unit == "sigma") add("in units of the noise");
  if (column.unit == "%") add("percent, 0 to 100");
  if (column.type == CellType::kTexts) add("several separated by ;");
  return text;
}

bool IsAscii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

// datatype and arraysize. VOTable's char is ASCII.
std::string TypeAttributes(const Table& table, std::size_t c) {
  const auto every = [&](auto holds) {
    return std::all_of(table.rows.begin(), table.rows.end(),
                       [&](const auto& row) { return holds(row[c]); });
  };
  switch (table.columns[c].type) {
    case CellType::kInteger:
      return R"( datatype="long")";
    case CellType::kReal:
      return R"( datatype="double")";
    case CellType::kVector: {
      const std::size_t size = table.rows.empty() ? 0 : table.rows[0][c].size();
      const bool is_fixed = size > 0 && every([size](const auto& v) { return v.size() == size; });
      return fmt::format(R"( datatype="double" arraysize="{}")",
                         is_fixed ? fmt::to_string(size) : "*");
    }
    default:
      const bool is_ascii = every([](const auto& cell) { return IsAscii(CellText(cell)); });
      return fmt::format(R"( datatype="{}" arraysize="*")", is_ascii ? "char" : "unicodeChar");
  }
}

std::string Field(const Table& table, std::size_t c) {
  const Column& column = table.columns[c];
  std::string text = "   <FIELD" + Attribute("name", column.name) + TypeAttributes(table, c) +
                     Attribute("unit", VoUnit(column.unit)) + Attribute("ucd", column.ucd);
  if (column.ucd.starts_with("pos.eq.")) text += R"( ref="icrs")";
  const std::string description = Description(column);
  if (description.empty()) return text + "/>\n";
  return text + fmt::format("><DESCRIPTION>{}</DESCRIPTION></FIELD>\n", Escaped(description));
}

// Numbers of a vector are separated by blanks.
std::string ArrayText(const OrderedJson& numbers) {
  std::string text;
  for (const OrderedJson& number : numbers) {
    text += (text.empty() ? "" : " ") + (number.is_null() ? "NaN" : CellText(number));
  }
  return text;
}

bool IsVector(const OrderedJson& cell) {
  return cell.is_array() && !cell.empty() && !cell.front().is_string();
}

std::string Param(const std::string& name, const OrderedJson& value) {
  std::string type = IsAscii(CellText(value)) ? R"(datatype="char" arraysize="*")"
                                              : R"(datatype="unicodeChar" arraysize="*")";
  if (value.is_number_integer()) type = R"(datatype="long")";
  if (value.is_number_float()) type = R"(datatype="double")";
  if (IsVector(value)) type = fmt::format(R"(datatype="double" arraysize="{}")", value.size());
  return fmt::format("   <PARAM{} {} value=\"{}\"/>\n", Attribute("name", name), type,
                     Escaped(IsVector(value) ? ArrayText(value) : CellText(value)));
}

}  // namespace

std::string VotableHead(const Listing& listing) {
  const Table& table = listing.table;
  std::string text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<VOTABLE version=\"1.4\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">\n"
      " <RESOURCE type=\"results\">\n"
      "  <INFO name=\"QUERY_STATUS\" value=\"OK\"/>\n";
  for (const auto& [name, value] : listing.origin.items()) {
    text += fmt::format("  <INFO{} value=\"{}\"/>\n", Attribute("name", name),
                        Escaped(CellText(value)));
  }
  const bool has_position =
      std::any_of(table.columns.begin(), table.columns.end(),
                  [](const Column& column) { return column.ucd.starts_with("pos.eq."); });
  if (has_position) text += "  <COOSYS ID=\"icrs\" system=\"ICRS\"/>\n";
  text += fmt::format("  <TABLE{}>\n", Attribute("name", listing.name));
  for (const OrderedJson* part : {&listing.provenance, &listing.totals}) {
    for (const auto& [name, value] : part->items()) text += Param(name, value);
  }
  for (std::size_t c = 0; c < table.columns.size(); ++c) text += Field(table, c);
  return text + "   <DATA>\n    <TABLEDATA>\n";
}

std::string VotableRows(const Listing& listing) {
  std::string text;
  for (const auto& row : listing.table.rows) {
    text += "     <TR>";
    for (const OrderedJson& cell : row) {
      text += "<TD>" + Escaped(IsVector(cell) ? ArrayText(cell) : CellText(cell)) + "</TD>";
    }
    text += "</TR>\n";
  }
  return text;
}

std::string VotableTail() {
  return "    </TABLEDATA>\n   </DATA>\n  </TABLE>\n </RESOURCE>\n</VOTABLE>\n";
}

}  // namespace peculiar::client
