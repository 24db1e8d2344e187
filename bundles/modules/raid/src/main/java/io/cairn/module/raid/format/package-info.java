/** What is on the members' disks: SPDK's superblock and, behind it, what SPDK ignores. Pure values and codecs, no I/O. */
package io.cairn.module.raid.format;
