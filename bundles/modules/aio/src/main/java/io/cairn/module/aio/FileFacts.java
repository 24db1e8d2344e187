package io.cairn.module.aio;

/**
 * What the operating system says of a file.
 *
 * @param blockDevice a block device; else a regular file
 * @param size bytes
 * @param logicalBlockSize a block device's smallest unit in bytes; 0 for a regular file
 * @param identity equal for the same file or device under whatever name
 */
record FileFacts(boolean blockDevice, long size, int logicalBlockSize, String identity) {}
