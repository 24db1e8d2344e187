package io.cairn.module.error;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.module.passthru.PassthruModule;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.Operation;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** The passthru module under another name, so that the top of a stack can leave without the passthru in its middle. */
final class TopModule implements BdevModule {
    private final PassthruModule passthru = new PassthruModule();

    @Override
    public String name() {
        return "top";
    }

    @Override
    public void init(BdevHost host) {
        passthru.init(host);
    }

    @Override
    public CompletionStage<Void> fini() {
        return passthru.fini();
    }

    @Override
    public List<Operation<?, ?>> operations() {
        return passthru.operations().stream()
                .<Operation<?, ?>>map(TopModule::renamed)
                .toList();
    }

    private static <P extends Record, R> Operation<P, R> renamed(Operation<P, R> one) {
        return new Operation<>(
                renamed(one.name()),
                one.description(),
                one.parameters(),
                one.decodeError(),
                one.changesConfiguration(),
                one.states(),
                one.result(),
                one.example(),
                one.handler());
    }

    private static String renamed(String operation) {
        return operation.replace("passthru", "top");
    }

    @Override
    public List<ConfigEntry> configuration() {
        return passthru.configuration().stream()
                .map(entry -> new ConfigEntry(renamed(entry.method()), entry.params()))
                .toList();
    }

    @Override
    public void examineConfig(Bdev bdev) {
        passthru.examineConfig(bdev);
    }

    @Override
    public void restore(Bdev bdev) {
        passthru.restore(bdev);
    }
}
