// A load on a gRPC server, from connections of its own: `--outstanding N` keeps N calls in flight
// (closed loop, for the throughput at saturation), `--rate R` begins R calls a second at random
// times whatever the server does (open loop: latency counts from when a call was due, so that a
// server that stalls is not asked less). One JSON line: calls a second, latencies in microseconds
// and what failed, by status. Exit code 1 when nothing could be asked; failed calls are counted.
#include <sys/prctl.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/base/json.h"
#include "tests/bench/calls.h"
#include "tests/bench/questions.h"

namespace peculiar::bench {
namespace {

constexpr int kMostInFlight = 900;  // of an open loop; a server that takes fewer refuses the rest

struct LoadOptions {
  std::string address;
  std::string question;
  int outstanding = 0;  // > 0: closed loop
  double rate = 0;      // > 0: open loop, calls a second
  double seconds = 5;
  double warm_up_seconds = 0.5;  // before them, not counted
  std::int64_t calls = 0;        // > 0: a closed loop ends after so many counted calls
  int connections = 4;
  std::uint64_t seed = 1;
};

Clock::duration Seconds(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

class Load {
 public:
  Load(const LoadOptions& options, const Question& question)
      : options_(options),
        warm_up_(Clock::now()),
        begin_(warm_up_ + Seconds(options.warm_up_seconds)),
        end_(options.calls > 0 ? Clock::time_point::max() : begin_ + Seconds(options.seconds)),
        calls_left_(options.calls) {
    for (int i = 0; i < options.connections; ++i) {
      callers_.push_back(std::make_unique<Caller>(options.address, question, begin_, end_));
    }
  }

  Json Run() {
    const double cpu_begin = CpuSeconds();
    std::vector<std::thread> threads;
    for (const auto& caller : callers_) {
      threads.emplace_back([this, &caller] {
        if (options_.rate > 0) return caller->Receive([](int) {});
        CloseLoop(*caller);
      });
    }
    if (options_.rate > 0) OpenLoop();
    for (std::thread& thread : threads) thread.join();
    Tally all;
    for (const auto& caller : callers_) all.Add(caller->tally());
    return Report(std::move(all), CpuSeconds() - cpu_begin);
  }

 private:
  void CloseLoop(Caller& caller) {
    for (int i = 0; i < options_.outstanding; i += options_.connections) caller.Start(Clock::now());
    caller.Receive([&](int in_flight) {
      const Clock::time_point now = Clock::now();
      const bool counted = now >= begin_;
      const bool more = options_.calls > 0 ? !counted || calls_left_.fetch_sub(1) > 0 : now < end_;
      if (more) {
        caller.Start(now);
      } else if (in_flight == 0) {
        caller.Close();
      }
    });
  }

  void OpenLoop() {
    prctl(PR_SET_TIMERSLACK, 1);  // nanosecond: the default wakes up to 50 us late
    std::mt19937_64 random(options_.seed);
    std::exponential_distribution<double> gap_seconds(options_.rate);
    std::size_t next = 0;
    for (Clock::time_point due = warm_up_; due < end_; due += Seconds(gap_seconds(random))) {
      std::this_thread::sleep_until(due);
      Caller& caller = *callers_[next++ % callers_.size()];
      if (caller.in_flight() * options_.connections < kMostInFlight) {
        caller.Start(due);
      } else if (due >= begin_) {
        ++not_begun_;
      }
    }
    for (const auto& caller : callers_) caller->Close();
  }

  Json Report(Tally all, double cpu_seconds) const {
    std::vector<float>& latencies = all.latencies_us;
    std::sort(latencies.begin(), latencies.end());
    const auto quantile = [&](double share) -> Json {
      if (latencies.empty()) return nullptr;
      const auto place = static_cast<std::size_t>(share * static_cast<double>(latencies.size()));
      return latencies[std::min(place, latencies.size() - 1)];
    };
    const Clock::time_point end = options_.calls > 0 ? all.last_end : end_;
    const double seconds = std::chrono::duration<double>(end - begin_).count();
    const auto count = static_cast<double>(latencies.size());
    std::size_t begun = 0;
    for (const auto& caller : callers_) begun += caller->begun();
    Json line = {
        {"question", options_.question}, {"calls", latencies.size()}, {"calls_begun", begun}};
    if (options_.rate > 0) {
      line["rate"] = options_.rate;
      line["not_begun"] = not_begun_;
    } else {
      line["outstanding"] = options_.outstanding;
    }
    line.update(
        {{"calls_per_second", count / seconds},
         {"p50_us", quantile(0.5)},
         {"p99_us", quantile(0.99)},
         {"p999_us", quantile(0.999)},
         {"max_us", quantile(1)},
         {"failed", all.failed},
         {"reply_bytes", latencies.empty() ? 0 : static_cast<double>(all.reply_bytes) / count},
         {"client_cpu_us", 1e6 * cpu_seconds / static_cast<double>(begun)}});
    return line;
  }

  const LoadOptions& options_;
  const Clock::time_point warm_up_, begin_, end_;
  std::atomic<std::int64_t> calls_left_;
  std::int64_t not_begun_ = 0;  // an open loop that has kMostInFlight begins no more
  std::vector<std::unique_ptr<Caller>> callers_;
};

int Run(const LoadOptions& options) {
  const absl::StatusOr<Question> question = MakeQuestion(options.question, options.address);
  if (!question.ok()) {
    std::fprintf(stderr, "load_bench: %s\n", std::string(MessageOf(question.status())).c_str());
    return 1;
  }
  std::printf("%s\n", Load(options, *question).Run().dump().c_str());
  return 0;
}

}  // namespace
}  // namespace peculiar::bench

int main(int argc, char** argv) {
  CLI::App app{"A load on a gRPC server; prints a JSON line of throughput and latencies."};
  peculiar::bench::LoadOptions options;
  app.add_option("address", options.address, "HOST:PORT")->required();
  app.add_option("question", options.question, "embedding, neighbors, page, filtered_page, echo ..")
      ->required();
  CLI::Option* closed = app.add_option("--outstanding", options.outstanding, "Calls in flight")
                            ->check(CLI::Range(1, 1000));
  app.add_option("--rate", options.rate, "Calls a second, open loop")
      ->check(CLI::PositiveNumber)
      ->excludes(closed);
  app.add_option("--seconds", options.seconds, "How long")->check(CLI::PositiveNumber);
  app.add_option("--warm-up-seconds", options.warm_up_seconds, "Before that")
      ->check(CLI::PositiveNumber);
  app.add_option("--calls", options.calls, "Closed loop: so many calls, however long")
      ->needs(closed);
  app.add_option("--connections", options.connections, "Connections")->check(CLI::Range(1, 64));
  app.add_option("--seed", options.seed, "Of the times of an open loop");
  CLI11_PARSE(app, argc, argv);
  if (options.rate <= 0) {
    if (options.outstanding == 0) options.outstanding = 64;
    options.connections = std::min(options.connections, options.outstanding);
  }
  return peculiar::bench::Run(options);
}
