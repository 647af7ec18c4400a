// Tests src/unwind/compact_row.cpp
// Every row of whole libraries, as readelf (binutils) reads them.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <link.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "unwind/compact_row.hpp"

namespace {

namespace unwind = ar::unwind;
using unwind::CompactKind;
using unwind::CompactRow;
using unwind::Row;
using unwind::Rule;
using unwind::RuleKind;

constexpr std::array<std::string_view, unwind::register_count> register_names = {
    "rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8",
    "r9",  "r10", "r11", "r12", "r13", "r14", "r15", "ra"};

std::optional<unsigned> register_number(std::string_view name) {
  for (unsigned i = 0; i < register_names.size(); ++i) {
    if (register_names[i] == name) {
      return i;
    }
  }
  return std::nullopt;
}

// Our row in readelf's words.
std::string in_words(const Row& row) {
  if (row.by_expression) {
    return "exp";
  }
  std::ostringstream words;
  words << register_names[row.base] << std::showpos << row.offset;
  return words.str();
}

std::string in_words(const Rule& rule) {
  std::ostringstream words;
  switch (rule.kind) {
    case RuleKind::saved:
      words << "c" << std::showpos << rule.value;
      return words.str();
    case RuleKind::frame_address:
      words << "v" << std::showpos << rule.value;
      return words.str();
    case RuleKind::saved_where:
      return "exp";
    case RuleKind::computed:
      return "vexp";
    case RuleKind::in_register:
      words << "r" << rule.value;
      return words.str();
    default:
      return "u";  // readelf says the same of registers that are not mentioned
  }
}

struct Line {
  std::uint64_t location;
  std::vector<std::string> words;  // the CFA, then a rule for each column
};

struct Counts {
  std::size_t functions = 0;
  std::size_t compared = 0;
  std::size_t different = 0;
  std::size_t full = 0;
  std::string first_difference;
};

class Comparison {
 public:
  Comparison(std::string path, const unwind::CodeImage& image, std::uintptr_t bias)
      : path_(std::move(path)), image_(image), bias_(bias) {}

  Counts run() {
    const std::string command = "readelf --wide --debug-dump=frames-interp '" + path_ + "' 2>/dev/null";
    const std::unique_ptr<FILE, int (*)(FILE*)> output(popen(command.c_str(), "r"), &pclose);
    char line[1024];
    while (output != nullptr && std::fgets(line, sizeof line, output.get()) != nullptr) {
      take(line);
    }
    finish();
    return counts_;
  }

 private:
  void take(const std::string& line) {
    if (line.starts_with("Contents of the ")) {
      finish();
      in_frames_ = line.find(".eh_frame ") != std::string::npos;
      return;
    }
    std::istringstream words(line);
    std::vector<std::string> fields;
    for (std::string word; words >> word;) {
      if (word[0] != '(') {  // a register's name after its number
        fields.push_back(word);
      }
    }
    if (!in_frames_ || fields.size() < 2) {
      return;
    }
    if (fields.size() > 3 && fields[3] == "FDE") {  // place, length, CIE's place, kind, …
      finish();
      const std::string& range = fields.back();  // pc=START..END
      start_ = std::strtoull(range.c_str() + 3, nullptr, 16);
      end_ = std::strtoull(range.c_str() + range.find("..") + 2, nullptr, 16);
      open_ = true;
    } else if (fields.size() > 3 && fields[3] == "CIE") {
      finish();
    } else if (fields[0] == "LOC") {
      columns_.assign(fields.begin() + 2, fields.end());
    } else if (open_ && fields[0].size() == 16) {
      lines_.push_back({std::strtoull(fields[0].c_str(), nullptr, 16), {fields.begin() + 1, fields.end()}});
    }
  }

  void finish() {
    if (open_) {
      ++counts_.functions;
      for (std::size_t i = 0; i < lines_.size(); ++i) {
        const std::uint64_t past = i + 1 < lines_.size() ? lines_[i + 1].location : end_;
        if (past > lines_[i].location) {
          compare(lines_[i], lines_[i].location);
          compare(lines_[i], past - 1);
        }
      }
    }
    open_ = false;
    lines_.clear();
  }

  void compare(const Line& line, std::uint64_t location) {
    ++counts_.compared;
    const std::uintptr_t address = bias_ + location;
    unwind::FrameEntry entry;
    Row row;
    if (!unwind::find_frame_entry(image_, address, entry) || !unwind::make_row(entry, address, row)) {
      differ(location, "not understood");
      return;
    }
    if (entry.start != bias_ + start_ || entry.end != bias_ + end_) {
      differ(location, "another function's");
      return;
    }
    std::string ours = in_words(row);
    std::string theirs = line.words[0];
    for (std::size_t i = 0; i < columns_.size() && i + 1 < line.words.size(); ++i) {
      if (const auto number = register_number(columns_[i]); number.has_value()) {
        ours += " " + columns_[i] + "=" + in_words(row.rules[*number]);
        theirs += " " + columns_[i] + "=" + (line.words[i + 1] == "s" ? "u" : line.words[i + 1]);
      }
    }
    if (ours != theirs) {
      differ(location, ours + " instead of " + theirs);
    }
    compare_compact(row, address, location);
  }

  void compare_compact(const Row& row, std::uintptr_t address, std::uint64_t location) {
    const CompactRow compact = unwind::compact(image_, row, address);
    counts_.full += compact.kind() == CompactKind::full ? 1 : 0;
    if (!compact.is_simple() || row.by_expression) {
      return;
    }
    const Rule& rbp = row.rules[unwind::register_rbp];
    const bool saved = rbp.kind == RuleKind::saved;
    const std::uint64_t below = saved ? 0 - static_cast<std::uint64_t>(rbp.value) : 0;
    if (row.base != (compact.on_rbp() ? unwind::register_rbp : unwind::register_rsp) ||
        static_cast<std::uint64_t>(row.offset) != compact.offset() || below != compact.saved_below()) {
      differ(location, "does not survive being made compact");
    }
  }

  void differ(std::uint64_t location, const std::string& how) {
    if (counts_.different++ == 0) {
      std::ostringstream text;
      text << path_ << ": at " << std::hex << location << ": " << how;
      counts_.first_difference = text.str();
    }
  }

  std::string path_;
  const unwind::CodeImage& image_;
  std::uintptr_t bias_;
  bool in_frames_ = false;
  bool open_ = false;
  std::uint64_t start_ = 0;
  std::uint64_t end_ = 0;
  std::vector<std::string> columns_;
  std::vector<Line> lines_;
  Counts counts_;
};

struct Wanted {
  std::string_view name;
  std::size_t functions;  // at least
  bool found = false;
};

// The libraries that the test itself runs with, and the test.
TEST(UnwindRows, AreThoseThatReadelfReads) {
  static std::vector<Wanted> wanted = {{"libc.so", 3000}, {"libstdc++.so", 4000}, {"", 100}};
  if (const char* path = std::getenv("ARPENT_TEST_LIBRARY"); path != nullptr) {  // for trying others by hand
    ASSERT_NE(dlopen(path, RTLD_NOW), nullptr) << dlerror();
    wanted.push_back({std::string_view(path).substr(std::string_view(path).rfind('/') + 1), 1});
  }
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void*) {
        const std::string path = info->dlpi_name[0] == '\0' ? "/proc/self/exe" : info->dlpi_name;
        for (Wanted& of : wanted) {
          if (of.found ||
              (of.name.empty() ? path != "/proc/self/exe" : path.find(of.name) == std::string::npos)) {
            continue;
          }
          of.found = true;
          std::uintptr_t code = 0;
          for (int i = 0; i < info->dlpi_phnum; ++i) {
            if ((info->dlpi_phdr[i].p_flags & PF_X) != 0 && info->dlpi_phdr[i].p_type == PT_LOAD) {
              code = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            }
          }
          unwind::CodeImage image;
          EXPECT_TRUE(unwind::find_code_image(code, image)) << path;
          char file[4096] = {};
          const std::string real =
              path == "/proc/self/exe" && realpath(path.c_str(), file) != nullptr ? std::string(file) : path;
          const Counts counts = Comparison(real, image, info->dlpi_addr).run();
          std::printf("%s: %zu functions, %zu rows compared, %zu of them need all registers\n", path.c_str(),
                      counts.functions, counts.compared, counts.full);
          EXPECT_EQ(counts.different, 0U) << counts.first_difference;
          EXPECT_GE(counts.functions, of.functions) << path;
          EXPECT_GE(counts.compared, 2 * of.functions) << path;
        }
        return 0;
      },
      nullptr);
  for (const Wanted& of : wanted) {
    EXPECT_TRUE(of.found) << of.name;
  }
}

}  // namespace
