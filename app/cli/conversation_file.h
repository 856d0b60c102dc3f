// Writes a conversation for people (Markdown) or programs (.jsonl: one {"role", "content"} a line).
#pragma once
#include <filesystem>
#include <vector>

#include "core/engine/engine.h"

namespace nibble {

/// The file appears under its name only once it is whole. Errors: failed with the path.
Result<void> saveConversation(const std::filesystem::path& path, const std::vector<ChatTurn>& turns);

}  // namespace nibble
