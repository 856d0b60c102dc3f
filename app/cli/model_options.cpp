#include "app/cli/model_options.h"

#include <algorithm>
#include <cstdio>

#include "app/cli/json_line.h"
#include "app/planner.h"

namespace nibble {

namespace {

constexpr std::int64_t kMostContext = std::int64_t{1} << 30;

std::string formatNames() {
  std::string out;
  for (const Format format : {Format::f32, Format::f16, Format::bf16, Format::q8, Format::nf4, Format::nf4dq, Format::q4}) out += (out.empty() ? "" : "|") + std::string(formatName(format));
  return out;
}

Result<std::optional<Format>> formatOption(const Arguments& arguments, const std::string& option) {
  const auto name = arguments.text(option);
  if (!name) return std::nullopt;
  const auto format = formatFromName(*name);
  if (!format) return wrongArgument(option, "needs " + formatNames() + ", not \"" + name->substr(0, 40) + "\"");
  return format;
}

Result<Recipe> recipeOf(const std::string& option, const std::string& value) {
  auto recipe = readRecipe(value);
  if (!recipe && recipe.error().code == ErrorCode::wrongUsage && recipe.error().file.empty())
    return wrongArgument(option, "needs " + formatNames() + " or a recipe's JSON file, not \"" + value.substr(0, 80) + "\"");
  return recipe;
}

Result<void> readRecipeOptions(const Arguments& arguments, LoadPurpose purpose, LoadRequest& request) {
  request.recipe = recommendedRecipe();
  if (const auto precision = arguments.text("--precision")) {
    NIBBLE_TRY(request.recipe, recipeOf("--precision", *precision));
  }
  Recipe& recipe = request.recipe;
  if (purpose == LoadPurpose::evaluation && isQuantized(recipe.layers)) recipe.activationBits = std::max(recipe.activationBits, 16);
  NIBBLE_TRY(const auto head, formatOption(arguments, "--head"));
  NIBBLE_TRY(const auto embedding, formatOption(arguments, "--embedding"));
  recipe.head = head.value_or(recipe.head);
  recipe.embedding = embedding.value_or(recipe.embedding);
  NIBBLE_TRY(const auto activations, arguments.integer("--activations", 8, 32));
  if (activations && *activations != 8 && *activations != 16 && *activations != 32) return wrongArgument("--activations", "needs 8, 16 or 32");
  if (activations) recipe.activationBits = static_cast<int>(*activations);
  if (const auto compute = arguments.text("--compute")) {
    const auto type = computeTypeFromName(*compute);
    if (!type) return wrongArgument("--compute", "needs f16, bf16 or f32, not \"" + compute->substr(0, 40) + "\"");
    recipe.compute = *type;
  }
  request.kv = recipe.layers == Format::f32 ? KvFormat::f32 : KvFormat::f16;
  if (const auto kv = arguments.text("--kv")) {
    const auto format = kvFormatFromName(*kv);
    if (!format) return wrongArgument("--kv", "needs f16, q8, q4 or f32, not \"" + kv->substr(0, 40) + "\"");
    request.kv = *format;
  }
  return {};
}

bool isDeviceName(const std::string& name) {
  if (name == "cpu" || name == "auto" || name == "cuda") return true;
  return name.starts_with("cuda:") && name.size() > 5 && name.size() < 9 && std::all_of(name.begin() + 5, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string fitText(const FitOption& option) {
  const Recipe& recipe = option.request.recipe;
  std::string out = "--precision " + std::string(formatName(recipe.layers)) + " --kv " + std::string(kvFormatName(option.request.kv));
  if (option.request.context > 0) out += " --context " + std::to_string(option.request.context);
  if (option.request.embeddingOnHost && option.plan.device != "cpu") out += " --embedding-on-host";
  return out + " --device " + option.request.device;
}

/// The plans that would fit, for an error about memory.
void explainMemory(const LoadRequest& request, VerbContext& context) {
  std::vector<JsonLine> lines;
  for (const FitOption& option : fitOptions(request, planFor)) {
    const std::string text = fitText(option);
    context.hint += (context.hint.empty() ? "" : "\n") + std::string("this would fit: ") + text + " (" + byteText(option.plan.bytesOn(option.plan.device)) + ")";
    lines.push_back(JsonLine().add("options", text).add("total_bytes", option.plan.totalBytes()).add("device_bytes", option.plan.bytesOn(option.plan.device)).add("free_bytes", option.plan.freeBytes));
  }
  if (!lines.empty()) context.hintJson = jsonArray(lines);
}

const char* phaseName(LoadPhase phase) {
  switch (phase) {
    case LoadPhase::reading: return "reading";
    case LoadPhase::allocating: return "allocating";
    case LoadPhase::quantizing: return "loading";
    case LoadPhase::warmingUp: return "warming up";
    case LoadPhase::ready: break;
  }
  return "ready";
}

}  // namespace

std::vector<OptionSpec> modelOptions() {
  return {{"--precision", formatNames() + "|RECIPE.json", "every linear layer of the blocks (default: q4, k and v in q8)"},
          {"--head", "FORMAT", "the head (default: q8, or 16 bits where the layers are)"},
          {"--embedding", "FORMAT", "the embedding (likewise)"},
          {"--embedding-on-host", "", "of a model on a card: the embedding stays in main memory (where it is not the head too)"},
          {"--activations", "8|16|32", "bits of the products' inputs (default: 8, in evaluation 16)"},
          {"--compute", "f16|bf16|f32", "what products of 16-bit values are computed in"},
          {"--kv", "f16|q8|q4|f32", "the KV cache (default: f16, or f32 where the layers are; q4 on a card only)"},
          {"--context", "N", "positions to plan for"},
          {"--device", "cpu|cuda[:N]|auto", "where it runs (default: auto)"},
          {"--threads", "N", "threads of the CPU (default: all)"},
          {"--vram-limit", "SIZE", "plan and allocate as if the card had that much, such as 6GiB"}};
}

Result<LoadRequest> loadRequest(const Arguments& arguments, const std::string& model, LoadPurpose purpose) {
  LoadRequest request;
  request.model = model;
  NIBBLE_CHECK(readRecipeOptions(arguments, purpose, request));
  NIBBLE_TRY(const auto context, arguments.integer("--context", 1, kMostContext));
  NIBBLE_TRY(const auto threads, arguments.integer("--threads", 1, 4096));
  NIBBLE_TRY(const auto limit, arguments.size("--vram-limit"));
  request.context = context.value_or(0);
  request.threads = static_cast<int>(threads.value_or(0));
  request.vramLimit = limit.value_or(0);
  request.embeddingOnHost = arguments.has("--embedding-on-host");
  request.device = arguments.text("--device").value_or("auto");
  if (!isDeviceName(request.device)) return wrongArgument("--device", "needs cpu, cuda, cuda:N or auto, not \"" + request.device.substr(0, 40) + "\"");
  return request;
}

Result<LoadRequest> referenceRequest(const LoadRequest& request, const std::string& precision) {
  LoadRequest reference = request;
  NIBBLE_TRY(reference.recipe, recipeOf("--reference", precision));
  if (isQuantized(reference.recipe.layers)) reference.recipe.activationBits = std::max(reference.recipe.activationBits, 16);
  reference.kv = reference.recipe.layers == Format::f32 ? KvFormat::f32 : KvFormat::f16;
  return reference;
}

Result<void> checkIds(const std::string& option, const std::vector<std::int32_t>& ids, const ModelConfig& config) {
  for (const std::int32_t id : ids)
    if (id >= config.vocab) return wrongArgument(option, "holds " + std::to_string(id) + ", outside the vocabulary of " + std::to_string(config.vocab));
  return {};
}

Result<std::string> modelOperand(const Arguments& arguments) {
  const auto shape = arguments.text("--shape");
  const bool model = !arguments.operands().empty();
  if (shape && model) return wrongArgument("--shape", "stands beside a MODEL: give one of them");
  if (!shape && !model) return wrongArgument("MODEL", "is missing (or --shape NAME)");
  if (shape && !shapeByName(*shape)) return wrongArgument("--shape", "needs internlm3-8b, llama3-8b or sample, not \"" + shape->substr(0, 40) + "\"");
  return shape ? "shape:" + *shape : arguments.operand(0);
}

Result<LoadReport> loadModel(Engine& engine, const LoadRequest& request, VerbContext& context) {
  const auto progress = [&context](const LoadProgress& state) {
    context.console.progress(phaseName(state.phase), state.bytesTotal > 0 ? static_cast<double>(state.bytesDone) / static_cast<double>(state.bytesTotal) : 0);
  };
  auto report = engine.load(request, progress, context.stop);
  context.console.endProgress();
  if (!report && report.error().code == ErrorCode::outOfMemory) explainMemory(request, context);
  if (!report) return report;
  for (const std::string& warning : report->warnings) context.console.warning(warning);
  return report;
}

std::string byteText(std::uint64_t bytes) {
  static constexpr const char* kUnits[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  double amount = static_cast<double>(bytes);
  int unit = 0;
  while (amount >= 1024 && unit < 4) {
    amount /= 1024;
    ++unit;
  }
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, unit == 0 ? "%.0f %s" : "%.2f %s", amount, kUnits[unit]);
  return buffer;
}

std::string partsText(const MemoryPlan& plan) {
  std::string out;
  char line[160];
  for (const PlanPart& part : plan.parts) {
    std::snprintf(line, sizeof line, "%-20s %-8s %14llu  %s\n", part.name.c_str(), part.device.c_str(), static_cast<unsigned long long>(part.bytes), byteText(part.bytes).c_str());
    out += line;
  }
  std::snprintf(line, sizeof line, "%-20s %-8s %14llu  %s\n", "total", "", static_cast<unsigned long long>(plan.totalBytes()), byteText(plan.totalBytes()).c_str());
  return out + line;
}

std::string planText(const MemoryPlan& plan) {
  return partsText(plan) + (plan.fits() ? "fits: " : "does not fit: ") + byteText(plan.bytesOn(plan.device)) + " on " + plan.device + ", " + byteText(plan.freeBytes) + " free";
}

JsonLine planJson(const MemoryPlan& plan) {
  std::vector<JsonLine> parts;
  for (const PlanPart& part : plan.parts) parts.push_back(JsonLine().add("name", part.name).add("device", part.device).add("bytes", part.bytes));
  JsonLine out;
  return out.addRaw("parts", jsonArray(parts)).add("total_bytes", plan.totalBytes()).add("free_bytes", plan.freeBytes).add("fits", plan.fits()).add("device", plan.device);
}

}  // namespace nibble
