#include "tests/support/example_chat.h"

namespace nibble::test {

namespace {
const QDateTime kBegin(QDate(2026, 11, 23), QTime(10, 0), Qt::UTC);
}

ChatSummary exampleChat(const QString& title) {
  ChatSummary chat;
  chat.id = newChatId();
  chat.title = title;
  chat.created = chat.updated = kBegin;
  chat.systemPrompt = "Be brief.\nBe kind.";
  chat.sampling = {{"preset", "precise"}, {"temperature", 0.2}};
  return chat;
}

ChatMessage exampleMessage(ChatId chat, MessageId parent, const QString& role, const QString& content, int second) {
  ChatMessage message;
  message.id = newChatId();
  message.chat = chat;
  message.parent = parent;
  message.role = role;
  message.content = content;
  message.created = kBegin.addSecs(second);
  return message;
}

ChatWithMessages exampleConversation(const QString& title) {
  ChatWithMessages out;
  out.chat = exampleChat(title);
  const ChatMessage question = exampleMessage(out.chat.id, 0, "user", "How do I sort a list?", 0);
  ChatMessage first = exampleMessage(out.chat.id, question.id, "assistant", "Use `sorted`.", 1);
  first.model = "Tiny · q4";
  first.figures = {12, 40, 41.5, 0.12};
  ChatMessage second = exampleMessage(out.chat.id, question.id, "assistant", "用 `list.sort()` 🌧", 2);
  second.state = MessageState::stopped;
  out.messages = {question, first, second};
  out.chat.leaf = second.id;
  out.chat.updated = second.created;
  return out;
}

}  // namespace nibble::test
