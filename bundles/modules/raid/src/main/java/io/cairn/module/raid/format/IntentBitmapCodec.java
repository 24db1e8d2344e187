package io.cairn.module.raid.format;

import io.cairn.module.raid.level.RegionSet;

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

    /** Encodes one page. Bits that are set meanwhile may be in it or not. */
    public byte[] encode(RegionSet regions, int page) {
        byte[] bits = new byte[pageBytes];
        int first = page * pageRegions();
        int end = Math.min(regions.count(), first + pageRegions());
        for (int region = regions.next(first); region >= 0 && region < end; region = regions.next(region + 1)) {
            bits[(region - first) / Byte.SIZE] |= (byte) (1 << region % Byte.SIZE);
        }
        return bits;
    }

    /**
     * Adds the regions of some pages to a set; bits beyond the set's regions are ignored.
     *
     * @param pages the bytes of whole pages
     * @param firstPage the page that they begin with
     */
    public void decode(byte[] pages, int firstPage, RegionSet into) {
        int first = firstPage * pageRegions();
        for (int i = 0; i < pages.length; i++) {
            for (int bits = pages[i] & 0xff; bits != 0; bits &= bits - 1) {
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
