// SPDX-License-Identifier: Apache-2.0
#include "transcript.h"

#include <algorithm>
#include <fstream>

#include "host_directives.h"
#include "model/ids.h"

namespace tt::live {

namespace {

constexpr const char* kDs8000 = "IBM.2107-75ABCD1";
constexpr const char* kDs6000 = "IBM.1750-68FA120";

bool begins(const std::string& line, const char* with) {
  return line.rfind(with, 0) == 0;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

}  // namespace

Transcript::Transcript(std::string path) : path_(std::move(path)) {
  new_site(kDs8000);
}

void Transcript::new_site(const std::string& image_id) {
  conversation_.reset();
  copy_paused_ = false;
  site_ = std::make_unique<Site>();
  site_->add_image(image_id);
  conversation_ = std::make_unique<Conversation>(*site_);
}

void Transcript::problem(std::size_t line_number, const std::string& line, const std::string& what) {
  const std::string where = path_ + ":" + std::to_string(line_number) + ": " + line;
  problems_.push_back(where + (heading_.empty() ? "" : " (" + heading_ + ")") + "\n" + what);
}

std::vector<std::string> Transcript::run() {
  std::ifstream file(path_);
  if (!file) return {path_ + " cannot be read"};
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) take_line(line, number);
  finish_step();
  if (steps_ == 0) problems_.push_back(path_ + " tests nothing");
  return problems_;
}

std::string Transcript::updated() const {
  return joined(updated_);
}

void Transcript::take_line(const std::string& line, std::size_t number) {
  if (line.empty() || begins(line, "# ")) {
    if (begins(line, "# FC-")) {
      finish_step();
      heading_ = line.substr(2);
    }
    (step_ ? step_->trailer : updated_).push_back(line);
  } else if (line[0] == '@') {
    finish_step();
    updated_.push_back(line);
    const std::string wrong = directive(line.substr(1));
    if (!wrong.empty()) problem(number, line, wrong);
  } else if (begins(line, "> ")) {
    finish_step();
    step_.emplace();
    step_->line_number = number;
    step_->command = line.substr(2);
  } else if (!step_) {
    problem(number, line, "output without a command");
  } else if (begins(line, "< ")) {
    step_->answers.push_back(line.substr(2));
  } else if (begins(line, "exit ")) {
    step_->exit_code = std::atoi(line.c_str() + 5);
  } else {
    step_->expected.push_back(line);
  }
}

void Transcript::finish_step() {
  if (!step_) return;
  const TranscriptStep step = std::move(*step_);
  step_.reset();
  ++steps_;
  const Spoken spoken = conversation_->say(step.command, step.answers);
  if (spoken.lines != step.expected || spoken.exit_code != step.exit_code) {
    problem(step.line_number, step.command,
            "printed, exit " + std::to_string(spoken.exit_code) + ":\n" + spoken.text() + "expected, exit " +
                std::to_string(step.exit_code) + ":\n" + joined(step.expected));
  }
  if (spoken.unused_answers > 0) problem(step.line_number, step.command, "an answer was not asked for");

  updated_.push_back("> " + step.command);
  for (const std::string& answer : step.answers) updated_.push_back("< " + answer);
  updated_.insert(updated_.end(), spoken.lines.begin(), spoken.lines.end());
  if (spoken.exit_code != 0) updated_.push_back("exit " + std::to_string(spoken.exit_code));
  updated_.insert(updated_.end(), step.trailer.begin(), step.trailer.end());
}

std::string Transcript::directive(const std::string& text) {
  const std::size_t blank = text.find(' ');
  return do_directive(text.substr(0, blank), blank == std::string::npos ? "" : text.substr(blank + 1));
}

std::string Transcript::do_directive(const std::string& name, const std::string& value) {
  const std::vector<std::string> words = split(value);
  simulation::Lab& lab = site_->image().lab();
  if (name == "set") return conversation_->set(value);
  if (name == "volumes") return volumes_directive(lab, words);
  if (name == "write-waits") return held_write_directive(lab, words, held_);
  if (name == "held") return held_directive(lab, words, held_);
  if (name == "write") return write_directive(lab, words);
  if (name == "read") return read_directive(lab, words);
  if (name == "zero") return zero_directive(lab, words, false);
  if (name == "unmap") return zero_directive(lab, words, true);
  if (name == "damage") return damage_directive(lab, words);
  if (name == "nbd") return nbd_directive(words);
  if (name == "until-copied") return until_copied();
  if (name == "until-ended") return until_ended(value);
  if (name == "destage") {
    lab.drain();
  } else if (name == "image") {
    new_site(value);
  } else if (name == "personality" && (value == "1750" || value == "2107")) {
    new_site(value == "1750" ? kDs6000 : kDs8000);
  } else if (name == "second-image") {
    site_->add_image(value);
  } else if (name == "connect") {
    site_->connect_images();
  } else if (name == "mode") {
    conversation_->begin(value);
  } else if (name == "terminal") {
    conversation_->have_terminal(value == "on");
  } else if (name == "console") {
    site_->reachable = value == "on";
  } else {
    return machine_directive(name, value);
  }
  return "";
}

/// "off second", or "off": the machine is that of the first image unless it says "second".
std::string Transcript::machine_directive(const std::string& name, const std::string& words) {
  constexpr std::string_view kSecond = "second";
  const bool second = words.ends_with(kSecond);
  const std::string value = second ? words.substr(0, words.find(' ')) : words;
  LiveImage& image = site_->image(second ? 1 : 0);
  if (name == "power" && value == "off") {
    image.power_off();
  } else if (name == "crash" || (name == "power" && value == "on")) {
    if (name == "crash") image.power_loss();
    image.power_on();
    image.lab().hold_copies(copy_paused_);
  } else if (name == "copy" && (value == "paused" || value == "on")) {
    copy_paused_ = value == "paused";
    image.lab().hold_copies(copy_paused_);
  } else if (name == "fail") {
    image.lab().fail(value, sim::kWrites, true);
  } else if (name == "advance" && value.size() > 1 && value.back() == 's') {
    site_->advance(std::atoll(value.c_str()));
  } else {
    return "unknown directive";
  }
  return "";
}

std::string Transcript::nbd_directive(const std::vector<std::string>& words) {
  const bool refused = !words.empty() && words.back() == "refused";
  const std::size_t count = words.size() - (refused ? 1 : 0);
  NbdHost& host = site_->host();
  if (count == 2 && words[0] == "attach") {
    if (host.attach(site_->image().nbd_address(), words[1]) != refused) return "";
    return refused ? "the host was let in" : "the host was refused";
  }
  if (count == 1 && words[0] == "read") {
    const std::uint32_t error = host.read();
    return (error == 0) != refused ? "" : "the host got NBD error " + std::to_string(error);
  }
  if (count != 1 || words[0] != "detach") return "expected: attach VOLUME [refused], read [refused], detach";
  host.detach();
  return "";
}

std::string Transcript::until_ended(const std::string& pair) {
  simulation::Lab& lab = site_->image().lab();
  const auto colon = pair.find(':');
  const auto source = model::parse_volume_id(pair.substr(0, colon));
  const auto target = model::parse_volume_id(colon == std::string::npos ? "" : pair.substr(colon + 1));
  if (!source || !target) return "expected: SOURCE:TARGET";
  const bool ended =
      lab.run_until([&] { return !volume::find_relationship(lab.control().config(), *source, *target); });
  return ended ? "" : "the relationship does not end";
}

std::string Transcript::until_copied() {
  simulation::Lab& lab = site_->image().lab();
  const bool done = lab.run_until([&lab] { return !lab.copying(); });
  return done ? "" : "the background copy does not end";
}

}  // namespace tt::live
