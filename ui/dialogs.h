// File dialogs and message boxes behind a seam, so that tests can answer them.
#pragma once
#include <QString>
#include <QStringList>

class QWidget;

namespace nibble {

class Dialogs {
 public:
  virtual ~Dialogs() = default;
  // An empty answer means that the person changed their mind.
  virtual QString openFolder(QWidget* parent, const QString& title, const QString& start) = 0;
  virtual QString openFile(QWidget* parent, const QString& title, const QString& start, const QString& filter) = 0;
  virtual QString saveFile(QWidget* parent, const QString& title, const QString& suggestion, const QString& filter) = 0;
  virtual QString askText(QWidget* parent, const QString& title, const QString& label, const QString& start) = 0;
  virtual bool confirm(QWidget* parent, const QString& title, const QString& text, const QString& action) = 0;
  virtual void tell(QWidget* parent, const QString& title, const QString& text) = 0;
  virtual void openLink(const QString& address) = 0;
};

class NativeDialogs : public Dialogs {
 public:
  QString openFolder(QWidget* parent, const QString& title, const QString& start) override;
  QString openFile(QWidget* parent, const QString& title, const QString& start, const QString& filter) override;
  QString saveFile(QWidget* parent, const QString& title, const QString& suggestion, const QString& filter) override;
  QString askText(QWidget* parent, const QString& title, const QString& label, const QString& start) override;
  bool confirm(QWidget* parent, const QString& title, const QString& text, const QString& action) override;
  void tell(QWidget* parent, const QString& title, const QString& text) override;
  void openLink(const QString& address) override;
};

}  // namespace nibble
