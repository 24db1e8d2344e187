/** The levels: where a block of the array is on its members, and the I/O path of each level. Knows nothing of superblocks and processes. */
package io.cairn.module.raid.level;
