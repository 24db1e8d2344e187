package io.cairn.operations;

/**
 * An entry of the stored configuration that is kept and not in force.
 *
 * @param subsystem it is listed under
 * @param entry the call that it stands for
 * @param offered whether anybody who is here offers the operation; false: whose it is has not come
 * @param reason why it is not in force, for people
 */
public record PendingEntry(String subsystem, ConfigEntry entry, boolean offered, String reason) {}
