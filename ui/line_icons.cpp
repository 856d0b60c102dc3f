#include "ui/line_icons.h"

#include <QApplication>
#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QPalette>
#include <QPixmapCache>
#include <QSvgRenderer>

namespace nibble {

namespace {
class LineIconEngine : public QIconEngine {
 public:
  explicit LineIconEngine(const QString& name) : m_name(name) {}

  void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override {
    const qreal ratio = painter->device()->devicePixelRatio();
    painter->drawPixmap(rect, draw((QSizeF(rect.size()) * ratio).toSize(), mode, state));
  }
  QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override { return draw(size, mode, state); }
  QIconEngine* clone() const override { return new LineIconEngine(m_name); }

 private:
  QPixmap draw(const QSize& size, QIcon::Mode mode, QIcon::State state) const {
    const QPalette palette = qApp->palette();
    const auto group = mode == QIcon::Disabled ? QPalette::Disabled : QPalette::Active;
    QColor color = palette.color(group, QPalette::WindowText);
    if (state == QIcon::On) color = palette.color(QPalette::Highlight);
    if (mode == QIcon::Selected) color = palette.color(QPalette::HighlightedText);
    const QString key = QString("line-icon/%1/%2x%3/%4").arg(m_name).arg(size.width()).arg(size.height()).arg(color.rgba());
    QPixmap pixmap;
    if (QPixmapCache::find(key, &pixmap)) return pixmap;
    QFile file(":/icons/" + m_name + ".svg");
    if (!file.open(QIODevice::ReadOnly)) return {};
    QByteArray svg = file.readAll();
    svg.replace("currentColor", color.name().toLatin1());
    pixmap = QPixmap(size);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    QSvgRenderer(svg).render(&painter);
    QPixmapCache::insert(key, pixmap);
    return pixmap;
  }

  QString m_name;
};
}  // namespace

QIcon lineIcon(const QString& name) { return QIcon(new LineIconEngine(name)); }

}  // namespace nibble
