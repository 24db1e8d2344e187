package io.cairn.module.raid;

import io.cairn.bdev.testkit.ModuleTraits;

class Raid0ContractTest extends RaidContract {
    Raid0ContractTest() {
        super("raid0", 8);
    }

    @Override
    protected ModuleTraits traits() {
        return over(3).sized(blocks -> blocks * 3);
    }
}
