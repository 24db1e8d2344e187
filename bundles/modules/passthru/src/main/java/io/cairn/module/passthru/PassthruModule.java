package io.cairn.module.passthru;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.ProvidesBdevModule;
import io.cairn.bdev.spi.VirtualBdevs;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.Operation;
import io.cairn.operations.Param;
import io.cairn.reactor.Errno;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.osgi.service.component.annotations.Component;

/** Bdevs that pass every I/O to their base, unchanged. */
@Component(service = BdevModule.class)
@ProvidesBdevModule(PassthruModule.NAME)
public final class PassthruModule implements BdevModule {
    static final String NAME = "passthru";

    private BdevHost host;
    private VirtualBdevs<Passthru> passthrus;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public void init(BdevHost core) {
        host = core;
        passthrus = new VirtualBdevs<>(NAME, core);
    }

    @Override
    public List<Operation<?, ?>> operations() {
        return Operation.list(
                Operation.named("bdev_passthru_create", CreateParams.class)
                        .describedAs(
                                "Creates a bdev that passes every I/O to its base. If the base is not there, the bdev"
                                        + " appears with it; and so after each time that the base was away.")
                        .changingConfiguration()
                        .answering("The name of the new bdev, also if its base is not there yet.")
                        .example("{\"name\": \"Pass0\", \"base_bdev_name\": \"Malloc0\"}")
                        .handledBy(this::create),
                Operation.named("bdev_passthru_delete", DeleteParams.class)
                        .describedAs(
                                "Deletes a passthru bdev and its definition; the base stays. Answers when everybody has"
                                        + " closed the bdev.")
                        .changingConfiguration()
                        .example("{\"name\": \"Pass0\"}")
                        .handledBy(this::delete));
    }

    @Override
    public List<ConfigEntry> configuration() {
        return passthrus.definitions().stream().map(Passthru::configuration).toList();
    }

    @Override
    public void examineConfig(Bdev bdev) {
        passthrus.examineConfig(bdev);
    }

    @Override
    public void restore(Bdev bdev) {
        passthrus.restore(bdev);
    }

    private CompletionStage<String> create(CreateParams p) {
        if (p.name.equals(p.baseBdevName)) {
            throw new BdevException(Errno.EINVAL, "passthru '" + p.name + "' cannot be its own base");
        }
        host.find(p.name).filter(taken -> !passthrus.has(p.name)).ifPresent(taken -> {
            throw new BdevException(
                    Errno.EEXIST,
                    "the name '" + p.name + "' is taken by bdev '" + taken.name() + "' of module "
                            + taken.moduleName());
        });
        return passthrus.create(new Passthru(p.name, p.baseBdevName, p.uuid)).thenApply(bdevs -> p.name);
    }

    private CompletionStage<Boolean> delete(DeleteParams p) {
        CompletionStage<Void> gone = passthrus.has(p.name) ? passthrus.delete(p.name) : host.delete(p.name);
        return gone.thenApply(done -> true);
    }

    record CreateParams(
            @Param("Name of the new bdev.") String name,
            @Param(value = "Name, alias or UUID of the base.", names = Param.Names.BDEV) String baseBdevName,
            @Param("Its UUID. Without it one is derived from the base's.") Optional<UUID> uuid) {}

    record DeleteParams(@Param(value = "Name of the passthru bdev.", names = Param.Names.BDEV) String name) {}
}
