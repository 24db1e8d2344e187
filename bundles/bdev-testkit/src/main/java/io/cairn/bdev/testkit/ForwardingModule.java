package io.cairn.bdev.testkit;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.Examination;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.Operation;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** Stands in another module's place and hands every call on to it: for tests that see or change some of them. Threads as for {@link BdevModule}. */
public abstract class ForwardingModule implements BdevModule {
    private final BdevModule module;

    /** Stands before a module. */
    protected ForwardingModule(BdevModule module) {
        this.module = module;
    }

    /** Returns the module behind. */
    public BdevModule module() {
        return module;
    }

    @Override
    public String name() {
        return module.name();
    }

    @Override
    public void init(BdevHost host) {
        module.init(host);
    }

    @Override
    public Map<String, Object> handOver() {
        return module.handOver();
    }

    @Override
    public CompletionStage<Void> fini() {
        return module.fini();
    }

    @Override
    public List<Operation<?, ?>> operations() {
        return module.operations();
    }

    @Override
    public List<ConfigEntry> configuration() {
        return module.configuration();
    }

    @Override
    public void examineConfig(Bdev bdev) {
        module.examineConfig(bdev);
    }

    @Override
    public void restore(Bdev bdev) {
        module.restore(bdev);
    }

    @Override
    public boolean examinesDisk() {
        return module.examinesDisk();
    }

    @Override
    public int examinePriority() {
        return module.examinePriority();
    }

    @Override
    public void examineDisk(Bdev bdev, Examination examination) {
        module.examineDisk(bdev, examination);
    }
}
