// bench: decode and prefill speed of random weights of a shape or of a real model, beside the bandwidth measured in the same run.
#include <algorithm>
#include <cmath>

#include "app/cli/bench_runs.h"
#include "app/cli/json_line.h"
#include "app/cli/model_options.h"

namespace nibble {

namespace {

JsonLine runJson(const BenchRun& run) {
  JsonLine out;
  out.add("kind", run.prefill ? "prefill" : "decode").add("tokens", run.tokens).add("depth", run.depth).add("tok_s", run.tokensPerSecond).add("GBps", run.gigabytesPerSecond);
  return out.add("share", run.share).add("median_ms", run.medianMs).add("p99_ms", run.p99Ms);
}

std::string runText(const BenchRun& run) {
  char line[200];
  std::snprintf(line, sizeof line, "%-7s %6lld tokens at depth %6lld  %10.1f tok/s  %8.2f GB/s  %5.1f %%  median %.3f ms  p99 %.3f ms", run.prefill ? "prefill" : "decode", static_cast<long long>(run.tokens),
                static_cast<long long>(run.depth), run.tokensPerSecond, run.gigabytesPerSecond, 100 * run.share, run.medianMs, run.p99Ms);
  return line;
}

struct Wanted {
  LoadRequest load;
  std::vector<std::int64_t> prefill, depths;
  std::int64_t decode = 128;
};

Result<Wanted> wanted(const Arguments& arguments) {
  NIBBLE_TRY(const std::string model, modelOperand(arguments));
  Wanted out;
  NIBBLE_TRY(out.load, loadRequest(arguments, model, LoadPurpose::decoding));
  NIBBLE_TRY(const auto layers, arguments.integer("--layers", 1, 100'000));
  out.load.layerLimit = static_cast<int>(layers.value_or(0));
  NIBBLE_TRY(const auto prefill, arguments.integers("--prefill", 0, 1'000'000));
  NIBBLE_TRY(const auto decode, arguments.integer("--decode", 0, 1'000'000));
  NIBBLE_TRY(const auto depths, arguments.integers("--depth", 0, 10'000'000));
  out.prefill = prefill.empty() ? std::vector<std::int64_t>{512} : prefill;
  std::erase(out.prefill, 0);
  out.decode = decode.value_or(out.decode);
  out.depths = depths.empty() ? std::vector<std::int64_t>{0} : depths;
  std::int64_t context = 1;
  for (const std::int64_t rows : out.prefill) context = std::max(context, rows + 1);
  for (const std::int64_t depth : out.depths) context = std::max(context, depth + out.decode + 2);
  if (out.load.context > 0 && out.load.context < context) return wrongArgument("--context", "is less than the " + std::to_string(context) + " that the runs need");
  if (out.load.context == 0) out.load.context = context;
  return out;
}

JsonLine memoryJson(const LoadReport& report) {
  JsonLine out = planJson(report.plan);
  return out.add("measured_bytes", report.measuredBytes);
}

Result<int> run(VerbContext& context) {
  NIBBLE_TRY(const Wanted todo, wanted(context.arguments));
  Console& console = context.console;
  const auto engine = makeEngine();
  NIBBLE_TRY(const LoadReport report, loadModel(*engine, todo.load, context));
  BenchRunner runner(*engine, todo.load.threads, console, context.stop);
  std::vector<BenchRun> runs;
  // Other programs slow a measurement down, never up: of several, spread over the runs, the fastest is the memory's.
  double bandwidth = 0;
  const auto measure = [&]() -> Result<void> {
    NIBBLE_TRY(const double now, runner.bandwidth());
    bandwidth = std::max(bandwidth, now);
    return {};
  };
  NIBBLE_CHECK(measure());
  for (const std::int64_t rows : todo.prefill) {
    NIBBLE_TRY(BenchRun done, runner.prefill(rows));
    runs.push_back(done);
  }
  NIBBLE_CHECK(measure());
  for (const std::int64_t depth : todo.depths) {
    if (todo.decode == 0) break;
    NIBBLE_TRY(BenchRun done, runner.decode(depth, todo.decode));
    runs.push_back(done);
    NIBBLE_CHECK(measure());
  }
  for (BenchRun& done : runs) done.share = bandwidth > 0 ? done.gigabytesPerSecond / bandwidth : std::nan("");
  const ModelInfo info = *engine->info();
  if (console.json()) {
    std::vector<JsonLine> lines;
    for (const BenchRun& done : runs) lines.push_back(runJson(done));
    JsonLine out;
    out.add("device", info.device.id).add("device_name", info.device.name).add("path", engine->statistics().backend.path).add("bandwidth_GBps", bandwidth).addRaw("runs", jsonArray(lines));
    console.result(out.add("load_s", report.seconds).add("memory", memoryJson(report)).text());
    return 0;
  }
  console.result(info.name + " on " + info.device.name + " (" + engine->statistics().backend.path + "), " + jsonNumber(std::round(info.bitsPerWeight * 1000) / 1000) + " bits a layer weight, loaded in " + jsonNumber(std::round(report.seconds * 100) / 100) + " s");
  console.result((info.device.id == "cpu" ? "read bandwidth " : "copy bandwidth ") + (bandwidth > 0 ? jsonNumber(std::round(bandwidth * 100) / 100) + " GB/s" : std::string("not measured")));
  for (const BenchRun& done : runs) console.result(runText(done));
  console.result("memory as planned:\n" + partsText(report.plan) + "measured: " + byteText(report.measuredBytes));
  return 0;
}

}  // namespace

Verb benchVerb() {
  VerbSpec spec;
  spec.name = "bench";
  spec.summary = "decode and prefill speed, with the device's bandwidth measured in the same run";
  spec.synopsis = "MODEL|--shape internlm3-8b [--layers N] [--prefill 512,2048] [--decode 128] [--depth 0,4096,32000]";
  spec.operands = {"MODEL"};
  spec.options = {{"--shape", "NAME", "random weights of a shape: internlm3-8b, llama3-8b, sample"},
                  {"--layers", "N", "only the first N layers"},
                  {"--prefill", "N,…", "prompts of so many tokens (default: 512; 0: none)"},
                  {"--decode", "N", "tokens decoded a run (default: 128; 0: none)"},
                  {"--depth", "N,…", "with so many tokens already in the cache (default: 0)"}};
  spec.options = joined(joined(std::move(spec.options), modelOptions()), outputOptions());
  spec.examples = "  nibble-cli bench sample --precision q8\n  nibble-cli bench --shape internlm3-8b --layers 4 --precision q4 --device cpu --json\n"
                  "  nibble-cli bench --shape internlm3-8b --precision q4 --device cuda --prefill 512,2048 --decode 128 --depth 0,4096,32000\n";
  return {std::move(spec), run};
}

}  // namespace nibble
