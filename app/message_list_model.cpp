#include "app/message_list_model.h"

#include <algorithm>

namespace nibble {

QVariant MessageListModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  const ChatMessage& shown = message(index.row());
  switch (role) {
    case Qt::DisplayRole: return shown.content;
    case IdRole: return shown.id;
    case SpeakerRole: return shown.role;
    case StateRole: return static_cast<int>(shown.state);
    case BranchRole: return branch(index.row());
    case BranchCountRole: return branchCount(index.row());
    default: return {};
  }
}

int MessageListModel::rowOf(MessageId id) const {
  const auto found = std::find(m_path.begin(), m_path.end(), id);
  return found == m_path.end() ? -1 : static_cast<int>(found - m_path.begin());
}

int MessageListModel::branch(int row) const {
  const auto& siblings = m_tree.siblings(message(row).id);
  return static_cast<int>(std::find(siblings.begin(), siblings.end(), message(row).id) - siblings.begin());
}

int MessageListModel::branchCount(int row) const { return static_cast<int>(m_tree.siblings(message(row).id).size()); }

void MessageListModel::reset(ChatTree tree) {
  beginResetModel();
  m_tree = std::move(tree);
  m_path = m_tree.path();
  endResetModel();
}

void MessageListModel::append(const ChatMessage& message) {
  const MessageId last = m_path.empty() ? 0 : m_path.back();
  if (message.parent != last) {
    m_tree.append(message);
    return showPath();
  }
  const int row = static_cast<int>(m_path.size());
  beginInsertRows({}, row, row);
  m_tree.append(message);
  m_path.push_back(message.id);
  endInsertRows();
}

void MessageListModel::update(const ChatMessage& message) {
  ChatMessage* mine = m_tree.find(message.id);
  if (!mine) return;
  *mine = message;
  if (const int row = rowOf(message.id); row >= 0) emit dataChanged(index(row), index(row));
}

void MessageListModel::grow(MessageId id, const QString& text) {
  ChatMessage* mine = m_tree.find(id);
  if (!mine) return;
  mine->content += text;
  emit grew(id, text);
}

void MessageListModel::select(MessageId id) {
  m_tree.select(id);
  showPath();
}

/// Rows up to where the branches part stay as they are, so that the view keeps its place.
void MessageListModel::showPath() {
  std::vector<MessageId> path = m_tree.path();
  const auto parting = std::mismatch(m_path.begin(), m_path.end(), path.begin(), path.end());
  const int common = static_cast<int>(parting.first - m_path.begin());
  if (common < static_cast<int>(m_path.size())) {
    beginRemoveRows({}, common, static_cast<int>(m_path.size()) - 1);
    m_path.resize(static_cast<std::size_t>(common));
    endRemoveRows();
  }
  if (common < static_cast<int>(path.size())) {
    beginInsertRows({}, common, static_cast<int>(path.size()) - 1);
    m_path = std::move(path);
    endInsertRows();
  }
}

}  // namespace nibble
