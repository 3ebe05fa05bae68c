#include "runtime/runtime_module.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "temporary_folder.h"

namespace mj {
namespace {

using testing::ElementsAre;

TEST(UnitRuntimeModule, StandsBesideTheLibraryOrWhereInstallationPutsIt) {
  EXPECT_THAT(
      runtime_module_places("/opt/mj/bin"),
      ElementsAre("/opt/mj/bin/millijoule_runtime.so", "/opt/mj/libexec/millijoule/millijoule_runtime.so",
                  "/opt/mj/lib/millijoule/millijoule_runtime.so"));
}

TEST(UnitRuntimeModule, TheFirstPlaceThatHoldsItIsTaken) {
  const TemporaryFolder folder;
  const auto here = folder.path() / "millijoule_runtime.so";
  write_file_atomically(here, "");
  EXPECT_EQ(find_runtime_module({folder.path() / "missing.so", here}), here);
}

TEST(ErrorsRuntimeModule, NamesEveryPlaceThatWasTried) {
  try {
    find_runtime_module({"/nowhere/a.so", "/nowhere/b.so"});
    FAIL() << "found a module that is not there";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "millijoule_runtime.so: is not there (looked for /nowhere/a.so, "
                 "/nowhere/b.so); install Millijoule again");
  }
}

}  // namespace
}  // namespace mj
