package io.cairn.bdev;

/**
 * A permission to build on a bdev: who holds it and of what kind.
 *
 * @param type the kind
 * @param module the name of the module that holds it
 * @param name what the holder calls it (often the bdev that it builds), for people
 * @param sharedKey the key that sharing writers agree on; 0 for the other kinds
 */
public record Claim(ClaimType type, String module, String name, long sharedKey) {}
