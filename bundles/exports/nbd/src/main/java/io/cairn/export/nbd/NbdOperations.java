package io.cairn.export.nbd;

import io.cairn.operations.Operation;
import io.cairn.operations.Param;
import io.cairn.operations.Param.Names;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** The operations on exports. */
final class NbdOperations {
    /** Creates an export. */
    static final String CREATE = "nbd_export_create";

    private final NbdExports exports;
    private final Supplier<List<String>> addresses;

    /** Parameters of {@code nbd_export_create}. */
    record Create(
            @Param(value = "name, alias or UUID of the bdev; it need not be there yet", names = Names.BDEV)
                    String bdevName,
            @Param("what clients ask for, up to 4096 bytes; default: the bdev's name") Optional<String> exportName,
            @Param(value = "whether clients may only read", defaultsTo = "false") boolean readOnly) {}

    /** Parameters of {@code nbd_export_delete}. */
    record Delete(@Param(value = "the export's name", names = Names.NBD_EXPORT) String exportName) {}

    NbdOperations(NbdExports exports, Supplier<List<String>> addresses) {
        this.exports = exports;
        this.addresses = addresses;
    }

    List<Operation<?, ?>> declare() {
        return Operation.list(create(), delete(), list());
    }

    private Operation<Create, String> create() {
        return Operation.named(CREATE, Create.class)
                .describedAs(
                        "Offers a bdev to NBD clients. A bdev that is not there yet is offered as soon as it comes.")
                .decodeError(Operation.INVALID_PARAMS)
                .changingConfiguration()
                .answering("the export's name")
                .example("{\"bdev_name\": \"Malloc0\"}")
                .handledBy(p -> exports.create(
                        new ExportDefinition(p.exportName().orElse(p.bdevName()), p.bdevName(), p.readOnly())));
    }

    private Operation<Delete, Boolean> delete() {
        return Operation.named("nbd_export_delete", Delete.class)
                .describedAs("Withdraws an export. Requests in flight are answered, then its clients are disconnected.")
                .decodeError(Operation.INVALID_PARAMS)
                .changingConfiguration()
                .example("{\"export_name\": \"Malloc0\"}")
                .handledBy(p -> exports.delete(p.exportName()).thenApply(gone -> true));
    }

    private Operation<Operation.None, List<Map<String, Object>>> list() {
        return Operation.named("nbd_export_list", Operation.None.class)
                .describedAs("Lists the exports: state is live, waiting (no such bdev now), refused (see reason),"
                        + " opening or ending.")
                .decodeError(Operation.INVALID_PARAMS)
                .answering("list of name, bdev_name, read_only, state, reason if refused, connections, address")
                .handledBy(p -> CompletableFuture.completedFuture(describeAll()));
    }

    private List<Map<String, Object>> describeAll() {
        String address = String.join(", ", addresses.get());
        List<Map<String, Object>> all = new ArrayList<>();
        for (Export export : exports.all()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("name", export.definition().name());
            one.put("bdev_name", export.definition().bdevName());
            one.put("read_only", export.definition().readOnly());
            one.put("state", export.state().rpcName());
            if (!export.reason().isEmpty()) {
                one.put("reason", export.reason());
            }
            one.put("connections", export.live().map(LiveExport::connections).orElse(0));
            one.put("address", address);
            all.add(one);
        }
        return all;
    }
}
