#include "core/snapshot/layout.h"

#include <gtest/gtest.h>

#include <string>

namespace peculiar {
namespace {

TEST(LayoutTest, FileNamesCarryTheModel) {
  EXPECT_EQ(IndexFile("ae-small", "latent"), "index-ae-small-latent.faiss");
  EXPECT_EQ(TransformFile("ae-small", "umap"), "transform-ae-small-umap.json");
  EXPECT_EQ(NeighborsFile("ae-small", "umap"), "neighbors-ae-small-umap.bin");
  EXPECT_EQ(EmbeddingsFile("ae-small"), "embeddings-ae-small.f32");
  EXPECT_EQ(SpaxelMapsFile("ae-small"), "spaxel-maps-ae-small.f32");
}

TEST(LayoutTest, ModelNamesAreSafeInFileNames) {
  for (const char* name : {"a", "ae-small", "VAE_2", "0"}) EXPECT_TRUE(IsModelName(name)) << name;
  for (const char* name : {"", "-a", "_a", "a/b", "..", "a.b", "a b", "\xc3\xa9"}) {
    EXPECT_FALSE(IsModelName(name)) << name;
  }
  EXPECT_TRUE(IsModelName(std::string(64, 'a')));
  EXPECT_FALSE(IsModelName(std::string(65, 'a')));
}

TEST(LayoutTest, SnapshotIdsHaveOneForm) {
  EXPECT_TRUE(IsSnapshotId("20260102T030405Z-0123456789ab"));
  for (const char* id : {"", "20260102T030405Z-0123456789a", "20260102T030405Z-0123456789abc",
                         "20260102T030405Z-0123456789AB", "20260102T030405Z-0123456789ag",
                         "20260102t030405Z-0123456789ab", "20260102T030405Z/0123456789ab",
                         "../../../../../../../../etc/p", "2026010.T030405Z-0123456789ab"}) {
    EXPECT_FALSE(IsSnapshotId(id)) << id;
  }
}

}  // namespace
}  // namespace peculiar
