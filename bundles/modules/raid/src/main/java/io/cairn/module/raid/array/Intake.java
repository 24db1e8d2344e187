package io.cairn.module.raid.array;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.spi.BaseLink;
import io.cairn.module.raid.format.ExtensionRead;
import io.cairn.module.raid.format.Superblock;
import io.cairn.module.raid.format.SuperblockRead;
import io.cairn.reactor.Errno;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;

/** Claims bdevs for an array, and looks at what is on them before anything is written there. App thread. */
final class Intake {
    private final Definition definition;
    private final Slots slots;
    private final RecordKeeper keeper;
    private final ArrayContext context;
    private final BiConsumer<BdevEvent, Member> onEvent;
    /** Bdevs of which other arrays have let go for this one. */
    private final Set<UUID> takenAway = new LinkedHashSet<>();

    /**
     * Makes the intake of an array.
     *
     * @param onEvent told what the core tells of a member; the member is null while it is being claimed
     */
    Intake(
            Definition definition,
            Slots slots,
            RecordKeeper keeper,
            ArrayContext context,
            BiConsumer<BdevEvent, Member> onEvent) {
        this.definition = definition;
        this.slots = slots;
        this.keeper = keeper;
        this.context = context;
        this.onEvent = onEvent;
    }

    /**
     * Claims a bdev that is new.
     *
     * @param force whether another array, which is not in use, is to let go of it
     * @throws io.cairn.bdev.BdevException EPERM it is in the array already, or claimed; EINVAL its blocks are of another size; EEXIST it has
     *     another array's superblock
     */
    Member claim(Bdev bdev, boolean force) {
        if (slots.holding(bdev).isPresent()) {
            throw definition.twice(bdev.name());
        }
        slots.blockSize().ifPresent(known -> {
            if (known != bdev.blockSize()) {
                String whose = slots.attached().stream()
                        .findFirst()
                        .map(other -> "base bdev '" + other.member().bdev().name() + "'")
                        .orElse("the array");
                throw definition.invalid("base bdev '" + bdev.name() + "' has blocks of " + bdev.blockSize()
                        + " bytes, " + whose + " of " + known);
            }
        });
        if (context.refuseForeign(definition, bdev, force)) {
            takenAway.add(bdev.uuid());
        }
        return hold(bdev);
    }

    /** Returns the bdevs that other arrays have let go of for this one: theirs again if they are not used. */
    List<UUID> takenAway() {
        return List.copyOf(takenAway);
    }

    /** Claims a bdev whose superblock says that it belongs to the array. */
    Member hold(Bdev bdev) {
        Member[] self = new Member[1];
        BaseLink link = BaseLink.exclusive(
                context.host(), bdev.name(), definition.name(), (event, descriptor) -> onEvent.accept(event, self[0]));
        try {
            self[0] = new Member(link, definition.superblock() ? new MemberStore(link) : null);
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            link.close();
            throw e;
        }
        return self[0];
    }

    /**
     * Looks at what is on members that are new, before anything is written to any of them.
     *
     * @return fails with EEXIST if one has a superblock
     */
    CompletionStage<Void> inspect(List<Slot> which) {
        CompletionStage<Void> inspected = Stages.done();
        for (Slot slot : which) {
            inspected = inspected
                    .thenCompose(before -> foreign(slot))
                    .thenAccept(found -> found.ifPresent(what -> {
                        throw definition.refusal(
                                Errno.EEXIST,
                                "base bdev '" + slot.member().bdev().name() + "' has " + what
                                        + "; bdev_raid_create wipes it with force");
                    }));
        }
        return inspected;
    }

    /** Returns which members that are new have a superblock: nothing is written, and nobody is refused. */
    CompletionStage<List<Member>> findForeign(List<Slot> which) {
        CompletionStage<List<Member>> all = CompletableFuture.completedFuture(new ArrayList<>());
        for (Slot slot : which) {
            all = all.thenCombine(foreign(slot), (found, what) -> {
                what.ifPresent(foreign -> found.add(slot.member()));
                return found;
            });
        }
        return all;
    }

    /** Wipes the superblocks of members, one after another. */
    CompletionStage<Void> wipe(List<Member> which) {
        CompletionStage<Void> wiped = Stages.done();
        for (Member member : which) {
            wiped = wiped.thenCompose(before -> beginning(member).wipe()).thenAccept(status -> {
                Stages.require(
                        status,
                        () -> definition.refusal(
                                status.errno(),
                                "the superblock on base bdev '" + member.bdev().name() + "' cannot be wiped: "
                                        + status));
                context.host().passedOver(member.bdev(), "");
            });
        }
        return wiped;
    }

    private CompletionStage<Optional<String>> foreign(Slot slot) {
        Member member = slot.member();
        if (!definition.superblock() && slot.uuid().equals(member.bdev().uuid())) {
            // it is known to be the array's: what is at its beginning is what users have written
            return CompletableFuture.completedFuture(Optional.empty());
        }
        return beginning(member).readSuperblock().thenApply(read -> foreign(member, read));
    }

    /** Says whose superblock is on a member; empty if it may be written there. */
    private Optional<String> foreign(Member member, SuperblockRead read) {
        // data begins at block 0 without a superblock: one that does not name the member is of an array on top of this
        // one
        boolean isData = !definition.superblock()
                && read instanceof SuperblockRead.Found found
                && found.superblock().ofBdev(member.bdev().uuid()).isEmpty();
        return isData ? Optional.empty() : Foreign.what(read);
    }

    private static MemberStore beginning(Member member) {
        return member.store() == null ? new MemberStore(member.link()) : member.store();
    }

    /**
     * Looks at what is on a bdev that may have been a member before.
     *
     * @return the array's superblock on it; fails with EEXIST if there is another one, with EBUSY if it is newer than the array, or was in
     *     use without it
     */
    CompletionStage<Optional<Superblock>> inspectOwn(Member member) {
        String name = member.bdev().name();
        return beginning(member).readSuperblock().thenApply(read -> {
            if (read instanceof SuperblockRead.Found found
                    && found.superblock().uuid().equals(definition.id())) {
                if (found.superblock().sequence() > keeper.record().sequence()) {
                    throw definition.refusal(
                            Errno.EBUSY, "base bdev '" + name + "' has a newer superblock of this array");
                }
                Assembly.inUseWithout(
                                keeper.described(),
                                found.superblock(),
                                member.bdev().uuid())
                        .ifPresent(without -> {
                            throw definition.refusal(
                                    Errno.EBUSY, "base bdev '" + name + "': " + Assembly.wasApart(without));
                        });
                return Optional.of(found.superblock());
            }
            foreign(member, read).ifPresent(what -> {
                throw definition.refusal(Errno.EEXIST, "base bdev '" + name + "' has " + what);
            });
            return Optional.empty();
        });
    }

    /**
     * Reads what is behind a superblock of the array.
     *
     * @return fails with EINVAL if it is ours, and cannot be used
     */
    CompletionStage<Assembly.Seen> readExtension(Member member, Superblock superblock) {
        return member.store().readExtension(definition.id(), superblock).thenApply(read -> {
            if (read instanceof ExtensionRead.Refused refused) {
                throw definition.invalid("base bdev '" + member.bdev().name() + "': " + refused.message());
            }
            return new Assembly.Seen(
                    member.bdev().uuid(),
                    superblock,
                    read instanceof ExtensionRead.Found found ? Optional.of(found.extension()) : Optional.empty());
        });
    }
}
