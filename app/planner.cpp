#include "app/planner.h"

#include <algorithm>

#include "app/precision_choices.h"

namespace nibble {

namespace {
constexpr int kRefreshMs = 2000;

struct Outcome {
  LoadRequest request;
  std::vector<DeviceInfo> devices;
  std::optional<Result<MemoryPlan>> plan;
  std::vector<MemoryUser> users;
};
}  // namespace

Planner::Planner(const EngineDoor& door, QObject* parent) : QObject(parent), m_door(door), m_background("planner") {
  m_timer.setInterval(kRefreshMs);
  connect(&m_timer, &QTimer::timeout, this, &Planner::refresh);
  m_timer.start();
}

void Planner::setRequest(const LoadRequest& request) {
  m_request = request;
  m_hasRequest = true;
  plan();
}

void Planner::clearRequest() { m_hasRequest = false; }

void Planner::refresh() { plan(); }

void Planner::plan() {
  if (m_planning) {
    m_again = true;
    return;
  }
  m_planning = true;
  m_background.run(this, [door = m_door, request = m_request, wanted = m_hasRequest] {
    Outcome outcome{request, door.devices(), {}, {}};
    if (wanted) outcome.plan = door.plan(request);
    const bool planned = outcome.plan && *outcome.plan;
    outcome.users = largestMemoryUsers(planned ? (*outcome.plan)->device : "cpu", 3);
    return outcome;
  }, [this](const Outcome& outcome) {
    m_planning = false;
    m_devices = outcome.devices;
    m_users = outcome.users;
    emit devicesChanged();
    if (std::exchange(m_again, false)) return plan();
    if (!outcome.plan || !m_hasRequest) return;
    if (*outcome.plan) emit planned(outcome.request, **outcome.plan);
    else emit planFailed(outcome.request, outcome.plan->error());
  });
}

void Planner::findFits(const LoadRequest& wanted) {
  m_background.run(this, [door = m_door, wanted] { return fitOptions(wanted, door.plan); },
                   [this](const std::vector<FitOption>& options) { emit fitsFound(options); });
}

namespace {
/// The same with the embedding in main memory, of which a token needs one row.
std::optional<FitOption> embeddingAside(LoadRequest request, const std::function<Result<MemoryPlan>(const LoadRequest&)>& plan) {
  if (request.embeddingOnHost || request.device == "cpu") return {};
  request.embeddingOnHost = true;
  const auto planned = plan(request);
  if (!planned || planned->device == "cpu" || !planned->fits()) return {};
  const bool moved = std::any_of(planned->parts.begin(), planned->parts.end(), [&](const PlanPart& part) {
    return part.kind == PartKind::embedding && part.device != planned->device;
  });
  if (!moved) return {};  // the head shares it
  return FitOption{request, *planned};
}

/// The request with the largest halving of the context that fits, if any.
std::optional<FitOption> shrinkContext(LoadRequest request, std::int64_t context,
                                       const std::function<Result<MemoryPlan>(const LoadRequest&)>& plan) {
  for (; context >= 512; context /= 2) {
    request.context = context;
    const auto planned = plan(request);
    if (planned && planned->fits()) return FitOption{request, *planned};
  }
  return {};
}

std::optional<FitOption> narrowPrecision(LoadRequest request, const std::function<Result<MemoryPlan>(const LoadRequest&)>& plan) {
  const double wantedBits = bitsPerWeight(request.recipe.layers);
  std::vector<PrecisionChoice> choices = precisionChoices();
  std::stable_sort(choices.begin(), choices.end(), [](const auto& a, const auto& b) {
    return bitsPerWeight(a.recipe.layers) > bitsPerWeight(b.recipe.layers);
  });
  for (const PrecisionChoice& choice : choices) {
    if (bitsPerWeight(choice.recipe.layers) >= wantedBits) continue;
    request.recipe = choice.recipe;
    const auto planned = plan(request);
    if (planned && planned->fits()) return FitOption{request, *planned};
  }
  return {};
}
}  // namespace

std::vector<FitOption> fitOptions(const LoadRequest& wanted, const std::function<Result<MemoryPlan>(const LoadRequest&)>& plan) {
  std::vector<FitOption> options;
  const auto add = [&options](const std::optional<FitOption>& option) {
    if (option && options.size() < 3) options.push_back(*option);
  };
  const std::int64_t context = wanted.context > 0 ? wanted.context : 8192;
  add(embeddingAside(wanted, plan));
  LoadRequest smaller = wanted;
  if (wanted.kv != KvFormat::q4) smaller.kv = KvFormat::q8;
  add(shrinkContext(smaller, context, plan));
  add(narrowPrecision(wanted, plan));
  LoadRequest smallest = smaller;
  for (const PrecisionChoice& choice : precisionChoices()) {
    if (bitsPerWeight(choice.recipe.layers) < bitsPerWeight(smallest.recipe.layers)) smallest.recipe = choice.recipe;
  }
  if (!(smallest.recipe == wanted.recipe)) add(shrinkContext(smallest, context / 2, plan));
  if (wanted.device != "cpu") {
    LoadRequest onCpu = wanted;
    onCpu.device = "cpu";
    add(shrinkContext(onCpu, context, plan));
  }
  return options;
}

}  // namespace nibble
