package io.cairn.export.nbd.protocol;

/**
 * The numbers of the NBD protocol. Source: the protocol text of the Network Block Device project, {@code doc/proto.md}, as of
 * 2024. All fields on the wire are big-endian.
 */
public final class Nbd {
    /** First word of the server's greeting: "NBDMAGIC" in ASCII. */
    public static final long GREETING_MAGIC = 0x4e42444d41474943L;
    /** Second word of the greeting, and first word of each option: "IHAVEOPT" in ASCII. */
    public static final long OPTION_MAGIC = 0x49484156454F5054L;
    /** First word of each reply to an option. */
    public static final long OPTION_REPLY_MAGIC = 0x0003e889045565a9L;
    /** First word of a request. */
    public static final int REQUEST_MAGIC = 0x25609513;
    /** First word of a simple reply. */
    public static final int SIMPLE_REPLY_MAGIC = 0x67446698;
    /** First word of a structured reply's chunk. */
    public static final int STRUCTURED_REPLY_MAGIC = 0x668e33ef;

    /** Handshake flags, the same bits in both directions. */
    public static final int FLAG_FIXED_NEWSTYLE = 1;
    /** The 124 bytes of zeroes after EXPORT_NAME may be left out. */
    public static final int FLAG_NO_ZEROES = 1 << 1;

    public static final int OPT_EXPORT_NAME = 1;
    public static final int OPT_ABORT = 2;
    public static final int OPT_LIST = 3;
    public static final int OPT_STARTTLS = 5;
    public static final int OPT_INFO = 6;
    public static final int OPT_GO = 7;
    public static final int OPT_STRUCTURED_REPLY = 8;
    public static final int OPT_LIST_META_CONTEXT = 9;
    public static final int OPT_SET_META_CONTEXT = 10;
    public static final int OPT_EXTENDED_HEADERS = 11;

    public static final int REP_ACK = 1;
    public static final int REP_SERVER = 2;
    public static final int REP_INFO = 3;
    public static final int REP_META_CONTEXT = 4;
    public static final int REP_ERR_UNSUP = 1 << 31 | 1;
    public static final int REP_ERR_POLICY = 1 << 31 | 2;
    public static final int REP_ERR_INVALID = 1 << 31 | 3;
    public static final int REP_ERR_UNKNOWN = 1 << 31 | 6;
    public static final int REP_ERR_SHUTDOWN = 1 << 31 | 7;
    public static final int REP_ERR_BLOCK_SIZE_REQD = 1 << 31 | 8;
    public static final int REP_ERR_TOO_BIG = 1 << 31 | 9;

    public static final int INFO_EXPORT = 0;
    public static final int INFO_NAME = 1;
    public static final int INFO_DESCRIPTION = 2;
    public static final int INFO_BLOCK_SIZE = 3;

    /** Transmission flags. */
    public static final int HAS_FLAGS = 1;

    public static final int READ_ONLY = 1 << 1;
    public static final int SEND_FLUSH = 1 << 2;
    public static final int SEND_FUA = 1 << 3;
    public static final int SEND_TRIM = 1 << 5;
    public static final int SEND_WRITE_ZEROES = 1 << 6;
    public static final int SEND_DF = 1 << 7;
    public static final int CAN_MULTI_CONN = 1 << 8;
    public static final int SEND_CACHE = 1 << 10;
    public static final int SEND_FAST_ZERO = 1 << 11;

    /** Requests. */
    public static final int CMD_READ = 0;

    public static final int CMD_WRITE = 1;
    public static final int CMD_DISC = 2;
    public static final int CMD_FLUSH = 3;
    public static final int CMD_TRIM = 4;
    public static final int CMD_CACHE = 5;
    public static final int CMD_WRITE_ZEROES = 6;
    public static final int CMD_BLOCK_STATUS = 7;

    public static final int CMD_FLAG_FUA = 1;
    public static final int CMD_FLAG_NO_HOLE = 1 << 1;
    public static final int CMD_FLAG_DF = 1 << 2;
    public static final int CMD_FLAG_REQ_ONE = 1 << 3;
    public static final int CMD_FLAG_FAST_ZERO = 1 << 4;

    /** Chunks of structured replies. */
    public static final int REPLY_FLAG_DONE = 1;

    public static final int REPLY_NONE = 0;
    public static final int REPLY_OFFSET_DATA = 1;
    public static final int REPLY_BLOCK_STATUS = 5;
    public static final int REPLY_ERROR = 1 << 15 | 1;

    /** Bits of {@code base:allocation}: not allocated. */
    public static final int STATE_HOLE = 1;
    /** Reads as zeroes. */
    public static final int STATE_ZERO = 1 << 1;
    /** The one metadata context that the protocol text itself defines. */
    public static final String BASE_ALLOCATION = "base:allocation";
    /** The namespace of the protocol text, alone: everything in it, in a LIST. */
    public static final String BASE_NAMESPACE = "base:";

    /** Errors of replies. */
    public static final int EPERM = 1;

    public static final int EIO = 5;
    public static final int ENOMEM = 12;
    public static final int EINVAL = 22;
    public static final int ENOSPC = 28;
    public static final int EOVERFLOW = 75;
    public static final int ENOTSUP = 95;
    public static final int ESHUTDOWN = 108;

    /** The most bytes of a string: names, queries, messages. */
    public static final int MAX_STRING = 4096;
    /** The most bytes of data in one READ or WRITE: what the protocol text asks every server to take. */
    public static final int MAX_PAYLOAD = 1 << 25;

    private Nbd() {}
}
