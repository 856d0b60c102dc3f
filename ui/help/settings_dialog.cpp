#include "ui/help/settings_dialog.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QEvent>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

#include "app/application_context.h"
#include "ui/appearance.h"

namespace nibble {

namespace {
constexpr double kTextScales[] = {1.0, 1.15, 1.4};
}

SettingsDialog::SettingsDialog(UiContext& ui, QWidget* parent) : QDialog(parent), m_ui(ui) {
  setObjectName("settingsDialog");
  setAttribute(Qt::WA_DeleteOnClose);
  auto* column = new QVBoxLayout(this);
  auto* form = new QFormLayout;
  form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  m_theme = addChoice(form, "themeBox", m_themeLabel);
  m_language = addChoice(form, "languageBox", m_languageLabel);
  m_textSize = addChoice(form, "textSizeBox", m_textSizeLabel);
  for (int i = 0; i < 3; ++i) {
    m_theme->addItem({});
    m_language->addItem({});
    m_textSize->addItem({});
    if (qFuzzyCompare(kTextScales[i], ui.appearance.textScale())) m_textSize->setCurrentIndex(i);
  }
  m_theme->setCurrentIndex(static_cast<int>(ui.appearance.theme()));
  m_language->setCurrentIndex(static_cast<int>(ui.appearance.language()));
  auto* chats = new QHBoxLayout;
  m_export = addAction("exportAllButton", chats);
  m_import = addAction("importButton", chats);
  m_delete = addAction("deleteAllButton", chats);
  m_chatsLabel = new QLabel(this);
  form->addRow(m_chatsLabel, chats);
  m_placesLabel = new QLabel(this);
  m_places = new QLabel(ui.app.paths().config + '\n' + ui.app.paths().data + '\n' + ui.app.paths().state, this);
  m_places->setObjectName("placesLabel");
  m_places->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  m_places->setWordWrap(true);
  form->addRow(m_placesLabel, m_places);
  column->addLayout(form);
  m_network = new QLabel(this);
  m_network->setObjectName("networkLabel");
  m_network->setProperty("quiet", true);
  m_network->setWordWrap(true);
  column->addWidget(m_network);
  auto* buttons = new QDialogButtonBox(this);
  m_close = buttons->addButton(QString("x"), QDialogButtonBox::RejectRole);
  m_close->setObjectName("settingsClose");
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  column->addWidget(buttons);
  retranslate();
  connectSignals();
  setMinimumWidth(480);
}

QComboBox* SettingsDialog::addChoice(QFormLayout* form, const char* name, QLabel*& label) {
  auto* box = new QComboBox(this);
  box->setObjectName(name);
  label = new QLabel(this);
  label->setBuddy(box);
  form->addRow(label, box);
  return box;
}

QPushButton* SettingsDialog::addAction(const char* name, QBoxLayout* row) {
  auto* button = new QPushButton(this);
  button->setObjectName(name);
  row->addWidget(button);
  return button;
}

void SettingsDialog::connectSignals() {
  connect(m_theme, &QComboBox::currentIndexChanged, this, [this](int row) {
    if (!m_filling) m_ui.appearance.setTheme(static_cast<ThemeMode>(row));
  });
  connect(m_language, &QComboBox::currentIndexChanged, this, [this](int row) {
    if (!m_filling) m_ui.appearance.setLanguage(static_cast<LanguageMode>(row));
  });
  connect(m_textSize, &QComboBox::currentIndexChanged, this, [this](int row) {
    if (!m_filling) m_ui.appearance.setTextScale(kTextScales[row]);
  });
  connect(&m_ui.appearance, &Appearance::changed, this, [this] {
    m_filling = true;
    m_theme->setCurrentIndex(static_cast<int>(m_ui.appearance.theme()));
    m_language->setCurrentIndex(static_cast<int>(m_ui.appearance.language()));
    m_filling = false;
  });
  connect(m_export, &QPushButton::clicked, this, &SettingsDialog::exportChatsWanted);
  connect(m_import, &QPushButton::clicked, this, &SettingsDialog::importChatsWanted);
  connect(m_delete, &QPushButton::clicked, this, &SettingsDialog::deleteChatsWanted);
}

void SettingsDialog::changeEvent(QEvent* event) {
  if (event->type() == QEvent::LanguageChange) retranslate();
  QDialog::changeEvent(event);
}

void SettingsDialog::retranslate() {
  m_filling = true;
  setWindowTitle(tr("Settings"));
  m_themeLabel->setText(tr("&Theme"));
  m_languageLabel->setText(tr("&Language"));
  m_textSizeLabel->setText(tr("Text &size"));
  const QString themes[] = {tr("As the system"), tr("Light"), tr("Dark")};
  const QString languages[] = {tr("As the system"), "English", "中文"};
  const QString sizes[] = {tr("Normal"), tr("Large"), tr("Very large")};
  for (int i = 0; i < 3; ++i) {
    m_theme->setItemText(i, themes[i]);
    m_language->setItemText(i, languages[i]);
    m_textSize->setItemText(i, sizes[i]);
  }
  m_theme->setAccessibleName(tr("Theme"));
  m_language->setAccessibleName(tr("Language"));
  m_textSize->setAccessibleName(tr("Text size"));
  m_chatsLabel->setText(tr("All chats"));
  m_export->setText(tr("&Export …"));
  m_import->setText(tr("&Import …"));
  m_delete->setText(tr("&Delete all …"));
  m_placesLabel->setText(tr("Kept in"));
  m_network->setText(tr("Nibble sends nothing over the network. Models, chats and figures stay on this computer."));
  m_close->setText(tr("Close"));
  m_filling = false;
}

}  // namespace nibble
