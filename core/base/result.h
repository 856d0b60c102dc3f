// Result<T>: a value or an Error. Everything that the world can break returns one.
#pragma once
#include <tl/expected.hpp>
#include <utility>

#include "core/base/error.h"

namespace nibble {

template <typename T>
using Result = tl::expected<T, Error>;

/// Builds the failing side of a Result: `return fail(ErrorCode::fileMalformed, "header ends early", path, "header");`
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string detail, std::string file = {}, std::string field = {}) {
  return tl::unexpected<Error>(Error{code, std::move(detail), std::move(file), std::move(field), 0, 0});
}

/// Hands an Error on.
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace nibble

#define NIBBLE_JOIN_INNER(a, b) a##b
#define NIBBLE_JOIN(a, b) NIBBLE_JOIN_INNER(a, b)

/// Returns the error of a Result<void> expression from the enclosing function.
#define NIBBLE_CHECK(expression) \
  do { if (auto checked_ = (expression); !checked_) return ::nibble::fail(std::move(checked_.error())); } while (false)

/// `NIBBLE_TRY(auto file, MappedFile::open(path));` declares the value or returns the error.
#define NIBBLE_TRY(declaration, expression) NIBBLE_TRY_INNER(NIBBLE_JOIN(tried_, __LINE__), declaration, expression)
#define NIBBLE_TRY_INNER(name, declaration, expression)          \
  auto name = (expression);                                      \
  if (!name) return ::nibble::fail(std::move(name.error()));     \
  declaration = std::move(*name)
