package io.cairn.module.raid.array;

import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.level.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** What the slots and the record of an array tell the next module at an upgrade, and take from the one before. App thread. */
final class ArrayHandOver {
    private ArrayHandOver() {}

    /** Returns what the next module has to know of them and cannot find on the members. */
    static Map<String, Object> plain(Slots slots, ArrayRecord record) {
        Map<String, Object> plain = new LinkedHashMap<>();
        plain.put(HandedOver.SEQUENCE, record.sequence());
        plain.put(HandedOver.COMPLETE, record.intentsSince());
        record.process().ifPresent(process -> plain.put(HandedOver.PROCESS, HandedOver.process(process)));
        plain.put(HandedOver.PAUSED, record.isPaused());
        plain.put(HandedOver.LOST, HandedOver.lost(record.lost()));
        List<String> states = new ArrayList<>();
        List<Long> rows = new ArrayList<>();
        List<UUID> uuids = new ArrayList<>();
        List<String> names = new ArrayList<>();
        List<Long> leftAt = new ArrayList<>();
        List<Boolean> wasIn = new ArrayList<>();
        List<List<Long>> errors = new ArrayList<>();
        for (Slot slot : slots.all()) {
            states.add(slot.state().name());
            rows.add(slot.extent().dataBlocks());
            uuids.add(slot.uuid());
            names.add(slot.name() == null ? "" : slot.name());
            leftAt.add(slot.leftAt());
            wasIn.add(slot.wasIn());
            errors.add(List.of(
                    slot.health().readErrors(),
                    slot.health().writeErrors(),
                    slot.health().repaired()));
        }
        plain.put(HandedOver.STATES, states);
        plain.put(HandedOver.ROWS, rows);
        slots.blockSize().ifPresent(bytes -> plain.put(HandedOver.BLOCK_SIZE, bytes));
        plain.put(HandedOver.UUIDS, uuids);
        plain.put(HandedOver.NAMES, names);
        plain.put(HandedOver.LEFT_AT, leftAt);
        plain.put(HandedOver.WAS_IN, wasIn);
        plain.put(HandedOver.ERRORS, errors);
        return plain;
    }

    /**
     * Goes on where the module before an upgrade was with an array without superblock.
     *
     * @return whether there was something to go on from
     */
    static boolean goOn(Map<?, ?> before, Slots slots, ArrayRecord record) {
        if (!(before.get(HandedOver.SEQUENCE) instanceof Long sequence)
                || !(before.get(HandedOver.COMPLETE) instanceof Long complete)
                || !(before.get(HandedOver.STATES) instanceof List<?> states)
                || states.size() != slots.count()) {
            return false;
        }
        record.continueFrom(
                sequence,
                complete,
                HandedOver.process(before.get(HandedOver.PROCESS)),
                Boolean.TRUE.equals(before.get(HandedOver.PAUSED)));
        record.setLost(HandedOver.lost(before.get(HandedOver.LOST)));
        if (before.get(HandedOver.BLOCK_SIZE) instanceof Integer bytes) {
            slots.knowBlockSize(bytes);
        }
        for (Slot slot : slots.all()) {
            int i = slot.index();
            String called = (String) of(before, HandedOver.NAMES, i);
            slot.setState(MemberState.valueOf((String) states.get(i)));
            slot.assign(
                    called.isEmpty() ? null : called,
                    (UUID) of(before, HandedOver.UUIDS, i),
                    new Shape.Extent(slot.extent().dataOffset(), (Long) of(before, HandedOver.ROWS, i)));
            slot.leftBefore((Long) of(before, HandedOver.LEFT_AT, i), (Boolean) of(before, HandedOver.WAS_IN, i));
        }
        return true;
    }

    private static Object of(Map<?, ?> before, String what, int slot) {
        return ((List<?>) before.get(what)).get(slot);
    }

    /** Goes on counting the errors of members that are the same as before an upgrade. */
    static void goOnCounting(Map<?, ?> before, Slots slots) {
        if (before.get(HandedOver.ERRORS) instanceof List<?> errors
                && before.get(HandedOver.UUIDS) instanceof List<?> uuids
                && errors.size() == slots.count()) {
            for (Slot slot : slots.all()) {
                List<?> counts = (List<?>) errors.get(slot.index());
                if (slot.uuid().equals(uuids.get(slot.index()))) {
                    slot.health().add((Long) counts.get(0), (Long) counts.get(1), (Long) counts.get(2));
                }
            }
        }
    }
}
