#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "network/channels.h"

namespace mj {

/// Some of a value's channels: a group's, each `repeat` times in a row.
struct Segment {
  std::size_t group = 0;
  int64_t repeat = 1;
};

/// All of a value's channels, in order.
using ChannelLayout = std::vector<Segment>;

/// Which channels go together. Groups get smaller, and their channels wider, as nodes are found that tie some
/// of them to others; layouts that were noted before mean the same channels still.
class ChannelTies {
 public:
  /// A new group of channels, none tied to another.
  ChannelLayout add(int64_t channels);
  /// What is noted for a group of a resolved layout: the places of its channels.
  ChannelGroup& notes(std::size_t group) { return entries_[group].notes; }

  /// The same channels in groups as they are now.
  [[nodiscard]] ChannelLayout resolved(const ChannelLayout& channels) const;
  [[nodiscard]] int64_t channels_of(const Segment& segment) const;  ///< repeated ones counted
  [[nodiscard]] int64_t count(const ChannelLayout& channels) const;

  /// Channels at the same place go together. False where they end at places that do not fit each other.
  bool tie(const ChannelLayout& left, const ChannelLayout& right);
  /// Channels at the same place of each of so many parts of equal size go together. Returns the first part.
  std::optional<ChannelLayout> tie_parts(const ChannelLayout& channels, int64_t parts);
  /// Neighbours go together, so many at a time or a multiple of that. Returns the same channels.
  std::optional<ChannelLayout> tie_neighbours(const ChannelLayout& channels, int64_t size);
  /// They must all stay.
  /// @param reason may be null
  void fix(const ChannelLayout& channels, const Node* reason);

  struct Found {
    ChannelGroup group;
    bool is_fixed = false;
    const Node* reason = nullptr;  ///< the first one
  };
  [[nodiscard]] std::vector<Found> groups() const;

 private:
  /// Some of a group's channels that are a group of their own: its channel c is `repeat` of them from
  /// `first` + c `repeat` on.
  struct Part {
    std::size_t group = 0;
    int64_t first = 0;
    int64_t repeat = 1;
  };
  struct Entry {
    ChannelGroup notes;
    bool is_fixed = false;
    const Node* reason = nullptr;
    std::size_t parent = 0;             ///< what it is tied to; itself if nothing
    std::vector<std::size_t> children;  ///< what it was made into; empty: nothing
    int64_t block = 1;                  ///< of its channels make one of the children's
  };

  [[nodiscard]] std::size_t root(std::size_t group) const;
  [[nodiscard]] std::vector<Part> parts_of(std::size_t group) const;
  void split(std::size_t group, int64_t channels);
  bool merge_neighbours(std::size_t group, int64_t block);
  bool split_at(const Segment& segment, int64_t place);

  std::vector<Entry> entries_;
};

}  // namespace mj
