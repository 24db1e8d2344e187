package io.cairn.bdev.testkit;

import io.cairn.operations.internal.OperationCenter;
import io.cairn.reactor.Reactors;
import java.util.function.BooleanSupplier;

/** How a test makes its reactors go on. */
interface Drive extends AutoCloseable {
    Reactors reactors();

    OperationCenter operations();

    boolean isSimulated();

    /** Goes on until the condition holds; an AssertionError if it does not come true. It is looked at from the test's thread. */
    void runUntil(BooleanSupplier condition);

    void settle();

    void step(int steps);

    @Override
    void close();
}
