#include "arpent/check/json_report.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "arpent/check/verdict.hpp"
#include "profile/write/json.hpp"

namespace ar::command::check {
namespace {

using profile::Json;

std::string_view kind_name(const CheckedFile& file) {
  if (file.is_archive) {
    return "archive";
  }
  switch (file.objects.front().elf.kind) {
    case binary::Kind::object:
      return "object";
    case binary::Kind::executable:
      return "executable";
    case binary::Kind::static_executable:
      return "static_executable";
    case binary::Kind::shared_library:
      return "shared_library";
  }
  return "";
}

std::string_view owner_name(Owner owner) {
  switch (owner) {
    case Owner::undecided:
      return "undecided";
    case Owner::arpent_linked:
      return "arpent_linked";
    case Owner::arpent_library:
      return "arpent_library";
    case Owner::c_library:
      return "c_library";
    case Owner::c_library_linked:
      return "c_library_linked";
    case Owner::other_linked:
      return "other_linked";
    case Owner::other_library:
      return "other_library";
    case Owner::sanitizer:
      return "sanitizer";
    case Owner::unknown:
      return "unknown";
  }
  return "";
}

std::string_view evidence_name(Evidence evidence) {
  switch (evidence) {
    case Evidence::none:
      return "none";
    case Evidence::note:
      return "note";
    case Evidence::imported_macros:
      return "cimport";
    case Evidence::calls:
      return "calls";
  }
  return "";
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json list_of(const std::set<std::string>& names) {
  return std::vector<std::string>(names.begin(), names.end());
}

Json module_fields(const Module& module) {
  Json json;
  json["name"] = module.name;
  json["language"] = text_or_null(module.language);
  json["tracked"] = module.configuration == Configuration::unknown
                        ? Json(nullptr)
                        : Json(module.configuration == Configuration::tracked);
  json["known_from"] = evidence_name(module.evidence);
  json["interface_version"] =
      module.evidence == Evidence::note ? Json(binary::version_text(module.version)) : Json(nullptr);
  json["debug_information"] = module.has_debug_information;
  return json;
}

Json counts_fields(const Counts& counts) {
  return Json{{"mixed", counts.is_mixed()},
              {"tracked", counts.tracked},
              {"untracked", counts.untracked},
              {"without_note", counts.unknown}};
}

Json object_fields(const CheckedObject& object) {
  Json json;
  json["member"] = text_or_null(object.member);
  json["modules"] = Json::array();
  for (const Module& module : object.modules.list) {
    json["modules"].push_back(module_fields(module));
  }
  json["unreadable_notes"] = object.elf.unreadable_notes;
  json["direct_calls"] = Json{{"malloc", list_of(object.elf.calls.malloc_family)},
                              {"operators", list_of(object.elf.calls.operators)},
                              {"ar_heap", list_of(object.elf.calls.ar_heap)}};
  // Linked files that define malloc call it without a symbol that says so.
  json["direct_calls_complete"] = object.elf.kind == binary::Kind::object || !object.elf.defines_malloc;
  json["malloc"] = Json{{"owner", owner_name(object.owner.owner)},
                        {"file", text_or_null(object.owner.file)},
                        {"needs_libarpent", object.owner.needs_arpent},
                        {"arpent_version", object.modules.library_version
                                               ? Json(binary::version_text(*object.modules.library_version))
                                               : Json(nullptr)}};
  json["foreign_ar_heap"] = object.elf.defines_ar_heap && !object.elf.contains_arpent;
  return json;
}

}  // namespace

std::string json_report(const Findings& findings) {
  Json json;
  json["format"] = json_format;
  json["mixed"] = any_mixed(findings);
  json["files"] = Json::array();
  for (const CheckedFile& file : findings.files) {
    Json fields;
    fields["path"] = file.path;
    fields["kind"] = kind_name(file);
    fields["configuration"] = counts_fields(counts_of(file));
    fields["objects"] = Json::array();
    for (const CheckedObject& object : file.objects) {
      fields["objects"].push_back(object_fields(object));
    }
    json["files"].push_back(std::move(fields));
  }
  json["programs"] = Json::array();
  for (const Program& program : programs_of(findings)) {
    json["programs"].push_back(Json{{"executable", text_or_null(program.name)},
                                    {"files", program.files},
                                    {"configuration", counts_fields(program.counts)}});
  }
  json["problems"] = Json::array();
  for (const Problem& problem : findings.problems) {
    json["problems"].push_back(Json{{"file", problem.file}, {"what", problem.what}});
  }
  return json.indented() + "\n";
}

}  // namespace ar::command::check
