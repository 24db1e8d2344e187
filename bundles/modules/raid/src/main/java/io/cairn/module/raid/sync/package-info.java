/** What makes members agree: the background process (rebuild, resync, scrub, grow), the write-intent bitmap, the stripe journal. */
package io.cairn.module.raid.sync;
