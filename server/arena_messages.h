// Request and response of a unary call on one arena: gRPC parses the request into it, the handler
// builds the response in it, and all of it is given back at once. A page of 50 galaxies is some 500
// small objects, which otherwise cost as much as the rest of the call. Arenas are used again, each
// with a first block that holds a usual answer. Safe for concurrent use; must outlive the server.
#pragma once

#include <google/protobuf/arena.h>
#include <grpcpp/support/message_allocator.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace peculiar::server {

template <typename Request, typename Response>
class ArenaMessages final : public grpc::MessageAllocator<Request, Response> {
 public:
  // Idle arenas are kept up to this many: the calls that a machine works on at once.
  static constexpr std::size_t kMaxIdle = 64;

  // block_bytes: of a usual request and its response. What is larger takes more blocks, which are
  // freed after the call.
  explicit ArenaMessages(std::size_t block_bytes) : block_bytes_(block_bytes) {
    idle_.reserve(kMaxIdle);
  }

  grpc::MessageHolder<Request, Response>* AllocateMessages() override {
    std::unique_ptr<Holder> holder;
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        holder = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    if (holder == nullptr) holder = std::make_unique<Holder>(*this);
    holder->CreateMessages();
    return holder.release();  // until its Release
  }

 private:
  class Holder final : public grpc::MessageHolder<Request, Response> {
   public:
    explicit Holder(ArenaMessages& owner)
        : owner_(owner),
          block_(std::make_unique_for_overwrite<char[]>(owner.block_bytes_)),
          arena_(block_.get(), owner.block_bytes_) {}

    void CreateMessages() {
      arena_.Reset();  // its own block serves the thread that did this last
      this->set_request(google::protobuf::Arena::CreateMessage<Request>(&arena_));
      this->set_response(google::protobuf::Arena::CreateMessage<Response>(&arena_));
    }

    void Release() override {
      arena_.Reset();
      owner_.TakeBack(std::unique_ptr<Holder>(this));
    }

   private:
    ArenaMessages& owner_;
    const std::unique_ptr<char[]> block_;
    google::protobuf::Arena arena_;  // after its block
  };

  void TakeBack(std::unique_ptr<Holder> holder) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kMaxIdle) idle_.push_back(std::move(holder));
  }

  const std::size_t block_bytes_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Holder>> idle_;
};

}  // namespace peculiar::server
