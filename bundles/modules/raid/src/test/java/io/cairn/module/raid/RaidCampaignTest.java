package io.cairn.module.raid;

import io.cairn.bdev.testkit.Seeds;
import io.cairn.module.raid.level.RaidLevel;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Runs {@link RaidCampaign}: some seeds of each level in every build, {@code -Dcairn.seeds=2500} for a campaign of 10,000. */
class RaidCampaignTest {
    private static final int DEFAULT_SEEDS = 25;

    @ParameterizedTest
    @EnumSource
    void arraysKeepTheirPromises(RaidLevel level) {
        Seeds.run(level.toString(), DEFAULT_SEEDS, seed -> new RaidCampaign(seed, level));
    }
}
