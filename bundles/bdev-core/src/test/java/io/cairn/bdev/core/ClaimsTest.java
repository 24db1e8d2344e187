package io.cairn.bdev.core;

import static io.cairn.bdev.ClaimType.READ_MANY_WRITE_NONE;
import static io.cairn.bdev.ClaimType.READ_MANY_WRITE_ONE;
import static io.cairn.bdev.ClaimType.READ_MANY_WRITE_SHARED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.reactor.Errno;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ClaimsTest {
    private final CoreFixture core = new CoreFixture(2);
    private TestModule one;
    private TestModule two;
    private Bdev bdev;

    @BeforeEach
    void register() {
        one = core.module("one");
        two = core.module("two");
        bdev = one.register(new TestModule.Disk(512, 64), "d0");
        core.reactors.runUntilIdle();
    }

    @Test
    void anExclusiveClaimPromotesItsDescriptorAndKeepsOthersOut() {
        BdevDescriptor reader = core.open("d0", OpenMode.READ);
        BdevDescriptor base = one.host.open("d0", OpenMode.READ, "pt0", (e, d) -> {});
        one.host.claimExclusive(base, "pt0");
        assertThat(base.writable()).isTrue();
        assertThat(reader.writable()).isFalse();
        assertThatThrownBy(() -> core.open("d0", OpenMode.WRITE))
                .hasMessageContainingAll("d0", "one", "exclusive_write", "pt0");
        BdevDescriptor other = two.host.open("d0", OpenMode.READ, "pt1", (e, d) -> {});
        assertThatThrownBy(() -> two.host.claimExclusive(other, "pt1"))
                .hasMessageContainingAll("two", "d0", "one", "exclusive_write", "pt0");
        assertThatThrownBy(() -> other.claim(READ_MANY_WRITE_NONE, "two", "x", 0))
                .hasMessageContaining("exclusive_write");
        one.host.releaseExclusive(bdev);
        base.close();
        core.reactors.runUntilIdle();
        two.host.claimExclusive(other, "pt1");
        assertThat(bdev.claims()).singleElement().satisfies(c -> assertThat(c.module())
                .isEqualTo("two"));
    }

    @Test
    void anExclusiveClaimIsRefusedWhileSomebodyElseWrites() {
        core.open("d0", OpenMode.WRITE);
        BdevDescriptor base = one.host.open("d0", OpenMode.READ, "pt0", (e, d) -> {});
        assertThatThrownBy(() -> one.host.claimExclusive(base, "pt0"))
                .hasMessageContainingAll("d0", "open for writing", "test");
        assertThat(bdev.claims()).isEmpty();
        assertThat(base.writable()).isFalse();
    }

    @Test
    void oneWriterAmongReaders() {
        BdevDescriptor writer = one.host.open("d0", OpenMode.READ, "w", (e, d) -> {});
        writer.claim(READ_MANY_WRITE_ONE, "one", "w", 0);
        assertThat(writer.writable()).isTrue();
        core.open("d0", OpenMode.READ);
        assertThatThrownBy(() -> core.open("d0", OpenMode.WRITE)).hasMessageContaining("read_many_write_one");
        BdevDescriptor second = two.host.open("d0", OpenMode.READ, "v", (e, d) -> {});
        assertThatThrownBy(() -> second.claim(READ_MANY_WRITE_ONE, "two", "v", 0))
                .hasMessageContaining("read_many_write_one");
        assertThatThrownBy(() -> second.claim(READ_MANY_WRITE_SHARED, "two", "v", 7))
                .hasMessageContaining("read_many_write_one");
        writer.close();
        core.reactors.runUntilIdle();
        assertThat(bdev.claims()).isEmpty();
        second.claim(READ_MANY_WRITE_ONE, "two", "v", 0);
    }

    @Test
    void readersWithoutAnyWriter() {
        BdevDescriptor a = one.host.open("d0", OpenMode.READ, "a", (e, d) -> {});
        BdevDescriptor b = two.host.open("d0", OpenMode.READ, "b", (e, d) -> {});
        a.claim(READ_MANY_WRITE_NONE, "one", "a", 0);
        b.claim(READ_MANY_WRITE_NONE, "two", "b", 0);
        assertThat(a.writable()).isFalse();
        assertThat(bdev.claims()).hasSize(2);
        assertThatThrownBy(() -> core.open("d0", OpenMode.WRITE)).hasMessageContaining("read_many_write_none");
        a.close();
        core.reactors.runUntilIdle();
        assertThatThrownBy(() -> core.open("d0", OpenMode.WRITE)).hasMessageContaining("two");
        b.close();
        core.reactors.runUntilIdle();
        core.open("d0", OpenMode.WRITE);
    }

    @Test
    void writersThatShareAKey() {
        BdevDescriptor a = one.host.open("d0", OpenMode.READ, "a", (e, d) -> {});
        BdevDescriptor b = two.host.open("d0", OpenMode.READ, "b", (e, d) -> {});
        BdevDescriptor c = two.host.open("d0", OpenMode.READ, "c", (e, d) -> {});
        assertThatThrownBy(() -> a.claim(READ_MANY_WRITE_SHARED, "one", "a", 0)).hasMessageContaining("key");
        a.claim(READ_MANY_WRITE_SHARED, "one", "a", 7);
        b.claim(READ_MANY_WRITE_SHARED, "two", "b", 7);
        assertThat(a.writable()).isTrue();
        assertThat(b.writable()).isTrue();
        assertThatThrownBy(() -> c.claim(READ_MANY_WRITE_SHARED, "two", "c", 8))
                .hasMessageContaining("read_many_write_shared");
    }

    @Test
    void opensAndClaimsAreNotTheSame() {
        BdevDescriptor a = core.open("d0", OpenMode.WRITE);
        BdevDescriptor b = core.open("d0", OpenMode.WRITE);
        assertThat(bdev.claims()).isEmpty();
        a.close();
        b.close();
    }

    @Test
    void noBdevIsItsOwnBase() {
        assertThatThrownBy(() -> one.host.open("d0", OpenMode.READ, "d0", (e, d) -> {}))
                .isInstanceOfSatisfying(
                        BdevException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
                .hasMessageContainingAll("d0", "cannot be its own base bdev", "d0 on d0");
        BdevDescriptor other = one.host.open("d0", OpenMode.READ, "another name", (e, d) -> {});
        assertThatThrownBy(() -> one.host.claimExclusive(other, "d0")).hasMessageContaining("its own base bdev");
        assertThatThrownBy(() -> other.claim(READ_MANY_WRITE_ONE, "one", "d0", 0))
                .hasMessageContaining("its own base bdev");
        assertThat(bdev.claims()).isEmpty();
        assertThat(one.host.isBuiltOn(bdev, bdev)).isTrue();
    }

    @Test
    void noBdevIsBuiltOnWhatIsBuiltOnIt() {
        Bdev middle = virtual(two, "middle", bdev);
        Bdev top = virtual(one, "top", middle);

        assertThatThrownBy(() -> one.host.open("top", OpenMode.READ, "d0", (e, d) -> {}))
                .isInstanceOfSatisfying(
                        BdevException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
                .hasMessageContainingAll("cannot be its own base bdev", "d0 on top on middle on d0");
        assertThat(one.host.isBuiltOn(top, bdev)).isTrue();
        assertThat(one.host.isBuiltOn(bdev, top)).isFalse();
        // who is not below may, and so may another module's bdev of a name that is only said to be the same
        one.host.open("top", OpenMode.READ, "other", (e, d) -> {});
        two.host.open("top", OpenMode.READ, "d0", (e, d) -> {});
    }

    /** What counts is who holds whom now, not what a bdev was registered with. */
    @Test
    void aBdevMayBeBuiltOnOneThatHasLetGoOfIt() {
        BdevDescriptor base = two.host.open("d0", OpenMode.READ, "v0", (e, d) -> {});
        two.host.claimExclusive(base, "v0");
        two.host.register(BdevSpec.over(bdev, "v0", "Test disk", Set.of(IoType.READ)), new TestModule.Disk(512, 64));
        two.host.releaseExclusive(bdev);
        base.close();

        one.host.open("v0", OpenMode.READ, "d0", (e, d) -> {}).close();
    }

    /** One claim for several bdevs is not called like one of them. */
    @Test
    void theBdevsOfOneClaimAreAboveItsBase() {
        BdevDescriptor base = two.host.open("d0", OpenMode.READ, "parts of d0", (e, d) -> {});
        two.host.claimExclusive(base, "parts of d0");
        two.host.register(BdevSpec.over(bdev, "part", "Test disk", Set.of(IoType.READ)), new TestModule.Disk(512, 64));

        assertThatThrownBy(() -> one.host.open("part", OpenMode.READ, "d0", (e, d) -> {}))
                .hasMessageContaining("d0 on part on d0");
    }

    /** Claims a base, and registers a bdev on it. */
    private static Bdev virtual(TestModule module, String name, Bdev base) {
        BdevDescriptor descriptor = module.host.open(base.name(), OpenMode.READ, name, (e, d) -> {});
        module.host.claimExclusive(descriptor, name);
        return module.register(new TestModule.Disk(512, 64), name);
    }
}
