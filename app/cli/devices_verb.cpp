// devices: what models can run on here, and why something cannot be used.
#include <cstdio>

#include "app/cli/json_line.h"
#include "app/cli/read_bandwidth.h"
#include "app/cli/verb.h"
#include "core/engine/device.h"

namespace nibble {

namespace {

std::string gibibytes(std::uint64_t bytes) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.1f GiB", static_cast<double>(bytes) / (1 << 30));
  return buffer;
}

JsonLine deviceLine(const DeviceInfo& device) {
  JsonLine out;
  out.add("id", device.id).add("name", device.name).add("usable", device.usable).add("why", device.why);
  out.add("total_bytes", device.totalBytes).add("free_bytes", device.freeBytes).add("bandwidth_GBps", device.bandwidthGBps).add("compute_units", device.computeUnits);
  return out.add("capability", device.capability).add("driver", device.driver).add("context_bytes", device.contextBytes);
}

std::string described(const DeviceInfo& device) {
  std::string out = device.id + ": " + (device.name.empty() ? "-" : device.name);
  if (!device.usable) return out + "\n  cannot be used: " + device.why;
  out += "\n  memory " + gibibytes(device.freeBytes) + " free of " + gibibytes(device.totalBytes) + ", " + std::to_string(device.computeUnits) + (device.id == "cpu" ? " threads" : " SMs");
  if (!device.capability.empty()) out += ", " + device.capability;
  if (device.bandwidthGBps > 0) out += ", " + std::to_string(static_cast<int>(device.bandwidthGBps)) + " GB/s";
  if (!device.driver.empty()) out += ", driver " + device.driver;
  return out;
}

Result<int> run(VerbContext& context) {
  std::vector<JsonLine> lines;
  for (DeviceInfo device : listDevices()) {
    if (context.stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped");
    if (device.id == "cpu" && device.bandwidthGBps <= 0) device.bandwidthGBps = measureReadBandwidth(0);
    if (context.console.json()) lines.push_back(deviceLine(device));
    else context.console.result(described(device));
  }
  if (context.console.json()) context.console.result(JsonLine().addRaw("devices", jsonArray(lines)).text());
  return 0;
}

}  // namespace

Verb devicesVerb() {
  VerbSpec spec;
  spec.name = "devices";
  spec.summary = "the CPU and every GPU: capability, memory, bandwidth, driver; why one cannot be used";
  spec.options = outputOptions();
  spec.examples = "  nibble-cli devices\n  nibble-cli devices --json\n";
  return {std::move(spec), run};
}

}  // namespace nibble
