// The program with the window. What needs no window (--help, --version, a hand-over to a running instance) works without a
// display.
#include <QApplication>
#include <QCommandLineParser>
#include <QFileInfo>
#include <QIcon>
#include <cstdio>

#include "app/application_context.h"
#include "app/log_sinks.h"
#include "app/portal_color_scheme.h"
#include "app/single_instance.h"
#include "ui/appearance.h"
#include "ui/dialogs.h"
#include "ui/main_window.h"
#include "ui/ui_context.h"
#include "ui/window_parts.h"

namespace {

struct Options {
  QString profile;
  QStringList files;
  bool exitNow = false;
  int status = 0;
};

Options parse(const QStringList& arguments) {
  QCommandLineParser parser;
  parser.setApplicationDescription("Runs large language models in a few bits per weight, in a window. The command line is nibble-cli.");
  const QCommandLineOption help({"h", "help"}, "Show this and end.");
  const QCommandLineOption version({"v", "version"}, "Show the version and end.");
  const QCommandLineOption profile("profile", "Keep settings, chats and logs below DIR.", "DIR");
  parser.addOptions({help, version, profile});
  parser.addPositionalArgument("files", "Model folders or files to open; a running window takes them over.", "[FILE …]");
  // Without an application object the parser does not know the program's name.
  const QString helpText = [&parser] { return parser.helpText().replace("<executable_name>", "nibble"); }();
  Options options;
  options.exitNow = true;
  if (!parser.parse(arguments)) {
    std::fprintf(stderr, "nibble: %s\n%s", qPrintable(parser.errorText()), qPrintable(helpText));
    options.status = 2;
  } else if (parser.isSet(help)) {
    std::fputs(qPrintable(helpText), stdout);
  } else if (parser.isSet(version)) {
    std::puts("nibble " NIBBLE_VERSION);
  } else {
    options.exitNow = false;
    options.profile = parser.value(profile);
    options.files = parser.positionalArguments();
  }
  return options;
}

void setProgramIdentity() {
  QCoreApplication::setApplicationName("nibble");
  QCoreApplication::setApplicationVersion(NIBBLE_VERSION);
  QGuiApplication::setDesktopFileName("org.nibble.Nibble");
}

/// With neither a display nor a platform asked for, Qt would abort.
bool displayMissing() {
  return qEnvironmentVariableIsEmpty("DISPLAY") && qEnvironmentVariableIsEmpty("WAYLAND_DISPLAY") && qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM");
}

void setIcon() {
  QIcon icon;
  for (const int size : {16, 24, 32, 48, 64, 128, 256}) icon.addFile(QString(":/program/%1/org.nibble.Nibble.png").arg(size));
  QApplication::setWindowIcon(QIcon::fromTheme("org.nibble.Nibble", icon));
}

int runWindow(int& argc, char** argv, const Options& options) {
  QApplication application(argc, argv);
  setIcon();
  const nibble::AppPaths paths = nibble::AppPaths::find(options.profile);
  nibble::SingleInstance instance(paths.data);
  if (instance.handOver(options.files)) return 0;
  if (!instance.listen() && instance.handOver(options.files)) return 0;  // two starts at once: the faster one stays
  nibble::logToFile(paths.state);
  nibble::ApplicationContext context(paths, nibble::EngineDoor::real());
  nibble::Appearance appearance(context.settings());
  appearance.apply();
  nibble::PortalColorScheme portal;
  QObject::connect(&portal, &nibble::PortalColorScheme::changed, &appearance, &nibble::Appearance::setSystemDark);
  portal.watch();
  nibble::NativeDialogs dialogs;
  nibble::UiContext ui{context, dialogs, appearance};
  nibble::MainWindow window(ui);
  nibble::addWindowParts(window, ui);
  QObject::connect(&instance, &nibble::SingleInstance::filesReceived, &window, [&window](const QStringList& files) {
    window.setWindowState(window.windowState() & ~Qt::WindowMinimized);
    window.raise();
    window.activateWindow();
    window.openPaths(files);
  });
  window.show();
  QStringList absolute;
  for (const QString& file : options.files) absolute << QFileInfo(file).absoluteFilePath();
  window.openPaths(absolute);
  return QApplication::exec();
}

}  // namespace

int main(int argc, char** argv) {
  QStringList arguments;
  for (int i = 0; i < argc; ++i) {
    const QString argument = QString::fromLocal8Bit(argv[i]);
    if (argument == "-platform" || argument == "-style") ++i;  // Qt's own, taken by QApplication
    else arguments << argument;
  }
  const Options options = parse(arguments);
  if (options.exitNow) return options.status;
  setProgramIdentity();
  if (displayMissing()) {
    std::fputs("nibble: there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set). On a terminal, use: nibble-cli chat\n", stderr);
    return 1;
  }
  return runWindow(argc, argv, options);
}
