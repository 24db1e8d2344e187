package io.cairn.module.raid.array;

import io.cairn.bdev.Bdev;
import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.format.SuperblockMember;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.Shape;
import java.util.UUID;

/** A place in an array: what is known of the member that belongs there, and the member while it is there. App thread. */
final class Slot {
    /** What a superblock has for a slot of which nothing is known. */
    static final UUID NOBODY = new UUID(0, 0);

    private final int index;
    private final MemberHealth health = new MemberHealth();
    private String name;
    private UUID uuid = NOBODY;
    private MemberState state;
    private Shape.Extent extent = new Shape.Extent(0, 0);
    private long leftAt;
    private boolean wasIn;
    private Member member;

    /**
     * Makes a slot that nobody is in.
     *
     * @param name how its member is called; null if that is not known
     */
    Slot(int index, String name, MemberState state) {
        this.index = index;
        this.name = name;
        this.state = state;
    }

    int index() {
        return index;
    }

    /** Returns how its member is or was called; null if that is not known. */
    String name() {
        return name;
    }

    /** Returns the UUID of the bdev that belongs here; {@link #NOBODY} if that is not known. */
    UUID uuid() {
        return uuid;
    }

    MemberState state() {
        return state;
    }

    void setState(MemberState other) {
        state = other;
    }

    /** Returns where the data is on the member; of size 0 if that is not known yet. */
    Shape.Extent extent() {
        return extent;
    }

    void setExtent(Shape.Extent other) {
        extent = other;
    }

    MemberHealth health() {
        return health;
    }

    /** Returns the member; null if it is not there. */
    Member member() {
        return member;
    }

    /** Returns what the I/O path does with it. */
    MemberRole role() {
        return member == null ? MemberRole.ABSENT : member.role();
    }

    /** Whether somebody is here who holds what it should, or would if the array were online. */
    boolean isInSync() {
        return member != null && state == MemberState.CONFIGURED;
    }

    /** Somebody else belongs here from now on. */
    void assign(String memberName, UUID memberUuid, Shape.Extent where) {
        if (!memberUuid.equals(uuid)) {
            health.reset();
            wasIn = false;
        }
        name = memberName;
        uuid = memberUuid;
        extent = where;
    }

    /** A bdev that belongs here has come: what went wrong is counted anew. */
    void attach(Member coming) {
        member = coming;
        health.reset();
        name = name == null ? coming.bdev().name() : name;
    }

    /** It has gone, at a moment that the sequence number of the array's record tells. */
    Member detach(long sequence, boolean heldEverything) {
        Member gone = member;
        member = null;
        leftAt = sequence;
        wasIn = heldEverything;
        return gone;
    }

    /** It is let go of as it is, at a moment that the sequence number of the array's record tells. */
    Member detach(long sequence) {
        return detach(sequence, isInSync());
    }

    /** Returns the sequence number up to which its last member has everything; for arrays whose members do not say so themselves. */
    long leftAt() {
        return leftAt;
    }

    /** Returns whether its last member held what it should when it left. */
    boolean wasIn() {
        return wasIn;
    }

    /** Takes over what was known of the last member's leaving, by the module before an upgrade. */
    void leftBefore(long sequence, boolean heldEverything) {
        leftAt = sequence;
        wasIn = heldEverything;
    }

    /** Whether a bdev is the one that belongs here, by what is known of it: its UUID, or else its name. */
    boolean belongs(Bdev bdev) {
        return uuid.equals(NOBODY) ? name != null && isCalled(bdev, name) : uuid.equals(bdev.uuid());
    }

    /** Whether a bdev can be asked for by a name. */
    static boolean isCalled(Bdev bdev, String anyName) {
        return bdev.name().equals(anyName)
                || bdev.aliases().contains(anyName)
                || bdev.uuid().toString().equalsIgnoreCase(anyName);
    }

    SuperblockMember described() {
        return new SuperblockMember(index, uuid, state, extent.dataOffset(), extent.dataBlocks());
    }
}
