// One open conversation in memory: its tree of messages and the branch that is shown.
#pragma once
#include <QHash>
#include <vector>

#include "app/chat_types.h"

namespace nibble {

class ChatTree {
 public:
  ChatTree() = default;
  /// Messages whose parent is missing count as first messages; a leaf that is missing becomes the newest message.
  explicit ChatTree(const ChatWithMessages& content);

  bool empty() const { return m_messages.isEmpty(); }
  const ChatMessage* find(MessageId id) const;
  ChatMessage* find(MessageId id);
  MessageId leaf() const { return m_leaf; }
  std::vector<MessageId> path() const;                       ///< from the first message to the leaf
  const std::vector<MessageId>& siblings(MessageId id) const;  ///< `id` among them, oldest first
  void append(const ChatMessage& message);                   ///< and makes it the leaf
  void select(MessageId id);                                 ///< shows the newest branch through `id`
  std::vector<ChatMessage> all() const;                      ///< parents before children

 private:
  void insert(const ChatMessage& message);

  QHash<MessageId, ChatMessage> m_messages;
  QHash<MessageId, std::vector<MessageId>> m_children;       // of 0: the first messages
  MessageId m_leaf = 0;
};

}  // namespace nibble
