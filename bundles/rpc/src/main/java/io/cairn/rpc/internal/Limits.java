package io.cairn.rpc.internal;

import java.time.Duration;

/**
 * What a client may use up. The sizes of requests are SPDK's; the rest keeps a server alive that is open to many.
 *
 * @param requestBytes greatest request
 * @param requestValues greatest number of JSON values (names included) in a request
 * @param depth deepest nesting
 * @param connections most connections at once; beyond, one that has never sent a request is closed for the new one, else the one that
 *     has been idle longest
 * @param requestsInFlight per connection, those in batches too; beyond, its next request waits
 * @param unsentBytes per connection; beyond, its next request waits until it has read its answers
 * @param answerBytes greatest answer; also, in characters, what the unfinished batches of a connection may hold together
 * @param patience how long half a request, or an answer that is not read, is waited for
 */
record Limits(
        int requestBytes,
        int requestValues,
        int depth,
        int connections,
        int requestsInFlight,
        int unsentBytes,
        int answerBytes,
        Duration patience) {
    static Limits defaults() {
        return new Limits(256 << 10, 8192, 64, 512, 64, 1 << 20, 32 << 20, Duration.ofSeconds(30));
    }
}
