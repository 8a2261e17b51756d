// Embeds one exported line cube with a trained model, without LibTorch: what a server does with a
// cube that it has never seen. Prints a line of JSON: the embedding, the mean absolute error of the
// reconstruction, and the fastest of three times on one thread.
// usage: embed_cube MODEL_FOLDER PREFIX-flux.npy (a file of `peculiar-worker export`)
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/network/fused_embedder.h"

namespace peculiar {
namespace {

constexpr std::size_t kNpyHeader = 128;  // bytes, as the worker writes it

absl::StatusOr<std::vector<float>> ReadFlux(const std::filesystem::path& path) {
  PECULIAR_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  if (bytes.size() < kNpyHeader) return DataLoss("{}: {} bytes", path.string(), bytes.size());
  std::vector<float> flux((bytes.size() - kNpyHeader) / sizeof(float));
  std::memcpy(flux.data(), bytes.data() + kNpyHeader, flux.size() * sizeof(float));
  return flux;
}

absl::StatusOr<Json> EmbedCube(const char* model, const char* path) {
  using Clock = std::chrono::steady_clock;
  PECULIAR_ASSIGN_OR_RETURN(FusedEmbedder embedder, FusedEmbedder::Open(model, /*threads=*/1));
  PECULIAR_ASSIGN_OR_RETURN(const std::vector<float> flux, ReadFlux(path));
  std::vector<float> latent(static_cast<std::size_t>(embedder.config().latent));
  double error = 0, seconds = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 3; ++i) {
    error = 0;
    const auto add = [&](std::size_t, int slice, std::span<const float> image) {
      const float* target = flux.data() + static_cast<std::size_t>(slice) * image.size();
      for (const float value : image) error += std::abs(double{*target++} - double{value});
    };
    const Clock::time_point start = Clock::now();
    PECULIAR_RETURN_IF_ERROR(embedder.Embed(flux, latent, add));
    seconds = std::min(seconds, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return Json{{"embedding", latent},
              {"mae", error / static_cast<double>(flux.size())},
              {"seconds", seconds}};
}

}  // namespace
}  // namespace peculiar

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: embed_cube MODEL_FOLDER PREFIX-flux.npy\n");
    return 2;
  }
  const auto result = peculiar::EmbedCube(argv[1], argv[2]);
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.status().ToString().c_str());
    return 1;
  }
  std::printf("%s\n", result->dump().c_str());
  return 0;
}
