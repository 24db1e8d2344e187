package io.cairn.export.nbd.session;

import java.util.ArrayDeque;
import java.util.function.Supplier;

/** Objects of one kind that are used again. One thread; allocates nothing once warm. */
final class Spares<T> {
    private final Supplier<T> maker;
    private final ArrayDeque<T> spares = new ArrayDeque<>();

    Spares(Supplier<T> maker) {
        this.maker = maker;
    }

    T take() {
        T spare = spares.pollFirst();
        return spare == null ? maker.get() : spare;
    }

    void give(T spare) {
        spares.addFirst(spare);
    }
}
