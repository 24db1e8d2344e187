package io.cairn.module.raid.array;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.spi.BdevHost;
import java.util.ArrayList;
import java.util.List;

/** What the core has been told of an array's members: which bdevs it is built on, and which it lacks. App thread. */
final class MembersTold {
    private final BdevHost host;
    private final BdevHost.Reservation names;
    private final Life life;
    private final Slots slots;
    private List<Bdev> held = List.of();
    private List<String> lacking = List.of();

    MembersTold(BdevHost host, BdevHost.Reservation names, Life life, Slots slots) {
        this.host = host;
        this.names = names;
        this.life = life;
        this.slots = slots;
    }

    /** The members may be other ones than before. */
    void update() {
        List<Bdev> nowHeld = life.service() == null ? List.of() : held();
        if (!nowHeld.equals(held)) {
            held = nowHeld;
            if (life.service() != null) {
                host.rebase(life.service().bdev(), held.stream().map(Bdev::name).toList());
                // what was on them once does not count any more
                held.forEach(bdev -> host.passedOver(bdev, ""));
            }
        }
        List<String> nowLacking = lacking();
        if (!nowLacking.equals(lacking)) {
            lacking = nowLacking;
            names.lacks(lacking);
        }
    }

    private List<Bdev> held() {
        List<Bdev> all = new ArrayList<>();
        slots.attached().forEach(slot -> all.add(slot.member().bdev()));
        slots.replacement().ifPresent(next -> all.add(next.member().bdev()));
        return all;
    }

    private List<String> lacking() {
        List<String> all = new ArrayList<>();
        for (Slot slot : slots.all()) {
            if (slot.member() != null) {
                continue;
            }
            if (slot.name() != null) {
                all.add(slot.name());
            }
            if (!slot.uuid().equals(Slot.NOBODY)) {
                all.add(slot.uuid().toString());
            }
        }
        return all;
    }
}
