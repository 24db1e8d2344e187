package io.cairn.bdev.core;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.runtime.ObjectMethods;
import java.util.List;

/**
 * Has the JDK let go of records whose classes nobody else knows any more.
 *
 * <p>A record's {@code equals}, {@code hashCode} and {@code toString} are linked at their first call, by {@link ObjectMethods}. It converts method
 * handles of its own to the record's types, and each of these keeps the conversion that it made last (strongly in Java 17, softly since
 * 18: JDK-8078641). Hence the class loader of the record that was linked last lives on until another record is linked.
 */
final class RecordMethods {
    private static final List<String> LINKED = List.of("equals", "hashCode", "toString");

    private RecordMethods() {}

    /** Links a record of the core: what was linked before is not kept any more. On any thread; does not block, but takes milliseconds. */
    static void linkOwn() {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            MethodHandle component = lookup.findVirtual(Own.class, "own", MethodType.methodType(Own.class));
            for (String method : LINKED) {
                ObjectMethods.bootstrap(lookup, method, MethodHandle.class, Own.class, "own", component);
            }
        } catch (Throwable e) {
            // as declared: but all that was named is here
            throw new LinkageError("a record of the core cannot be linked", e);
        }
    }

    /** Its component is of its own type: of a type of the JDK's, the conversion would not take the place of the one that is to go. */
    private record Own(Own own) {}
}
