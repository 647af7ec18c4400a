#include "arpent/check/verdict.hpp"

#include <algorithm>
#include <string_view>

#include "profile/model/text_format.hpp"

namespace ar::command::check {
namespace {

bool is_executable(binary::Kind kind) {
  return kind == binary::Kind::executable || kind == binary::Kind::static_executable;
}

// The name by which others need a library.
std::string library_name(const CheckedFile& file) {
  const std::string& name = file.objects.front().elf.shared_name;
  return name.empty() ? std::string{profile::file_name(file.path)} : name;
}

Program program_of(const CheckedFile& executable, const Findings& findings) {
  Program program;
  program.name = executable.path;
  program.files = {executable.path};
  program.counts = counts_of(executable);
  program.arpent_serves = is_arpent(executable.objects.front().owner.owner);
  std::vector<const CheckedFile*> open{&executable};
  std::set<const CheckedFile*> seen{&executable};
  while (!open.empty()) {
    const CheckedFile& next = *open.back();
    open.pop_back();
    for (const std::string& needed : next.objects.front().elf.needed) {
      for (const CheckedFile& file : findings.files) {
        if (file.is_archive || file.objects.front().elf.kind != binary::Kind::shared_library ||
            library_name(file) != profile::file_name(needed) || !seen.insert(&file).second) {
          continue;
        }
        program.files.push_back(file.path);
        program.counts.add(file.objects.front().modules);
        open.push_back(&file);
      }
    }
  }
  return program;
}

}  // namespace

void Counts::add(const Modules& modules) {
  for (const Module& module : modules.list) {
    switch (module.configuration) {
      case Configuration::tracked:
        ++tracked;
        break;
      case Configuration::untracked:
        ++untracked;
        break;
      case Configuration::unknown:
        ++unknown;
        break;
    }
    if (module.evidence == Evidence::note) {
      versions.insert(module.version);
    }
  }
  if (modules.library_version) {
    versions.insert(*modules.library_version);
  }
}

Counts counts_of(const CheckedFile& file) {
  Counts counts;
  for (const CheckedObject& object : file.objects) {
    counts.add(object.modules);
  }
  return counts;
}

std::vector<Program> programs_of(const Findings& findings) {
  std::vector<Program> programs;
  Program objects;
  for (const CheckedFile& file : findings.files) {
    if (file.is_archive || file.objects.front().elf.kind == binary::Kind::object) {
      objects.files.push_back(file.path);
      for (const CheckedObject& object : file.objects) {
        objects.counts.add(object.modules);
        objects.arpent_serves = objects.arpent_serves || is_arpent(object.owner.owner);
      }
    } else if (is_executable(file.objects.front().elf.kind)) {
      programs.push_back(program_of(file, findings));
    }
  }
  programs.push_back(std::move(objects));
  std::erase_if(programs, [](const Program& program) { return program.files.size() < 2; });
  return programs;
}

bool any_mixed(const Findings& findings) {
  return std::ranges::any_of(findings.files,
                             [](const CheckedFile& file) { return counts_of(file).is_mixed(); }) ||
         std::ranges::any_of(programs_of(findings),
                             [](const Program& program) { return program.counts.is_mixed(); });
}

}  // namespace ar::command::check
