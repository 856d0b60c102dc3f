#include "app/chat_transfer.h"

#include <QCoreApplication>
#include <QHash>
#include <QJsonArray>
#include <QJsonDocument>
#include <QSet>

#include "app/units.h"

namespace nibble {

namespace {
constexpr const char* kFormat = "nibble-chats";

QString stamp(const QDateTime& time) { return time.toUTC().toString(Qt::ISODateWithMs); }

QJsonObject toJson(const ChatMessage& message) {
  QJsonObject object{{"id", message.id}, {"parent", message.parent}, {"role", message.role}, {"content", message.content},
                     {"state", static_cast<int>(message.state)}, {"created", stamp(message.created)}};
  if (!message.model.isEmpty()) object["model"] = message.model;
  if (!message.error.isEmpty()) object["error"] = message.error;
  if (message.figures.newTokens > 0) {
    object["prompt_tokens"] = message.figures.promptTokens;
    object["new_tokens"] = message.figures.newTokens;
    object["tokens_per_second"] = message.figures.tokensPerSecond;
    object["first_token_seconds"] = message.figures.firstTokenSeconds;
  }
  return object;
}

QJsonObject toJson(const ChatWithMessages& content) {
  const ChatSummary& chat = content.chat;
  QJsonArray messages;
  for (const ChatMessage& message : content.messages) messages.append(toJson(message));
  return {{"title", chat.title}, {"titled_by_user", chat.titledByUser}, {"created", stamp(chat.created)}, {"updated", stamp(chat.updated)},
          {"system_prompt", chat.systemPrompt}, {"sampling", chat.sampling}, {"leaf", chat.leaf}, {"messages", messages}};
}

QDateTime timeOf(const QJsonValue& value) {
  const QDateTime time = QDateTime::fromString(value.toString(), Qt::ISODateWithMs);
  return time.isValid() ? time : QDateTime::currentDateTimeUtc();
}

Result<ChatMessage> messageFrom(const QJsonObject& object, const std::string& where) {
  ChatMessage message;
  message.role = object.value("role").toString();
  if (message.role != "user" && message.role != "assistant") return fail(ErrorCode::fileMalformed, "a message's role must be user or assistant", {}, where + ".role");
  if (!object.value("content").isString()) return fail(ErrorCode::fileMalformed, "a message has no text", {}, where + ".content");
  message.content = object.value("content").toString();
  const int state = object.value("state").toInt();
  message.state = state >= 0 && state <= static_cast<int>(MessageState::failed) ? static_cast<MessageState>(state) : MessageState::complete;
  if (message.state == MessageState::streaming) message.state = MessageState::interrupted;
  message.created = timeOf(object.value("created"));
  message.model = object.value("model").toString();
  message.error = object.value("error").toString();
  message.figures = {object.value("prompt_tokens").toInteger(), object.value("new_tokens").toInteger(),
                     object.value("tokens_per_second").toDouble(), object.value("first_token_seconds").toDouble()};
  return message;
}

Result<ChatWithMessages> chatFrom(const QJsonObject& object, const std::string& where) {
  ChatWithMessages out;
  out.chat.id = newChatId();
  out.chat.title = object.value("title").toString();
  out.chat.titledByUser = object.value("titled_by_user").toBool();
  out.chat.created = timeOf(object.value("created"));
  out.chat.updated = timeOf(object.value("updated"));
  out.chat.systemPrompt = object.value("system_prompt").toString();
  out.chat.sampling = object.value("sampling").toObject();
  if (!object.value("messages").isArray()) return fail(ErrorCode::fileMalformed, "a chat has no messages", {}, where + ".messages");
  QHash<qint64, MessageId> newIds;
  MessageId previous = 0;
  const QJsonArray messages = object.value("messages").toArray();
  QSet<qint64> ids;
  for (const QJsonValue& source : messages) ids.insert(source.toObject().value("id").toInteger());
  for (qsizetype i = 0; i < messages.size(); ++i) {
    const QJsonObject source = messages.at(i).toObject();
    const std::string place = where + ".messages[" + std::to_string(i) + "]";
    NIBBLE_TRY(ChatMessage message, messageFrom(source, place));
    message.id = newChatId();
    message.chat = out.chat.id;
    // Files of other programs name no parents: then each message follows the one before it.
    const qint64 parent = source.value("parent").toInteger();
    message.parent = source.contains("parent") ? newIds.value(parent, 0) : previous;
    if (message.parent == 0 && parent != 0 && ids.contains(parent)) {
      return fail(ErrorCode::fileMalformed, "an answer stands before what it answers", {}, place + ".parent");
    }
    if (source.contains("id")) {
      const qint64 id = source.value("id").toInteger();
      if (newIds.contains(id)) return fail(ErrorCode::fileMalformed, "two messages have the same id", {}, place + ".id");
      newIds.insert(id, message.id);
    }
    previous = message.id;
    out.messages.push_back(std::move(message));
  }
  out.chat.leaf = newIds.value(object.value("leaf").toInteger(), previous);
  if (out.chat.title.isEmpty() && !out.messages.empty()) out.chat.title = out.messages.front().content.left(60).simplified();
  return out;
}
}  // namespace

QString chatToMarkdown(const ChatSummary& chat, const std::vector<ChatMessage>& branch) {
  QString out = "# " + chat.title + "\n\n";
  if (!chat.systemPrompt.trimmed().isEmpty()) out += "> " + chat.systemPrompt.trimmed().replace('\n', "\n> ") + "\n\n";
  for (const ChatMessage& message : branch) {
    const bool user = message.role == "user";
    out += QString("## %1\n\n").arg(user ? QCoreApplication::translate("ChatTransfer", "You")
                                         : message.model.isEmpty() ? QCoreApplication::translate("ChatTransfer", "Assistant") : message.model);
    out += message.content.trimmed() + "\n\n";
    if (message.figures.tokensPerSecond > 0) out += QString("*%1, %2*\n\n").arg(tokensRateText(message.figures.tokensPerSecond), secondsText(message.figures.firstTokenSeconds));
  }
  return out;
}

QByteArray chatsToJson(const std::vector<ChatWithMessages>& chats) {
  QJsonArray array;
  for (const ChatWithMessages& chat : chats) array.append(toJson(chat));
  return QJsonDocument(QJsonObject{{"format", kFormat}, {"version", 1}, {"chats", array}}).toJson();
}

Result<std::vector<ChatWithMessages>> chatsFromJson(const QByteArray& json) {
  QJsonParseError error;
  const QJsonDocument document = QJsonDocument::fromJson(json, &error);
  if (!document.isObject()) return fail(ErrorCode::fileMalformed, "no JSON object: " + error.errorString().toStdString());
  const QJsonObject root = document.object();
  if (root.value("format").toString() != kFormat) return fail(ErrorCode::fileUnsupported, "not a file of exported chats", {}, "format");
  if (root.value("version").toInt() != 1) return fail(ErrorCode::fileUnsupported, "written by another version of the program", {}, "version");
  if (!root.value("chats").isArray()) return fail(ErrorCode::fileMalformed, "there is no list of chats", {}, "chats");
  std::vector<ChatWithMessages> out;
  const QJsonArray chats = root.value("chats").toArray();
  for (qsizetype i = 0; i < chats.size(); ++i) {
    NIBBLE_TRY(ChatWithMessages chat, chatFrom(chats.at(i).toObject(), "chats[" + std::to_string(i) + "]"));
    out.push_back(std::move(chat));
  }
  return out;
}

}  // namespace nibble
