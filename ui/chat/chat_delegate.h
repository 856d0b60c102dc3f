// Draws a row of the chat list: the day's heading where one begins, the title, and the words a search found.
#pragma once
#include <QStyledItemDelegate>

namespace nibble {

class ChatDelegate : public QStyledItemDelegate {
  Q_OBJECT
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace nibble
