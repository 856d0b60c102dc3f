// The verbs that load a model, on the bundled sample: complete, logits, eval, bench, chat.
#include <sys/types.h>
#include <signal.h>

#include <QtTest>
#include <QJsonArray>
#include <QJsonDocument>
#include <QProcess>

#include "tests/support/cli_process.h"
#include "tests/support/test_data.h"

using namespace nibble::test;

namespace {

QStringList numbers(const QJsonArray& ids) {
  QStringList out;
  for (const auto& id : ids) out << QString::number(id.toInt());
  return out;
}

}  // namespace

class TestModelVerbs : public QObject {
  Q_OBJECT
  QTemporaryDir m_folder;

 private slots:
  void greedyCompletionsEqualTheReference() {
    NIBBLE_NEED_SHARED_DATA(path, "sample-model/reference.json");
    QFile file(QString::fromStdString(path.string()));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QJsonObject prompts = QJsonDocument::fromJson(file.readAll()).object()["prompts"].toObject();
    QVERIFY(!prompts.isEmpty());
    for (const auto& item : prompts) {
      const QJsonObject prompt = item.toObject();
      const QJsonArray expected = prompt["greedy_ids"].toArray();
      const CliRun run = runCli({"complete", "sample", "--ids", numbers(prompt["ids"].toArray()).join(','), "--max-tokens", QString::number(expected.size()), "--greedy", "--precision", "f32", "--device", "cpu", "--json"});
      QCOMPARE(run.status, 0);
      const QJsonObject answer = run.json();
      QCOMPARE(answer["ids"].toArray(), expected);
      QCOMPARE(answer["text"].toString(), prompt["greedy_text"].toString());
      QCOMPARE(answer["prompt_tokens"].toInt(), prompt["ids"].toArray().size());
      for (const char* key : {"load_s", "prefill_s", "prefill_tok_s", "decode_s", "decode_tok_s", "ttft_s"}) QVERIFY2(answer["stats"].toObject()[key].isDouble(), key);
      QVERIFY(answer["stop"].toString() == "eos" || answer["stop"].toString() == "length");
    }
  }

  void promptsAreRawText() {
    const QStringList common{"--max-tokens", "4", "--greedy", "--precision", "f32", "--device", "cpu", "--json"};
    const CliRun text = runCli(QStringList{"complete", "sample", "--prompt", "Once upon a time"} + common);
    QCOMPARE(text.status, 0);
    const QJsonArray ids = QJsonDocument::fromJson(runCli({"tokenize", "sample"}, "\"Once upon a time\"\n").out).object()["ids"].toArray();
    QCOMPARE(runCli(QStringList{"complete", "sample", "--ids", numbers(ids).join(',')} + common).json()["ids"], text.json()["ids"]);
    QCOMPARE(text.json()["prompt_tokens"].toInt(), ids.size());
    const CliRun special = runCli(QStringList{"complete", "sample", "--prompt", "<|im_start|>"} + common), plain = runCli(QStringList{"complete", "sample", "--prompt", "<|im_start|>", "--plain"} + common);
    QCOMPARE(special.json()["prompt_tokens"].toInt(), 2);
    QVERIFY(plain.json()["prompt_tokens"].toInt() > 2);
    QFile file(m_folder.filePath("prompt.txt"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("Once upon a time");
    file.close();
    QCOMPARE(runCli(QStringList{"complete", "sample", "--prompt-file", file.fileName()} + common).json()["ids"], text.json()["ids"]);
  }

  void textGoesToStdoutAndFiguresToStderr() {
    const QStringList arguments{"complete", "sample", "--prompt", "Once upon a time", "--max-tokens", "8", "--greedy", "--device", "cpu"};
    const CliRun run = runCli(arguments);
    QCOMPARE(run.status, 0);
    QCOMPARE(run.lines().size(), 1);
    QVERIFY2(run.err.contains("tok/s") && !run.err.contains('\r'), run.err.constData());
    const CliRun quiet = runCli(arguments + QStringList{"--quiet"});
    QCOMPARE(quiet.out, run.out);
    QVERIFY2(quiet.err.isEmpty(), quiet.err.constData());
  }

  void sameSeedSameText() {
    const QStringList arguments{"complete", "sample", "--prompt", "The dog", "--max-tokens", "24", "--seed", "7", "--temperature", "1.2", "--device", "cpu", "--json"};
    const QJsonObject first = runCli(arguments).json();
    QVERIFY(!first["ids"].toArray().isEmpty());
    QCOMPARE(runCli(arguments).json()["ids"], first["ids"]);
    QCOMPARE(first["seed"].toInt(), 7);
    QStringList other = arguments;
    other[other.indexOf("--seed") + 1] = "8";
    QVERIFY(runCli(other).json()["ids"] != first["ids"]);
  }

  void logits() {
    const QString path = m_folder.filePath("logits.safetensors");
    QByteArray whole;
    for (const QStringList& chunk : QList<QStringList>{{}, {"--chunk", "2"}, {"--chunk", "1"}}) {
      const CliRun run = runCli(QStringList{"logits", "sample", "--ids", "1,390,412,17,29", "--out", path, "--precision", "f32", "--device", "cpu", "--json"} + chunk);
      QCOMPARE(run.status, 0);
      QCOMPARE(run.json()["rows"].toInt(), 5);
      QCOMPARE(run.json()["columns"].toInt(), 8192);
      QFile file(path);
      QVERIFY(file.open(QIODevice::ReadOnly));
      const QByteArray bytes = file.readAll();
      quint64 header = 0;
      memcpy(&header, bytes.constData(), 8);
      const QJsonObject tensor = QJsonDocument::fromJson(bytes.mid(8, static_cast<int>(header))).object()["logits"].toObject();
      QCOMPARE(tensor["dtype"].toString(), QString("F32"));
      QCOMPARE(tensor["shape"].toArray(), (QJsonArray{5, 8192}));
      const QByteArray values = bytes.mid(8 + static_cast<int>(header));
      QCOMPARE(values.size(), 5 * 8192 * 4);
      if (whole.isEmpty()) whole = values;
      double difference = 0, size = 0;
      for (int i = 0; i < 5 * 8192; ++i) {
        float a = 0, b = 0;
        memcpy(&a, whole.constData() + 4 * i, 4);
        memcpy(&b, values.constData() + 4 * i, 4);
        difference += (a - b) * (a - b);
        size += a * a;
      }
      QVERIFY2(difference <= 4e-8 * size, qPrintable(QString::number(difference / size)));
    }
    QCOMPARE(QDir(m_folder.path()).entryList({"*.part"}).size(), 0);
    QCOMPARE(runCli({"logits", "sample", "--ids", "1", "--out", "/no/such/folder/x", "--json"}).status, 3);
  }

  void evaluation() {
    QFile text(m_folder.filePath("text.txt"));
    QVERIFY(text.open(QIODevice::WriteOnly));
    for (int i = 0; i < 60; ++i) text.write("Once upon a time there was a little dog who liked to run in the park. ");
    text.close();
    const QStringList common{"eval", "sample", "--text", text.fileName(), "--window", "128", "--device", "cpu", "--json"};
    const CliRun plain = runCli(common + QStringList{"--precision", "f32"});
    QCOMPARE(plain.status, 0);
    const double perplexity = plain.json()["perplexity"].toDouble();
    const int scored = plain.json()["scored_tokens"].toInt(), windows = plain.json()["windows"].toInt();
    QVERIFY(windows > 1 && scored == 127 * windows);
    QVERIFY(qAbs(perplexity - std::exp(plain.json()["nll"].toDouble() / scored)) < 1e-9 * perplexity);
    const QJsonObject against = runCli(common + QStringList{"--precision", "q8", "--reference", "f32"}).json();
    QVERIFY(qAbs(against["reference_perplexity"].toDouble() - perplexity) < 1e-6 * perplexity);
    QVERIFY(against["kl_mean"].toDouble() > 0 && against["kl_mean"].toDouble() < 0.01);
    QVERIFY(against["kl_median"].toDouble() <= against["kl_p99"].toDouble());
    QVERIFY(against["same_top"].toDouble() > 0.9 && against["same_top"].toDouble() <= 1);
    QVERIFY(qAbs(against["retention"].toDouble() - perplexity / against["perplexity"].toDouble()) < 1e-9);
    QCOMPARE(runCli(common + QStringList{"--precision", "f32", "--score", "second-half"}).json()["scored_tokens"].toInt(), 63 * windows);
    const CliRun few = runCli(common + QStringList{"--bytes", "40"});
    QCOMPARE(few.status, 3);
    QCOMPARE(few.error()["file"].toString(), text.fileName());
  }

  void bench() {
    const CliRun run = runCli({"bench", "sample", "--prefill", "32,64", "--decode", "8", "--depth", "0,100", "--device", "cpu", "--json"});
    QCOMPARE(run.status, 0);
    const QJsonObject result = run.json();
    QCOMPARE(result["device"].toString(), QString("cpu"));
    QVERIFY(result["bandwidth_GBps"].toDouble() > 0.5);
    const QJsonArray runs = result["runs"].toArray();
    QCOMPARE(runs.size(), 4);
    for (const auto& item : runs) {
      const QJsonObject one = item.toObject();
      for (const char* key : {"tokens", "tok_s", "GBps", "share", "median_ms", "p99_ms"}) QVERIFY2(one[key].toDouble() > 0, key);
      QVERIFY(one["median_ms"].toDouble() <= one["p99_ms"].toDouble());
    }
    QCOMPARE(runs[3].toObject()["kind"].toString(), QString("decode"));
    QCOMPARE(runs[3].toObject()["depth"].toInt(), 100);
    QCOMPARE(runs[3].toObject()["tokens"].toInt(), 8);
    QVERIFY(result["memory"].toObject()["total_bytes"].toDouble() > 0 && result["memory"].toObject().contains("measured_bytes") && result["load_s"].toDouble() > 0);
  }

  void benchInWords() {
    const CliRun run = runCli({"bench", "sample", "--prefill", "32", "--decode", "8", "--device", "cpu"});
    QCOMPARE(run.status, 0);
    for (const char* part : {"loaded in", "read bandwidth", "prefill", "decode", "weights q4", "KV cache f16", "workspace", "total", "measured: "})
      QVERIFY2(run.out.contains(part), part);
  }

  void conversation() {
    const QString path = m_folder.filePath("talk.jsonl");
    const CliRun run = runCli({"chat", "--device", "cpu", "--greedy", "--max-tokens", "12"}, "/help\nTell me a story.\n/save " + path.toUtf8() + "\n/reset\n/nonsense\n/quit\nnever read\n");
    QCOMPARE(run.status, 0);
    QCOMPARE(run.lines().size(), 1);
    QVERIFY2(run.err.contains("/save FILE") && run.err.contains("unknown command /nonsense") && run.err.contains("tok/s"), run.err.constData());
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QList<QByteArray> lines = file.readAll().trimmed().split('\n');
    QCOMPARE(lines.size(), 2);
    QCOMPARE(QJsonDocument::fromJson(lines[0]).object()["content"].toString(), QString("Tell me a story."));
    QCOMPARE(QJsonDocument::fromJson(lines[1]).object()["content"].toString().toUtf8(), run.lines()[0]);
    const QJsonObject answer = runCli({"chat", "sample", "--device", "cpu", "--greedy", "--max-tokens", "12", "--json"}, "Tell me a story.\n").json();
    QCOMPARE(answer["text"].toString().toUtf8(), run.lines()[0]);
  }

  /// Starts a run that takes minutes, sends SIGINT after a while, and hands the process back when it has ended.
  static void interrupt(QProcess& process, const QStringList& arguments, int afterMs) {
    process.start(cliPath(), arguments);
    QVERIFY(process.waitForStarted());
    QTest::qWait(afterMs);
    QCOMPARE(process.state(), QProcess::Running);
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    QVERIFY(process.waitForFinished(20000));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    QCOMPARE(process.exitCode(), 130);
  }

  void controlCStopsABench() {
    QProcess process;
    interrupt(process, {"bench", "sample", "--device", "cpu", "--prefill", "0", "--decode", "900000", "--context", "1000000"}, 1500);
    QVERIFY(process.readAllStandardOutput().isEmpty());
  }

  /// The sample under another stop id, one that it never says: its greedy answers do not end.
  QString endlessModel() {
    const QDir source(QString::fromStdString(sampleModel().string())), target(m_folder.filePath("endless"));
    target.mkpath(".");
    for (const QString& name : source.entryList(QDir::Files)) {
      if (name != "config.json" && name != "generation_config.json") {
        QFile::link(source.filePath(name), target.filePath(name));
        continue;
      }
      QFile from(source.filePath(name)), to(target.filePath(name));
      if (!from.open(QIODevice::ReadOnly) || !to.open(QIODevice::WriteOnly)) return {};
      QJsonObject config = QJsonDocument::fromJson(from.readAll()).object();
      config["eos_token_id"] = 5;
      to.write(QJsonDocument(config).toJson());
    }
    return target.path();
  }

  void controlCGivesTheAnswerSoFar() {
    QProcess process;
    interrupt(process, {"complete", endlessModel(), "--prompt", "Once", "--max-tokens", "200000", "--greedy", "--device", "cpu", "--json"}, 1500);
    const QJsonObject answer = QJsonDocument::fromJson(process.readAllStandardOutput()).object();
    QCOMPARE(answer["stop"].toString(), QString("cancelled"));
    QVERIFY(!answer["ids"].toArray().isEmpty() && !answer["text"].toString().isEmpty());
  }

  void controlCLeavesNoHalfFile() {
    QProcess process;
    QStringList ids;
    for (int i = 0; i < 20000; ++i) ids << QString::number(3 + i % 8000);
    interrupt(process, {"logits", "sample", "--ids", ids.join(','), "--chunk", "1", "--precision", "f32", "--out", m_folder.filePath("cut.safetensors"), "--device", "cpu"}, 2500);
    QCOMPARE(QDir(m_folder.path()).entryList({"cut.*"}).size(), 0);
  }

  void fullDiskIsTold() {
    if (!QFile::exists("/dev/full")) QSKIP("skipped: no /dev/full here");
    QProcess process;
    process.setStandardOutputFile("/dev/full");
    process.start(cliPath(), {"inspect", "sample", "--json"});
    QVERIFY(process.waitForFinished(20000));
    QCOMPARE(process.exitCode(), 1);
    QVERIFY(process.readAllStandardError().contains("could not be written"));
  }

  void terminalsGetProgress() {
    const QString script = QStandardPaths::findExecutable("script");
    if (script.isEmpty()) QSKIP("skipped: no script(1) to make a terminal with");
    QProcess process;
    process.start(script, {"-qec", cliPath() + " complete sample --prompt Once --max-tokens 2 --greedy --device cpu", "/dev/null"});
    QVERIFY(process.waitForFinished(60000));
    QVERIFY(process.readAllStandardOutput().contains("[####"));
  }
};

QTEST_GUILESS_MAIN(TestModelVerbs)
#include "test_model_verbs.moc"
