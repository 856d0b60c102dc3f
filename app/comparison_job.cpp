#include "app/comparison_job.h"

#include <QCoreApplication>
#include <QFile>
#include <optional>

#include "app/error_text.h"
#include "app/precision_choices.h"
#include "core/eval/evaluate.h"
#include "core/eval/weight_errors.h"

namespace nibble {

namespace {

struct Words {
  Q_DECLARE_TR_FUNCTIONS(Comparison)
};

/// Goes through the entries on the worker thread; what fails stays in its row.
class ComparisonWork {
 public:
  ComparisonWork(const ComparisonRequest& request, Engine& engine, const JobSink& progress, std::stop_token stop)
      : m_request(request), m_engine(engine), m_progress(progress), m_stop(std::move(stop)) {}

  Result<void> run(const std::function<void(const ComparisonRow&)>& rowDone) {
    NIBBLE_CHECK(readText());
    for (const ComparisonEntry& entry : m_request.entries) {
      ComparisonRow row;
      row.entry = entry;
      if (auto done = measure(row); !done) {
        if (done.error().code == ErrorCode::cancelled) return fail(std::move(done.error()));
        row.error = errorText(done.error()).text();
      }
      rowDone(row);
      ++m_entriesDone;
      report(Words::tr("%1: done").arg(entry.label), 0, 1);
    }
    m_engine.unload();
    return {};
  }

 private:
  Result<void> readText() {
    if (m_request.evaluationText.isEmpty()) return {};
    QFile file(m_request.evaluationText);
    if (!file.open(QIODevice::ReadOnly)) return fail(ErrorCode::fileMissing, file.errorString().toStdString(), m_request.evaluationText.toStdString());
    const QByteArray bytes = file.read(m_request.evaluationBytes + 4);
    m_evaluation.text = std::string(wholeCharacters(std::string_view(bytes.constData(), static_cast<std::size_t>(bytes.size())), static_cast<std::uint64_t>(m_request.evaluationBytes)));
    m_evaluation.textName = m_request.evaluationText.toStdString();
    m_evaluation.window = m_request.evaluationWindow;
    return {};
  }

  Result<void> measure(ComparisonRow& row) {
    LoadRequest load;
    load.model = row.entry.model.toStdString();
    load.recipe = precisionChoice(row.entry.precision).recipe;
    load.context = m_request.context;
    load.device = m_request.device.toStdString();
    load.logitRows = m_evaluation.text.empty() ? 1 : 64;
    const auto loading = [&](const LoadProgress& now) {
      report(Words::tr("%1: loading").arg(row.entry.label), static_cast<double>(now.bytesDone), static_cast<double>(now.bytesTotal));
    };
    NIBBLE_TRY(const LoadReport report, m_engine.load(load, loading, m_stop));
    row.predictedBytes = static_cast<double>(report.plan.bytesOn(report.plan.device));
    row.measuredBytes = static_cast<double>(report.measuredBytes);
    row.loadSeconds = report.seconds;
    const auto info = m_engine.info();
    row.bitsPerWeight = info->bitsPerWeight;
    row.device = QString::fromStdString(info->device.name);
    for (const QString& prompt : m_request.prompts) {
      NIBBLE_TRY(auto answer, ask(prompt, row, info->hasChatTemplate));
      row.answers.append(answer);
    }
    NIBBLE_CHECK(measureWeights(row, *info));
    return m_evaluation.text.empty() ? Result<void>{} : measureQuality(row, *info);
  }

  Result<ComparisonAnswer> ask(const QString& prompt, const ComparisonRow& row, bool chat) {
    GenerateRequest request;
    if (chat) {
      request.turns = {{"user", prompt.toStdString()}};
    } else {
      request.prompt = prompt.toStdString();
      request.plainPrompt = true;
    }
    request.maxTokens = m_request.maxTokens;
    request.sampling = m_request.sampling;
    const auto said = [&](const GenerateEvent& event) {
      report(Words::tr("%1: answering").arg(row.entry.label), static_cast<double>(event.newTokens), m_request.maxTokens);
    };
    NIBBLE_TRY(const GenerateResult result, m_engine.generate(request, said, m_stop));
    if (result.stop == StopReason::cancelled) return fail(ErrorCode::cancelled, "comparison stopped");
    return ComparisonAnswer{QString::fromStdString(result.text), result.statistics.decodeTokensPerSecond, result.statistics.prefillTokensPerSecond,
                            result.statistics.firstTokenSeconds, static_cast<int>(result.ids.size())};
  }

  Result<void> measureWeights(ComparisonRow& row, const ModelInfo& info) {
    report(Words::tr("%1: weight errors").arg(row.entry.label), 0, 1);
    NIBBLE_TRY(const WeightErrors errors, measureWeightErrors(info.path, info.config, info.recipe, m_stop));
    row.weightErrors = {WeightErrors::kLow, WeightErrors::kHigh, QVector<double>(errors.shares.begin(), errors.shares.end()), errors.relativeMse};
    return {};
  }

  Result<void> measureQuality(ComparisonRow& row, const ModelInfo& info) {
    const auto scored = [&](std::int64_t done, std::int64_t all) {
      report(Words::tr("%1: measuring quality").arg(row.entry.label), static_cast<double>(done), static_cast<double>(all));
    };
    ComparisonQuality quality;
    quality.sameTop = quality.retention = 1;
    EvaluateResult result;
    if (!m_record) {
      NIBBLE_TRY(auto record, LogitRecord::create(info.config.vocab));
      NIBBLE_TRY(result, evaluateReference(m_engine, m_evaluation, record, scored, m_stop));
      m_record.emplace(std::move(record));
    } else {
      NIBBLE_TRY(result, evaluateAgainst(m_engine, m_evaluation, *m_record, scored, m_stop));
      const Divergence& divergence = *result.divergence;
      quality.retention = divergence.retention;
      quality.klMean = divergence.klMean;
      quality.klP99 = divergence.klP99;
      quality.sameTop = divergence.sameTop;
      quality.logitErrors = {LogitErrors::kLow, LogitErrors::kHigh, QVector<double>(divergence.logitErrors.shares.begin(), divergence.logitErrors.shares.end()),
                             divergence.logitErrors.relativeMse};
    }
    quality.perplexity = result.perplexity;
    quality.scoredTokens = result.scoredTokens;
    row.quality = quality;
    return {};
  }

  /// Each entry is a thousandth scale of its own within the whole.
  void report(const QString& label, double done, double total) {
    const double share = total > 0 ? std::min(1.0, done / total) : 0;
    m_progress({label, static_cast<qint64>(1000 * (m_entriesDone + share)), 1000 * m_request.entries.size()});
  }

  const ComparisonRequest& m_request;
  Engine& m_engine;
  const JobSink& m_progress;
  std::stop_token m_stop;
  EvaluateRequest m_evaluation;
  std::optional<LogitRecord> m_record;
  int m_entriesDone = 0;
};

}  // namespace

EngineJob makeComparisonJob(const ComparisonRequest& request, std::function<void(const ComparisonRow&)> rowDone) {
  return [request, rowDone = std::move(rowDone)](Engine& engine, const JobSink& progress, std::stop_token stop) {
    return ComparisonWork(request, engine, progress, std::move(stop)).run(rowDone);
  };
}

}  // namespace nibble
