#include "app/error_text.h"

#include <QCoreApplication>
#include <QLocale>

namespace nibble {

namespace {

struct Words {
  Q_DECLARE_TR_FUNCTIONS(ErrorText)
};

QString size(std::uint64_t bytes) { return QLocale().formattedDataSize(static_cast<qint64>(bytes), 2); }

/// "file model.safetensors, header: offset 12 is past the end"
QString located(const Error& error) {
  QString text;
  if (!error.file.empty()) text = QString::fromStdString(error.file);
  if (!error.field.empty()) text += (text.isEmpty() ? QString() : QStringLiteral(", ")) + QString::fromStdString(error.field);
  const QString detail = QString::fromStdString(error.detail);
  if (text.isEmpty()) return detail;
  return detail.isEmpty() ? text : text + QStringLiteral(": ") + detail;
}

QString sentence(const QString& start, const Error& error) {
  const QString where = located(error);
  return where.isEmpty() ? start + '.' : start + QStringLiteral(": ") + where + '.';
}

/// Of a file that somebody named on the command line, not of a model.
bool ofAnOption(const Error& error) { return error.field.starts_with("--"); }

ErrorText memoryText(const Error& error) {
  ErrorText words;
  words.what = error.needed == 0 ? sentence(Words::tr("Not enough memory"), error)
                                 : Words::tr("Not enough memory: %1 needed, %2 free.").arg(size(error.needed), size(error.available));
  words.next = Words::tr("Choose fewer bits per weight, a shorter context or an 8-bit KV cache, or close other programs.");
  return words;
}

}  // namespace

ErrorText errorText(const Error& error) {
  switch (error.code) {
    case ErrorCode::wrongUsage: return {sentence(Words::tr("That cannot be done"), error), {}};
    case ErrorCode::fileMissing:
      if (ofAnOption(error)) return {sentence(Words::tr("A file is missing or cannot be read"), error), Words::tr("Check the path.")};
      return {sentence(Words::tr("A file is missing or cannot be read"), error), Words::tr("Check the path, and that the model was downloaded whole.")};
    case ErrorCode::fileMalformed:
      if (error.file == "standard input") return {sentence(Words::tr("The input cannot be read"), error), {}};
      if (error.field == "text") return {sentence(Words::tr("The text cannot be used"), error), Words::tr("Give a longer text or a smaller window.")};
      return {sentence(Words::tr("A file is damaged"), error), Words::tr("Download or copy it again.")};
    case ErrorCode::fileUnsupported:
      if (ofAnOption(error)) return {sentence(Words::tr("The file cannot be read as text"), error), Words::tr("Give another one.")};
      return {sentence(Words::tr("A file is of a kind that Nibble does not know"), error), Words::tr("Choose another model, or a newer version of Nibble.")};
    case ErrorCode::outOfMemory: return memoryText(error);
    case ErrorCode::deviceMissing:
      return {sentence(Words::tr("The device cannot be used"), error), Words::tr("Choose the CPU, or \"nibble-cli devices\" tells what is there.")};
    case ErrorCode::deviceLost:
      return {sentence(Words::tr("The graphics card is lost to this program"), error), Words::tr("Nothing that you typed is lost: start Nibble again.")};
    case ErrorCode::cancelled: return {Words::tr("Stopped."), {}};
    case ErrorCode::notANumber:
      return {sentence(Words::tr("The model produced values that are not numbers"), error),
              Words::tr("Its files may be damaged; or try bf16 or f32 as compute type.")};
    case ErrorCode::contextFull:
      return {sentence(Words::tr("The conversation does not fit the context"), error), Words::tr("Load the model with a longer context, or start a new chat.")};
    case ErrorCode::failed: break;
  }
  return {sentence(Words::tr("That did not work"), error), {}};
}

const char* errorCodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::wrongUsage: return "wrong_usage";
    case ErrorCode::fileMissing: return "file_missing";
    case ErrorCode::fileMalformed: return "file_malformed";
    case ErrorCode::fileUnsupported: return "file_unsupported";
    case ErrorCode::outOfMemory: return "out_of_memory";
    case ErrorCode::deviceMissing: return "device_missing";
    case ErrorCode::deviceLost: return "device_lost";
    case ErrorCode::cancelled: return "cancelled";
    case ErrorCode::notANumber: return "not_a_number";
    case ErrorCode::contextFull: return "context_full";
    case ErrorCode::failed: break;
  }
  return "failed";
}

int exitStatus(ErrorCode code) {
  switch (code) {
    case ErrorCode::wrongUsage: return 2;
    case ErrorCode::fileMissing:
    case ErrorCode::fileMalformed:
    case ErrorCode::fileUnsupported: return 3;
    case ErrorCode::outOfMemory: return 4;
    case ErrorCode::deviceMissing: return 5;
    case ErrorCode::cancelled: return 130;
    default: return 1;
  }
}

}  // namespace nibble
