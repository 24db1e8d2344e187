package io.cairn.export.nbd.protocol;

/**
 * What the handshake agreed on.
 *
 * @param export the export, with the size and flags that the client was told
 * @param structuredReplies whether replies with data are structured
 * @param allocationStatus whether {@code base:allocation} was selected for this export
 */
public record Selection(ExportInfo export, boolean structuredReplies, boolean allocationStatus) {}
