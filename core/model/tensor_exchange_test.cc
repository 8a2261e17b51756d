#include "core/model/tensor_exchange.h"

#include <gtest/gtest.h>

#include "core/network/checkpoint.h"
#include "tests/support/test_folder.h"

namespace peculiar {
namespace {

TEST(TensorExchangeTest, ExportedParametersAreImportedBitForBit) {
  const NetworkConfig config = *MakePreset("tiny", ModelKind::kVae, 5, 8);
  const Autoencoder network(config, 3);
  TensorExport tensors;
  tensors.AddParameters(network);
  const auto path = TestFolder() / "parameters.safetensors";
  ASSERT_TRUE(WriteTensorFile(path, tensors.tensors()).ok());
  Autoencoder other(config, 99);
  ASSERT_TRUE(ImportParameters(*TensorFile::Open(path), other).ok());
  for (const auto& [name, tensor] : network.parameters()) {
    EXPECT_TRUE(at::equal(tensor, other.parameter(name))) << name;
    EXPECT_TRUE(other.parameter(name).requires_grad());
  }
}

TEST(TensorExchangeTest, AnExportDoesNotFollowTheTraining) {
  const auto parameter = torch::zeros({1});
  TensorExport tensors;
  tensors.Add("bias", parameter);
  parameter.fill_(5);
  EXPECT_EQ(*reinterpret_cast<const float*>(tensors.tensors()[0].bytes.data()), 0);
}

}  // namespace
}  // namespace peculiar
