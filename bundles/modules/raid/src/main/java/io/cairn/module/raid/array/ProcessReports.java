package io.cairn.module.raid.array;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.NotificationType;
import io.cairn.module.raid.format.Extension;
import io.cairn.module.raid.format.ProcessKind;
import io.cairn.module.raid.sync.Findings;
import io.cairn.module.raid.sync.Goal;
import io.cairn.module.raid.sync.Outcome;
import io.cairn.module.raid.sync.ProcessListener;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** What follows from what an array's background processes report: what is kept of it on disk, who is told, and what becomes of the member. App thread. */
final class ProcessReports implements ProcessListener {
    private final Slots slots;
    private final ArrayRecord record;
    private final ExtensionSaver saver;
    private final ReadErrorLimit readErrors;
    private final MemberReports members;
    private final Events events;
    private final Optional<LossKeeping> losses;
    private final Runnable over;

    /**
     * Makes a listener.
     *
     * @param losses of raid5f only
     * @param over run when a process has ended for good
     */
    ProcessReports(
            Slots slots,
            ArrayRecord record,
            ExtensionSaver saver,
            ReadErrorLimit readErrors,
            MemberReports members,
            Events events,
            Optional<LossKeeping> losses,
            Runnable over) {
        this.slots = slots;
        this.record = record;
        this.saver = saver;
        this.readErrors = readErrors;
        this.members = members;
        this.events = events;
        this.losses = losses;
        this.over = over;
    }

    @Override
    public void cursor(Goal goal, long row) {
        if (goal instanceof Goal.Replace) {
            slots.replacement().ifPresent(next -> {
                next.reached(row);
                remember(Optional.empty());
                saver.save();
            });
            return;
        }
        Optional<Extension.Target> target = goal instanceof Goal.Rebuild rebuild
                ? Optional.of(new Extension.Target(
                        rebuild.slot(), slots.get(rebuild.slot()).uuid()))
                : Optional.empty();
        long mismatches = goal instanceof Goal.Scrub scrub ? scrub.found().mismatches() : 0;
        remember(Optional.of(new Extension.ProcessState(kind(goal), target, row, mismatches)));
        saver.save();
    }

    /** A replacement has to be known after a restart, also one that waits for its bdev; whatever else was under way begins anew. */
    private void remember(Optional<Extension.ProcessState> process) {
        record.setProcess(slots.replacement()
                .map(next -> next.process(ProcessKind.REPLACE))
                .or(() -> record.process().filter(slots::awaitsReplacement))
                .or(() -> process));
    }

    private static ProcessKind kind(Goal goal) {
        if (goal instanceof Goal.Rebuild) {
            return ProcessKind.REBUILD;
        }
        if (goal instanceof Goal.Resync || goal instanceof Goal.Repair) {
            return ProcessKind.RESYNC;
        }
        if (goal instanceof Goal.Grow) {
            return ProcessKind.GROW;
        }
        return ((Goal.Scrub) goal).repair() ? ProcessKind.SCRUB_REPAIR : ProcessKind.SCRUB;
    }

    @Override
    public void readError(int index, long row, long rows, boolean repaired, IoStatus status) {
        readErrors.count(slots.get(index), repaired, status);
    }

    @Override
    public CompletionStage<Boolean> surrender(int missing, long row, long rows) {
        return losses.orElseThrow().surrender(missing, row, rows);
    }

    @Override
    public void started(Goal goal) {
        events.announce(NotificationType.BDEV_PROCESS_BEGIN, goal.type());
    }

    @Override
    public void ended(Goal goal, Outcome outcome) {
        events.announce(NotificationType.BDEV_PROCESS_END, goal.type() + ": " + words(outcome));
        boolean interruptedOnly = outcome instanceof Outcome.Stopped;
        if (!interruptedOnly && !(goal instanceof Goal.Replace)) {
            remember(Optional.empty());
        }
        if (goal instanceof Goal.Replace replace) {
            replaceEnded(replace, outcome);
        } else if (goal instanceof Goal.Rebuild rebuild) {
            rebuildEnded(rebuild, outcome);
        } else if (goal instanceof Goal.Scrub scrub && outcome instanceof Outcome.Done done) {
            scrubbed(scrub, done.found());
        } else if (outcome instanceof Outcome.MemberFailed failed) {
            members.failed(failed.slot(), failed.type(), failed.status());
        }
        if (!interruptedOnly) {
            saver.save();
            over.run();
        }
    }

    private void rebuildEnded(Goal.Rebuild rebuild, Outcome outcome) {
        if (outcome instanceof Outcome.Done) {
            members.rebuilt(rebuild.slot());
        } else if (outcome instanceof Outcome.MemberFailed failed) {
            members.failed(failed.slot(), failed.type(), failed.status());
        } else if (outcome instanceof Outcome.RowsLost lost) {
            members.rebuildFailed(
                    rebuild.slot(),
                    lost.status(),
                    "rows " + lost.row() + " to "
                            + (lost.row() + lost.rows() - 1) + " cannot be read from base bdev '"
                            + slots.get(lost.slot()).name() + "'");
        }
    }

    private void replaceEnded(Goal.Replace replace, Outcome outcome) {
        if (outcome instanceof Outcome.Done) {
            members.filled(replace.slot());
        } else if (!(outcome instanceof Outcome.Stopped)) {
            if (outcome instanceof Outcome.MemberFailed failed && failed.slot() < slots.count()) {
                members.failed(failed.slot(), failed.type(), failed.status());
            }
            members.unfilled(words(outcome));
        }
    }

    private void scrubbed(Goal.Scrub scrub, Findings found) {
        record.setLastScrub(
                new Extension.Scrub(Instant.now().truncatedTo(ChronoUnit.MILLIS), found.mismatches(), scrub.repair()));
        if (found.mismatches() > 0) {
            events.announce(
                    NotificationType.BDEV_MISMATCH,
                    found.mismatches() + " rows differ, " + found.repaired() + " repaired");
        }
    }

    private String name(int position) {
        return position < slots.count()
                ? slots.get(position).name()
                : slots.replacement().map(Replacement::name).orElse("");
    }

    private String words(Outcome outcome) {
        if (outcome instanceof Outcome.Done) {
            return "done";
        }
        if (outcome instanceof Outcome.Stopped) {
            return "stopped";
        }
        if (outcome instanceof Outcome.MemberFailed failed) {
            return failed.type() + " on base bdev '" + name(failed.slot()) + "' ended with " + failed.status();
        }
        return outcome instanceof Outcome.RowsLost lost
                ? "rows cannot be read: " + lost.status()
                : "a member is missing";
    }
}
