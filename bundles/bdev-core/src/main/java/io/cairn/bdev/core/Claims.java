package io.cairn.bdev.core;

import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevState;
import io.cairn.bdev.Claim;
import io.cairn.bdev.ClaimType;
import io.cairn.reactor.Errno;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The claims of one bdev: none, one exclusive one (v1), or some of one v2 kind. App thread; the list is published for others.
 *
 * <p>A claim that writes is refused while somebody else has the bdev open for writing: two writers that do not know of each
 * other are what claims are there to prevent. (SPDK lets a v1 claim pass there.)
 */
final class Claims {
    private record Held(Descriptor descriptor, Claim claim) {}

    private final CoreBdev bdev;
    private final List<Held> held = new ArrayList<>();
    private final List<CoreBdev> closedFor = new ArrayList<>();
    private volatile List<Claim> published = List.of();

    Claims(CoreBdev bdev) {
        this.bdev = bdev;
    }

    /** Returns the claims; from any thread. */
    List<Claim> list() {
        return published;
    }

    /** Keeps everybody but one module away: one of its bdevs stands on this one and is held while the module is exchanged. */
    void closeFor(CoreBdev held) {
        closedFor.add(held);
    }

    void openAfter(CoreBdev held) {
        closedFor.remove(held);
    }

    /** Returns whether a module may claim or examine, as far as held bdevs above are concerned. */
    boolean isOpenFor(String module) {
        return closedFor.stream().allMatch(held -> held.moduleName().equals(module));
    }

    private void refuseWhileClosed(String module, String who) {
        if (!isOpenFor(module)) {
            CoreBdev held = closedFor.get(0);
            throw new BdevException(
                    Errno.EBUSY,
                    who + " bdev " + bdev.name() + ": bdev " + held.name() + " on it is held by the upgrade of module "
                            + held.moduleName());
        }
    }

    /**
     * Returns the bdevs that stand on this one now: what a bdev said of its bases when it was registered may have changed since.
     */
    Set<CoreBdev> builtOn() {
        NameSpace names = bdev.context().names();
        Set<CoreBdev> all = new LinkedHashSet<>(closedFor);
        for (Claim claim : published) {
            Optional<CoreBdev> named =
                    names.find(claim.name()).filter(above -> above.moduleName().equals(claim.module()));
            // one claim may be for several bdevs: then it is called otherwise
            named.ifPresentOrElse(all::add, () -> names.all().stream()
                    .filter(above -> above.moduleName().equals(claim.module())
                            && above.baseNames().contains(bdev.name()))
                    .forEach(all::add));
        }
        return all;
    }

    void claimExclusive(Descriptor descriptor, String module, String name) {
        Cycles.refuse(bdev, module, name);
        refuseWhileClosed(module, "module " + module + " cannot claim");
        bdev.examinations().refuseWhileExamined(bdev, module);
        if (!held.isEmpty()) {
            throw refused("module " + module + " cannot claim");
        }
        refuseOtherWriters(descriptor, module);
        add(descriptor, new Claim(ClaimType.EXCLUSIVE_WRITE, module, name, 0));
    }

    void releaseExclusive(String module) {
        if (bdev.state() == BdevState.GONE) {
            // the removal did not wait for the holder and has ended the claim
            return;
        }
        boolean removed = held.removeIf(h ->
                h.claim.type() == ClaimType.EXCLUSIVE_WRITE && h.claim.module().equals(module));
        if (!removed) {
            throw new IllegalStateException("module " + module + " holds no exclusive claim of " + bdev.name());
        }
        publish();
    }

    void claim(Descriptor descriptor, ClaimType type, String module, String name, long key) {
        if (!type.ofDescriptor()) {
            throw new BdevException(Errno.EINVAL, type.rpcName() + " is claimed by a module, not by a descriptor");
        }
        Cycles.refuse(bdev, module, name);
        refuseWhileClosed(module, "module " + module + " cannot claim");
        if ((type == ClaimType.READ_MANY_WRITE_SHARED) != (key != 0)) {
            throw new BdevException(
                    Errno.EINVAL, "claim " + type.rpcName() + " of " + bdev.name() + " with key " + key);
        }
        bdev.examinations().refuseWhileExamined(bdev, module);
        for (Held other : held) {
            if (!goTogether(other.claim, type, key)) {
                throw refused("module " + module + " cannot claim");
            }
        }
        if (type == ClaimType.READ_MANY_WRITE_NONE && descriptor.writable()) {
            throw new BdevException(
                    Errno.EINVAL, "claim " + type.rpcName() + " of " + bdev.name() + " by a descriptor that writes");
        }
        refuseOtherWriters(descriptor, module);
        add(descriptor, new Claim(type, module, name, key));
    }

    private static boolean goTogether(Claim other, ClaimType type, long key) {
        return other.type() == type
                && (type == ClaimType.READ_MANY_WRITE_NONE
                        || (type == ClaimType.READ_MANY_WRITE_SHARED && other.sharedKey() == key));
    }

    private void refuseOtherWriters(Descriptor descriptor, String module) {
        for (Descriptor other : bdev.descriptors()) {
            if (other != descriptor && other.writable() && held.stream().noneMatch(h -> h.descriptor == other)) {
                throw new BdevException(
                        Errno.EPERM,
                        "module " + module + " cannot claim bdev " + bdev.name() + ": it is open for writing by "
                                + other.holder());
            }
        }
    }

    private void add(Descriptor descriptor, Claim claim) {
        held.add(new Held(descriptor, claim));
        if (claim.type().writes()) {
            descriptor.promote();
        }
        publish();
    }

    /** Refuses to open for writing where a claim stands against it. */
    void refuseWriter(String holder) {
        if (!held.isEmpty()) {
            throw refused(holder + " cannot open for writing");
        }
        // whoever writes without a claim could be anybody
        refuseWhileClosed("", holder + " cannot open for writing");
    }

    private BdevException refused(String who) {
        Claim claim = held.get(0).claim;
        return new BdevException(
                Errno.EPERM,
                who + " bdev " + bdev.name() + ": module " + claim.module() + " holds the claim "
                        + claim.type().rpcName() + " on it for " + claim.name());
    }

    /** The descriptor is closed: its v2 claims end. */
    void descriptorClosed(Descriptor descriptor) {
        if (held.removeIf(h -> h.descriptor == descriptor && h.claim.type().ofDescriptor())) {
            publish();
        }
    }

    /** The bdev is gone. */
    void clear() {
        held.clear();
        publish();
    }

    private void publish() {
        published = held.stream().map(Held::claim).toList();
    }
}
