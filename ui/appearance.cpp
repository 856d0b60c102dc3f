#include "ui/appearance.h"

#include <QApplication>
#include <QFont>
#include <QFile>
#include <QLibraryInfo>
#include <QLocale>
#include <QPixmapCache>
#include <QStyle>
#include <QStyleFactory>
#include <QTranslator>

#include "app/settings_store.h"
#include "ui/theme_style.h"

namespace nibble {

namespace {
ThemeColors lightColors() {
  ThemeColors colors;
  colors.window = "#f6f7f8", colors.base = "#ffffff", colors.raised = "#eceff2", colors.hairline = "#d9dee3";
  colors.text = "#1b2126", colors.quiet = "#5b6670", colors.accent = "#2563c9", colors.accentText = "#ffffff";
  colors.good = "#1c7c4a", colors.warning = "#9a5b00", colors.bad = "#b3261e", colors.codeBackground = "#f1f3f5";
  colors.keyword = "#7a3e9d", colors.string = "#1c6e3d", colors.number = "#a04b00", colors.comment = "#68737d";
  colors.parts = {QColor("#0072b2"), QColor("#e69f00"), QColor("#009e73"), QColor("#cc79a7"), QColor("#9aa3ab"), QColor("#e3e7eb")};
  colors.decodeLine = "#0072b2", colors.prefillLine = "#d55e00";
  return colors;
}

ThemeColors darkColors() {
  ThemeColors colors;
  colors.window = "#1a1d21", colors.base = "#131619", colors.raised = "#24292e", colors.hairline = "#353c43";
  colors.text = "#e3e7ea", colors.quiet = "#9aa5ae", colors.accent = "#76a9fa", colors.accentText = "#0d1217";
  colors.good = "#5fc98f", colors.warning = "#e3a94a", colors.bad = "#f28b82", colors.codeBackground = "#1f2429";
  colors.keyword = "#c9a0ee", colors.string = "#8fd6a4", colors.number = "#f0a872", colors.comment = "#8d98a2";
  colors.parts = {QColor("#4aa3df"), QColor("#f0b840"), QColor("#35c79a"), QColor("#e09cc4"), QColor("#7d878f"), QColor("#2b3137")};
  colors.decodeLine = "#56b4e9", colors.prefillLine = "#f0804a";
  return colors;
}

QPalette paletteFor(const ThemeColors& colors) {
  QPalette palette;
  palette.setColor(QPalette::Window, colors.window);
  palette.setColor(QPalette::WindowText, colors.text);
  palette.setColor(QPalette::Base, colors.base);
  palette.setColor(QPalette::AlternateBase, colors.raised);
  palette.setColor(QPalette::Text, colors.text);
  palette.setColor(QPalette::PlaceholderText, colors.quiet);
  palette.setColor(QPalette::Button, colors.raised);
  palette.setColor(QPalette::ButtonText, colors.text);
  palette.setColor(QPalette::ToolTipBase, colors.raised);
  palette.setColor(QPalette::ToolTipText, colors.text);
  palette.setColor(QPalette::Highlight, colors.accent);
  palette.setColor(QPalette::HighlightedText, colors.accentText);
  palette.setColor(QPalette::Link, colors.accent);
  palette.setColor(QPalette::LinkVisited, colors.accent);
  palette.setColor(QPalette::BrightText, colors.bad);
  palette.setColor(QPalette::Mid, colors.hairline);
  palette.setColor(QPalette::Midlight, colors.hairline);
  palette.setColor(QPalette::Dark, colors.hairline);
  palette.setColor(QPalette::Light, colors.base);
  palette.setColor(QPalette::Shadow, colors.hairline);
  QColor faded = colors.quiet;
  faded.setAlphaF(0.6f);
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) palette.setColor(QPalette::Disabled, role, faded);
  palette.setColor(QPalette::Disabled, QPalette::Highlight, colors.hairline);
  return palette;
}
}  // namespace

Appearance::Appearance(SettingsStore& settings, QObject* parent) : QObject(parent), m_settings(settings) {
  m_theme = static_cast<ThemeMode>(std::clamp(settings.value("look/theme").toInt(), 0, 2));
  m_language = static_cast<LanguageMode>(std::clamp(settings.value("look/language").toInt(), 0, 2));
  m_textScale = std::clamp(settings.value("look/textScale", 1.0).toDouble(), 1.0, 1.4);
  m_systemPointSize = QApplication::font().pointSizeF();
  m_systemDark = QApplication::palette().color(QPalette::Window).lightness() < 128;
  QApplication::setStyle(QStyleFactory::create("Fusion"));
}

Appearance::~Appearance() {
  if (m_translator) QApplication::removeTranslator(m_translator);
  if (m_qtTranslator) QApplication::removeTranslator(m_qtTranslator);
}

void Appearance::apply() {
  m_dark = m_theme == ThemeMode::dark || (m_theme == ThemeMode::system && m_systemDark);
  m_colors = m_dark ? darkColors() : lightColors();
  QPixmapCache::clear();
  QApplication::setPalette(paletteFor(m_colors));
  QFont font = QApplication::font();
  if (m_systemPointSize > 0) font.setPointSizeF(m_systemPointSize * m_textScale);
  QApplication::setFont(font);
  qApp->setStyleSheet(styleSheetFor(m_colors));
  applyLanguage();
  emit changed();
}

void Appearance::setTheme(ThemeMode mode) {
  m_theme = mode;
  m_settings.setValue("look/theme", static_cast<int>(mode));
  apply();
}

void Appearance::setTextScale(double scale) {
  m_textScale = scale;
  m_settings.setValue("look/textScale", scale);
  apply();
}

void Appearance::setSystemDark(bool dark) {
  if (dark == m_systemDark) return;
  m_systemDark = dark;
  if (m_theme == ThemeMode::system) apply();
}

void Appearance::setLanguage(LanguageMode mode) {
  m_language = mode;
  m_settings.setValue("look/language", static_cast<int>(mode));
  applyLanguage();
  emit changed();
}

bool Appearance::isChinese() const {
  if (m_language != LanguageMode::system) return m_language == LanguageMode::chinese;
  return QLocale::system().language() == QLocale::Chinese;
}

void Appearance::applyLanguage() {
  const QString wanted = isChinese() ? "zh_CN" : "en";
  if (wanted == m_loadedLanguage) return;
  m_loadedLanguage = wanted;
  QLocale::setDefault(isChinese() ? QLocale(QLocale::Chinese, QLocale::China) : QLocale(QLocale::English));
  // The old ones go first: a translator that is asked first and has no answer would be fine, but one left behind would not.
  for (QTranslator** translator : {&m_translator, &m_qtTranslator}) {
    if (*translator) QApplication::removeTranslator(*translator);
    delete std::exchange(*translator, new QTranslator(this));
  }
  if (m_qtTranslator->load("qtbase_" + wanted, QLibraryInfo::path(QLibraryInfo::TranslationsPath))) QApplication::installTranslator(m_qtTranslator);
  if (m_translator->load(":/translations/nibble_" + wanted + ".qm")) QApplication::installTranslator(m_translator);  // English has plurals alone
}

}  // namespace nibble
