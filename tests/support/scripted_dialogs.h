// Answers file dialogs and message boxes for tests, and remembers what was asked. Header only: needs ui, used by ui tests.
#pragma once
#include <QStringList>

#include "ui/dialogs.h"

namespace nibble::test {

class ScriptedDialogs : public Dialogs {
 public:
  QString folder, file, target, text;   ///< the next answers
  bool accept = true;
  QStringList asked;                    ///< titles and texts, in order

  QString openFolder(QWidget*, const QString& title, const QString&) override { return note(title), folder; }
  QString openFile(QWidget*, const QString& title, const QString&, const QString&) override { return note(title), file; }
  QString saveFile(QWidget*, const QString& title, const QString&, const QString&) override { return note(title), target; }
  QString askText(QWidget*, const QString& title, const QString&, const QString&) override { return note(title), text; }
  bool confirm(QWidget*, const QString& title, const QString& body, const QString&) override { return note(title + ": " + body), accept; }
  void tell(QWidget*, const QString& title, const QString& body) override { note(title + ": " + body); }
  void openLink(const QString& address) override { note(address); }

 private:
  void note(const QString& what) { asked << what; }
};

}  // namespace nibble::test
