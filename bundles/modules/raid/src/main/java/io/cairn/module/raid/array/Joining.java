package io.cairn.module.raid.array;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.NotificationType;
import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.Shape;
import io.cairn.reactor.Errno;
import java.util.concurrent.CompletionStage;

/** How a member that is in its slot comes into use while the array is online: as a TARGET first, IN_SYNC when it has been given everything. App thread. */
final class Joining {
    private final Definition definition;
    private final Serial serial;
    private final Life life;
    private final Slots slots;
    private final RecordKeeper keeper;
    private final Placement placement;
    private final Losses losses;

    Joining(
            Definition definition,
            Serial serial,
            Life life,
            Slots slots,
            RecordKeeper keeper,
            Placement placement,
            Losses losses) {
        this.definition = definition;
        this.serial = serial;
        this.life = life;
        this.slots = slots;
        this.keeper = keeper;
        this.placement = placement;
        this.losses = losses;
    }

    /** Makes targets of the members that are there and are not used yet. Nothing while the array is not online. */
    CompletionStage<Void> rejoin() {
        return serial.run(() -> {
            CompletionStage<Void> all = Stages.done();
            if (life.service() == null || life.isDeleted()) {
                return all;
            }
            for (Slot slot : slots.attached()) {
                Member member = slot.member();
                if (slot.role() == MemberRole.ABSENT && !member.isLeaving() && !member.isDropped()) {
                    all = all.thenCompose(before -> join(slot, member));
                }
            }
            return all;
        });
    }

    private CompletionStage<Void> join(Slot slot, Member member) {
        Service service = life.service();
        boolean another = !slot.uuid().equals(member.bdev().uuid());
        if (another || (!definition.superblock() && slot.state() != MemberState.CONFIGURED && !member.isPlaced())) {
            placement.place(slot, service.shape(), false);
        }
        if (slot.state() == MemberState.CONFIGURED) {
            slot.setState(MemberState.MISSING);
        }
        member.setRole(MemberRole.TARGET);
        service.reshape();
        if (member.store() != null) {
            Shape shape = service.shape();
            member.store()
                    .setReserved(new Reserved(
                            shape.blockSize(),
                            shape.stripBlocks(),
                            slot.extent().dataOffset()));
        }
        if (!member.isRecognised()) {
            service.redundancy().background().beginsAnew(slot);
        }
        // it knows first, and the others before its data is written to: it is found again after a restart at any time
        return keeper.mark(slot, service.shape()).thenCompose(status -> {
            if (!status.isSuccess()) {
                return keeper.unmark(member)
                        .thenCompose(
                                wiped -> losses.lose(slot, member, MemberState.FAILED, Losses.unwritten(slot, status)))
                        .thenAccept(lost -> {});
            }
            return losses.recordOrFailMore().thenCompose(written -> {
                if (!written) {
                    return refuse(slot, member);
                }
                return service.adopt()
                        .thenRun(() -> service.redundancy().background().rebuild(slot, member.isDelta()));
            });
        });
    }

    /** Too few members take the record of one that no channel uses yet: it is let go of. */
    private CompletionStage<Void> refuse(Slot slot, Member member) {
        CompletionStage<Void> left = Stages.done();
        if (slot.member() == member && slot.role() == MemberRole.TARGET) {
            slot.detach(keeper.record().sequence(), false);
            member.setRole(MemberRole.ABSENT);
            left = keeper.unmark(member).thenCompose(wiped -> member.close());
        }
        return left.thenAccept(closed -> {
            throw definition.refusal(
                    Errno.EIO,
                    "base bdev '" + member.bdev().name() + "' is not taken: too few members take the record of it");
        });
    }

    /** A rebuild has given a target everything. */
    void rebuilt(int index) {
        serial.run(() -> {
            Slot slot = slots.get(index);
            Member member = slot.member();
            if (life.service() == null || member == null || slot.role() != MemberRole.TARGET) {
                return Stages.done();
            }
            return life.service().redundancy().keepOn(slot).thenCompose(status -> {
                if (!status.isSuccess()) {
                    return losses.lose(
                                    slot,
                                    member,
                                    MemberState.FAILED,
                                    "intents cannot be written to base bdev '" + slot.name() + "': " + status)
                            .thenAccept(lost -> {});
                }
                MemberState before = slot.state();
                slot.setState(MemberState.CONFIGURED);
                member.setRole(MemberRole.IN_SYNC);
                return losses.recordOrFailMore().thenCompose(written -> {
                    if (!written && slot.isInSync()) {
                        // nobody would believe it after a restart: what was acknowledged on it alone would be lost
                        slot.setState(before);
                        member.setRole(MemberRole.TARGET);
                        return losses.lose(
                                        slot,
                                        member,
                                        MemberState.FAILED,
                                        "base bdev '" + slot.name() + "' has everything, and no record says so")
                                .thenAccept(lost -> {});
                    }
                    return life.service().adopt().thenRun(this::tellCompleteness);
                });
            });
        });
    }

    private void tellCompleteness() {
        life.service().redundancy().intents().complete(slots.isComplete());
        if (slots.isComplete()) {
            life.announce(NotificationType.BDEV_OPTIMAL, "");
        }
    }

    /** A rebuild did not get to its end because of its target. */
    void rebuildFailed(int index, IoStatus status, String why) {
        serial.run(() -> {
            Slot slot = slots.get(index);
            if (life.service() == null || slot.member() == null || slot.role() != MemberRole.TARGET) {
                return Stages.done();
            }
            return losses.lose(slot, slot.member(), MemberState.FAILED, why + ": " + status)
                    .thenAccept(lost -> {});
        });
    }
}
