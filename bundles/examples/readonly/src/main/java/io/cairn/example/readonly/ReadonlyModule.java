package io.cairn.example.readonly;

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

/**
 * Bdevs that show their base and let nobody write: the module of the author's guide.
 *
 * <p>The two annotations are all that OSGi needs. {@code Component} offers this object as a service: the core finds it
 * when the bundle starts and lets go of it, after removing its bdevs, when the bundle stops. {@code ProvidesBdevModule}
 * writes into the bundle's manifest which module is in it, so that others can say that they need it. Without OSGi,
 * {@code core.add(new ReadonlyModule())} does the same.
 *
 * <p>Everything here is called on the app thread, one call after another: so there are no locks, and nothing may block.
 */
@Component(service = BdevModule.class)
@ProvidesBdevModule(ReadonlyModule.NAME)
public final class ReadonlyModule implements BdevModule {
    static final String NAME = "readonly";

    private BdevHost host;
    private VirtualBdevs<Readonly> readonlies;

    @Override
    public String name() {
        return NAME;
    }

    /** Comes first. The host is the core as this module may use it. */
    @Override
    public void init(BdevHost core) {
        host = core;
        // Keeps what users asked for, and builds it whenever its base is there: see Readonly.
        readonlies = new VirtualBdevs<>(NAME, core);
    }

    /**
     * Comes next: what users can ask for. From each declaration come a JSON-RPC method, a shell command
     * ({@code bdev:readonly-create}) with help and completion, and a page of the reference.
     */
    @Override
    public List<Operation<?, ?>> operations() {
        return Operation.list(
                Operation.named("bdev_readonly_create", CreateParams.class)
                        .describedAs(
                                "Creates a bdev that shows its base and cannot be written. While it is there, nobody"
                                        + " can write to the base.")
                        .changingConfiguration()
                        .answering("The name of the new bdev, also if its base is not there yet.")
                        .example("{\"name\": \"View0\", \"base_bdev_name\": \"Malloc0\"}")
                        .handledBy(this::create),
                Operation.named("bdev_readonly_delete", DeleteParams.class)
                        .describedAs("Deletes a read-only bdev; the base stays.")
                        .changingConfiguration()
                        .example("{\"name\": \"View0\"}")
                        .handledBy(this::delete));
    }

    /** What would make the present state again. The core saves it, and replays it when the module returns. */
    @Override
    public List<ConfigEntry> configuration() {
        return readonlies.definitions().stream().map(Readonly::configuration).toList();
    }

    /** A bdev has appeared: perhaps it is a base that a definition waits for. */
    @Override
    public void examineConfig(Bdev bdev) {
        readonlies.examineConfig(bdev);
    }

    /** A bdev has appeared that is not examined, because automatic examine is off: what stood on it before comes back. */
    @Override
    public void restore(Bdev bdev) {
        readonlies.restore(bdev);
    }

    private CompletionStage<String> create(CreateParams p) {
        // Every refusal names the object and the cause, and comes before anything has changed.
        if (p.name.equals(p.baseBdevName)) {
            throw new BdevException(Errno.EINVAL, "readonly '" + p.name + "' cannot be its own base");
        }
        if (!readonlies.has(p.name) && host.find(p.name).isPresent()) {
            throw new BdevException(Errno.EEXIST, "there is a bdev '" + p.name + "' already");
        }
        // A UUID that nobody gave is made here and saved: after a restart the bdev is still the same one.
        UUID uuid = p.uuid.orElseGet(UUID::randomUUID);
        return readonlies.create(new Readonly(p.name, p.baseBdevName, uuid)).thenApply(bdevs -> p.name);
    }

    private CompletionStage<Boolean> delete(DeleteParams p) {
        // The host knows best why a name that is not ours cannot be deleted.
        CompletionStage<Void> gone = readonlies.has(p.name) ? readonlies.delete(p.name) : host.delete(p.name);
        return gone.thenApply(done -> true);
    }

    /** A parameter's name is its component's in snake case; all decoding and checking of types is done by the core. */
    record CreateParams(
            @Param("Name of the new bdev.") String name,
            @Param(value = "Name, alias or UUID of the base.", names = Param.Names.BDEV) String baseBdevName,
            @Param("Its UUID. Without it a random one is made.") Optional<UUID> uuid) {}

    record DeleteParams(@Param(value = "Name of the read-only bdev.", names = Param.Names.BDEV) String name) {}
}
