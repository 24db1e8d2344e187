package io.cairn.module.split;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.ProvidesBdevModule;
import io.cairn.bdev.spi.VirtualBdevs;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.Operation;
import io.cairn.operations.OperationException;
import io.cairn.operations.Param;
import io.cairn.reactor.Errno;
import io.cairn.reactor.HasErrno;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.osgi.service.component.annotations.Component;

/** Divides bdevs into parts of equal size. Nothing on the disk says so: the configuration does. */
@Component(service = BdevModule.class)
@ProvidesBdevModule(SplitModule.NAME)
public final class SplitModule implements BdevModule {
    static final String NAME = "split";

    static final long MAX_U32 = 0xffff_ffffL;
    private static final String FIRST_SIZES = "first sizes";

    private BdevHost host;
    private VirtualBdevs<Split> splits;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public void init(BdevHost core) {
        host = core;
        splits = new VirtualBdevs<>(NAME, core);
    }

    @Override
    public List<Operation<?, ?>> operations() {
        return Operation.list(
                Operation.named("bdev_split_create", CreateParams.class)
                        .describedAs(
                                "Divides a bdev into parts named after it: <base>p0, <base>p1 ... If the base is not"
                                        + " there, the parts appear with it; and so after each time that the base was away.")
                        .decodeError(Operation.INVALID_PARAMS)
                        .changingConfiguration()
                        .answering("The names of the parts in order; an empty list if the base is not there yet.")
                        .example("{\"base_bdev\": \"Malloc0\", \"split_count\": 4}")
                        .handledBy(this::create),
                Operation.named("bdev_split_delete", DeleteParams.class)
                        .describedAs(
                                "Removes all parts of a bdev; the bdev stays. Answers when everybody has closed them.")
                        .decodeError(Operation.INVALID_PARAMS)
                        .changingConfiguration()
                        .example("{\"base_bdev\": \"Malloc0\"}")
                        .handledBy(this::delete));
    }

    @Override
    public List<ConfigEntry> configuration() {
        return splits.definitions().stream().map(Split::configuration).toList();
    }

    @Override
    public void examineConfig(Bdev bdev) {
        splits.examineConfig(bdev);
    }

    @Override
    public void restore(Bdev bdev) {
        splits.restore(bdev);
    }

    @Override
    public Map<String, Object> handOver() {
        Map<String, Object> firstSizes = new LinkedHashMap<>();
        splits.definitions()
                .forEach(split -> firstSizes.put(split.key(), split.firstSize().plain()));
        return Map.of(FIRST_SIZES, firstSizes);
    }

    private CompletionStage<List<String>> create(CreateParams p) {
        CompletableFuture<List<String>> answer = new CompletableFuture<>();
        try {
            Split split = Split.of(p.baseBdev, p.splitCount, p.splitSizeMb);
            if (host.handedOver().get(FIRST_SIZES) instanceof Map<?, ?> byKey) {
                // the base may have grown since: the parts are where they were
                split.firstSize().set(byKey.get(split.key()));
            }
            splits.create(split).whenComplete((parts, failure) -> {
                if (failure == null) {
                    answer.complete(parts.stream().map(Bdev::name).toList());
                } else {
                    answer.completeExceptionally(refusal(p, failure));
                }
            });
        } catch (RuntimeException e) {
            throw refusal(p, e);
        }
        return answer;
    }

    /** SPDK answers every failure with one code, and the errno's text in the message. */
    private static OperationException refusal(CreateParams p, Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        Errno errno = cause instanceof HasErrno known ? known.errno() : Errno.EIO;
        return new OperationException(
                Operation.INVALID_PARAMS,
                "Failed to create " + p.splitCount + " split bdevs from '" + p.baseBdev + "': " + errno.text() + ": "
                        + cause.getMessage(),
                Map.of("errno", errno.name(), "bdev", p.baseBdev));
    }

    private CompletionStage<Boolean> delete(DeleteParams p) {
        if (!splits.has(p.baseBdev)) {
            throw new OperationException(
                    Operation.INVALID_PARAMS,
                    Errno.ENOENT.text() + ": bdev '" + p.baseBdev + "' is not split",
                    Map.of("errno", Errno.ENOENT.name(), "bdev", p.baseBdev));
        }
        return splits.delete(p.baseBdev).thenApply(done -> true);
    }

    record CreateParams(
            @Param(value = "Name of the bdev to divide.", names = Param.Names.BDEV) String baseBdev,
            @Param(value = "Number of parts, at least 1. Fewer are made if no more fit.", max = MAX_U32)
                    long splitCount,
            @Param(value = "Size of each part in MiB; 0: equal shares of the base.", defaultsTo = "0")
                    long splitSizeMb) {}

    record DeleteParams(
            @Param(value = "Name of the bdev that is divided.", names = Param.Names.BDEV) String baseBdev) {}
}
