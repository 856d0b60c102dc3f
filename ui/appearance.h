// The look and the language: theme (system, light, dark), text size, and translators. Widgets read colours from here or
// from the palette, and follow PaletteChange and LanguageChange.
#pragma once
#include <QColor>
#include <QObject>
#include <QPalette>
#include <QString>
#include <array>

class QTranslator;

namespace nibble {

class SettingsStore;

enum class ThemeMode : int { system, light, dark };
enum class LanguageMode : int { system, english, chinese };

/// Roles that the palette lacks.
struct ThemeColors {
  QColor window, base, raised, hairline, text, quiet, accent, accentText, good, warning, bad, codeBackground;
  // Code: keyword, string, number, comment.
  QColor keyword, string, number, comment;
  /// Memory parts (weights, KV cache, workspace, context, others, free) and two lines: colour-blind safe (Okabe and Ito).
  std::array<QColor, 6> parts;
  QColor decodeLine, prefillLine;
};

class Appearance : public QObject {
  Q_OBJECT
 public:
  explicit Appearance(SettingsStore& settings, QObject* parent = nullptr);
  ~Appearance() override;

  void apply();                                   ///< to the whole application; at start and after every change
  void setTheme(ThemeMode mode);
  void setLanguage(LanguageMode mode);
  void setTextScale(double scale);                ///< 1.0, 1.15 or 1.4
  ThemeMode theme() const { return m_theme; }
  LanguageMode language() const { return m_language; }
  double textScale() const { return m_textScale; }
  bool isDark() const { return m_dark; }
  bool isChinese() const;
  const ThemeColors& colors() const { return m_colors; }
  void setSystemDark(bool dark);                  ///< told by the desktop portal

 signals:
  void changed();                                 ///< colours or sizes; palettes are already set

 private:
  void applyLanguage();

  SettingsStore& m_settings;
  ThemeMode m_theme = ThemeMode::system;
  LanguageMode m_language = LanguageMode::system;
  double m_textScale = 1.0;
  double m_systemPointSize = 0;
  bool m_systemDark = false, m_dark = false;
  ThemeColors m_colors;
  QString m_loadedLanguage;
  QTranslator* m_translator = nullptr;
  QTranslator* m_qtTranslator = nullptr;
};

}  // namespace nibble
