// Conversations as values: a chat is a tree of messages (an edited question or a regenerated answer is a new branch), and
// its leaf says which branch is shown.
#pragma once
#include <QDateTime>
#include <QJsonObject>
#include <QString>
#include <vector>

namespace nibble {

using ChatId = qint64;
using MessageId = qint64;

enum class MessageState : int { complete = 0, streaming = 1, interrupted = 2, stopped = 3, failed = 4 };

/// Figures under an answer; zero where not measured.
struct AnswerFigures {
  qint64 promptTokens = 0;
  qint64 newTokens = 0;
  double tokensPerSecond = 0;
  double firstTokenSeconds = 0;
};

struct ChatMessage {
  MessageId id = 0;
  ChatId chat = 0;
  MessageId parent = 0;          ///< 0: the first message of the chat
  QString role;                  ///< "user" or "assistant"
  QString content;
  MessageState state = MessageState::complete;
  QDateTime created;
  QString model;                 ///< what answered, with its precision; empty for the user's own
  AnswerFigures figures;
  QString error;                 ///< why it failed, for people
};

struct ChatSummary {
  ChatId id = 0;
  QString title;
  bool titledByUser = false;
  QDateTime created, updated;
  QString systemPrompt;
  QJsonObject sampling;          ///< preset and values; empty: the model's own
  MessageId leaf = 0;
  QString draft;                 ///< typed, not yet sent
  QString found;                 ///< in search results: the words around the hit
};

struct ChatWithMessages {
  ChatSummary chat;
  std::vector<ChatMessage> messages;   ///< parents before children
};

/// A new id: random, below 2^53, so that JSON holds it exactly.
qint64 newChatId();

}  // namespace nibble
