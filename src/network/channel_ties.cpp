#include "network/channel_ties.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace mj {
namespace {

/// Adds what is noted of channels `first` + c `repeat` and so on as a group's channel c.
void add_notes(ChannelGroup& all, const ChannelGroup& notes, int64_t first, int64_t repeat) {
  const auto add = [first, repeat](auto& places, const auto& more) {
    for (auto place : more) {
      place.first += first * place.repeat;
      place.repeat *= repeat;
      places.push_back(std::move(place));
    }
  };
  add(all.givers, notes.givers);
  add(all.readers, notes.readers);
  add(all.places, notes.places);
  for (ChannelCount count : notes.counts) {
    count.repeat *= repeat;
    all.counts.push_back(std::move(count));
  }
  for (const std::size_t layer : notes.grouped) {
    if (std::find(all.grouped.begin(), all.grouped.end(), layer) == all.grouped.end()) {
      all.grouped.push_back(layer);
    }
  }
}

}  // namespace

ChannelLayout ChannelTies::add(int64_t channels) {
  const std::size_t group = entries_.size();
  entries_.push_back({.notes = {.channels = channels}, .parent = group});
  return {{group, 1}};
}

std::size_t ChannelTies::root(std::size_t group) const {
  while (entries_[group].parent != group) {
    group = entries_[group].parent;
  }
  return group;
}

std::vector<ChannelTies::Part> ChannelTies::parts_of(std::size_t group) const {
  const std::size_t whole = root(group);
  const Entry& entry = entries_[whole];
  if (entry.children.empty()) {
    return {{whole, 0, 1}};
  }
  std::vector<Part> parts;
  int64_t first = 0;
  for (const std::size_t child : entry.children) {
    for (const Part& part : parts_of(child)) {
      parts.push_back({part.group, first + part.first * entry.block, part.repeat * entry.block});
    }
    first += entries_[child].notes.channels * entry.block;
  }
  return parts;
}

ChannelLayout ChannelTies::resolved(const ChannelLayout& channels) const {
  ChannelLayout result;
  for (const Segment& segment : channels) {
    for (const Part& part : parts_of(segment.group)) {
      result.push_back({part.group, segment.repeat * part.repeat});
    }
  }
  return result;
}

int64_t ChannelTies::channels_of(const Segment& segment) const {
  return entries_[segment.group].notes.channels * segment.repeat;
}

int64_t ChannelTies::count(const ChannelLayout& channels) const {
  return std::accumulate(channels.begin(), channels.end(), int64_t{0},
                         [&](int64_t sum, const Segment& segment) { return sum + channels_of(segment); });
}

/// Into the first `channels` and the others.
void ChannelTies::split(std::size_t group, int64_t channels) {
  for (const int64_t part : {channels, entries_[group].notes.channels - channels}) {
    const std::size_t child = add(part).front().group;
    entries_[group].children.push_back(child);
  }
}

bool ChannelTies::merge_neighbours(std::size_t group, int64_t block) {
  const int64_t channels = entries_[group].notes.channels;
  if (channels % block != 0) {
    return false;
  }
  const std::size_t child = add(channels / block).front().group;
  entries_[group].children = {child};
  entries_[group].block = block;
  return true;
}

/// @param place among the segment's channels, repeated ones counted
bool ChannelTies::split_at(const Segment& segment, int64_t place) {
  if (place % segment.repeat != 0) {
    return false;
  }
  split(segment.group, place / segment.repeat);
  return true;
}

bool ChannelTies::tie(const ChannelLayout& left, const ChannelLayout& right) {
  std::size_t done = 0;
  while (true) {
    const ChannelLayout a = resolved(left);
    const ChannelLayout b = resolved(right);
    if (done == a.size() || done == b.size()) {
      return a.size() == b.size();
    }
    const Segment& x = a[done];
    const Segment& y = b[done];
    const int64_t length = std::min(channels_of(x), channels_of(y));
    if (channels_of(x) != channels_of(y)) {
      if (!split_at(channels_of(x) > length ? x : y, length)) {
        return false;
      }
      done = 0;  // The group may stand before, too.
    } else if (x.repeat != y.repeat) {
      const Segment& narrow = x.repeat < y.repeat ? x : y;
      const int64_t wide = std::max(x.repeat, y.repeat);
      if (wide % narrow.repeat != 0 || !merge_neighbours(narrow.group, wide / narrow.repeat)) {
        return false;
      }
      done = 0;
    } else {
      entries_[y.group].parent = x.group;
      ++done;
    }
  }
}

std::optional<ChannelLayout> ChannelTies::tie_parts(const ChannelLayout& channels, int64_t parts) {
  ChannelLayout left = resolved(channels);
  const int64_t size = count(left) / parts;
  if (size * parts != count(left)) {
    return std::nullopt;
  }
  std::vector<ChannelLayout> parts_found(1);
  while (!left.empty()) {
    const int64_t room = size - count(parts_found.back());
    if (room == 0) {
      parts_found.emplace_back();
    } else if (channels_of(left.front()) <= room) {
      parts_found.back().push_back(left.front());
      left.erase(left.begin());
    } else if (!split_at(left.front(), room)) {
      return std::nullopt;
    } else {
      left = resolved(left);
    }
  }
  const bool are_tied = std::all_of(parts_found.begin() + 1, parts_found.end(),
                                    [&](const auto& part) { return tie(parts_found.front(), part); });
  if (!are_tied) {
    return std::nullopt;
  }
  return resolved(parts_found.front());
}

std::optional<ChannelLayout> ChannelTies::tie_neighbours(const ChannelLayout& channels, int64_t size) {
  ChannelLayout tied = resolved(channels);
  for (std::size_t i = 0; i < tied.size();) {
    const int64_t block = std::lcm(size, tied[i].repeat) / tied[i].repeat;
    if (block == 1) {
      ++i;
    } else if (merge_neighbours(tied[i].group, block)) {
      tied = resolved(tied);
    } else {
      return std::nullopt;
    }
  }
  return tied;
}

void ChannelTies::fix(const ChannelLayout& channels, const Node* reason) {
  for (const Segment& segment : resolved(channels)) {
    Entry& entry = entries_[segment.group];
    entry.reason = entry.is_fixed ? entry.reason : reason;
    entry.is_fixed = true;
  }
}

std::vector<ChannelTies::Found> ChannelTies::groups() const {
  std::map<std::size_t, Found> found;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    for (const Part& part : parts_of(i)) {
      Found& all = found[part.group];
      all.group.channels = entries_[part.group].notes.channels;
      add_notes(all.group, entry.notes, part.first, part.repeat);
      all.reason = all.reason == nullptr ? entry.reason : all.reason;
      all.is_fixed = all.is_fixed || entry.is_fixed;
    }
  }
  std::vector<Found> groups;
  groups.reserve(found.size());
  for (auto& [group, each] : found) {
    groups.push_back(std::move(each));
  }
  return groups;
}

}  // namespace mj
