#include "arpent/check/findings.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "arpent/binary/archive.hpp"
#include "arpent/binary/elf_reader.hpp"
#include "arpent/binary/input.hpp"
#include "arpent/binary/library_search.hpp"
#include "arpent/check/compilation_units.hpp"

namespace ar::command::check {
namespace {

class Examiner {
 public:
  void examine(const std::string& path) {
    const auto input = binary::Input::open(path);
    if (!input) {
      add_problem(path, input.error());
      return;
    }
    switch (binary::format_of(input->bytes())) {
      case binary::Format::elf: {
        CheckedFile file;
        file.path = path;
        if (auto object = examine_object(path, path, {}, input->bytes())) {
          file.objects.push_back(std::move(*object));
          findings_.files.push_back(std::move(file));
        }
        break;
      }
      case binary::Format::archive:
      case binary::Format::thin_archive:
        examine_archive(path, input->bytes());
        break;
      case binary::Format::other:
        add_problem(path, binary::foreign_kind(input->bytes()));
        break;
    }
  }

  Findings take() { return std::move(findings_); }

 private:
  void add_problem(std::string file, std::string what) {
    findings_.problems.push_back({std::move(file), std::move(what)});
  }

  // `shown`: the name for messages. `member`: empty for a file of its own.
  std::optional<CheckedObject> examine_object(const std::string& shown, const std::string& path,
                                              const std::string& member, std::string_view bytes) {
    auto elf = binary::read_elf_file(bytes);
    if (!elf || !elf->damage.empty()) {
      add_problem(shown, elf ? std::move(elf->damage) : std::move(elf.error()));
      return std::nullopt;
    }
    if (elf->kind == binary::Kind::object && elf->only_intermediate_code) {
      add_problem(
          shown,
          "holds only the compiler's intermediate code (-flto): its configuration can be read once it "
          "is linked, or compile with -ffat-lto-objects");
      return std::nullopt;
    }
    const bool in_archive = !member.empty() && shown != path;
    const auto units = read_compilation_units(path, in_archive ? bytes : std::string_view{});
    const std::string name = std::filesystem::path{member.empty() ? path : member}.filename().string();
    CheckedObject object;
    object.member = member;
    object.modules = join_modules(*elf, units, name);
    object.owner = find_malloc_owner(*elf, path, search_);
    object.elf = std::move(*elf);
    return object;
  }

  void examine_archive(const std::string& path, std::string_view bytes) {
    CheckedFile file;
    file.path = path;
    file.is_archive = true;
    const bool thin = binary::format_of(bytes) == binary::Format::thin_archive;
    binary::Archive archive = binary::read_archive(bytes);
    for (const binary::ArchiveMember& member : archive.members) {
      const std::string shown = fmt::format("{}({})", path, member.name);
      if (thin) {
        examine_thin_member(shown, path, member.name, file);
      } else if (binary::format_of(member.bytes) != binary::Format::elf) {
        add_problem(shown, member.bytes.empty() ? "is empty" : binary::foreign_kind(member.bytes));
      } else if (auto object = examine_object(shown, path, member.name, member.bytes)) {
        file.objects.push_back(std::move(*object));
      }
    }
    if (!archive.damage.empty()) {
      add_problem(path, std::move(archive.damage));
    }
    if (!file.objects.empty() || archive.members.empty()) {
      findings_.files.push_back(std::move(file));
    }
  }

  void examine_thin_member(const std::string& shown, const std::string& archive, const std::string& member,
                           CheckedFile& file) {
    const std::string path = (std::filesystem::path{archive}.parent_path() / member).string();
    const auto input = binary::Input::open(path);
    if (!input) {
      add_problem(shown, input.error());
    } else if (binary::format_of(input->bytes()) != binary::Format::elf) {
      add_problem(shown, binary::foreign_kind(input->bytes()));
    } else if (auto object = examine_object(path, path, member, input->bytes())) {
      file.objects.push_back(std::move(*object));
    }
  }

  binary::LibrarySearch search_;
  Findings findings_;
};

}  // namespace

Findings examine(const std::vector<std::string>& paths) {
  Examiner examiner;
  for (const std::string& path : paths) {
    examiner.examine(path);
  }
  return examiner.take();
}

}  // namespace ar::command::check
