package io.cairn.module.aio;

import io.cairn.bdev.BdevException;
import io.cairn.operations.Operation;
import io.cairn.operations.OperationException;
import io.cairn.operations.Param;
import io.cairn.operations.Param.Names;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** The operations of {@link AioModule}, with SPDK's names, parameters and codes. */
final class AioOperations {
    private final AioModule module;

    AioOperations(AioModule module) {
        this.module = module;
    }

    /** Parameters of {@code bdev_aio_create}. */
    record CreateAio(
            @Param("Name of the new bdev") String name,
            @Param(value = "File or block device", names = Names.FILE) String filename,
            @Param(value = "Block size in bytes: a power of two from 512; 0: found out", defaultsTo = "0")
                    int blockSize,
            @Param(value = "Whether the file is opened for reading only", defaultsTo = "false") boolean readonly,
            @Param(value = "Whether UNMAP and WRITE_ZEROES punch holes (needs io_uring)", defaultsTo = "false")
                    boolean fallocate,
            @Param("UUID; absent: a random one, which is saved") Optional<UUID> uuid,
            @Param(value = "Kept for SPDK's clients: I/O never blocks here anyway", defaultsTo = "false")
                    boolean nowait) {}

    /** Parameters of {@code bdev_uring_create}. */
    record CreateUring(
            @Param(value = "File or block device", names = Names.FILE) String filename,
            @Param("Name of the new bdev") String name,
            @Param(value = "Block size in bytes: a power of two from 512; 0: found out", defaultsTo = "0")
                    int blockSize,
            @Param("UUID; absent: a random one, which is saved") Optional<UUID> uuid) {}

    /** Parameters of the others. */
    record OneBdev(@Param(value = "Name of the bdev", names = Names.BDEV) String name) {}

    /** Returns all operations. */
    List<Operation<?, ?>> all() {
        return Operation.list(
                Operation.named("bdev_aio_create", CreateAio.class)
                        .describedAs(
                                "Makes a bdev on a file or a block device, by direct I/O where the file system allows it.")
                        .changingConfiguration()
                        .answering("the name of the bdev")
                        .example("{\"name\": \"disk0\", \"filename\": \"/var/lib/disk0.img\", \"block_size\": 512}")
                        .handledBy(this::createAio),
                Operation.named("bdev_aio_rescan", OneBdev.class)
                        .describedAs(
                                "Looks at the file's size again: the bdev grows with it, and goes if the file is gone.")
                        .changingConfiguration()
                        .example("{\"name\": \"disk0\"}")
                        .handledBy(which -> module.rescan(Flavour.AIO, which.name())),
                Operation.named("bdev_aio_delete", OneBdev.class)
                        .describedAs("Removes a bdev that bdev_aio_create made. The file stays as it is.")
                        .changingConfiguration()
                        .example("{\"name\": \"disk0\"}")
                        .handledBy(which -> module.delete(Flavour.AIO, which.name())),
                Operation.named("bdev_uring_create", CreateUring.class)
                        .describedAs(
                                "Makes a bdev on a file or a block device: bdev_aio_create under SPDK's other name.")
                        .changingConfiguration()
                        .answering("the name of the bdev")
                        .example("{\"filename\": \"/var/lib/disk0.img\", \"name\": \"disk0\", \"block_size\": 512}")
                        .handledBy(this::createUring),
                Operation.named("bdev_uring_rescan", OneBdev.class)
                        .describedAs(
                                "Looks at the file's size again: the bdev grows with it, and goes if the file is gone.")
                        .changingConfiguration()
                        .example("{\"name\": \"disk0\"}")
                        .handledBy(which -> module.rescan(Flavour.URING, which.name())),
                Operation.named("bdev_uring_delete", OneBdev.class)
                        .describedAs("Removes a bdev that bdev_uring_create made. The file stays as it is.")
                        .changingConfiguration()
                        .example("{\"name\": \"disk0\"}")
                        .handledBy(which -> module.delete(Flavour.URING, which.name())));
    }

    private CompletionStage<String> createAio(CreateAio wanted) {
        return module.create(new FileSettings(
                Flavour.AIO,
                wanted.name(),
                wanted.filename(),
                wanted.blockSize(),
                wanted.readonly(),
                wanted.fallocate(),
                wanted.nowait(),
                wanted.uuid()));
    }

    CompletionStage<String> createUring(CreateUring wanted) {
        FileSettings settings = new FileSettings(
                Flavour.URING,
                wanted.name(),
                wanted.filename(),
                wanted.blockSize(),
                false,
                false,
                false,
                wanted.uuid());
        try {
            return module.create(settings).exceptionally(failure -> {
                throw asSpdkSays(failure);
            });
        } catch (BdevException e) {
            throw asSpdkSays(e);
        }
    }

    /** SPDK has one code and text for whatever goes wrong here; the cause is added to the text. */
    private static RuntimeException asSpdkSays(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        if (cause instanceof BdevException refusal) {
            return new OperationException(
                    Operation.INTERNAL_ERROR,
                    "Unable to create URING bdev. " + refusal.getMessage(),
                    Map.of("errno", refusal.errno().name()));
        }
        return new CompletionException(cause);
    }
}
