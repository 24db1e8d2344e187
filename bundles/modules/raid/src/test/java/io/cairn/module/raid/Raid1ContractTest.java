package io.cairn.module.raid;

import io.cairn.bdev.testkit.ModuleTraits;

class Raid1ContractTest extends RaidContract {
    Raid1ContractTest() {
        super("raid1", 0);
    }

    @Override
    protected ModuleTraits traits() {
        // over bases whose unmap may leave old data, each member would leave what it likes
        return over(3).unmappingToZeroes().withOwnStatuses().survivingBaseLoss().sized(blocks -> blocks);
    }
}
