#include "ui/chat/chat_delegate.h"

#include <QPainter>

#include "app/chat_list_model.h"

namespace nibble {

namespace {
constexpr int kPadding = 6;

QString headingText(int day) {
  using Day = ChatListModel::Day;
  switch (static_cast<Day>(day)) {
    case Day::today: return ChatDelegate::tr("Today");
    case Day::yesterday: return ChatDelegate::tr("Yesterday");
    case Day::thisWeek: return ChatDelegate::tr("Last 7 days");
    case Day::thisMonth: return ChatDelegate::tr("Last 30 days");
    case Day::older: return ChatDelegate::tr("Older");
    case Day::none: break;
  }
  return {};
}
}  // namespace

QSize ChatDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const int line = option.fontMetrics.lineSpacing();
  int height = line + 2 * kPadding;
  if (index.data(ChatListModel::HeadingRole).toInt() != 0) height += line + 2 * kPadding;
  if (!index.data(ChatListModel::FoundRole).toString().isEmpty()) height += line;
  return {80, height};
}

void ChatDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  const QPalette& palette = option.palette;
  const int line = option.fontMetrics.lineSpacing();
  QRect area = option.rect;
  const QColor quiet = palette.color(QPalette::PlaceholderText);
  if (const int day = index.data(ChatListModel::HeadingRole).toInt()) {
    QFont small = option.font;
    small.setPointSizeF(small.pointSizeF() * 0.9);
    painter->setFont(small);
    painter->setPen(quiet);
    painter->drawText(QRect(area.left() + kPadding, area.top() + kPadding, area.width() - 2 * kPadding, line), Qt::AlignLeft | Qt::AlignVCenter, headingText(day));
    area.setTop(area.top() + line + 2 * kPadding);
  }
  const bool selected = option.state & QStyle::State_Selected;
  if (selected || option.state & QStyle::State_MouseOver) {
    painter->setPen(Qt::NoPen);
    painter->setBrush(palette.color(selected ? QPalette::Mid : QPalette::AlternateBase));
    painter->drawRoundedRect(area, 5, 5);
  }
  if (option.state & QStyle::State_HasFocus) {
    painter->setPen(palette.color(QPalette::Highlight));
    painter->setBrush(Qt::NoBrush);
    painter->drawRoundedRect(QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5);
  }
  const QRect text = area.adjusted(kPadding + 2, kPadding, -kPadding, -kPadding);
  painter->setFont(option.font);
  painter->setPen(palette.color(QPalette::Text));
  painter->drawText(QRect(text.left(), text.top(), text.width(), line), Qt::AlignLeft | Qt::AlignVCenter,
                    option.fontMetrics.elidedText(index.data(Qt::DisplayRole).toString(), Qt::ElideRight, text.width()));
  const QString found = index.data(ChatListModel::FoundRole).toString();
  if (!found.isEmpty()) {
    painter->setPen(quiet);
    painter->drawText(QRect(text.left(), text.top() + line, text.width(), line), Qt::AlignLeft | Qt::AlignVCenter,
                      option.fontMetrics.elidedText(found, Qt::ElideRight, text.width()));
  }
  painter->restore();
}

}  // namespace nibble
