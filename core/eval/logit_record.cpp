#include "core/eval/logit_record.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace nibble {

namespace {
tl::unexpected<Error> temporaryFileError() { return fail(ErrorCode::failed, std::strerror(errno), "temporary file for the reference's logits"); }
}  // namespace

Result<LogitRecord> LogitRecord::create(int vocabulary) {
  LogitRecord record;
  record.m_file.reset(std::tmpfile());
  if (!record.m_file) return temporaryFileError();
  record.m_vocabulary = vocabulary;
  record.m_levels.resize(static_cast<std::size_t>(vocabulary));
  return record;
}

Result<void> LogitRecord::append(std::span<const float> logits, float maximum, float logSumExp) {
  const float heads[2] = {maximum, logSumExp};
  for (std::size_t i = 0; i < m_levels.size(); ++i) {
    const float distance = std::min(maximum - logits[i], kRange);
    m_levels[i] = static_cast<std::uint16_t>(distance / kStep + 0.5f);
  }
  const bool written = std::fwrite(heads, sizeof heads, 1, m_file.get()) == 1 &&
                       std::fwrite(m_levels.data(), sizeof(std::uint16_t), m_levels.size(), m_file.get()) == m_levels.size();
  if (!written) return temporaryFileError();
  ++m_rows;
  return {};
}

void LogitRecord::rewind() { std::rewind(m_file.get()); }

Result<void> LogitRecord::next(Row& row) {
  float heads[2];
  row.levels.resize(m_levels.size());
  const bool read = std::fread(heads, sizeof heads, 1, m_file.get()) == 1 &&
                    std::fread(row.levels.data(), sizeof(std::uint16_t), row.levels.size(), m_file.get()) == row.levels.size();
  if (!read) return fail(ErrorCode::failed, "the reference's logits end early", "temporary file for the reference's logits");
  row.maximum = heads[0];
  row.logSumExp = heads[1];
  return {};
}

}  // namespace nibble
