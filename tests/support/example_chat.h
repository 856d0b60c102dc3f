// A small conversation with branches, for tests of the store, export and import.
#pragma once
#include "app/chat_types.h"

namespace nibble::test {

ChatSummary exampleChat(const QString& title = "Sorting lists");

/// A message of `chat` at a fixed time: `second` tells its place.
ChatMessage exampleMessage(ChatId chat, MessageId parent, const QString& role, const QString& content, int second = 0);

/// Question, answer, and a second answer beside the first; the leaf is the second.
ChatWithMessages exampleConversation(const QString& title = "Sorting lists");

}  // namespace nibble::test
