package io.cairn.bdev.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Modules that are wrong on purpose: the contract must find each of them out. */
class PlantedBugsTest {
    private static final Map<Bug, Consumer<BdevContractTest>> CAUGHT_BY = new EnumMap<>(Map.ofEntries(
            Map.entry(Bug.COMPLETES_TWICE, BdevContractTest::dataAreByteExact),
            Map.entry(Bug.NEVER_COMPLETES, BdevContractTest::dataAreByteExact),
            Map.entry(Bug.READS_OFF_BY_ONE, BdevContractTest::dataAreByteExact),
            Map.entry(Bug.IGNORES_OFFSET, BdevContractTest::theBaseHoldsWhatWasWritten),
            Map.entry(Bug.FORGETS_BASE_CHANNEL, BdevContractTest::channelsComeAndGo),
            Map.entry(Bug.KEEPS_CLAIM, BdevContractTest::theBdevIsWhatWasAskedFor),
            Map.entry(Bug.KEEPS_DESCRIPTOR, BdevContractTest::theBdevIsWhatWasAskedFor),
            Map.entry(Bug.LOSES_STATUS, BdevContractTest::errorsOfTheBaseAreToldAbove),
            Map.entry(Bug.RECURSES_WITHOUT_BOUND, BdevContractTest::whatFindsNoIoObjectWaits),
            Map.entry(Bug.FAILS_WHEN_THERE_IS_NO_IO_OBJECT, BdevContractTest::whatFindsNoIoObjectWaits),
            Map.entry(Bug.DROPS_WHAT_WAITS, BdevContractTest::whatFindsNoIoObjectWaits),
            Map.entry(Bug.ADVERTISES_TOO_MUCH, BdevContractTest::theBdevIsWhatWasAskedFor),
            Map.entry(Bug.IGNORES_REMOVAL, BdevContractTest::baseRemovedWithIoInFlight),
            Map.entry(Bug.LEAVES_CLAIM_WHEN_REGISTER_FAILS, BdevContractTest::nothingHalfCreatedIsLeftBehind),
            Map.entry(Bug.LEAVES_DEFINITION_WHEN_CREATION_FAILS, BdevContractTest::nothingHalfCreatedIsLeftBehind),
            Map.entry(Bug.FORGETS_UUID, BdevContractTest::configurationMakesTheSameAgain),
            Map.entry(Bug.REMEMBERS_WHAT_WAS_DELETED, BdevContractTest::configurationMakesTheSameAgain),
            Map.entry(Bug.TAKES_NAMES_TWICE, BdevContractTest::aSecondCreationIsRefusedAndChangesNothing),
            Map.entry(Bug.COMPLETES_BEFORE_ITS_CHILD, BdevContractTest::dataAreByteExact),
            Map.entry(Bug.IGNORES_GROWTH, BdevContractTest::growthIsTold),
            Map.entry(Bug.LEAKS_POOL_MEMORY, BdevContractTest::dataAreByteExact),
            Map.entry(Bug.LEAKS_POLLER, BdevContractTest::channelsComeAndGo)));

    @Test
    void everyBugHasATestThatCatchesIt() {
        EnumSet<Bug> bugs = EnumSet.allOf(Bug.class);
        bugs.remove(Bug.NONE);
        assertThat(CAUGHT_BY.keySet()).isEqualTo(bugs);
    }

    @TestFactory
    Stream<DynamicTest> theContractFindsTheBug() {
        return CAUGHT_BY.entrySet().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.getKey().toString(), () -> {
                    Throwable found = catchThrowable(() -> entry.getValue().accept(contractOf(entry.getKey())));
                    assertThat(found).as("what the contract says").isInstanceOf(AssertionError.class);
                    assertThat(found.getMessage()).contains("-Dcairn.seed=");
                }));
    }

    private static BdevContractTest contractOf(Bug bug) {
        return new WrapContractTest() {
            @Override
            Bug bug() {
                return bug;
            }
        };
    }
}
