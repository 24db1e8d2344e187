package io.cairn.module.raid.level;

import io.cairn.reactor.Reactor;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Where a channel is, and what it has of its array beside the layout and the settings.
 *
 * @param ios counts the I/Os that the channel is given
 * @param resetGate shared by the array's channels
 * @param onClosed run at the end of the call that closes it
 */
record Opening(Reactor reactor, AtomicLong ios, ResetGate resetGate, Runnable onClosed) {}
