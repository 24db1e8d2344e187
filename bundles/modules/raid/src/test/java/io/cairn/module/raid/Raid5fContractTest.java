package io.cairn.module.raid;

import io.cairn.bdev.testkit.ModuleTraits;

class Raid5fContractTest extends RaidContract {
    Raid5fContractTest() {
        super("raid5f", 4);
    }

    @Override
    protected ModuleTraits traits() {
        return over(3).withOwnStatuses().survivingBaseLoss().sized(blocks -> blocks * 2);
    }
}
