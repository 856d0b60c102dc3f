// The filters by name; each file of filters_*.cpp adds its own.
#pragma once
#include <functional>
#include <string>
#include <unordered_map>

#include "core/text/template/runtime.h"

namespace nibble::jinja {

using Filter = std::function<Value(Runtime&, const Value& input, const Arguments& arguments)>;
using FilterTable = std::unordered_map<std::string, Filter>;

void addTextFilters(FilterTable& table);
void addSequenceFilters(FilterTable& table);
void addSelectionFilters(FilterTable& table);
void addValueFilters(FilterTable& table);

}  // namespace nibble::jinja
