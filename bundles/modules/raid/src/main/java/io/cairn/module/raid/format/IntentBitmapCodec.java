package io.cairn.module.raid.format;

import io.cairn.module.raid.level.RegionSet;
import java.nio.ByteBuffer;

/**
 * Intents as bits: region i is bit i % 8 (the lowest first) of byte i / 8. Written and read in pages, one unit of {@link Reserved} each. There is
 * no checksum: of a page that was torn, every block is old or new, and both have the bits that must be there. Any thread.
 */
public final class IntentBitmapCodec {
    private final int pageBytes;

    /**
     * Makes a codec.
     *
     * @param pageBytes bytes of a page: {@link Reserved#unit}
     */
    public IntentBitmapCodec(int pageBytes) {
        this.pageBytes = pageBytes;
    }

    /** Returns how many pages so many regions have. */
    public int pages(int regions) {
        return (regions + pageRegions() - 1) / pageRegions();
    }

    /** Returns the page that has a region's bit. */
    public int pageOf(int region) {
        return region / pageRegions();
    }

    /** Returns the offset of a page from the beginning of the intents, in bytes. */
    public long pageOffset(int page) {
        return page * (long) pageBytes;
    }

    /**
     * Encodes one page. Bits that are set meanwhile may be in it or not.
     *
     * @param target gets a page from position {@code at} on; position, limit and byte order are left alone
     */
    public void encode(RegionSet regions, int page, ByteBuffer target, int at) {
        int first = page * pageRegions();
        int end = Math.min(regions.count(), first + pageRegions());
        for (int i = 0; i < pageBytes; i++) {
            target.put(at + i, (byte) 0);
        }
        for (int region = regions.next(first); region >= 0 && region < end; region = regions.next(region + 1)) {
            int index = at + (region - first) / Byte.SIZE;
            target.put(index, (byte) (target.get(index) | 1 << region % Byte.SIZE));
        }
    }

    /**
     * Adds the regions of one page to a set; bits beyond the set's regions are ignored.
     *
     * @param source has a page from position {@code at} on
     */
    public void decode(ByteBuffer source, int at, int page, RegionSet into) {
        int first = page * pageRegions();
        for (int i = 0; i < pageBytes; i++) {
            for (int bits = source.get(at + i) & 0xff; bits != 0; bits &= bits - 1) {
                int region = first + i * Byte.SIZE + Integer.numberOfTrailingZeros(bits);
                if (region < into.count()) {
                    into.add(region);
                }
            }
        }
    }

    private int pageRegions() {
        return pageBytes * Byte.SIZE;
    }
}
