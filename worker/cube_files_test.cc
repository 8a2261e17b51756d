#include "worker/cube_files.h"

#include <gtest/gtest.h>

#include "tests/support/test_folder.h"

namespace peculiar::worker {
namespace {

TEST(CubeFilesTest, FindsEveryLayoutInTheDocumentedOrder) {
  const auto folder = TestFolder();
  const std::string name = "manga-8626-12704-LOGCUBE.fits";
  // From the last place to the first: each one found takes over.
  const std::filesystem::path places[] = {folder / "8626-12704" / name,
                                          folder / "8626-12704" / (name + ".gz"),
                                          folder / "8626" / name,
                                          folder / "8626" / (name + ".gz"),
                                          folder / "8626" / "stack" / name,
                                          folder / "8626" / "stack" / (name + ".gz"),
                                          folder / name,
                                          folder / (name + ".gz")};
  EXPECT_EQ(FindCubeFile(folder, "8626-12704"), std::nullopt);
  for (const auto& place : places) {
    std::filesystem::create_directories(place.parent_path());
    ASSERT_TRUE(WriteTestFile(place, "x"));
    EXPECT_EQ(FindCubeFile(folder, "8626-12704"), place);
  }
  EXPECT_EQ(FindCubeFile(folder, "8626-12703"), std::nullopt);
}

}  // namespace
}  // namespace peculiar::worker
