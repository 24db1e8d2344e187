package io.cairn.bdev;

import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * Something has happened to a bdev or a module.
 *
 * @param id counts from 0 without gaps for as long as the core lives: who sees a gap has missed what is in it
 * @param type what has happened
 * @param name of the bdev, or of the module where it is about a module
 * @param module the bdev's module, or the module itself
 * @param uuid the bdev's; empty where it is about a module
 * @param sizeBytes the bdev's size now, in bytes; 0 where it is about a module
 * @param detail what exactly, for people (which member, why); "" where the type says it all
 */
public record Notification(
        long id,
        NotificationType type,
        String name,
        String module,
        Optional<UUID> uuid,
        long sizeBytes,
        String detail) {
    /** Checks that there is a detail, at least an empty one. */
    public Notification {
        Objects.requireNonNull(detail, "detail");
    }

    /** Makes one whose type says it all. */
    public Notification(
            long id, NotificationType type, String name, String module, Optional<UUID> uuid, long sizeBytes) {
        this(id, type, name, module, uuid, sizeBytes, "");
    }
}
