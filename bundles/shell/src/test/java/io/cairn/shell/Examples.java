package io.cairn.shell;

import io.cairn.operations.Operation;
import io.cairn.operations.Param;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Operations that the tests of the command line are about. */
final class Examples {
    record Create(
            @Param("Name of the new bdev.") String name,
            @Param(value = "Block size in bytes.", min = 512, max = 65536) int blockSize,
            @Param("Size in blocks.") long numBlocks,
            @Param("Its UUID.") Optional<String> uuid,
            @Param(value = "Whether it is read-only.", defaultsTo = "false") boolean readonly,
            @Param(value = "How it behaves.", defaultsTo = "calm") Mood mood,
            @Param(value = "Its base.", names = Param.Names.BDEV) Optional<String> baseBdev,
            @Param(value = "Its file.", names = Param.Names.FILE) Optional<String> filename,
            @Param(value = "Its friends.", names = Param.Names.NBD_EXPORT) Optional<List<String>> friends) {}

    enum Mood {
        CALM,
        WILD
    }

    static final Operation<Create, String> CREATE = Operation.named("bdev_thing_create", Create.class)
            .describedAs("Creates a thing. It is a thing like any other.")
            .answering("the name of the new thing")
            .example("{\"name\": \"Thing0\", \"block_size\": 512, \"num_blocks\": 8, \"readonly\": true}")
            .handledBy(create -> CompletableFuture.completedFuture(create.name()));

    static final CommandSpec SPEC = CommandSpec.of(CREATE);

    private Examples() {}
}
