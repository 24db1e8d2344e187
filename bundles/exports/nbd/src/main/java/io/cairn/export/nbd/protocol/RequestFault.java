package io.cairn.export.nbd.protocol;

/** Why a request is refused before anything is done. */
public enum RequestFault {
    UNKNOWN_COMMAND(Nbd.EINVAL, "unknown command"),
    NOT_OFFERED(Nbd.EINVAL, "the export does not offer this command"),
    BAD_FLAGS(Nbd.EINVAL, "a command flag is unknown or does not go with the command"),
    READ_ONLY(Nbd.EPERM, "the export is read-only"),
    TOO_LONG(Nbd.EINVAL, "more data than the maximum payload"),
    TOO_LONG_FOR_ONE_CHUNK(Nbd.EOVERFLOW, "too long for a reply in one chunk"),
    UNALIGNED(Nbd.EINVAL, "offset and length must be multiples of the minimum block size"),
    PARTIAL_UNIT(
            Nbd.EINVAL, "offset and length of a write must be multiples of the write unit in the export's description"),
    BEYOND_END(Nbd.EINVAL, "beyond the end of the export"),
    EMPTY(Nbd.EINVAL, "a length of 0 asks for nothing"),
    RESERVED(Nbd.EINVAL, "offset and length of a flush are reserved"),
    NO_CONTEXT(Nbd.EINVAL, "no metadata context was selected"),
    NOT_FAST(Nbd.ENOTSUP, "zeroes would take as long as data"),
    GOING_DOWN(Nbd.ESHUTDOWN, "the export is going away");

    private final int error;
    private final String message;

    RequestFault(int error, String message) {
        this.error = error;
        this.message = message;
    }

    /** Returns the error number for the reply. */
    public int error() {
        return error;
    }

    /** Returns the text for people, for structured replies: ASCII. */
    String message() {
        return message;
    }
}
