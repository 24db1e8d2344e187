package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.testkit.Seeds;
import io.cairn.module.raid.level.RaidLevel;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Runs {@link RaidCampaign}: some seeds of each level in every build, {@code -Dcairn.seeds=2500} for a campaign of 10,000;
 * {@code -Dcairn.fault=NAME} plants a {@link CampaignFault}.
 */
class RaidCampaignTest {
    private static final Logger LOG = System.getLogger(RaidCampaignTest.class.getName());
    private static final int DEFAULT_SEEDS = 25;
    private static final int ENOUGH_TO_FIND = 150;

    @ParameterizedTest
    @EnumSource
    void arraysKeepTheirPromises(RaidLevel level) {
        Seeds.run(level.toString(), DEFAULT_SEEDS, seed -> new RaidCampaign(seed, level, CampaignFault.named()));
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void findsAPlantedFault(CampaignFault fault) {
        assertThat(LongStream.rangeClosed(1, ENOUGH_TO_FIND)
                        .filter(seed -> fails(seed, fault))
                        .findFirst())
                .as("a seed that finds %s", fault)
                .isPresent();
    }

    private static boolean fails(long seed, CampaignFault fault) {
        try (RaidCampaign campaign = new RaidCampaign(seed, fault.level(), fault)) {
            campaign.run();
            return false;
        } catch (AssertionError found) {
            LOG.log(
                    Level.INFO,
                    () -> fault + " is found by seed " + seed + " of " + fault.level() + ": " + found.getMessage());
            return true;
        }
    }
}
