#include "ui/dock/load_form.h"

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QSlider>
#include <QSpinBox>
#include <QToolButton>

#include "app/application_context.h"
#include "app/model_library.h"
#include "app/planner.h"
#include "app/precision_choices.h"
#include "app/settings_store.h"
#include "ui/line_icons.h"
#include "ui/precision_text.h"

namespace nibble {

namespace {
constexpr int kContextStep = 256;
constexpr int kDefaultContext = 8192;
constexpr int kMaxContext = 1 << 20;

/// Choosing by value rather than by text: texts are translated.
void selectData(QComboBox* box, const QVariant& value) {
  if (const int row = box->findData(value); row >= 0) box->setCurrentIndex(row);
}
}  // namespace

LoadForm::LoadForm(UiContext& ui, QWidget* parent) : QWidget(parent), m_ui(ui) {
  setObjectName("loadForm");
  buildLayout();
  fillPrecisions();
  retranslate();
  restoreState();
  connectSignals();
}

QComboBox* LoadForm::makeCombo(const char* name) {
  auto* box = new QComboBox(this);
  box->setObjectName(name);
  box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  box->setMinimumContentsLength(8);
  return box;
}

QLabel* LoadForm::addRow(QFormLayout* form, QWidget* field) {
  auto* label = new QLabel(this);
  label->setBuddy(field);
  form->addRow(label, field);
  return label;
}

void LoadForm::buildLayout() {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(8);
  m_modelLabel = new QLabel(this);
  m_modelLabel->setProperty("heading", true);
  m_model = makeCombo("modelBox");
  m_model->setModel(&m_ui.app.library());
  m_modelLabel->setBuddy(m_model);
  m_add = new QToolButton(this);
  m_add->setObjectName("addFolderButton");
  m_add->setIcon(lineIcon("folder"));
  auto* row = new QHBoxLayout;
  row->setSpacing(4);
  row->addWidget(m_model, 1);
  row->addWidget(m_add);
  column->addWidget(m_modelLabel);
  column->addLayout(row);
  auto* form = new QFormLayout;
  form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  m_precision = makeCombo("precisionBox");
  m_precisionLabel = addRow(form, m_precision);
  m_context = new QSpinBox(this);
  m_context->setObjectName("contextBox");
  m_context->setRange(kContextStep, kMaxContext);
  m_context->setSingleStep(kContextStep);
  m_context->setGroupSeparatorShown(true);
  m_contextLabel = addRow(form, m_context);
  m_contextSlider = new QSlider(Qt::Horizontal, this);
  m_contextSlider->setObjectName("contextSlider");
  column->addLayout(form);
  column->addWidget(m_contextSlider);
  m_moreButton = new QToolButton(this);
  m_moreButton->setObjectName("moreButton");
  m_moreButton->setCheckable(true);
  m_moreButton->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  m_moreButton->setIcon(lineIcon("right"));
  column->addWidget(m_moreButton);
  buildMore();
  column->addWidget(m_more);
}

void LoadForm::buildMore() {
  m_more = new QWidget(this);
  m_more->setObjectName("moreControls");
  auto* form = new QFormLayout(m_more);
  form->setContentsMargins(0, 0, 0, 0);
  form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  m_kv = makeCombo("kvBox");
  m_kvLabel = addRow(form, m_kv);
  m_compute = makeCombo("computeBox");
  m_computeLabel = addRow(form, m_compute);
  m_activations = makeCombo("activationsBox");
  m_activationsLabel = addRow(form, m_activations);
  m_device = makeCombo("deviceBox");
  m_deviceLabel = addRow(form, m_device);
  m_threads = new QSpinBox(this);
  m_threads->setObjectName("threadsBox");
  m_threads->setRange(0, 256);
  m_threadsLabel = addRow(form, m_threads);
  m_embeddingOnHost = new QCheckBox(this);
  m_embeddingOnHost->setObjectName("embeddingOnHostBox");
  form->addRow(m_embeddingOnHost);
  m_more->hide();
}

void LoadForm::connectSignals() {
  const auto told = [this] {
    if (m_filling) return;
    saveState();
    emit changed();
  };
  connect(m_model, &QComboBox::currentIndexChanged, this, [this, told] {
    fitContextRange();
    told();
  });
  for (QComboBox* box : {m_precision, m_kv, m_compute, m_activations, m_device}) connect(box, &QComboBox::currentIndexChanged, this, told);
  connect(m_context, &QSpinBox::valueChanged, this, [this, told](int value) {
    const QSignalBlocker quiet(m_contextSlider);
    m_contextSlider->setValue(value / kContextStep);
    told();
  });
  connect(m_contextSlider, &QSlider::valueChanged, this, [this](int value) { m_context->setValue(value * kContextStep); });
  connect(m_threads, &QSpinBox::valueChanged, this, told);
  connect(m_embeddingOnHost, &QCheckBox::toggled, this, told);
  connect(m_add, &QToolButton::clicked, this, &LoadForm::addFolderWanted);
  connect(m_moreButton, &QToolButton::toggled, this, [this](bool on) {
    m_more->setVisible(on);
    m_moreButton->setIcon(lineIcon(on ? "down" : "right"));
    m_ui.app.settings().setValue("load/more", on);
  });
  connect(&m_ui.app.planner(), &Planner::devicesChanged, this, &LoadForm::fillDevices);
  // A reset drops the combo box's choice: that is not the person's.
  connect(&m_ui.app.library(), &QAbstractItemModel::modelAboutToBeReset, this, [this] { m_filling = true; });
  connect(&m_ui.app.library(), &QAbstractItemModel::modelReset, this, [this] {
    const int row = m_ui.app.library().indexOf(m_ui.app.settings().value("load/model").toString());
    m_model->setCurrentIndex(row >= 0 ? row : 0);
    m_filling = false;
    emit changed();
  });
}

void LoadForm::fillPrecisions() {
  for (const PrecisionChoice& choice : precisionChoices()) m_precision->addItem(choice.id, choice.id);
  m_kv->addItem({}, static_cast<int>(KvFormat::f16));
  m_kv->addItem({}, static_cast<int>(KvFormat::q8));
  m_kv->addItem({}, static_cast<int>(KvFormat::q4));
  m_kv->addItem({}, static_cast<int>(KvFormat::f32));
  m_compute->addItem({}, -1);
  for (const ComputeType type : {ComputeType::bf16, ComputeType::f16, ComputeType::f32}) m_compute->addItem({}, static_cast<int>(type));
  for (const int bits : {8, 16, 32}) m_activations->addItem({}, bits);
  m_device->addItem(QString(), "auto");
}

void LoadForm::fillDevices() {
  const QVariant before = m_device->currentData();
  m_filling = true;
  QStringList known;
  for (int row = 1; row < m_device->count(); ++row) known << m_device->itemData(row).toString();
  QStringList now;
  for (const DeviceInfo& device : m_ui.app.planner().devices()) now << QString::fromStdString(device.id);
  if (known != now) {
    while (m_device->count() > 1) m_device->removeItem(1);
    for (const DeviceInfo& device : m_ui.app.planner().devices()) {
      m_device->addItem(QString("%1 (%2)").arg(QString::fromStdString(device.name.empty() ? device.id : device.name), QString::fromStdString(device.id)), QString::fromStdString(device.id));
      const int row = m_device->count() - 1;
      m_device->setItemData(row, QString::fromStdString(device.usable ? device.capability : device.why), Qt::ToolTipRole);
      if (!device.usable) m_device->setItemData(row, 0, Qt::UserRole - 1);  // listed with the reason, but not to be chosen
    }
    selectData(m_device, before);
    selectData(m_device, m_ui.app.settings().value("load/device").toString());
  }
  m_filling = false;
}

void LoadForm::fitContextRange() {
  const qint64 most = m_model->currentData(ModelLibrary::MaxContextRole).toLongLong();
  const int limit = static_cast<int>(std::clamp<qint64>(most > 0 ? most : kDefaultContext, kContextStep, kMaxContext));
  const QSignalBlocker quiet(m_contextSlider);
  m_contextSlider->setRange(1, std::max(1, limit / kContextStep));
  m_contextSlider->setPageStep(4);
  m_context->setMaximum(kMaxContext);
  const bool keep = m_context->value() > kContextStep && m_context->value() <= limit;
  if (!keep) m_context->setValue(std::min(limit, kDefaultContext));
  m_contextSlider->setValue(m_context->value() / kContextStep);
}

std::string LoadForm::chosenDevice() const { return m_device->currentData().toString().toStdString(); }

/// bf16 where the card has it (from compute capability 8), f16 on older ones, f32 on the CPU.
ComputeType LoadForm::automaticCompute() const {
  const std::string wanted = chosenDevice();
  if (wanted == "cpu") return ComputeType::f32;
  for (const DeviceInfo& device : m_ui.app.planner().devices()) {
    if (device.id == "cpu" || !device.usable || (wanted != "auto" && device.id != wanted)) continue;
    return QString::fromStdString(device.capability).toDouble() >= 8.0 ? ComputeType::bf16 : ComputeType::f16;
  }
  return ComputeType::f32;
}

std::optional<LoadRequest> LoadForm::request() const {
  const QString path = m_model->currentData(ModelLibrary::PathRole).toString();
  if (path.isEmpty()) return {};
  LoadRequest request;
  request.model = path.toStdString();
  request.recipe = precisionChoice(m_precision->currentData().toString()).recipe;
  const int compute = m_compute->currentData().toInt();
  request.recipe.compute = compute < 0 ? automaticCompute() : static_cast<ComputeType>(compute);
  request.recipe.activationBits = m_activations->currentData().toInt();
  if (request.recipe.layers == Format::f32) {
    request.recipe.activationBits = 32;
    if (compute < 0) request.recipe.compute = ComputeType::f32;
  }
  request.kv = static_cast<KvFormat>(m_kv->currentData().toInt());
  request.context = m_context->value();
  request.device = chosenDevice();
  request.threads = m_threads->value();
  request.embeddingOnHost = m_embeddingOnHost->isChecked();
  return request;
}

void LoadForm::show(const LoadRequest& request) {
  m_filling = true;
  selectModel(QString::fromStdString(request.model));
  selectData(m_precision, precisionId(request.recipe));
  selectData(m_kv, static_cast<int>(request.kv));
  selectData(m_device, QString::fromStdString(request.device));
  if (request.context > 0) m_context->setValue(static_cast<int>(request.context));
  m_embeddingOnHost->setChecked(request.embeddingOnHost);
  m_filling = false;
  saveState();
  emit changed();
}

void LoadForm::selectModel(const QString& path) {
  if (const int row = m_ui.app.library().indexOf(path); row >= 0) m_model->setCurrentIndex(row);
}

void LoadForm::focusModel() { m_model->setFocus(); }

void LoadForm::focusDevice() {
  m_moreButton->setChecked(true);
  m_device->setFocus();
}

void LoadForm::restoreState() {
  const SettingsStore& settings = m_ui.app.settings();
  m_filling = true;
  const int row = m_ui.app.library().indexOf(settings.value("load/model").toString());
  m_model->setCurrentIndex(row >= 0 ? row : 0);
  selectData(m_precision, settings.value("load/precision", "q4-mixed").toString());
  selectData(m_kv, settings.value("load/kv", static_cast<int>(KvFormat::f16)).toInt());
  selectData(m_compute, settings.value("load/compute", -1).toInt());
  selectData(m_activations, settings.value("load/activations", 8).toInt());
  m_threads->setValue(settings.value("load/threads").toInt());
  m_embeddingOnHost->setChecked(settings.value("load/embeddingOnHost").toBool());
  m_context->setValue(settings.value("load/context", kDefaultContext).toInt());
  fitContextRange();
  const bool more = settings.value("load/more").toBool();
  m_moreButton->setChecked(more);
  m_moreButton->setIcon(lineIcon(more ? "down" : "right"));
  m_more->setVisible(more);
  m_filling = false;
  fillDevices();
}

void LoadForm::saveState() {
  SettingsStore& settings = m_ui.app.settings();
  settings.setValue("load/model", m_model->currentData(ModelLibrary::PathRole).toString());
  settings.setValue("load/precision", m_precision->currentData().toString());
  settings.setValue("load/kv", m_kv->currentData().toInt());
  settings.setValue("load/compute", m_compute->currentData().toInt());
  settings.setValue("load/activations", m_activations->currentData().toInt());
  settings.setValue("load/device", m_device->currentData().toString());
  settings.setValue("load/threads", m_threads->value());
  settings.setValue("load/embeddingOnHost", m_embeddingOnHost->isChecked());
  settings.setValue("load/context", m_context->value());
}

void LoadForm::changeEvent(QEvent* event) {
  if (event->type() == QEvent::LanguageChange) retranslate();
  QWidget::changeEvent(event);
}

void LoadForm::retranslate() {
  m_filling = true;
  m_modelLabel->setText(tr("&Model"));
  m_model->setToolTip(tr("The models in the folders you added, and the one that comes with the program"));
  m_model->setAccessibleName(tr("Model"));
  m_add->setToolTip(tr("Add a folder of models (or drop one onto the window)"));
  m_add->setAccessibleName(tr("Add a folder of models"));
  m_precisionLabel->setText(tr("&Precision"));
  for (int row = 0; row < m_precision->count(); ++row) {
    const QString id = m_precision->itemData(row).toString();
    m_precision->setItemText(row, precisionName(id));
    m_precision->setItemData(row, precisionExplanation(id), Qt::ToolTipRole);
  }
  m_precision->setToolTip(tr("How many bits each weight is kept in: fewer need less memory and lose some quality."));
  m_precision->setAccessibleName(tr("Precision"));
  m_contextLabel->setText(tr("&Context"));
  m_context->setToolTip(tr("How many tokens of a conversation the model can see at once; each takes memory."));
  m_context->setAccessibleName(tr("Context in tokens"));
  m_contextSlider->setToolTip(m_context->toolTip());
  m_contextSlider->setAccessibleName(tr("Context in tokens"));
  m_moreButton->setText(tr("More"));
  m_moreButton->setToolTip(tr("Cache, compute type, device"));
  m_kvLabel->setText(tr("&KV cache"));
  const QString kvNames[] = {tr("16-bit"), tr("8-bit"), tr("4-bit"), tr("32-bit")};
  for (int row = 0; row < 4; ++row) m_kv->setItemText(row, kvNames[row]);
  m_kv->setToolTip(tr("How the memory of the conversation is kept: 8 bits halve it at almost no loss."));
  m_kv->setAccessibleName(tr("KV cache"));
  m_computeLabel->setText(tr("C&ompute type"));
  const QString computeNames[] = {tr("Automatic"), "bf16", "f16", "f32"};
  for (int row = 0; row < 4; ++row) m_compute->setItemText(row, computeNames[row]);
  m_compute->setToolTip(tr("The number type products are computed in; sums are always kept in 32 bits."));
  m_compute->setAccessibleName(tr("Compute type"));
  m_activationsLabel->setText(tr("&Activations"));
  for (int row = 0; row < m_activations->count(); ++row) m_activations->setItemText(row, tr("%1-bit").arg(m_activations->itemData(row).toInt()));
  m_activations->setToolTip(tr("How values between layers are rounded in products while answering: 8 bits are faster."));
  m_activations->setAccessibleName(tr("Activations"));
  m_deviceLabel->setText(tr("&Device"));
  m_device->setItemText(0, tr("Automatic"));
  m_device->setToolTip(tr("Where the model runs"));
  m_device->setAccessibleName(tr("Device"));
  m_threadsLabel->setText(tr("&Threads"));
  m_threads->setSpecialValueText(tr("all"));
  m_threads->setToolTip(tr("Processor threads; “all” uses every core."));
  m_threads->setAccessibleName(tr("Threads"));
  m_embeddingOnHost->setText(tr("&Embedding in main memory"));
  m_embeddingOnHost->setToolTip(tr("Keeps the word table out of the graphics card: one row a token is read over the bus."));
  m_filling = false;
}

}  // namespace nibble
