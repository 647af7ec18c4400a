// Makes the bytes of a profile as a tracked process would leave them, for tests of what reads them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "track/region/profile_layout.hpp"

namespace ar::testing {

class ProfileBuilder {
 public:
  ProfileBuilder() : bytes_(sizeof(track::Header)) {
    header_->magic = track::profile_magic;
    header_->version = track::profile_version;
    header_->header_size = sizeof(track::Header);
    header_->pid = 4711;
    header_->parent_pid = 4710;
    header_->start_time = 1'700'000'000;
    header_->state = track::RunState::exited;
    header_->leak_scan = track::LeakScan::done;
    header_->mode = 1;
    header_->serving = 1;
    header_->origin_count = 1;  // 0 is none
    header_->node_count = 1;    // the same
    header_->program = text("/usr/bin/example");
    header_->command_line = text("example --fast");
  }

  // Everything but lists and counts may be set freely.
  track::Header& header() { return *header_; }

  track::Offset text(std::string_view string) {
    const track::Offset at = allocate(string.size() + 1);
    std::memcpy(bytes_.data() + at, string.data(), string.size());
    return at;
  }

  // Returns what OriginRecord::module is for it.
  std::uint32_t add_module(std::string_view path, std::span<const std::uint8_t> build_id,
                           std::uint64_t load_bias) {
    track::ModuleRecord module{};
    module.start = load_bias;
    module.end = load_bias + 0x10000;
    module.load_bias = load_bias;
    module.build_id_size = static_cast<std::uint32_t>(build_id.size());
    std::ranges::copy(build_id, module.build_id);
    module.path = text(path);
    const track::Offset at = put(module);
    if (last_module_ == 0) {
      header_->modules = at;
    } else {
      at_offset<track::ModuleRecord>(last_module_).next = at;
    }
    last_module_ = at;
    return ++header_->module_count;
  }

  // Returns the origin's index.
  track::OriginIndex add_origin(const track::OriginRecord& record) {
    const std::uint32_t index = header_->origin_count++;
    track::Offset& chunk = header_->origin_chunks[index / track::origins_per_chunk];
    if (chunk == 0) {
      chunk = allocate(sizeof(track::OriginRecord) * track::origins_per_chunk);
    }
    origin(index) = record;
    return index;
  }

  track::OriginRecord& origin(track::OriginIndex index) {
    return at_offset<track::OriginRecord>(header_->origin_chunks[index / track::origins_per_chunk] +
                                          index % track::origins_per_chunk * sizeof(track::OriginRecord));
  }

  // Returns the node's index.
  track::NodeIndex add_stack_node(std::uint64_t address, std::uint32_t module, track::NodeIndex caller) {
    const std::uint32_t index = header_->node_count++;
    std::uint32_t& chunk = header_->node_chunks[index / track::nodes_per_chunk];
    if (chunk == 0) {
      chunk =
          static_cast<std::uint32_t>(allocate(sizeof(track::StackNodeRecord) * track::nodes_per_chunk) / 8);
    }
    stack_node(index) = {.address = address, .caller = caller, .module = module};
    return index;
  }

  track::StackNodeRecord& stack_node(track::NodeIndex index) {
    const track::Offset chunk = track::Offset{header_->node_chunks[index / track::nodes_per_chunk]} * 8;
    return at_offset<track::StackNodeRecord>(chunk +
                                             index % track::nodes_per_chunk * sizeof(track::StackNodeRecord));
  }

  // Returns the moment's offset.
  track::Offset add_moment(std::string_view label, std::uint64_t milliseconds, std::uint64_t live_bytes) {
    track::MomentRecord moment{};
    moment.next = header_->moments;
    moment.milliseconds = milliseconds;
    moment.live_bytes = live_bytes;
    moment.label = text(label);
    header_->moments = put(moment);
    return header_->moments;
  }

  // Returns the part's offset.
  track::Offset add_histogram(const track::HistogramRecord& part) { return put(part); }

  // Returns the thread's offset.
  track::Offset add_thread() {
    track::ThreadRecord thread{};
    thread.next = header_->threads;
    header_->threads = put(thread);
    return header_->threads;
  }

  void count(track::Offset thread, track::OriginIndex index, const track::Counters& counters) {
    const std::uint32_t chunk = index / track::origins_per_chunk;
    if (at_offset<track::ThreadRecord>(thread).chunks[chunk] == 0) {
      const track::Offset at = allocate(sizeof(track::CountersChunk));
      at_offset<track::ThreadRecord>(thread).chunks[chunk] = static_cast<std::uint32_t>(at / 8);
    }
    const track::Offset at = track::Offset{at_offset<track::ThreadRecord>(thread).chunks[chunk]} * 8;
    at_offset<track::CountersChunk>(at).of[index % track::origins_per_chunk] = counters;
  }

  template <typename Record>
  Record& at_offset(track::Offset offset) {
    return *reinterpret_cast<Record*>(bytes_.data() + offset);
  }

  // The profile's bytes; further changes are not seen in them.
  std::vector<std::byte> bytes() {
    header_->used = bytes_.size();
    header_->capacity = bytes_.size();
    std::vector<std::byte> copy = bytes_;
    std::memcpy(copy.data(), header_.get(), sizeof(track::Header));
    return copy;
  }

 private:
  // Not inlined: g++ 12 would take the vector for as large as it was made, and warn.
  [[gnu::noinline]] track::Offset allocate(std::size_t size) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + (size + 7) / 8 * 8);
    return at;
  }

  template <typename Record>
  track::Offset put(const Record& record) {
    const track::Offset at = allocate(sizeof record);
    std::memcpy(bytes_.data() + at, &record, sizeof record);
    return at;
  }

  std::unique_ptr<track::Header> header_ = std::make_unique<track::Header>();
  std::vector<std::byte> bytes_;
  track::Offset last_module_ = 0;
};

// A malloc site of plain code.
inline track::OriginRecord plain_origin(std::uint64_t address, std::uint32_t module) {
  track::OriginRecord record{};
  record.address = address;
  record.module = module;
  record.family = track::Family::malloc_family;
  return record;
}

}  // namespace ar::testing
