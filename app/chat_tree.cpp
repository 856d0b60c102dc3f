#include "app/chat_tree.h"

#include <algorithm>

namespace nibble {

ChatTree::ChatTree(const ChatWithMessages& content) {
  QHash<MessageId, bool> known;
  for (const ChatMessage& message : content.messages) known.insert(message.id, true);
  MessageId newest = 0;
  for (ChatMessage message : content.messages) {
    if (!known.contains(message.parent) || message.parent == message.id) message.parent = 0;
    insert(message);
    newest = message.id;
  }
  m_leaf = known.contains(content.chat.leaf) ? content.chat.leaf : newest;
}

void ChatTree::insert(const ChatMessage& message) {
  if (m_messages.contains(message.id)) return;
  m_messages.insert(message.id, message);
  m_children[message.parent].push_back(message.id);
}

const ChatMessage* ChatTree::find(MessageId id) const {
  const auto found = m_messages.constFind(id);
  return found == m_messages.constEnd() ? nullptr : &*found;
}

ChatMessage* ChatTree::find(MessageId id) {
  const auto found = m_messages.find(id);
  return found == m_messages.end() ? nullptr : &*found;
}

std::vector<MessageId> ChatTree::path() const {
  std::vector<MessageId> ids;
  for (const ChatMessage* message = find(m_leaf); message; message = find(message->parent)) {
    ids.push_back(message->id);
    if (ids.size() > static_cast<std::size_t>(m_messages.size())) break;  // a cycle in imported data
  }
  std::reverse(ids.begin(), ids.end());
  return ids;
}

const std::vector<MessageId>& ChatTree::siblings(MessageId id) const {
  static const std::vector<MessageId> none;
  const ChatMessage* message = find(id);
  if (!message) return none;
  const auto found = m_children.constFind(message->parent);
  return found == m_children.constEnd() ? none : *found;
}

void ChatTree::append(const ChatMessage& message) {
  insert(message);
  m_leaf = message.id;
}

void ChatTree::select(MessageId id) {
  if (!find(id)) return;
  MessageId at = id;
  for (auto children = m_children.constFind(at); children != m_children.constEnd() && !children->empty(); children = m_children.constFind(at)) {
    at = children->back();
  }
  m_leaf = at;
}

std::vector<ChatMessage> ChatTree::all() const {
  std::vector<ChatMessage> out;
  std::vector<MessageId> waiting = {0};
  while (!waiting.empty()) {
    const MessageId parent = waiting.back();
    waiting.pop_back();
    const auto children = m_children.constFind(parent);
    if (children == m_children.constEnd()) continue;
    for (const MessageId id : *children) {
      out.push_back(*find(id));
      waiting.push_back(id);
    }
  }
  return out;
}

}  // namespace nibble
