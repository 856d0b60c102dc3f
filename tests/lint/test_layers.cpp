// Reads every #include of the tree: ui → app → core → kernels, written from the root, Qt only where it may be.
// Also the size rules: no source file over 600 lines.
#include <QDirIterator>
#include <QtTest>

namespace {

struct Source {
  QString path;   // from the root
  QString layer;  // first folder
  QStringList lines;
};

QList<Source> sources(const QStringList& folders) {
  QList<Source> found;
  const QDir root(NIBBLE_SOURCE_DIR);
  for (const QString& folder : folders) {
    QDirIterator files(root.filePath(folder), {"*.h", "*.cpp", "*.cu", "*.cuh"}, QDir::Files, QDirIterator::Subdirectories);
    while (files.hasNext()) {
      QFile file(files.next());
      if (!file.open(QIODevice::ReadOnly)) continue;
      found.append({root.relativeFilePath(file.fileName()), folder, QString::fromUtf8(file.readAll()).split('\n')});
    }
  }
  return found;
}

/// The folders a layer may include from.
QStringList allowed(const Source& source) {
  if (source.path == "ui/main.cpp" || source.path == "app/cli/main.cpp") return {"ui", "app", "core", "kernels"};
  if (source.layer == "kernels") return {"kernels"};
  if (source.layer == "core") return {"core", "kernels"};
  if (source.layer == "app") return {"app", "core"};
  return {"ui", "app"};
}

}  // namespace

class TestLayers : public QObject {
  Q_OBJECT
 private slots:
  void includesPointDownwards() {
    static const QRegularExpression pattern("^\\s*#\\s*include\\s+([<\"])([^\">]+)[\">]");
    QStringList wrong;
    const QStringList layers{"kernels", "core", "app", "ui"};
    const auto all = sources(layers);
    QVERIFY2(all.size() > 20, "the lint test must see the tree");
    for (const Source& source : all) {
      for (int i = 0; i < source.lines.size(); ++i) {
        const auto match = pattern.match(source.lines[i]);
        if (!match.hasMatch()) continue;
        const QString target = match.captured(2);
        const QString place = QString("%1:%2 includes %3").arg(source.path).arg(i + 1).arg(target);
        const QString folder = target.section('/', 0, 0);
        if (match.captured(1) == "\"") {
          const bool generated = target.endsWith(".moc") || target.startsWith("moc_");
          if (!generated && !allowed(source).contains(folder)) wrong << place;
        } else if (layers.contains(folder)) {
          wrong << place + " (with angle brackets)";
        }
        const bool qt = match.captured(1) == "<" && (target.startsWith("Q") || target.startsWith("qcustomplot"));
        if (qt && (source.layer == "core" || source.layer == "kernels")) wrong << place;
      }
    }
    QVERIFY2(wrong.isEmpty(), qPrintable("includes against the layers:\n" + wrong.join('\n')));
  }

  void filesStaySmall() {
    QStringList wrong;
    for (const Source& source : sources({"kernels", "core", "app", "ui", "tests"})) {
      if (source.lines.size() > 601) wrong << QString("%1 has %2 lines").arg(source.path).arg(source.lines.size());
    }
    QVERIFY2(wrong.isEmpty(), qPrintable(wrong.join('\n')));
  }

  void kernelsAndCoreNeverPrintOrExit() {
    static const QRegularExpression pattern("\\b(std::cout|std::cerr|printf\\s*\\(|std::exit\\s*\\(|std::abort\\s*\\(|abort\\s*\\(\\s*\\))");
    QStringList wrong;
    for (const Source& source : sources({"kernels", "core"})) {
      for (int i = 0; i < source.lines.size(); ++i) {
        const QString code = source.lines[i].section("//", 0, 0);
        if (code.contains(pattern) && !code.contains("snprintf")) wrong << QString("%1:%2 %3").arg(source.path).arg(i + 1).arg(code.trimmed());
      }
    }
    QVERIFY2(wrong.isEmpty(), qPrintable(wrong.join('\n')));
  }
};

QTEST_APPLESS_MAIN(TestLayers)
#include "test_layers.moc"
