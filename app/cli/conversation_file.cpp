#include "app/cli/conversation_file.h"

#include <QSaveFile>

#include "app/cli/json_line.h"

namespace nibble {

namespace {

std::string heading(const std::string& role) {
  if (role == "user") return "## You";
  return role == "assistant" ? "## Answer" : "## System";
}

}  // namespace

Result<void> saveConversation(const std::filesystem::path& path, const std::vector<ChatTurn>& turns) {
  const bool lines = path.extension() == ".jsonl";
  std::string text;
  for (const ChatTurn& turn : turns) {
    if (lines) text += JsonLine().add("role", turn.role).add("content", turn.content).text() + "\n";
    else text += heading(turn.role) + "\n\n" + turn.content + "\n\n";
  }
  QSaveFile file(QString::fromStdString(path.string()));
  const bool written = file.open(QIODevice::WriteOnly) && file.write(text.data(), static_cast<qint64>(text.size())) == static_cast<qint64>(text.size()) && file.commit();
  if (!written) return fail(ErrorCode::failed, "cannot be written: " + file.errorString().toStdString(), path.string());
  return {};
}

}  // namespace nibble
