package io.cairn.module.raid;

import io.cairn.bdev.testkit.ModuleTraits;

class ConcatContractTest extends RaidContract {
    ConcatContractTest() {
        super("concat", 8);
    }

    @Override
    protected ModuleTraits traits() {
        return over(3);
    }
}
