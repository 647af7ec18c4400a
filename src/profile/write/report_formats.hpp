// The formats of reports about one profile. The table in report_formats.cpp lists them: the command's help,
// its checks of options and its dispatch derive from it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profile/model/profile.hpp"
#include "profile/symbols/symbols.hpp"
#include "profile/write/profile_report.hpp"

namespace ar::profile {

struct ReportRequest {
  const Profile& profile;
  Symbolizer& symbolizer;
  std::string_view version;  // of the command
  std::string name;          // what the reader calls the profile
  ReportChoice choice;
  std::vector<std::string> notes;  // sentences for the reader
};

struct ReportFormat {
  std::string_view name;      // as on the command line
  std::string_view help;      // one line
  std::string_view ending;    // that files of the format usually have; may be empty
  bool takes_metric = false;  // ReportChoice::metric changes what is written
  bool takes_rows = false;    // the same of grouping, tree and text
  std::string (*write)(const ReportRequest& request);
};

// The first is the default.
[[nodiscard]] std::span<const ReportFormat> report_formats();

// Null if there is none of that name.
[[nodiscard]] const ReportFormat* report_format_named(std::string_view name);

}  // namespace ar::profile
