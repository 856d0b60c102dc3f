#include "app/model_session.h"

#include <QFileInfo>
#include <QJsonArray>

#include "app/precision_choices.h"

namespace nibble {

namespace {
const QString kRecordsKey = "model/loads";
constexpr std::size_t kMaxRecords = 10;

QJsonObject toJson(const LoadRecord& record) {
  return {{"when", record.when.toString(Qt::ISODate)}, {"model", record.model}, {"precision", record.precision},
          {"device", record.device}, {"predicted", record.predictedBytes}, {"measured", record.measuredBytes}, {"error", record.error}};
}

LoadRecord fromJson(const QJsonObject& object) {
  return {QDateTime::fromString(object.value("when").toString(), Qt::ISODate), object.value("model").toString(),
          object.value("precision").toString(), object.value("device").toString(), object.value("predicted").toInteger(),
          object.value("measured").toInteger(), object.value("error").toString()};
}
}  // namespace

ModelSession::ModelSession(InferenceQueue& queue, ModelLibrary& library, SettingsStore& settings, QObject* parent)
    : QObject(parent), m_queue(queue), m_library(library), m_settings(settings) {
  for (const QJsonValue& value : settings.value(kRecordsKey).toArray()) m_records.push_back(fromJson(value.toObject()));
  connect(&queue, &InferenceQueue::loadProgressed, this, [this](RunId run, const LoadProgress& progress) {
    if (run != m_run) return;
    m_progress = progress;
    emit progressed();
  });
  connect(&queue, &InferenceQueue::loaded, this, [this](RunId run, const LoadReport& report, const ModelInfo& info) {
    if (run != m_run) return;
    m_report = report;
    remember({QDateTime::currentDateTime(), m_library.displayName(info), precisionId(info.recipe), QString::fromStdString(info.device.id),
              static_cast<qint64>(report.plan.bytesOn(report.plan.device)), static_cast<qint64>(report.measuredBytes), {}});
  });
  connect(&queue, &InferenceQueue::failed, this, [this](RunId run, const Error& error) {
    if (run != m_run) return;
    if (error.code == ErrorCode::cancelled) return;
    m_lastError = error;
    remember({QDateTime::currentDateTime(), QFileInfo(QString::fromStdString(m_request.model)).fileName(), precisionId(m_request.recipe),
              QString::fromStdString(m_request.device), 0, 0, QString::fromStdString(error.detail)});
  });
  connect(&queue, &InferenceQueue::runEnded, this, [this](RunId run) {
    if (run != m_run) return;
    m_run = 0;
    m_state = m_queue.model() ? State::ready : State::none;
    emit changed();
  });
  connect(&queue, &InferenceQueue::modelChanged, this, [this] {
    if (m_run != 0) return;  // told when the run ends
    m_state = m_queue.model() ? State::ready : State::none;
    m_report.reset();        // a comparison loaded or dropped something
    emit changed();
  });
}

void ModelSession::load(const LoadRequest& request) {
  if (m_state == State::loading || m_state == State::unloading) return;
  m_request = request;
  m_progress = {};
  m_lastError.reset();
  m_state = State::loading;
  m_run = m_queue.load(request);
  emit changed();
}

void ModelSession::cancelLoad() {
  if (m_state == State::loading) m_queue.stop(m_run);
}

void ModelSession::unload() {
  if (m_state != State::ready) return;
  m_report.reset();
  m_lastError.reset();
  m_state = State::unloading;
  m_run = m_queue.unload();
  emit changed();
}

double ModelSession::bytesPerSecond() const {
  return m_progress.seconds > 0.05 ? static_cast<double>(m_progress.bytesDone) / m_progress.seconds : 0;
}

void ModelSession::clearError() {
  m_lastError.reset();
  emit changed();
}

void ModelSession::remember(const LoadRecord& record) {
  m_records.insert(m_records.begin(), record);
  if (m_records.size() > kMaxRecords) m_records.resize(kMaxRecords);
  QJsonArray array;
  for (const LoadRecord& kept : m_records) array.append(toJson(kept));
  m_settings.setValue(kRecordsKey, array);
}

}  // namespace nibble
