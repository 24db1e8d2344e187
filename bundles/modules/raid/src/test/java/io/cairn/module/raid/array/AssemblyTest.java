package io.cairn.module.raid.array;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.module.raid.array.Assembly.Readiness;
import io.cairn.module.raid.array.Assembly.Seen;
import io.cairn.module.raid.array.Assembly.Verdict;
import io.cairn.module.raid.format.Extension;
import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.format.Superblock;
import io.cairn.module.raid.format.SuperblockMember;
import io.cairn.module.raid.level.RaidLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class AssemblyTest {
    private static final UUID ARRAY = new UUID(9, 9);

    private static UUID bdev(int slot) {
        return new UUID(1, slot);
    }

    /** States by slot: C configured, M missing, F failed. */
    private static Superblock superblock(long sequence, String states) {
        List<SuperblockMember> members = new ArrayList<>();
        for (int i = 0; i < states.length(); i++) {
            MemberState state =
                    switch (states.charAt(i)) {
                        case 'C' -> MemberState.CONFIGURED;
                        case 'F' -> MemberState.FAILED;
                        default -> MemberState.MISSING;
                    };
            members.add(new SuperblockMember(i, bdev(i), state, 2048, 1000));
        }
        return new Superblock(ARRAY, "R", RaidLevel.RAID1, 512, 1000, 0, sequence, members);
    }

    private static Seen seen(int slot, long sequence, String states, long complete) {
        return new Seen(
                bdev(slot),
                superblock(sequence, states),
                complete < 0
                        ? Optional.empty()
                        : Optional.of(new Extension(
                                ARRAY, sequence, 1, complete, 1, 1000, Optional.empty(), Optional.empty())));
    }

    @Test
    void allOfOneNumberAreComplete() {
        Seen a = seen(0, 5, "CC", 5);
        Seen b = seen(1, 5, "CC", 5);
        assertThat(Assembly.of(List.of(a)).readiness()).isEqualTo(Readiness.DEGRADED);
        Assembly both = Assembly.of(List.of(a, b));
        assertThat(both.readiness()).isEqualTo(Readiness.COMPLETE);
        assertThat(both.verdict(b)).isEqualTo(new Verdict.InSync(1));
        assertThat(both.intentsSince()).contains(5L);
        assertThat(both.divergent()).isEmpty();
    }

    @Test
    void theNewestNumberTellsWhoIsIn() {
        Seen stale = seen(1, 5, "CC", 5);
        Seen newer = seen(0, 6, "CM", 5);
        for (List<Seen> order : List.of(List.of(stale, newer), List.of(newer, stale))) {
            Assembly assembly = Assembly.of(order);
            assertThat(assembly.newest().sequence()).isEqualTo(6);
            assertThat(assembly.readiness()).as("nobody else was in at the end").isEqualTo(Readiness.COMPLETE);
            assertThat(assembly.verdict(newer)).isEqualTo(new Verdict.InSync(0));
            assertThat(assembly.verdict(stale)).as("nothing forgotten since").isEqualTo(new Verdict.Returning(1, true));
        }
    }

    @Test
    void aMemberOfAnOlderNumberThatIsStillInHasMissedNothing() {
        // the power went while the record was written
        Seen older = seen(1, 5, "CC", 5);
        Seen newer = seen(0, 6, "CC", 6);
        assertThat(Assembly.of(List.of(older, newer)).verdict(older)).isEqualTo(new Verdict.InSync(1));
    }

    @Test
    void intentsThatWereTakenBackSinceItLeftCostAFullRebuild() {
        Seen gone = seen(1, 5, "CCC", 5);
        Seen now = seen(0, 9, "CMC", 8);
        assertThat(Assembly.of(List.of(now, gone)).verdict(gone)).isEqualTo(new Verdict.Returning(1, false));
    }

    @Test
    void anExtensionThatIsOlderThanItsSuperblockIsNotBelieved() {
        Seen bySpdk = new Seen(
                bdev(0),
                superblock(8, "CM"),
                Optional.of(new Extension(ARRAY, 7, 1, 5, 1, 1000, Optional.empty(), Optional.empty())));
        Seen gone = seen(1, 6, "CC", 5);
        Assembly assembly = Assembly.of(List.of(bySpdk, gone));
        assertThat(assembly.intentsSince()).isEmpty();
        assertThat(assembly.extension()).isEmpty();
        assertThat(assembly.verdict(gone)).isEqualTo(new Verdict.Returning(1, false));
    }

    @Test
    void whoWasInUseWithoutTheOthersIsLeftAlone() {
        Seen a = seen(0, 6, "CM", 5);
        Seen b = seen(1, 6, "FC", 5);
        Assembly assembly = Assembly.of(List.of(a, b));
        assertThat(assembly.verdict(a)).isEqualTo(new Verdict.InSync(0));
        assertThat(assembly.verdict(b)).as("it may have what nobody else has").isEqualTo(new Verdict.Apart(bdev(0)));
        assertThat(assembly.divergent()).containsExactly(bdev(1));
        assertThat(Assembly.judge(superblock(9, "CM"), Optional.of(5L), b, true))
                .as("later as well")
                .isEqualTo(new Verdict.Apart(bdev(0)));
    }

    @Test
    void whoWasInTogetherWithOneThatIsInNowHasNothingOfItsOwn() {
        Superblock now = superblock(9, "CCM");
        assertThat(Assembly.judge(now, Optional.of(5L), seen(2, 6, "FCC", 5), true))
                .as("bdev 0 was rebuilt since, from bdev 1")
                .isEqualTo(new Verdict.Returning(2, false));
        Superblock replaced =
                superblock(9, "CM").withMember(new SuperblockMember(0, bdev(7), MemberState.CONFIGURED, 2048, 1000));
        assertThat(Assembly.judge(replaced, Optional.of(5L), seen(1, 5, "CC", 5), true))
                .as("bdev 0 was replaced since")
                .isEqualTo(new Verdict.Returning(1, false));
    }

    @Test
    void anArrayInUseDoesNotFollowASuperblockThatIsNewer() {
        assertThat(Assembly.judge(superblock(6, "CM"), Optional.of(5L), seen(1, 7, "MC", 5), true))
                .isEqualTo(new Verdict.Newer(7));
    }

    @Test
    void strangersAreNotTaken() {
        Superblock current = superblock(6, "CC");
        Seen other = new Seen(new UUID(5, 5), superblock(6, "CC"), Optional.empty());
        assertThat(Assembly.judge(current, Optional.of(6L), other, false)).isInstanceOf(Verdict.Stranger.class);
        Superblock foreign =
                new Superblock(new UUID(7, 7), "Other", RaidLevel.RAID1, 512, 1000, 0, 6, current.members());
        assertThat(Assembly.judge(current, Optional.of(6L), new Seen(bdev(0), foreign, Optional.empty()), false))
                .isInstanceOfSatisfying(Verdict.Stranger.class, stranger -> assertThat(stranger.reason())
                        .contains("Other"));
    }

    @Test
    void aMemberThatFailedIsTakenBackAsOneThatMissedSomething() {
        Seen failed = seen(1, 5, "CCC", 5);
        Seen now = seen(0, 6, "CFC", 5);
        assertThat(Assembly.of(List.of(now, failed)).verdict(failed)).isEqualTo(new Verdict.Returning(1, true));
        assertThat(Assembly.of(List.of(failed, now)).readiness())
                .as("the third was in at the end")
                .isEqualTo(Readiness.DEGRADED);
    }

    @Test
    void aTargetHasWhatItsNumberSays() {
        Superblock current = superblock(9, "CM");
        assertThat(Assembly.judge(current, Optional.of(5L), seen(1, 0, "CM", -1), true))
                .as("nothing")
                .isEqualTo(new Verdict.Returning(1, false));
        assertThat(Assembly.judge(current, Optional.of(5L), seen(1, 5, "CM", 5), true))
                .as("everything until it left")
                .isEqualTo(new Verdict.Returning(1, true));
        assertThat(Assembly.of(List.of(seen(1, 9, "CM", 5))).readiness())
                .as("it is not believed by itself")
                .isEqualTo(Readiness.TOO_FEW);
    }

    @Test
    void whoWasToBeATargetGetsTheSlotIfNobodyHasIt() {
        Superblock promised =
                superblock(0, "CM").withMember(new SuperblockMember(1, bdev(7), MemberState.MISSING, 2048, 1000));
        Seen marked = new Seen(bdev(7), promised, Optional.empty());
        assertThat(Assembly.judge(superblock(9, "CM"), Optional.of(5L), marked, true))
                .isEqualTo(new Verdict.Returning(1, false));
        assertThat(Assembly.judge(superblock(9, "CC"), Optional.of(5L), marked, true))
                .isInstanceOf(Verdict.Stranger.class);
    }

    @Test
    void tellsWhoHasThePlaceOfAnOldMember() {
        Superblock current =
                superblock(9, "CC").withMember(new SuperblockMember(1, bdev(7), MemberState.CONFIGURED, 2048, 1000));
        assertThat(Assembly.judge(current, Optional.of(9L), seen(1, 5, "CC", 5), true))
                .isInstanceOfSatisfying(Verdict.Stranger.class, stranger -> assertThat(stranger.reason())
                        .contains("bdev " + bdev(7) + " has taken its place in slot 1"));
    }

    @Test
    void aTargetsExtensionIsNobodys() {
        Seen member = seen(0, 9, "CM", 5);
        Seen target = new Seen(
                bdev(1),
                superblock(9, "CM"),
                Optional.of(new Extension(ARRAY, 9, 100, 9, 1, 1000, Optional.empty(), Optional.empty())));
        Assembly assembly = Assembly.of(List.of(target, member));
        assertThat(assembly.extension()).isEqualTo(member.extension());
        assertThat(assembly.intentsSince()).contains(5L);
    }
}
