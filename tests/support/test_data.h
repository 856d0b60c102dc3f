// Where tests find their data: tests/golden in the project, and the read-only data folder beside the checkout.
#pragma once
#include <QtTest>
#include <filesystem>

namespace nibble::test {

/// A file or folder below tests/golden (always there).
std::filesystem::path goldenData(const std::string& name);

/// A file or folder of the data folder beside the checkout ($NIBBLE_DATA, else ../shared/data). May be missing.
std::filesystem::path sharedData(const std::string& name);

/// The bundled sample model in the source tree.
std::filesystem::path sampleModel();

}  // namespace nibble::test

/// Skips the test, saying which data is missing. Declares `variable`, a path.
#define NIBBLE_NEED_SHARED_DATA(variable, name)                        \
  const std::filesystem::path variable = nibble::test::sharedData(name); \
  if (!std::filesystem::exists(variable)) QSKIP("skipped: the data folder beside the checkout lacks " name)
