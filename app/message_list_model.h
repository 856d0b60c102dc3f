// The shown branch of the open chat as a list, one row a message. Changed by ChatSession alone.
#pragma once
#include <QAbstractListModel>

#include "app/chat_tree.h"

namespace nibble {

class MessageListModel : public QAbstractListModel {
  Q_OBJECT
 public:
  enum Role { IdRole = Qt::UserRole + 1, SpeakerRole, StateRole, BranchRole, BranchCountRole };

  explicit MessageListModel(QObject* parent = nullptr) : QAbstractListModel(parent) {}

  int rowCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : static_cast<int>(m_path.size()); }
  QVariant data(const QModelIndex& index, int role) const override;

  const ChatMessage& message(int row) const { return *m_tree.find(m_path[static_cast<std::size_t>(row)]); }
  int rowOf(MessageId id) const;
  int branch(int row) const;        ///< from 0
  int branchCount(int row) const;
  const ChatTree& tree() const { return m_tree; }

  void reset(ChatTree tree);
  void append(const ChatMessage& message);    ///< a child of the last row adds a row; any other shows its own branch
  void update(const ChatMessage& message);    ///< state, figures, error, content as a whole
  void grow(MessageId id, const QString& text);
  void select(MessageId id);

 signals:
  void grew(nibble::MessageId id, const QString& text);  ///< text was added at the end of a message

 private:
  void showPath();

  ChatTree m_tree;
  std::vector<MessageId> m_path;
};

}  // namespace nibble
