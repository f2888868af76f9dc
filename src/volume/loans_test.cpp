// SPDX-License-Identifier: Apache-2.0
// Which loans come with relationships, and when they are open (decision 0011).
#include "volume/loans.h"

#include <gtest/gtest.h>

#include "volume/plan.h"
#include "volume/plan_change.h"
#include "volume/sample_image.h"

namespace tt::volume {
namespace {

class LoansTest : public testing::Test {
 protected:
  LoansTest() {
    const auto pool = image.add_pool(0, {40}, kSmallExtentBytes);
    for (std::uint16_t id = 0; id < 6; ++id) image.add_volume(id, pool, 1, AllocationMethod::ese);
  }
  Relationship pair(int source, int target) {
    return image.pair(static_cast<std::uint16_t>(source), static_cast<std::uint16_t>(target), Lsn(image.next_lsn++));
  }
  /// With the loans that come with it. Returns its generation.
  Generation establish(const Relationship& made) {
    Establish establish{.pairs = {made}, .emptied = {}, .loans = plan_loans(image.config, std::vector{made}, {})};
    for (Loan& loan : establish.loans) loan.generation = Generation(image.next_lsn++);
    image.change(establish);
    return made.generation;
  }
  /// "lender<borrower" of those that are open, in the order in which they were made.
  std::string open_loans() const {
    std::string text;
    for (const auto& [generation, loan] : image.config.loans) {
      if (!is_open(image.config, loan)) continue;
      if (!text.empty()) text += ' ';
      text += std::to_string(loan.lender.value) + '<' + std::to_string(loan.borrower.value);
    }
    return text;
  }

  SampleImage image;
};

TEST_F(LoansTest, FromEachTargetToTheOlderOnesOfItsSource) {
  establish(pair(0, 1));
  EXPECT_EQ(open_loans(), "");
  establish(pair(0, 2));
  EXPECT_EQ(open_loans(), "2<1");
  establish(pair(5, 4));
  establish(pair(0, 3));
  EXPECT_EQ(open_loans(), "2<1 3<1 3<2");
  for (const auto& [generation, loan] : image.config.loans) EXPECT_LE(loan.since, loan.t0);
}

TEST_F(LoansTest, PairsOfOneCommandLendInTheirOrder) {
  std::vector<Relationship> made = {pair(0, 1), pair(0, 2), pair(5, 3), pair(0, 4)};
  for (Relationship& r : made) r.t0 = made.back().t0;
  const auto loans = plan_loans(image.config, made, {});
  ASSERT_EQ(loans.size(), 3U);
  EXPECT_EQ(loans[0].lender, VolumeId{2});
  EXPECT_EQ(loans[1].lender, VolumeId{4});
  EXPECT_EQ(loans[1].borrower, VolumeId{1});
  EXPECT_EQ(loans[2].borrower, VolumeId{2});
}

TEST_F(LoansTest, WhoMustKeepItsOwnSharesNothing) {
  Relationship inhibits = pair(0, 1);
  inhibits.options.background_copy = false;
  inhibits.options.out_of_space = OutOfSpace::inhibit_source;
  establish(inhibits);
  establish(pair(0, 2));
  EXPECT_EQ(open_loans(), "");
}

TEST_F(LoansTest, AreClosedByWhateverHappensToEitherRelationship) {
  const Generation first = establish(pair(0, 1));
  const Generation second = establish(pair(0, 2));
  establish(pair(0, 3));
  image.withdraw(first);
  EXPECT_EQ(open_loans(), "3<2");
  image.change(FailRelationship{.relationship = second, .at_s = 1});
  EXPECT_EQ(open_loans(), "");
  EXPECT_EQ(image.config.loans.size(), 3U) << "they may hold tracks";
}

TEST_F(LoansTest, OfABorrowerEndWithItsNextLife) {
  const Generation first = establish(pair(0, 1));
  establish(pair(0, 2));
  image.withdraw(first);
  establish(pair(5, 1));
  EXPECT_TRUE(image.config.loans.empty());
}

TEST_F(LoansTest, ALenderGoesOnlyWithoutThem) {
  const Generation first = establish(pair(0, 1));
  const Generation second = establish(pair(0, 2));
  for (const Generation r : {first, second}) {
    image.withdraw(r);
    image.change(EndRelationship{.relationship = r});
  }
  EXPECT_EQ(code_of(plan_remove_volume(image.config, VolumeId{2})), Errc::still_in_use);
  EXPECT_EQ(code_of(plan_release_space(image.config, VolumeId{2}, Lsn{900}, Generation{900})),
            Errc::other_relationships);
  EXPECT_EQ(code_of(plan_release_space(image.config, VolumeId{1}, Lsn{900}, Generation{900})), Errc::ok);
  image.change(EndLoans{.loans = {image.config.loans.begin()->first}});
  EXPECT_EQ(code_of(plan_remove_volume(image.config, VolumeId{2})), Errc::ok);
}

/// Space of a target that lends is not given back by an establish onto it.
TEST_F(LoansTest, ALenderKeepsItsSpace) {
  const Generation first = establish(pair(0, 1));
  const Generation second = establish(pair(0, 2));
  for (const Generation r : {first, second}) {
    image.withdraw(r);
    image.change(EndRelationship{.relationship = r});
  }
  for (const std::uint16_t id : {std::uint16_t{1}, std::uint16_t{2}}) {
    image.change(plan_allocate_extent(image.config, VolumeId{id}, 0));
  }
  EXPECT_TRUE(empties_target(image.config, VolumeId{5}, VolumeId{1}));
  EXPECT_FALSE(empties_target(image.config, VolumeId{5}, VolumeId{2}));
}

TEST_F(LoansTest, AFailedOneFailsTheBorrowersRelationship) {
  const Generation first = establish(pair(0, 1));
  const Generation second = establish(pair(0, 2));
  const Generation loan = image.config.loans.begin()->first;
  image.change(FailRelationship{.relationship = loan, .at_s = 1});
  EXPECT_EQ(image.config.relationships.at(first).state, RelationshipState::failed);
  EXPECT_EQ(image.config.relationships.at(second).state, RelationshipState::valid);
  EXPECT_TRUE(image.config.loans.at(loan).failed);
}

}  // namespace
}  // namespace tt::volume
