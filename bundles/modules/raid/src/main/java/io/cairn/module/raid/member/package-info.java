/** I/O to the reserved area of a member: superblock, extension, intents, journal. */
package io.cairn.module.raid.member;
