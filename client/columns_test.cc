// What every subcommand's columns promise, its cells hold: votable's types stand before the rows.

#include <gtest/gtest.h>

#include "client/anomalies.h"
#include "client/distribution.h"
#include "client/embedding.h"
#include "client/neighbors.h"
#include "client/repeats.h"
#include "tests/support/fake_query_service.h"

namespace peculiar::client {
namespace {

bool Holds(CellType type, const OrderedJson& cell) {
  if (cell.is_null()) return true;
  const auto all = [&](auto is) {
    return cell.is_array() && std::all_of(cell.begin(), cell.end(), is);
  };
  switch (type) {
    case CellType::kText:
      return cell.is_string();
    case CellType::kInteger:
      return cell.is_number_integer();
    case CellType::kReal:
      return cell.is_number();
    case CellType::kTexts:
      return all([](const OrderedJson& element) { return element.is_string(); });
    case CellType::kVector:
      return all([](const OrderedJson& element) { return !element.is_string(); });
  }
  return false;
}

void ExpectTyped(const absl::StatusOr<Reply>& reply, std::size_t rows) {
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_TRUE(reply->answer.has_value());
  const Table& table = std::get<Listing>(*reply->answer).table;
  EXPECT_EQ(table.rows.size(), rows);
  for (const auto& row : table.rows) {
    ASSERT_EQ(row.size(), table.columns.size());
    for (std::size_t c = 0; c < row.size(); ++c) {
      EXPECT_TRUE(Holds(table.columns[c].type, row[c])) << table.columns[c].name << " " << row[c];
    }
  }
}

TEST(ColumnsTest, CellsAreOfTheColumnsType) {
  const testing::FakeServer server;
  auto connection = Connection::Create({.address = server.address()});
  ASSERT_TRUE(connection.ok()) << connection.status();
  ExpectTyped(AskAnomalies(*connection, {}), 7);
  ExpectTyped(AskDistribution(*connection, {}), 2);
  ExpectTyped(AskRepeats(*connection, {}), 2);
  const std::vector<std::string> two = {"8000-12704", "8001-12704"};
  ExpectTyped(AskEmbedding(*connection, {.galaxies = {.ids = two}}), 2);
  ExpectTyped(AskNeighbors(*connection, {.galaxies = {.ids = {"8000-12704"}}}), 6);
  ExpectTyped(AskNeighbors(*connection, {.galaxies = {.ids = two}}), 12);
}

}  // namespace
}  // namespace peculiar::client
