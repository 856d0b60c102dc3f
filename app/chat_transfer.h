// Conversations as files: Markdown for people (the shown branch), JSON for machines (everything), and JSON back in.
#pragma once
#include <QByteArray>

#include "app/chat_types.h"
#include "core/base/result.h"

namespace nibble {

QString chatToMarkdown(const ChatSummary& chat, const std::vector<ChatMessage>& branch);

/// {"format": "nibble-chats", "version": 1, "chats": [{…, "messages": [{…}]}]}
QByteArray chatsToJson(const std::vector<ChatWithMessages>& chats);

/// Chats of chatsToJson, with new ids, so that importing twice makes copies instead of overwriting.
/// Errors: fileMalformed with the field.
Result<std::vector<ChatWithMessages>> chatsFromJson(const QByteArray& json);

}  // namespace nibble
