package io.cairn.itests.modules;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.spi.Examination;

/** Begins to examine and never ends. */
public final class NeverExamines extends SimpleModule {
    @Override
    public String name() {
        return "neverexamines";
    }

    @Override
    public boolean examinesDisk() {
        return true;
    }

    @Override
    public void examineDisk(Bdev bdev, Examination examination) {
        // nothing: that is the fault
    }
}
