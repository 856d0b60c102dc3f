// plan: what a load would take, to the byte.
#include "app/cli/json_line.h"
#include "app/cli/model_options.h"

namespace nibble {

namespace {

Result<int> run(VerbContext& context) {
  const Arguments& arguments = context.arguments;
  NIBBLE_TRY(const std::string model, modelOperand(arguments));
  NIBBLE_TRY(LoadRequest request, loadRequest(arguments, model, LoadPurpose::decoding));
  NIBBLE_TRY(const auto layers, arguments.integer("--layers", 1, 100'000));
  request.layerLimit = static_cast<int>(layers.value_or(0));
  NIBBLE_TRY(const MemoryPlan plan, planFor(request));
  if (context.console.json()) context.console.result(planJson(plan).text());
  else context.console.result(planText(plan));
  return 0;
}

}  // namespace

Verb planVerb() {
  VerbSpec spec;
  spec.name = "plan";
  spec.summary = "bytes by part at a precision, context and device; whether it fits";
  spec.synopsis = "MODEL|--shape NAME [--precision …] [--context N] [--kv f16|q8|q4] [--device …]";
  spec.operands = {"MODEL"};
  spec.options = joined(joined({{"--shape", "NAME", "a model's shape without its files: internlm3-8b, llama3-8b, sample"}, {"--layers", "N", "only the first N layers"}}, modelOptions()), outputOptions());
  spec.examples = "  nibble-cli plan sample --precision q4\n  nibble-cli plan --shape internlm3-8b --precision q4 --context 32768 --kv q8 --device cuda --json\n";
  return {std::move(spec), run};
}

}  // namespace nibble
