package io.cairn.module.error;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.ProvidesBdevModule;
import io.cairn.bdev.spi.VirtualBdevs;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.Operation;
import io.cairn.operations.Param;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.osgi.service.component.annotations.Component;

/** Bdevs that do to the I/O of their base what they are told: fail it, keep it, change its data. */
@Component(service = BdevModule.class)
@ProvidesBdevModule(ErrorModule.NAME)
public final class ErrorModule implements BdevModule {
    static final String NAME = "error";

    static final long MAX_U32 = 0xffff_ffffL;
    private static final String FAULTS = "faults";
    private static final String FIRST_SIZES = "first sizes";
    private static final int MOST_SCT = 7;
    private static final int MOST_SC = 255;

    private BdevHost host;
    private VirtualBdevs<ErrorDisk> errors;
    /** Each byte that there is, to be written instead of one that must stay as it is. */
    private IoBuffer everyByte;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public void init(BdevHost core) {
        host = core;
        errors = new VirtualBdevs<>(NAME, core);
        everyByte = IoBuffer.allocate(256);
        for (int i = 0; i < 256; i++) {
            everyByte.bytes().put(i, (byte) i);
        }
    }

    @Override
    public List<Operation<?, ?>> operations() {
        return Operation.list(
                Operation.named("bdev_error_create", CreateParams.class)
                        .describedAs(
                                "Creates the bdev EE_<base>, which passes every I/O to its base until it is told otherwise. If"
                                        + " the base is not there, the bdev appears with it; and so after each time that the"
                                        + " base was away.")
                        .decodeError(Operation.INVALID_PARAMS)
                        .changingConfiguration()
                        .answering("true, also if the base is not there yet.")
                        .example("{\"base_name\": \"Malloc0\"}")
                        .handledBy(this::create),
                Operation.named("bdev_error_inject_error", InjectParams.class)
                        .describedAs(
                                "Sets what happens to the next I/Os of a type, instead of what was set for it before; `clear`"
                                        + " takes everything back and lets pending I/O go on. It is not saved.")
                        .decodeError(Operation.INVALID_PARAMS)
                        .example(
                                "{\"name\": \"EE_Malloc0\", \"io_type\": \"read\", \"error_type\": \"failure\", \"num\": 3}")
                        .handledBy(this::inject),
                Operation.named("bdev_error_resume_pending", NameParams.class)
                        .describedAs("Lets I/O go on that an error kept pending, and keeps no more.")
                        .decodeError(Operation.INVALID_PARAMS)
                        .example("{\"name\": \"EE_Malloc0\"}")
                        .handledBy(this::resumePending),
                Operation.named("bdev_error_delete", NameParams.class)
                        .describedAs(
                                "Deletes an error bdev and its definition; the base stays, and what is pending ends. Answers"
                                        + " when everybody has closed the bdev.")
                        .decodeError(Operation.INVALID_PARAMS)
                        .changingConfiguration()
                        .example("{\"name\": \"EE_Malloc0\"}")
                        .handledBy(this::delete));
    }

    @Override
    public List<ConfigEntry> configuration() {
        return errors.definitions().stream().map(ErrorDisk::configuration).toList();
    }

    @Override
    public void examineConfig(Bdev bdev) {
        errors.examineConfig(bdev);
    }

    @Override
    public void restore(Bdev bdev) {
        errors.restore(bdev);
    }

    private CompletionStage<Boolean> create(CreateParams p) {
        ErrorDisk disk = new ErrorDisk(p.baseName, p.uuid, everyByte);
        if (host.handedOver().get(FAULTS) instanceof Map<?, ?> byDisk
                && byDisk.get(disk.key()) instanceof Map<?, ?> faults) {
            // what the module before this one was told; it stays in the map for the one after a roll back
            disk.setFaults(faults);
        }
        if (host.handedOver().get(FIRST_SIZES) instanceof Map<?, ?> byDisk) {
            // the base may have grown since: the UUID is as it was
            disk.firstSize().set(byDisk.get(disk.key()));
        }
        return errors.create(disk).thenApply(bdevs -> true);
    }

    @Override
    public Map<String, Object> handOver() {
        Map<String, Object> faults = new LinkedHashMap<>();
        Map<String, Object> firstSizes = new LinkedHashMap<>();
        errors.definitions().forEach(disk -> {
            faults.put(disk.key(), disk.faults());
            firstSizes.put(disk.key(), disk.firstSize().plain());
        });
        return Map.of(FAULTS, faults, FIRST_SIZES, firstSizes);
    }

    private CompletionStage<Boolean> delete(NameParams p) {
        CompletionStage<Void> gone = errors.has(p.name) ? errors.delete(p.name) : host.delete(p.name);
        return gone.thenApply(done -> true);
    }

    private CompletionStage<Boolean> resumePending(NameParams p) {
        return find(p.name).resumePending().thenApply(done -> true);
    }

    private CompletionStage<Boolean> inject(InjectParams p) {
        check(p);
        ErrorDisk disk = find(p.name);
        if (p.ioType == Target.CLEAR) {
            return disk.clear().thenApply(done -> true);
        }
        for (IoType type : p.ioType.types()) {
            disk.inject(type, fault(p));
        }
        return CompletableFuture.completedFuture(true);
    }

    private static void check(InjectParams p) {
        boolean nvme = p.errorType == ErrorType.NVME_FAILURE;
        if (nvme == (p.nvmeSct == 0 && p.nvmeSc == 0)) {
            throw invalid(
                    p,
                    nvme
                            ? "nvme_sct or nvme_sc should be specified for NVMe error injection: both are 0"
                            : "nvme_sct or nvme_sc should be specified for NVMe error injection only, not with error_type "
                                    + "'" + p.errorType.spelling() + "'");
        }
        if (p.nvmeSct > MOST_SCT || p.nvmeSc > MOST_SC) {
            throw invalid(
                    p,
                    "there is no NVMe status of nvme_sct " + p.nvmeSct + " and nvme_sc " + p.nvmeSc
                            + ": they are at most " + MOST_SCT + " and " + MOST_SC);
        }
        if (p.errorType == ErrorType.CORRUPT_DATA && p.corruptValue == 0) {
            throw invalid(p, "corrupt_value 0 changes no bit: it must be 1 to 255");
        }
    }

    private static BdevException invalid(InjectParams p, String cause) {
        return new BdevException(Errno.EINVAL, "error bdev '" + p.name + "': " + cause);
    }

    private static Fault fault(InjectParams p) {
        return switch (p.errorType) {
            case FAILURE -> Fault.ending(IoStatus.FAILED, p.num, p.queueDepth);
            case NOMEM -> Fault.ending(IoStatus.NOMEM, p.num, p.queueDepth);
            case NVME_FAILURE -> Fault.ending(IoStatus.nvme((int) p.nvmeSct, (int) p.nvmeSc), p.num, p.queueDepth);
            case PENDING -> Fault.pending(p.num, p.queueDepth);
            case CORRUPT_DATA -> Fault.corrupting(p.num, p.queueDepth, p.corruptOffset, p.corruptValue);
        };
    }

    /** Finds the error bdev that is there under a name, alias or UUID. */
    private ErrorDisk find(String name) {
        Bdev bdev = host.find(name).orElseThrow(() -> {
            String cause = errors.definitions().stream()
                    .filter(disk -> disk.key().equals(name))
                    .findFirst()
                    .map(disk -> "it waits for its base '" + disk.baseName() + "'")
                    .orElse("there is no such bdev");
            return new BdevException(Errno.ENODEV, "error bdev '" + name + "': " + cause);
        });
        return errors.definitions().stream()
                .filter(disk -> disk.key().equals(bdev.name()))
                .findFirst()
                .orElseThrow(() -> new BdevException(
                        Errno.ENODEV,
                        "bdev '" + name + "' is no error bdev: it belongs to module " + bdev.moduleName()));
    }

    /** Which I/O an error is injected into. */
    enum Target {
        CLEAR,
        READ,
        WRITE,
        UNMAP,
        FLUSH,
        ALL;

        List<IoType> types() {
            return switch (this) {
                case CLEAR -> List.of();
                case READ -> List.of(IoType.READ);
                case WRITE -> List.of(IoType.WRITE);
                case UNMAP -> List.of(IoType.UNMAP);
                case FLUSH -> List.of(IoType.FLUSH);
                case ALL -> List.of(IoType.READ, IoType.WRITE, IoType.UNMAP, IoType.FLUSH);
            };
        }
    }

    /** What is injected. */
    enum ErrorType {
        FAILURE,
        PENDING,
        CORRUPT_DATA,
        NOMEM,
        NVME_FAILURE;

        String spelling() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    record CreateParams(
            @Param(value = "Name, alias or UUID of the base.", names = Param.Names.BDEV) String baseName,
            @Param("The new bdev's UUID. Without it one is derived from the base's.") Optional<UUID> uuid) {}

    record InjectParams(
            @Param(value = "Name of the error bdev.", names = Param.Names.BDEV) String name,
            @Param("Into which I/O; all: each of the four types, num times each; clear: take everything back.")
                    Target ioType,
            @Param("What happens: the I/O fails, is kept until it is resumed, aborted or reset, has one byte changed"
                            + " (reads and writes), finds no memory and is tried again, or ends with an NVMe status.")
                    ErrorType errorType,
            @Param(value = "NVMe status code type, 0 to 7; for nvme_failure.", defaultsTo = "0", max = MAX_U32)
                    long nvmeSct,
            @Param(value = "NVMe status code, 0 to 255; for nvme_failure.", defaultsTo = "0", max = MAX_U32)
                    long nvmeSc,
            @Param(value = "To how many I/Os.", defaultsTo = "1", max = MAX_U32) long num,
            @Param(value = "Only while at least so many I/Os of the same channel are at the base.", defaultsTo = "0")
                    long queueDepth,
            @Param(
                            value =
                                    "For corrupt_data: which byte of the I/O's data; shorter I/Os pass and are not counted.",
                            defaultsTo = "0")
                    long corruptOffset,
            @Param(
                            value = "For corrupt_data: the bits of that byte that are turned over, 1 to 255.",
                            defaultsTo = "0",
                            max = 255)
                    int corruptValue) {}

    record NameParams(@Param(value = "Name of the error bdev.", names = Param.Names.BDEV) String name) {}
}
