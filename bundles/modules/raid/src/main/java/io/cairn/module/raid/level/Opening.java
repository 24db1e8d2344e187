package io.cairn.module.raid.level;

import io.cairn.reactor.Reactor;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Where a channel is, and what it has of its array beside the layout and the settings.
 *
 * @param ios counts the I/Os that the channel is given
 * @param resetGate shared by the array's channels
 * @param writes counts the writes of stripes of all channels; null: of another level than raid5f
 * @param changesEnded completes on the channel's reactor when no change is out that had begun before, on any reactor
 * @param onClosed run at the end of the call that closes it
 */
record Opening(
        Reactor reactor,
        AtomicLong ios,
        ResetGate resetGate,
        StripeWrites writes,
        Supplier<CompletionStage<Void>> changesEnded,
        Runnable onClosed) {}
