// The verbs that need no engine: tokenize, detokenize, template, inspect, devices, plan.
#include <QtTest>
#include <QJsonArray>
#include <QJsonDocument>

#include "tests/support/cli_process.h"
#include "tests/support/test_data.h"
#include "tests/support/token_rows.h"

using namespace nibble::test;

namespace {

QByteArray quoted(const QByteArray& text) {
  const QByteArray list = QJsonDocument(QJsonArray{QString::fromUtf8(text)}).toJson(QJsonDocument::Compact);
  return list.mid(1, list.size() - 2);
}

}  // namespace

class TestTextVerbs : public QObject {
  Q_OBJECT
 private slots:
  void tokensOfTheSample() {
    const CliRun there = runCli({"tokenize", "sample"}, quoted("Once upon a time <|im_end|>") + "\n\n" + quoted("") + "\n" + quoted("小") + "\n");
    QCOMPARE(there.status, 0);
    QVERIFY(there.err.isEmpty());
    QCOMPARE(there.lines().size(), 3);
    QCOMPARE(there.lines()[1], QByteArray("{\"ids\": [1]}"));
    QVERIFY(there.lines()[0].startsWith("{\"ids\": [1, ") && there.lines()[0].contains("8177"));
    QVERIFY(!runCli({"tokenize", "sample", "--plain"}, quoted("<|im_end|>") + "\n").out.contains("8177"));
    QCOMPARE(runCli({"tokenize", "sample", "--no-bos"}, quoted("") + "\n").out, QByteArray("{\"ids\": []}\n"));
    QByteArray ids;
    for (const QByteArray& line : there.lines()) ids += line.mid(8, line.size() - 9) + "\n";
    const CliRun back = runCli({"detokenize", "sample"}, ids);
    QCOMPARE(back.status, 0);
    QCOMPARE(back.lines(), (QList<QByteArray>{"{\"text\": \"Once upon a time <|im_end|>\"}", "{\"text\": \"\"}", QByteArray("{\"text\": \"小\"}")}));
  }

  void publishersTokens() {
    NIBBLE_NEED_SHARED_DATA(folder, "internlm3-8b-instruct");
    const std::vector<TokenRow> rows = readTokenRows(folder / "tokens_expected.jsonl");
    QVERIFY(rows.size() > 60);
    QByteArray input, expected;
    for (const TokenRow& row : rows) {
      if (row.flags != "--no-special") continue;
      input += quoted(QByteArray::fromStdString(row.text)) + "\n";
      QByteArray ids;
      for (const int id : row.ids) ids += (ids.isEmpty() ? "" : ", ") + QByteArray::number(id);
      expected += "{\"ids\": [" + ids + "]}\n";
    }
    QCOMPARE(runCli({"tokenize", QString::fromStdString(folder.string()), "--no-special"}, input).out, expected);
  }

  void linesThatAreNone() {
    for (const auto& [verb, line] : QList<QPair<QString, QByteArray>>{{"tokenize", "[1]"}, {"tokenize", "\"open"}, {"detokenize", "\"a\""}, {"detokenize", "[1.5]"}, {"detokenize", "[-1]"}, {"detokenize", "[99999999]"}}) {
      const CliRun run = runCli({verb, "sample", "--json"}, (verb == "tokenize" ? "\"a\"\n" : "[1]\n") + line + "\n");
      QCOMPARE(run.status, 3);
      QCOMPARE(run.lines().size(), 1);  // the line before was answered
      QCOMPARE(run.error()["code"].toString(), QString("file_malformed"));
      QCOMPARE(run.error()["field"].toString(), QString("line 2"));
    }
  }

  void templates() {
    const QByteArray context = "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}], \"add_generation_prompt\": true, \"bos_token\": \"<s>\", \"eos_token\": \"</s>\"}\n";
    QCOMPARE(runCli({"template", "sample"}, context).out, QByteArray("{\"text\": \"<s><|im_start|>user\\nHi<|im_end|>\\n<|im_start|>assistant\\n\"}\n"));
    QTemporaryDir folder;
    const QString path = folder.filePath("t.jinja");
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("{% if n == 1 %}{{ raise_exception('no ' ~ strftime_now('%d %b %Y %H:%M')) }}{% endif %}{{ n.x.y }}");
    file.close();
    const CliRun run = runCli({"template", "--template", path, "--now", "2026-01-15T09:30:00"}, "{\"n\": 1}\n{\"n\": {\"x\": {\"y\": \"é\"}}}\n{\"n\": 2}\nnonsense\n");
    QCOMPARE(run.status, 0);
    QCOMPARE(run.lines().size(), 4);
    QCOMPARE(run.lines()[0], QByteArray("{\"raises\": \"no 15 Jan 2026 09:30\"}"));
    QCOMPARE(run.lines()[1], QByteArray("{\"text\": \"é\"}"));
    QVERIFY(run.lines()[2].startsWith("{\"error\": \"line 1: "));
    QVERIFY(run.lines()[3].startsWith("{\"error\": "));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("{% if %}");
    file.close();
    const CliRun broken = runCli({"template", "--template", path, "--json"}, "{}\n");
    QCOMPARE(broken.status, 3);
    QCOMPARE(broken.error()["file"].toString(), path);
  }

  void templatesOfTheGoldens() {
    QFile rows(QString::fromStdString(goldenData("chat-templates/expected.jsonl").string()));
    QVERIFY(rows.open(QIODevice::ReadOnly));
    QMap<QString, QPair<QByteArray, QByteArray>> byTemplate;  // input, expected output
    int count = 0;
    for (const QByteArray& line : rows.readAll().split('\n')) {
      if (line.isEmpty()) continue;
      const QJsonObject row = QJsonDocument::fromJson(line).object();
      auto& both = byTemplate[row["template"].toString()];
      both.first += line + "\n";
      const char* kind = row.contains("raises") ? "raises" : "text";
      both.second += QByteArray("{\"") + kind + "\": " + quoted(row[row.contains("raises") ? "raises" : "expected"].toString().toUtf8()) + "}\n";
      ++count;
    }
    QCOMPARE(count, 84);
    for (auto entry = byTemplate.cbegin(); entry != byTemplate.cend(); ++entry) {
      const QString path = QString::fromStdString(goldenData("chat-templates/" + entry.key().toStdString() + ".jinja").string());
      const QList<QByteArray> got = runCli({"template", "--template", path, "--now", "2026-01-15T09:30:00"}, entry->first).lines();
      const QList<QByteArray> want = entry->second.trimmed().split('\n');
      QCOMPARE(got.size(), want.size());
      for (int i = 0; i < got.size(); ++i) QCOMPARE(QJsonDocument::fromJson(got[i]).object(), QJsonDocument::fromJson(want[i]).object());
    }
  }

  void inspection() {
    const CliRun run = runCli({"inspect", "sample", "--json"});
    QCOMPARE(run.status, 0);
    const QJsonObject model = run.json();
    QCOMPARE(model["config"].toObject()["hidden_size"].toInt(), 384);
    QCOMPARE(model["model"].toObject()["layers"].toInt(), 6);
    QCOMPARE(model["tensors"].toArray().size(), 56);
    const QJsonObject tensor = model["tensors"].toArray()[0].toObject();
    for (const char* key : {"name", "dtype", "shape", "bytes"}) QVERIFY2(tensor.contains(key), key);
    QCOMPARE(model["tokenizer"].toObject()["vocabulary"].toInt(), 8192);
    QVERIFY(model["template"].toObject()["usable"].toBool());
    QCOMPARE(model["licences"].toArray(), QJsonArray{"LICENSE.md"});
    QVERIFY(runCli({"inspect", "sample"}).out.contains("InternLM3ForCausalLM"));
  }

  void devices() {
    const CliRun run = runCli({"devices", "--json"});
    QCOMPARE(run.status, 0);
    const QJsonArray devices = run.json()["devices"].toArray();
    QVERIFY(!devices.isEmpty());
    QCOMPARE(devices[0].toObject()["id"].toString(), QString("cpu"));
    QVERIFY(devices[0].toObject()["free_bytes"].toDouble() > 0);
    for (const auto& device : devices) QVERIFY(device.toObject()["usable"].toBool() || !device.toObject()["why"].toString().isEmpty());
    QVERIFY(runCli({"devices"}).out.startsWith("cpu: "));
  }

  void plans() {
    const CliRun run = runCli({"plan", "--shape", "internlm3-8b", "--precision", "q4", "--context", "32768", "--device", "cpu", "--json"});
    QCOMPARE(run.status, 0);
    const QJsonObject plan = run.json();
    double sum = 0, cache = 0;
    for (const auto& part : plan["parts"].toArray()) {
      sum += part.toObject()["bytes"].toDouble();
      if (part.toObject()["name"].toString().startsWith("KV cache")) cache += part.toObject()["bytes"].toDouble();
      QCOMPARE(part.toObject()["device"].toString(), QString("cpu"));
    }
    QCOMPARE(plan["total_bytes"].toDouble(), sum);
    QCOMPARE(cache, 32768.0 * 49152.0);
    QCOMPARE(plan["fits"].toBool(), sum <= plan["free_bytes"].toDouble());
    QVERIFY(runCli({"plan", "sample", "--device", "cpu"}).out.contains("fits: "));
  }
};

QTEST_APPLESS_MAIN(TestTextVerbs)
#include "test_text_verbs.moc"
