package io.cairn.bdev.core;

import io.cairn.bdev.BdevException;
import io.cairn.reactor.Errno;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Keeps bdevs from being built on themselves, directly or through others: I/O would go round for ever, and neither could be
 * removed. App thread.
 */
final class Cycles {
    private Cycles() {}

    /**
     * Refuses to give a module a base for its bdev that is built on that very bdev.
     *
     * @param holder what the base is for; nothing is refused if no bdev of the module is called so (yet)
     * @throws BdevException EINVAL naming the way round
     */
    static void refuse(CoreBdev base, String module, String holder) {
        Optional<CoreBdev> built = base.context().names().find(holder).filter(bdev -> bdev.moduleName()
                .equals(module));
        if (built.isPresent()) {
            List<CoreBdev> downwards = way(base, built.get());
            if (!downwards.isEmpty()) {
                String round = Stream.concat(built.stream(), downwards.stream())
                        .map(CoreBdev::name)
                        .collect(Collectors.joining(" on "));
                throw new BdevException(
                        Errno.EINVAL,
                        "bdev " + built.get().name() + " of module " + module + " cannot be its own base bdev: "
                                + round);
            }
        }
    }

    /** Returns the bdevs from an upper one down to a lower one, each built on the next; empty if the upper one is not built on the lower one. */
    static List<CoreBdev> way(CoreBdev upper, CoreBdev lower) {
        // upwards, because a bdev knows who has claimed it
        Map<CoreBdev, CoreBdev> baseOf = new HashMap<>();
        Deque<CoreBdev> next = new ArrayDeque<>();
        baseOf.put(lower, lower);
        next.add(lower);
        while (!next.isEmpty() && !baseOf.containsKey(upper)) {
            CoreBdev base = next.remove();
            for (CoreBdev above : base.claimTable().builtOn()) {
                if (baseOf.putIfAbsent(above, base) == null) {
                    next.add(above);
                }
            }
        }
        if (!baseOf.containsKey(upper)) {
            return List.of();
        }
        List<CoreBdev> downwards = new ArrayList<>();
        for (CoreBdev at = upper; at != lower; at = baseOf.get(at)) {
            downwards.add(at);
        }
        downwards.add(lower);
        return downwards;
    }
}
