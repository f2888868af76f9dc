// SPDX-License-Identifier: Apache-2.0
#include "sim/register.h"

#include <algorithm>

#include "base/assert.h"

namespace tt::sim {
namespace {

std::string instant_text(Instant instant) {
  return instant == kNever ? "never" : std::to_string(instant);
}

}  // namespace

Instant Version::end() const noexcept {
  return std::min({effective_by, refused_at, decided_by});
}

bool Version::matches(const Value& seen) const {
  if (open()) return true;
  switch (kind) {
    case Kind::plain:
      return value == seen;
    case Kind::unknown:
      return value == seen;
    case Kind::image:
      break;
  }
  // Two copies in opposite directions of which nobody knows whether they exist may each be what the other shows.
  if (being_followed) return false;
  being_followed = true;
  const bool any =
      std::any_of(choices.begin(), choices.end(), [&](const VersionRef& choice) { return choice->matches(seen); });
  being_followed = false;
  return any;
}

void Register::took_effect(Version& version, Instant now) {
  version.effective_by = std::min(version.effective_by, now);
  const auto self =
      std::find_if(versions_.begin(), versions_.end(), [&](const VersionRef& ref) { return ref.get() == &version; });
  if (self == versions_.end()) return;  // overwritten for good before its answer came, and with it what it overwrote
  for (const VersionRef& other : versions_) {
    if (other.get() == &version || other->end() >= version.begin) continue;
    other->removed_at = std::min(other->removed_at, now);
    if (version.hardened) {
      other->gone = true;
      other->overwritten_by.clear();
    } else {
      note_overwritten(*other, *self);
    }
  }
}

void Register::erase(const Version& version) {
  std::erase_if(versions_, [&](const VersionRef& ref) { return ref.get() == &version; });
}

bool Register::replace(const Version& version, const VersionRef& other) {
  for (VersionRef& ref : versions_) {
    if (ref.get() != &version) continue;
    ref = other;
    return true;
  }
  return false;
}

/// A few witnesses are enough: those that overwrite them in turn count too.
void Register::note_overwritten(Version& older, const VersionRef& by) {
  if (!older.gone && older.overwritten_by.size() < 4) older.overwritten_by.push_back(by);
}

/// Marks what a hardened version has overwritten, perhaps by way of others.
void Register::find_gone() {
  for (bool changed = true; changed;) {
    changed = false;
    for (auto version = versions_.rbegin(); version != versions_.rend(); ++version) {
      if ((*version)->gone) continue;
      for (const auto& weak : (*version)->overwritten_by) {
        const VersionRef by = weak.lock();
        // A version is forgotten only when it is gone itself.
        if (by != nullptr && !by->hardened && !by->gone) continue;
        (*version)->gone = changed = true;
        break;
      }
    }
  }
}

void Register::crash(Instant now, bool forgets_unknown) {
  find_gone();
  std::erase_if(versions_, [](const VersionRef& version) { return version->gone; });
  for (const VersionRef& version : versions_) {
    version->decided_by = std::min(version->decided_by, now);
    version->removed_at = kNever;
    version->overwritten_by.clear();
    if (forgets_unknown && version->kind == Version::Kind::unknown) version->fixed = false;
  }
}

void Register::prune(Instant oldest_read) {
  if (versions_.size() < 4) return;
  find_gone();
  std::erase_if(versions_,
                [&](const VersionRef& version) { return version->removed_at < oldest_read && version->gone; });
}

/// Keeps what agrees with what was seen; false if an image's instant can then not exist.
bool Register::narrow(Version& version, const Value& seen) {
  if (version.withdrawing) return true;
  if (version.kind == Version::Kind::unknown) {
    version.fixed = true;
    version.value = seen;
  }
  if (version.kind != Version::Kind::image) return true;
  std::vector<VersionRef> others;
  std::vector<VersionRef> left;
  // By copies: a choice may lead back here.
  for (const VersionRef& choice : version.choices) (choice->matches(seen) ? left : others).push_back(choice);
  version.choices = std::move(left);
  if (version.choices.size() != 1) return true;
  const Version& shown = *version.choices.front();
  CutWindow& cut = *version.cut;
  cut.low = std::max(cut.low, shown.begin);
  for (const VersionRef& other : others) {
    // `other` certainly came after `shown`; so the copy was made before `other` took effect, unless a crash took it.
    const bool may_be_lost = other->decided_by < cut.begin;
    if (other->begin > shown.end() && !may_be_lost) cut.high = std::min(cut.high, other->effective_by);
  }
  return cut.low < cut.high && narrow(*version.choices.front(), seen);
}

/// The bytes of a write that was issued after the copy was there are that write's alone: what lay under the image
/// cannot hold them. Zeros can lie anywhere.
void Register::drop_what_cannot_be(std::vector<VersionRef>& matching) {
  const auto written = std::find_if(matching.begin(), matching.end(), [](const VersionRef& version) {
    return version->kind == Version::Kind::plain && version->value.kind == Value::Kind::tagged;
  });
  if (written == matching.end()) return;
  const Instant begin = (*written)->begin;
  std::erase_if(matching, [&](const VersionRef& version) { return version->open() && version->effective_by < begin; });
}

std::string Register::observe(const Observation& read) {
  std::vector<VersionRef> matching;
  for (const VersionRef& version : versions_) {
    if (version->removed_at >= read.begin && version->matches(read.seen)) matching.push_back(version);
  }
  if (matching.empty()) return "reads " + read.seen.text() + ", which is not legal here: " + describe();
  drop_what_cannot_be(matching);
  if (matching.size() != 1) return {};  // equal values of several writes: nothing can be concluded
  Version& seen = *matching.front();
  // Beside a withdraw the content may still change once: nothing can be concluded either.
  if (seen.withdrawing || (seen.open() && seen.acknowledged_at >= read.begin)) return {};
  if (!narrow(seen, read.seen)) {
    return "reads " + read.seen.text() + ", but no instant had that together with what other reads of the copy showed";
  }
  const bool hardens = read.hardens || seen.begin < read.last_crash;
  seen.hardened = seen.hardened || hardens;
  for (const VersionRef& other : versions_) {
    if (other.get() == &seen || std::min(other->effective_by, other->decided_by) >= read.begin) continue;
    other->removed_at = std::min(other->removed_at, read.now);
    if (seen.hardened) {
      other->gone = true;
    } else {
      note_overwritten(*other, matching.front());
    }
  }
  took_effect(seen, read.now);
  return {};
}

std::string Version::text() const {
  if (kind == Kind::plain || fixed) return value.text();
  if (kind == Kind::unknown) return "anything";
  if (being_followed) return "itself";
  being_followed = true;
  std::string text = withdrawing ? "being withdrawn: image of" : "image of";
  for (const VersionRef& choice : choices) text += " [" + choice->text() + "]";
  being_followed = false;
  return text;
}

std::string Register::describe() const {
  std::string text;
  for (const VersionRef& version : versions_) {
    text += (text.empty() ? "{" : "; ") + version->text() + ", begun " + instant_text(version->begin) +
            ", effective by " + instant_text(version->effective_by) + ", overwritten " +
            instant_text(version->removed_at) + (version->hardened ? ", hardened" : "");
  }
  return text + "}";
}

}  // namespace tt::sim
