package io.cairn.shell;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HelpTextTest {
    @Test
    void saysAllThatTheDeclarationSays() {
        assertThat(String.join("\n", HelpText.of(Examples.SPEC, Style.PLAIN)))
                .isEqualTo(
                        """
                        bdev:thing-create
                          Creates a thing. It is a thing like any other.

                        Usage
                          bdev:thing-create NAME BLOCK-SIZE NUM-BLOCKS [options]

                        Parameters
                          --name  text (required)
                            Name of the new bdev.
                          --block-size  a whole number from 512 to 65536; K, M, G, T may follow (required)
                            Block size in bytes.
                          --num-blocks  a whole number, at least 0 (required)
                            Size in blocks.

                        Options
                          --uuid  text
                            Its UUID.
                          --readonly (default: false)
                            Whether it is read-only.
                          --mood  one of calm, wild (default: calm)
                            How it behaves.
                          --base-bdev  text
                            Its base.
                          --filename  text
                            Its file.
                          --friends  a list of texts
                            Its friends.

                        Result
                          the name of the new thing

                        Example
                          bdev:thing-create Thing0 512 8 --readonly""");
    }

    @Test
    void isBoldOnlyOnATerminal() {
        assertThat(HelpText.of(Examples.SPEC, new Style(true)).get(0))
                .isEqualTo("\u001b[1mbdev:thing-create\u001b[22m");
    }
}
