// SPDX-License-Identifier: Apache-2.0
// A value or an Error. Member names follow std::expected (not in libstdc++ 12 at C++20). Asking the wrong side is a
// programmer error and aborts.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "base/error.h"

namespace tt {

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, error) { TT_ASSERT(error.code != Errc::ok); }  // NOLINT
  Result(Errc code, std::uint64_t detail = 0) : Result(Error{code, detail}) {}                        // NOLINT

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& value() & {
    TT_ASSERT(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    TT_ASSERT(has_value());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    TT_ASSERT(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] Error error() const {
    TT_ASSERT(!has_value());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  constexpr Result() noexcept = default;
  constexpr Result(Error error) : error_(error) { TT_ASSERT(error.code != Errc::ok); }    // NOLINT
  constexpr Result(Errc code, std::uint64_t detail = 0) : Result(Error{code, detail}) {}  // NOLINT

  [[nodiscard]] constexpr bool has_value() const noexcept { return error_.code == Errc::ok; }
  constexpr explicit operator bool() const noexcept { return has_value(); }
  [[nodiscard]] constexpr Error error() const {
    TT_ASSERT(!has_value());
    return error_;
  }

 private:
  Error error_{};
};

}  // namespace tt

#define TT_CONCAT_(a, b) a##b
#define TT_CONCAT(a, b) TT_CONCAT_(a, b)

/// Plain functions: `TT_TRY(auto x, f());` binds the value or returns the error.
#define TT_TRY(declaration, expression)                                           \
  auto TT_CONCAT(tt_try_, __LINE__) = (expression);                               \
  if (!TT_CONCAT(tt_try_, __LINE__)) return TT_CONCAT(tt_try_, __LINE__).error(); \
  declaration = std::move(TT_CONCAT(tt_try_, __LINE__)).value()
#define TT_CHECK(expression)                              \
  do {                                                    \
    auto tt_check_result = (expression);                  \
    if (!tt_check_result) return tt_check_result.error(); \
  } while (0)

/// Coroutines: the same with co_return. The expression may hold one co_await (rule R6: awaits are statements).
#define TT_CO_TRY(declaration, expression)                                           \
  auto TT_CONCAT(tt_try_, __LINE__) = expression;                                    \
  if (!TT_CONCAT(tt_try_, __LINE__)) co_return TT_CONCAT(tt_try_, __LINE__).error(); \
  declaration = std::move(TT_CONCAT(tt_try_, __LINE__)).value()
#define TT_CO_CHECK(expression)                              \
  do {                                                       \
    auto tt_check_result = expression;                       \
    if (!tt_check_result) co_return tt_check_result.error(); \
  } while (0)
